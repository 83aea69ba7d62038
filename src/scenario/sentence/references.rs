//! What the words of a line refer to: occupants, rooms, machines, links. A name that means nothing
//! is noted as a mistake, and the line is read on with a placeholder, so that all its mistakes are
//! found.

use super::super::ast::{Direction, Host, Machine, Name, Occupant};
use super::super::line::Parsed;
use super::super::mistake::Wrong;
use super::super::names::Names;
use super::super::values;
use super::super::words::{nearest, ticked};
use super::Sentence;
use crate::stanza::BareJid;

impl<'a> Sentence<'a> {
    /// Somebody in a room: a name of the cast, or a nick in quotes.
    pub(in super::super) fn occupant(&mut self) -> Parsed<Occupant> {
        if let Some(nick) = self.line.text("a nick in quotes") {
            return Ok(Occupant::Nick(nick));
        }
        self.line.expecting("an occupant");
        if self.line.peek_word().is_none() {
            return Err(self.line.unexpected());
        }
        self.client_or(&["a nick in quotes"]).map(Occupant::Client)
    }

    /// Somebody who may be anywhere: a name of the cast, or a JID in quotes.
    pub(in super::super) fn person(&mut self) -> Parsed<Occupant> {
        if let Some(jid) = self.line.text("a JID in quotes") {
            return Ok(Occupant::Nick(jid));
        }
        self.line.expecting("an occupant");
        if self.line.peek_word().is_none() {
            return Err(self.line.unexpected());
        }
        self.client_or(&["a JID in quotes"]).map(Occupant::Client)
    }

    /// A client of the cast, named by one word if it is none.
    pub(super) fn client(&mut self) -> Parsed<Name> {
        self.client_or(&[])
    }

    /// The same where something else could be meant.
    fn client_or(&mut self, others: &[&str]) -> Parsed<Name> {
        if let Some((name, tokens)) = self.names.client(self.line.rest()) {
            self.line.advance(tokens);
            return Ok(name);
        }
        let name = self.one_word(
            "an occupant",
            |names, word| Err(names.unknown_occupant(word).or(others)),
            |word| word.into(),
        );
        if self.names.gaps.any_client() {
            self.line.advance(self.more_of_a_name());
        }
        name
    }

    /// A slave: `vesa`, `the slave vesa`, `slave@vesa`.
    pub(in super::super) fn slave(&mut self) -> Parsed<Name> {
        self.line.words("the slave");
        self.slave_name()
    }

    /// A slave, after `the slave`.
    pub(in super::super) fn slave_name(&mut self) -> Parsed<Name> {
        self.one_word("a slave", |names, word| names.slave(word), |word| word.into())
    }

    /// A machine that may crash: `the master`, `the slave vesa`, `vesa.yeggmaex.irc`.
    pub(in super::super) fn machine(&mut self) -> Parsed<Machine> {
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
    pub(in super::super) fn master(&mut self) -> Parsed<Name> {
        let span = self.line.here();
        if self.line.words("of") {
            let room = self.room()?;
            return Ok(self.domain_of(&room));
        }
        let mut domains = self.names.cast.services.keys();
        match (domains.next(), domains.next()) {
            (Some(domain), None) => Ok(Name::clone(domain)),
            (Some(_), Some(_)) => Err((self.which_room(), span)),
            (None, _) if self.may_have_room() => Ok(PLACEHOLDER.into()),
            (None, _) => Err((Wrong::NoRoom, span)),
        }
    }

    fn may_have_room(&self) -> bool {
        self.names.gaps.a_room() || !self.names.cast.rooms.is_empty()
    }

    fn domain_of(&self, room: &Name) -> Name {
        self.names
            .cast
            .rooms
            .get(room)
            .map_or_else(|| Name::clone(room), |room| room.config.jid.domain().as_str().into())
    }

    /// A room by its name or address.
    pub(in super::super) fn room(&mut self) -> Parsed<Name> {
        self.one_word("a room", |names, word| names.room(word), |word| word.into())
    }

    /// `in wallops`, or nothing if there is only one room.
    pub(in super::super) fn in_room(&mut self) -> Parsed<Name> {
        let span = self.line.here();
        if self.line.words("in") {
            return self.room();
        }
        self.the_room().map_err(|wrong| (wrong, span))
    }

    /// The only room.
    pub(in super::super) fn the_room(&self) -> Result<Name, Wrong> {
        let mut rooms = self.names.cast.rooms.keys();
        match (rooms.next(), rooms.next()) {
            (Some(room), None) => Ok(Name::clone(room)),
            (Some(_), Some(_)) => Err(self.which_room()),
            (None, _) if self.names.gaps.a_room() => Ok(PLACEHOLDER.into()),
            (None, _) => Err(Wrong::NoRoom),
        }
    }

    /// A room of the cast, or the address of any.
    pub(in super::super) fn venue(&mut self) -> Parsed<BareJid> {
        let rooms = self.names.cast.rooms.iter();
        let known = rooms
            .filter(|(name, _)| Some(&***name) == self.line.peek_word())
            .map(|(_, room)| room.config.jid.clone())
            .next();
        if let Some(jid) = known {
            self.line.advance(1);
            return Ok(jid);
        }
        #[allow(clippy::expect_used, reason = "`room@invalid` is a JID")]
        let placeholder = BareJid::new("room@invalid").expect("a JID");
        self.value("a room or the address of one", values::bare_jid, placeholder)
    }

    fn which_room(&self) -> Wrong {
        let rooms = self.names.cast.rooms.keys().map(|name| ticked(name)).collect();
        Wrong::WhichRoom { rooms }
    }

    /// `A from B`, `A -> B`; either side may be a list, the second `everything`.
    pub(in super::super) fn link(&mut self) -> Parsed<Vec<Direction>> {
        // `heal everything` is no link.
        let all = self.line.comes_after("heal") && self.line.rest().len() == 1;
        let from = self.hosts(all)?;
        let one_way = self.line.words("->");
        if !one_way {
            self.line.expect_words("from")?;
        }
        let to = if self.line.words("everything") { self.others(&from) } else { self.hosts(true)? };
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

    /// Hosts; whether it could be `everything` too matters only if they are unknown.
    fn hosts(&mut self, or_everything: bool) -> Parsed<Vec<Host>> {
        self.list(|sentence| {
            sentence.one_word(
                "a host",
                |names, word| names.host(word).map_err(|wrong| or(wrong, or_everything)),
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
    pub(in super::super) fn server(&mut self) -> Parsed<Name> {
        self.one_word("a server", |names, word| names.server(word), |word| word.into())
    }

    pub(super) fn one_word<T>(
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
            self.note((wrong, span));
            placeholder(word)
        }))
    }
}

/// That `everything` may have been meant too.
fn or(mut wrong: Wrong, everything: bool) -> Wrong {
    if let (Wrong::Unknown { found, meant, known, .. }, true) = (&mut wrong, everything) {
        *meant = nearest(found, meant.as_deref().into_iter().chain(["everything"]));
        known.push(ticked("everything"));
    }
    wrong
}

/// The name of what is in the part of the cast that cannot be read.
const PLACEHOLDER: &str = "?";
