//! What happens in a schedule: deeds of people, faults, and time.
//!
//! People and places are named by their numbers in the [`Stage`](super::Stage), so that a schedule
//! keeps its meaning when others are taken out of it.

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Somebody does something.
    Do(usize, Deed),
    /// Something breaks, or is mended.
    Fault(Fault),
    /// So many milliseconds pass.
    Wait(u64),
    /// These in one go, without waiting for the network to be quiet in between; waits among them
    /// are exact.
    Meanwhile(Vec<Act>),
}

/// What people do. Numbers that are no places or people are those of texts and nicks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// He enters the room.
    Join,
    /// He enters under a nick that others like, too.
    JoinAs(usize),
    /// He leaves.
    Leave,
    /// He says something.
    Say(u32),
    /// He says two things in one breath.
    Twice(u32),
    /// He is away.
    Away(u32),
    /// He is back.
    Back,
    /// He writes to somebody alone.
    Tell(usize, u32),
    /// He takes a nick of his own.
    Rename(u32),
    /// He takes a nick that others like, too.
    RenameTo(usize),
    /// He sets the subject.
    Subject(u32),
    /// He kicks somebody.
    Kick(usize),
    /// He gives somebody a privilege.
    Grant(usize, Privilege),
    /// He configures the room.
    Configure(Setting),
    /// His connection breaks.
    Lose,
    /// He goes offline.
    Disconnect,
    /// He asks for somebody's vcard.
    Vcard(usize),
    /// He asks whether he is in the room.
    PingItself,
}

/// What somebody may be given. `Outcast` is a ban, `Nothing` the end of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// A voice.
    Voice,
    /// No voice.
    Visitor,
    /// A moderator's.
    Moderator,
    /// A member's.
    Member,
    /// An admin's.
    Admin,
    /// No affiliation.
    Nothing,
    /// A ban.
    Outcast,
}

impl Privilege {
    /// All of them.
    pub const ALL: [Privilege; 7] = [
        Privilege::Voice,
        Privilege::Visitor,
        Privilege::Moderator,
        Privilege::Member,
        Privilege::Admin,
        Privilege::Nothing,
        Privilege::Outcast,
    ];

    /// The word of the language.
    pub(super) fn word(self) -> &'static str {
        match self {
            Privilege::Voice => "voice",
            Privilege::Visitor => "visitor",
            Privilege::Moderator => "moderator",
            Privilege::Member => "member",
            Privilege::Admin => "admin",
            Privilege::Nothing => "none",
            Privilege::Outcast => "outcast",
        }
    }
}

/// An option of the room with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Whether newcomers have no voice.
    Moderated(bool),
    /// Whether only members may enter.
    MembersOnly(bool),
    /// Whether everybody sees JIDs.
    Public(bool),
    /// Whether participants may set the subject.
    ChangeSubject(bool),
}

impl Setting {
    /// The words of the language.
    pub(super) fn words(self) -> String {
        let yes = |is: bool| if is { "yes" } else { "no" };
        match self {
            Setting::Moderated(is) => format!("moderated {}", yes(is)),
            Setting::MembersOnly(is) => format!("members-only {}", yes(is)),
            Setting::Public(is) => {
                format!("whois {}", if is { "anyone" } else { "moderators" })
            }
            Setting::ChangeSubject(is) => format!("change-subject {}", yes(is)),
        }
    }
}

/// What breaks, and what is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The link between a place and the master is cut.
    Cut(usize, Ways, Manner),
    /// It is held for so many seconds.
    Hold(usize, Ways, u64),
    /// It takes so many milliseconds from now on.
    Slow(usize, Ways, u64),
    /// It is mended.
    Heal(usize),
    /// All links are.
    HealEverything,
    /// A machine stops.
    Crash(Machine),
    /// It starts again.
    Restart(Machine),
}

/// The directions of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// Both.
    Both,
    /// Towards the master.
    Up,
    /// From the master.
    Down,
}

/// How a link is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// What is sent vanishes.
    Silently,
    /// Streams are reset and refused.
    Refusing,
    /// Streams are reset, and dials vanish.
    Resetting,
}

impl Manner {
    /// The word of the language.
    pub(super) fn word(self) -> &'static str {
        match self {
            Manner::Silently => "silently",
            Manner::Refusing => "refusing",
            Manner::Resetting => "resetting",
        }
    }
}

/// A machine that may stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Machine {
    /// The slave of a place alone.
    Slave(usize),
    /// The server of a place, with its slave.
    Server(usize),
    /// The master alone.
    Master,
    /// The server of the master, with it.
    MastersServer,
}

impl Act {
    /// Everybody whom it names: who does it, and to whom it is done.
    pub fn people(&self) -> Vec<usize> {
        match self {
            Act::Do(who, deed) => [Some(*who), deed.whom()].into_iter().flatten().collect(),
            Act::Meanwhile(acts) => acts.iter().flat_map(Act::people).collect(),
            Act::Fault(_) | Act::Wait(_) => Vec::new(),
        }
    }

    /// How many single things happen in it.
    pub fn size(&self) -> usize {
        match self {
            Act::Meanwhile(acts) => acts.iter().map(Act::size).sum(),
            _ => 1,
        }
    }
}

impl Deed {
    /// To whom it is done.
    pub(super) fn whom(self) -> Option<usize> {
        match self {
            Deed::Tell(whom, _) | Deed::Kick(whom) | Deed::Grant(whom, _) | Deed::Vcard(whom) => {
                Some(whom)
            }
            _ => None,
        }
    }
}
