//! What comes for somebody that lets him in or out, and that he has not been told of.

use std::collections::VecDeque;

use super::NickId;

/// ENTERs and LEAVEs; or what a master that serves him itself sends him instead, which is known
/// before it comes. Whatever it is, it comes in the order in which the master has sent it.
#[derive(Clone, Debug, Default)]
pub(in crate::conform) struct Coming {
    queue: VecDeque<One>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
struct One {
    /// The entry that tells of it.
    entry: usize,
    change: Change,
    /// Whether it is for a stay over which his connection has ended: it still comes.
    past: bool,
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
    /// What counts for the stay that he asks for, or has.
    fn present(&self) -> impl Iterator<Item = &One> {
        self.queue.iter().filter(|one| !one.past)
    }

    /// The master lets him in under this nick.
    pub fn push_in(&mut self, entry: usize, nick: NickId) {
        self.insert(entry, Change::In { nick });
    }

    /// The master says that he is out, unless that is what it has said last. `expelled`: not
    /// because he has asked for it.
    pub fn push_out(&mut self, entry: usize, expelled: bool) {
        let last = self.present().take_while(|one| one.entry < entry).last();
        if last.is_none_or(|last| last.is_in()) {
            self.insert(entry, Change::Out { expelled });
        }
    }

    fn insert(&mut self, entry: usize, change: Change) {
        let position = self.queue.partition_point(|other| other.entry < entry);
        self.queue.insert(position, One { entry, change, past: false });
        if self.queue.len() > COMING_MAX {
            self.queue.pop_front();
        }
    }

    /// What this entry tells of never comes.
    pub fn lose(&mut self, entry: usize) {
        self.queue.retain(|one| one.entry != entry);
    }

    /// Whether it says that he is out.
    pub fn ends(&self) -> bool {
        self.present().any(|one| !one.is_in())
    }

    /// How often it does so because he has asked for it.
    pub fn grants(&self) -> usize {
        let granted = Change::Out { expelled: false };
        self.present().filter(|one| one.change == granted).count()
    }

    /// Whether it says that he is out before this.
    pub fn ends_before(&self, entry: usize) -> bool {
        self.present().any(|one| one.entry < entry && !one.is_in())
    }

    /// Whether it lets him in.
    pub fn begins(&self) -> bool {
        self.present().any(One::is_in)
    }

    /// Whether it does so first.
    pub fn begins_first(&self) -> bool {
        self.present().next().is_some_and(One::is_in)
    }

    /// How often it lets him in after it has said that he is out.
    pub fn begins_again(&self) -> usize {
        let mut ended = false;
        let again = self.present().filter(|one| {
            let again = one.is_in() && ended;
            ended = !one.is_in();
            again
        });
        again.count()
    }

    /// He has heard that he is in, if that comes first.
    pub fn take_first_in(&mut self) {
        self.queue.pop_front_if(|one| one.is_in());
    }

    /// Whether it lets him in under this nick before it says that he is out.
    pub fn begins_first_as(&self, nick: NickId) -> bool {
        let mut first = self.present().take_while(|one| one.is_in());
        first.any(|one| one.change == Change::In { nick })
    }

    /// He has heard that he is in under this nick, if that comes before he is out.
    pub fn take_first_in_as(&mut self, nick: NickId) {
        if self.begins_first_as(nick) {
            let same = |one: &One| !one.past && one.change == Change::In { nick };
            let position = self.queue.iter().position(same);
            self.queue.drain(..position.map_or(0, |position| position + 1));
        }
    }

    /// He has heard that he is in, or out; whether that comes.
    pub fn take(&mut self, comes_in: bool) -> bool {
        let position = self.queue.iter().position(|one| one.is_in() == comes_in);
        self.queue.drain(..position.map_or(0, |position| position + 1));
        position.is_some()
    }

    /// He has heard the end of a stay over which his connection has ended, if that comes first.
    pub fn take_past(&mut self) {
        let past = self.queue.iter().take_while(|one| one.past).position(|one| !one.is_in());
        self.queue.drain(..past.map_or(0, |position| position + 1));
    }

    /// Whether something of it is for a stay over which his connection has ended.
    pub fn is_past(&self) -> bool {
        self.queue.iter().any(|one| one.past)
    }

    /// It is for a stay over which his connection has ended, and comes before what is for the next.
    pub fn pass(&mut self) {
        self.queue.iter_mut().for_each(|one| one.past = true);
    }

    /// Nothing of it counts.
    pub fn clear(&mut self) {
        self.queue.clear();
    }
}

impl One {
    fn is_in(&self) -> bool {
        matches!(self.change, Change::In { .. })
    }
}

/// How much of it is remembered.
const COMING_MAX: usize = 64;
