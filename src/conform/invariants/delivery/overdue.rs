//! What was not heard in time, and may yet be.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::super::findings::Findings;
use super::super::room::{Key, Room, UserId};
use crate::time::Time;

/// All of it, in the order of the instants at which it ought to have been heard. It may be much: a
/// record may show nothing of what somebody hears.
#[derive(Debug, Default)]
pub(super) struct Queue {
    queue: VecDeque<Overdue>,
    /// How many of them are whose.
    of: FxHashMap<UserId, usize>,
}

#[derive(Debug)]
pub(super) struct Overdue {
    pub key: Key,
    pub user: UserId,
    /// The host that did not hand it on.
    pub host: String,
    pub entry: usize,
    pub since: Time,
}

impl Overdue {
    /// It was heard in this entry, or never is.
    pub fn judge(&self, heard: Option<usize>, room: &Room, findings: &mut Findings) {
        let jid = &room.users[self.user].jid;
        let what = match heard {
            Some(_) => format!("{jid} does not hear it in time"),
            None => format!("{jid} never hears it"),
        };
        let expected = "what is said to be heard by everybody in 1.5 round trips";
        let causes = Vec::from_iter(heard);
        findings.push("LIVE-DELIVER", &self.host, self.entry, what, expected, &causes);
    }
}

impl Queue {
    pub fn push(&mut self, one: Overdue) {
        *self.of.entry(one.user).or_default() += 1;
        self.queue.push_back(one);
    }

    /// Take the oldest, if that is so of it.
    pub fn pop_if(&mut self, is_over: impl Fn(&Overdue) -> bool) -> Option<Overdue> {
        let one = self.queue.pop_front_if(|one| is_over(one))?;
        self.taken(one.user, 1);
        Some(one)
    }

    /// Take those of this user of which that is so.
    pub fn take(&mut self, user: UserId, is_it: impl Fn(&Overdue) -> bool) -> Vec<Overdue> {
        if !self.of.contains_key(&user) {
            return Vec::new();
        }
        let all = self.queue.drain(..);
        let (taken, rest) = all.partition::<Vec<_>, _>(|one| one.user == user && is_it(one));
        self.queue = rest.into();
        self.taken(user, taken.len());
        taken
    }

    fn taken(&mut self, user: UserId, number: usize) {
        if let Some(count) = self.of.get_mut(&user) {
            *count -= number;
            if *count == 0 {
                self.of.remove(&user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Overdue for this user since this instant.
    fn overdue(user: UserId, second: i64) -> Overdue {
        let (host, since) = (String::new(), Time::from_micros(second));
        Overdue { key: (0, "".into()), user, host, entry: 0, since }
    }

    #[test]
    fn what_nobody_hears_is_not_looked_at_again_and_again() {
        let mut queue = Queue::default();
        (0..1_000).for_each(|second| queue.push(overdue(1, second)));
        let looked = Cell::new(0);
        let look = |is_it| {
            looked.set(looked.get() + 1);
            is_it
        };
        assert!(queue.pop_if(|_| look(false)).is_none());
        assert!(queue.take(2, |_| look(true)).is_empty());
        assert_eq!(looked.get(), 1);
    }
}
