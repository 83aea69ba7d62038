//! The arguments of `wallops diagram`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::report::diagram::ROWS_MAX;

/// Draw a sequence diagram of what happened
///
/// Hosts are columns, clients beside their server; time goes down; stanzas are arrows, and what was
/// lost ends in a cross. Where a link is cut or a machine counts another as split, the column is
/// shaded. What one host sends to many at one instant is one arrow, with a count.
///
/// Draw a scenario; draw a transcript for a document in which Mermaid is shown:
///
///   wallops diagram scenarios/s10-the-great-bounce.scs --out bounce.svg
///   wallops diagram run.txt --format mermaid --only vesa --only squit
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = DIAGRAM_EXIT_CODES)]
pub(in crate::cli) struct Diagram {
    /// A transcript, as `wallops run --write` writes it, a log of somebody else's servers, or a
    /// scenario (`.scs`), which is played
    #[arg(value_name = "FILE")]
    pub path: PathBuf,

    /// As what to draw it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Drawn,

    /// Write it to this file instead of printing it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Draw only what has to do with this host or person: a domain, or its first label; a nick, a
    /// user, a JID. May be given more than once. Of a nick of which no client shows it is what is
    /// told of him
    #[arg(long, value_name = "HOST")]
    pub only: Vec<String>,

    /// Draw an arrow of its own for each stanza, however many one host sends at once
    #[arg(long)]
    pub unfold: bool,

    /// How many rows it may have
    #[arg(long, value_name = "N", default_value_t = ROWS_MAX)]
    pub rows: usize,
}

/// As what a diagram is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Drawn {
    /// A picture for browsers, in the colours of the reader's desktop
    #[default]
    Svg,
    /// Text that Mermaid draws, in Markdown for example
    Mermaid,
}

const DIAGRAM_EXIT_CODES: &str = "\
Exit codes:
  0  it is drawn
  1  the scenario could not be played to its end
  2  the file is neither scenario nor transcript, nobody has such a name, or it would be too long";
