//! What happens to the network and to the machines in it.

use super::super::ast::{Direction, Machine, Name};
use super::super::line::Parsed;
use super::super::sentence::Sentence;
use super::Order;
use crate::time::Duration;

/// A change of the network. Links are listed by their directions: `cut A from B` has both, `cut A
/// -> B` has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkChange {
    /// `cut vesa from channel refusing`
    Cut(Vec<Direction>, Manner),
    /// `hold vesa from channel for 20s`: nothing is lost, all is late.
    Hold(Vec<Direction>, Duration),
    /// `slow vesa -> channel to 900ms`
    Slow(Vec<Direction>, Duration),
    /// `heal vesa from channel`: the link is up, and as fast as at the start.
    Heal(Vec<Direction>),
    /// `heal everything`
    HealEverything,
    /// `crash the slave vesa`
    Crash(Machine),
    /// `restart the slave vesa`
    Restart(Machine),
    /// `The master creates the slave vesa`
    CreateSlave(Name),
    /// `The slave vesa registers`
    Order(Order),
}

/// What a cut does to what is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// It vanishes: `silently`, and if nothing is said.
    #[default]
    Silently,
    /// Streams are reset, dials are refused at once: `refusing`.
    Refusing,
    /// Streams are reset, dials vanish: `resetting`.
    Resetting,
}

impl NetworkChange {
    pub(in super::super) fn parse(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        let change = if s.line.words("cut") {
            NetworkChange::Cut(s.link()?, Manner::parse(s))
        } else if s.line.words("hold") {
            let link = s.link()?;
            s.line.expect_words("for")?;
            NetworkChange::Hold(link, s.duration()?)
        } else if s.line.words("slow") {
            let link = s.link()?;
            s.line.expect_words("to")?;
            NetworkChange::Slow(link, s.duration()?)
        } else if s.line.words("heal everything") {
            NetworkChange::HealEverything
        } else if s.line.words("heal") {
            NetworkChange::Heal(s.link()?)
        } else if s.line.words("crash") {
            NetworkChange::Crash(s.machine()?)
        } else if s.line.words("restart") {
            NetworkChange::Restart(s.machine()?)
        } else if s.line.words("the master creates") {
            NetworkChange::CreateSlave(s.slave()?)
        } else {
            return Order::parse(s).map(|order| order.map(NetworkChange::Order));
        };
        Ok(Some(change))
    }
}

impl Manner {
    fn parse(s: &mut Sentence<'_>) -> Self {
        if s.line.words("refusing") {
            return Manner::Refusing;
        }
        if s.line.words("resetting") {
            return Manner::Resetting;
        }
        s.line.words("silently");
        Manner::Silently
    }
}
