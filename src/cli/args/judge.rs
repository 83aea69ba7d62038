//! The arguments of the commands about requirements.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::Reports;
use crate::conform::requirements::{Actor, Level};
use crate::transcript::edition::Edition;
use crate::transcript::import::Format;

/// Judge records by what XEP-0282 demands, and by what has to hold of every run
///
/// A record is a scenario, which is played, or a file that tells what crossed a network: a
/// transcript as `wallops run --write` writes it, or a log of somebody else's servers. Prints what
/// was broken, where, and what should have been; then how often each requirement applied. What a
/// record does not show of how its rooms were set up is inferred from it; `--scenario` says it
/// exactly.
///
/// Judge a scenario; a stored transcript; what slaves did in a log, and report it to CI:
///
///   wallops judge scenarios/s10-the-great-bounce.scs
///   wallops judge t.txt --scenario scenarios/s10-the-great-bounce.scs
///   wallops judge server.log --as slave --report slave.xml
#[derive(Debug, Default, Args)]
#[command(verbatim_doc_comment, after_help = levels(JUDGE_LEGEND))]
pub(in crate::cli) struct Judge {
    /// Scenarios, directories of them, transcripts or logs; `-` is a transcript or a log on
    /// standard input
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,

    /// The form of the files that are no scenarios; usually it shows in them
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// The scenario whose play was recorded, or one that says how the rooms were set up and who was
    /// there, and nothing more
    #[arg(long, value_name = "FILE.scs")]
    pub scenario: Option<PathBuf>,

    /// Nothing that happened is missing from the records: none is the log of one server, though it
    /// may look like one
    #[arg(long)]
    pub whole: bool,

    /// Only what concerns this party, and only what hosts of its kind did
    #[arg(long = "as", value_enum, value_name = "PARTY")]
    pub party: Option<Actor>,

    /// Only these requirements: ids such as slave.leave.forward, or what ids begin with. If one
    /// never applied, the exit code is 3
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    pub require: Vec<String>,

    /// In the words of which edition of XEP-0282 the record is; usually it shows in it. They demand
    /// the same
    #[arg(long, value_enum, value_name = "EDITION")]
    pub spec: Option<Edition>,

    /// A SHOULD that was not followed fails
    #[arg(long)]
    pub strict: bool,

    /// Reports of it
    #[command(flatten)]
    pub reports: Reports,

    /// From how many bytes on a record is gone through in files instead of being held in memory
    #[arg(long, value_name = "BYTES", hide = true)]
    pub long: Option<u64>,

    /// Show every finding in full; in the table requirements that never applied too; by their ids
    /// those that the records cannot show
    #[arg(long)]
    pub all: bool,
}

/// Say what requirements demand, how they are judged, and which scenarios show them
///
/// Plays scenarios until it knows a few that come to each; `wallops coverage ID` plays all, and
/// says which do. Without an id, lists all. What ids begin with names all of these:
///
///   wallops explain slave.leave.forward
///   wallops explain master.split
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = levels(EXPLAIN_EXIT_CODES))]
pub(in crate::cli) struct Explain {
    /// Ids such as slave.leave.forward, or what ids begin with
    #[arg(value_name = "ID|PREFIX")]
    pub ids: Vec<String>,

    /// Where the scenarios are that may show them
    #[arg(long, value_name = "DIR", default_value = "scenarios")]
    pub scenarios: PathBuf,

    /// In the words of which edition of XEP-0282
    #[arg(long, value_enum, value_name = "EDITION")]
    pub spec: Option<Edition>,

    /// Print all of them as a document
    #[arg(long, hide = true)]
    pub markdown: bool,
}

const EXPLAIN_EXIT_CODES: &str = "\
Exit codes:
  0  it is explained
  2  no requirement has such an id, or a scenario has mistakes";

/// Say for each requirement how often scenarios or records come to it, and what came of it
///
/// Plays scenarios on the event network, and reads records as `wallops judge` does. After the
/// table: what none comes to, and where runs enter ground that XEP-0282 leaves open. Of
/// requirements that are named: each scenario that comes to them, how often they were kept and
/// broken there, and the verdict.
///
/// Of the shipped scenarios; of your own; of a log; of two requirements; every pair, to look for
/// something:
///
///   wallops coverage
///   wallops coverage my-scenarios
///   wallops coverage server.log
///   wallops coverage slave.leave.forward INV-NO-DUP
///   wallops coverage --by-scenario | grep s10-the-great-bounce
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = levels(COVERAGE_EXIT_CODES))]
pub(in crate::cli) struct Coverage {
    /// Scenarios, directories of them (usually `scenarios`), transcripts or logs; ids of
    /// requirements, or what ids begin with. What is a file is taken for one
    #[arg(value_name = "ID|DIR|FILE")]
    pub words: Vec<PathBuf>,

    /// Print a line for each scenario and each requirement that it comes to: the scenario, the
    /// requirement, how often it was kept and broken, the verdict
    #[arg(long)]
    pub by_scenario: bool,
}

const COVERAGE_EXIT_CODES: &str = "\
Exit codes:
  0  every requirement is exercised, but for those that no run can show
  1  something was broken
  2  the input is wrong
  3  nothing was broken, but a requirement is never exercised, or one that is named cannot be";

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Format::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Actor {
    fn value_variants<'a>() -> &'a [Self] {
        &[Actor::Master, Actor::Slave, Actor::Server]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Actor::Master => PossibleValue::new("master").help("the room").alias("primary"),
            Actor::Slave => PossibleValue::new("slave").help("a slave").alias("replica"),
            Actor::Server => PossibleValue::new("server").help("a server of users"),
        })
    }
}

impl ValueEnum for Edition {
    fn value_variants<'a>() -> &'a [Self] {
        &Edition::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Edition::V0_1 => "masters and slaves",
            Edition::V0_1_1 => "the same as primaries and replicas",
        };
        Some(PossibleValue::new(self.spec()).help(help))
    }
}

/// What the words for levels say, and the rest of a legend.
fn levels(rest: &str) -> String {
    let level = |level: &Level| format!("  {:<11}  {}\n", level.to_string(), level.meaning());
    let levels: String = Level::ALL.iter().map(level).collect();
    format!("Levels, by how XEP-0282 demands something:\n{levels}\n{rest}")
}

const JUDGE_LEGEND: &str = "\
Verdicts:
  pass         it applied, and was kept each time
  fail, warn   it was broken; `warn` if it is a SHOULD
  choice       a MAY that was made use of
  unspecified  the XEP leaves it open; kept as docs/dmuc2-slave.md has it
  vacuous      it never applied
  unsupported  the record cannot show it: it lacks what people or one side sent, or the machines'
               own word

Exit codes:
  0  all is well
  1  something was broken
  2  the input is wrong
  3  nothing was broken, but what was asked for never applied or cannot be judged";
