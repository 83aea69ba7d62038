//! A slave alone: the test plays its master, its users and its server.

use std::collections::BTreeSet;
use std::sync::Arc;

use wallops::dmuc::{
    Demands, Note, Output, Registration, Rooms, Slave, SlaveConfig, SlaveInput, SlaveRoom, Timers,
};
use wallops::stanza::slave::Policy;
use wallops::stanza::{Stanza, Type, ns};
use wallops::time::{Duration, Time};

use crate::cast::*;
use crate::pattern::{Names, assert_all, filled};
use crate::record::*;
use crate::stanzas::*;

/// A slave and what it did since the test looked last.
pub struct LoneSlave {
    pub slave: Slave,
    pub now: Time,
    pub names: Names,
    pub notes: Vec<Note>,
    sent: Vec<Stanza>,
}

/// What a slave that would like to do everything asks for.
pub const EVERYTHING: Policy = Policy {
    local_chat: true,
    local_private: true,
    local_enter: true,
    local_nick: true,
    local_kick: true,
    mark_away: false,
    enter_role: wallops::stanza::slave::EnterRole::Visitor,
};

pub fn slave_config(slave: &str, policy: Policy) -> SlaveConfig {
    SlaveConfig {
        jid: jid(slave),
        rooms: Rooms::Only(BTreeSet::from([bare(ROOM)])),
        history_max: 1000,
        timers: Timers::default(),
        registration: Registration::Dynamic(Demands { policy, ..Demands::default() }),
        persistent: false,
    }
}

impl LoneSlave {
    /// vesa's slave, with nobody in the room.
    pub fn new(policy: Policy) -> Self {
        let slave = Slave::new(slave_config(VESA, policy));
        let (names, notes, sent) = (Names::new(), Vec::new(), Vec::new());
        Self { slave, now: Time::XEP_EPOCH, names, notes, sent }
    }

    /// As at the worked example's start: position e7/417 of room r1, Wumpus, WiZ and Phaedrus
    /// elsewhere, BigCheese and Efchen here; this much of what it asks for is granted.
    pub fn active(granted: Policy) -> Self {
        let mut alone = Self::idle_in_room(granted);
        for (seq, who) in [(416, BIGCHEESE), (417, EFCHEN)] {
            if who == EFCHEN {
                alone.join(who);
            }
            alone.down(&event(nick(who), seq, ""));
            alone.down(&enter(nick(who), who));
        }
        alone.take();
        alone
    }

    /// Registered at e7/415, BigCheese's join has gone up and is not answered.
    pub fn idle_in_room(granted: Policy) -> Self {
        let mut alone = Self::new(granted);
        alone.join(BIGCHEESE);
        let id = alone.register_id().expect("it registers when the first user wants to enter");
        alone.down(&accept(&id, 415, "full", &policy_xml(granted), ""));
        for nick in ["Wumpus", "WiZ", "Phaedrus"] {
            alone.down(&state(nick, ""));
        }
        alone.down(&subject("EFnet or A-net?"));
        alone.down(&synced(415));
        alone.acknowledge();
        alone
    }

    /// The same, split by the bounce of a ping.
    pub fn split(granted: Policy) -> Self {
        let mut alone = Self::active(granted);
        alone.lose_master();
        alone.take();
        alone
    }

    /// Its ping cannot be delivered.
    pub fn lose_master(&mut self) {
        self.seconds(90);
        let ping = self.take().into_iter().find(is_ping).expect("it pings after 90 s of silence");
        self.bounce(&ping, "remote-server-not-found");
    }

    /// A user's stanza cannot be delivered.
    pub fn lose_master_now(&mut self) {
        self.say(EFCHEN, "lost1", "lost");
        let lost = self.take().into_iter().find(|s| id(s) == "lost1").expect("it is relayed");
        self.bounce(&lost, "remote-server-not-found");
    }

    /// A local user sends a stanza.
    pub fn up(&mut self, who: &str, stanza: &str) {
        let mut stanza = xml(&filled(stanza, &self.names));
        stanza.from = Some(Arc::new(jid(who)));
        self.step(SlaveInput::Up(stanza));
    }

    /// The master sends a stanza, or somebody in its name.
    pub fn down(&mut self, stanza: &str) {
        let stanza = xml(&filled(stanza, &self.names));
        self.step(SlaveInput::Down(stanza));
    }

    /// Its own server could not deliver this.
    pub fn bounce(&mut self, stanza: &Stanza, condition: &str) {
        let mut error = xml(&format!(
            "<message type='error'><error type='cancel'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        ));
        error.kind = stanza.kind;
        (error.from, error.to) = (stanza.to.clone(), stanza.from.clone());
        error.id.clone_from(&stanza.id);
        self.step(SlaveInput::Bounced(error));
    }

    pub fn step(&mut self, input: SlaveInput) {
        let mut out = Vec::new();
        self.slave.step(self.now, input, &mut out);
        for output in out {
            match output {
                Output::Send(stanza) => self.sent.push(stanza),
                Output::Note(note) => self.notes.push(note),
            }
        }
    }

    /// Let time pass; what is due happens when it is due.
    pub fn seconds(&mut self, seconds: u64) {
        let target = self.now + Duration::from_secs(seconds);
        for _ in 0..10_000 {
            match self.slave.deadline().filter(|next| *next <= target) {
                Some(next) => {
                    self.now = self.now.max(next);
                    self.step(SlaveInput::Timeout);
                }
                None => {
                    self.now = target;
                    return;
                }
            }
        }
        panic!("a deadline stays in the past");
    }

    /// What it sent since the test looked last.
    pub fn take(&mut self) -> Vec<Stanza> {
        std::mem::take(&mut self.sent)
    }

    /// The same, to look at it again.
    pub fn peek(&self) -> &[Stanza] {
        &self.sent
    }

    /// It has sent these since the test looked last, in this order, and nothing else.
    #[track_caller]
    pub fn sends(&mut self, expected: &[&str]) {
        let sent = self.take();
        assert_all(&sent, expected, &mut self.names);
    }

    /// What it has sent to the master since the test looked last.
    pub fn gone_up(&mut self) -> Vec<Stanza> {
        self.take().into_iter().filter(goes_up).collect()
    }

    /// It has told its users nothing.
    #[track_caller]
    pub fn tells_nobody(&mut self) {
        let told: Vec<_> = self.take().iter().filter(|s| !goes_up(s)).map(text).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }

    /// The id of the register that it has sent, the last one.
    pub fn register_id(&self) -> Option<String> {
        let register = |s: &&Stanza| s.has_payload("register", ns::SLAVE) && !s.is_error();
        self.sent.iter().rev().find(register).map(id)
    }

    /// The master acknowledges the slave's own `synced`.
    pub fn acknowledge(&mut self) {
        let own = |s: &&Stanza| s.has_payload("synced", ns::SLAVE);
        let id = self.sent.iter().rev().find(own).map(id).expect("it says that it is synced");
        self.down(&format!("<iq type='result' id='{id}' from='{ROOM}' to='{VESA}'/>"));
    }

    /// The same of this one, which the test has looked at already.
    pub fn acknowledge_last(&mut self, own: &Stanza) {
        assert!(own.has_payload("synced", ns::SLAVE), "{}", text(own));
        self.down(&format!("<iq type='result' id='{}' from='{ROOM}' to='{VESA}'/>", id(own)));
    }

    pub fn join(&mut self, who: &str) {
        self.join_as(who, nick(who));
    }

    pub fn join_as(&mut self, who: &str, nick: &str) {
        let muc = "<x xmlns='http://jabber.org/protocol/muc'/>";
        self.up(who, &format!("<presence to='{ROOM}/{nick}'>{muc}</presence>"));
    }

    pub fn say(&mut self, who: &str, id: &str, body: &str) {
        let body = format!("<body>{body}</body>");
        self.up(who, &format!("<message id='{id}' to='{ROOM}' type='groupchat'>{body}</message>"));
    }

    /// The position that it would answer a ping with; it is not asked.
    pub fn position(&self) -> (String, u64) {
        let mut twin = Self {
            slave: self.slave.clone(),
            now: self.now,
            names: Names::new(),
            notes: Vec::new(),
            sent: Vec::new(),
        };
        twin.down(&ping("twin"));
        let pong = twin.take().into_iter().find(|s| s.type_ == Type::Result);
        let pong = pong.expect("a ping is answered");
        let at = pong.payload("at", ns::SLAVE).expect("a pong carries the position");
        (at.attr("epoch").unwrap().to_owned(), at.attr("seq").unwrap().parse().unwrap())
    }

    /// It has asked to be registered since the test looked last.
    #[track_caller]
    pub fn registers(&mut self) -> Stanza {
        let sent = self.take();
        let register = sent.iter().find(|s| s.has_payload("register", ns::SLAVE));
        let Some(register) = register else {
            panic!("no register among {}", sent.iter().map(text).collect::<String>())
        };
        self.names.insert("reg".to_owned(), id(register));
        register.clone()
    }

    /// It has not.
    #[track_caller]
    pub fn registers_not(&mut self) {
        let sent = self.take();
        let register = sent.iter().find(|s| s.has_payload("register", ns::SLAVE));
        assert!(register.is_none(), "{}", text(register.unwrap()));
    }

    pub fn copy(&self) -> &SlaveRoom {
        self.slave.room(&bare(ROOM)).expect("a copy of the room")
    }
}

pub fn id(stanza: &Stanza) -> String {
    stanza.id.as_deref().unwrap_or_default().to_owned()
}

pub fn goes_up(stanza: &Stanza) -> bool {
    stanza.to.as_ref().is_some_and(|to| to.domain().as_str() == DOMAIN)
}
