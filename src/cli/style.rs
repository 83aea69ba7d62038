//! Which colour means what.

use std::fmt;

use anstyle::{AnsiColor, Style};

use crate::transcript::Class;

/// What is quiet: context, not the matter itself.
pub(super) const QUIET: Style = Style::new().dimmed();
/// A title.
pub(super) const TITLE: Style = Style::new().bold();
/// What is as it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What is not.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What a reader should look at, though nothing failed.
pub(super) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
/// A line that was expected, in a diff.
pub(super) const REMOVED: Style = AnsiColor::Red.on_default();
/// A line that came instead.
pub(super) const ADDED: Style = AnsiColor::Green.on_default();

/// The colour of a line of a transcript.
pub(super) fn of(class: Class) -> Style {
    match class {
        Class::Message => Style::new(),
        Class::Presence => AnsiColor::Cyan.on_default(),
        Class::Iq | Class::Day => QUIET,
        Class::Error => AnsiColor::Yellow.on_default(),
        Class::Lost => AnsiColor::Red.on_default(),
        Class::Network => AnsiColor::Magenta.on_default(),
        Class::Note => AnsiColor::Blue.on_default(),
        Class::Line => TITLE,
    }
}

/// Something in a style.
pub(super) fn paint<T: fmt::Display>(style: Style, what: T) -> impl fmt::Display {
    Painted { style, what }
}

/// The lines of a diff, each in its colour, after so much indentation.
pub(super) fn paint_diff(diff: &str, indent: &str) -> String {
    paint_lines(diff, indent, |line| line)
}

/// The same where the diff itself is indented already, among other lines.
pub(super) fn paint_indented_diff(text: &str, indent: &str) -> String {
    paint_lines(text, indent, str::trim_start)
}

fn paint_lines(text: &str, indent: &str, mark: impl Fn(&str) -> &str) -> String {
    let mut painted = String::new();
    for line in text.lines() {
        let style = match mark(line).as_bytes().first() {
            Some(b'-') => REMOVED,
            Some(b'+') => ADDED,
            Some(b'@') => QUIET,
            _ => Style::new(),
        };
        painted.push_str(&format!("{indent}{}\n", paint(style, line)));
    }
    painted
}

struct Painted<T> {
    style: Style,
    what: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { style, what } = self;
        write!(f, "{style}{what}{style:#}")
    }
}
