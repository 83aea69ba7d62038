//! What is so for a while: links that are cut or hold, splits that a machine knows of, machines
//! that are down.

use std::collections::BTreeSet;

use super::Band;
use super::hosts::name_of;
use crate::dmuc::{Change, Note};
use crate::transcript::{Fault, Link, Machine, Name};

/// What can be so for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A link of the host is cut.
    Cut,
    /// A link of the host waits.
    Held,
    /// A machine of the host counts another as split.
    Split,
    /// The host, or one of its machines, is down.
    Down,
}

/// The bands of a diagram in the making.
pub(super) struct Bands<F> {
    /// The column of a name.
    lane_of: F,
    open: Vec<Open>,
    done: Vec<Band>,
}

struct Open {
    what: What,
    lanes: Vec<usize>,
    first: usize,
    text: String,
}

/// What has to end for a band to end.
enum What {
    /// All of these directions are cut, or wait.
    Link(Why, BTreeSet<(Name, Name)>),
    /// The first counts the second as split.
    Split(String, String),
    Down(Machine),
}

impl What {
    fn why(&self) -> Why {
        match self {
            What::Link(why, _) => *why,
            What::Split(..) => Why::Split,
            What::Down(_) => Why::Down,
        }
    }
}

impl<F: Fn(&str) -> Option<usize>> Bands<F> {
    pub fn new(lane_of: F) -> Self {
        Self { lane_of, open: Vec::new(), done: Vec::new() }
    }

    /// A fault, which stands in this row.
    pub fn fault(&mut self, fault: &Fault, row: usize, text: &str) {
        match fault {
            Fault::Cut(link, _) => self.begin_link(Why::Cut, link, row, text),
            Fault::Hold(link) => self.begin_link(Why::Held, link, row, text),
            Fault::Heal(link) => self.heal(&directions(link), row),
            Fault::HealEverything => self.end(row, |what| matches!(what, What::Link(..))),
            Fault::Slow { .. } => {}
            Fault::Crash(machine) => {
                let lane = self.lane(name_of(machine));
                // What was down is down; and what a machine knew of others it knows no more.
                let forgets = |name: &str, lane_of: &F| lane_of(name) == lane;
                let (gone, kept) = std::mem::take(&mut self.open).into_iter().partition(
                    |open| matches!(&open.what, What::Split(by, _) if forgets(by, &self.lane_of)),
                );
                self.open = kept;
                self.close(gone, row);
                self.begin(What::Down(machine.clone()), lane.into_iter().collect(), row, text);
            }
            Fault::Restart(machine) => {
                self.end(row, |what| matches!(what, What::Down(down) if down == machine));
            }
        }
    }

    /// A machine tells of itself in this row.
    pub fn note(&mut self, note: &Note, row: usize, text: &str) {
        let (by, about) = (note.by.as_str(), note.about.as_str());
        let is_it = |what: &What| matches!(what, What::Split(b, a) if b == by && a == about);
        match note.change {
            Change::Split if !self.open.iter().any(|open| is_it(&open.what)) => {
                let lanes = self.lane(by).into_iter().collect();
                self.begin(What::Split(by.to_owned(), about.to_owned()), lanes, row, text);
            }
            Change::Synced | Change::Created | Change::Deregistered | Change::Expired => {
                self.end(row, is_it);
            }
            _ => {}
        }
    }

    /// All of them, if this is the last row.
    pub fn finish(mut self, rows: usize) -> Vec<Band> {
        let open = std::mem::take(&mut self.open);
        self.close(open, rows);
        self.done.sort_by(|a, b| {
            (a.first, a.lane, a.why, &a.text).cmp(&(b.first, b.lane, b.why, &b.text))
        });
        self.done
    }

    fn lane(&self, name: &str) -> Option<usize> {
        (self.lane_of)(name)
    }

    fn begin_link(&mut self, why: Why, link: &Link, row: usize, text: &str) {
        let directions = directions(link);
        self.heal(&directions, row);
        let lanes = [&link.from, &link.to].into_iter().filter_map(|name| self.lane(name));
        let lanes: BTreeSet<usize> = lanes.collect();
        self.begin(What::Link(why, directions), lanes.into_iter().collect(), row, text);
    }

    fn begin(&mut self, what: What, lanes: Vec<usize>, row: usize, text: &str) {
        // Endless faults without an end: a reader can tell no more of them apart.
        if self.open.len() < OPEN_MAX {
            self.open.push(Open { what, lanes, first: row, text: text.to_owned() });
        }
    }

    fn heal(&mut self, healed: &BTreeSet<(Name, Name)>, row: usize) {
        for open in &mut self.open {
            if let What::Link(_, directions) = &mut open.what {
                directions.retain(|direction| !healed.contains(direction));
            }
        }
        self.end(row, |what| matches!(what, What::Link(_, left) if left.is_empty()));
    }

    fn end(&mut self, row: usize, ends: impl Fn(&What) -> bool) {
        let open = std::mem::take(&mut self.open);
        let (gone, kept) = open.into_iter().partition(|open| ends(&open.what));
        self.open = kept;
        self.close(gone, row);
    }

    fn close(&mut self, gone: Vec<Open>, row: usize) {
        for open in gone.into_iter().filter(|open| open.first < row) {
            self.done.extend(open.lanes.iter().map(|lane| Band {
                lane: *lane,
                first: open.first,
                end: row,
                why: open.what.why(),
                text: open.text.clone(),
            }));
        }
    }
}

fn directions(link: &Link) -> BTreeSet<(Name, Name)> {
    let mut directions = BTreeSet::from([(link.from.clone(), link.to.clone())]);
    if link.both_ways {
        directions.insert((link.to.clone(), link.from.clone()));
    }
    directions
}

/// How many bands may be open at a time.
const OPEN_MAX: usize = 256;
