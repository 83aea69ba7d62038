//! Who was in a room before a record begins: of whom the record tells that he is there, and who has
//! not entered in it.

mod again;
mod nick;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use self::nick::Nick;
use super::users::Users;
use super::{MOMENT, Reading};
use crate::conform::invariants::Present;
use crate::conform::invariants::reading::nick_in;
use crate::conform::invariants::room::same_person;
use crate::room::{Affiliation, Role, Whois};
use crate::stanza::slave::Register;
use crate::stanza::{BareJid, FullJid, ns};
use crate::time::Time;
use crate::transcript::{Hop, is_client};

/// What shows of the people of one room.
#[derive(Debug)]
pub(super) struct People<'a> {
    room: String,
    users: &'a Users,
    /// Those who were there before, in the order in which they show.
    nicks: Vec<Nick>,
    /// Who has a nick now: somebody of `nicks`, or somebody who came later.
    holders: BTreeMap<String, Option<usize>>,
    /// Who has given up his nick last.
    departed: BTreeMap<String, usize>,
    /// Sessions that were there before, and whose they are; and those that came later.
    inside: IndexMap<String, Option<usize>>,
    outside: BTreeSet<String>,
    /// Who said first in the record how he is, without having asked to enter, and under which nick.
    speaks: BTreeMap<String, String>,
    /// Sessions that were told that they are out.
    farewells: BTreeSet<String>,
    /// Nicks that somebody asks for, and who.
    asked: BTreeMap<String, String>,
    /// What users said last, by id and content, and who.
    said: IndexMap<(String, u64), String>,
    /// Whether everybody sees real JIDs, as far as the first code says that tells it.
    open: Option<bool>,
    /// Sessions that were shown real JIDs of others before anybody told what they are.
    trusted: BTreeSet<String>,
    /// Presences that were shown to who does not moderate: with real JIDs, and without.
    shown: (usize, usize),
    moderators: BTreeSet<String>,
    /// Sessions that were told what they are, or whose slave was.
    told: BTreeSet<String>,
    /// Whether the room is created in the record.
    created: bool,
    /// When the first of all this was, and whether that was a moment ago.
    begun: Option<Time>,
    begins: bool,
    /// For whom a slave asked then, who had not asked himself, and whose nick it is.
    again: BTreeMap<String, Option<usize>>,
    /// Nicks of those who were let in without a word to others, who, and when.
    unannounced: BTreeMap<String, (String, Time)>,
    /// Who was told that he is in, and nobody else before.
    alone: BTreeSet<String>,
    /// Nicks that somebody is told to have left of whom nothing else shows, who, and when.
    unseen: BTreeMap<String, (String, Time)>,
}

impl<'a> People<'a> {
    /// Those of a room, in a record with these users.
    pub fn new(room: &BareJid, users: &'a Users) -> Self {
        Self {
            room: room.to_string(),
            users,
            nicks: Vec::new(),
            holders: BTreeMap::new(),
            departed: BTreeMap::new(),
            inside: IndexMap::new(),
            outside: BTreeSet::new(),
            speaks: BTreeMap::new(),
            farewells: BTreeSet::new(),
            asked: BTreeMap::new(),
            said: IndexMap::new(),
            open: None,
            trusted: BTreeSet::new(),
            shown: (0, 0),
            moderators: BTreeSet::new(),
            told: BTreeSet::new(),
            unannounced: BTreeMap::new(),
            unseen: BTreeMap::new(),
            created: false,
            begun: None,
            begins: true,
            again: BTreeMap::new(),
            alone: BTreeSet::new(),
        }
    }

    pub fn feed(&mut self, at: Time, hop: &Hop, reading: &Reading<'_>) {
        self.begins = at <= *self.begun.get_or_insert(at) + MOMENT;
        if reading.from_room && self.users.is_nobody(reading.from) {
            // It tells of nobody.
        } else if reading.from_room && !is_client(&hop.from) {
            self.told(at, hop, reading);
        } else if nick_in(reading.to, &self.room).is_some() {
            match hop.stanza.payload("register", ns::SLAVE) {
                Some(register) => self.listed(register),
                None => self.asks(hop, reading),
            }
        }
    }

    /// The record is over.
    pub fn finish(&mut self) {
        self.match_the_last();
        self.trust();
    }

    /// Who sees real JIDs.
    pub fn whois(&self) -> Whois {
        let open = self.open.unwrap_or(self.shown.0 > 1 && self.shown.1 == 0);
        if open { Whois::Anyone } else { Whois::Moderators }
    }

    /// Those who were there.
    pub fn present(&self) -> Vec<Present> {
        if self.created {
            return Vec::new();
        }
        let named = self.nicks.iter().filter(|one| !one.new).flat_map(|one| {
            let sessions = one.sessions.iter().map(|session| FullJid::new(session).ok());
            let mut sessions: Vec<_> = sessions.filter(Option::is_some).collect();
            if sessions.is_empty() {
                sessions.push(None);
            }
            sessions.into_iter().map(|session| one.present(session))
        });
        let nameless = self.inside.iter().filter(|(_, nick)| nick.is_none());
        let nameless = nameless.filter_map(|(session, _)| {
            Some(Present {
                session: Some(FullJid::new(session).ok()?),
                nick: None,
                affiliation: Affiliation::None,
                role: Role::Participant,
                known: false,
                presence: None,
            })
        });
        named.chain(nameless).collect()
    }

    /// A user sends something to the room.
    fn asks(&mut self, hop: &Hop, reading: &Reading<'_>) {
        let session = if is_client(&hop.from) { &*hop.from } else { reading.from };
        if !session.contains('/') {
            return;
        }
        if self.speaks_inside(hop, session, reading) {
            // If it is another nick than his, the room says so before it says anything under it.
            self.inside.insert(session.to_owned(), None);
            self.speaks.insert(session.to_owned(), reading.to_nick.unwrap_or_default().to_owned());
        }
        let spoken = self.speaks.get(session).is_some_and(|nick| reading.to_nick == Some(nick));
        if spoken && reading.stanza.is_available() && !reading.is_join() {
            return;
        }
        if reading.is_join() && self.asks_again(hop, session) {
            self.inside.entry(session.to_owned()).or_insert(None);
            let nick = reading.to_nick.unwrap_or_default();
            // Others may have been told that he is gone.
            let number = self.holder(nick).or(self.departed.get(nick).copied());
            self.belongs(number, session);
            if self.begins {
                self.again.insert(session.to_owned(), number);
            }
        } else if reading.is_join() && !self.is_inside(session) {
            self.outside.insert(session.to_owned());
            if let Some(nick) = reading.to_nick {
                self.asked.insert(nick.to_owned(), session.to_owned());
            }
        } else if reading.stanza.is_available() && self.is_inside(session) {
            // Another nick, or another presence.
            if let Some(nick) = reading.to_nick.filter(|nick| !self.holders.contains_key(*nick)) {
                self.asked.insert(nick.to_owned(), session.to_owned());
            }
        } else if reading.stanza.is_groupchat() {
            let said = (reading.id().to_owned(), reading.content);
            self.said.insert(said, session.to_owned());
            if self.said.len() > SAID_MAX {
                self.said.drain(..SAID_MAX / 2);
            }
        }
    }

    /// Whether a slave asks in for somebody who has not asked himself, though the record has what
    /// its clients send: he was there, and the room has forgotten him.
    fn asks_again(&self, hop: &Hop, session: &str) -> bool {
        !is_client(&hop.from)
            && self.users.are_at(&hop.from)
            && !self.outside.contains(session)
            && self.inside.get(session).is_none_or(Option::is_none)
    }

    /// Whether somebody says how he is in the room over a connection that is older than the record,
    /// in which he has not asked to enter: he was there.
    fn speaks_inside(&self, hop: &Hop, session: &str, reading: &Reading<'_>) -> bool {
        is_client(&hop.from)
            && reading.stanza.is_available()
            && !reading.is_join()
            && !self.created
            && !self.is_inside(session)
            && !self.outside.contains(session)
            && self.users.was_connected(session)
    }

    /// Somebody is refused: if a slave has asked for him when the record began, he had asked just
    /// before, and was not there.
    fn is_refused(&mut self, session: &str) {
        let Some(number) = self.again.remove(session) else { return };
        self.inside.shift_remove(session);
        self.outside.insert(session.to_owned());
        if let Some(one) = number.and_then(|number| self.nicks.get_mut(number)) {
            one.sessions.retain(|one| one != session);
        }
    }

    /// Who has this nick: of those who were there before, or nobody of them.
    fn holder(&mut self, nick: &str) -> Option<usize> {
        if let Some(holder) = self.holders.get(nick) {
            return *holder;
        }
        let mut holder = None;
        if self.asked.remove(nick).is_none() && self.nicks.len() < PEOPLE_MAX {
            self.nicks.push(Nick::new(nick));
            holder = Some(self.nicks.len() - 1);
        }
        self.holders.insert(nick.to_owned(), holder);
        holder
    }

    /// This session has this nick. The first that is told of it counts.
    fn belongs(&mut self, number: Option<usize>, session: &str) {
        let Some(one) = number.and_then(|number| self.nicks.get_mut(number)) else { return };
        let known = self.inside.get_mut(session);
        let other = |of: &String| !same_person(of, session);
        if one.sessions.iter().any(other)
            || self.outside.contains(session)
            || known.as_ref().is_some_and(|nick| nick.is_some())
        {
            return;
        }
        one.sessions.push(session.to_owned());
        match known {
            Some(nick) => *nick = number,
            None => {
                self.inside.insert(session.to_owned(), number);
            }
        }
    }

    /// Who was shown more than he may see had been told before the record that he may.
    fn trust(&mut self) {
        for one in &mut self.nicks {
            let trusted = |session: &String| self.trusted.contains(session);
            let moderates = one.privileges.is_some_and(|one| one.moderates());
            one.trusted = !moderates && one.sessions.iter().any(trusted);
        }
    }

    /// If there is one session left and one nick, they belong together; but not if the nick was
    /// given up and the session was told of the room all the time.
    fn match_the_last(&mut self) {
        let mut sessions = self.inside.iter().filter(|(_, nick)| nick.is_none());
        let mut nicks =
            (0..self.nicks.len()).filter(|number| self.nicks[*number].sessions.is_empty());
        let (session, nick) = (sessions.next(), nicks.next());
        if let (Some((session, _)), Some(_), None, None) =
            (session, nick, sessions.next(), nicks.next())
        {
            let gone = self.departed.values().any(|departed| Some(*departed) == nick);
            let session = session.clone();
            if !gone || self.farewells.contains(&session) {
                self.belongs(nick, &session);
            }
        }
    }

    fn is_inside(&self, session: &str) -> bool {
        self.inside.contains_key(session)
    }
}

/// More people than these are no record that anybody wants to have judged.
const PEOPLE_MAX: usize = 10_000;

/// How much of what was said is remembered: it is told soon.
const SAID_MAX: usize = 1_024;
