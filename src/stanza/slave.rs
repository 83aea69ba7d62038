//! The elements of `urn:xmpp:tmp:dmuc:0#slave`: registration of slaves, positions, netjoin. The
//! extension of XEP-0282 that wallops proposes (`docs/dmuc2-slave.md`).
//!
//! Read leniently: what is not known is ignored, as XMPP wants of a receiver. What is known and
//! malformed is an error, which the receiver answers with bad-request.

use std::borrow::Cow;

use jid::FullJid;
use xso::error::Error;
use xso::{AsXml, AsXmlText, FromXml, FromXmlText, TextCodec};

use super::ns;

/// A host may offer a slave; it gives no rights and creates nothing.
#[derive(FromXml, AsXml, Clone, Debug, Default, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "offer")]
pub struct Offer;

/// The master asks the slave to register again: it has missed something.
#[derive(FromXml, AsXml, Clone, Debug, Default, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "resync")]
pub struct Resync;

/// In a presence or a subject: state to store, and to distribute where it is news.
#[derive(FromXml, AsXml, Clone, Debug, Default, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "state")]
pub struct State;

/// A slave asks to serve its domain's users in a room, for the first time or again.
#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::SLAVE, name = "register")]
pub struct Register {
    /// The id of the slave's process run.
    #[xml(attribute)]
    pub instance: String,
    /// How often it wants to be pinged.
    #[xml(child(default))]
    pub keepalive: Option<Keepalive>,
    /// How much history it is willing to store.
    #[xml(child(default))]
    pub history: Option<HistoryLimits>,
    /// What it would like to do for its users while split.
    #[xml(child(default))]
    pub policy: Option<Policy>,
    /// Up to where it has the room's events; absent at the first contact.
    #[xml(child(default))]
    pub resume: Option<Resume>,
    /// Local occupants that it takes to be in the room.
    #[xml(child(n = ..))]
    pub occupants: Vec<Occupant>,
}

/// The master's answer: what is granted, and where the state that follows stands.
#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::SLAVE, name = "accept")]
pub struct Accept {
    /// This creation of the room; never used again.
    #[xml(attribute)]
    pub room: String,
    /// The unbroken run of the master's log.
    #[xml(attribute)]
    pub epoch: String,
    /// The last event that the state which follows contains.
    #[xml(attribute)]
    pub seq: u64,
    /// State from scratch, or differences only.
    #[xml(attribute)]
    pub sync: Sync,
    /// Who may see real JIDs.
    #[xml(attribute(default))]
    pub whois: Whois,
    /// Granted.
    #[xml(child)]
    pub keepalive: Keepalive,
    /// Granted.
    #[xml(child)]
    pub history: HistoryLimits,
    /// Granted; what is not is forbidden.
    #[xml(child(default))]
    pub policy: Option<Policy>,
    /// Listed occupants that the master has and that are pending, or have another nick, or all in a
    /// full sync.
    #[xml(child(n = ..))]
    pub occupants: Vec<Occupant>,
}

/// The end of a registration, by either side.
#[derive(FromXml, AsXml, Clone, Debug, Default, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "deregister")]
pub struct Deregister {
    /// The id of the slave's process run.
    #[xml(attribute(default))]
    pub instance: Option<String>,
    /// Why, for people.
    #[xml(extract(default, namespace = ns::SLAVE, name = "reason", fields(text(type_ = String))))]
    pub reason: Option<String>,
}

/// With the error `gone`: what who enters the other venue has to know.
#[derive(FromXml, AsXml, Clone, Debug, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "password")]
pub struct Password {
    /// The password.
    #[xml(text)]
    pub text: String,
}

/// Periods of keepalive, in seconds.
#[derive(FromXml, AsXml, Clone, Copy, Debug, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "keepalive")]
pub struct Keepalive {
    /// After so many seconds of silence the master pings.
    #[xml(attribute)]
    pub interval: u32,
    /// A ping that is not answered for so many seconds has failed.
    #[xml(attribute(default))]
    pub timeout: Option<u32>,
    /// The interval of pings while split, in seconds.
    #[xml(attribute(default))]
    pub split: Option<u32>,
}

/// How much history a slave stores.
#[derive(FromXml, AsXml, Clone, Copy, Debug, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "history")]
pub struct HistoryLimits {
    /// At most so many messages; 0 for none.
    #[xml(attribute)]
    pub maxstanzas: u32,
    /// At most so many bytes of whole stanzas.
    #[xml(attribute(default))]
    pub maxbytes: Option<u64>,
}

/// What a slave may do for its users while split; in a register what it would like to.
#[derive(FromXml, AsXml, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "policy")]
pub struct Policy {
    /// Let local occupants talk to each other.
    #[xml(attribute(default, codec = UnlessDefault, name = "local-chat"))]
    pub local_chat: bool,
    /// Pass private messages and queries between local occupants.
    #[xml(attribute(default, codec = UnlessDefault, name = "local-private"))]
    pub local_private: bool,
    /// Admit local users who are not in the room.
    #[xml(attribute(default, codec = UnlessDefault, name = "local-enter"))]
    pub local_enter: bool,
    /// Let local occupants change their nicks.
    #[xml(attribute(default, codec = UnlessDefault, name = "local-nick"))]
    pub local_nick: bool,
    /// Let moderators kick local occupants.
    #[xml(attribute(default, codec = UnlessDefault, name = "local-kick"))]
    pub local_kick: bool,
    /// Show occupants elsewhere as away.
    #[xml(attribute(default, codec = UnlessDefault, name = "mark-away"))]
    pub mark_away: bool,
    /// The role of who is admitted while split.
    #[xml(attribute(default, codec = UnlessDefault, name = "enter-role"))]
    pub enter_role: EnterRole,
}

/// Up to where a slave has the room's events.
#[derive(FromXml, AsXml, Clone, Debug, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "resume")]
pub struct Resume {
    /// The creation of the room that it knows.
    #[xml(attribute)]
    pub room: String,
    /// The run of the master's log.
    #[xml(attribute)]
    pub epoch: String,
    /// The last event applied.
    #[xml(attribute)]
    pub seq: u64,
}

/// A local occupant of a slave.
#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::SLAVE, name = "occupant")]
pub struct Occupant {
    /// The full JID of the session.
    #[xml(attribute)]
    pub jid: FullJid,
    /// In a register the nick that he has at the slave, in an accept that at the master.
    #[xml(attribute)]
    pub nick: String,
    /// Whether his join is not answered yet.
    #[xml(attribute(default, codec = UnlessDefault))]
    pub pending: bool,
}

/// The position of an event, or of who sends it.
#[derive(FromXml, AsXml, Clone, Debug, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "at")]
pub struct At {
    /// The run of the master's log.
    #[xml(attribute)]
    pub epoch: String,
    /// The number of the event in it, from 1.
    #[xml(attribute)]
    pub seq: u64,
    /// Whether it was missed, or came late: to be shown with its time.
    #[xml(attribute(default, codec = UnlessDefault))]
    pub backfill: bool,
}

/// The end of state from the master; from the slave the end of late stanzas.
#[derive(FromXml, AsXml, Clone, Debug, PartialEq, Eq)]
#[xml(namespace = ns::SLAVE, name = "synced")]
pub struct Synced {
    /// The run of the master's log.
    #[xml(attribute)]
    pub epoch: String,
    /// The last event contained.
    #[xml(attribute)]
    pub seq: u64,
    /// From the slave: how many late stanzas it has sent since accept.
    #[xml(attribute(default))]
    pub late: Option<u64>,
}

/// An attribute that is not written where it says what its absence says.
struct UnlessDefault;

impl<T: AsXmlText + Default + FromXmlText + PartialEq> TextCodec<T> for UnlessDefault {
    fn decode(&self, text: String) -> Result<T, Error> {
        T::from_xml_text(text)
    }

    fn encode<'x>(&self, value: &'x T) -> Result<Option<Cow<'x, str>>, Error> {
        if *value == T::default() { Ok(None) } else { value.as_xml_text().map(Some) }
    }
}

/// A value of an attribute that has only a few.
macro_rules! words {
    (
        $(#[$meta:meta])* $name:ident {
            $($(#[$variant:meta])* $value:ident => $word:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant])* $value),+ }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$value => $word),+ })
            }
        }

        impl std::str::FromStr for $name {
            type Err = xso::error::Error;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$value),)+
                    _ => Err(xso::error::Error::Other(concat!("expected one of" $(, " ", $word)+))),
                }
            }
        }

        impl xso::FromXmlText for $name {
            fn from_xml_text(text: String) -> Result<Self, xso::error::Error> {
                text.parse()
            }
        }

        impl xso::AsXmlText for $name {
            fn as_xml_text(&self) -> Result<std::borrow::Cow<'_, str>, xso::error::Error> {
                Ok(std::borrow::Cow::Owned(self.to_string()))
            }

            fn as_optional_xml_text(
                &self,
            ) -> Result<Option<std::borrow::Cow<'_, str>>, xso::error::Error> {
                self.as_xml_text().map(Some)
            }
        }
    };
}

words! {
    /// What follows an accept.
    Sync {
        /// State from scratch.
        #[default]
        Full => "full",
        /// What has changed since the position of `resume`.
        Delta => "delta",
    }
}

words! {
    /// Who may see real JIDs.
    Whois {
        /// Moderators: a semi-anonymous room.
        #[default]
        Moderators => "moderators",
        /// Everybody: a non-anonymous room.
        Anyone => "anyone",
    }
}

words! {
    /// The role of who is admitted while split.
    EnterRole {
        /// Without voice.
        #[default]
        Visitor => "visitor",
        /// With voice.
        Participant => "participant",
    }
}

#[cfg(test)]
mod tests;
