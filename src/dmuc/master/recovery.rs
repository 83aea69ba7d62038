//! A room after a crash: what of it is kept without its log, and how it goes on with it.

use super::*;
use crate::dmuc::ServiceConfig;

/// A room without its log and the people in it.
#[derive(Clone, Debug)]
pub(in crate::dmuc) struct KeptRoom {
    config: RoomConfig,
    history: History,
    subject: Option<StoredMessage>,
    stamped: Time,
    creation: String,
}

impl KeptRoom {
    /// The room begins another run, with nobody in it.
    pub fn open(self, service: &ServiceConfig, now: Time) -> Master {
        let mut room = Master::new(self.config, service, now);
        room.history = self.history;
        room.subject = self.subject;
        room.stamped = self.stamped;
        room.name_creation(self.creation);
        room
    }
}

impl Master {
    /// What is kept of it without its log; nothing of a room that goes with its occupants.
    pub(in crate::dmuc) fn kept(&self) -> Option<KeptRoom> {
        let kept = KeptRoom {
            config: self.config.clone(),
            history: self.history.clone(),
            subject: self.subject.clone(),
            stamped: self.stamped,
            creation: self.registry.room.clone(),
        };
        (self.config.persistent && !self.is_over()).then_some(kept)
    }

    /// The run of the room goes on after a crash. What was under way is lost; every slave may have
    /// missed something.
    pub(in crate::dmuc) fn resumed(mut self: Box<Self>, now: Time) -> Master {
        self.queries = Queries::default();
        self.registry.begin_run(now);
        for link in self.links.iter_mut().filter(|link| link.is_born()) {
            if let LinkKind::Registered(slave) = &mut link.kind {
                slave.interrupted();
            }
            if link.state == LinkState::Active {
                link.state = LinkState::Split;
                link.pinger.renew(now);
                link.pinger.split(now);
            } else {
                let since = link.pinger.split_since().unwrap_or(now);
                link.pinger.renew(now);
                link.pinger.stay_split(since);
            }
        }
        *self
    }
}
