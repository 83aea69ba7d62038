//! Random schedules: what people do, what breaks, and how a stage plays it.

use proptest::prelude::*;
use wallops::time::Duration;

use crate::cast::*;
use crate::stage::{Stage, Way};

/// Everybody who may take part.
pub const PEOPLE: [&str; 8] = [WUMPUS, VALDIS, WIZ, TROY, EFCHEN, BIGCHEESE, PHAEDRUS, STRANGER];

/// Who may have a slave, in the order in which domains get one.
pub const DOMAINS: [&str; 4] = [VESA, ERIS, KILLRC, TOLSUN];

/// One thing that happens. Numbers stand for people, slaves and nicks, modulo how many there are.
#[derive(Clone, Debug)]
pub enum Act {
    Join(usize),
    JoinAs(usize, usize),
    Rejoin(usize),
    Leave(usize),
    Disconnect(usize),
    Show(usize, usize),
    Rename(usize, usize),
    Say(usize),
    Subject(usize),
    Whisper(usize, usize),
    Kick(usize, usize),
    Ban(usize, usize),
    Role(usize, usize, usize),
    /// From now on stanzas stay where they are, or move again.
    Hold(bool),
    Wait(u64),
    Cut(usize, Way, Way),
    Heal(usize),
}

/// A whole schedule.
#[derive(Clone)]
pub struct Schedule {
    pub slaves: usize,
    pub people: usize,
    pub acts: Vec<Act>,
}

const NICKS: [&str; 10] = [
    "Wumpus",
    "Valdis",
    "WiZ",
    "Troy",
    "Efchen",
    "BigCheese",
    "Phaedrus",
    "Kehs",
    "Ringo",
    "Vassago",
];

fn person() -> impl Strategy<Value = usize> {
    0..PEOPLE.len()
}

fn peaceful() -> BoxedStrategy<Act> {
    prop_oneof![
        12 => person().prop_map(Act::Join),
        3 => (person(), 0..NICKS.len()).prop_map(|(who, nick)| Act::JoinAs(who, nick)),
        2 => person().prop_map(Act::Rejoin),
        5 => person().prop_map(Act::Leave),
        3 => person().prop_map(Act::Disconnect),
        6 => (person(), 0..4usize).prop_map(|(who, show)| Act::Show(who, show)),
        3 => (person(), 0..NICKS.len()).prop_map(|(who, nick)| Act::Rename(who, nick)),
        10 => person().prop_map(Act::Say),
        2 => person().prop_map(Act::Subject),
        2 => (person(), person()).prop_map(|(who, to)| Act::Whisper(who, to)),
        3 => (person(), person()).prop_map(|(who, whom)| Act::Kick(who, whom)),
        1 => (person(), person()).prop_map(|(who, whom)| Act::Ban(who, whom)),
        4 => (person(), person(), 0..3usize).prop_map(|(a, b, role)| Act::Role(a, b, role)),
        2 => any::<bool>().prop_map(Act::Hold),
        4 => (1..200u64).prop_map(Act::Wait),
    ]
    .boxed()
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Up), Just(Way::Silent), Just(Way::Bounce)]
}

fn troubled() -> BoxedStrategy<Act> {
    prop_oneof![
        5 => peaceful(),
        1 => (0..DOMAINS.len(), way(), way()).prop_map(|(at, up, down)| Act::Cut(at, up, down)),
        1 => (0..DOMAINS.len()).prop_map(Act::Heal),
    ]
    .boxed()
}

/// Schedules in which nothing breaks.
pub fn without_faults() -> impl Strategy<Value = Schedule> {
    schedules(peaceful())
}

/// Schedules with cuts and heals.
pub fn with_faults() -> impl Strategy<Value = Schedule> {
    schedules(troubled())
}

fn schedules(act: BoxedStrategy<Act>) -> impl Strategy<Value = Schedule> {
    (2..=DOMAINS.len(), 2..=PEOPLE.len(), prop::collection::vec(act, 1..40))
        .prop_map(|(slaves, people, acts)| Schedule { slaves, people, acts })
}

impl std::fmt::Debug for Schedule {
    /// On one line, so that it can be read and pasted.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { slaves, people, acts } = self;
        let acts: Vec<_> = acts.iter().map(|act| format!("{act:?}")).collect();
        write!(f, "{{ slaves: {slaves}, people: {people}, acts: [{}] }}", acts.join(", "))
    }
}

impl Schedule {
    /// A stage for it, with its slaves or without any.
    pub fn stage(&self, slaves: bool) -> Stage {
        let slaves = if slaves { &DOMAINS[..self.slaves] } else { &[] };
        let mut config = service(room(), slaves);
        // Nobody is given up while a schedule lasts.
        config.timers.expiry = Duration::from_secs(1_000_000);
        Stage::with(config)
    }

    /// Play all of it.
    pub fn play(&self, stage: &mut Stage) {
        for act in &self.acts {
            self.act(stage, act);
        }
        stage.held = false;
        stage.pump();
    }

    fn who(&self, number: usize) -> &'static str {
        PEOPLE[number % self.people]
    }

    fn act(&self, stage: &mut Stage, act: &Act) {
        match act {
            Act::Join(who) => self.join(stage, *who, None),
            Act::JoinAs(who, nick) => self.join(stage, *who, Some(NICKS[*nick])),
            Act::Rejoin(who) => {
                let who = self.who(*who);
                stage.pump();
                if stage.client(who).is_in() && !stage.client(who).waits() {
                    let nick = stage.nick_of(who);
                    stage.join_as(who, &nick);
                }
            }
            Act::Leave(who) => self.if_in(stage, *who, |stage, who| stage.leave(who)),
            Act::Disconnect(who) => {
                let who = self.who(*who);
                if stage.client(who).is_online() {
                    stage.disconnect(who);
                }
            }
            Act::Show(who, show) => self.if_in(stage, *who, |stage, who| {
                stage.show(who, ["away", "xa", "dnd", "chat"][*show]);
            }),
            Act::Rename(who, nick) => self.if_in(stage, *who, |stage, who| {
                stage.rename(who, NICKS[*nick]);
            }),
            Act::Subject(who) => self.if_online(stage, *who, |stage, who| {
                let subject = stage.id("subject ");
                stage.set_subject(who, &subject);
            }),
            Act::Say(who) => self.if_online(stage, *who, |stage, who| {
                stage.say(who, "hi");
            }),
            _ => self.deed(stage, act),
        }
    }

    /// The second half of [`Schedule::act`]: what concerns two.
    fn deed(&self, stage: &mut Stage, act: &Act) {
        match act {
            Act::Whisper(who, to) => {
                let to = stage.nick_of(self.who(*to));
                // An error for what he writes to himself would look like the answer to an error.
                if to == stage.nick_of(self.who(*who)) {
                    return;
                }
                self.if_online(stage, *who, |stage, who| {
                    stage.whisper(who, &to, "psst");
                });
            }
            Act::Kick(who, whom) => {
                let whom = stage.nick_of(self.who(*whom));
                self.if_online(stage, *who, |stage, who| {
                    stage.kick(who, &whom);
                });
            }
            Act::Ban(who, whom) => {
                let whom = self.who(*whom);
                self.if_online(stage, *who, |stage, who| {
                    stage.ban(who, whom);
                });
            }
            Act::Role(who, whom, role) => {
                let whom = stage.nick_of(self.who(*whom));
                let role = ["visitor", "participant", "moderator"][*role];
                self.if_online(stage, *who, |stage, who| {
                    stage.set_role(who, &whom, role);
                });
            }
            Act::Hold(held) => {
                stage.held = *held;
                if !held {
                    stage.pump();
                }
            }
            Act::Wait(seconds) => {
                let held = std::mem::take(&mut stage.held);
                stage.pump();
                stage.seconds(*seconds);
                stage.held = held;
            }
            Act::Cut(slave, up, down) if slave % DOMAINS.len() < stage.sites.len() => {
                self.change_ways(stage, DOMAINS[*slave], *up, *down);
            }
            Act::Heal(slave) if slave % DOMAINS.len() < stage.sites.len() => {
                self.change_ways(stage, DOMAINS[*slave], Way::Up, Way::Up);
            }
            _ => {}
        }
    }

    fn join(&self, stage: &mut Stage, who: usize, name: Option<&str>) {
        let who = self.who(who);
        if stage.client(who).is_in() || stage.client(who).waits() {
            return;
        }
        if !stage.client(who).is_online() {
            // What is still on its way to the old session would reach the new one.
            stage.pump();
            stage.connect(who);
        }
        stage.join_as(who, name.unwrap_or(nick(who)));
    }

    fn if_in(&self, stage: &mut Stage, who: usize, act: impl Fn(&mut Stage, &str)) {
        let who = self.who(who);
        if stage.client(who).is_in() && !stage.client(who).is_leaving() {
            act(stage, who);
        }
    }

    fn if_online(&self, stage: &mut Stage, who: usize, act: impl Fn(&mut Stage, &str)) {
        let who = self.who(who);
        if stage.client(who).is_online() {
            act(stage, who);
        }
    }

    /// Profile core promises nothing for a loss that nobody has noticed; so a way that has lost
    /// something stays as it is until somebody has.
    fn change_ways(&self, stage: &mut Stage, slave: &str, up: Way, down: Way) {
        let held = std::mem::take(&mut stage.held);
        stage.pump();
        stage.await_notice(slave);
        stage.cut(slave, up, down);
        stage.held = held;
    }
}

impl Stage {
    /// Wait until each side that has to notice a loss on the ways of this slave has noticed it:
    /// LIVE-DETECT, with the bound for one dead direction.
    pub fn await_notice(&mut self, slave: &str) {
        for _ in 0..151 {
            if !self.sites[self.site(slave)].unnoticed.any() {
                return;
            }
            self.seconds(1);
        }
        panic!("a loss between the room and {slave} is not noticed within 150 s");
    }
}
