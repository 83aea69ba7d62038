//! What follows an accept: the warning that anonymity changed, LEAVE for who is out, departures,
//! presences, messages, the subject, `synced` (`docs/dmuc2-slave.md`, Procedure).

use std::collections::{BTreeMap, BTreeSet};

use super::farewells::expels;
use super::late::{Spoken, bytes};
use super::plan::{Plan, Table, is_subject};
use super::register::Base;
use super::*;
use crate::dmuc::master::fanout::{copy, stamped};
use crate::dmuc::master::leave::leave_element;
use crate::room::Item;
use crate::room::history::delay_element;
use crate::stanza::slave::{HistoryLimits, Occupant as Listed, Synced};
use crate::stanza::{Element, element, ns};

/// How a message is told that is not live.
#[derive(Clone, Copy, Debug)]
enum Telling {
    /// Stored only.
    History,
    /// Stored, and shown as late.
    Backfill(u64),
}

impl Table for Master {
    fn has(&self, nick: &str) -> bool {
        self.occupants.contains_key(nick)
    }

    fn owns(&self, nick: &str, session: &Jid) -> bool {
        self.occupants.get(nick).is_some_and(|occupant| occupant.bare == session.to_bare())
    }
}

impl Master {
    pub(super) fn sync(
        &mut self,
        now: Time,
        index: usize,
        listed: &BTreeMap<Arc<Jid>, &Listed>,
        base: Base,
        out: &mut Vec<Output>,
    ) {
        let seq = self.log.seq();
        let missed: Vec<_> = match base {
            Base::Delta(seq) => self.log.after(seq).into_iter().flatten().collect(),
            Base::Nothing | Base::Full(_) | Base::OtherRun => vec![],
        };
        let plan = Plan::of(missed.into_iter(), self);
        let messages = self.messages_for(index, base, &plan);
        let warnings = self.warnings(base, &messages);
        for (message, telling) in &warnings {
            self.tell_message(index, message, *telling, out);
        }
        self.tell_removed(index, listed, base, out);
        self.tell_roster(index, &plan, base, out);
        for (message, telling) in messages {
            if warnings.is_empty() || !self.warns(message) {
                self.tell_message(index, message, telling, out);
            }
        }
        if !base.is_delta() || plan.subject {
            out.push(Output::Send(self.current_subject().with_to(self.links[index].jid.clone())));
        }
        let synced = Synced { epoch: self.registry.epoch.clone(), seq, late: None };
        let end = Stanza::message(Type::Absent)
            .with_from(self.address.clone())
            .with_to(self.links[index].jid.clone())
            .with_payload(wire::x(synced_element(&synced)));
        out.push(Output::Send(end));
        self.activate(now, index, base, seq);
        out.push(self.note(&self.links[index].jid, Change::Synced));
    }

    /// Events go to the slave again, and it may submit what is late.
    fn activate(&mut self, now: Time, index: usize, base: Base, seq: u64) {
        let told_jids = self.links[index].moderators > 0;
        let link = &mut self.links[index];
        link.state = LinkState::Active;
        if told_jids && !base.is_delta() {
            link.jids_since = Some(now);
        } else if told_jids {
            link.jids_since = link.jids_since.or(Some(now));
        }
        let spoken = &self.registry.spoken;
        let first = spoken.partition_point(|(seq, ..)| *seq <= base.seq());
        let own = spoken
            .iter()
            .skip(first)
            .filter(|(_, author, ..)| author.domain().as_str() == link.domain)
            .filter(|_| !self.registry.slips.has(Slip::LateAnew));
        let mut known = Spoken::new();
        for (_, author, id, words) in own {
            known.entry((author.clone(), id.clone())).or_default().push(words.clone());
        }
        if let LinkKind::Registered(slave) = &mut link.kind {
            slave.synced = seq;
            slave.late = Some(LatePhase::new(slave.life, &slave.terms.history, known));
        }
    }

    /// LEAVE for everybody listed who is not in the room any more, as he went; of those who are
    /// pending for who was expelled, which the slave does not know. In a full sync who was not
    /// expelled, and not told by the room that he is out, is a newcomer instead.
    fn tell_removed(
        &self,
        index: usize,
        listed: &BTreeMap<Arc<Jid>, &Listed>,
        base: Base,
        out: &mut Vec<Output>,
    ) {
        let link = &self.links[index];
        let Some(slave) = link.registered() else { return };
        let expelled = |jid: &Jid| {
            base.is_of_this_run() && slave.farewells.was_expelled_since(jid, base.seq())
        };
        let lost = listed.iter().filter(|(jid, listed)| {
            !self.nicks.contains_key(*jid) && (!listed.pending || expelled(jid))
        });
        for (jid, listed) in lost {
            let farewell = slave.farewells.of(jid);
            let knows = slave.farewells.was_told(jid);
            if !base.is_delta() && !knows && !farewell.is_some_and(expels) {
                continue;
            }
            let unknown = || {
                let item = Item {
                    affiliation: Some(self.affiliation(&jid.to_bare())),
                    role: Some(Role::None),
                    ..Item::default()
                };
                Arc::new(vec![item.element(&[333])])
            };
            let farewell = farewell.cloned().unwrap_or_else(unknown);
            let Some(from) = self.occupant_jid(&listed.nick) else { continue };
            let jids = self.sees_jids(&Role::None);
            let own = Audience::Own { sessions: std::slice::from_ref(jid), jids }.render(&farewell);
            let own = Audience::Slave { jids: self.shows_jids(link) }.render(&own);
            let leave = leave_element(listed.jid.clone());
            let payloads: Vec<_> = [leave].into_iter().chain(own.iter().cloned()).collect();
            let presence = Stanza::presence(Type::Unavailable)
                .with_from(from)
                .with_to(link.jid.clone())
                .with_payloads(payloads);
            out.push(Output::Send(presence));
        }
    }

    /// The roster: everybody, or what changed; departures first.
    fn tell_roster(&self, index: usize, plan: &Plan<'_>, base: Base, out: &mut Vec<Output>) {
        let link = &self.links[index];
        let audience = Audience::Slave { jids: self.shows_jids(link) };
        for (nick, farewell) in &plan.departures {
            let Some(from) = self.occupant_jid(nick) else { continue };
            let presence = Stanza::presence(Type::Unavailable).with_from(from);
            let payloads = wire::marked(&audience.render(farewell), wire::state());
            out.push(Output::Send(copy(&presence, &link.jid, payloads)));
        }
        if !base.is_delta() || self.lacks_jids(link) {
            for occupant in self.occupants.values().filter(|occupant| occupant.shown) {
                self.send_presence(index, occupant, out);
            }
            return;
        }
        for occupant in plan.changes.iter().filter_map(|nick| self.occupants.get(*nick)) {
            self.send_presence(index, occupant, out);
        }
    }

    /// Whether a slave with moderators may not have the JIDs of all who are in the room: whether
    /// they arrived is not proved by a ping.
    fn lacks_jids(&self, link: &Link) -> bool {
        let hidden = self.config.whois == Whois::Moderators && link.moderators > 0;
        hidden && link.jids_since.is_none_or(|since| link.confirmed <= since)
    }

    /// What of the messages the slave is told, oldest first: as much as it may store.
    fn messages_for<'a>(
        &'a self,
        index: usize,
        base: Base,
        plan: &Plan<'a>,
    ) -> Vec<(&'a StoredMessage, Telling)> {
        let mut telling: Vec<(&StoredMessage, Telling)> = Vec::new();
        let backfill = |(seq, message)| (message, Telling::Backfill(seq));
        let logged = self.log.after(base.seq());
        match base {
            Base::Delta(_) => telling.extend(plan.messages.iter().copied().map(backfill)),
            Base::Nothing => {
                telling.extend(self.history.iter().map(|message| (message, Telling::History)));
            }
            Base::Full(_) | Base::OtherRun => {
                let complete = logged.is_some() && base != Base::OtherRun;
                let logged = self.log.messages_after(base.seq());
                let logged: Vec<_> = logged.filter(|(_, message)| !is_subject(message)).collect();
                if !complete {
                    let known: BTreeSet<Time> = logged.iter().map(|(_, m)| m.stamp).collect();
                    let before = self.history.iter().filter(|m| !known.contains(&m.stamp));
                    telling.extend(before.map(|message| (message, Telling::History)));
                }
                telling.extend(logged.into_iter().map(backfill));
            }
        }
        let Some(slave) = self.links[index].registered() else { return vec![] };
        self.newest(telling, &slave.terms.history, &self.links[index].jid)
    }

    /// The newest of them that these limits allow. Bytes are those of complete stanzas as sent.
    fn newest<'a>(
        &self,
        mut telling: Vec<(&'a StoredMessage, Telling)>,
        limits: &HistoryLimits,
        to: &Arc<Jid>,
    ) -> Vec<(&'a StoredMessage, Telling)> {
        let count = usize::try_from(limits.maxstanzas).unwrap_or(usize::MAX);
        telling.drain(..telling.len().saturating_sub(count));
        if let Some(mut left) = limits.maxbytes {
            let fits = |(message, telling): &&(&StoredMessage, Telling)| {
                let size = bytes(&self.retold(message, *telling, to));
                left.checked_sub(size).map(|rest| left = rest).is_some()
            };
            let kept = telling.iter().rev().take_while(fits).count();
            telling.drain(..telling.len() - kept);
        }
        telling
    }

    fn tell_message(
        &self,
        index: usize,
        message: &StoredMessage,
        telling: Telling,
        out: &mut Vec<Output>,
    ) {
        out.push(Output::Send(self.retold(message, telling, &self.links[index].jid)));
    }

    fn retold(&self, message: &StoredMessage, telling: Telling, to: &Arc<Jid>) -> Stanza {
        let payloads = match telling {
            Telling::History => stamped(message, true),
            Telling::Backfill(seq) => {
                let at = wire::at(&self.registry.epoch, seq, true);
                wire::marked(&stamped(message, false), at)
            }
        };
        let mut stanza = Stanza::message(Type::Groupchat)
            .with_from(message.from.clone())
            .with_to(to.clone())
            .with_payloads(payloads);
        stanza.id.clone_from(&message.id);
        stanza.lang.clone_from(&message.lang);
        stanza
    }

    /// The subject as state; empty and from the room if there was never one.
    fn current_subject(&self) -> Stanza {
        let mut x = wire::x(wire::state());
        let stanza = Stanza::message(Type::Groupchat);
        let Some(subject) = &self.subject else {
            let empty = element("subject", ns::CLIENT, &[]);
            return stanza.with_from(self.address.clone()).with_payloads(vec![empty, x]);
        };
        x.append_child(delay_element(&subject.from, subject.stamp));
        let mut stanza = stanza
            .with_from(subject.from.clone())
            .with_payloads(subject.payloads.clone())
            .with_payload(x);
        stanza.id.clone_from(&subject.id);
        stanza
    }

    /// Whether something told everybody that anonymity changed.
    pub(super) fn is_warning(&self, logged: &Logged) -> bool {
        matches!(logged, Logged::Message(message) if self.warns(message))
    }

    fn warns(&self, message: &StoredMessage) -> bool {
        *message.from == *self.address && (message.has_code("172") || message.has_code("173"))
    }

    /// What tells so among these messages, oldest first. The last is told even to a slave that may
    /// store less.
    fn warnings<'a>(
        &'a self,
        base: Base,
        messages: &[(&'a StoredMessage, Telling)],
    ) -> Vec<(&'a StoredMessage, Telling)> {
        if !matches!(base, Base::Full(_) | Base::OtherRun) {
            return vec![];
        }
        let told = messages.iter().copied().filter(|(message, _)| self.warns(message));
        let told: Vec<_> = told.collect();
        if !told.is_empty() {
            return told;
        }
        let missed = self.log.messages_after(base.seq());
        let last = missed.filter(|(_, message)| self.warns(message)).last();
        last.map(|(seq, message)| (message, Telling::Backfill(seq))).into_iter().collect()
    }
}

fn synced_element(synced: &Synced) -> Element {
    element("synced", ns::SLAVE, &[("epoch", &synced.epoch), ("seq", &synced.seq.to_string())])
}
