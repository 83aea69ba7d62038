//! Why a command was not done: something is wrong with the input.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::annotations::Annotation;
use crate::scenario::{Mistake, Mistakes, Source};
use crate::stanza::ReadError;

/// Something is wrong with the input. Exit code 2.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Scenarios with mistakes.
    Scenario(Mistakes),
    /// A file or an argument that is not what it should be.
    Input(Box<Complaint>),
    /// More than one thing is wrong.
    All(Vec<Refusal>),
}

impl Refusal {
    /// Something is wrong with `what`: a file, or whatever was named.
    pub fn about(what: impl fmt::Display, wrong: impl fmt::Display) -> Self {
        Self::Input(Box::new(Complaint {
            text: format!("{what}: {wrong}"),
            help: None,
            place: None,
        }))
    }

    /// The same, with advice.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        if let Self::Input(complaint) = &mut self {
            complaint.help = Some(help.into());
        }
        self
    }

    /// The transcript in this file cannot be read.
    pub fn transcript(name: &str, text: &str, error: &ReadError) -> Self {
        let place = (text.len() <= SHOWN_MAX).then(|| Place {
            source: Source::new(name, text),
            span: span(text, error.offset),
            label: format!("expected {}", error.expected),
        });
        let text = match place {
            Some(_) => format!("not a transcript: {}", error.found),
            None => format!("{name}: not a transcript: {error}"),
        };
        let help = Some("transcripts are what `wallops run --write FILE` writes".to_owned());
        Self::Input(Box::new(Complaint { text, help, place }))
    }

    /// The record in this file cannot be read, or not be judged.
    pub fn record(name: &str, text: &str, error: &ReadError) -> Self {
        let mut refusal = Self::transcript(name, text, error);
        if let Self::Input(complaint) = &mut refusal {
            let place = complaint.place.is_some();
            complaint.text = match place {
                true => error.found.clone(),
                false => format!("{name}: {error}"),
            };
            complaint.help = None;
        }
        refusal
    }

    /// Something is wrong with a word of a scenario.
    pub fn word(source: &Source, word: &str, wrong: &str, help: String) -> Self {
        let offset = word_in(source.text(), word);
        let label = "no such id".to_owned();
        let place = offset.map(|offset| Place {
            source: source.clone(),
            span: (offset, word.len()),
            label,
        });
        let text = format!("`{}`: {wrong}", word.escape_debug());
        Self::Input(Box::new(Complaint { text, help: Some(help), place }))
    }

    /// All of these; at least one.
    pub fn all(refusals: impl IntoIterator<Item = Option<Refusal>>) -> Self {
        Self::All(refusals.into_iter().flatten().collect())
    }

    /// What is wrong, for the pages of GitHub.
    pub fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Scenario(mistakes) => mistakes.iter().take(NOTED_MAX).map(noted).collect(),
            Self::Input(complaint) => vec![complaint.noted()],
            Self::All(refusals) => refusals.iter().flat_map(Self::annotations).collect(),
        }
    }

    /// As a compiler would say it, for a terminal of so many columns.
    pub fn render(&self, width: usize, colour: bool) -> String {
        match self {
            Self::Scenario(mistakes) => mistakes.render(width, colour),
            Self::Input(complaint) => complaint.render(width, colour),
            Self::All(refusals) => {
                refusals.iter().map(|refusal| refusal.render(width, colour)).collect()
            }
        }
    }
}

impl From<Mistakes> for Refusal {
    fn from(mistakes: Mistakes) -> Self {
        Self::Scenario(mistakes)
    }
}

/// What is wrong, and perhaps where.
#[derive(Debug)]
pub(super) struct Complaint {
    text: String,
    help: Option<String>,
    place: Option<Place>,
}

#[derive(Debug)]
struct Place {
    source: Source,
    span: (usize, usize),
    label: String,
}

/// A mistake with its place.
fn noted(mistake: &Mistake) -> Annotation {
    let help = mistake.help().map(|help| format!("\n{help}"));
    Annotation {
        warns: false,
        file: mistake.file().to_owned(),
        line: usize::try_from(mistake.span.line).unwrap_or(0),
        column: usize::try_from(mistake.span.column).unwrap_or(0),
        title: WRONG.to_owned(),
        message: format!("{mistake}{}", help.unwrap_or_default()),
    }
}

impl Complaint {
    fn noted(&self) -> Annotation {
        let place = self.place.as_ref();
        let span = place.map(|place| place.source.span_at(place.span.0, place.span.1));
        let number = |number: Option<u32>| number.and_then(|one| usize::try_from(one).ok());
        let help = self.help.as_ref().map(|help| format!("\n{help}"));
        Annotation {
            warns: false,
            file: place.map(|place| place.source.name().to_owned()).unwrap_or_default(),
            line: number(span.map(|span| span.line)).unwrap_or(0),
            column: number(span.map(|span| span.column)).unwrap_or(0),
            title: WRONG.to_owned(),
            message: format!("{}{}", self.text, help.unwrap_or_default()),
        }
    }

    fn render(&self, width: usize, colour: bool) -> String {
        let theme =
            if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width)
            .with_links(false)
            .with_context_lines(1);
        let mut text = String::new();
        if handler.render_report(&mut text, self).is_err() {
            text = format!("  × {self}\n");
        }
        text.push('\n');
        text
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Complaint {}

impl Diagnostic for Complaint {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| &place.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let (offset, length) = place.span;
        let label = LabeledSpan::new(Some(place.label.clone()), offset, length);
        Some(Box::new(std::iter::once(label)))
    }
}

/// The character at this byte, or nothing at an end of a line.
fn span(text: &str, offset: usize) -> (usize, usize) {
    let next = text.get(offset..).and_then(|rest| rest.chars().next());
    (offset, next.filter(|next| *next != '\n').map_or(0, char::len_utf8))
}

/// Where this word stands in a tag, not as a part of another.
fn word_in(text: &str, word: &str) -> Option<usize> {
    let is_part = |one: char| one.is_alphanumeric() || ".-".contains(one);
    let tags = text.lines().filter(|line| line.starts_with("##"));
    let mut places = tags.flat_map(|line| {
        let start = line.as_ptr().addr() - text.as_ptr().addr();
        line.match_indices(word).map(move |(at, _)| start + at)
    });
    places.find(|at| {
        let before = text.get(..*at).and_then(|text| text.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The longest text, in bytes, of which an excerpt is shown; of a longer one the place is told.
const SHOWN_MAX: usize = 4 << 20;

/// How many mistakes of a scenario are told to GitHub, which shows no more.
const NOTED_MAX: usize = 50;

/// The title of what is told to it.
const WRONG: &str = "the input is wrong";
