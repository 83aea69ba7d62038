//! What XEP-0282 demands: every statement of the XEP that a run can keep or break, in its order, by
//! the ids that tests, scenarios and the heads of machines use; and after them the invariants.
//!
//! The words are those of this project. Where the XEP leaves something `to follow`, the row stands
//! for what `docs/dmuc2-slave.md` says of it.

mod entering;
mod explained;
mod invariants;
mod traffic;
mod wording;

use std::fmt;

pub use self::explained::Explanation;
pub use self::wording::{retold, worded};
use crate::scenario::Profile;

/// A statement of the XEP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its name here: `slave.leave.forward`.
    pub id: &'static str,
    /// Who has to keep it.
    pub actors: &'static [Actor],
    /// How strictly.
    pub level: Level,
    /// The least profile in which it is demanded: `core` for what follows from XEP-0282 alone,
    /// `muc` for what today's XEP-0045 asks of every room, `full` for what needs registration,
    /// positions or the netjoin of the extension.
    pub profile: Profile,
    /// In which section it stands first.
    pub section: &'static str,
    /// What it demands.
    pub statement: &'static str,
}

/// Who has to keep a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The room.
    Master,
    /// A slave.
    Slave,
    /// A server of users.
    Server,
}

/// How strict a requirement is, by how the XEP says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// MUST, MUST NOT.
    Must,
    /// The same in small letters.
    Shall,
    /// SHOULD, in large or small letters.
    Should,
    /// MAY. Who does not do it breaks nothing; who does it does it so.
    May,
    /// One of the six requirements for the sake of which there is a XEP.
    Asked,
    /// Told as a fact, or shown by an example.
    Stated,
    /// In a comment of the source.
    Remarked,
    /// Nowhere, but the rest, the examples or XEP-0045 leave no choice.
    Implied,
    /// Left `to follow`.
    Open,
    /// Not a sentence of the XEP: without it the sentences would come to nothing.
    Always,
}

impl Requirement {
    /// All of them: the statements of the XEP, and the invariants.
    pub fn all() -> impl Iterator<Item = &'static Requirement> {
        Self::of_xep().chain(&invariants::ROWS)
    }

    /// The statements of the XEP.
    pub fn of_xep() -> impl Iterator<Item = &'static Requirement> {
        entering::ROWS.iter().chain(&traffic::ROWS)
    }

    /// The one with this id.
    pub fn find(id: &str) -> Option<&'static Requirement> {
        Self::all().find(|one| one.id == id)
    }

    /// Those that a word names: the one of this id, or all whose ids begin with it, up to a dot or
    /// a dash. `slave.leave` is for all of `slave.leave.remove`, `slave.leave.forward` …
    pub fn named(word: &str) -> Vec<&'static Requirement> {
        let word = word.trim_end_matches(['.', '-', '*']);
        let is_named = |id: &str| {
            let rest = id.strip_prefix(word).filter(|_| !word.is_empty());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        };
        Self::all().filter(|one| is_named(one.id)).collect()
    }

    /// Why no transcript shows whether it is kept, if none can.
    pub fn unsupported(&self) -> Option<&'static str> {
        UNSUPPORTED.iter().find(|(id, _)| *id == self.id).map(|(_, reason)| *reason)
    }

    /// Invariants and other requirements that say the same in other words, and judge it.
    pub fn shown_by(&self) -> &'static [&'static str] {
        SHOWN_BY.iter().find(|(id, _)| *id == self.id).map_or(&[], |(_, ids)| *ids)
    }

    /// What else is broken by what is found of this id: the requirements of which it says the same.
    pub fn also_broken(id: &str) -> impl Iterator<Item = &'static str> {
        SHOWN_BY.iter().filter(move |(_, ids)| ids.contains(&id)).map(|(other, _)| *other)
    }

    /// Why no scenario shows it, if none can.
    pub fn unshown(&self) -> Option<&'static str> {
        UNSHOWN.iter().find(|(id, _)| *id == self.id).map(|(_, reason)| *reason)
    }
}

impl Level {
    /// All of them.
    pub const ALL: [Level; 10] = [
        Level::Must,
        Level::Shall,
        Level::Should,
        Level::May,
        Level::Asked,
        Level::Stated,
        Level::Remarked,
        Level::Implied,
        Level::Open,
        Level::Always,
    ];

    /// What its word says.
    pub const fn meaning(self) -> &'static str {
        match self {
            Level::Must => "MUST or MUST NOT, in capitals",
            Level::Shall => "the same in small letters, which binds no less",
            Level::Should => "SHOULD, in whichever letters; who does not do it is warned",
            Level::May => "MAY; it is judged only where somebody makes use of it",
            Level::Asked => "one of the six requirements for the sake of which there is a XEP",
            Level::Stated => "the XEP tells it as a fact, or shows it by an example",
            Level::Remarked => "it stands in a comment of the XEP's source",
            Level::Implied => "it stands nowhere, but the rest or XEP-0045 leaves no choice",
            Level::Open => "the XEP leaves it open; judged by docs/dmuc2-slave.md",
            Level::Always => "no sentence of the XEP, but without it these come to nothing",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Actor::Master => "master",
            Actor::Slave => "slave",
            Actor::Server => "server",
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Must => "MUST",
            Level::Shall => "must",
            Level::Should => "SHOULD",
            Level::May => "MAY",
            Level::Asked => "asked for",
            Level::Stated => "stated",
            Level::Remarked => "remarked",
            Level::Implied => "implied",
            Level::Open => "open",
            Level::Always => "always",
        })
    }
}

/// Those that no line of a scenario can show, with the reason.
const UNSHOWN: [(&str, &str); 2] = [
    (
        "schema.valid",
        "a scenario has no line about schemas; a test validates what crosses in all of them",
    ),
    ("COST-CAST", "a test of the project counts what crosses, with slaves and without"),
];

/// Those that no transcript can show, with the reason.
const UNSUPPORTED: [(&str, &str); 2] = [
    (
        "slave.jid.opaque",
        "only two runs that differ in the slave's address show it; a test of the project plays them",
    ),
    (
        "COST-CAST",
        "it is of one cast of seven, with slaves and without; a test of the project counts for them",
    ),
];

/// Statements that others say in other words.
const SHOWN_BY: [(&str, &[&str]); 30] = [
    ("slave.submit.no-local-echo", &["INV-JUSTIFIED"]),
    ("slave.fanout.only-local-leaves", &["INV-AFTER-LEAVE", "INV-ENTER"]),
    ("scope.one-to-one-may-share-path", &["slave.relay.payload-unmodified"]),
    ("req.transparency", &["INV-TRANSPARENT"]),
    ("req.detect-loss", &["LIVE-DETECT"]),
    ("req.remain-in-instance", &["INV-STAY"]),
    ("req.resync-on-reconnect", &["LIVE-CONV-ROSTER", "LIVE-CONV-HISTORY", "master.split.resync"]),
    ("req.improve-broadcast", &["COST-BROADCAST"]),
    ("slave.intercept.all-kinds", &["INV-QUIET-S"]),
    ("slave.split.stop-submitting", &["INV-QUIET-S"]),
    ("slave.enter.add-to-distribution", &["slave.store.local-roster"]),
    ("slave.enter.none-before-enter", &["INV-ENTER"]),
    ("slave.leave.remove", &["INV-AFTER-LEAVE"]),
    ("master.presence.no-jid-without-moderators", &["INV-JID-SLAVE"]),
    ("slave.presence.strip-jid", &["INV-JID-USER"]),
    ("slave.presence.self-110", &["INV-ONE-110"]),
    ("slave.presence.store", &["LIVE-CONV-ROSTER"]),
    ("master.relay.identify-by-from", &["INV-AUTH"]),
    ("master.broadcast.identical", &["INV-SAME-COPY"]),
    ("slave.broadcast.save-then-send", &["LIVE-CONV-HISTORY"]),
    ("slave.broadcast.strip-dmuc", &["INV-TRANSPARENT"]),
    ("slave.history.store-initial", &["slave.store.history"]),
    ("slave.history.deliver-on-enter", &["slave.roster.silent-store"]),
    ("slave.history.master-timestamp", &["INV-STAMP"]),
    ("master.split.stop-broadcast", &["INV-QUIET-M"]),
    ("master.split.keep-occupants", &["INV-NO-VANISH", "INV-NICK-HELD"]),
    ("split.no-error-reply", &["INV-NO-ERROR-LOOP"]),
    ("netjoin.defined", &["LIVE-SYNC-TERMINATES", "INV-EXPELLED"]),
    ("security.channel-overtake", &["INV-NO-ESCALATION"]),
    ("usecase.msg.full-cycle", &["COST-BROADCAST", "slave.broadcast.each-local-user"]),
];

const MASTER: &[Actor] = &[Actor::Master];
const SLAVE: &[Actor] = &[Actor::Slave];
const SERVER: &[Actor] = &[Actor::Server];
const BOTH: &[Actor] = &[Actor::Master, Actor::Slave];
const SLAVE_AND_SERVER: &[Actor] = &[Actor::Slave, Actor::Server];

/// The sections of the XEP, as it calls them.
mod sections {
    pub const INTRODUCTION: &str = "Introduction";
    pub const REQUIREMENTS: &str = "Requirements";
    pub const TERMS: &str = "Dramatis Personae";
    pub const SLAVE: &str = "Slave Requirements";
    pub const CREATING: &str = "Creating a Slave";
    pub const ROSTER: &str = "Initial Room Roster";
    pub const HISTORY: &str = "Initial Room History";
    pub const ENTER: &str = "ENTER";
    pub const LEAVE: &str = "LEAVE";
    pub const PRESENCE: &str = "Presence Update";
    pub const FORWARDS: &str = "Slave Forwards Stanzas to the Master";
    pub const BROADCAST: &str = "Message Broadcast";
    pub const KEEPALIVE: &str = "Master-Slave Keepalive";
    pub const NETSPLIT: &str = "Netsplit";
    pub const AT_MASTER: &str = "At the Master";
    pub const AT_SLAVE: &str = "At the Slave";
    pub const NETJOIN: &str = "Netjoin";
    pub const ENTERING: &str = "Entering a Room";
    pub const SPEAKING: &str = "Sending a Message";
    pub const SECURITY: &str = "Security Considerations";
    pub const EXAMPLES: &str = "Examples";
    pub const SCHEMA: &str = "XML Schema";
    pub const SAFETY: &str = "Safety";
    pub const LIVENESS: &str = "Liveness";
    pub const COST: &str = "Cost";
}

const fn row(
    id: &'static str,
    actors: &'static [Actor],
    level: Level,
    profile: Profile,
    section: &'static str,
    statement: &'static str,
) -> Requirement {
    Requirement { id, actors, level, profile, section, statement }
}
