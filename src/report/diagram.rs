//! A sequence diagram of a transcript: hosts are columns, time goes down, stanzas are arrows.
//!
//! A [`Diagram`] is what is to be drawn; [`Diagram::svg`] and [`Diagram::mermaid`] draw it. It
//! knows columns and rows and nothing of pixels.

mod bands;
mod hosts;
mod label;
mod mermaid;
mod rows;
mod svg;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::dmuc::Note;
use crate::time::Time;
use crate::transcript::{Class, Name, Transcript};

pub use self::bands::Why;

/// What is to be drawn of a transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    /// What was run.
    pub title: String,
    /// How: specification, profile, network, seed.
    pub how: String,
    /// The columns, from left to right.
    pub lanes: Vec<Lane>,
    /// What happened, from top to bottom.
    pub rows: Vec<Row>,
    /// What was so for a while.
    pub bands: Vec<Band>,
}

/// The column of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The name of the host.
    pub host: Name,
    /// A short name for people: a nick, or the first label of a domain.
    pub label: String,
    /// What stands below that: of a client who it is, of a server its domain.
    pub detail: String,
    /// Whether it is a client's.
    pub is_client: bool,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When.
    pub at: Time,
    /// Whether the row before was at another instant, so that this one tells the time.
    pub is_later: bool,
    /// What.
    pub what: Item,
}

/// What can be in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A new day begins.
    Day(String),
    /// A line of the scenario.
    Line {
        /// The entry.
        entry: usize,
        /// The number of the line.
        number: u32,
        /// The line.
        text: String,
    },
    /// Stanzas, of which the first stands for all: one, or all that one host sends of one thing at
    /// one instant and that fared alike.
    Stanzas(Vec<Arrow>),
    /// Something happened to the network, or to a host.
    Network {
        /// The entry.
        entry: usize,
        /// The columns that it concerns; none if it concerns all.
        lanes: Vec<usize>,
        /// What.
        text: String,
    },
    /// A machine tells of itself.
    Note {
        /// The entry.
        entry: usize,
        /// The column of its host, if there is one.
        lane: Option<usize>,
        /// What.
        text: String,
    },
}

/// A stanza on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// The entry.
    pub entry: usize,
    /// The column that it leaves.
    pub from: usize,
    /// The column that it goes to.
    pub to: usize,
    /// How it ends.
    pub end: End,
    /// What kind of stanza it is.
    pub class: Class,
    /// The stanza in a few words.
    pub label: String,
    /// The stanza in one line.
    pub tip: String,
}

/// How an arrow ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It arrived.
    Arrived,
    /// It arrived later than usual.
    Late,
    /// It was on its way when the record ended.
    UnderWay,
    /// It was lost.
    Lost,
    /// It could not be delivered.
    Undeliverable,
}

/// What was so for a while, in one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// The column.
    pub lane: usize,
    /// The first row.
    pub first: usize,
    /// The first row after it.
    pub end: usize,
    /// What was so.
    pub why: Why,
    /// The same in words.
    pub text: String,
}

/// What to draw.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only what has to do with one of these: names of hosts, or of people. Empty: everything.
    pub only: Vec<String>,
    /// Whether to give each stanza a row of its own, however many go out at once.
    pub unfold: bool,
    /// How many rows a diagram may have.
    pub rows_max: usize,
    /// What people are called, by full JID, as far as it is known besides the transcript.
    pub people: BTreeMap<String, String>,
    /// What machines would say of their splits, if the transcript does not say it: each with the
    /// entry at which it shows, in their order.
    pub splits: Vec<(usize, Note)>,
}

impl Default for Options {
    fn default() -> Self {
        let (only, people, splits) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { only, unfold: false, rows_max: ROWS_MAX, people, splits }
    }
}

/// How many rows a diagram has at most unless more are asked for.
pub const ROWS_MAX: usize = 5_000;

/// How many columns a diagram has at most.
pub const LANES_MAX: usize = 256;

/// Why there is no diagram.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiagramError {
    /// Nobody of this name has a part in it.
    #[error("no host or person of this name has a part in it: `{name}`")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// A name that was perhaps meant.
        nearest: Option<String>,
    },
    /// It would have more rows than were asked for.
    #[error("the diagram would have more than {0} rows")]
    TooLong(usize),
    /// It would have more columns than anybody can read.
    #[error("the diagram would have {0} columns, more than {LANES_MAX}")]
    TooWide(usize),
}

impl Diagram {
    /// The diagram of a transcript.
    ///
    /// # Errors
    ///
    /// If somebody is asked for who is not in it, or if it would be too large.
    pub fn new(transcript: &Transcript, options: &Options) -> Result<Self, DiagramError> {
        let hosts = hosts::Hosts::of(transcript, &options.people);
        let only = hosts.choose(&options.only, transcript)?;
        let lanes = hosts.lanes(transcript, only.as_ref());
        if lanes.len() > LANES_MAX {
            return Err(DiagramError::TooWide(lanes.len()));
        }
        let (rows, bands) = rows::draw(transcript, &hosts, &lanes, only.as_ref(), options)?;
        let header = &transcript.header;
        let how = format!(
            "{}, profile {}, {} network, seed {}, from {}",
            header.spec, header.profile, header.network, header.seed, header.epoch
        );
        Ok(Self { title: header.scenario.clone(), how, lanes, rows, bands })
    }
}
