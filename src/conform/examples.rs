//! The 20 examples of XEP-0282 v0.1, and whether a run contains them.
//!
//! The examples are data, as printed, with their errata beside them (`snapshots/xep-0282/`). An
//! example becomes a list of *patterns*, one for each stanza and hop; a run contains the example
//! if each pattern has its stanza, in the order that the document demands, and nothing of the same
//! kind stands between. The rules:
//!
//! * The errata apply first. The order of attributes, white space between elements, and which of
//!   the two stanza namespaces is used do not matter; text does. (`patch`, `pattern`)
//! * `...` stands for any further children, but not for attributes, for a second `muc#user` element
//!   or a dmuc element, and never for what the receiver may not see. (`compare`, `forbidden`)
//! * Ids, languages, stanza ids, occupant ids and capabilities are passed over; status codes about
//!   oneself may be added for oneself.
//! * Stamps bind: equal printed stamps mean equal stamps in a run, different ones the same order.
//! * Stanzas to one receiver come as printed (but for the roster of example 13), those to several
//!   in any order; `order` has the orders between examples.
//! * Slaves may have any address.
//!
//! What is *not* judged: anything that no example shows.

mod compare;
mod data;
mod difference;
mod find;
mod forbidden;
mod order;
mod outcome;
mod patch;
mod pattern;
mod run;
mod stamps;
mod value;

use std::sync::LazyLock;

pub use self::data::{Erratum, Rule, Way};
pub use self::difference::Difference;
pub use self::outcome::{Fault, Nearest, Outcome, Verdict, summary};

use self::data::{Cast, DataError};
use self::pattern::Pattern;
use self::run::Run;
use self::stamps::Stamps;
use crate::transcript::{Hop, Transcript};

/// One of the XEP's examples.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its number, in document order, from 1.
    pub number: u32,
    /// Its caption.
    pub caption: String,
    /// The sections that it stands in, from the outermost to the innermost.
    pub section: String,
    /// Its text as printed.
    pub printed: String,
    /// The hops that its stanzas make.
    pub ways: Vec<Way>,
    /// The errata that corrected its text before it could be read.
    corrections: Vec<String>,
    /// Whether its stanzas may come in any order.
    any_order: bool,
    /// Its stanzas, once for each hop that they make.
    patterns: Vec<Pattern>,
}

impl Example {
    /// The stanzas of the example, corrected, with nothing in place of `...` but what has to be
    /// there: the shortest run that contains it in profile `core`.
    pub fn stanzas(&self) -> Vec<Hop> {
        self.patterns
            .iter()
            .map(|pattern| {
                let (from, to) = (pattern.sender.as_str(), pattern.receiver.as_str());
                Hop::new(from.into(), to.into(), pattern.least())
            })
            .collect()
    }
}

/// The examples, their errata, and who is who in them.
struct Library {
    examples: Vec<Example>,
    errata: Vec<Erratum>,
    cast: Cast,
}

impl Library {
    fn read(examples: &str, errata: &str, cast: &str) -> Result<Self, DataError> {
        let cast = data::read_cast(cast)?;
        let errata = data::read_errata(errata)?;
        let examples = data::read_examples(examples)?
            .into_iter()
            .map(|printed| patch::corrected(printed, &errata, &cast))
            .collect::<Result<_, _>>()?;
        Ok(Self { examples, errata, cast })
    }
}

#[allow(clippy::expect_used, reason = "the data is part of the program, and a test reads it")]
static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    Library::read(
        include_str!("../../snapshots/xep-0282/examples.toml"),
        include_str!("../../snapshots/xep-0282/errata.toml"),
        include_str!("../../snapshots/xep-0282/cast.toml"),
    )
    .expect("the examples can be read")
});

/// All examples, in document order.
pub fn all() -> &'static [Example] {
    &LIBRARY.examples
}

/// The errata of the examples, by number.
pub fn errata() -> &'static [Erratum] {
    &LIBRARY.errata
}

/// Which of the examples these runs contain: an outcome for each of [`all`], in their order. A run
/// need not contain them all; an example counts as matched if one of the runs contains it.
pub fn check(transcripts: &[&Transcript]) -> Vec<Outcome> {
    let runs: Vec<Run<'_>> =
        transcripts.iter().map(|transcript| Run::new(transcript, &LIBRARY.cast)).collect();
    let mut stamps = vec![Stamps::default(); runs.len()];
    all().iter().map(|example| check_one(example, &runs, &mut stamps)).collect()
}

fn check_one(example: &'static Example, runs: &[Run<'_>], stamps: &mut [Stamps]) -> Outcome {
    let mut nearest: Option<Vec<Fault>> = None;
    for (number, (run, stamps)) in runs.iter().zip(stamps).enumerate() {
        match find::find(example, run, number, stamps) {
            Ok(verdict) => return Outcome { example, verdict },
            Err(faults) => {
                let less = |old: &Vec<Fault>| outcome::weight(&faults) < outcome::weight(old);
                if nearest.as_ref().is_none_or(less) {
                    nearest = Some(faults);
                }
            }
        }
    }
    let faults = nearest.unwrap_or_else(|| vec![Fault::NoRun]);
    Outcome { example, verdict: Verdict::Differs { faults } }
}
