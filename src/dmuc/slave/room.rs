//! A slave's copy of one room: the stored roster, the distribution list, history, and where it
//! stands with the master (XEP-0282, Slave Requirements).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use indexmap::IndexMap;

use super::ahead::Ahead;
use super::waiting::{Relayed, Waiting};
use crate::dmuc::pinger::{Due, Pinger};
use crate::dmuc::{Change, Note, Output, SlaveConfig, Timers};
use crate::room::{History, Roster, StoredMessage};
use crate::stanza::{BareJid, Jid, Stanza, Type, element, ns};
use crate::time::Time;

/// A slave's copy of a room.
#[derive(Clone, Debug)]
pub struct SlaveRoom {
    pub(super) jid: BareJid,
    pub(super) address: Arc<Jid>,
    pub(super) slave: Arc<Jid>,
    pub(super) timers: Timers,
    /// Everybody in the room, as the master told (`slave.store.room-roster`).
    pub(super) roster: Roster,
    /// Local occupants whom the room does not show to others: it told of them by ENTER alone.
    pub(super) hidden: BTreeSet<String>,
    /// The distribution list: local sessions and their nicks (`slave.store.local-roster`).
    pub(super) locals: IndexMap<Arc<Jid>, String>,
    /// To which address of the room a local session has sent available presence, and no
    /// unavailable since (`slave.intercept.directed-presence`).
    pub(super) directed: BTreeMap<Arc<Jid>, Arc<Jid>>,
    pub(super) history: History,
    pub(super) subject: Option<StoredMessage>,
    /// The run of the room that it knows, as the master names it.
    pub(super) run: Option<Arc<str>>,
    /// Whether a real JID is among what it stores.
    pub(super) knows_jids: bool,
    /// Whether everybody sees real JIDs: the master said 100 to somebody who entered.
    pub(super) non_anonymous: bool,
    /// What was relayed and has to be answered, oldest first.
    pub(super) waiting: Waiting,
    /// While split: the last presence, or the leave, of each local session, to be relayed later.
    pub(super) queue: IndexMap<Arc<Jid>, Stanza>,
    /// What the slave, started again, says to the room for each user whom it has told that he is
    /// out: the room may serve him itself, so that it is said until it is answered.
    pub(super) goodbyes: IndexMap<Arc<Jid>, Stanza>,
    /// Nicks whose owner left while split, with his last session, until the master has said so too.
    pub(super) leaving: BTreeMap<String, Arc<Jid>>,
    /// Local sessions that have left and asked to enter again, or whose connection has ended, and
    /// are not answered: until then they get nothing more of their first stay.
    pub(super) returning: BTreeSet<Arc<Jid>>,
    /// Nicks that have just been taken: the presence that comes next is news, whatever it says.
    pub(super) taken: BTreeSet<String>,
    /// Of whom local sessions that are about to enter were told.
    pub(super) ahead: Ahead,
    /// Messages of late, so that none is shown twice: author, id, stamp; by their stamps.
    pub(super) recent: VecDeque<(Arc<Jid>, Option<Arc<str>>, Time)>,
    /// When the master was heard again after the last split.
    pub(super) back_at: Option<Time>,
    pub(super) pinger: Pinger,
    /// It was started again and the master does not know it yet.
    pub(super) amnesia: bool,
    /// The master was told that all is forgotten here, and has not begun to tell it anew: it may
    /// not have heard. What else it says is for the slave that was there before.
    pub(super) blank: bool,
    pub(super) ids: u64,
}

impl SlaveRoom {
    pub(super) fn new(jid: &BareJid, slave: Arc<Jid>, config: &SlaveConfig) -> Self {
        Self {
            jid: jid.clone(),
            address: Arc::new(jid.clone().into()),
            slave,
            timers: config.timers,
            roster: Roster::new(),
            hidden: BTreeSet::new(),
            locals: IndexMap::new(),
            directed: BTreeMap::new(),
            history: History::new(config.history_max),
            subject: None,
            run: None,
            knows_jids: false,
            non_anonymous: false,
            waiting: Waiting::default(),
            queue: IndexMap::new(),
            goodbyes: IndexMap::new(),
            leaving: BTreeMap::new(),
            returning: BTreeSet::new(),
            taken: BTreeSet::new(),
            ahead: Ahead::default(),
            recent: VecDeque::new(),
            back_at: None,
            pinger: Pinger::new(config.timers, config.timers.slave_idle),
            amnesia: false,
            blank: false,
            ids: 0,
        }
    }

    /// The room's address.
    pub fn jid(&self) -> &BareJid {
        &self.jid
    }

    /// The stored roster.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The stored history.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The text of the stored subject, if one was ever set.
    pub fn subject(&self) -> Option<String> {
        self.subject.as_ref().and_then(StoredMessage::subject)
    }

    /// Whether it counts the master as lost, or has forgotten what it knew.
    pub fn is_split(&self) -> bool {
        self.pinger.split_since().is_some()
    }

    pub(super) fn forget_all(&mut self, now: Time) {
        self.amnesia = true;
        self.pinger.split(now);
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.pinger.deadline()
    }

    /// Do what is due (`slave.keepalive.ping-when-quiet`).
    pub(super) fn tick(&mut self, now: Time, out: &mut Vec<Output>) {
        match self.pinger.due(now) {
            Some(Due::Ping) => self.ping(now, out),
            Some(Due::Split) => self.split(now, out),
            None => {}
        }
    }

    pub(super) fn ping(&mut self, now: Time, out: &mut Vec<Output>) {
        self.ids += 1;
        let id = format!("sk{}", self.ids);
        self.pinger.ask(id.clone(), now);
        let ping = Stanza::iq(Type::Get, &id)
            .with_from(self.slave.clone())
            .with_to(self.address.clone())
            .with_payload(element("ping", ns::PING, &[]));
        out.push(Output::Send(ping));
    }

    pub(super) fn note(&self, about: &Jid, change: Change) -> Output {
        Output::Note(Note { by: Jid::clone(&self.slave), about: about.clone(), change })
    }

    /// Remember that this was relayed and has to be answered.
    pub(super) fn await_answer(&mut self, now: Time, stanza: Stanza) {
        self.waiting.push(Relayed { stanza, at: now, again: false, entered: false, told: false });
    }

    /// This session is out of the room; unless it has asked again already, it has to ask anew.
    pub(super) fn forget_directed(&mut self, session: &Jid) {
        if !self.waiting.has(session, Stanza::is_available) {
            self.directed.remove(session);
            self.ahead.take(session);
        }
    }

    /// An id for a message that has none.
    pub(super) fn next_id(&mut self) -> Arc<str> {
        self.ids += 1;
        format!("{}-{}", self.slave.domain(), self.ids).into()
    }
}
