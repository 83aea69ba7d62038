//! What comes for somebody that lets him in or out, and that he has not been told of.

use std::collections::VecDeque;

use super::NickId;

/// ENTERs and LEAVEs; or what a master that serves him itself sends him instead, which is known
/// before it comes. Whatever it is, it comes in the order in which the master has sent it.
#[derive(Clone, Debug, Default)]
pub(in crate::conform) struct Coming {
    /// The entry that tells of it, and what it is.
    queue: VecDeque<(usize, Change)>,
}

/// What one of them makes of him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    In {
        nick: NickId,
    },
    /// `expelled`: not because he asked for it.
    Out {
        expelled: bool,
    },
}

impl Coming {
    /// The master lets him in under this nick.
    pub fn push_in(&mut self, entry: usize, nick: NickId) {
        let before = self.before(entry);
        self.insert(before, (entry, Change::In { nick }));
    }

    /// The master says that he is out, unless that is what it has said last. `expelled`: not
    /// because he has asked for it.
    pub fn push_out(&mut self, entry: usize, expelled: bool) {
        let before = self.before(entry);
        let last = before.checked_sub(1).and_then(|last| self.queue.get(last));
        if last.is_none_or(|(_, last)| last.is_in()) {
            self.insert(before, (entry, Change::Out { expelled }));
        }
    }

    fn before(&self, entry: usize) -> usize {
        self.queue.partition_point(|(other, _)| *other < entry)
    }

    fn insert(&mut self, position: usize, one: (usize, Change)) {
        self.queue.insert(position, one);
        if self.queue.len() > COMING_MAX {
            self.queue.pop_front();
        }
    }

    /// What this entry tells of never comes.
    pub fn lose(&mut self, entry: usize) {
        self.queue.retain(|(one, _)| *one != entry);
    }

    /// Whether it says that he is out.
    pub fn ends(&self) -> bool {
        self.queue.iter().any(|(_, change)| !change.is_in())
    }

    /// How often it does so because he has asked for it.
    pub fn grants(&self) -> usize {
        let granted = Change::Out { expelled: false };
        self.queue.iter().filter(|(_, change)| *change == granted).count()
    }

    /// Whether it says that he is out before this.
    pub fn ends_before(&self, entry: usize) -> bool {
        self.queue.iter().take(self.before(entry)).any(|(_, change)| !change.is_in())
    }

    /// Whether it lets him in.
    pub fn begins(&self) -> bool {
        self.queue.iter().any(|(_, change)| change.is_in())
    }

    /// Whether it does so first.
    pub fn begins_first(&self) -> bool {
        self.queue.front().is_some_and(|(_, change)| change.is_in())
    }

    /// How often it lets him in after it has said that he is out.
    pub fn begins_again(&self) -> usize {
        let mut ended = false;
        let again = self.queue.iter().filter(|(_, change)| {
            let again = change.is_in() && ended;
            ended = !change.is_in();
            again
        });
        again.count()
    }

    /// He has heard that he is in, if that comes first.
    pub fn take_first_in(&mut self) {
        self.queue.pop_front_if(|(_, change)| change.is_in());
    }

    /// Whether it lets him in under this nick before it says that he is out.
    pub fn begins_first_as(&self, nick: NickId) -> bool {
        let mut first = self.queue.iter().take_while(|(_, change)| change.is_in());
        first.any(|(_, change)| *change == Change::In { nick })
    }

    /// He has heard that he is in under this nick, if that comes before he is out.
    pub fn take_first_in_as(&mut self, nick: NickId) {
        if self.begins_first_as(nick) {
            let position = self.queue.iter().position(|(_, one)| *one == Change::In { nick });
            self.queue.drain(..position.map_or(0, |position| position + 1));
        }
    }

    /// He has heard that he is in, or out; whether that comes.
    pub fn take(&mut self, comes_in: bool) -> bool {
        let position = self.queue.iter().position(|(_, change)| change.is_in() == comes_in);
        self.queue.drain(..position.map_or(0, |position| position + 1));
        position.is_some()
    }

    /// Nothing of it counts.
    pub fn clear(&mut self) {
        self.queue.clear();
    }
}

impl Change {
    fn is_in(self) -> bool {
        matches!(self, Self::In { .. })
    }
}

/// How much of it is remembered.
const COMING_MAX: usize = 64;
