//! Register: trust, limits, negotiation, and the accept.

use std::collections::BTreeMap;

use super::claim::{Claim, Present, claim};
use super::request::Request;
use super::wire::{Grant, accept};
use super::*;
use crate::dmuc::master::leave::Departure;
use crate::dmuc::pinger::Pinger;
use crate::stanza::slave::{Occupant as Listed, Resume};

/// What a register that is granted comes to.
struct Granted {
    request: Request,
    claim: Claim,
    terms: Terms,
    /// The place of the slave that serves the domain already.
    place: Option<usize>,
    base: Base,
}

/// From where a slave is told what it missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// It knows nothing.
    Nothing,
    /// It knows everything up to this event and gets the differences.
    Delta(u64),
    /// It knows everything up to this event, and is told everything anew for another reason.
    Full(u64),
    /// It knows another run of the log.
    OtherRun,
}

impl Base {
    pub fn is_delta(self) -> bool {
        matches!(self, Base::Delta(_))
    }

    /// Whether it knows something of this run of the log.
    pub fn is_of_this_run(self) -> bool {
        matches!(self, Base::Delta(_) | Base::Full(_))
    }

    /// The last event of this run that it has.
    pub fn seq(self) -> u64 {
        match self {
            Base::Delta(seq) | Base::Full(seq) => seq,
            Base::Nothing | Base::OtherRun => 0,
        }
    }
}

impl Master {
    /// A slave asks to serve its domain.
    pub(super) fn register_slave(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        match self.judge(now, stanza) {
            Ok(granted) => self.accept(now, stanza, granted, out),
            Err(refusal) => {
                out.extend(refusal.answer(stanza).map(Output::Send));
                if let Some(from) = &stanza.from {
                    out.push(self.note(from, Change::Refused));
                }
            }
        }
    }

    /// All that can be said against a register. Nothing is changed yet.
    fn judge(&self, now: Time, stanza: &Stanza) -> Result<Granted, Refusal> {
        let request = Request::read(stanza)?;
        let slave = &request.slave;
        let domain = slave.domain().as_str();
        let grants = &self.config.grants;
        let listed = grants.domains.as_ref().is_none_or(|domains| domains.contains(domain));
        if !listed || grants.denied.contains(domain) || self.nicks.contains_key(slave) {
            return Err(Refusal::Forbidden);
        }
        if !self.config.distributed {
            return Err(Refusal::NotDistributed);
        }
        let registry = &self.registry;
        let other =
            |resume: &&Resume| resume.room != registry.room && !registry.slips.has(Slip::AnyRoom);
        if let Some(resume) = request.resume().filter(other) {
            return Err(Refusal::Gone(Tombstone {
                room: resume.room.clone(),
                ..Tombstone::default()
            }));
        }
        let place = self.links.iter().position(|link| link.is_born() && link.domain == domain);
        let present = place.map(|index| {
            let link = &self.links[index];
            let instance = link.registered().map(|slave| slave.instance.as_str());
            Present { jid: &link.jid, instance, active: link.state == LinkState::Active }
        });
        let replaced = registry.replaced.get(domain).copied();
        let claim = claim(present.as_ref(), slave, &request.register.instance, replaced, now)?;
        let terms = Terms::negotiated(&request.register, grants, &registry.timers)?;
        let born = self.links.iter().filter(|link| link.is_born()).count();
        if place.is_none() && born >= grants.slaves_max {
            return Err(Refusal::ResourceConstraint("too many slaves serve this room"));
        }
        let base = self.base(&request, place);
        if !base.is_delta() && registry.full_syncs.contains_key(domain) {
            return Err(Refusal::ResourceConstraint("a full sync a moment ago"));
        }
        Ok(Granted { request, claim, terms, place, base })
    }

    /// From where the slave has to be told. A position of another run, or one that the log does
    /// not reach back to, is none.
    fn base(&self, request: &Request, place: Option<usize>) -> Base {
        let Some(resume) = request.resume() else { return Base::Nothing };
        if resume.epoch != self.registry.epoch && !self.registry.slips.has(Slip::AnyRun) {
            return Base::OtherRun;
        }
        let Some(missed) = self.log.after(resume.seq) else {
            return Base::Full(resume.seq.min(self.log.seq()));
        };
        let warned = missed.map(|(_, logged)| logged).any(|logged| self.is_warning(logged));
        if place.is_none() || warned { Base::Full(resume.seq) } else { Base::Delta(resume.seq) }
    }

    fn accept(&mut self, now: Time, stanza: &Stanza, granted: Granted, out: &mut Vec<Output>) {
        let Granted { request, claim, terms, place, base } = granted;
        let domain = request.slave.domain().to_string();
        if !base.is_delta() {
            self.registry.full_syncs.insert(domain.clone(), now);
        }
        if claim == Claim::Replacement {
            self.registry.replaced.insert(domain, now);
        }
        let index = place.unwrap_or_else(|| self.vacant_place());
        let again = place.is_some();
        self.occupy(now, index, &request, terms, again);
        let listed = request.listed();
        self.adopt(index, &listed);
        self.remove_unlisted(now, index, &listed, out);
        self.unmark_away(now, index, out);
        let occupants = self.confirmed(&listed, !base.is_delta());
        let registry = &self.registry;
        let grant = Grant {
            room: &registry.room,
            epoch: &registry.epoch,
            seq: self.log.seq(),
            delta: base.is_delta(),
            whois: self.config.whois,
            terms,
            occupants: &occupants,
        };
        let answer = stanza.result_reply(vec![accept(&grant)]);
        let change = if again { Change::Resyncing } else { Change::Registered };
        out.push(self.note(&request.slave, change));
        out.push(Output::Send(answer));
        self.sync(now, index, &listed, base, out);
    }

    /// A place for one more slave: one that was given up, or a new one.
    fn vacant_place(&mut self) -> usize {
        let vacant = self.links.iter().position(Link::is_vacant);
        vacant.unwrap_or_else(|| {
            self.links.push(Link::vacant(&self.address, self.registry.timers, self.opened));
            self.links.len() - 1
        })
    }

    /// Put the slave into its place. It is not active yet: nothing goes to it before its state.
    fn occupy(&mut self, now: Time, index: usize, request: &Request, terms: Terms, again: bool) {
        let timers = terms.timers(&self.registry.timers);
        let link = &mut self.links[index];
        let instance = &request.register.instance;
        match &mut link.kind {
            LinkKind::Registered(slave) if again => {
                slave.instance.clone_from(instance);
                slave.terms = terms;
                slave.asked.clear();
                slave.resyncing = None;
                slave.late = None;
            }
            kind => {
                let mut slave = Registered::new(instance, terms, now);
                let given_up = self.registry.given_up.remove(request.slave.domain().as_str());
                slave.farewells = given_up.map(|(_, farewells)| farewells).unwrap_or_default();
                *kind = LinkKind::Registered(Box::new(slave));
            }
        }
        if again {
            link.pinger.retime(timers, timers.master_idle);
        } else {
            link.pinger = Pinger::new(timers, timers.master_idle);
        }
        link.pinger.renew(now);
        link.jid = request.slave.clone();
        link.domain = request.slave.domain().to_string();
        link.state = LinkState::Split;
        link.gone_until = None;
        link.expired = false;
    }

    /// The slave serves whom it lists, as far as he is in the room (handover).
    fn adopt(&mut self, index: usize, listed: &BTreeMap<Arc<Jid>, &Listed>) {
        for jid in listed.keys() {
            self.serve_via(index, jid);
        }
        self.recount_moderators(index);
    }

    /// From now on this slave serves this session.
    pub(super) fn serve_via(&mut self, index: usize, jid: &Arc<Jid>) {
        let Some(nick) = self.nicks.get(jid) else { return };
        let Some(session) = self.occupants.get_mut(nick).and_then(|o| o.sessions.get_mut(jid))
        else {
            return;
        };
        self.direct -= usize::from(session.via.is_none());
        session.via = Some(index);
    }

    /// Whom the slave served and does not know any more is not in the room any more.
    fn remove_unlisted(
        &mut self,
        now: Time,
        index: usize,
        listed: &BTreeMap<Arc<Jid>, &Listed>,
        out: &mut Vec<Output>,
    ) {
        let sessions = self.occupants.values().flat_map(|occupant| &occupant.sessions);
        let behind = sessions.filter(|(_, session)| session.via == Some(index));
        let lost = behind.filter(|(jid, _)| !listed.contains_key(*jid));
        let lost: Vec<_> = lost.map(|(jid, _)| jid.clone()).collect();
        for jid in lost {
            let departure = Departure { codes: &[333], ..Departure::default() };
            self.remove_session(now, &jid, &departure, out);
        }
    }

    /// Those listed that the slave has to be told of, with the nick that they have here.
    fn confirmed(&self, listed: &BTreeMap<Arc<Jid>, &Listed>, full: bool) -> Vec<Listed> {
        let told = listed.iter().filter_map(|(jid, listed)| {
            let nick = self.nicks.get(jid)?;
            let needed = full || listed.pending || *nick != listed.nick;
            needed.then(|| Listed { jid: listed.jid.clone(), nick: nick.clone(), pending: false })
        });
        told.collect()
    }
}

/// How long after a full sync the same domain gets no other one.
pub(super) const FULL_SYNC_PAUSE: Duration = Duration::from_secs(10);
