//! A slave forwards what its users send to the room: everything, unchanged, in order.

use std::collections::{BTreeMap, VecDeque};

use super::super::invariants::reading::{START, digest};
use super::{is_working, words};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Passage, Room, SlaveId, UserId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Kind, Stanza, Type, ns};
use crate::time::Time;
use crate::transcript::Name;

/// What has come from users and was not forwarded.
#[derive(Debug, Default)]
pub(super) struct Forwards {
    waiting: BTreeMap<UserId, VecDeque<Sent>>,
    /// What was forwarded at this instant: by which server, its payloads, and where.
    gone: Vec<(Name, u64, usize)>,
}

#[derive(Debug)]
struct Sent {
    entry: usize,
    at: Time,
    to: String,
    kind: Kind,
    type_: Type,
    id: String,
    /// All payloads but those that a slave has to take away.
    payloads: u64,
    /// Whether it has any of these.
    forged: bool,
    join: bool,
    inside: bool,
    /// Whether it may stay behind: it came when the slave had lost its master.
    excused: bool,
    stanza: Stanza,
}

impl Sent {
    /// Whether a stanza with this id may be what became of it; one without may be given one.
    fn looks_like(&self, stanza: &Stanza, id: &str) -> bool {
        self.kind == stanza.kind
            && self.type_ == stanza.type_
            && (self.id == id || self.id.is_empty())
    }
}

impl Invariant for Forwards {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        for (user, queue) in &mut self.waiting {
            while let Some(sent) = queue.pop_front_if(|sent| sent.at < next) {
                let one = &room.users[*user];
                let together = |slave: &SlaveId| room.slaves[*slave].is_together();
                let slave = one.slave.filter(|at| is_working(room, *at) && together(at));
                let carries = room.health.carries(&one.domain, &room.domain);
                if sent.excused || slave.is_none() || !carries {
                    continue;
                }
                let what = format!("not forwarded: {}", words(&sent.stanza));
                let expected = "what a user sends to the room to be forwarded at once";
                let ids = ["slave.relay.all-kinds", "usecase.join.reaches-master"];
                for id in ids.into_iter().take(1 + usize::from(sent.join)) {
                    findings.push(id, &one.domain, sent.entry, what.clone(), expected, &[]);
                }
                if !sent.inside && !sent.join {
                    let id = "slave.relay.non-participants";
                    findings.push(id, &one.domain, sent.entry, what, expected, &[]);
                }
            }
        }
        self.waiting.retain(|_, queue| !queue.is_empty());
        self.gone.clear();
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) => self.came(step, passage, room),
            Happening::Left(passage) if matches!(passage.class, Class::Down(_)) => {
                self.served(passage);
            }
            Happening::Left(passage) => self.left(step.entry, passage, room, findings),
            _ => {}
        }
    }
}

impl Forwards {
    fn came(&mut self, step: &Step<'_>, passage: &Passage<'_>, room: &Room) {
        let Class::Up(user) = passage.class else { return };
        let one = &room.users[user];
        let reading = &passage.reading;
        let at_slave = *passage.hop.to == *one.domain && *passage.hop.to != *room.domain;
        let Some(slave) = one.slave.filter(|_| at_slave) else { return };
        let stanza = reading.stanza;
        // Answers go where they are waited for. A query that stays here is answered here.
        let answers = stanza.kind == Kind::Iq && !stanza.is_request();
        let answered = answers || stanza.is_error();
        let declared = stanza.from.as_ref().is_none_or(|from| from.as_str() == &*passage.hop.from);
        self.waiting.entry(user).or_default().push_back(Sent {
            entry: step.entry,
            at: step.at,
            to: reading.to.to_owned(),
            kind: stanza.kind,
            type_: stanza.type_.clone(),
            id: reading.id().to_owned(),
            payloads: payloads(passage),
            forged: stanza.payloads.iter().any(ns::is_dmuc),
            join: reading.is_join(),
            inside: one.inside,
            excused: !is_working(room, slave) || answered || !declared,
            stanza: passage.hop.stanza.clone(),
        });
    }

    /// A slave may answer for its users whether they are there, or hand a query to one of them.
    fn served(&mut self, passage: &Passage<'_>) {
        if passage.reading.stanza.kind == Kind::Iq {
            let (own, id) = (payloads(passage), passage.reading.id());
            let is_it = |sent: &Sent| sent.id == id || sent.payloads == own;
            for queue in self.waiting.values_mut() {
                queue.retain(|sent| sent.kind != Kind::Iq || !is_it(sent));
            }
        }
    }

    fn left(&mut self, entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
        let Class::Relay(user) = passage.class else { return };
        let here = (entry, passage);
        let (reading, stanza) = (&passage.reading, passage.reading.stanza);
        if room.slave_at(&passage.hop.from).is_none() || room.is_stale(passage) {
            if let Some(queue) = user.and_then(|user| self.waiting.get_mut(&user)) {
                queue.clear();
            }
            return;
        }
        let own = stanza.payloads.iter().any(|payload| payload.has_ns(ns::SLAVE));
        // Servers answer for their users under the bare JID.
        if own || (stanza.kind == Kind::Iq && !reading.from.contains('/')) {
            return;
        }
        let local = user.is_some_and(|user| *room.users[user].domain == *passage.hop.from);
        let expected = "the full JID of a local user as the sender";
        findings.judge("slave.relay.from-unmodified", local, here, expected, || {
            Wrong::of(format!("no user behind {} is {}", passage.hop.from, reading.from))
        });
        let clean = !stanza.payloads.iter().any(ns::is_dmuc);
        let Some(queue) = user.and_then(|user| self.waiting.get_mut(&user)) else { return };
        let own = payloads(passage);
        let same = |sent: &Sent| sent.looks_like(stanza, reading.id());
        let exact = queue
            .iter()
            .position(|sent| same(sent) && sent.payloads == own && sent.to == reading.to);
        let Some(place) = exact.or_else(|| queue.iter().position(same)) else {
            let is_it = |gone: &&(Name, u64, usize)| gone.0 == passage.hop.from && gone.1 == own;
            let expected = "what a user sends to be forwarded once";
            if let Some((.., first)) = self.gone.iter().find(is_it).filter(|_| !stanza.is_error()) {
                let wrong = || Wrong::of("it was forwarded before").because([*first]);
                findings.judge("slave.relay.may", false, here, expected, wrong);
            }
            return;
        };
        self.gone.push((passage.hop.from.clone(), own, entry));
        let earlier: Vec<usize> = queue.iter().take(place).map(|sent| sent.entry).collect();
        let Some(sent) = queue.remove(place) else { return };
        let expected = "what was sent first, first";
        findings.judge("slave.relay.fifo", place == 0, here, expected, || {
            let words = format!("{} sent something else before, which waits", reading.from);
            Wrong::of(words).because(earlier)
        });
        let kept = sent.to == reading.to;
        let expected = "the addressee unchanged";
        findings.judge("slave.relay.to-unmodified", kept, here, expected, || {
            Wrong::of(format!("it was for {}", sent.to)).because([sent.entry])
        });
        let kept = sent.payloads == own;
        let expected = "the payloads unchanged";
        findings.judge("slave.relay.payload-unmodified", kept, here, expected, || {
            Wrong::of(format!("he sent: {}", words(&sent.stanza))).because([sent.entry])
        });
        // A slave that registers adds what it knows of something that comes late.
        let registers =
            room.slave_at(&passage.hop.from).is_some_and(|at| room.slaves[at].registers);
        if sent.forged || (!clean && !registers) {
            let expected = "nothing of the distribution in what a user sends";
            findings.judge("slave.relay.strip-forged-dmuc", clean, here, expected, || {
                Wrong::of("an element of XEP-0282 is in it").because([sent.entry])
            });
        }
        findings.kept("slave.relay.all-kinds");
        findings.kept("slave.relay.may");
        if sent.join {
            findings.kept("usecase.join.reaches-master");
        } else if !sent.inside {
            findings.kept("slave.relay.non-participants");
        }
    }
}

/// The payloads but what a slave takes away, in one number.
fn payloads(passage: &Passage<'_>) -> u64 {
    let kept = passage.hop.stanza.payloads.iter().filter(|payload| !ns::is_dmuc(payload));
    kept.fold(START, digest)
}
