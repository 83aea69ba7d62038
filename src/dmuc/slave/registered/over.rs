//! The end: of the room, of the registration, of the slave's process; and its new beginning.

use super::outbox::{Entry, Status, What};
use super::*;
use crate::dmuc::Passage;
use crate::room::Item;
use crate::room::item::status;
use crate::stanza::slave::Password;
use crate::stanza::{Condition, Element, Payloads, Type, element, ns};

/// What is said of a room that was destroyed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Destroyed {
    pub venue: Option<String>,
    pub password: Option<String>,
    pub reason: Option<String>,
}

impl RegisteredRoom {
    /// The master ends the room, or its service: one stanza for all. Each local occupant is told of
    /// himself (XEP-0045 §10.9), and everything is forgotten.
    pub(super) fn room_is_over(&mut self, _: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let x = stanza.payload("x", ns::MUC_USER);
        let children = x.into_iter().flat_map(Element::children);
        let said: Vec<_> = children.filter(|child| child.name() != "item").cloned().collect();
        for (session, nick) in &self.locals {
            let Some(occupant) = self.occupant(nick) else { continue };
            let affiliation = self.roster.get(nick).map(|seat| seat.affiliation.clone());
            let item = Item {
                affiliation: affiliation.or(Some(crate::room::Affiliation::None)),
                role: Some(crate::room::Role::None),
                jid: Some(session),
                ..Item::default()
            };
            // What is said comes before the item, as at Prosody.
            let farewell = Stanza::presence(Type::Unavailable)
                .with_from(occupant)
                .with_to(session.clone())
                .with_payload(item.element_after(&said, &[110]));
            out.push(Output::Send(farewell));
        }
        self.forget_room();
    }

    fn tell_end(&self, payloads: &Payloads, out: &mut Vec<Output>) {
        let mut payloads = Vec::clone(payloads);
        for x in payloads.iter_mut().filter(|payload| payload.is("x", ns::MUC_USER)) {
            x.append_child(status(110));
        }
        let payloads = Payloads::new(payloads);
        for (session, nick) in &self.locals {
            let Some(occupant) = self.occupant(nick) else { continue };
            let farewell = Stanza::presence(Type::Unavailable)
                .with_from(occupant)
                .with_to(session.clone())
                .with_payloads(payloads.clone());
            out.push(Output::Send(farewell));
        }
    }

    /// The room that was known is no more. Nobody is moved into another one that has its address.
    pub(super) fn dissolve(&mut self, destroyed: Option<Destroyed>, out: &mut Vec<Output>) {
        let item = Item {
            affiliation: Some(crate::room::Affiliation::None),
            role: Some(crate::room::Role::None),
            ..Item::default()
        };
        let mut x = item.element(if destroyed.is_none() { &[333] } else { &[] });
        if let Some(Destroyed { venue, password, reason }) = destroyed {
            let mut destroy = element("destroy", ns::MUC_USER, &[]);
            if let Some(venue) = venue {
                destroy = crate::stanza::attribute(destroy, "jid", &venue);
            }
            // In the order in which a room tells it that is there.
            for (name, text) in [("reason", reason), ("password", password)] {
                if let Some(text) = text {
                    let mut child = element(name, ns::MUC_USER, &[]);
                    child.append_text(text);
                    destroy.append_child(child);
                }
            }
            x.append_child(destroy);
        }
        self.tell_end(&Payloads::new(vec![x]), out);
        for entry in self.outbox.take(|entry| entry.status != Status::Held) {
            if matches!(entry.what, What::Join | What::Message) && !entry.done {
                self.return_to_sender(&entry.stanza, out);
            }
        }
        self.forget_room();
    }

    /// Forget everything of the room; what users have asked for since waits still.
    fn forget_room(&mut self) {
        let locals = std::mem::take(&mut self.locals);
        let held = self.outbox.take(|entry| entry.status == Status::Held);
        let mut outbox = Outbox::default();
        for entry in held {
            let session = entry.stanza.from.as_ref();
            let was_here = session.is_some_and(|session| locals.contains_key(session));
            // Nothing of their stay goes to another room; a new wish to enter does.
            if !was_here || super::outbox::is_join(&entry.stanza) {
                outbox.push(entry);
            }
        }
        let waits = |session: &Jid| outbox.has(session, |entry| entry.what == What::Join);
        self.directed.retain(|session, _| !locals.contains_key(session) || waits(session));
        self.said.retain(|session, _| self.directed.contains_key(session));
        *self = self.emptied(outbox);
    }

    /// The same room, with nothing known of it.
    fn emptied(&mut self, outbox: Outbox) -> Self {
        Self {
            jid: self.jid.clone(),
            address: self.address.clone(),
            slave: self.slave.clone(),
            instance: self.instance.clone(),
            demands: self.demands,
            timers: self.timers,
            phase: Phase::Idle,
            accepted: false,
            amnesiac: false,
            claimed: false,
            position: None,
            granted: Policy::default(),
            whois: Whois::default(),
            roster: Roster::new(),
            hidden: BTreeSet::new(),
            marked: BTreeSet::new(),
            knows_jids: false,
            owners: BTreeMap::new(),
            locals: IndexMap::new(),
            closed: BTreeSet::new(),
            confirmed: IndexMap::new(),
            former: BTreeMap::new(),
            ended: BTreeMap::new(),
            directed: std::mem::take(&mut self.directed),
            served: BTreeSet::new(),
            answered_here: BTreeSet::new(),
            said: std::mem::take(&mut self.said),
            history: History::default(),
            provisional: Vec::new(),
            direct: BTreeMap::new(),
            apart: BTreeMap::new(),
            lately: BTreeSet::new(),
            newcomers: BTreeMap::new(),
            subject: None,
            outbox,
            announced: BTreeSet::new(),
            taken: BTreeSet::new(),
            dismissed: Vec::new(),
            renames: Vec::new(),
            deferred: None,
            queries: VecDeque::new(),
            doubted: Vec::new(),
            pinger: Pinger::new(self.timers, self.timers.slave_idle),
            ahead: Default::default(),
            sent_at: self.sent_at,
            answered: self.answered,
            backoff: self.backoff,
            given_up: None,
            rejoined: self.rejoined,
            refused_until: self.refused_until,
            deregistering: None,
            ids: self.ids,
            names: self.names,
            slips: self.slips,
        }
    }

    /// Whom the slave has told at its restart that he is out the master may serve itself: what he
    /// was told it is told too, late, so that it is acknowledged.
    pub(super) fn say_goodbye(&mut self) {
        if !self.amnesiac {
            return;
        }
        // What went up after the request that is accepted is not said again: he may be in since.
        let held = |entry: &&mut Entry| entry.is_goodbye() && entry.status == Status::Held;
        self.outbox.iter_mut().filter(held).for_each(|entry| entry.status = Status::Queued);
    }

    /// Whether this came back for a leave that the slave sent in the name of a user.
    pub(super) fn is_for_goodbye(&self, error: &Stanza) -> bool {
        let own = format!("{GOODBYE}-{}-", self.instance);
        error.is_error() && error.id.as_ref().is_some_and(|id| id.starts_with(&own))
    }

    /// A registration is refused. At first contact users are served by the room itself. In a
    /// netjoin only the end of the room ends their stay; after everything else it is tried again.
    pub(super) fn refused(&mut self, now: Time, iq: &Stanza, out: &mut Vec<Output>) {
        out.push(self.note(&self.address, Change::Refused));
        let error = iq.error();
        let condition = error.as_ref().map(|error| error.defined_condition.clone());
        let wait = error.as_ref().is_some_and(|e| e.type_ == crate::stanza::ErrorType::Wait);
        if !self.accepted {
            // The next ping counts again.
            self.claimed &= !wait;
            let span = match condition {
                // Another run is registered still: what is meant for users comes to it.
                _ if wait && self.amnesiac => ANEW_AFTER,
                Some(Condition::Conflict) if self.amnesiac => ANEW_AFTER,
                _ if wait => Duration::from_secs(60),
                _ => REFUSED_FOR,
            };
            self.refused_until = Some(now + span);
            return self.go_native(now, out);
        }
        let password = error.as_ref().and_then(|error| error.other.clone());
        let password = password.and_then(|it| Password::try_from(it).ok()).map(|it| it.text);
        let text = error.and_then(|error| error.texts.into_values().next());
        match condition {
            Some(Condition::Gone { new_address }) => {
                let venue = new_address.map(|uri| uri.trim_start_matches("xmpp:").to_owned());
                let destroyed = Destroyed { venue, password, reason: text };
                let destroyed = (destroyed != Destroyed::default()).then_some(destroyed);
                self.dissolve(destroyed, out);
                self.go_native(now, out);
            }
            Some(Condition::ItemNotFound) => {
                self.dissolve(None, out);
                self.go_native(now, out);
            }
            _ => {
                self.split(now, out);
                self.register(now, out);
            }
        }
    }

    /// The registration is over: occupants are the master's own from now on.
    pub(super) fn deregistered(&mut self, now: Time, out: &mut Vec<Output>) {
        out.push(self.note(&self.address, Change::Deregistered));
        self.refused_until = Some(now + REFUSED_FOR);
        let waiting = self.outbox.take(|entry| {
            matches!(entry.status, Status::Held | Status::Queued) && entry.what != What::Kick
        });
        let outbox = Outbox::default();
        *self = self.emptied(outbox);
        for Entry { stanza, .. } in waiting {
            self.send_natively(now, stanza, out);
        }
    }

    /// The master sends more than it may, or something that is no state at all.
    pub(super) fn too_much(&mut self, now: Time, out: &mut Vec<Output>) {
        out.push(self.note(&self.address, Change::Ignored));
        self.deregister(now, out);
    }

    /// The slave was started again without memory. What its users were told it does not know any
    /// more, so they are told that they are out of the room.
    pub(in crate::dmuc::slave) fn begin_anew(
        &mut self,
        now: Time,
        directed: &[(Arc<Jid>, Arc<Jid>)],
        passages: &[Passage],
        out: &mut Vec<Output>,
    ) {
        self.amnesiac = true;
        for passage in passages.iter().filter(|passage| passage.waits_to_be_out()) {
            // Who has left meanwhile is told so by nobody else. His leave may not have come.
            let left = passage.asked.last().and_then(|asked| asked.to.as_ref());
            if let Some(occupant) = left {
                out.push(told_out(&passage.session, occupant.clone(), &[110]));
                self.push_goodbye(now, &passage.session, occupant, Status::Held);
            }
        }
        for (session, occupant) in directed {
            out.push(told_out(session, occupant.clone(), &[333, 110]));
            // If the master serves them itself, it has to hear of it.
            self.push_goodbye(now, session, occupant, Status::Held);
        }
        self.register(now, out);
    }

    /// A session was told that it is out, and the master may still have it: it is told so too.
    pub(super) fn push_goodbye(
        &mut self,
        now: Time,
        session: &Arc<Jid>,
        occupant: &Arc<Jid>,
        status: Status,
    ) {
        let left = Stanza::presence(Type::Unavailable)
            .with_id(self.id(GOODBYE))
            .with_from(session.clone())
            .with_to(occupant.clone());
        self.outbox.push(Entry { done: true, ..Entry::new(left, now, None, status) });
    }
}

/// What tells a session, of which the slave knows nothing else, that it is out.
fn told_out(session: &Arc<Jid>, occupant: Arc<Jid>, codes: &[u16]) -> Output {
    let item = Item {
        affiliation: Some(crate::room::Affiliation::None),
        role: Some(crate::room::Role::None),
        ..Item::default()
    };
    let told = Stanza::presence(Type::Unavailable).with_from(occupant).with_to(session.clone());
    Output::Send(told.with_payload(item.element(codes)))
}

/// What the id of a leave begins with that the slave sends in the name of a user. If it comes back
/// as undeliverable it is not for him: he did not send it.
const GOODBYE: &str = "bye";

/// When a slave that was started again tries again, if it came too early: a master lets it replace
/// its earlier run, and start from scratch, once in 10 s.
pub(super) const ANEW_AFTER: Duration = Duration::from_secs(10);
