//! The slave's process: started again with or without memory, and told by its operator to register.

use super::either::Kind;
use super::*;
use crate::dmuc::{Passage, Told};

/// The addresses to which users have sent directed presence, with the users first.
pub(super) type Directed = [(Arc<Jid>, Arc<Jid>)];

impl Slave {
    /// Started again. What is kept goes on; of other rooms nothing is known.
    pub(super) fn restarted(
        &mut self,
        now: Time,
        directed: &Directed,
        passages: &[Passage],
        out: &mut Vec<Output>,
    ) {
        if let Registration::Static = self.config.registration {
            return self.restarted_static(now, directed, out);
        }
        let out_of = |passage: &Passage, session: &Jid, room: &BareJid| {
            let same = *passage.session == *session && passage.room == *room;
            same && passage.told == Some(Told::Out) && passage.asked.is_empty()
        };
        // Whom the room itself has told that he is out it knows to be out.
        let knows = |session: &Jid, occupant: &Jid| {
            let room = occupant.to_bare();
            passages.iter().any(|passage| out_of(passage, session, &room))
        };
        let of = |room: &BareJid| -> Vec<_> {
            let to = |to: &Jid| to.resource().is_some() && to.to_bare() == *room;
            let counts = |(session, occupant): &&(Arc<Jid>, Arc<Jid>)| {
                to(occupant) && !knows(session, occupant)
            };
            directed.iter().filter(counts).cloned().collect()
        };
        let passed = |room: &BareJid| -> Vec<_> {
            passages.iter().filter(|passage| passage.room == *room).cloned().collect()
        };
        let mut unknown: BTreeSet<BareJid> =
            directed.iter().map(|(_, occupant)| occupant.to_bare()).collect();
        if let super::super::Rooms::Only(rooms) = &self.config.rooms {
            unknown.extend(rooms.iter().cloned());
        }
        unknown.extend(passages.iter().map(|passage| passage.room.clone()));
        unknown.retain(|room| self.config.rooms.contain(room));
        let instance = self.instance(now);
        for (jid, copy) in &mut self.rooms {
            unknown.remove(jid);
            if let Some(room) = copy.registered() {
                room.resume(now, instance.clone(), &of(jid), &passed(jid), out);
            }
        }
        self.amnesiac = true;
        for jid in unknown {
            let (directed, passages) = (of(&jid), passed(&jid));
            if let Some(room) = self.copy_of(&jid.into(), now).and_then(AnyRoom::registered) {
                room.begin_anew(now, &directed, &passages, out);
            }
        }
    }

    /// Started again, without memory. What its users were told it does not know any more, so they
    /// are told that they are out of the room, and the master that they left.
    fn restarted_static(&mut self, now: Time, directed: &Directed, out: &mut Vec<Output>) {
        self.amnesiac = true;
        if let super::super::Rooms::Only(rooms) = self.config.rooms.clone() {
            for room in rooms {
                self.copy_of(&room.into(), now);
            }
        }
        for (user, occupant) in directed {
            if !self.serves(occupant) || occupant.resource().is_none() {
                continue;
            }
            let copy = self.copy_of(occupant, now);
            let left = copy.and_then(AnyRoom::configured).map(|c| c.say_goodbye(user, occupant));
            let item = Item {
                affiliation: Some(Affiliation::None),
                role: Some(Role::None),
                ..Item::default()
            };
            let mut x = item.element(&[333]);
            x.append_child(status(110));
            let unavailable = Stanza::presence(Type::Unavailable);
            let told = unavailable.with_from(occupant.clone()).with_to(user.clone());
            out.push(Output::Send(told.with_payload(x)));
            out.extend(left.map(Output::Send));
        }
        for room in self.rooms.values_mut() {
            room.tick(now, out);
        }
    }

    /// The operator has it register.
    pub(super) fn register(
        &mut self,
        now: Time,
        room: BareJid,
        directed: &Directed,
        out: &mut Vec<Output>,
    ) {
        let copy = self.copy_of(&room.clone().into(), now);
        if let Some(copy) = copy.and_then(AnyRoom::registered) {
            let here = directed.iter().filter(|(_, occupant)| occupant.to_bare() == room);
            copy.register_now(now, here.cloned().collect(), out);
        }
    }

    /// This run of the process.
    pub(super) fn instance(&mut self, now: Time) -> Arc<str> {
        let run = || format!("{:x}", now.as_micros()).into();
        self.instance.get_or_insert_with(run).clone()
    }

    /// Its copy of the room at this address, made if it serves that room and has none.
    pub(super) fn copy_of(&mut self, address: &Jid, now: Time) -> Option<&mut AnyRoom> {
        let room = address.to_bare();
        if !self.config.rooms.contain(&room) {
            return None;
        }
        let instance = self.instance(now);
        let (config, jid, amnesiac) = (&self.config, &self.jid, self.amnesiac);
        Some(self.rooms.entry(room).or_insert_with_key(|room| {
            AnyRoom(match &config.registration {
                Registration::Static => {
                    let mut copy = SlaveRoom::new(room, jid.clone(), config);
                    if amnesiac {
                        copy.forget_all(now);
                    }
                    Kind::Static(Box::new(copy))
                }
                Registration::Dynamic(demands) => {
                    let (jid, demands) = (jid.clone(), *demands);
                    let copy = RegisteredRoom::new(room, jid, config, demands, instance);
                    Kind::Registered(Box::new(copy))
                }
            })
        }))
    }
}
