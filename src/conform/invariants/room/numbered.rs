//! A list that keeps the numbers of what is left when its oldest are forgotten.

use std::collections::BTreeMap;

use super::log::Key;

/// Things with a number each, in the order in which they came, and by id and content.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    next: usize,
    all: BTreeMap<usize, (Key, T)>,
    by_key: BTreeMap<Key, Vec<usize>>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { next: 0, all: BTreeMap::new(), by_key: BTreeMap::new() }
    }
}

impl<T> Numbered<T> {
    /// Add one; its number.
    pub fn push(&mut self, key: Key, one: T) -> usize {
        let number = self.next;
        self.next += 1;
        self.by_key.entry(key.clone()).or_default().push(number);
        self.all.insert(number, (key, one));
        number
    }

    /// How many are left.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn get(&self, number: usize) -> Option<&T> {
        self.all.get(&number).map(|(_, one)| one)
    }

    pub fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.all.get_mut(&number).map(|(_, one)| one)
    }

    /// All that are left, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &T)> + Clone {
        self.since(0)
    }

    /// Those from this number on, oldest first.
    pub fn since(&self, first: usize) -> impl DoubleEndedIterator<Item = (usize, &T)> + Clone {
        self.all.range(first..).map(|(number, (_, one))| (*number, one))
    }

    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.all.values_mut().map(|(_, one)| one)
    }

    /// The numbers of those with this key, oldest first.
    pub fn like(&self, key: &Key) -> &[usize] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// Forget all but those of which this is true.
    pub fn retain(&mut self, mut needed: impl FnMut(usize, &T) -> bool) {
        let by_key = &mut self.by_key;
        self.all.retain(|number, (key, one)| {
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
            let Some((number, (key, _))) = self.all.pop_first() else { return };
            forget(&mut self.by_key, &key, number);
        }
    }
}

fn forget(by_key: &mut BTreeMap<Key, Vec<usize>>, key: &Key, number: usize) {
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
