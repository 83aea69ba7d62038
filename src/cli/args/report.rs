//! The arguments of `wallops report`.

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::cli::stage::Net;

/// Report what the requirements of the XEP come to in runs: for people, for programs, for CI
///
/// Plays scenarios, reads records, and judges what happened by every requirement that a transcript
/// can show. The HTML page has the matrix of requirements and runs, and each run with what was
/// found marked in its diagram; it needs nothing but itself. What is known to fail stands in
/// `expected.toml` beside the scenarios.
///
/// Report all of what ships as a page; one scenario on the terminal; everything for CI:
///
///   wallops report --format html --out report.html
///   wallops report scenarios/s10-the-great-bounce.scs
///   wallops report --format junit --out report.xml
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = REPORT_EXIT_CODES)]
pub(in crate::cli) struct Report {
    /// Scenarios, directories of them, transcripts or logs; `-` is a transcript or a log on
    /// standard input
    #[arg(value_name = "DIR|FILE", default_value = "scenarios")]
    pub paths: Vec<PathBuf>,

    /// For whom: people at a terminal, programs, CI, people with a browser; usually the name of the
    /// file says it (.txt, .json, .xml, .html)
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Told>,

    /// Write it to this file instead of printing it, which `-` does too
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// On which network scenarios are played
    #[arg(long, value_enum, value_name = "NETWORK", default_value_t)]
    pub net: Net,
}

/// Reports that are written beside what a command prints.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Reports {
    /// Write a report of it to this file too; its name says in what form: .txt, .json, .xml (JUnit)
    /// or .html. `-` is standard output; whatever else is printed goes to standard error then. May
    /// be given more than once
    #[arg(long, value_name = "FILE", value_parser = ReportFile::parser())]
    pub report: Vec<ReportFile>,

    /// In what form the report on standard output is (`--report -`); usually text
    #[arg(long, value_enum, value_name = "FORMAT", requires = "report")]
    pub report_format: Option<Told>,
}

impl Reports {
    /// Whether there is to be any.
    pub fn are_wanted(&self) -> bool {
        !self.report.is_empty()
    }

    /// Whether one of them has pictures of what happened.
    pub fn draw(&self) -> bool {
        self.report.iter().any(|file| match file {
            ReportFile::File(_, told) => *told == Told::Html,
            ReportFile::Output => self.report_format == Some(Told::Html),
        })
    }
}

/// Where a report is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum ReportFile {
    /// To a file, whose name says in what form.
    File(PathBuf, Told),
    /// To standard output.
    Output,
}

impl ReportFile {
    /// Reads one of the command line.
    pub fn parser() -> impl TypedValueParser<Value = Self> {
        PathBufValueParser::new().try_map(|path| {
            if is_output(&path) {
                return Ok(Self::Output);
            }
            let told = Told::of(&path)?;
            Ok::<_, &str>(Self::File(path, told))
        })
    }
}

/// Whether this names standard output instead of a file.
pub(in crate::cli) fn is_output(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// In what form a report is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Told {
    /// Lines of text
    #[default]
    Text,
    /// JSON, as docs/report-json.md has it
    Json,
    /// The XML of JUnit
    Junit,
    /// One HTML page
    Html,
}

impl Told {
    /// In what form a file of this name is.
    pub fn of(path: &Path) -> Result<Self, &'static str> {
        match path.extension().and_then(|suffix| suffix.to_str()) {
            Some("txt") => Ok(Told::Text),
            Some("json") => Ok(Told::Json),
            Some("xml") => Ok(Told::Junit),
            Some("html") => Ok(Told::Html),
            _ => Err("a name that ends in .txt, .json, .xml (JUnit) or .html was expected"),
        }
    }
}

const REPORT_EXIT_CODES: &str = "\
Exit codes:
  0  nothing was broken
  1  a requirement was broken, or an expectation of a scenario was not met
  2  a scenario has mistakes, or a file cannot be read or written
  3  nothing failed, but a fault of a scenario touched nothing";
