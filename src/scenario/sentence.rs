//! A line of the script that is being read, with what its words may refer to: names of the cast,
//! the line before, the body below.

mod quantities;
mod references;

use super::ast::{Machine, Name, Party, Span, Who};
use super::line::{Flaw, Line, Parsed};
use super::lines::{Block, TextLine};
use super::mistake::Wrong;
use super::names::Names;
use super::token::TokenKind;
use super::words::nearest;

pub(super) struct Sentence<'a> {
    pub(super) line: Line<'a>,
    pub(super) names: &'a Names<'a>,
    /// Whom the line before was about.
    pub(super) before: &'a [Name],
    /// The block whose first line this is, until its body is taken.
    pub(super) block: Option<&'a Block<'a>>,
}

impl<'a> Sentence<'a> {
    /// The body without its common indentation.
    pub(super) fn take_body(&mut self, what: &'static str) -> Parsed<Vec<TextLine<'a>>> {
        match self.block.take() {
            Some(block) if !block.body.is_empty() => Ok(block.dedented()),
            _ => Err((Wrong::NoBody { what }, self.line.here())),
        }
    }

    /// The people of the cast whom a line begins with.
    pub(super) fn people(&mut self) -> Parsed<Option<Who>> {
        if self.names.client(self.line.rest()).is_some() {
            return self.list(Self::subject).map(|who| Some(Who::These(who)));
        }
        let start = self.line.here();
        if self.line.words("everybody else") {
            if self.before.is_empty() {
                self.line.note((Wrong::ElseThanWhom, start));
            }
            return Ok(Some(Who::EverybodyElse(self.before.to_vec())));
        }
        if self.line.words("everybody") {
            return Ok(Some(Who::Everybody));
        }
        Ok(self.line.words("nobody").then_some(Who::Nobody))
    }

    /// People who are not in the cast, if it reads as if some were meant; that is noted.
    pub(super) fn strangers(&mut self) -> Parsed<Option<Who>> {
        let rest = self.line.rest();
        let a_list = rest.get(1).is_some_and(|token| token.kind == TokenKind::Comma);
        let slip = || {
            let first = rest.first().map_or("", |token| token.text);
            nearest(first, STARTS).is_none() && self.words_until_slip()
        };
        if self.line.peek_word().is_none()
            || !(a_list || self.words_until_verb().is_some() || slip())
        {
            return Ok(None);
        }
        self.list(Self::subject).map(|who| Some(Who::These(who)))
    }

    /// How many words come before the first verb, if they are few.
    fn words_until_verb(&self) -> Option<usize> {
        let rest = self.line.rest();
        let is_verb = |at: &usize| match rest.get(*at).map(|token| &token.kind) {
            Some(TokenKind::Word(word)) => VERBS.contains(word) || (*word == "and" && *at == 1),
            _ => false,
        };
        (1..=3).find(is_verb)
    }

    /// Whether the second word is almost a verb.
    fn words_until_slip(&self) -> bool {
        match self.line.rest().get(1).map(|token| &token.kind) {
            Some(TokenKind::Word(word)) => nearest(word, VERBS).is_some(),
            _ => false,
        }
    }

    /// How many words that come next belong to a name of a client that nobody knows.
    fn more_of_a_name(&self) -> usize {
        let rest = self.line.rest();
        let ends = |at: usize| match rest.get(at).map(|token| &token.kind) {
            Some(TokenKind::Word(word)) => {
                let after = VERBS.iter().chain(&AFTER_NAMES).copied();
                nearest(word, after).is_some()
            }
            _ => true,
        };
        (0..2).find(|at| ends(*at)).unwrap_or(0)
    }

    /// Note a mistake and read on, unless it may be none.
    fn note(&mut self, flaw: Flaw) {
        if !self.names.gaps.excuse(&flaw.0) {
            self.line.note(flaw);
        }
    }

    /// Whom else than clients a line can be about that begins here, and goes on with `verb`.
    fn other_subjects(&self, verb: Option<&str>) -> Vec<&'a str> {
        match verb {
            Some(verb) if RAW_VERBS.contains(&verb) => {
                std::iter::once("The master").chain(self.names.machines()).collect()
            }
            _ if !self.line.is_at_start() => Vec::new(),
            Some("hears" | "hear" | "sees" | "see" | "is" | "are") => {
                vec!["Everybody", "Everybody else", "Nobody"]
            }
            _ => vec!["Everybody", "Everybody else"],
        }
    }

    fn subject(&mut self) -> Parsed<Name> {
        if let Some((name, tokens)) = self.names.client(self.line.rest()) {
            self.line.advance(tokens);
            return Ok(name);
        }
        let Some(word) = self.line.peek_word() else {
            self.line.expecting("an occupant");
            return Err(self.line.unexpected());
        };
        let count = self.words_until_verb().unwrap_or(1);
        let rest = self.line.rest();
        let words: Vec<&str> =
            rest[..count.min(rest.len())].iter().map(|token| token.text).collect();
        let name = words.join(" ");
        let first = self.line.here();
        let last = rest[words.len() - 1].span;
        let span = Span { len: last.offset + last.len - first.offset, ..first };
        let verb = rest.get(words.len()).map(|token| token.text);
        let name = if words.len() > 1 { &*name } else { word };
        let wrong = self.names.unknown_subject(name, &self.other_subjects(verb));
        let name = Name::from(name);
        self.line.advance(words.len());
        self.note((wrong, span));
        Ok(name)
    }

    /// `A`, `A and B`, `A, B and C`, `A, B, and C`, each once.
    pub(super) fn list<T: PartialEq>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let mut all = vec![item(self)?];
        while self.line.comma_or_and() {
            let span = self.line.here();
            let next = item(self)?;
            if all.contains(&next) {
                self.line.note((Wrong::Twice { what: "the same name".to_owned() }, span));
            } else {
                all.push(next);
            }
        }
        Ok(all)
    }

    /// Those who send or receive stanzas as they are: a client, `slave@vesa`, `The master`.
    pub(super) fn parties(&mut self) -> Parsed<Vec<Party>> {
        self.list(|sentence| {
            if sentence.names.client(sentence.line.rest()).is_some() {
                return sentence.client().map(Party::Client);
            }
            sentence.line.expecting("an occupant");
            let the_master = sentence.line.words("the master") || sentence.line.words("master");
            if the_master {
                return sentence.master().map(|domain| Party::Machine(Machine::Master(domain)));
            }
            sentence.machine().map(Party::Machine)
        })
    }

    /// Whether a machine comes next.
    pub(super) fn machine_comes(&self) -> bool {
        let rest = self.line.rest();
        let word = |at: usize| rest.get(at).map_or("", |token| token.text);
        match (word(0), word(1)) {
            ("The" | "the", "slave" | "master") => true,
            ("Master" | "master", verb) => RAW_VERBS.contains(&verb),
            (word, _) => self.names.machine(word).is_ok(),
        }
    }

    /// All mistakes of the line, if there are any.
    pub(super) fn into_flaws(self, stopped_by: Option<Flaw>) -> Vec<Flaw> {
        self.line.into_flaws(stopped_by)
    }
}

/// The first words of what people do and perceive.
const VERBS: [&str; 63] = [
    "connects",
    "connect",
    "disconnects",
    "disconnect",
    "loses",
    "lose",
    "joins",
    "join",
    "leaves",
    "leave",
    "says",
    "say",
    "tells",
    "tell",
    "is",
    "are",
    "becomes",
    "become",
    "sets",
    "set",
    "kicks",
    "kick",
    "bans",
    "ban",
    "grants",
    "grant",
    "revokes",
    "revoke",
    "asks",
    "ask",
    "pings",
    "ping",
    "sends",
    "send",
    "receives",
    "receive",
    "hears",
    "hear",
    "sees",
    "see",
    "does",
    "do",
    "invites",
    "invite",
    "configures",
    "configure",
    "destroys",
    "destroy",
    "declines",
    "decline",
    "submits",
    "submit",
    "gets",
    "get",
    "registers",
    "unregisters",
    "approves",
    "approve",
    "refuses",
    "refuse",
    "cancels",
    "probes",
    "probe",
];

/// What may follow the name of somebody that is no verb of the above.
const AFTER_NAMES: [&str; 16] = [
    "arrive",
    "arrives",
    "kicked",
    "banned",
    "away",
    "back",
    "as",
    "because",
    "for",
    "in",
    "and",
    "privately",
    "voice",
    "moderator",
    "owner",
    "admin",
];

/// The first words of lines that are about nobody.
const STARTS: [&str; 13] = [
    "cut",
    "hold",
    "slow",
    "heal",
    "crash",
    "restart",
    "wait",
    "meanwhile",
    "the",
    "exactly",
    "at",
    "nothing",
    "master",
];

const RAW_VERBS: [&str; 4] = ["sends", "send", "receives", "receive"];
