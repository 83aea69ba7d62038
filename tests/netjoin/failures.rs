//! Failures (§5.4): crashes with and without state, one dead direction, cuts in every step.

use wallops::dmuc::Persistence;
use wallops::stanza::slave::Policy;
use wallops::stanza::{Stanza, ns};
use wallops::time::Duration;

use crate::cast::*;
use crate::conflicts::{ADMITTING, RINGO, lasting};
use crate::record::*;
use crate::stage::{Stage, Way};

const CHAT: Policy = crate::late::CHAT;

fn persistent(stage: &mut Stage) {
    for site in &mut stage.sites {
        site.config.persistent = true;
    }
}

fn full(policy: Policy) -> Stage {
    Stage::granting(policy, &CAST)
}

fn registers(stage: &Stage, slave: &str) -> Vec<Stanza> {
    let up = stage.record.from(Hop::SlaveToMaster, slave);
    up.into_iter().filter(|s| s.has_payload("register", ns::SLAVE)).collect()
}

/// Slave crash, c2s sessions lost too: no resume, no occupant; old occupants removed with 333.
#[test]
fn a_server_that_dies_comes_back_without_its_users() {
    let mut stage = full(CHAT);
    stage.crash_host(VESA);
    stage.seconds(200);
    stage.record.clear();
    stage.restart(VESA);
    stage.join_as("rubenro@vesa.yeggmaex.irc/anew", "BigCheese");
    stage.seconds(100);
    let register = registers(&stage, VESA).into_iter().next().expect("it registers");
    let register = text(&register);
    assert!(!register.contains("<resume") && !register.contains("<occupant"), "{register}");
    let told = stage.presences(WIZ);
    assert!(told.contains(&"-Efchen 333".to_owned()), "{told:?}");
    stage.assert_converged();
    assert!(stage.client("rubenro@vesa.yeggmaex.irc/anew").is_in());
}

/// Slave crash, state lost, c2s sessions alive: its users are told that they are out, cleanly, and
/// nobody is listed.
#[test]
fn a_slave_that_has_forgotten_everything_removes_its_users() {
    for split in [false, true] {
        let mut stage = full(CHAT);
        if split {
            stage.split(&[VESA]);
        }
        stage.crash(VESA);
        stage.record.clear();
        stage.restart(VESA);
        stage.heal(VESA);
        stage.seconds(150);
        for who in [BIGCHEESE, EFCHEN] {
            assert_eq!(stage.presences(who), [format!("-{} 110 333", nick(who))]);
            assert!(!stage.client(who).is_in());
        }
        for register in registers(&stage, VESA) {
            let register = text(&register);
            assert!(!register.contains("<resume") && !register.contains("<occupant"), "{register}");
        }
        assert_eq!(stage.room().roster().len(), 5, "the master has removed them too");
        stage.join(BIGCHEESE);
        stage.seconds(30);
        stage.assert_converged();
        assert!(stage.client(BIGCHEESE).is_in());
    }
}

/// Slave restart with persistent state: resume from disk, new instance, as a normal netjoin.
#[test]
fn a_slave_with_a_disk_resumes() {
    let mut stage = full(CHAT);
    persistent(&mut stage);
    let before = registers_instance(&mut stage);
    stage.split(&[VESA]);
    stage.say(BIGCHEESE, "in the dark");
    stage.say(WIZ, "in the light");
    stage.crash(VESA);
    stage.seconds(10);
    stage.restart(VESA);
    stage.rejoin();
    let register = registers(&stage, VESA).pop().expect("it registers");
    assert!(text(&register).contains("<resume"), "{}", text(&register));
    let after = register.payload("register", ns::SLAVE).unwrap().attr("instance").unwrap();
    assert_ne!(before, after);
    for who in [BIGCHEESE, EFCHEN] {
        assert_eq!(stage.presences(who), Vec::<String>::new(), "nobody notices");
    }
    assert_eq!(stage.hears(WIZ), ["WiZ: in the light", "BigCheese: in the dark late"]);
}

fn registers_instance(stage: &mut Stage) -> String {
    stage.register(VESA);
    stage.seconds(15);
    let register = registers(stage, VESA).pop();
    let register = register.expect("told by its operator it registers");
    register.payload("register", ns::SLAVE).unwrap().attr("instance").unwrap().to_owned()
}

/// Who has gone offline while the slave was down has left.
#[test]
fn who_went_offline_while_the_slave_was_down_has_left() {
    let mut stage = full(CHAT);
    persistent(&mut stage);
    stage.crash(VESA);
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.disconnect(EFCHEN);
    stage.heal(VESA);
    stage.restart(VESA);
    stage.seconds(100);
    stage.assert_converged();
    assert!(!stage.room().roster().contains_key("Efchen"));
}

/// Master crash, log and occupants persistent: same epoch, a normal netjoin.
#[test]
fn a_master_that_keeps_everything_goes_on() {
    let mut stage = lasting(CHAT, Persistence::Everything).entered(&CAST);
    let epoch = stage.position(VESA).0;
    stage.crash_service();
    stage.seconds(200);
    stage.say(BIGCHEESE, "the master is gone");
    stage.record.clear();
    stage.restart_service();
    stage.rejoin();
    assert_eq!(stage.hears(WIZ), ["BigCheese: the master is gone late"]);
    for who in CAST {
        assert_eq!(stage.presences(who), Vec::<String>::new(), "nobody notices");
    }
    assert_eq!(stage.position(VESA).0, epoch);
}

impl Stage {
    /// The position of what this slave was sent last.
    fn position(&mut self, slave: &str) -> (String, u64) {
        self.say(WUMPUS, "where are we?");
        self.settle();
        let sent = self.record.to(Hop::MasterToSlave, slave);
        let at = sent.iter().rev().find_map(|s| s.dmuc()?.at).expect("an event");
        (at.epoch, at.seq)
    }
}

/// Master crash, room persistent but occupants and log lost: a new epoch, full syncs, the slaves
/// submit joins of their users.
#[test]
fn a_master_that_lost_its_log_is_given_the_occupants_again() {
    let mut stage = lasting(CHAT, Persistence::Rooms).entered(&CAST);
    let epoch = stage.position(VESA).0;
    stage.crash_service();
    stage.seconds(200);
    stage.restart_service();
    stage.seconds(150);
    stage.assert_converged();
    assert_ne!(stage.position(VESA).0, epoch);
    assert_eq!(stage.room().roster().len(), CAST.len(), "everybody is there again");
    for who in CAST {
        assert!(stage.client(who).is_in(), "{who}");
    }
}

/// Master crash, room lost: item-not-found, as row 20.
#[test]
fn a_master_that_lost_the_room_has_nobody_in_it() {
    let mut stage = lasting(CHAT, Persistence::Nothing).entered(&[]);
    stage.config.rooms.clear();
    stage.service = Some(wallops::dmuc::Service::new(stage.config.clone()));
    stage.join(WUMPUS);
    crate::changes::configure(&mut stage, &[]);
    stage.join(BIGCHEESE);
    stage.seconds(20);
    assert!(stage.client(BIGCHEESE).is_in());
    stage.crash_service();
    stage.seconds(100);
    stage.restart_service();
    stage.seconds(200);
    assert!(!stage.client(BIGCHEESE).is_in(), "{}", stage.story(0));
    assert!(stage.service().room(&bare(ROOM)).is_none_or(|room| room.roster().is_empty()));
}

/// One-way, M→S dead: users of the slave still speak to others; after the heal they get it all.
#[test]
fn if_only_the_way_down_is_dead_nothing_is_lost() {
    for way in [Way::Silent, Way::Bounce] {
        let mut stage = full(CHAT);
        stage.cut(VESA, Way::Up, way);
        stage.say(BIGCHEESE, "can you hear me?");
        stage.say(WIZ, "yes");
        stage.seconds(30);
        assert!(stage.hears(WIZ).starts_with(&["BigCheese: can you hear me?".to_owned()]));
        stage.seconds(170);
        assert_eq!(stage.room().is_split(&jid(VESA)), Some(true));
        stage.rejoin();
        let mut heard: Vec<_> = stage.hears(EFCHEN);
        heard.iter_mut().for_each(|line| *line = line.replace(" late", ""));
        heard.sort();
        assert_eq!(heard, ["BigCheese: can you hear me?", "WiZ: yes"]);
    }
}

/// One-way, S→M dead: the master's events are applied until its ping fails.
#[test]
fn if_only_the_way_up_is_dead_nothing_is_lost() {
    for way in [Way::Silent, Way::Bounce] {
        let mut stage = full(CHAT);
        stage.cut(VESA, way, Way::Up);
        stage.say(BIGCHEESE, "can you hear me?");
        stage.say(WIZ, "anybody?");
        stage.seconds(15);
        assert!(stage.hears(EFCHEN).contains(&"WiZ: anybody?".to_owned()));
        stage.seconds(185);
        assert_eq!(stage.room().is_split(&jid(VESA)), Some(true));
        stage.rejoin();
    }
}

/// LIVE-DETECT: a silent loss of both directions, and of one.
#[test]
fn silence_is_noticed_in_time() {
    let cases = [
        (Way::Silent, Way::Silent, 101, 131),
        (Way::Silent, Way::Up, 151, 151),
        (Way::Up, Way::Silent, 151, 151),
    ];
    for (up, down, master, slave) in cases {
        let mut stage = full(CHAT);
        stage.cut(VESA, up, down);
        stage.seconds(master);
        assert_eq!(stage.room().is_split(&jid(VESA)), Some(true), "{up:?} {down:?}");
        stage.seconds(slave - master);
        let copy = stage.slave(VESA).room(&bare(ROOM)).unwrap();
        assert!(copy.is_split(), "{up:?} {down:?}");
    }
}

/// Any bounce that is delivered: at once.
#[test]
fn a_bounce_is_noticed_at_once() {
    let mut stage = full(CHAT);
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(WIZ, "one");
    stage.say(BIGCHEESE, "two");
    stage.advance(Duration::from_millis(200));
    assert_eq!(stage.room().is_split(&jid(VESA)), Some(true));
    assert!(stage.slave(VESA).room(&bare(ROOM)).unwrap().is_split());
    stage.rejoin();
}

/// Repeated flaps, cut in any step: at every stanza of the netjoin in turn, silently and loudly.
#[test]
fn a_netjoin_may_be_cut_anywhere() {
    for way in [Way::Silent, Way::Bounce] {
        for step in 0..60 {
            let mut stage = full(ADMITTING);
            stage.split(&[VESA]);
            stage.say(BIGCHEESE, "dark 1");
            stage.join_as(RINGO, "Ringo");
            stage.leave(EFCHEN);
            stage.say(RINGO, "dark 2");
            stage.say(WIZ, "light");
            stage.leave(PHAEDRUS);
            stage.heal(VESA);
            stage.seconds(4);
            stage.advance(Duration::from_millis(step * 25));
            stage.cut(VESA, way, way);
            stage.seconds(50);
            stage.heal(VESA);
            stage.seconds(200);
            stage.rejoin();
            assert_eq!(stage.hears(TROY).len(), 3, "cut at step {step}: {:?}", stage.hears(TROY));
        }
    }
}

/// Flap damping and back-off: finitely many flaps, finitely many syncs (LIVE-SYNC-TERMINATES).
#[test]
fn twenty_flaps_end_in_agreement() {
    let mut stage = full(CHAT);
    for flap in 0..20u64 {
        stage.cut(VESA, Way::Bounce, Way::Bounce);
        stage.say(BIGCHEESE, &format!("dark {flap}"));
        stage.say(WIZ, &format!("light {flap}"));
        stage.seconds(flap % 7 * 3);
        stage.heal(VESA);
        stage.advance(Duration::from_millis(flap * 37 % 6000));
    }
    stage.seconds(300);
    stage.rejoin();
    stage.assert_calm();
}

/// Stale instance, twins: two processes of one domain with different JIDs (§6).
#[test]
fn of_two_slaves_of_one_domain_one_is_active() {
    let mut room = room();
    room.grants.policy = CHAT;
    let config = crate::lone_master::registering(room);
    let twins = ["slave@vesa.yeggmaex.irc", "twin@vesa.yeggmaex.irc"];
    let mut alone = crate::lone_master::LoneMaster::of(config);
    alone.register(twins[0]);
    alone.take();
    alone.register_with(twins[1], "two", "");
    let refused = alone.take().remove(0);
    assert_eq!(condition(&refused).as_deref(), Some("conflict"));
}

/// COST-SPLIT: at most one ping per F and side.
#[test]
fn a_split_costs_pings_only() {
    let mut stage = full(CHAT);
    stage.split(&[VESA]);
    stage.seconds(300);
    let to_vesa = stage.record.to(Hop::MasterToSlave, VESA);
    let from_vesa = stage.record.from(Hop::SlaveToMaster, VESA);
    for pings in [to_vesa, from_vesa] {
        assert!(pings.iter().all(is_ping));
        assert!((5..=61).contains(&pings.len()), "{} pings in 300 s", pings.len());
    }
}
