//! Random plans: what people do, what breaks, what is granted, and how a stage plays it.

use proptest::prelude::*;
use wallops::dmuc::Persistence;
use wallops::stanza::slave::{EnterRole, Policy};
use wallops::time::Duration;

use crate::cast::*;
use crate::lone_master::registering;
use crate::lone_slave::slave_config;
use crate::stage::{Stage, Way};

/// Everybody who may take part; each domain has three.
pub const PEOPLE: [&str; 9] = [
    WUMPUS,
    WIZ,
    BIGCHEESE,
    EFCHEN,
    TROY,
    VALDIS,
    PHAEDRUS,
    "spaf@eris.dclxvii.irc/vax",
    "ringo@vesa.yeggmaex.irc/drum",
];

const NICKS: [&str; 6] = ["Wumpus", "WiZ", "Troy", "BigCheese", "Efchen", "Spartacus"];

/// One thing that happens. Numbers stand for people, slaves and nicks.
#[derive(Clone, Debug)]
pub enum Act {
    Join(usize, usize),
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
    /// Milliseconds.
    Wait(u64),
    Cut(usize, Way, Way),
    Heal(usize),
    /// The slave alone.
    Crash(usize),
    /// Its server too.
    CrashHost(usize),
    Restart(usize),
    CrashService,
    RestartService,
}

/// A whole plan.
#[derive(Clone)]
pub struct Plan {
    pub policies: Vec<Policy>,
    /// Whether the slaves keep what they know.
    pub persistent: bool,
    pub persistence: Persistence,
    /// Milliseconds; how long a stanza travels, and by how much that varies.
    pub travel: (u64, u64),
    pub seed: u64,
    pub acts: Vec<Act>,
}

impl std::fmt::Debug for Plan {
    /// On one line, so that it can be read and pasted.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let acts: Vec<_> = self.acts.iter().map(|act| format!("{act:?}")).collect();
        let policies: Vec<_> = self
            .policies
            .iter()
            .map(|policy| {
                let Policy {
                    local_chat, local_private, local_enter, local_nick, local_kick, ..
                } = *policy;
                let granted = [local_chat, local_private, local_enter, local_nick, local_kick];
                granted.map(|granted| if granted { '1' } else { '0' }).iter().collect::<String>()
            })
            .collect();
        write!(
            f,
            "{{ chat, private, enter, nick, kick: {policies:?}, disks: {} {:?}, travel: {:?}, \
             seed: {}, acts: [{}] }}",
            self.persistent,
            self.persistence,
            self.travel,
            self.seed,
            acts.join(", ")
        )
    }
}

fn person() -> impl Strategy<Value = usize> {
    0..PEOPLE.len()
}

fn peaceful() -> BoxedStrategy<Act> {
    prop_oneof![
        14 => (person(), 0..NICKS.len()).prop_map(|(who, nick)| Act::Join(who, nick)),
        2 => person().prop_map(Act::Rejoin),
        4 => person().prop_map(Act::Leave),
        2 => person().prop_map(Act::Disconnect),
        6 => (person(), 0..4usize).prop_map(|(who, show)| Act::Show(who, show)),
        2 => (person(), 0..NICKS.len()).prop_map(|(who, nick)| Act::Rename(who, nick)),
        16 => person().prop_map(Act::Say),
        2 => person().prop_map(Act::Subject),
        2 => (person(), person()).prop_map(|(who, to)| Act::Whisper(who, to)),
        3 => (person(), person()).prop_map(|(who, whom)| Act::Kick(who, whom)),
        1 => (person(), person()).prop_map(|(who, whom)| Act::Ban(who, whom)),
        3 => (person(), person(), 0..3usize).prop_map(|(a, b, role)| Act::Role(a, b, role)),
        8 => (1..3000u64).prop_map(Act::Wait),
        4 => (3..100u64).prop_map(|seconds| Act::Wait(seconds * 1000)),
    ]
    .boxed()
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Up), Just(Way::Silent), Just(Way::Bounce)]
}

fn troubled() -> BoxedStrategy<Act> {
    prop_oneof![
        10 => peaceful(),
        1 => (0..3usize, way(), way()).prop_map(|(at, up, down)| Act::Cut(at, up, down)),
        2 => (0..3usize).prop_map(Act::Heal),
    ]
    .boxed()
}

fn mortal_slaves() -> BoxedStrategy<Act> {
    prop_oneof![
        30 => troubled(),
        1 => (0..3usize).prop_map(Act::Crash),
        1 => (0..3usize).prop_map(Act::CrashHost),
        2 => (0..3usize).prop_map(Act::Restart),
    ]
    .boxed()
}

fn mortal() -> BoxedStrategy<Act> {
    prop_oneof![
        34 => mortal_slaves(),
        1 => Just(Act::CrashService),
        2 => Just(Act::RestartService),
    ]
    .boxed()
}

fn policy() -> impl Strategy<Value = Policy> {
    (0..32u32).prop_map(|bits| Policy {
        local_chat: bits & 1 != 0,
        local_private: bits & 2 != 0,
        local_enter: bits & 4 != 0,
        local_nick: bits & 8 != 0,
        local_kick: bits & 16 != 0,
        mark_away: false,
        enter_role: EnterRole::Participant,
    })
}

/// Plans in which nothing breaks.
pub fn without_faults() -> impl Strategy<Value = Plan> {
    plans(peaceful(), Just(Persistence::Everything).boxed())
}

/// Plans with cuts and heals.
pub fn with_faults() -> impl Strategy<Value = Plan> {
    plans(troubled(), Just(Persistence::Everything).boxed())
}

/// Plans in which slaves and their servers die too.
pub fn with_crashes_of_slaves() -> impl Strategy<Value = Plan> {
    plans(mortal_slaves(), Just(Persistence::Everything).boxed())
}

/// Plans in which any machine dies.
pub fn with_crashes() -> impl Strategy<Value = Plan> {
    let kept = prop_oneof![
        Just(Persistence::Nothing),
        Just(Persistence::Rooms),
        Just(Persistence::Everything),
    ];
    plans(mortal(), kept.boxed())
}

fn plans(act: BoxedStrategy<Act>, kept: BoxedStrategy<Persistence>) -> impl Strategy<Value = Plan> {
    let travel = prop_oneof![Just((20, 0)), Just((500, 0)), Just((300, 900))];
    let acts = prop::collection::vec(act, 1..60);
    let policies = prop::collection::vec(policy(), 3);
    (policies, any::<bool>(), kept, travel, any::<u64>(), acts).prop_map(
        |(policies, persistent, persistence, travel, seed, acts)| Plan {
            policies,
            persistent,
            persistence,
            travel,
            seed,
            acts,
        },
    )
}

impl Plan {
    /// A stage for it.
    pub fn stage(&self) -> Stage {
        let mut room = room();
        room.grants.policy = Policy {
            local_chat: true,
            local_private: true,
            local_enter: true,
            local_nick: true,
            local_kick: true,
            mark_away: false,
            enter_role: EnterRole::Participant,
        };
        let mut config = registering(room);
        config.persistence = self.persistence;
        // Nobody is given up while a plan lasts.
        config.timers.expiry = Duration::from_secs(1_000_000);
        let slaves = SLAVES.iter().zip(&self.policies).map(|(slave, policy)| {
            let mut config = slave_config(slave, *policy);
            config.persistent = self.persistent;
            config.timers.expiry = Duration::from_secs(1_000_000);
            config
        });
        let mut stage = Stage::with(config, slaves.collect());
        stage.seed(self.seed);
        stage.latency = Duration::from_millis(self.travel.0);
        stage.jitter = Duration::from_millis(self.travel.1);
        stage.held = true;
        for slave in SLAVES {
            stage.register(slave);
        }
        stage.settle();
        stage
    }

    /// Play it, heal everything, and look whether everybody agrees.
    pub fn assert_agreement(&self) {
        let mut stage = self.stage();
        self.play(&mut stage);
        stage.calm_down();
        if let Some(path) = std::env::var_os("NETJOIN_STORY") {
            std::fs::write(path, stage.story(0)).unwrap();
        }
        let died = |act: &Act| matches!(act, Act::Crash(_) | Act::CrashHost(_) | Act::CrashService);
        let forgotten = self.persistence != Persistence::Everything || !self.persistent;
        let forgetful = forgotten && self.acts.iter().any(died);
        if forgetful {
            // A message whose fate is forgotten is sent again, and who was out is told so again.
            let excused = ["a message twice", "removed though not in the room"];
            for client in stage.clients.values_mut() {
                client.faults.retain(|fault| !excused.iter().any(|e| fault.starts_with(e)));
            }
        }
        stage.assert_converged();
        if !forgetful {
            stage.assert_heard();
            stage.assert_in_order();
            stage.assert_nothing_lost();
        }
        stage.assert_calm();
    }

    /// Play all of it.
    pub fn play(&self, stage: &mut Stage) {
        let mut people = PEOPLE.map(|who| (who.to_owned(), 0));
        for act in &self.acts {
            play_act(stage, &mut people, act);
        }
    }
}

/// The full JID that each has now, and how many he has had.
type People = [(String, u32); PEOPLE.len()];

fn play_act(stage: &mut Stage, people: &mut People, act: &Act) {
    match act {
        Act::Join(who, nick) => join(stage, &mut people[*who], NICKS[*nick]),
        Act::Rejoin(who) => if_in(stage, &people[*who].0, |stage, who| {
            // Who may have been renamed or removed, and does not know it, does not know by which
            // nick to ask.
            if !stage.client(who).waits() && stage.is_quiet(who) {
                let nick = stage.nick_of(who);
                stage.join_as(who, &nick);
            }
        }),
        Act::Leave(who) => if_in(stage, &people[*who].0, |stage, who| stage.leave(who)),
        Act::Disconnect(who) => {
            if stage.client(&people[*who].0).is_online() {
                stage.disconnect(&people[*who].0);
            }
        }
        Act::Show(who, show) => if_in(stage, &people[*who].0, |stage, who| {
            stage.show(who, ["away", "xa", "dnd", "chat"][*show]);
        }),
        Act::Rename(who, nick) => if_in(stage, &people[*who].0, |stage, who| {
            stage.rename(who, NICKS[*nick]);
        }),
        Act::Say(who) => if_in(stage, &people[*who].0, |stage, who| {
            // What nobody keeps for a way that is cut may be lost, as without slaves.
            if !stage.is_mute(who) {
                stage.say(who, "hi");
            }
        }),
        Act::Subject(who) => if_in(stage, &people[*who].0, |stage, who| {
            let subject = stage.id("subject ");
            stage.set_subject(who, &subject);
        }),
        _ => play_deed(stage, people, act),
    }
}

/// What concerns two, and what breaks.
fn play_deed(stage: &mut Stage, people: &mut People, act: &Act) {
    match act {
        Act::Whisper(who, to) if who != to => {
            let to = stage.nick_of(&people[*to].0);
            if_in(stage, &people[*who].0, |stage, who| {
                stage.whisper(who, &to, "psst");
            });
        }
        Act::Kick(who, whom) => {
            let whom = stage.nick_of(&people[*whom].0);
            if_in(stage, &people[*who].0, |stage, who| {
                stage.kick(who, &whom);
            });
        }
        Act::Ban(who, whom) => {
            let whom = people[*whom].0.clone();
            if_in(stage, &people[*who].0, |stage, who| {
                stage.ban(who, &whom);
            });
        }
        Act::Role(who, whom, role) => {
            let whom = stage.nick_of(&people[*whom].0);
            let role = ["visitor", "participant", "moderator"][*role];
            if_in(stage, &people[*who].0, |stage, who| {
                stage.set_role(who, &whom, role);
            });
        }
        Act::Wait(milliseconds) => stage.advance(Duration::from_millis(*milliseconds)),
        Act::Cut(slave, up, down) => stage.cut(SLAVES[*slave], *up, *down),
        Act::Heal(slave) => stage.heal(SLAVES[*slave]),
        Act::Crash(slave) => stage.crash(SLAVES[*slave]),
        Act::CrashHost(slave) => stage.crash_host(SLAVES[*slave]),
        Act::Restart(slave) => stage.restart(SLAVES[*slave]),
        Act::CrashService => stage.crash_service(),
        Act::RestartService => stage.restart_service(),
        _ => {}
    }
}

/// Who comes back comes with another resource: what was meant for his old session does not reach
/// the new one.
fn join(stage: &mut Stage, person: &mut (String, u32), nick: &str) {
    let site = stage.site_of(&person.0).expect("everybody has a slave");
    if !stage.sites[site].hosted || stage.client(&person.0).is_in() {
        return;
    }
    if !stage.client(&person.0).is_online() {
        person.1 += 1;
        let name = person.0.split('/').next().expect("a JID has a first part");
        person.0 = format!("{name}/again{}", person.1);
    }
    if !stage.client(&person.0).waits() {
        stage.join_as(&person.0, nick);
    }
}

fn if_in(stage: &mut Stage, who: &str, act: impl Fn(&mut Stage, &str)) {
    if stage.client(who).is_in() && !stage.client(who).is_leaving() {
        act(stage, who);
    }
}

impl Stage {
    /// Whether what this user says goes nowhere, and there is no slave to keep it.
    fn is_mute(&self, who: &str) -> bool {
        let site = &self.sites[self.site_of(who).expect("everybody has a slave")];
        site.slave.is_none() && site.up.way != Way::Up
    }

    /// Whether nothing is under way to or from this user's server.
    fn is_quiet(&self, who: &str) -> bool {
        let site = &self.sites[self.site_of(who).expect("everybody has a slave")];
        site.up.under_way.is_empty() && site.down.under_way.is_empty()
    }
}
