//! From where a record was written down. The log of one server has what that server sends and is
//! sent, and nothing of what others do among themselves: what takes more is not judged by it.

use std::collections::BTreeSet;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::invariants::Setting;
use super::invariants::reading::Dmuc;
use crate::stanza::{Kind, ns};
use crate::time::{Duration, Time};
use crate::transcript::{Between, Fate, Hop, Name, is_client};

/// The only server whose log a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Vantage {
    /// The domains that it serves.
    hosts: BTreeSet<Name>,
    /// Whether it is where the room is.
    of_master: bool,
    /// Whether something got lost, so that others know less than they were told.
    troubled: bool,
    /// Whether slaves register: such a one may be given up, or begin anew, and the log of one
    /// server need not tell when.
    registers: bool,
}

impl Vantage {
    /// Why this requirement cannot be judged from there, if it cannot.
    pub fn missing(&self, requirement: &str) -> Option<&'static str> {
        let is_in = |list: &[&str]| list.iter().any(|begins| requirement.starts_with(begins));
        let (shown, reason) = match self.of_master {
            true => (BY_MASTER, MASTERS),
            false => (BY_SLAVE, SLAVES),
        };
        if !is_in(shown) || is_in(UNSHOWN) {
            return Some(reason);
        }
        let doubt = "something was lost, and what others know of that is not in the record";
        let own = if self.of_master { OF_MASTER } else { OF_SLAVE };
        let seen = !self.registers && is_in(own);
        let doubtful = is_in(DOUBTFUL) || is_in(OF_SLAVE);
        (self.troubled && doubtful && !seen).then_some(doubt)
    }

    /// Whether what this host does is seen as it does it.
    pub fn sees(&self, host: &str) -> bool {
        self.hosts.iter().any(|one| **one == *host)
    }
}

const MASTERS: &str =
    "the record is of the master's server alone; if nothing is missing from it, `--whole` says so";
const SLAVES: &str =
    "the record is of a server of slaves alone; if nothing is missing from it, `--whole` says so";

/// What shows of who wrote a record down.
#[derive(Debug, Default)]
pub(super) struct Writers {
    /// The servers between which something of a room was sent.
    pairs: IndexSet<(Name, Name), FxBuildHasher>,
    /// The servers at which users are seen.
    with_users: BTreeSet<Name>,
    /// Whether it shows when something left and when it came.
    both_ends: bool,
    /// Pings that have no answer yet: who pings, and the id.
    pings: BTreeSet<(Name, String)>,
    /// Whether somebody could not be reached.
    lost: bool,
}

impl Writers {
    pub fn feed(&mut self, at: Time, hop: &Hop) {
        let (from, to) = (&hop.from, &hop.to);
        self.both_ends |= matches!(hop.fate, Fate::Delivered(after) if after > Duration::ZERO);
        match (is_client(from), is_client(to)) {
            (true, _) => insert(&mut self.with_users, to),
            (_, true) => insert(&mut self.with_users, from),
            _ => {
                let (one, other) = (from.min(to), from.max(to));
                if !self.pairs.contains(&Between(one, other)) {
                    self.pairs.insert((one.clone(), other.clone()));
                }
            }
        }
        self.find_trouble(at, hop);
    }

    /// What shows that something was lost.
    fn find_trouble(&mut self, at: Time, hop: &Hop) {
        let stanza = &hop.stanza;
        let id = stanza.id.as_deref().unwrap_or_default();
        if stanza.is_request() && stanza.has_payload("ping", ns::PING) {
            if self.pings.len() < PINGS_MAX {
                self.pings.insert((hop.from.clone(), id.to_owned()));
            }
        } else if stanza.kind == Kind::Iq {
            self.pings.remove(&(hop.to.clone(), id.to_owned()));
        }
        let dmuc = Dmuc::of(stanza).unwrap_or_default();
        let late = dmuc.stamp.is_some_and(|stamp| stamp + MOMENT < at) && !dmuc.history;
        self.lost |= stanza.is_unreachable()
            || ["332", "333"].into_iter().any(|code| stanza.has_code(code))
            || late
            || dmuc.backfill;
    }

    /// The only server whose log this is, if it is that of one.
    pub fn only(mut self, setting: &Setting) -> Option<Vantage> {
        // By their names, whoever spoke first.
        self.pairs.sort_unstable();
        if self.both_ends || !setting.silent {
            return None;
        }
        let hosts = match setting.served.is_empty() {
            true => [self.in_all(setting)?].into(),
            false => self.served(setting)?,
        };
        // Who is asked here and does not answer has lost nothing.
        let troubled = self.lost || self.pings.iter().any(|(by, _)| hosts.contains(by));
        let of_master = hosts.iter().any(|host| is_master(host, setting));
        let registers = setting.slaves.iter().any(|slave| slave.registers);
        Some(Vantage { hosts, of_master, troubled, registers })
    }

    /// The server that is at one end of all that is told, if it is one only.
    fn in_all(&self, setting: &Setting) -> Option<Name> {
        let (first, second) = self.pairs.first()?;
        let in_all =
            |host: &&Name| self.pairs.iter().all(|(one, other)| one == *host || other == *host);
        let no_others = |host: &&Name| self.with_users.iter().all(|with| with == *host);
        let mut hosts = [first, second].into_iter().filter(in_all).filter(no_others);
        let host = match (hosts.next()?, hosts.next()) {
            (host, None) => host,
            // The room's server has others to tell.
            (one, Some(other)) => [one, other].into_iter().find(|one| !is_master(one, setting))?,
        };
        Some(host.clone())
    }

    /// The domains that are served by the server whose log this is, unless all are.
    fn served(&self, setting: &Setting) -> Option<BTreeSet<Name>> {
        let all = self.pairs.iter().flat_map(|(one, other)| [one, other]);
        let (here, elsewhere): (BTreeSet<_>, BTreeSet<_>) =
            all.cloned().partition(|host| setting.served.contains(host));
        (!elsewhere.is_empty()).then_some(here)
    }
}

/// Whether a room is there.
fn is_master(host: &Name, setting: &Setting) -> bool {
    setting.rooms.iter().any(|room| *room.config.jid.domain().as_str() == **host)
}

fn insert<T: Ord + Clone>(set: &mut BTreeSet<T>, one: &T) {
    if !set.contains(one) {
        set.insert(one.clone());
    }
}

/// What the log of the master's server shows of it: requirements, by what their ids begin with.
const BY_MASTER: &[&str] = &[
    "arch.",
    "create.",
    "keepalive.",
    "master.",
    "ns.",
    "req.",
    "schema.",
    "scope.",
    "security.",
    "slave.same-security-domain",
    "split.",
    "COST-BROADCAST",
    "COST-JOIN",
    "COST-LEAVE",
    "INV-DOMAIN",
    "INV-JID-SLAVE",
    "INV-NO-ERROR-LOOP",
    "INV-QUIET-M",
    "INV-SAME-COPY",
];

/// What the log of a slave's server shows of it.
const BY_SLAVE: &[&str] = &[
    "arch.",
    "keepalive.",
    "ns.",
    "req.",
    "schema.",
    "slave.",
    "split.",
    "INV-AFTER-LEAVE",
    "INV-DOMAIN",
    "INV-FIFO",
    "INV-NO-DUP",
    "INV-NO-ERROR-LOOP",
    "INV-QUIET-S",
    "INV-TOTAL-ORDER",
    "INV-TRANSPARENT",
];

/// What neither shows: it takes who was in the room before.
const UNSHOWN: &[&str] =
    &["master.nonoccupant.reject", "slave.enter.send-roster", "slave.store.room-roster"];

/// What they show only while nothing is lost.
const DOUBTFUL: &[&str] = &[
    "keepalive.",
    "master.broadcast.copy-to-each",
    "master.broadcast.delay-attributes",
    "master.fanout.",
    "master.keepalive.",
    "master.leave.announce-all",
    "master.presence.jid-with-moderators",
    "master.presence.to-all-slaves",
    "master.roster.sent-on-create",
    "master.split.fast-ping",
    "req.",
    "slave.broadcast.each-local-user",
    "slave.fanout.",
    "slave.keepalive.",
    "slave.relay.all-kinds",
    "slave.split.",
    "slave.store.",
    "split.stale-bounce",
    "COST-",
    "INV-AFTER-LEAVE",
    "INV-NO-DUP",
];

/// What the master's log shows all the same, of slaves that do not register: its own pings.
const OF_MASTER: &[&str] = &["keepalive.xep0199", "master.split.fast-ping"];

/// What that of a slave which does not register shows: its own pings, what came back of what it
/// sent, and what it sent then.
const OF_SLAVE: &[&str] = &[
    "keepalive.xep0199",
    "slave.split.sees-user-bounces",
    "slave.split.stop-submitting",
    "slave.split.trigger",
    "INV-QUIET-S",
];

/// What is told later than this was told late.
const MOMENT: Duration = Duration::from_secs(1);

/// How many pings are remembered that have no answer.
const PINGS_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::super::requirements::Requirement;
    use super::*;

    #[test]
    fn every_row_is_of_some_requirement() {
        for begins in [BY_MASTER, BY_SLAVE, UNSHOWN, DOUBTFUL, OF_MASTER, OF_SLAVE].concat() {
            assert!(Requirement::all().any(|one| one.id.starts_with(begins)), "{begins}");
        }
    }

    #[test]
    fn what_is_lost_makes_some_of_it_doubtful() {
        let mut log = Vantage {
            hosts: ["m.example".into()].into(),
            of_master: true,
            troubled: false,
            registers: true,
        };
        assert_eq!(log.missing("master.fanout.one-copy-per-slave"), None);
        assert!(log.missing("slave.leave.forward").is_some());
        log.troubled = true;
        let reason = log.missing("master.fanout.one-copy-per-slave");
        assert!(reason.is_some_and(|reason| reason.starts_with("something was lost")));
        assert_eq!(log.missing("INV-JID-SLAVE"), None);
        assert_eq!(log.missing("INV-QUIET-M"), None);
        assert!(log.missing("master.split.fast-ping").is_some());
        log.registers = false;
        assert_eq!(log.missing("master.split.fast-ping"), None);
    }
}
