//! What may be wrong with a scenario. All wording is in [`wording`], so that it has one voice.

mod wording;

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::ast::Span;
use super::source::Source;
use super::words::{printable, wrapped};

pub use self::wording::{Thing, Wrong};

/// Everything that is wrong with a scenario and the cast that it names; at least one mistake.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// These, in the order of their files and places.
    pub(super) fn new(mut mistakes: Vec<Mistake>) -> Self {
        let place = |mistake: &Mistake| (mistake.file().to_owned(), mistake.span.offset);
        mistakes.sort_by_key(place);
        mistakes.dedup();
        Self(mistakes)
    }

    /// These and others.
    pub(super) fn and(self, others: Option<Self>) -> Self {
        Self::new(
            self.0.into_iter().chain(others.into_iter().flat_map(|others| others.0)).collect(),
        )
    }

    /// One that is about a file as a whole: it is missing, too large, or not a file.
    pub fn of_file(name: &str, wrong: Wrong) -> Self {
        let source = Arc::new(Source::new(name, ""));
        Self(vec![Mistake::new(wrong, Span::default(), &source)])
    }

    /// Each of them, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }

    /// All of them as a compiler shows them: file, line, column, the line with the place
    /// underlined, and what was expected. `width` is that of the terminal in columns.
    pub fn render(&self, width: usize, colour: bool) -> String {
        let theme =
            if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width)
            .with_links(false)
            // It would break lines within quoted words.
            .with_wrap_lines(false)
            .with_context_lines(1);
        let mut text = String::new();
        for mistake in self.0.iter().take(SHOWN_MAX) {
            // Writing to a string does not fail; a place outside the source would.
            let shown = Shown { mistake, width };
            if handler.render_report(&mut text, &shown).is_err() {
                text.push_str(&format!("  × {mistake}\n"));
            }
            text.push('\n');
        }
        let more = self.0.len().saturating_sub(SHOWN_MAX);
        if more > 0 {
            text.push_str(&format!("and {more} more\n"));
        }
        text
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(100, false))
    }
}

/// One mistake: what is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// What is wrong.
    pub wrong: Wrong,
    /// Where in the source.
    pub span: Span,
    source: Arc<Source>,
}

impl Mistake {
    pub(super) fn new(wrong: Wrong, span: Span, source: &Arc<Source>) -> Self {
        Self { wrong, span, source: Arc::clone(source) }
    }

    /// The file in which it is.
    pub fn file(&self) -> &str {
        self.source.name()
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A mistake about a whole file has no place to show, and names the file instead.
        if self.span.line == 0 {
            write!(f, "{}: ", printable(self.file()))?;
        }
        f.write_str(&printable(&self.wrong.to_string()))
    }
}

impl std::error::Error for Mistake {}

impl Diagnostic for Mistake {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = printable(&self.wrong.help()?);
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (self.span.line > 0).then_some(&*self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.wrong.label().map(|label| printable(&label));
        let label = LabeledSpan::new(label, self.span.offset, self.span.len);
        (self.span.line > 0)
            .then(|| Box::new(std::iter::once(label)) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

/// A mistake with its help in lines of this width.
#[derive(Debug)]
struct Shown<'a> {
    mistake: &'a Mistake,
    width: usize,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mistake.fmt(f)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = printable(&self.mistake.wrong.help()?);
        let lines = wrapped(&help, self.width.saturating_sub(HELP_INDENT));
        Some(Box::new(lines.join("\n")))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.mistake.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.mistake.labels()
    }
}

/// How far miette indents the lines of a help.
const HELP_INDENT: usize = 8;

/// How many mistakes are shown in full.
const SHOWN_MAX: usize = 100;
