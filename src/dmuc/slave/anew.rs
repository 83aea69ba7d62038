//! Beginning anew: the slave has lost its memory, or the master has, or the room is over.
//!
//! XEP-0282 has no word for either. The slave says that it has no such room, in answer to the
//! master's ping; what it is sent then is what a new slave is sent. The master opens what it sends
//! to a new slave with the subject, marked as history, with an id that names the run of the room: a
//! slave that knows the room from another run learns that the master remembers nobody.

use super::up::is_join;
use super::*;
use crate::dmuc::Change;
use crate::dmuc::pinger::Pinger;
use crate::stanza::{Element, ns};

impl SlaveRoom {
    /// The master knows now that all is forgotten here.
    pub(super) fn begin_anew(&mut self, now: Time) {
        let mut pinger = self.pinger.clone();
        pinger.renew(now);
        let directed = self.directed.clone();
        // Who has asked to enter since may have been taken for who was in before.
        let waiting = self.waiting.clone();
        let goodbyes = std::mem::take(&mut self.goodbyes);
        *self = SlaveRoom { pinger, directed, waiting, goodbyes, blank: true, ..self.emptied() };
    }

    /// The slave says for a user whom it has told that he is out that he leaves.
    pub(super) fn say_goodbye(&mut self, user: &Arc<Jid>, occupant: &Arc<Jid>) -> Stanza {
        let left = Stanza::presence(Type::Unavailable);
        let left = left.with_from(user.clone()).with_to(occupant.clone());
        self.goodbyes.insert(user.clone(), left.clone());
        left
    }

    /// The master tells what there is in this run of the room. Those who were in another one are
    /// out of it: nobody knows them any more (XEP-0045 §15.6.2, 332).
    pub(super) fn begin_run(&mut self, run: Option<Arc<str>>, out: &mut Vec<Output>) {
        let other = self.run.is_some() && run.is_some() && self.run != run;
        if other {
            self.dissolve(out);
        }
        self.run = run.or(self.run.take());
    }

    fn dissolve(&mut self, out: &mut Vec<Output>) {
        self.tell_end(&[status(332)], false, out);
        let directed = self.asking();
        // Who has left has his answer: this run has never known him.
        let mut waiting = self.waiting.clone();
        for session in self.locals.keys() {
            waiting.left(session, false);
        }
        *self = SlaveRoom {
            directed,
            waiting,
            pinger: self.pinger.clone(),
            back_at: self.back_at,
            ..self.emptied()
        };
    }

    /// The room is destroyed, or its service goes down (XEP-0045 §10.9, §15.6.2): one stanza from
    /// the room's own address. Each local user is told that he is out himself, and of nobody else;
    /// then the room is forgotten.
    pub(super) fn ended(&mut self, stanza: &Stanza, out: &mut Vec<Output>) {
        let Some(x) = stanza.payload("x", ns::MUC_USER) else {
            return out.push(self.note(&self.address, Change::Ignored));
        };
        let said: Vec<_> = x.children().filter(|child| child.name() != "item").cloned().collect();
        self.tell_end(&said, true, out);
        let directed = self.asking();
        let pinger = Pinger::new(self.timers, self.timers.slave_idle);
        let waiting = self.waiting.clone();
        *self = SlaveRoom { directed, waiting, pinger, ..self.emptied() };
    }

    /// Every local user is out, for the reason that is said before the item, as at Prosody; with
    /// his own JID if the room itself says so.
    fn tell_end(&self, said: &[Element], jids: bool, out: &mut Vec<Output>) {
        for (session, nick) in &self.locals {
            let Ok(occupant) = self.jid.with_resource_str(nick) else { continue };
            let affiliation = self.roster.get(nick).map(|seat| seat.affiliation.clone());
            let item = Item {
                affiliation: affiliation.or(Some(Affiliation::None)),
                role: Some(Role::None),
                jid: jids.then_some(&**session),
                ..Item::default()
            };
            let presence = Stanza::presence(Type::Unavailable)
                .with_from(Jid::from(occupant))
                .with_to(session.clone())
                .with_payload(item.element_after(said, &[110]));
            out.push(Output::Send(presence));
        }
    }

    /// Who has asked to enter and is not in, or is about to be in again.
    fn asking(&self) -> BTreeMap<Arc<Jid>, Arc<Jid>> {
        let mut directed = self.directed.clone();
        directed.retain(|session, _| {
            !self.locals.contains_key(session) || self.waiting.has(session, is_join)
        });
        directed
    }

    /// The same room, with nothing known of it.
    fn emptied(&self) -> SlaveRoom {
        SlaveRoom {
            jid: self.jid.clone(),
            address: self.address.clone(),
            slave: self.slave.clone(),
            timers: self.timers,
            roster: Default::default(),
            hidden: Default::default(),
            locals: Default::default(),
            directed: Default::default(),
            history: self.history.emptied(),
            subject: None,
            run: None,
            knows_jids: false,
            non_anonymous: false,
            waiting: Default::default(),
            ahead: Default::default(),
            queue: Default::default(),
            goodbyes: Default::default(),
            leaving: Default::default(),
            returning: Default::default(),
            taken: Default::default(),
            recent: Default::default(),
            back_at: None,
            pinger: self.pinger.clone(),
            amnesia: false,
            blank: false,
            ids: self.ids,
        }
    }
}
