//! The scenario language: text to [`Scenario`].
//!
//! A scenario is a screenplay: a head with title and tags, a cast, a line of dashes, and lines each
//! of which says who does, receives or perceives what. It is a superset of scansion's scripts. The
//! parser resolves every name, so that whoever plays a [`Scenario`] finds in its [`Cast`] whatever
//! its steps name.
//!
//! It is *not* the play: nothing here runs anything, reads files, or knows a network.

pub mod ast;
mod body;
pub mod cast;
mod casting;
mod format;
mod gaps;
mod head;
mod infer;
mod line;
mod lines;
mod mistake;
mod names;
mod parse;
mod script;
mod sections;
mod sentence;
pub mod setting;
mod source;
mod token;
mod values;
pub mod verbs;
mod words;

pub use self::ast::{
    Action, Direction, Host, Machine, Matching, Name, Occupant, Party, Profile, Scenario, Span,
    Step, Tags, Who,
};
pub use self::cast::{Cast, Client, Link, Room, Server, Service, Slave};
pub use self::format::format;
pub use self::mistake::{Mistake, Mistakes, Thing, Wrong};
pub use self::parse::{FindCast, parse, parse_setting};
pub use self::setting::Setting;
pub use self::source::{SIZE_MAX, Source};
pub(crate) use self::words::{nearest, printable, wrapped};

#[cfg(test)]
mod tests;
