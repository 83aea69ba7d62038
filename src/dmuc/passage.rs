//! What passes between the users of a server and a room while the slave between them is down.
//!
//! A slave that comes back from its disk believes what it knew. Meanwhile its users have dealt with
//! the room themselves: their server has seen it, and says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::stanza::{BareJid, Jid, Kind, Payloads, Stanza, ns};

/// What passed between one session and one room.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// The session.
    pub session: Arc<Jid>,
    /// The room.
    pub room: BareJid,
    /// Whether a connection of the session ended.
    pub closed: bool,
    /// What the room itself said of him last, if it said anything.
    pub told: Option<Told>,
    /// Under which nick he was in then.
    pub nick: Option<String>,
    /// Whether it told him that he is out, so that what he was told before is over.
    pub ended: bool,
    /// Whether it let him in as he had asked, so that it has told him who is there.
    pub entered: bool,
    /// Of whom else it has told him what, by their nicks: nothing of who is gone.
    pub others: BTreeMap<String, Option<Payloads>>,
    /// Whether presence of his came back: he does not wait any more for what he had asked before.
    pub refused: bool,
    /// Whether he has said something to all.
    pub said: bool,
    /// What he asked for and was not answered, in this order: to be out, to be in. What he has said
    /// of himself since is part of what he asks for, or else stands alone.
    pub asked: Vec<Stanza>,
    /// Under which nicks he has asked to be in: under each he may have said something.
    pub named: BTreeSet<String>,
    /// What he has said to all and was not answered, in this order.
    pub unanswered: Vec<Stanza>,
    /// The same, before something that has no name: nobody can tell whether that was answered.
    pub overtaken: Vec<Stanza>,
}

impl Passage {
    /// Whether the session has left, and was not told that it is out.
    pub fn waits_to_be_out(&self) -> bool {
        let left = self.asked.last().is_some_and(Stanza::is_unavailable);
        left && !self.closed && self.told != Some(Told::Out)
    }

    /// The room tells him of somebody else.
    fn shows(&mut self, stanza: &Stanza) {
        let nick = stanza.from.as_ref().and_then(|from| from.resource());
        if let Some(nick) = nick.filter(|_| self.others.len() < OTHERS_MAX) {
            let there = stanza.is_available().then(|| stanza.payloads.clone());
            self.others.insert(nick.to_string(), there);
        }
    }
}

/// What a room says of somebody to himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// That he is in.
    In,
    /// That he is out.
    Out,
}

/// All that passed by one slave.
#[derive(Clone, Debug, Default)]
pub struct Passages {
    passages: Vec<Passage>,
    /// Sessions whose connection ended.
    closed: BTreeSet<Arc<Jid>>,
}

impl Passages {
    /// A local session sends something to a room.
    pub fn sent(&mut self, stanza: &Stanza) {
        let (Some(session), Some(room)) = (&stanza.from, &stanza.to) else { return };
        if !stanza.is_available() && !stanza.is_unavailable() && !stanza.is_groupchat() {
            return;
        }
        let Some(passage) = self.of(session, &room.to_bare()) else { return };
        if stanza.is_groupchat() {
            passage.said = true;
            let count = passage.unanswered.len() + passage.overtaken.len();
            if stanza.id.is_none() {
                // Nobody knows it again.
                passage.overtaken.append(&mut passage.unanswered);
            } else if count < SAID_MAX {
                passage.unanswered.push(stanza.clone());
            }
            return;
        }
        let nick = stanza.to.as_ref().and_then(|to| to.resource());
        if let Some(nick) = nick.filter(|_| passage.named.len() < NAMED_MAX) {
            passage.named.insert(nick.to_string());
        }
        let join = passage.asked.iter().find(|asked| asked.has_payload("x", ns::MUC));
        let muc = stanza.payload("x", ns::MUC).or(join.and_then(|join| join.payload("x", ns::MUC)));
        let (muc, enters) = (muc.cloned(), stanza.is_available());
        // Who leaves does not want to enter any more; of several leaves one is enough.
        passage.asked.retain(|asked| enters && asked.is_unavailable());
        let out = !passage.asked.is_empty() || passage.told == Some(Told::Out);
        if enters && muc.is_none() && out {
            // Who is out is not there in any way.
            return;
        }
        let said = stanza.clone().retaining(|payload| !payload.is("x", ns::MUC));
        let muc = muc.filter(|_| enters);
        passage.asked.push(muc.into_iter().fold(said, Stanza::with_payload));
    }

    /// A room, or the own server in its name, sends something to a local session.
    pub fn came(&mut self, stanza: &Stanza) {
        let (Some(room), Some(session)) = (&stanza.from, &stanza.to) else { return };
        if stanza.kind == Kind::Message {
            let passage = self.known(session, &room.to_bare());
            let answered = |said: &Stanza| stanza.id.is_some() && said.id == stanza.id;
            if let Some(passage) = passage.filter(|_| stanza.is_error() || stanza.is_groupchat()) {
                passage.unanswered.retain(|said| !answered(said));
                passage.overtaken.retain(|said| !answered(said));
            }
            return;
        }
        if stanza.kind != Kind::Presence {
            return;
        }
        let renamed = stanza.has_code("303");
        let told = match stanza.has_code("110") {
            true if stanza.is_available() => Some(Told::In),
            true if stanza.is_unavailable() && !renamed => Some(Told::Out),
            _ => None,
        };
        if told.is_none() && !stanza.is_error() {
            let passage = self.of(session, &room.to_bare());
            return passage.into_iter().for_each(|passage| passage.shows(stanza));
        }
        let Some(passage) = self.of(session, &room.to_bare()) else { return };
        match passage.asked.iter().rposition(Stanza::is_available) {
            // Who is let in again does not wait to be told that he is out.
            Some(join) if told == Some(Told::In) => {
                passage.entered |= passage.asked[join].has_payload("x", ns::MUC);
                passage.asked.drain(..=join);
            }
            _ => passage.asked.retain(|one| told != Some(Told::Out) && one.is_unavailable()),
        }
        passage.told = told.or(passage.told);
        if told.is_some() {
            let nick = stanza.from.as_ref().and_then(|from| from.resource());
            passage.nick = nick.map(|nick| nick.to_string());
        }
        if told == Some(Told::Out) {
            (passage.ended, passage.entered) = (true, false);
            passage.others.clear();
        }
        passage.refused |= told.is_none();
    }

    /// The connection of a local session ends.
    pub fn closed(&mut self, session: &Arc<Jid>) {
        if self.closed.len() < PASSAGES_MAX {
            self.closed.insert(session.clone());
        }
    }

    /// All of them; nothing is left.
    pub fn take(&mut self) -> Vec<Passage> {
        let Self { mut passages, closed } = std::mem::take(self);
        for passage in &mut passages {
            passage.closed = closed.contains(&passage.session);
        }
        passages
    }

    fn known(&mut self, session: &Jid, room: &BareJid) -> Option<&mut Passage> {
        self.passages.iter_mut().find(|one| *one.session == *session && one.room == *room)
    }

    fn of(&mut self, session: &Arc<Jid>, room: &BareJid) -> Option<&mut Passage> {
        let same = |one: &Passage| *one.session == **session && one.room == *room;
        if let Some(place) = self.passages.iter().position(same) {
            return self.passages.get_mut(place);
        }
        if self.passages.len() >= PASSAGES_MAX {
            return None;
        }
        self.passages.push(Passage {
            session: session.clone(),
            room: room.clone(),
            closed: false,
            told: None,
            nick: None,
            ended: false,
            entered: false,
            others: BTreeMap::new(),
            refused: false,
            said: false,
            asked: Vec::new(),
            named: BTreeSet::new(),
            unanswered: Vec::new(),
            overtaken: Vec::new(),
        });
        self.passages.last_mut()
    }
}

/// Of how many sessions and rooms it is known what passed by.
const PASSAGES_MAX: usize = 4096;

/// Of how many others a session was told is known.
const OTHERS_MAX: usize = 1_000;

/// How many unanswered messages of one session are known.
const SAID_MAX: usize = 100;

/// How many nicks of one session are known that it has asked for.
const NAMED_MAX: usize = 16;
