//! Which events a slave that registers heeds: those that follow what it has. After a gap it asks to
//! be registered anew, and is told what it missed.

/// What a slave has, as far as the record tells.
#[derive(Clone, Debug, Default)]
pub(in crate::conform) struct Heeded {
    /// The run of the room and the number of the last event that it has heeded.
    position: Option<(String, u64)>,
    /// What it will have once it was told everything.
    target: Option<(String, u64)>,
    /// It asks to be registered: what there is comes with the answer.
    asks: bool,
}

impl Heeded {
    /// It asks to be registered.
    pub fn ask(&mut self) {
        self.asks = true;
    }

    /// It does not wait for the answer any more.
    pub fn give_up(&mut self) {
        self.asks = false;
    }

    /// It is accepted, and told what there is up to this event.
    pub fn accepted(&mut self, epoch: &str, seq: u64) {
        *self = Self { target: Some((epoch.to_owned(), seq)), ..Self::default() };
    }

    /// It was told all of that.
    pub fn synced(&mut self) {
        self.position = self.target.take().or(self.position.take());
    }

    /// An event comes to it; whether it heeds that. `sure`: nothing is amiss, so that the first one
    /// in the record tells what it has.
    pub fn takes(&mut self, (epoch, seq): (&str, u64), sure: bool) -> bool {
        if self.asks {
            return false;
        }
        match &mut self.position {
            None => {
                self.position = sure.then(|| (epoch.to_owned(), seq));
                true
            }
            Some((run, last)) if run == epoch && seq <= *last + 1 => {
                *last = seq.max(*last);
                true
            }
            Some(_) => false,
        }
    }
}
