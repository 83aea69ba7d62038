//! `wallops diff`: compare two transcripts.

use super::args;
use super::files;
use super::refusal::Refusal;
use super::screen::Screen;
use super::style;
use super::verdict::Verdict;
use crate::transcript::{Comparison, Diff};

/// Compare two transcripts and print how they differ.
pub(super) fn diff(arguments: &args::Diff, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let paths = [&arguments.left, &arguments.right];
    let names = paths.map(|path| path.display().to_string());
    let [left, right] = paths.map(|path| files::transcript(path));
    let (left, right) = match (left, right) {
        (Ok(left), Ok(right)) => (left, right),
        // Whoever has two bad files wants to know it at once.
        (left, right) => return Err(Refusal::all([left.err(), right.err()])),
    };
    let comparison =
        if arguments.exact { Comparison::Exact } else { Comparison::Arrivals { stamps: true } };
    let names = names.each_ref().map(String::as_str);
    let diff = Diff::new(names, [&left, &right], comparison);
    screen.text(style::paint_diff(&diff.to_string(), ""));
    Ok(Verdict::well_if(diff.is_same()))
}
