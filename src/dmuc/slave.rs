//! The slave: it relays what local users send, and distributes what the master broadcasts.

use super::{Output, SlaveConfig, SlaveInput};
use crate::stanza::Jid;
use crate::time::Time;

/// A slave and its copies of the rooms that it serves.
#[derive(Clone, Debug)]
pub struct Slave {
    config: SlaveConfig,
}

impl Slave {
    /// A slave that no master has created yet.
    pub fn new(config: SlaveConfig) -> Self {
        Self { config }
    }

    /// Its address.
    pub fn jid(&self) -> &Jid {
        &self.config.jid
    }

    /// Whether this is the address of a room that it serves, or of an occupant of one.
    pub fn serves(&self, address: &Jid) -> bool {
        self.config.rooms.contain(&address.to_bare())
    }

    /// Let something happen to it at `now`.
    pub fn step(&mut self, _now: Time, _input: SlaveInput, _out: &mut Vec<Output>) {}

    /// When [`SlaveInput::Timeout`] is due next.
    pub fn deadline(&self) -> Option<Time> {
        None
    }
}
