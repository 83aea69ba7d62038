//! The present time of the run on this thread, for logs.
//!
//! The world sets it whenever a network or a script tells it the time. It is *not* where machines
//! take their time from: they get it as an argument, and a run is the same whether anybody reads
//! this or not.

use std::cell::Cell;

use crate::time::Time;

thread_local! {
    static NOW: Cell<Option<Time>> = const { Cell::new(None) };
}

/// A run on this thread has come to this instant.
pub fn set(now: Time) {
    NOW.set(Some(now));
}

/// No run is on this thread any more.
pub fn clear() {
    NOW.set(None);
}

/// The present time of the run on this thread; nothing before the first and after the last.
pub fn now() -> Option<Time> {
    NOW.get()
}
