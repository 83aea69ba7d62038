//! `wallops format`: put scenarios into their one canonical layout.

use similar::TextDiff;

use super::args;
use super::check::counted;
use super::files;
use super::refusal::Refusal;
use super::screen::Screen;
use super::style;
use super::verdict::Verdict;
use crate::scenario;

/// Format some scenarios, or ask whether they are formatted.
///
/// If any of the files has mistakes, none is written.
pub(super) fn format(arguments: &args::Format, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let mut files = Vec::new();
    let mut refusals = Vec::new();
    for path in files::scenarios(&arguments.paths)? {
        let formatted = files::source(&path).and_then(|source| {
            let formatted = scenario::format(&source)?;
            Ok((source, formatted))
        });
        match formatted {
            Ok((source, formatted)) => files.push((path, source, formatted)),
            Err(refusal) => refusals.push(Some(refusal)),
        }
    }
    if !refusals.is_empty() {
        return Err(Refusal::all(refusals));
    }
    let mut changed = 0;
    for (path, source, formatted) in &files {
        if arguments.stdout {
            screen.text(formatted);
            continue;
        }
        if source.text() == formatted {
            continue;
        }
        changed += 1;
        if arguments.check {
            screen.line(format_args!("{} is not in the canonical layout:", path.display()));
            screen.line(style::paint_diff(&difference(source.text(), formatted), "  "));
        } else {
            files::write(path, formatted)?;
            screen.line(format_args!("{} formatted", path.display()));
        }
    }
    if arguments.stdout {
        return Ok(Verdict::Well);
    }
    let unchanged = counted(files.len() - changed, "file");
    screen.line(match (changed, arguments.check) {
        (0, _) => format!("{unchanged} in the canonical layout"),
        (_, true) => format!("{} not in the canonical layout", counted(changed, "file")),
        (_, false) => format!("{} formatted, {unchanged} unchanged", counted(changed, "file")),
    });
    Ok(Verdict::well_if(changed == 0 || !arguments.check))
}

fn difference(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(2).missing_newline_hint(false).to_string()
}
