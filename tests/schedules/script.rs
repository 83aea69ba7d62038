//! What happens in a random schedule, and the lines of a scenario that make it happen.

use std::collections::BTreeSet;

use proptest::prelude::*;

pub const PEOPLE: [(&str, &str); 8] = [
    ("Wumpus", "argl@killrc.oulubox.irc/laptop"),
    ("Valdis", "valdis@killrc.oulubox.irc/desktop"),
    ("Phaedrus", "phaedrus@killrc.oulubox.irc/phone"),
    ("WiZ", "squit@eris.dclxvii.irc/jupiter"),
    ("Troy", "troy@eris.dclxvii.irc/screwdriver"),
    ("BigCheese", "rubenro@vesa.yeggmaex.irc/shaver"),
    ("Efchen", "msa@vesa.yeggmaex.irc/bicycle"),
    ("Ford", "ford@guide.example/towel"),
];

pub const SLAVES: [&str; 3] = ["killrc.oulubox.irc", "eris.dclxvii.irc", "vesa.yeggmaex.irc"];

pub const ROOM: &str = "wallops@channel.avalon.irc";

/// The lines after which nobody is in the room.
pub const MASTER_DOWN: [&str; 2] = ["crash the master", "crash channel.avalon.irc"];

/// Who is at a domain without a slave.
const GUEST: &str = "[Client] Ford\n\tjid: ford@guide.example/towel\n\tjoined: wallops\n";

#[derive(Clone, Debug)]
pub enum Act {
    Join(usize),
    Leave(usize),
    Say(usize),
    Away(usize),
    Back(usize),
    Tell(usize, usize),
    Lose(usize),
    Rename(usize),
    Subject(usize),
    /// Who does it is WiZ.
    Kick(usize),
    /// Which slave, and how.
    Cut(usize, &'static str),
    Hold(usize),
    Heal,
    Wait(u32),
    /// These at one instant.
    Meanwhile(Vec<Act>),
    /// These while a link is silently dead, until both sides must have found out.
    Dark(usize, Vec<Act>),
    /// Two messages in one go, with one id or with none.
    Twice(usize, Option<u8>),
    /// These while a machine is down.
    Down(Machine, Vec<Act>),
}

/// A machine that stops. Slaves and their servers have the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    Slave(usize),
    Server(usize),
    /// The master alone, or its whole server.
    Master,
    MastersServer,
}

impl Machine {
    fn words(self) -> String {
        match self {
            Machine::Slave(slave) => format!("the slave {}", SLAVES[slave]),
            Machine::Server(server) => SLAVES[server].to_owned(),
            Machine::Master => "the master".to_owned(),
            Machine::MastersServer => "channel.avalon.irc".to_owned(),
        }
    }
}

pub fn doing() -> impl Strategy<Value = Act> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        2 => who.clone().prop_map(Act::Join),
        2 => who.clone().prop_map(Act::Leave),
        6 => who.clone().prop_map(Act::Say),
        1 => who.clone().prop_map(Act::Away),
        1 => who.clone().prop_map(Act::Back),
        1 => (who.clone(), who.clone()).prop_map(|(one, other)| Act::Tell(one, other)),
        1 => who.clone().prop_map(Act::Rename),
        1 => who.clone().prop_map(Act::Subject),
        1 => who.clone().prop_map(Act::Kick),
        1 => (who.clone(), proptest::option::of(0..2_u8)).prop_map(|(who, id)| Act::Twice(who, id)),
        1 => who.prop_map(Act::Lose),
    ]
}

pub fn act() -> impl Strategy<Value = Act> {
    let slave = 0..SLAVES.len();
    prop_oneof![
        12 => doing(),
        2 => proptest::collection::vec(doing(), 2..5).prop_map(Act::Meanwhile),
        2 => slave.clone().prop_map(|slave| Act::Cut(slave, " refusing")),
        1 => slave.clone().prop_map(|slave| Act::Cut(slave, " resetting")),
        1 => slave.clone().prop_map(Act::Hold),
        1 => (slave.clone(), proptest::collection::vec(doing(), 0..4))
            .prop_map(|(slave, acts)| Act::Dark(slave, acts)),
        1 => (machine(), proptest::collection::vec(doing(), 0..4))
            .prop_map(|(machine, acts)| Act::Down(machine, acts)),
        2 => Just(Act::Heal),
        1 => (1..200_u32).prop_map(Act::Wait),
    ]
}

pub fn machine() -> impl Strategy<Value = Machine> {
    let number = 0..SLAVES.len();
    prop_oneof![
        2 => number.clone().prop_map(Machine::Slave),
        2 => number.prop_map(Machine::Server),
        1 => Just(Machine::Master),
        1 => Just(Machine::MastersServer),
    ]
}

/// The script of a schedule, with a text of its own for everything that is said. Who lost his
/// connection comes back before he does anything else. A link that is held is released before it is
/// cut: what a dying stream holds is lost without anybody's knowledge, which profile core does not
/// promise to repair. A master forgets with all of its slaves in reach.
pub fn script(acts: &[Act]) -> String {
    let mut script = Script::default();
    for act in acts {
        script.add(act);
    }
    let end = "heal everything\nwait 150s\nwait until quiet\nwait 70s\n";
    let expected = "The roster is the same everywhere\nThe history is the same everywhere\n";
    format!("# A schedule\n## cast: wallops\n{GUEST}-----\n{}{end}{expected}", script.text)
}

#[derive(Default)]
struct Script {
    text: String,
    offline: BTreeSet<usize>,
    said: u32,
    held: bool,
    /// The server that is down.
    down: Option<usize>,
}

impl Script {
    fn add(&mut self, act: &Act) {
        let cuts = matches!(act, Act::Cut(..) | Act::Dark(..) | Act::Down(..));
        if cuts && std::mem::take(&mut self.held) {
            self.text += "heal everything\nwait 1s\n";
        }
        self.held |= matches!(act, Act::Hold(_));
        match act {
            Act::Meanwhile(inner) => {
                let mut seen = self.offline.clone();
                let mut lines = String::new();
                for act in inner.iter().filter(|act| actor(act).is_some_and(|who| seen.insert(who)))
                {
                    lines += &format!("\t{}\n", self.line(act).replace('\n', "\n\t"));
                }
                if !lines.is_empty() {
                    self.text += &format!("meanwhile\n{lines}\n");
                }
            }
            Act::Dark(slave, inner) => {
                self.text += &format!("cut {} from channel.avalon.irc\n", SLAVES[*slave]);
                for act in inner {
                    self.add(act);
                }
                self.text += "wait 220s\n";
            }
            Act::Down(machine, inner) => self.take_down(*machine, inner),
            act if actor(act).is_some_and(|who| self.has_lost_server(who)) => {}
            act => {
                if let Some(who) = actor(act).filter(|who| self.offline.remove(who)) {
                    self.text += &format!("{} connects\n", PEOPLE[who].0);
                }
                let line = self.line(act);
                self.text += &format!("{line}\n");
            }
        }
    }

    /// A server that is down takes its people with it.
    fn take_down(&mut self, machine: Machine, inner: &[Act]) {
        if matches!(machine, Machine::Master | Machine::MastersServer) {
            self.text += "heal everything\nwait until quiet\n";
        }
        self.text += &format!("crash {}\n", machine.words());
        if let Machine::Server(server) = machine {
            self.down = Some(server);
            let its = (0..PEOPLE.len()).filter(|who| self.has_lost_server(*who));
            self.offline.extend(its.collect::<Vec<_>>());
        }
        for act in inner {
            self.add(act);
        }
        self.down = None;
        self.text += &format!("restart {}\nwait 1s\n", machine.words());
    }

    fn has_lost_server(&self, who: usize) -> bool {
        self.down.is_some_and(|server| is_at(PEOPLE[who].1, SLAVES[server]))
    }

    fn line(&mut self, act: &Act) -> String {
        let name = |who: &usize| PEOPLE[*who].0;
        self.said += 1;
        let said = self.said;
        match act {
            Act::Join(who) => format!("{} joins wallops", name(who)),
            Act::Leave(who) => format!("{} leaves", name(who)),
            Act::Say(who) => format!("{} says \"message {said}\"", name(who)),
            Act::Away(who) => format!("{} is away", name(who)),
            Act::Back(who) => format!("{} is back", name(who)),
            Act::Tell(who, to) => format!("{} tells {} \"private {said}\"", name(who), name(to)),
            Act::Rename(who) => format!("{} becomes \"nick {said}\"", name(who)),
            Act::Subject(who) => format!("{} sets the subject to \"subject {said}\"", name(who)),
            Act::Kick(who) => format!("WiZ kicks {}", name(who)),
            Act::Lose(who) => {
                self.offline.insert(*who);
                format!("{} loses its connection", name(who))
            }
            Act::Cut(slave, manner) => {
                format!("cut {} from channel.avalon.irc{manner}", SLAVES[*slave])
            }
            Act::Hold(slave) => format!("hold {} from channel.avalon.irc for 15s", SLAVES[*slave]),
            Act::Heal => "heal everything".to_owned(),
            Act::Wait(seconds) => format!("wait {seconds}s"),
            Act::Twice(who, id) => {
                let id = id.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
                let message = |said: &str| {
                    format!(
                        "\t<message to=\"{ROOM}\" type=\"groupchat\"{id}>\n\
                         \t\t<body>message {said}</body>\n\t</message>"
                    )
                };
                let [one, other] = ["a", "b"].map(|letter| message(&format!("{said}{letter}")));
                format!("{} sends:\n{one}\n{other}", name(who))
            }
            Act::Meanwhile(_) | Act::Dark(..) | Act::Down(..) => String::new(),
        }
    }
}

fn actor(act: &Act) -> Option<usize> {
    match act {
        Act::Join(who)
        | Act::Leave(who)
        | Act::Say(who)
        | Act::Away(who)
        | Act::Back(who)
        | Act::Tell(who, _)
        | Act::Rename(who)
        | Act::Subject(who)
        | Act::Twice(who, _)
        | Act::Lose(who) => Some(*who),
        Act::Kick(_) => Some(3),
        _ => None,
    }
}

pub fn is_at(jid: &str, domain: &str) -> bool {
    jid.split(['@', '/']).nth(1) == Some(domain)
}
