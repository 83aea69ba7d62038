//! The real machines play the examples: master and slaves as a group, without servers or a network.
//! What they do matches; what a machine does that differs in one attribute does not.

use std::collections::{BTreeMap, VecDeque};

use wallops::dmuc::{
    Output, Persistence, Registration, Rooms, Service, ServiceConfig, ServiceInput, Slave,
    SlaveConfig, SlaveInput, StaticSlave, Timers,
};
use wallops::room::{Affiliation, PastMessage, RoomConfig, Subject};
use wallops::stanza::{BareJid, Stanza, Type};
use wallops::time::{Duration, Time};

use crate::run::{Line, NOTHING, RUBENRO, SLAVES, domain, errata, hop, jid, stanza, unmatched};

const ROOM: &str = "wallops@channel.avalon.irc";
const MASTER: &str = "channel.avalon.irc";
const CAST: [(&str, &str); 7] = [
    ("Wumpus", "argl@killrc.oulubox.irc/laptop"),
    ("Valdis", "valdis@killrc.oulubox.irc/desktop"),
    ("Phaedrus", "phaedrus@killrc.oulubox.irc/phone"),
    ("WiZ", "squit@eris.dclxvii.irc/jupiter"),
    ("Troy", "troy@eris.dclxvii.irc/screwdriver"),
    ("BigCheese", RUBENRO),
    ("Efchen", "msa@vesa.yeggmaex.irc/bicycle"),
];

/// The machines, what is on its way to them, and what left a host so far.
struct Stage {
    now: u64,
    service: Service,
    slaves: BTreeMap<String, Slave>,
    under_way: VecDeque<Line>,
    sent: Vec<Line>,
    /// What is wrong with what machines send.
    fault: fn(&mut Stanza),
}

fn bare(text: &str) -> BareJid {
    jid(text).to_bare()
}

fn room() -> RoomConfig {
    let mut room = RoomConfig::new(bare(ROOM));
    room.affiliations.insert(bare("argl@killrc.oulubox.irc"), Affiliation::Owner);
    room.affiliations.insert(bare("squit@eris.dclxvii.irc"), Affiliation::Admin);
    room.moderators.insert(bare("troy@eris.dclxvii.irc"));
    let past = [
        ("Trillian", "1990-01-23T19:50:01Z", "Honest! He did!!"),
        ("BlondeBoy", "1990-01-23T19:50:30Z", "Was that absolutely necessary????????"),
        ("DCLXVI", "1990-01-23T19:50:51Z", "SUUUUUUURE he did"),
        ("Cerebus", "1990-01-23T19:51:20Z", "He did.  really truly he did."),
    ];
    room.history = past
        .map(|(author, stamp, text)| PastMessage {
            author: author.to_owned(),
            stamp: stamp.parse().unwrap(),
            text: text.to_owned(),
        })
        .to_vec();
    room.subject = Some(Subject {
        text: "EFnet or A-net?".to_owned(),
        author: "Wumpus".to_owned(),
        stamp: "1990-08-25T10:00:00Z".parse().unwrap(),
    });
    room
}

impl Stage {
    fn new(fault: fn(&mut Stanza)) -> Self {
        let serves = Rooms::Service(MASTER.to_owned());
        let slaves = SLAVES.map(|slave| StaticSlave {
            jid: (*jid(slave)).clone(),
            rooms: serves.clone(),
            history_max: 20,
            at_start: !slave.contains("vesa"),
        });
        let local = |slave: &str| SlaveConfig {
            jid: (*jid(slave)).clone(),
            rooms: serves.clone(),
            history_max: 20,
            timers: Timers::default(),
            registration: Registration::Static,
            persistent: false,
        };
        let config = ServiceConfig {
            domain: MASTER.to_owned(),
            rooms: vec![room()],
            creation: false,
            slaves: slaves.to_vec(),
            timers: Timers::default(),
            registration: false,
            identify: false,
            persistence: Persistence::Nothing,
        };
        let mut stage = Self {
            now: 0,
            service: Service::new(config),
            slaves: SLAVES.iter().map(|s| (domain(s).to_owned(), Slave::new(local(s)))).collect(),
            under_way: VecDeque::new(),
            sent: Vec::new(),
            fault,
        };
        stage.service(ServiceInput::Timeout);
        stage.run();
        stage
    }

    fn time(&self) -> Time {
        Time::XEP_EPOCH + Duration::from_millis(self.now)
    }

    /// Everything arrives, 20 ms after it left.
    fn run(&mut self) {
        while let Some((at, hop)) = self.under_way.pop_front() {
            self.now = at + 20;
            if &*hop.to == MASTER {
                self.service(ServiceInput::Stanza(hop.stanza));
            } else if &*hop.from == MASTER {
                self.slave(&hop.to, SlaveInput::Down(hop.stanza));
            } else if hop.from.contains('/') {
                self.slave(&hop.to, SlaveInput::Up(hop.stanza));
            }
        }
        self.now += 1000;
    }

    fn service(&mut self, input: ServiceInput) {
        let mut out = Vec::new();
        self.service.step(self.time(), input, &mut out);
        self.send(MASTER, out);
    }

    fn slave(&mut self, domain: &str, input: SlaveInput) {
        let mut out = Vec::new();
        let now = self.time();
        self.slaves.get_mut(domain).unwrap().step(now, input, &mut out);
        self.send(domain, out);
    }

    fn send(&mut self, from: &str, out: Vec<Output>) {
        for output in out {
            let Output::Send(mut stanza) = output else { continue };
            (self.fault)(&mut stanza);
            let to = stanza.to.clone().unwrap();
            let domain = to.domain().as_str();
            let to = if domain == from { to.as_str() } else { domain };
            self.leaves(hop(from, to, stanza));
        }
    }

    fn leaves(&mut self, hop: wallops::transcript::Hop) {
        self.sent.push((self.now, hop.clone()));
        self.under_way.push_back((self.now, hop));
    }

    fn user_sends(&mut self, who: usize, to: &str, text: &str) {
        let (_, user) = CAST[who];
        let stanza = stanza(text).with_from(jid(user)).with_to(jid(to));
        self.leaves(hop(user, domain(user), stanza));
        self.run();
    }

    fn enters(&mut self, who: usize) {
        let to = format!("{ROOM}/{}", CAST[who].0);
        self.user_sends(
            who,
            &to,
            "<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>",
        );
    }
}

/// The play of all examples, by machines with this fault.
fn play(fault: fn(&mut Stanza)) -> Vec<Line> {
    let mut stage = Stage::new(fault);
    (0..5).for_each(|who| stage.enters(who));
    stage.sent.clear();
    stage.service(ServiceInput::CreateSlave((*jid(SLAVES[2])).clone()));
    stage.run();
    stage.enters(6);
    stage.enters(5);
    let said = "Phaedrus, we&apos;re all having a truly rotten time.";
    let message = format!("<message type='groupchat'><body>{said}</body></message>");
    stage.user_sends(5, ROOM, &message);
    stage.user_sends(5, &format!("{ROOM}/BigCheese"), "<presence type='unavailable'/>");
    stage.sent
}

#[test]
fn the_machines_play_all_20_examples() {
    let lines = play(|_| {});
    let outcomes = crate::run::check(&lines);
    for outcome in &outcomes {
        assert!(outcome.is_match(), "{outcome}");
    }
    assert_eq!(errata(&outcomes, 10), ["E06"]);
}

/// Change every attribute of this name and value among the payloads.
fn rewrite(stanza: &mut Stanza, old: &str, new: &str) {
    let text = stanza.to_string();
    if text.contains(old) {
        *stanza = crate::run::stanza(&text.replace(old, new));
    }
}

#[test]
fn one_attribute_changed_in_a_machine_is_noticed() {
    type Fault = fn(&mut Stanza);
    let faults: [(Fault, &[u32]); 7] = [
        (|s| rewrite(s, "role='participant'", "role='visitor'"), &[1, 4, 8, 9, 10, 11, 13]),
        (|s| rewrite(s, "affiliation='owner'", "affiliation='member'"), &[1, 13]),
        (
            |s| {
                rewrite(
                    s,
                    "<delay xmlns='urn:xmpp:delay' from=",
                    "<delay xmlns='urn:xmpp:delay' by=",
                )
            },
            &[6, 15, 17],
        ),
        (
            |s| {
                rewrite(
                    s,
                    "<leave jid='rubenro@vesa.yeggmaex.irc/shaver'",
                    "<leave jid='rubenro@vesa.yeggmaex.irc'",
                )
            },
            &[3],
        ),
        (
            |s| rewrite(s, "urn:xmpp:tmp:dmuc:0", "urn:xmpp:dmuc:0"),
            &[2, 3, 6, 9, 12, 13, 14, 15, 17, 18],
        ),
        (|s| rewrite(s, " jid='rubenro@vesa.yeggmaex.irc/shaver' role", " role"), &[4, 8, 9, 10]),
        (
            |s| {
                if s.is_groupchat() {
                    s.type_ = Type::Normal
                }
            },
            &[6, 17, 18, 19, 20],
        ),
    ];
    for (number, (fault, expected)) in faults.into_iter().enumerate() {
        let unmatched = unmatched(&play(fault));
        assert!(
            expected.iter().all(|example| unmatched.contains(example)),
            "fault {number}: {unmatched:?}"
        );
    }
    assert_eq!(unmatched(&play(|_| {})), NOTHING);
}
