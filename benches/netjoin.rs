//! What a netjoin costs, master and slave together and nothing else: linear in what changed while
//! they were apart, and not in who is in the room elsewhere.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot be set up has to stop")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use divan::Bencher;
use wallops::dmuc::{
    Demands, Output, Persistence, Registration, Rooms, Service, ServiceConfig, ServiceInput, Slave,
    SlaveConfig, SlaveInput, Timers,
};
use wallops::room::RoomConfig;
use wallops::stanza::slave::HistoryLimits;
use wallops::stanza::{BareJid, Jid, Stanza, Type, element, ns};
use wallops::time::{Duration, Time};

fn main() {
    divan::main();
}

const ROOM: &str = "wallops@channel.example";
const SLAVE: &str = "slave@near.example";
const FAR: &str = "slave@far.example";

/// How many occupants are behind the slave, how many elsewhere, how many messages and how many
/// presences it has missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Size {
    near: usize,
    far: usize,
    messages: usize,
    presences: usize,
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { near, far, messages, presences } = self;
        write!(f, "near {near}, far {far}, messages {messages}, presences {presences}")
    }
}

const fn size(near: usize, far: usize, messages: usize, presences: usize) -> Size {
    Size { near, far, messages, presences }
}

const SIZES: [Size; 10] = [
    size(1000, 0, 1000, 0),
    size(1000, 0, 500, 0),
    size(1000, 0, 250, 0),
    size(1000, 0, 0, 0),
    size(500, 0, 1000, 0),
    size(100, 0, 1000, 0),
    size(100, 1000, 100, 0),
    size(100, 8000, 100, 0),
    size(100, 8000, 100, 100),
    size(100, 8000, 100, 400),
];

/// A service and a slave, and what is on its way between them.
#[derive(Clone, Debug)]
struct Pair {
    service: Service,
    slave: Slave,
    now: Time,
    up: VecDeque<Stanza>,
    down: VecDeque<Stanza>,
}

fn jid(text: &str) -> Jid {
    Jid::new(text).unwrap()
}

fn limits() -> HistoryLimits {
    HistoryLimits { maxstanzas: 2000, maxbytes: None }
}

impl Pair {
    fn new() -> Self {
        let room = BareJid::new(ROOM).unwrap();
        let mut config = RoomConfig::new(room.clone());
        config.grants.history = limits();
        config.history_max = 2000;
        let service = Service::new(ServiceConfig {
            domain: "channel.example".to_owned(),
            rooms: vec![config],
            creation: false,
            slaves: vec![],
            timers: Timers::default(),
            registration: true,
            identify: false,
            persistence: Persistence::Nothing,
        });
        let slave = Slave::new(SlaveConfig {
            jid: jid(SLAVE),
            rooms: Rooms::Only(BTreeSet::from([room.clone()])),
            history_max: 2000,
            timers: Timers::default(),
            registration: Registration::Dynamic(Demands {
                history: limits(),
                ..Demands::default()
            }),
            persistent: false,
        });
        let now = Time::XEP_EPOCH;
        let mut pair = Self { service, slave, now, up: VecDeque::new(), down: VecDeque::new() };
        pair.slave(SlaveInput::Register(room, vec![]));
        let register = element("register", ns::SLAVE, &[("instance", "far")]);
        pair.far(Stanza::iq(Type::Set, "r").with_from(jid(FAR)).with_payload(register));
        pair
    }

    fn slave(&mut self, input: SlaveInput) {
        let mut out = Vec::new();
        self.slave.step(self.now, input, &mut out);
        self.up.extend(out.into_iter().filter_map(sent).filter(|stanza| goes_to(stanza, ROOM)));
        self.pump();
    }

    /// Something comes from elsewhere; what goes there nobody is interested in.
    fn far(&mut self, stanza: Stanza) {
        self.up.push_back(stanza);
        self.pump();
    }

    /// Let everything arrive.
    fn pump(&mut self) {
        let mut out = Vec::new();
        while !self.up.is_empty() || !self.down.is_empty() {
            while let Some(stanza) = self.up.pop_front() {
                let to = stanza.to.clone().unwrap_or_else(|| jid(ROOM).into());
                self.service.step(self.now, ServiceInput::Stanza(stanza.with_to(to)), &mut out);
                let near = |stanza: &Stanza| goes_to(stanza, SLAVE);
                self.down.extend(out.drain(..).filter_map(sent).filter(near));
            }
            while let Some(stanza) = self.down.pop_front() {
                self.slave.step(self.now, SlaveInput::Down(stanza), &mut out);
                let room = |stanza: &Stanza| goes_to(stanza, ROOM);
                self.up.extend(out.drain(..).filter_map(sent).filter(room));
            }
        }
    }

    /// A room of this size, whose slave has just come within reach again: the ping that finds it is
    /// on its way.
    fn apart(size: Size) -> Self {
        let mut pair = Self::new();
        for number in 0..size.near {
            pair.slave(SlaveInput::Up(join(number, "near")));
        }
        for number in 0..size.far.max(1) {
            pair.far(join(number, "far"));
        }
        let error = element("error", ns::CLIENT, &[("type", "wait")]);
        let lost = Stanza::message(Type::Error).with_from(jid(SLAVE)).with_payload(error);
        let mut out = Vec::new();
        let lost = lost.with_to(jid(ROOM));
        pair.service.step(pair.now, ServiceInput::Stanza(lost), &mut out);
        for number in 0..size.presences {
            pair.now += Duration::from_millis(1);
            let mut show = element("show", ns::CLIENT, &[]);
            show.append_text("away");
            pair.far(presence(number, "far").with_payload(show));
        }
        for number in 0..size.messages {
            pair.now += Duration::from_millis(1);
            let mut body = element("body", ns::CLIENT, &[]);
            body.append_text("Phaedrus, we're all having a truly rotten time.");
            let message = Stanza::message(Type::Groupchat).with_id(format!("m{number}"));
            pair.far(message.with_from(user(number % size.far.max(1), "far")).with_payload(body));
        }
        pair.down.extend(out.into_iter().filter_map(sent));
        pair
    }
}

fn sent(output: Output) -> Option<Stanza> {
    match output {
        Output::Send(stanza) => Some(stanza),
        Output::Note(_) => None,
    }
}

fn goes_to(stanza: &Stanza, whom: &str) -> bool {
    stanza.to.as_ref().is_some_and(|to| to.to_bare().as_str() == whom)
}

fn user(number: usize, place: &str) -> Jid {
    jid(&format!("user{number}@{place}.example/home"))
}

fn presence(number: usize, place: &str) -> Stanza {
    let to = jid(&format!("{ROOM}/{place}{number}"));
    Stanza::presence(Type::Absent).with_from(user(number, place)).with_to(to)
}

fn join(number: usize, place: &str) -> Stanza {
    presence(number, place).with_payload(element("x", ns::MUC, &[]))
}

/// Rooms take long to fill.
fn prepared(size: Size) -> Pair {
    thread_local! {
        static PAIRS: RefCell<BTreeMap<Size, Pair>> = const { RefCell::new(BTreeMap::new()) };
    }
    PAIRS.with_borrow_mut(|pairs| pairs.entry(size).or_insert_with(|| Pair::apart(size)).clone())
}

#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn netjoin(bencher: Bencher, size: Size) {
    bencher.with_inputs(|| prepared(size)).bench_local_values(|mut pair| {
        pair.pump();
        let room = pair.service.room(&BareJid::new(ROOM).unwrap()).unwrap();
        assert_eq!(room.is_split(&jid(SLAVE)), Some(false));
        pair
    });
}
