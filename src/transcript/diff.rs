//! How two transcripts differ: what differs first and for whom, and how much for everybody.
//!
//! Everything is compared from the receiver's side: what counts is what somebody got, and in which
//! order. What arrived where at the same time in another order than elsewhere is no difference.

mod sequences;
mod show;

use std::collections::BTreeMap;

use self::sequences::{Item, Sequences};
use super::{Header, Transcript};
use crate::time::Time;

/// What counts as a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Everything: every entry with its time, and the header.
    Exact,
    /// The stanzas that arrived at each host, and their order. Neither when, nor what else
    /// happened.
    /// This is in what a run on one network has to equal a run on the other.
    Arrivals {
        /// Whether the time that a stamp gives (XEP-0203) counts.
        stamps: bool,
    },
}

/// How two transcripts differ. Prints what differs first as a unified diff, then a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// What the two are called.
    pub names: [String; 2],
    /// The lines of the header that differ: the key and both values.
    pub header: Vec<(&'static str, [String; 2])>,
    /// What differs first.
    pub first: Option<Difference>,
    /// How much is different for whom.
    pub summaries: Vec<Summary>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// For whom: the name of a host, or of what else tells of itself.
    pub whom: String,
    /// Its place among what this one received, from 1.
    pub ordinal: usize,
    /// When; the earlier if it was at two times.
    pub at: Time,
    /// In what way it differs.
    pub way: Way,
    /// The two texts; nothing where one transcript has nothing more.
    pub texts: [Option<String>; 2],
}

/// In what way something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The second transcript does not have it.
    Missing,
    /// The first transcript does not have it.
    Extra,
    /// Both have both, in another order.
    Order,
    /// It is another.
    Changed,
}

/// How much is different for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// For whom.
    pub whom: String,
    /// How many he received in the two transcripts.
    pub counts: [usize; 2],
    /// How many only the first transcript has.
    pub missing: usize,
    /// How many only the second transcript has.
    pub extra: usize,
    /// Whether they came in another order.
    pub reordered: bool,
}

impl Summary {
    /// Whether nothing is different for him.
    pub fn is_same(&self) -> bool {
        self.missing == 0 && self.extra == 0 && !self.reordered
    }
}

impl Diff {
    /// Compare two transcripts, which are called `names`.
    pub fn new(names: [&str; 2], transcripts: [&Transcript; 2], comparison: Comparison) -> Self {
        let [left, right] = transcripts.map(|transcript| Sequences::of(transcript, comparison));
        let mut both: BTreeMap<&str, [&[Item]; 2]> = BTreeMap::new();
        for (side, sequences) in [&left, &right].into_iter().enumerate() {
            for (whom, items) in sequences.iter() {
                both.entry(whom).or_default()[side] = items;
            }
        }
        let firsts = both.iter().filter_map(|(whom, items)| first_difference(whom, *items));
        let first = firsts.min_by(|a, b| a.at.cmp(&b.at));
        Self {
            names: names.map(str::to_owned),
            header: match comparison {
                Comparison::Exact => header_changes(&transcripts[0].header, &transcripts[1].header),
                Comparison::Arrivals { .. } => Vec::new(),
            },
            first: first.or_else(|| match comparison {
                Comparison::Exact => order_of_all(transcripts),
                Comparison::Arrivals { .. } => None,
            }),
            summaries: both.iter().map(|(whom, items)| summary(whom, *items)).collect(),
        }
    }

    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.header.is_empty() && self.first.is_none()
    }
}

fn header_changes(left: &Header, right: &Header) -> Vec<(&'static str, [String; 2])> {
    let fields = |header: &Header| {
        [
            ("scenario", header.scenario.clone()),
            ("spec", header.spec.clone()),
            ("profile", header.profile.clone()),
            ("seed", header.seed.to_string()),
            ("network", header.network.clone()),
            ("epoch", header.epoch.to_string()),
        ]
    };
    let pairs = fields(left).into_iter().zip(fields(right));
    pairs.filter(|(l, r)| l != r).map(|((key, left), (_, right))| (key, [left, right])).collect()
}

fn first_difference(whom: &str, [left, right]: [&[Item]; 2]) -> Option<Difference> {
    let same = left.iter().zip(right).take_while(|(l, r)| l.text == r.text).count();
    let (left, right) = (&left[same..], &right[same..]);
    let has = |items: &[Item], item: &Item| items.iter().any(|other| other.text == item.text);
    let (at, way) = match (left.first(), right.first()) {
        (None, None) => return None,
        (Some(l), None) => (l.at, Way::Missing),
        (None, Some(r)) => (r.at, Way::Extra),
        (Some(l), Some(r)) => {
            let way = match (has(right, l), has(left, r)) {
                (true, true) => Way::Order,
                (false, true) => Way::Missing,
                (true, false) => Way::Extra,
                (false, false) => Way::Changed,
            };
            (l.at.min(r.at), way)
        }
    };
    let texts = [left, right].map(|items| items.first().map(|item| item.text.clone()));
    Some(Difference { whom: whom.to_owned(), ordinal: same + 1, at, way, texts })
}

/// Where two records that are the same for everybody part all the same.
fn order_of_all([left, right]: [&Transcript; 2]) -> Option<Difference> {
    let same = left.entries.iter().zip(&right.entries).take_while(|(l, r)| l == r).count();
    let at = left.entries.get(same)?.at;
    let texts =
        [left, right].map(|record| record.entries.get(same).map(|entry| entry.headline() + "\n"));
    let whom = "everybody together".to_owned();
    Some(Difference { whom, ordinal: same + 1, at, way: Way::Order, texts })
}

fn summary(whom: &str, [left, right]: [&[Item]; 2]) -> Summary {
    let mut balance: BTreeMap<&str, isize> = BTreeMap::new();
    for item in left {
        *balance.entry(&item.text).or_default() += 1;
    }
    for item in right {
        *balance.entry(&item.text).or_default() -= 1;
    }
    let total =
        |sign: isize| balance.values().map(|count| (count * sign).max(0).unsigned_abs()).sum();
    let (missing, extra) = (total(1), total(-1));
    let texts = |items: &[Item]| items.iter().map(|item| item.text.clone()).collect::<Vec<_>>();
    Summary {
        whom: whom.to_owned(),
        counts: [left.len(), right.len()],
        missing,
        extra,
        reordered: missing == 0 && extra == 0 && texts(left) != texts(right),
    }
}

#[cfg(test)]
mod tests;
