//! The arguments of the program, and its help.

mod diagram;
mod explore;
mod judge;
mod report;

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(super) use self::diagram::{Diagram, Drawn};
pub(super) use self::explore::Explore;
pub(super) use self::judge::{Coverage, Explain, Judge};
pub(super) use self::report::{Report, ReportFile, Reports, Told, is_output};
use super::stage::Net;
use crate::scenario::Profile;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default().dimmed());

/// Play XMPP chat rooms that are distributed over servers (XEP-0282), and judge what happened.
///
/// wallops runs the masters and slaves of a room inside a simulated network. A scenario says who is
/// there, what happens and what has to come of it; a transcript says what crossed the wires.
///
/// Play one scenario and read what happened, then play all of them on both networks:
///
///   wallops run scenarios/s01-bigcheese-enters.scs
///   wallops test
#[derive(Debug, Parser)]
#[command(
    name = "wallops",
    version,
    styles = STYLES,
    arg_required_else_help = true,
    propagate_version = true,
    max_term_width = 100,
    verbatim_doc_comment,
    after_help = EXIT_CODES
)]
pub(super) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Log what the simulated network does to standard error, with the run's own time; twice: every
    /// timer and delivery too. RUST_LOG, if it is set, says what to log: `wallops::sim=debug`
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(Run),
    Test(Test),
    Examples(Examples),
    Check(Check),
    Format(Format),
    Diff(Diff),
    Diagram(Diagram),
    Report(Report),
    Judge(Judge),
    Explain(Explain),
    Coverage(Coverage),
    Explore(Explore),
    /// Print completions for a shell
    ///
    /// Have bash complete commands and options, in this session or in all:
    ///
    ///   source <(wallops completions bash)
    ///   wallops completions bash > ~/.local/share/bash-completion/completions/wallops
    #[command(verbatim_doc_comment)]
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page, or write a page for each command into a directory
    ///
    /// Read it, or install it for yourself:
    ///
    ///   wallops man | man -l -
    ///   wallops man ~/.local/share/man/man1
    #[command(verbatim_doc_comment)]
    Man {
        /// Where to write the pages; the directory is made if need be
        #[arg(value_name = "DIR")]
        directory: Option<PathBuf>,
    },
}

/// Play scenarios and show what happened
///
/// One line for each stanza that left a host, below the line of the scenario that set it off; then
/// what was expected and did not come, and a verdict.
///
/// Read what happens when vesa splits; then the same with real XML streams, every stanza in full:
///
///   wallops run scenarios/s10-the-great-bounce.scs
///   wallops run scenarios/s10-the-great-bounce.scs --net wire --xml
///
/// Ask whether anybody could tell the room from one without slaves:
///
///   wallops run scenarios/s02-truly-rotten-time.scs --against-plain
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXIT_CODES)]
pub(super) struct Run {
    /// Scenarios, or directories of them
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,

    /// Show every stanza in full, as XML
    #[arg(long)]
    pub xml: bool,

    /// On which network
    #[arg(long, value_enum, value_name = "NETWORK", default_value_t)]
    pub net: Net,

    /// Another seed than the scenario's: a number from which jitter is drawn
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Without slaves, as an ordinary chat room (XEP-0045); lines about slaves are left out
    #[arg(long)]
    pub plain: bool,

    /// Play with slaves and without, and compare what each person receives; a scenario with faults
    /// cannot be compared
    #[arg(long, conflicts_with_all = ["plain", "write", "xml"])]
    pub against_plain: bool,

    /// Write the transcript to this file; `wallops judge`, `diff` and `diagram` read it
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// Play scenarios on both networks and judge them
///
/// A scenario passes if each of its expectations is met on both networks, if its transcript is that
/// of its snapshot, if everybody receives the same in the same order on both networks, if the XEP's
/// examples that it names are in its transcript, and if no requirement is broken. What is known to
/// fail stands in `expected.toml` beside the scenarios.
///
/// All scenarios are read before the first is played: if one has mistakes, the mistakes of all are
/// shown, nothing is judged, and the exit code is 2.
///
/// Judge all scenarios; the same for CI; look at one, and accept what it does now as its snapshot:
///
///   wallops test
///   wallops test --report wallops.xml --report wallops.html
///   wallops test scenarios/s01-bigcheese-enters.scs --accept
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXIT_CODES)]
pub(super) struct Test {
    /// Scenarios, or directories of them
    #[arg(value_name = "DIR|FILE", default_value = "scenarios")]
    pub paths: Vec<PathBuf>,

    /// On this network only
    #[arg(long, value_enum, value_name = "NETWORK")]
    pub net: Option<Net>,

    /// Write the snapshots of what happens now, instead of comparing with those that there are
    #[arg(long)]
    pub accept: bool,

    /// Where the snapshots are; usually `snapshots` beside `scenarios`
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,

    /// Reports of it
    #[command(flatten)]
    pub reports: Reports,

    /// How many scenarios to play at a time; usually as many as there are cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
}

/// Say for each of the XEP's 20 examples whether the scenarios show it
///
/// Plays the scenarios that name examples (`## examples: 1-6`), and prints for each example:
/// matched as printed, matched after which erratum, or how what happened differs from it.
///
/// Of the shipped scenarios; of your own:
///
///   wallops examples
///   wallops examples my-scenario.scs --net wire
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES_EXIT_CODES)]
pub(super) struct Examples {
    /// Scenarios, or directories of them
    #[arg(value_name = "DIR|FILE", default_value = "scenarios")]
    pub paths: Vec<PathBuf>,

    /// On which network
    #[arg(long, value_enum, value_name = "NETWORK", default_value_t)]
    pub net: Net,
}

/// Read scenarios and report every mistake in them, without playing them
///
/// All mistakes of all files are shown in one run, each with its place and what was expected:
///
///   wallops check scenarios/*.scs
///   wallops check my-scenario.scs
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = CHECK_EXIT_CODES)]
pub(super) struct Check {
    /// Scenarios, or directories of them
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,
}

/// Put scenarios into their one canonical layout
///
/// Rewrite a file, or only ask whether all are as they should be:
///
///   wallops format my-scenario.scs
///   wallops format --check scenarios/*.scs
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = FORMAT_EXIT_CODES)]
pub(super) struct Format {
    /// Scenarios, or directories of them; casts (`.cast`) by name only
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,

    /// Write nothing; name the files that would change, and show how
    #[arg(long)]
    pub check: bool,

    /// Print the formatted text, and leave the files as they are
    #[arg(long, conflicts_with = "check")]
    pub stdout: bool,
}

/// Compare two transcripts: what differs first, for whom, and how much for everybody
///
/// Write two transcripts, then compare what everybody received:
///
///   wallops run a.scs --write a.txt; wallops run a.scs --net wire --write b.txt
///   wallops diff a.txt b.txt
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = DIFF_EXIT_CODES)]
pub(super) struct Diff {
    /// A transcript, as `wallops run --write` writes it
    #[arg(value_name = "A")]
    pub left: PathBuf,

    /// Another
    #[arg(value_name = "B")]
    pub right: PathBuf,

    /// Everything counts: every entry, its time, and the header. Without it only the stanzas that
    /// arrived at each host count, and their order
    #[arg(long)]
    pub exact: bool,
}

impl ValueEnum for Profile {
    fn value_variants<'a>() -> &'a [Self] {
        &Profile::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Profile::Core => "XEP-0282 as printed",
            Profile::Muc => "with all that XEP-0045 asks of a room",
            Profile::Full => "with what wallops proposes",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  something failed
  2  the input is wrong: usage, scenario, transcript
  3  nothing failed, but something was vacuous or unsupported

`wallops help COMMAND` or `wallops COMMAND --help` tells more.";

const CHECK_EXIT_CODES: &str = "\
Exit codes:
  0  no mistakes
  2  there are mistakes, or a file cannot be read";

const DIFF_EXIT_CODES: &str = "\
Exit codes:
  0  they are the same
  1  they differ
  2  one of them is no transcript, or cannot be read";

const FORMAT_EXIT_CODES: &str = "\
Exit codes:
  0  all files are in the canonical layout now; with --check: they were before
  1  with --check: a file is not
  2  a file has mistakes, or cannot be read or written";

const EXAMPLES_EXIT_CODES: &str = "\
Exit codes:
  0  all examples are matched
  1  an example is not matched
  2  a scenario has mistakes, or cannot be read";
