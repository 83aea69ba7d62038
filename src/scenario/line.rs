//! A cursor over the tokens of a line that remembers what it would have accepted.
//!
//! The functions that look return whether, or what, they found and move on if so; what they looked
//! for is remembered at the furthest place reached, and becomes the list of what was expected when
//! the line turns out to be wrong there.

use super::ast::Span;
use super::mistake::Wrong;
use super::token::{Token, TokenKind};
use super::words::{nearest, ticked};

/// A mistake without its file.
pub(super) type Flaw = (Wrong, Span);

/// The result of parsing (a part of) a line.
pub(super) type Parsed<T> = Result<T, Flaw>;

pub(super) struct Line<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    end: Span,
    /// The furthest token at which something was looked for, and what.
    furthest: usize,
    expected: Vec<String>,
    /// The words among `expected`, for near misses.
    candidates: Vec<String>,
    /// Mistakes that do not hinder reading on, and the token after the last of them.
    flaws: Vec<Flaw>,
    after_flaw: usize,
}

impl<'a> Line<'a> {
    /// `end` is the place just after the last token.
    pub(super) fn new(tokens: Vec<Token<'a>>, end: Span) -> Self {
        Self {
            tokens,
            at: 0,
            end,
            furthest: 0,
            expected: Vec::new(),
            candidates: Vec::new(),
            flaws: Vec::new(),
            after_flaw: usize::MAX,
        }
    }

    /// The tokens that are left.
    pub(super) fn rest(&self) -> &[Token<'a>] {
        &self.tokens[self.at..]
    }

    /// Where reading is, and how many mistakes were noted on the way.
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.at, self.flaws.len())
    }

    /// Go back, and forget what was noted since.
    pub(super) fn rewind(&mut self, (at, flaws): (usize, usize)) {
        self.at = at;
        self.flaws.truncate(flaws);
    }

    pub(super) fn advance(&mut self, tokens: usize) {
        self.at = (self.at + tokens).min(self.tokens.len());
    }

    /// The place of the next token, or the end of the line.
    pub(super) fn here(&self) -> Span {
        self.rest().first().map_or(self.end, |token| token.span)
    }

    /// The place of the first token.
    pub(super) fn first(&self) -> Span {
        self.tokens.first().map_or(self.end, |token| token.span)
    }

    /// The next token if it is a word.
    pub(super) fn peek_word(&self) -> Option<&'a str> {
        match self.rest().first()?.kind {
            TokenKind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn is_at_start(&self) -> bool {
        self.at == 0
    }

    /// Whether this word was read last.
    pub(super) fn comes_after(&self, word: &str) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.is_some_and(|token| token.text.eq_ignore_ascii_case(word))
    }

    /// Remember that `what` would be accepted here.
    pub(super) fn expecting(&mut self, what: impl Into<String>) {
        self.remember(self.at, what.into());
    }

    fn remember(&mut self, at: usize, what: String) {
        if at > self.furthest {
            self.furthest = at;
            self.expected.clear();
            self.candidates.clear();
        }
        if at == self.furthest && !self.expected.contains(&what) {
            self.expected.push(what);
        }
    }

    /// Whether these words come next; if not, nothing is consumed. The first letter of a line may
    /// be a capital.
    pub(super) fn words(&mut self, phrase: &str) -> bool {
        let mut at = self.at;
        for (count, word) in phrase.split(' ').enumerate() {
            let found = self.tokens.get(at).is_some_and(
                |token| matches!(token.kind, TokenKind::Word(found) if same(found, word, at == 0)),
            );
            if !found {
                let missing: Vec<_> = phrase.split(' ').skip(count).collect();
                self.remember(at, ticked(&missing.join(" ")));
                if at == self.furthest {
                    self.candidates.push(word.to_owned());
                }
                return false;
            }
            at += 1;
        }
        self.at = at;
        true
    }

    /// Whether one of these comes next; only the first of them is told as expected.
    pub(super) fn any_of(&mut self, phrases: &[&str]) -> bool {
        let Some((first, others)) = phrases.split_first() else { return false };
        let first_found = others.iter().all(|phrase| !self.matches(phrase)) && self.words(first);
        first_found || others.iter().any(|phrase| self.matches(phrase) && self.words(phrase))
    }

    fn matches(&self, phrase: &str) -> bool {
        let found =
            |(count, word): (usize, &str)| match self.rest().get(count).map(|token| &token.kind) {
                Some(TokenKind::Word(found)) => same(found, word, self.at + count == 0),
                _ => false,
            };
        phrase.split(' ').enumerate().all(found)
    }

    /// The quoted text that comes next, told as `what` if it does not.
    pub(super) fn text(&mut self, what: &str) -> Option<String> {
        if let Some(TokenKind::Text(text)) = self.rest().first().map(|token| &token.kind) {
            let text = text.clone();
            self.at += 1;
            return Some(text);
        }
        self.expecting(what);
        None
    }

    /// Whether a list goes on: with a comma, with `and`, or with both. Not told as expected, since
    /// a list may always go on.
    pub(super) fn comma_or_and(&mut self) -> bool {
        let comma = self.rest().first().is_some_and(|token| token.kind == TokenKind::Comma);
        self.at += usize::from(comma);
        let and = self.peek_word() == Some("and");
        self.at += usize::from(and);
        comma || and
    }

    /// Skip a colon, which scansion allows after any verb.
    pub(super) fn colon(&mut self) -> bool {
        let found = self.rest().first().is_some_and(|token| token.kind == TokenKind::Colon);
        self.at += usize::from(found);
        found
    }

    /// The words, or else a mistake.
    pub(super) fn expect_words(&mut self, phrase: &str) -> Parsed<()> {
        if self.words(phrase) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The text, or else a mistake.
    pub(super) fn expect_text(&mut self) -> Parsed<String> {
        self.text(A_TEXT).ok_or_else(|| self.unexpected())
    }

    /// The end of the line, or else a mistake.
    pub(super) fn expect_end(&mut self) -> Parsed<()> {
        if self.rest().is_empty() {
            return Ok(());
        }
        self.expecting("the end of the line");
        Err(self.unexpected())
    }

    /// What is wrong with the furthest token at which something was looked for.
    pub(super) fn unexpected(&self) -> Flaw {
        let expected = self.expected.clone();
        match self.tokens.get(self.furthest) {
            None => (Wrong::Unexpected { found: None, meant: None, expected }, self.end),
            Some(token) => {
                let meant = self.meant(token.text);
                let found = Some(token.text.to_owned());
                (Wrong::Unexpected { found, meant, expected }, token.span)
            }
        }
    }

    /// Like [`Line::unexpected`], of a verb.
    pub(super) fn unknown_verb(&self, verb_at: usize) -> Flaw {
        match self.unexpected() {
            (Wrong::Unexpected { found: Some(found), meant, expected }, span)
                if self.furthest == verb_at =>
            {
                (Wrong::UnknownVerb { found, meant, expected }, span)
            }
            other => other,
        }
    }

    /// Like [`Line::unexpected`], of the first word of a line.
    pub(super) fn unknown_start(&self, names: &[String]) -> Flaw {
        match self.unexpected() {
            (Wrong::Unexpected { found: Some(found), mut expected, .. }, span) => {
                let candidates = self.candidates.iter().chain(names).map(String::as_str);
                let meant = nearest(&found, candidates);
                expected.splice(0..0, names.iter().map(|name| ticked(name)));
                (Wrong::UnknownStart { found, meant, expected }, span)
            }
            other => other,
        }
    }

    fn meant(&self, found: &str) -> Option<String> {
        let meant = nearest(found, self.candidates.iter().map(String::as_str))?;
        (meant != found).then_some(meant)
    }

    /// Note a mistake in the token before, and read on.
    pub(super) fn note(&mut self, flaw: Flaw) {
        self.flaws.push(flaw);
        self.after_flaw = self.at;
    }

    /// What was noted, and what stopped the reading: unless that is only a consequence, because
    /// reading stopped right after what was noted, and not at a slip.
    pub(super) fn into_flaws(self, stopped_by: Option<Flaw>) -> Vec<Flaw> {
        let consequence = self.furthest <= self.after_flaw && !self.flaws.is_empty();
        let is_slip = |wrong: &Wrong| {
            let (Wrong::Unexpected { meant, .. } | Wrong::UnknownVerb { meant, .. }) = wrong else {
                return false;
            };
            meant.is_some()
        };
        let mut flaws = self.flaws;
        flaws.extend(stopped_by.filter(|(wrong, _)| !consequence || is_slip(wrong)));
        flaws
    }
}

fn same(found: &str, word: &str, first: bool) -> bool {
    if !first {
        return found == word;
    }
    let mut letters = found.chars();
    letters.next().is_some_and(|letter| {
        let rest = letters.as_str();
        word.strip_suffix(rest)
            .is_some_and(|start| start.eq_ignore_ascii_case(letter.encode_utf8(&mut [0; 4])))
    })
}

const A_TEXT: &str = "a text in quotes";
