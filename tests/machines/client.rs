//! What a client believes of the room by XEP-0045, and what it may not be sent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wallops::stanza::{Kind, Stanza, Type, ns};

pub use self::seen::{Heard, Seen, own_texts};
use self::seen::{Wish, is_removal, own};
use crate::cast::*;
use crate::record::*;

mod seen;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Out,
    /// The others' presences come.
    Entering,
    /// His own came; history comes.
    Listening,
    In,
}

/// A client.
#[derive(Debug)]
pub struct Client {
    pub jid: String,
    pub faults: Vec<String>,
    pub view: BTreeMap<String, Seen>,
    /// The messages of this stay, history included.
    pub heard: Vec<Heard>,
    pub subject: Option<String>,
    /// Errors, in the order in which they came.
    pub errors: Vec<Stanza>,
    /// Everything that came.
    pub inbox: Vec<Stanza>,
    /// Whether the room shows JIDs to everybody.
    pub shown: bool,
    /// Whether a way between servers was ever cut.
    pub was_cut: bool,
    /// Whether a session of it was ever lost.
    pub was_offline: bool,
    online: bool,
    state: State,
    nick: String,
    role: String,
    wishes: VecDeque<Wish>,
    directed: BTreeSet<String>,
    asked_again: bool,
    /// Nicks that others have taken, and no presence under them was seen since.
    taken: BTreeSet<String>,
    /// The goodbye that its server said for it may still be answered, to a later session.
    goodbye: bool,
    /// A slave without memory has told it that it is out, or one that is alone that it is not in.
    ended: bool,
    /// And it waited to be let in then: the answer to that may come still.
    answered_late: bool,
    /// What comes now comes past its slave, which is dead.
    pub past: bool,
    /// Faults, unless his own presence, which comes after the others', says that he may see them:
    /// real JIDs that a room that forgot him shows him as it lets him in once more.
    pub early: Vec<String>,
}

impl Client {
    pub fn new(jid: &str) -> Self {
        Self {
            jid: jid.to_owned(),
            faults: Vec::new(),
            view: BTreeMap::new(),
            heard: Vec::new(),
            subject: None,
            errors: Vec::new(),
            inbox: Vec::new(),
            shown: false,
            was_cut: false,
            was_offline: false,
            online: true,
            state: State::Out,
            nick: String::new(),
            role: String::new(),
            wishes: VecDeque::new(),
            directed: BTreeSet::new(),
            asked_again: false,
            taken: BTreeSet::new(),
            goodbye: false,
            ended: false,
            answered_late: false,
            past: false,
            early: Vec::new(),
        }
    }

    pub fn is_online(&self) -> bool {
        self.online
    }

    /// Whether it believes that it is in the room.
    pub fn is_in(&self) -> bool {
        self.online && self.state != State::Out
    }

    /// Whether it has left and was not told so yet.
    pub fn is_leaving(&self) -> bool {
        self.wishes.back() == Some(&Wish::Leave)
    }

    /// Whether it waits for the answer to a join or a leave.
    pub fn waits(&self) -> bool {
        self.online && !self.wishes.is_empty()
    }

    /// The nick under which it believes to be in the room.
    pub fn nick(&self) -> &str {
        &self.nick
    }

    /// The addresses that its server remembers.
    pub fn directed(&self) -> impl Iterator<Item = String> {
        self.directed.iter().cloned().collect::<Vec<_>>().into_iter()
    }

    /// Its session ends; whom its server tells.
    pub fn disconnect(&mut self) -> Vec<String> {
        self.goodbye |= self.state != State::Out || !self.wishes.is_empty();
        self.online = false;
        self.was_offline = true;
        self.state = State::Out;
        self.view.clear();
        self.heard.clear();
        self.wishes.clear();
        self.asked_again = false;
        self.early.clear();
        std::mem::take(&mut self.directed).into_iter().collect()
    }

    /// Its server forgets that it sent presence there: it was refused.
    #[allow(dead_code, reason = "shared with another test")]
    pub fn is_refused(&mut self, by: &str) {
        if self.state == State::Out {
            self.directed.remove(by);
        }
    }

    pub fn connect(&mut self) {
        self.online = true;
    }

    pub fn sends(&mut self, stanza: &Stanza) {
        let to = to(stanza).to_owned();
        if stanza.is_available() {
            self.directed.insert(to);
            if stanza.has_payload("x", ns::MUC) {
                let id = stanza.id.as_deref().unwrap_or_default();
                self.wishes.push_back(Wish::Join(id.to_owned()));
                self.asked_again |= self.state != State::Out;
            }
        } else if stanza.is_unavailable() {
            self.directed.remove(&to);
            if !self.is_leaving() && (self.state != State::Out || !self.wishes.is_empty()) {
                self.wishes.push_back(Wish::Leave);
            }
        }
    }

    pub fn receives(&mut self, stanza: &Stanza) {
        self.inbox.push(stanza.clone());
        if stanza.is_error() {
            return self.error(stanza);
        }
        match (stanza.kind, &stanza.type_) {
            (Kind::Presence, Type::Absent) => self.available(stanza),
            (Kind::Presence, Type::Unavailable) => self.unavailable(stanza),
            (Kind::Message, Type::Groupchat) => self.message(stanza),
            _ => {}
        }
    }

    fn error(&mut self, stanza: &Stanza) {
        let id = stanza.id.as_deref().unwrap_or_default();
        if stanza.kind == Kind::Presence {
            self.wishes.retain(|wish| *wish != Wish::Join(id.to_owned()));
            self.ended |= condition(stanza).as_deref() == Some("remote-server-timeout");
        }
        self.errors.push(stanza.clone());
    }

    fn fault(&mut self, what: &str, stanza: &Stanza) {
        self.faults.push(format!("{what}: {}", text(stanza)));
    }

    fn expects_burst(&self) -> bool {
        self.join_wish().is_some()
    }

    /// Where it stands that he waits to be let in.
    fn join_wish(&self) -> Option<usize> {
        self.wishes.iter().position(|wish| matches!(wish, Wish::Join(_)))
    }

    fn available(&mut self, stanza: &Stanza) {
        let nick = from_nick(stanza).to_owned();
        let (Some(affiliation), Some(role)) = (item(stanza, "affiliation"), item(stanza, "role"))
        else {
            return self.fault("a presence without affiliation and role", stanza);
        };
        let seen = Seen {
            affiliation: affiliation.to_owned(),
            role: role.to_owned(),
            jid: item(stanza, "jid").map(str::to_owned),
            own: own(stanza),
        };
        let own = has_code(stanza, "110");
        match self.state {
            State::Out if !self.expects_burst() && !self.is_in_doubt() => {
                return self.fault("presence for somebody who is not in the room", stanza);
            }
            State::Out => {
                self.view.clear();
                self.heard.clear();
                self.subject = None;
                self.nick.clear();
                self.state = State::Entering;
            }
            State::Listening => self.fault("presence between his own and the subject", stanza),
            State::Entering | State::In => {}
        }
        if own {
            self.own_presence(stanza, &nick, &seen);
        } else if nick == self.nick && self.state == State::In {
            self.fault("his own presence without 110", stanza);
        }
        if self.state == State::In && !own {
            self.check_jid(stanza, &seen);
            let owner = |seen: &Seen| seen.jid.as_ref().map(|jid| bare(jid));
            let other = self.view.get(&nick).and_then(owner);
            if other.is_some() && seen.jid.is_some() && other != owner(&seen) {
                self.fault("a nick changes hands without a farewell", stanza);
            }
        }
        self.taken.remove(&nick);
        self.view.insert(nick, seen);
    }

    fn own_presence(&mut self, stanza: &Stanza, nick: &str, seen: &Seen) {
        if self.state == State::In && self.nick != nick {
            self.fault("110 on somebody else's presence", stanza);
        }
        let jids = item_jids(stanza);
        if !jids.is_empty() && !jids.contains(&self.jid) {
            self.fault("his own presence with a foreign JID", stanza);
        }
        nick.clone_into(&mut self.nick);
        seen.role.clone_into(&mut self.role);
        self.shown |= has_code(stanza, "100");
        let early = std::mem::take(&mut self.early);
        self.faults.extend(early.into_iter().filter(|_| seen.role != "moderator"));
        if self.state == State::Entering {
            self.state = State::Listening;
            let sees = self.shown || seen.role == "moderator";
            if self.view.values().any(|other| other.jid.is_some() != sees) {
                self.fault("JIDs in the roster, or none, against his role", stanza);
            }
        } else if self.asked_again && self.expects_burst() {
            self.heard.clear();
        }
    }

    /// INV-JID-USER, and that moderators are not blind.
    fn check_jid(&mut self, stanza: &Stanza, seen: &Seen) {
        let moderates = self.role == "moderator";
        let sees = self.shown || moderates;
        // Who has lost the role in a split may not know it yet.
        if seen.jid.is_some() == sees || (self.was_cut && seen.jid.is_none()) {
            return;
        }
        let before = self.faults.len();
        self.fault("a JID, or none, against his role", stanza);
        if self.was_cut {
            self.early.extend(self.faults.drain(before..));
        }
    }

    fn unavailable(&mut self, stanza: &Stanza) {
        let nick = from_nick(stanza).to_owned();
        let renamed = has_code(stanza, "303").then(|| item(stanza, "nick")).flatten();
        if !has_code(stanza, "110") {
            let early = matches!(self.state, State::Out | State::Entering);
            if early && (self.is_in_doubt() || (self.was_cut && self.expects_burst())) {
                // The answer to his join may have been lost, and what comes after it not.
                self.view.remove(&nick);
                return;
            }
            if self.state != State::In {
                self.fault("a farewell for somebody who is not in the room", stanza);
            } else if nick == self.nick {
                self.fault("his own farewell without 110", stanza);
            }
            let moderates = self.role == "moderator";
            if item(stanza, "jid").is_some() && !moderates && !self.shown {
                self.fault("a JID in a farewell", stanza);
            }
            // He may be told that somebody takes a nick and goes, all at once.
            let known = self.view.remove(&nick).is_some() || self.taken.remove(&nick);
            self.taken.extend(renamed.map(str::to_owned));
            if !known && self.state == State::In {
                self.fault("a farewell for nobody", stanza);
            }
            return;
        }
        if let Some(new) = renamed {
            self.view.remove(&nick);
            new.clone_into(&mut self.nick);
            return;
        }
        if self.state == State::Out && std::mem::take(&mut self.goodbye) {
            return;
        }
        let wish = self.wishes.iter().position(|wish| *wish == Wish::Leave);
        if let Some(position) = wish {
            self.wishes.drain(..=position);
        } else if !is_removal(stanza) && !self.is_in_doubt() {
            self.fault("removed without cause", stanza);
        }
        self.ended |= has_code(stanza, "333");
        if self.state == State::Out && wish.is_none() {
            // He was in the room and removed, and heard of neither.
            let join = self.join_wish();
            if let Some(position) = join {
                self.wishes.drain(..=position);
                self.answered_late = true;
                return;
            }
            if self.is_in_doubt() {
                return;
            }
            self.fault("removed though not in the room", stanza);
        }
        if wish.is_none() && self.asked_again {
            // What he asked for again ends with it.
            let join = self.join_wish();
            self.wishes.drain(..join.map_or(0, |position| position + 1));
        }
        self.state = State::Out;
        self.asked_again = false;
        self.view.clear();
    }

    /// Whether it may be told of a stay that is over, as a slave has said that forgot it: what it
    /// had asked for is answered late, or the slave is dead again and does not keep it from it.
    fn is_in_doubt(&self) -> bool {
        self.answered_late || (self.ended && self.past)
    }

    fn message(&mut self, stanza: &Stanza) {
        self.faults.append(&mut self.early);
        let delayed = is_delayed(stanza);
        let Some(body) = stanza.body() else {
            return self.bodiless(stanza, delayed);
        };
        let again = self.asked_again && self.expects_burst();
        match self.state {
            State::Out | State::Entering if self.is_in_doubt() => return,
            State::Out | State::Entering => self.fault("a message before his time", stanza),
            State::Listening if !delayed => self.fault("a live message before the subject", stanza),
            _ => {}
        }
        let (nick, id) = (from_nick(stanza).to_owned(), stanza.id.as_deref().unwrap_or_default());
        let heard = Heard { nick, id: id.to_owned(), body, delayed };
        let before = self.heard.iter().any(|other| !id.is_empty() && other.id == heard.id);
        if before && !again {
            self.fault("a message twice", stanza);
        }
        self.heard.push(heard);
    }

    /// A subject, or something like a chat state.
    fn bodiless(&mut self, stanza: &Stanza, delayed: bool) {
        // The room shows JIDs from now on, or does not any more (XEP-0045 §10.2.1).
        self.shown = (self.shown || has_code(stanza, "172")) && !has_code(stanza, "173");
        let Some(subject) = stanza.subject() else { return };
        match self.state {
            State::Out | State::Entering => self.fault("a subject before his time", stanza),
            State::Listening => self.burst_ends(),
            State::In if self.asked_again && (delayed || from(stanza) == ROOM) => self.burst_ends(),
            State::In => {}
        }
        self.subject = Some(subject);
    }

    fn burst_ends(&mut self) {
        self.state = State::In;
        self.asked_again = false;
        if let Some(position) = self.join_wish() {
            self.wishes.drain(..=position);
        }
    }
}
