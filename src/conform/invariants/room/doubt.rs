//! Who has left, and is told of himself when he has been let in again: that may be news of the stay
//! that he has left, if that it is over was lost. Whether it was shows at the same instant, when he
//! is told that he is out of it.

use super::User;
use super::asks::Asks;
use super::coming::Coming;
use crate::time::Time;

/// What he had asked, and what came for him, before he was told so.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    at: Time,
    asks: Asks,
    coming: Coming,
}

impl User {
    /// What there is to go back to if he has left, and what he is told now is of the stay before.
    pub(super) fn before_he_is_in(&mut self, now: Time) -> Option<Doubt> {
        let left = self.inside && self.leaving().is_some();
        let first = || Doubt { at: now, asks: self.asks.clone(), coming: self.coming.clone() };
        self.doubt.take_if(|doubt| doubt.at == now).or_else(|| left.then(first))
    }

    /// Whether what he was told at this instant may be of a stay that he has left.
    pub fn was_told_in_doubt(&self, now: Time) -> bool {
        self.doubt.as_ref().is_some_and(|doubt| doubt.at == now)
    }

    /// He is told that he is out: what he was told at this instant was of the stay before.
    pub(super) fn was_told_of_before(&mut self, now: Time) {
        if let Some(Doubt { asks, coming, .. }) = self.doubt.take_if(|doubt| doubt.at == now) {
            (self.asks, self.coming) = (asks, coming);
        }
    }
}
