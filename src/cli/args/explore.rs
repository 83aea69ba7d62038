//! The arguments of `wallops explore`.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::Args;

use super::EXIT_CODES;
use crate::explore::stage::{PEOPLE_MAX, PLACES_MAX};
use crate::scenario::Profile;

/// What is asked of schedules that are drawn.
const DRAWN: [&str; 6] = ["seed", "schedules", "minutes", "slaves", "people", "actions"];

const ACTIONS_MAX: usize = 2_000;

/// With fewer there is nobody left to talk to when one is gone.
const PEOPLE_MIN: usize = 3;

/// The last of the places is that without a slave.
const SLAVES_MAX: usize = PLACES_MAX - 1;

/// Play random schedules, and find the smallest scenario that goes wrong
///
/// Draws schedules of deeds and faults, each from a seed, plays them on the event network, and asks
/// whether the invariants hold. What goes wrong is shrunk, and written as a scenario that goes
/// wrong in the same way. The same seed gives the same schedule.
///
/// Play a thousand; play for an hour, with all of the protocol; play small ones, which are ten
/// times as many in a minute; judge a scenario that was found:
///
///   wallops explore --schedules 1000
///   wallops explore --profile full --minutes 60 --out found
///   wallops explore --slaves 1..3 --people 6 --actions 70 --minutes 5
///   wallops explore found/seed-17.scs
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXIT_CODES)]
pub(in crate::cli) struct Explore {
    /// Judge these scenarios, or directories of them, instead of drawing schedules
    #[arg(value_name = "FILE", conflicts_with_all = DRAWN)]
    pub paths: Vec<PathBuf>,

    /// The seed of the first schedule; the others have those that follow
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// How many schedules to play; without it, and without --minutes, 1000
    #[arg(long, value_name = "N")]
    pub schedules: Option<u64>,

    /// How long to play
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub minutes: Option<u32>,

    /// How much of the protocol the machines speak
    #[arg(long, value_enum, value_name = "PROFILE", default_value_t = Profile::Full)]
    pub profile: Profile,

    /// How many slaves there are in a schedule: a number, or the least and the most
    ///
    /// Few slaves with few people are played faster, and what they find is read more easily.
    #[arg(long, value_name = "N[..M]", default_value = "3..6", value_parser = slaves)]
    pub slaves: RangeInclusive<usize>,

    /// How many people there are in a schedule at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = people)]
    pub people: usize,

    /// How many things happen in a schedule at most
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = actions)]
    pub actions: usize,

    /// After how many different findings to stop
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub findings: usize,

    /// Where to write the scenarios that go wrong; the directory is made if need be
    #[arg(long, value_name = "DIR", default_value = "found")]
    pub out: PathBuf,

    /// How many schedules to play at a time; usually as many as there are cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
}

/// A number of actions that a script can hold.
fn actions(word: &str) -> Result<usize, String> {
    within(word, 1..=ACTIONS_MAX)
}

/// A number of people for whom there are names, and who can talk to each other.
fn people(word: &str) -> Result<usize, String> {
    within(word, PEOPLE_MIN..=PEOPLE_MAX)
}

/// One number of slaves, or the least and the most; there are as many places less the one that has
/// no slave.
fn slaves(word: &str) -> Result<RangeInclusive<usize>, String> {
    let (least, most) = word.split_once("..").unwrap_or((word, word));
    let range = within(least, 1..=SLAVES_MAX)?..=within(most, 1..=SLAVES_MAX)?;
    if range.is_empty() {
        return Err(format!("the least and then the most was expected, as in {most}..{least}"));
    }
    Ok(range)
}

fn within(word: &str, range: RangeInclusive<usize>) -> Result<usize, String> {
    match word.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("a number from {} to {} was expected", range.start(), range.end())),
    }
}
