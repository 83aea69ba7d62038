//! Who and what there is in a schedule: places with their slaves, people, one room.

use std::fmt::Write as _;

use crate::scenario::Profile;

/// The address of the room.
pub const ROOM: &str = "wallops@channel.avalon.irc";

/// Everything that a schedule begins with. What is `gone` was taken out of it, and keeps its
/// number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// How much of the protocol the machines speak.
    pub profile: Profile,
    /// Where people are.
    pub places: Vec<Place>,
    /// Who they are.
    pub people: Vec<Person>,
    /// How the room is set up.
    pub room: Room,
    /// Whether, at the end, somebody enters at each place, and sees what there is to be seen.
    pub probed: bool,
}

/// A domain with its server, and usually with a slave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number among the names.
    pub name: usize,
    /// Whether it was taken out.
    pub gone: bool,
    /// Its slave; without one its people are served directly.
    pub slave: Option<SlaveOf>,
    /// Whether its server bounces in ejabberd's way.
    pub ejabberd: bool,
    /// What the link to the master takes, in milliseconds, if not the usual.
    pub latency: Option<u64>,
}

/// The slave of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlaveOf {
    /// What it would like to do while split.
    pub policies: Policies,
    /// Whether what it knows survives a crash.
    pub persistent: bool,
    /// How many messages it keeps, if not the usual number.
    pub history_max: Option<u32>,
}

/// What a slave would like to do while split, or is granted: one for each of [`POLICIES`].
pub type Policies = [bool; POLICIES.len()];

/// What a slave may be granted.
pub const POLICIES: [&str; 6] = [
    "local-chat",
    "local-private",
    "local-enter as participant",
    "local-nick",
    "local-kick",
    "mark-away",
];

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Whether he was taken out.
    pub gone: bool,
    /// Where he is.
    pub place: usize,
    /// Whether he is in the room when the script begins.
    pub joined: bool,
    /// What he is in the room.
    pub rank: Rank,
    /// Of whom he is another session, under the same nick.
    pub twin_of: Option<usize>,
}

/// What somebody is in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// An owner.
    Owner,
    /// An admin.
    Admin,
    /// A member.
    Member,
    /// A moderator without affiliation.
    Moderator,
    /// Nothing.
    Nobody,
}

/// The room, and the service where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Whether newcomers have no voice.
    pub moderated: bool,
    /// Whether everybody sees JIDs.
    pub public: bool,
    /// How many messages it keeps, if not the usual number.
    pub history_max: Option<u32>,
    /// What slaves that register are granted.
    pub grants: Policies,
    /// What of the service survives a crash, one of [`SURVIVES`].
    pub survives: usize,
    /// Keepalive, if not the usual.
    pub timers: Option<Timers>,
}

/// What of a service may survive a crash.
pub const SURVIVES: [&str; 3] = ["nothing", "rooms", "everything"];

/// Periods of keepalive, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Of silence after which the master pings.
    pub keepalive: u64,
    /// After which a ping has failed.
    pub timeout: u64,
    /// Between pings while split.
    pub split: u64,
    /// After which a split slave is given up.
    pub expiry: u64,
}

impl Timers {
    /// Those of a room that says nothing.
    pub const USUAL: Timers = Timers { keepalive: 60, timeout: 20, split: 5, expiry: 3600 };
}

impl Stage {
    /// Whether slaves register, so that broadcasts are numbered, and any loss shows. In profile muc
    /// slaves are configured just as in profile core.
    pub fn is_numbered(&self) -> bool {
        self.profile == Profile::Full
    }

    /// Everybody who takes part, by number.
    pub fn cast(&self) -> impl Iterator<Item = usize> {
        (0..self.people.len()).filter(|who| self.is_here(*who))
    }

    /// Whether this person takes part.
    pub fn is_here(&self, who: usize) -> bool {
        self.people.get(who).is_some_and(|person| !person.gone && self.is_there(person.place))
    }

    /// Whether this place does.
    pub fn is_there(&self, place: usize) -> bool {
        self.places.get(place).is_some_and(|place| !place.gone)
    }

    /// Whether it does, and has a slave.
    pub(super) fn has_slave(&self, place: usize) -> bool {
        self.is_there(place) && self.places[place].slave.is_some()
    }

    /// Everywhere that takes part, by number.
    pub fn everywhere(&self) -> impl Iterator<Item = usize> {
        (0..self.places.len()).filter(|place| self.is_there(*place))
    }

    /// His name in the cast.
    pub fn name(&self, who: usize) -> String {
        let name = |who: usize| NAMES[who % NAMES.len()];
        match self.people.get(who).and_then(|person| person.twin_of) {
            Some(twin) => format!("{}'s phone", name(twin)),
            None => name(who).to_owned(),
        }
    }

    /// The first label of a place's domain.
    pub fn label(&self, place: usize) -> &'static str {
        let domain = self.domain(place);
        domain.split_once('.').map_or(domain, |(label, _)| label)
    }

    fn domain(&self, place: usize) -> &'static str {
        let name = self.places.get(place).map_or(0, |place| place.name);
        DOMAINS[name % DOMAINS.len()]
    }

    /// The periods of keepalive.
    pub fn timers(&self) -> Timers {
        self.room.timers.unwrap_or(Timers::USUAL)
    }

    /// What the slowest link takes, in milliseconds.
    pub fn latency_max(&self) -> u64 {
        self.places.iter().filter_map(|place| place.latency).max().unwrap_or(20).max(20)
    }

    /// The sections of the cast.
    pub(super) fn sections(&self) -> String {
        let mut text = String::new();
        for who in self.cast() {
            self.client(who, &mut text);
        }
        if self.probed {
            for place in self.everywhere() {
                let (probe, domain) = (probe(place), self.domain(place));
                let _ = writeln!(text, "[Client] {probe}\n\tjid: {probe}@{domain}/probe\n");
            }
        }
        self.wallops(&mut text);
        for place in self.everywhere() {
            self.place(place, &mut text);
        }
        text
    }

    fn client(&self, who: usize, text: &mut String) {
        let person = &self.people[who];
        let one = person.twin_of.unwrap_or(who);
        let device = if person.twin_of.is_some() { "phone" } else { "desk" };
        let nick = NAMES[one % NAMES.len()];
        let (node, domain) = (nick.to_lowercase(), self.domain(person.place));
        let _ = writeln!(text, "[Client] {}\n\tjid: {node}@{domain}/{device}", self.name(who));
        if person.twin_of.is_some() {
            let _ = writeln!(text, "\tnick: {nick}");
        }
        if person.joined {
            text.push_str("\tjoined: wallops\n");
        }
        text.push('\n');
    }

    fn wallops(&self, text: &mut String) {
        let _ = writeln!(text, "[Room] wallops\n\tjid: {ROOM}");
        let ranks = [
            ("owner", Rank::Owner),
            ("admin", Rank::Admin),
            ("member", Rank::Member),
            ("moderator", Rank::Moderator),
        ];
        for (key, rank) in ranks {
            let is = |who: &usize| {
                let person = &self.people[*who];
                person.twin_of.is_none() && person.rank == rank
            };
            let mut names: Vec<_> = self.cast().filter(is).map(|who| self.name(who)).collect();
            if rank == Rank::Member && self.probed {
                names.extend(self.everywhere().map(probe));
            }
            if !names.is_empty() {
                let _ = writeln!(text, "\t{key}: {}", names.join(", "));
            }
        }
        let room = &self.room;
        if room.moderated {
            text.push_str("\tmoderated: yes\n");
        }
        if room.public {
            text.push_str("\twhois: anyone\n");
        }
        if let Some(max) = room.history_max {
            let _ = writeln!(text, "\thistory-max: {max}");
        }
        policies("grants", room.grants, text);
        if let Some(timers) = room.timers {
            let _ = writeln!(
                text,
                "\tkeepalive: {}s\n\tpong-timeout: {}s\n\tsplit-ping: {}s\n\texpiry: {}s",
                timers.keepalive, timers.timeout, timers.split, timers.expiry
            );
        }
        text.push('\n');
        if room.survives > 0 {
            let survives = SURVIVES[room.survives];
            let _ = writeln!(text, "[Server] channel.avalon.irc\n\tsurvives: {survives}\n");
        }
    }

    fn place(&self, number: usize, text: &mut String) {
        let place = &self.places[number];
        let (label, domain) = (self.label(number), self.domain(number));
        if let Some(slave) = &place.slave {
            let _ = writeln!(text, "[Slave] {label}\n\tjid: slave@{domain}\n\trooms: wallops");
            policies("policies", slave.policies, text);
            if slave.persistent {
                text.push_str("\tpersistent: yes\n");
            }
            if let Some(max) = slave.history_max {
                let _ = writeln!(text, "\thistory-max: {max}");
            }
            text.push('\n');
        }
        if place.ejabberd {
            let _ = writeln!(text, "[Server] {domain}\n\tbounces: ejabberd\n");
        }
        if let Some(latency) = place.latency {
            let link = format!("{domain} <-> channel.avalon.irc");
            let _ = writeln!(text, "[Link] {link}\n\tlatency: {latency}ms\n");
        }
    }
}

fn policies(key: &str, policies: Policies, text: &mut String) {
    if policies.iter().all(|granted| *granted) {
        let _ = writeln!(text, "\t{key}: everything");
    } else if policies.iter().any(|granted| *granted) {
        let chosen = POLICIES.iter().zip(policies).filter(|(_, granted)| *granted);
        let words: Vec<_> = chosen.map(|(policy, _)| *policy).collect();
        let _ = writeln!(text, "\t{key}: {}", words.join(", "));
    }
}

/// The name of who enters at a place at the end.
pub(super) fn probe(place: usize) -> String {
    format!("probe{}", place + 1)
}

/// How many names of people there are.
pub const PEOPLE_MAX: usize = NAMES.len();

/// How many names of places there are; the last is that of one without a slave.
pub const PLACES_MAX: usize = DOMAINS.len();

/// Nicks that several people like.
pub const NICKS: [&str; 3] = ["Spartacus", "Brian", "Joker"];

const NAMES: [&str; 20] = [
    "Wumpus",
    "WiZ",
    "BigCheese",
    "Valdis",
    "Troy",
    "Efchen",
    "Phaedrus",
    "Trillian",
    "Cerebus",
    "Ford",
    "Arthur",
    "Zaphod",
    "Marvin",
    "Eddie",
    "Fenchurch",
    "Lunkwill",
    "Fook",
    "Agrajag",
    "Hotblack",
    "Roosta",
];

const DOMAINS: [&str; 7] = [
    "killrc.oulubox.irc",
    "eris.dclxvii.irc",
    "vesa.yeggmaex.irc",
    "tolsun.oulu.irc",
    "nyx.denver.irc",
    "anet.ucsd.irc",
    "guide.example",
];
