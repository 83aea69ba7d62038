//! A chat service alone: the test plays its slaves, users and the servers between.

use std::sync::Arc;

use std::collections::BTreeMap;

use wallops::dmuc::{Note, Output, Service, ServiceConfig, ServiceInput};
use wallops::room::RoomConfig;
use wallops::stanza::slave::Policy;
use wallops::stanza::{Stanza, ns};
use wallops::time::{Duration, Time};

use crate::cast::*;
use crate::lone_slave::id;
use crate::pattern::{Names, assert_all, filled};
use crate::record::*;

/// A service and what it did since the test looked last.
pub struct LoneMaster {
    pub service: Service,
    pub now: Time,
    pub names: Names,
    pub notes: Vec<Note>,
    /// Up to where each slave that the test plays has the room's events.
    pub positions: BTreeMap<String, (String, u64)>,
    sent: Vec<Stanza>,
}

/// A service to whose rooms slaves may register.
pub fn registering(room: RoomConfig) -> ServiceConfig {
    let mut config = service(room, &[]);
    config.registration = true;
    config
}

/// What a slave asks for in these tests.
pub const DEMANDS: &str = "<keepalive interval='60'/><history maxstanzas='200' maxbytes='262144'/>";

impl LoneMaster {
    pub fn of(config: ServiceConfig) -> Self {
        let service = Service::new(config);
        let (now, names) = (Time::XEP_EPOCH, Names::new());
        let (notes, sent, positions) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut alone = Self { service, now, names, notes, sent, positions };
        alone.step(ServiceInput::Timeout);
        alone
    }

    /// The examples' room, with nobody in it and no slave.
    pub fn new() -> Self {
        Self::of(registering(room()))
    }

    /// A room that grants this.
    pub fn granting(policy: Policy) -> Self {
        let mut room = room();
        room.grants.policy = policy;
        Self::of(registering(room))
    }

    pub fn with_nobody() -> Self {
        Self::new()
    }

    /// The three slaves are registered and these people have entered.
    pub fn with(people: &[&str]) -> Self {
        Self::new().entered(people)
    }

    pub fn entered(mut self, people: &[&str]) -> Self {
        for slave in SLAVES {
            self.register(slave);
        }
        for who in people {
            self.join(who);
        }
        self.take();
        self
    }

    /// This slave registers for the first time, is accepted, and has no late stanzas.
    pub fn register(&mut self, slave: &str) {
        self.register_with(slave, "one", "");
        self.finish(slave);
    }

    /// It sends a register with this inside.
    pub fn register_with(&mut self, slave: &str, instance: &str, inside: &str) -> String {
        let id = format!("reg{}", self.now.as_micros() + i64::try_from(self.sent.len()).unwrap());
        self.send(
            slave,
            &format!(
                "<iq id='{id}' to='{ROOM}' type='set'><register \
                 xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='{instance}'>{DEMANDS}{inside}\
                 </register></iq>"
            ),
        );
        id
    }

    /// It says that it has no late stanzas.
    pub fn finish(&mut self, slave: &str) {
        self.finish_with(slave, 0);
    }

    /// It says how many late stanzas it has sent.
    pub fn finish_with(&mut self, slave: &str, late: u64) {
        let (epoch, seq) = self.positions[slave].clone();
        self.send(
            slave,
            &format!(
                "<iq id='sy{seq}' to='{ROOM}' type='set'><synced epoch='{epoch}' \
                 xmlns='urn:xmpp:tmp:dmuc:0#slave' seq='{seq}' late='{late}'/></iq>"
            ),
        );
    }

    /// The position that it would resume at.
    pub fn resume(&self, slave: &str) -> String {
        let (epoch, seq) = &self.positions[slave];
        format!("<resume room='{}' epoch='{epoch}' seq='{seq}'/>", self.names["room"])
    }

    /// A stanza of somebody, at the room's host.
    pub fn send(&mut self, who: &str, stanza: &str) {
        let mut stanza = xml(&filled(stanza, &self.names));
        stanza.from = Some(Arc::new(jid(who)));
        self.step(ServiceInput::Stanza(stanza));
    }

    pub fn step(&mut self, input: ServiceInput) {
        let mut out = Vec::new();
        self.service.step(self.now, input, &mut out);
        for output in out {
            match output {
                Output::Send(stanza) => {
                    self.follow(&stanza);
                    self.sent.push(stanza);
                }
                Output::Note(note) => self.notes.push(note),
            }
        }
    }

    /// What the slaves that the test plays learn of their position.
    fn follow(&mut self, stanza: &Stanza) {
        let slave = to(stanza).to_owned();
        if let Some(accept) = stanza.payload("accept", ns::SLAVE) {
            self.names.insert("room".to_owned(), accept.attr("room").unwrap().to_owned());
            self.names.insert("epoch".to_owned(), accept.attr("epoch").unwrap().to_owned());
        }
        let Some(x) = stanza.payload("x", ns::DMUC) else { return };
        let position = x.children().find(|child| ["at", "synced"].contains(&child.name()));
        if let Some(at) = position.filter(|_| SLAVES.contains(&slave.as_str())) {
            let seq = at.attr("seq").unwrap().parse().unwrap();
            self.positions.insert(slave, (at.attr("epoch").unwrap().to_owned(), seq));
        }
    }

    /// This cannot be delivered to the one that it was sent to.
    pub fn bounce(&mut self, stanza: &Stanza, condition: &str) {
        let mut error = xml(&format!(
            "<message type='error'><error type='cancel'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        ));
        error.kind = stanza.kind;
        (error.from, error.to) = (stanza.to.clone(), stanza.from.clone());
        error.id.clone_from(&stanza.id);
        self.step(ServiceInput::Stanza(error));
    }

    /// Let time pass, without any answer to pings.
    pub fn seconds(&mut self, seconds: u64) {
        self.seconds_answered(seconds, &[]);
    }

    /// Let time pass; these slaves answer pings, with their position.
    pub fn seconds_answered(&mut self, seconds: u64, slaves: &[&str]) {
        let target = self.now + Duration::from_secs(seconds);
        for _ in 0..100_000 {
            let Some(next) = self.service.deadline().filter(|next| *next <= target) else {
                self.now = target;
                return;
            };
            self.now = self.now.max(next);
            let before = self.sent.len();
            self.step(ServiceInput::Timeout);
            let pings: Vec<_> =
                self.sent[before..].iter().filter(|s| is_ping(s)).cloned().collect();
            for ping in pings.iter().filter(|ping| slaves.contains(&to(ping))) {
                self.pong(ping);
            }
        }
        panic!("a deadline stays in the past");
    }

    /// The slave answers a ping, with its position.
    pub fn pong(&mut self, ping: &Stanza) {
        let slave = to(ping).to_owned();
        let (epoch, seq) = self.positions[&slave].clone();
        self.pong_at(ping, &epoch, seq);
    }

    /// The same with another position.
    pub fn pong_at(&mut self, ping: &Stanza, epoch: &str, seq: u64) {
        let at = format!("<at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='{epoch}' seq='{seq}'/>");
        let (slave, id) = (to(ping).to_owned(), id(ping));
        self.send(&slave, &format!("<iq id='{id}' to='{ROOM}' type='result'>{at}</iq>"));
    }

    /// What it sent since the test looked last.
    pub fn take(&mut self) -> Vec<Stanza> {
        std::mem::take(&mut self.sent)
    }

    /// It has sent these since the test looked last, in this order, and nothing else.
    #[track_caller]
    pub fn sends(&mut self, expected: &[&str]) {
        let sent = self.take();
        assert_all(&sent, expected, &mut self.names);
    }

    /// The same of what goes to this address.
    #[track_caller]
    pub fn sends_to(&mut self, who: &str, expected: &[&str]) {
        let sent: Vec<_> = self.take().into_iter().filter(|stanza| to(stanza) == who).collect();
        assert_all(&sent, expected, &mut self.names);
    }

    /// It sends a ping to this slave within its silence; which.
    pub fn ping_to(&mut self, slave: &str) -> Stanza {
        self.seconds(60);
        let ping = self.take().into_iter().find(|s| is_ping(s) && to(s) == slave);
        ping.expect("it pings a silent slave")
    }

    /// The slave is lost: a ping to it cannot be delivered.
    pub fn lose(&mut self, slave: &str) {
        let others: Vec<_> = SLAVES.into_iter().filter(|other| *other != slave).collect();
        self.seconds_answered(60, &others);
        let ping = self.take().into_iter().find(|s| is_ping(s) && to(s) == slave);
        self.bounce(&ping.expect("it pings a silent slave"), "remote-server-not-found");
        self.take();
    }

    pub fn join(&mut self, who: &str) {
        self.join_as(who, nick(who));
    }

    pub fn join_as(&mut self, who: &str, nick: &str) {
        let muc = "<x xmlns='http://jabber.org/protocol/muc'/>";
        self.send(who, &format!("<presence to='{ROOM}/{nick}'>{muc}</presence>"));
    }

    pub fn leave(&mut self, who: &str) {
        let to = occupant(who);
        self.send(who, &format!("<presence to='{to}' type='unavailable'/>"));
    }

    pub fn say(&mut self, who: &str, id: &str, body: &str) {
        let body = format!("<body>{body}</body>");
        self.send(
            who,
            &format!("<message id='{id}' to='{ROOM}' type='groupchat'>{body}</message>"),
        );
    }

    /// An IQ of `{muc#admin}` with this item.
    pub fn admin(&mut self, who: &str, id: &str, item: &str) {
        let query = format!("<query xmlns='http://jabber.org/protocol/muc#admin'>{item}</query>");
        self.send(who, &format!("<iq id='{id}' to='{ROOM}' type='set'>{query}</iq>"));
    }

    /// Who is in the room.
    pub fn nicks(&self) -> Vec<String> {
        self.service.room(&bare(ROOM)).unwrap().roster().keys().cloned().collect()
    }
}

/// The answer to a register.
pub fn answer(sent: &[Stanza], id: &str) -> Stanza {
    let answer = sent.iter().find(|stanza| stanza.id.as_deref() == Some(id) && !is_ping(stanza));
    answer.cloned().expect("an answer to the register")
}
