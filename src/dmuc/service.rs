//! The chat service: rooms by address, and what it answers at its own domain.

use super::{Output, ServiceConfig, ServiceInput};
use crate::time::Time;

/// A chat service with the masters of its rooms.
#[derive(Clone, Debug)]
pub struct Service {
    config: ServiceConfig,
}

impl Service {
    /// A service with the rooms and slaves of its configuration, and nobody in them.
    pub fn new(config: ServiceConfig) -> Self {
        Self { config }
    }

    /// The domain of its rooms.
    pub fn domain(&self) -> &str {
        &self.config.domain
    }

    /// Let something happen to it at `now`.
    pub fn step(&mut self, _now: Time, _input: ServiceInput, _out: &mut Vec<Output>) {}

    /// When [`ServiceInput::Timeout`] is due next.
    pub fn deadline(&self) -> Option<Time> {
        None
    }
}
