//! What a scenario says, with every name resolved.

use std::sync::Arc;

use super::cast::Cast;
use super::verbs::{Crossing, Knowledge, NetworkChange, Pause, Perception, Raw, RoomDeed, Session};
use crate::stanza::{Element, ns};
use crate::time::Time;

/// The name of a client, room or slave in the [`Cast`], or the domain of a server there. The parser
/// vouches that the cast has it.
pub type Name = Arc<str>;

/// A scenario: who is there, and what happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The first comment; empty if there is none.
    pub title: String,
    /// The comments after the title, joined by line breaks.
    pub description: String,
    /// The `## key: value` lines.
    pub tags: Tags,
    /// Who and what there is before the first step.
    pub cast: Cast,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// The first line that has no counterpart in a plain room, and why: a fault, or a stanza in the
    /// name of a machine. What people do in a run without such lines they can do without slaves.
    pub fn beyond_plain(&self) -> Option<(Span, &'static str)> {
        self.steps.iter().find_map(Step::beyond_plain)
    }
}

impl Step {
    fn beyond_plain(&self) -> Option<(Span, &'static str)> {
        let is_machine = |party: &Party| matches!(party, Party::Machine(_));
        let why = match &self.action {
            Action::Pause(Pause::Meanwhile(steps)) => {
                return steps.iter().find_map(Step::beyond_plain);
            }
            Action::Network(NetworkChange::Order(_) | NetworkChange::CreateSlave(_)) => {
                return None;
            }
            Action::Network(_) => "this is a fault",
            Action::Raw { who, raw: Raw::Sends(_) } if who.iter().any(is_machine) => {
                "this is sent by a machine"
            }
            Action::Raw { raw: Raw::Sends(stanzas), .. } if stanzas.iter().any(asks_slaves) => {
                "this asks what only a room with slaves knows"
            }
            _ => return None,
        };
        Some((self.span, why))
    }
}

/// Whether it is a query in the words of XEP-0282 or its extension.
fn asks_slaves(stanza: &Element) -> bool {
    let spoken = |child: &Element| child.has_ns(ns::DMUC) || child.has_ns(ns::SLAVE);
    stanza.name() == "iq" && stanza.children().any(spoken)
}

/// The tags of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tags {
    /// Ids of the requirements that it is about.
    pub spec: Vec<String>,
    /// How much of the protocol its machines speak.
    pub profile: Profile,
    /// The file of sections that its cast begins with, without directory and extension.
    pub cast: Option<String>,
    /// When the first step may begin.
    pub epoch: Time,
    /// What jitter and other chances are drawn from.
    pub seed: u64,
    /// The XEP's examples that the run must contain, by number.
    pub examples: Vec<u32>,
    /// What `receives` does with stanzas that nobody asked for.
    pub matching: Matching,
}

impl Default for Tags {
    fn default() -> Self {
        Self {
            spec: Vec::new(),
            profile: Profile::default(),
            cast: None,
            epoch: Time::XEP_EPOCH,
            seed: 0,
            examples: Vec::new(),
            matching: Matching::default(),
        }
    }
}

/// How much of the protocol the machines speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// XEP-0282 as printed.
    #[default]
    Core,
    /// With all that today's XEP-0045 asks of a room.
    Muc,
    /// With wallops' proposal for what the XEP leaves open.
    Full,
}

impl Profile {
    /// All of them, the least first.
    pub const ALL: [Profile; 3] = [Profile::Core, Profile::Muc, Profile::Full];

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Profile::Core => "core",
            Profile::Muc => "muc",
            Profile::Full => "full",
        }
    }
}

/// What `receives` does with stanzas that nobody asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// It drops those before the one that matches, as scansion does.
    #[default]
    Skip,
    /// Every stanza must be asked for, in its order.
    Exact,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// Bytes before it in the file.
    pub offset: usize,
    /// Its length in bytes.
    pub len: usize,
}

/// One line of the script, with its body.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The line, without its body.
    pub span: Span,
    /// What it says.
    pub action: Action,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// People come and go: `WiZ loses its connection`.
    Session {
        /// Who.
        who: Who,
        /// What they do.
        deed: Session,
    },
    /// People act in a room: `WiZ says "Hello"`.
    Room {
        /// Who; never [`Who::Nobody`].
        who: Who,
        /// Where.
        room: Name,
        /// What each of them does.
        deed: RoomDeed,
    },
    /// Stanzas as they are: `WiZ sends:`, `slave@vesa receives:`.
    Raw {
        /// Who, each in turn.
        who: Vec<Party>,
        /// What each of them sends or receives.
        raw: Raw,
    },
    /// What people perceive: `WiZ hears Troy say "Hello"`.
    Perceive {
        /// Who; each of them.
        who: Who,
        /// Where.
        room: Name,
        /// Whether they do *not* perceive it: `WiZ does not hear …`. Never together with
        /// [`Who::Nobody`].
        not: bool,
        /// What.
        what: Perception,
    },
    /// Something happens to the network or to a machine: `cut vesa from channel`.
    Network(NetworkChange),
    /// Time passes: `wait 30s`.
    Pause(Pause),
    /// What machines know: `The slave vesa is split`.
    Know(Knowledge),
    /// What went over the network: `Nothing crosses from vesa to channel`.
    Cross(Crossing),
}

impl Action {
    /// Whether it expects something, rather than making something happen.
    pub fn is_expectation(&self) -> bool {
        match self {
            Action::Perceive { .. } | Action::Know(_) | Action::Cross(_) => true,
            Action::Raw { raw, .. } => !matches!(raw, Raw::Sends(_)),
            Action::Pause(Pause::Meanwhile(steps)) => {
                steps.iter().any(|step| step.action.is_expectation())
            }
            _ => false,
        }
    }
}

/// Whom a line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// These clients, in the order written; at least one, each once.
    These(Vec<Name>),
    /// Every client that is in the room at that moment; for [`Action::Session`], every client.
    Everybody,
    /// Everybody but these, whom the line before was about.
    EverybodyElse(Vec<Name>),
    /// Nobody; in [`Action::Perceive`] only.
    Nobody,
}

/// An occupant of a room, as others name him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// A client of the cast, by whatever nick he has then.
    Client(Name),
    /// Whoever has this nick: `hears "Trillian" say …`.
    Nick(String),
}

/// Who may send and receive stanzas as they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A client.
    Client(Name),
    /// A slave, a server, or a master.
    Machine(Machine),
}

/// What may crash, and what may send forged stanzas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Machine {
    /// The server of this domain: `vesa.yeggmaex.irc`.
    Server(Name),
    /// A slave: `the slave vesa`, `slave@vesa`.
    Slave(Name),
    /// The chat service of this domain, with the masters of its rooms: `the master`.
    Master(Name),
}

/// What a link ends at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// The server of this domain.
    Server(Name),
    /// A client's machine.
    Client(Name),
}

/// One direction of a link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Direction {
    /// Where it begins.
    pub from: Host,
    /// Where it ends.
    pub to: Host,
}
