//! Lines by which operators do something with what their servers host.

use super::Play;
use crate::dmuc::ServiceInput;
use crate::scenario::Name;
use crate::scenario::verbs::Order;
use crate::server::Input;
use crate::sim::network::{HostId, Network};
use crate::sim::world::Action;
use crate::stanza::{BareJid, Jid};

impl<N: Network> Play<'_, N> {
    pub(super) fn create_slave(&mut self, name: &Name) {
        let Some(slave) = self.scenario.cast.slaves.get(name) else { return };
        let services: Vec<Name> = self.scenario.cast.services.keys().cloned().collect();
        for domain in services {
            if let Some(host) = self.network.world().server_id(&domain) {
                let input = Input::Operate(ServiceInput::CreateSlave(slave.jid.clone()));
                self.network.act(Action::Operate(host, input));
            }
        }
    }

    pub(super) fn order(&mut self, order: &Order) {
        let to_do = match order {
            Order::SlaveRegisters { slave, room } => {
                self.to_slave(slave, room, Input::RegisterSlave)
            }
            Order::SlaveDeregisters { slave, room } => {
                self.to_slave(slave, room, Input::DeregisterSlave)
            }
            Order::MasterOffers { domain, room } => {
                self.to_master(room, |room| ServiceInput::Offer(room, domain.to_string()))
            }
            Order::MasterDeregisters { slave, room } => {
                let slave = self.scenario.cast.slaves.get(slave).map(|slave| slave.jid.clone());
                slave.and_then(|slave| {
                    self.to_master(room, |room| ServiceInput::Deregister(room, slave))
                })
            }
            Order::MasterShutsDown { service } => {
                let host = self.network.world().server_id(service);
                host.map(|host| (host, Input::Operate(ServiceInput::ShutDown)))
            }
        };
        if let Some((host, input)) = to_do {
            self.network.act(Action::Operate(host, input));
        }
    }

    fn to_slave(
        &self,
        slave: &Name,
        room: &Name,
        input: fn(Jid, BareJid) -> Input,
    ) -> Option<(HostId, Input)> {
        let slave = self.scenario.cast.slaves.get(slave)?;
        let host = self.network.world().server_id(slave.jid.domain().as_str())?;
        Some((host, input(slave.jid.clone(), self.room_jid(room)?)))
    }

    fn to_master(
        &self,
        room: &Name,
        input: impl FnOnce(BareJid) -> ServiceInput,
    ) -> Option<(HostId, Input)> {
        let room = self.room_jid(room)?;
        let host = self.network.world().server_id(room.domain().as_str())?;
        Some((host, Input::Operate(input(room))))
    }
}
