//! A line of the script that is being read, with what its words may refer to: names of the cast,
//! the line before, the body below.

use super::ast::{Direction, Host, Machine, Name, Occupant, Party, Span, Who};
use super::line::{Flaw, Line, Parsed};
use super::lines::{Block, TextLine};
use super::mistake::Wrong;
use super::names::Names;
use super::token::TokenKind;
use super::values;
use crate::time::{Duration, Time};

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
        if self.line.peek_word().is_none() || !(a_list || self.words_until_verb().is_some()) {
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
        let wrong = self.names.unknown_occupant(if words.len() > 1 { &name } else { word });
        self.line.advance(words.len());
        self.line.note((wrong, span));
        Ok(name.into())
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

    /// Somebody in a room: a name of the cast, or a nick in quotes.
    pub(super) fn occupant(&mut self) -> Parsed<Occupant> {
        if let Some(nick) = self.line.text("a nick in quotes") {
            return Ok(Occupant::Nick(nick));
        }
        self.line.expecting("an occupant");
        if self.line.peek_word().is_none() {
            return Err(self.line.unexpected());
        }
        self.client().map(Occupant::Client)
    }

    /// A client of the cast, named by one word if it is none.
    fn client(&mut self) -> Parsed<Name> {
        if let Some((name, tokens)) = self.names.client(self.line.rest()) {
            self.line.advance(tokens);
            return Ok(name);
        }
        self.one_word(
            "an occupant",
            |names, word| Err(names.unknown_occupant(word)),
            |word| word.into(),
        )
    }

    /// A slave: `vesa`, `the slave vesa`, `slave@vesa`.
    pub(super) fn slave(&mut self) -> Parsed<Name> {
        self.line.words("the slave");
        self.slave_name()
    }

    /// A slave, after `the slave`.
    pub(super) fn slave_name(&mut self) -> Parsed<Name> {
        self.one_word("a slave", |names, word| names.slave(word), |word| word.into())
    }

    /// A machine that may crash: `the master`, `the slave vesa`, `vesa.yeggmaex.irc`.
    pub(super) fn machine(&mut self) -> Parsed<Machine> {
        if self.line.words("the master") {
            return self.master().map(Machine::Master);
        }
        if self.line.words("the slave") {
            return self.slave_name().map(Machine::Slave);
        }
        self.one_word(
            "a server",
            |names, word| names.machine(word),
            |word| Machine::Server(word.into()),
        )
    }

    /// Which master `the master` is: the only one, or that `of` a room.
    pub(super) fn master(&mut self) -> Parsed<Name> {
        let span = self.line.here();
        if self.line.words("of") {
            let room = self.room()?;
            return Ok(self.domain_of(&room));
        }
        let mut domains = self.names.cast.services.keys();
        match (domains.next(), domains.next()) {
            (Some(domain), None) => Ok(Name::clone(domain)),
            (Some(_), Some(_)) => Err((self.which_room(), span)),
            (None, _) => Err((Wrong::NoRoom, span)),
        }
    }

    fn domain_of(&self, room: &Name) -> Name {
        self.names
            .cast
            .rooms
            .get(room)
            .map_or_else(|| Name::clone(room), |room| room.config.jid.domain().as_str().into())
    }

    /// A room by its name or address.
    pub(super) fn room(&mut self) -> Parsed<Name> {
        self.one_word("a room", |names, word| names.room(word), |word| word.into())
    }

    /// `in wallops`, or nothing if there is only one room.
    pub(super) fn in_room(&mut self) -> Parsed<Name> {
        let span = self.line.here();
        if self.line.words("in") {
            return self.room();
        }
        self.the_room().map_err(|wrong| (wrong, span))
    }

    /// The only room.
    pub(super) fn the_room(&self) -> Result<Name, Wrong> {
        let mut rooms = self.names.cast.rooms.keys();
        match (rooms.next(), rooms.next()) {
            (Some(room), None) => Ok(Name::clone(room)),
            (Some(_), Some(_)) => Err(self.which_room()),
            (None, _) => Err(Wrong::NoRoom),
        }
    }

    fn which_room(&self) -> Wrong {
        let rooms = self.names.cast.rooms.keys().map(|name| super::words::ticked(name)).collect();
        Wrong::WhichRoom { rooms }
    }

    /// `A from B`, `A -> B`; either side may be a list, the second `everything`.
    pub(super) fn link(&mut self) -> Parsed<Vec<Direction>> {
        let from = self.hosts()?;
        let one_way = self.line.words("->");
        if !one_way {
            self.line.expect_words("from")?;
        }
        let to = if self.line.words("everything") { self.others(&from) } else { self.hosts()? };
        let mut directions = Vec::new();
        for (a, b) in from.iter().flat_map(|a| to.iter().map(move |b| (a, b))) {
            if a != b {
                directions.push(Direction { from: a.clone(), to: b.clone() });
                if !one_way {
                    directions.push(Direction { from: b.clone(), to: a.clone() });
                }
            }
        }
        Ok(directions)
    }

    fn hosts(&mut self) -> Parsed<Vec<Host>> {
        self.list(|sentence| {
            sentence.one_word(
                "a host",
                |names, word| names.host(word),
                |word| Host::Server(word.into()),
            )
        })
    }

    fn others(&self, but: &[Host]) -> Vec<Host> {
        let servers =
            self.names.cast.servers.keys().map(|domain| Host::Server(Name::clone(domain)));
        servers.filter(|host| !but.contains(host)).collect()
    }

    /// The domain of a server, which may be abbreviated.
    pub(super) fn server(&mut self) -> Parsed<Name> {
        self.one_word("a server", |names, word| names.server(word), |word| word.into())
    }

    fn one_word<T>(
        &mut self,
        what: &str,
        find: impl FnOnce(&Names<'a>, &str) -> Result<T, Wrong>,
        placeholder: impl FnOnce(&str) -> T,
    ) -> Parsed<T> {
        self.line.expecting(what);
        let Some(word) = self.line.peek_word() else { return Err(self.line.unexpected()) };
        let span = self.line.here();
        self.line.advance(1);
        Ok(find(self.names, word).unwrap_or_else(|wrong| {
            self.line.note((wrong, span));
            placeholder(word)
        }))
    }

    /// A duration, `30s`.
    pub(super) fn duration(&mut self) -> Parsed<Duration> {
        self.value("a duration such as `30s`", values::duration, Duration::ZERO)
    }

    /// A stamp, `1990-10-13T23:58:37Z`.
    pub(super) fn stamp(&mut self) -> Parsed<Time> {
        self.value("a stamp such as `1990-10-13T23:58:37Z`", values::stamp, Time::XEP_EPOCH)
    }

    /// A number, `20`.
    pub(super) fn number(&mut self) -> Parsed<u32> {
        self.value("a number", values::number, 0)
    }

    /// What `read` makes of the next word. If it makes nothing of it, that is noted.
    pub(super) fn value<T>(
        &mut self,
        what: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
        placeholder: T,
    ) -> Parsed<T> {
        self.line.expecting(what);
        let Some(word) = self.line.peek_word() else { return Err(self.line.unexpected()) };
        let span = self.line.here();
        self.line.advance(1);
        match read(word) {
            Ok(value) => Ok(value),
            Err(wrong) => {
                self.line.note((wrong, span));
                Ok(placeholder)
            }
        }
    }

    /// All mistakes of the line, if there are any.
    pub(super) fn into_flaws(self, stopped_by: Option<Flaw>) -> Vec<Flaw> {
        self.line.into_flaws(stopped_by)
    }
}

/// The first words of what people do and perceive.
const VERBS: [&str; 55] = [
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
];

const RAW_VERBS: [&str; 4] = ["sends", "send", "receives", "receive"];
