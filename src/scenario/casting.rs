//! From sections to the cast.

mod client;
mod link;
mod machine;
mod policy;
mod room;

pub(super) use self::machine::HISTORY_MAX;

use super::ast::{Name, Profile, Span};
use super::cast::{Cast, Server, Service};
use super::gaps::Gaps;
use super::lines::TextLine;
use super::mistake::Wrong;
use super::names::Names;
use super::sections::{Class, Key, Placed, Section};
use super::token::{Token, tokens};
use crate::dmuc::{Persistence, Timers};
use crate::server::Flavour;
use crate::stanza::BareJid;
use crate::time::Duration;

/// Builds a cast, and collects what is wrong on the way.
pub(super) struct Casting<'a> {
    sections: &'a [Section],
    profile: Profile,
    cast: Cast,
    flaws: &'a mut Vec<Placed>,
    gaps: &'a mut Gaps,
    /// The domains of sections that have no address.
    stand_ins: Vec<String>,
}

impl<'a> Casting<'a> {
    /// The cast that these sections describe. Who has mistakes in his section is in it all the
    /// same, so that lines may name him.
    pub(super) fn of(
        sections: &'a [Section],
        profile: Profile,
        flaws: &'a mut Vec<Placed>,
        gaps: &'a mut Gaps,
    ) -> Cast {
        let cast = Cast::default();
        let mut casting = Self { sections, profile, cast, flaws, gaps, stand_ins: Vec::new() };
        casting.check_names();
        casting.each(Class::Client, Self::client);
        casting.each(Class::Room, Self::room);
        casting.each(Class::Client, Self::joined);
        casting.each(Class::Slave, Self::slave);
        casting.each(Class::Server, Self::server);
        casting.imply_servers();
        casting.set_creation();
        casting.each(Class::Link, Self::link);
        casting.cast
    }

    /// Entering a room that does not exist creates it, unless its server says otherwise; but
    /// XEP-0282 knows nothing of that, and in profile core it has to be said.
    fn set_creation(&mut self) {
        for (domain, service) in &mut self.cast.services {
            let said = self.cast.servers.get(domain).and_then(|server| server.creation);
            service.creation = said.unwrap_or(self.profile != Profile::Core);
        }
    }

    fn each(&mut self, class: Class, cast: impl Fn(&mut Self, &Section)) {
        for section in self.sections.iter().filter(|section| section.class == class) {
            cast(self, section);
        }
    }

    fn flaw(&mut self, wrong: Wrong, span: Span, file: usize) {
        if !self.gaps.excuse(&wrong) {
            self.flaws.push((wrong, span, file));
        }
    }

    /// An address for a section that has none that can be read.
    fn stand_in(&mut self, section: &Section) -> BareJid {
        match section.key("jid") {
            Some(key) => self.gaps.mention(&key.value),
            None => self.gaps.homeless(),
        }
        let domain = format!("s{}.invalid", self.stand_ins.len());
        #[allow(clippy::expect_used, reason = "`s0.invalid` is a JID")]
        let jid = BareJid::new(&format!("x@{domain}")).expect("a JID");
        self.stand_ins.push(domain);
        jid
    }

    fn stands_in(&self, domain: &str) -> bool {
        self.stand_ins.iter().any(|other| other == domain)
    }

    /// Names must be such that a line can hold them.
    fn check_names(&mut self) {
        for section in self.sections.iter().filter(|section| section.class == Class::Client) {
            let ends_in_mark = section.name.split(' ').any(|word| word.ends_with([',', ':']));
            if section.name.contains('"') || ends_in_mark {
                let why = "a name has no quotes, and no comma or colon at the end of a word";
                let wrong = Wrong::BadName { name: section.name.clone(), why };
                self.flaws.push((wrong, section.span, section.file));
                self.gaps.mention(&section.name);
            }
        }
    }

    /// What `read` makes of a key's value, if the key is there and the value is good.
    fn value<T>(
        &mut self,
        section: &Section,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let key = section.key(key)?;
        match read(&key.value) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.flaw(wrong, key.value_span, key.file);
                None
            }
        }
    }

    /// Like [`Casting::value`], for a key that must be there.
    fn needed<T>(
        &mut self,
        section: &Section,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        if section.key(key).is_none() {
            let wrong = Wrong::MissingKey { section: section.class.name().to_owned(), key };
            self.flaw(wrong, section.span, section.file);
        }
        self.value(section, key, read)
    }

    /// What `read` makes of each part of a value, separated by commas.
    fn list<T>(
        &mut self,
        section: &Section,
        key: &str,
        mut read: impl FnMut(&Cast, &str) -> Result<T, Wrong>,
    ) -> Vec<T> {
        let Some(key) = section.key(key) else { return Vec::new() };
        let mut all = Vec::new();
        let mut start = 0;
        for part in key.value.split(',') {
            let item = part.trim();
            let indent = part.len() - part.trim_start().len();
            match read(&self.cast, item) {
                Ok(value) => all.push(value),
                Err(wrong) => {
                    let span = within(key, start + indent, item.len());
                    self.flaw(wrong, span, key.file);
                }
            }
            start += part.len() + 1;
        }
        all
    }

    /// The tokens of a value.
    fn tokens<'k>(&mut self, key: &'k Key) -> Option<Vec<Token<'k>>> {
        let line = TextLine {
            number: key.value_span.line,
            offset: key.value_span.offset,
            text: &key.value,
            cut: key.value_span.column as usize - 1,
        };
        match tokens(&line) {
            Ok(tokens) => Some(tokens),
            Err((wrong, span)) => {
                self.flaw(wrong, span, key.file);
                None
            }
        }
    }

    /// A client's bare JID by his name, or a bare JID.
    fn bare_jid(cast: &Cast, word: &str) -> Result<BareJid, Wrong> {
        match cast.clients.get(word) {
            Some(client) => Ok(client.jid.to_bare()),
            None if word.contains('@') => super::values::bare_jid(word),
            None => Err(Names::new(cast, &Gaps::default()).unknown_occupant(word)),
        }
    }

    /// Who may be banned: a person, or a domain with all its people.
    fn outcast(cast: &Cast, word: &str) -> Result<BareJid, Wrong> {
        let domain = || super::values::domain(word).ok().filter(|domain| domain.contains('.'));
        Self::bare_jid(cast, word)
            .or_else(|wrong| domain().and_then(|it| BareJid::new(&it).ok()).ok_or(wrong))
    }

    fn room_name(cast: &Cast, word: &str) -> Result<Name, Wrong> {
        Names::new(cast, &Gaps::default()).room(word)
    }

    /// Keepalive, as these keys have it; what they leave out is as in `usual`.
    fn timers(&mut self, section: &Section, usual: Timers) -> Timers {
        use super::values::{duration, number};
        let mut timers = usual;
        if let Some(idle) = self.value(section, "keepalive", duration) {
            if section.class == Class::Slave {
                timers.slave_idle = idle;
            } else {
                timers.master_idle = idle;
                timers.slave_idle = idle * 3 / 2;
            }
        }
        let mut set = |key: &str, timer: &mut Duration| {
            if let Some(span) = self.value(section, key, duration) {
                *timer = span;
            }
        };
        set("pong-timeout", &mut timers.pong_timeout);
        set("split-ping", &mut timers.split_ping);
        set("expiry", &mut timers.expiry);
        if let Some(count) = self.value(section, "pings-lost-max", number) {
            timers.pings_lost_max = count;
        }
        timers
    }
}

/// A server that no section describes.
pub(super) fn usual_server() -> Server {
    let flavour = Flavour::default();
    Server {
        span: None,
        flavour,
        connect_timeout: flavour.connect_timeout(),
        persistence: Persistence::default(),
        creation: None,
    }
}

/// A service that no section describes.
pub(super) fn usual_service(creation: bool) -> Service {
    Service { creation, timers: Timers::default() }
}

/// The place of these bytes of a value.
fn within(key: &Key, start: usize, len: usize) -> Span {
    let before = key.value[..start].chars().count();
    Span {
        line: key.value_span.line,
        column: key.value_span.column + u32::try_from(before).unwrap_or(u32::MAX),
        offset: key.value_span.offset + start,
        len,
    }
}
