//! A list that keeps the numbers of what is left when its oldest are forgotten.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::log::Key;

/// Things with a number each, in the order in which they came, and by id and content.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    next: usize,
    /// By number, ascending.
    all: VecDeque<(usize, Key, T)>,
    by_key: FxHashMap<Key, Vec<usize>>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { next: 0, all: VecDeque::new(), by_key: FxHashMap::default() }
    }
}

impl<T> Numbered<T> {
    /// Add one; its number.
    pub fn push(&mut self, key: Key, one: T) -> usize {
        let number = self.next;
        self.next += 1;
        self.by_key.entry(key.clone()).or_default().push(number);
        self.all.push_back((number, key, one));
        number
    }

    /// How many are left.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn get(&self, number: usize) -> Option<&T> {
        let (_, _, one) = self.all.get(self.place(number).ok()?)?;
        Some(one)
    }

    pub fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        let place = self.place(number).ok()?;
        let (_, _, one) = self.all.get_mut(place)?;
        Some(one)
    }

    /// All that are left, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &T)> + Clone {
        self.since(0)
    }

    /// Those from this number on, oldest first.
    pub fn since(&self, first: usize) -> impl DoubleEndedIterator<Item = (usize, &T)> + Clone {
        let place = self.place(first).unwrap_or_else(|place| place);
        self.all.range(place..).map(|(number, _, one)| (*number, one))
    }

    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.all.iter_mut().map(|(_, _, one)| one)
    }

    /// The numbers of those with this key, oldest first.
    pub fn like(&self, key: &Key) -> &[usize] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// Forget all but those of which this is true.
    pub fn retain(&mut self, mut needed: impl FnMut(usize, &T) -> bool) {
        let by_key = &mut self.by_key;
        self.all.retain(|(number, key, one)| {
            let needed = needed(*number, one);
            if !needed {
                forget(by_key, key, *number);
            }
            needed
        });
    }

    /// Forget all but the last so many.
    pub fn keep_last(&mut self, most: usize) {
        while self.all.len() > most {
            let Some((number, key, _)) = self.all.pop_front() else { return };
            forget(&mut self.by_key, &key, number);
        }
    }

    /// Where this number is, or would be. Counted from the last, where most of them are that are
    /// asked for, numbers have no gaps as a rule.
    fn place(&self, number: usize) -> Result<usize, usize> {
        let guess = (self.all.len() + number).checked_sub(self.next);
        match guess.filter(|guess| self.all.get(*guess).is_some_and(|one| one.0 == number)) {
            Some(place) => Ok(place),
            None => self.all.binary_search_by_key(&number, |one| one.0),
        }
    }
}

fn forget(by_key: &mut FxHashMap<Key, Vec<usize>>, key: &Key, number: usize) {
    let Some(numbers) = by_key.get_mut(key) else { return };
    numbers.retain(|one| *one != number);
    if numbers.is_empty() {
        by_key.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Numbered<char> {
        let mut list = Numbered::default();
        for one in "abca".chars() {
            list.push((u64::from(one), "id".into()), one);
        }
        list
    }

    #[test]
    fn what_is_left_keeps_its_number() {
        let mut list = filled();
        list.retain(|number, _| number > 0);
        assert_eq!(list.iter().collect::<Vec<_>>(), [(1, &'b'), (2, &'c'), (3, &'a')]);
        assert_eq!(list.get(0), None);
        assert_eq!(list.push((0, "id".into()), 'd'), 4);
    }

    #[test]
    fn what_is_forgotten_is_not_found_by_its_key() {
        let mut list = filled();
        let key = |one: char| (u64::from(one), "id".into());
        assert_eq!(list.like(&key('a')), [0, 3]);
        list.keep_last(2);
        assert_eq!(list.like(&key('a')), [3]);
        assert!(list.like(&key('b')).is_empty());
        assert_eq!(list.by_key.len(), 2);
    }
}
