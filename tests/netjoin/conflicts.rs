//! The conflicts of §5.2 with both machines: what people see, and that all agree afterwards.

use wallops::dmuc::Persistence;
use wallops::room::RoomConfig;
use wallops::stanza::slave::{EnterRole, Policy};

use crate::cast::*;
use crate::lone_slave::EVERYTHING;
use crate::record::*;
use crate::stage::{Stage, Way};

pub const RINGO: &str = "ringo@vesa.yeggmaex.irc/drum";
pub const GEORGE: &str = "george@eris.dclxvii.irc/guitar";
pub const ADMITTING: Policy = Policy { enter_role: EnterRole::Participant, ..EVERYTHING };

impl Stage {
    /// The ways to these are dead until both ends know.
    pub fn split(&mut self, slaves: &[&str]) {
        for slave in slaves {
            self.cut(slave, Way::Silent, Way::Silent);
        }
        self.seconds(200);
        self.record.clear();
    }

    /// All is well again, and everybody agrees; nobody has missed or lost anything.
    pub fn rejoin(&mut self) {
        for slave in SLAVES {
            self.heal(slave);
        }
        self.seconds(150);
        self.assert_converged();
        self.assert_heard();
        self.assert_in_order();
        self.assert_nothing_lost();
    }

    /// What this user got of presences since the record was cleared: nick, whether it comes, codes.
    pub fn presences(&self, who: &str) -> Vec<String> {
        let got = self.record.got(who);
        let presences = got.iter().filter(|s| s.is_available() || s.is_unavailable());
        presences
            .map(|s| {
                let way = if s.is_available() { "+" } else { "-" };
                format!("{way}{} {}", from_nick(s), sorted(codes(s)).join(" ")).trim().to_owned()
            })
            .collect()
    }

    /// The messages with a body that he got since then: nick, body, and `late` where it has a time.
    pub fn hears(&self, who: &str) -> Vec<String> {
        let got = self.record.got(who);
        let said = got.iter().filter(|s| s.is_groupchat() && s.body().is_some());
        said.map(|s| {
            let late = if is_delayed(s) { " late" } else { "" };
            format!("{}: {}{late}", from_nick(s), s.body().unwrap())
        })
        .collect()
    }
}

fn sorted(mut codes: Vec<&str>) -> Vec<&str> {
    codes.sort_unstable();
    codes
}

/// The whole cast is in, vesa is split.
pub fn vesa_split() -> Stage {
    let mut stage = Stage::granting(ADMITTING, &CAST);
    stage.split(&[VESA]);
    stage
}

/// Row 1.
#[test]
fn row_1_who_left_has_left() {
    let mut stage = vesa_split();
    stage.leave(BIGCHEESE);
    assert_eq!(stage.presences(BIGCHEESE), ["-BigCheese 110"]);
    stage.rejoin();
    assert_eq!(stage.presences(BIGCHEESE), ["-BigCheese 110"], "told once");
    assert_eq!(stage.presences(EFCHEN), ["-BigCheese"], "told once");
    assert_eq!(stage.presences(WIZ), ["-BigCheese"]);
}

/// Row 2.
#[test]
fn row_2_the_last_presence_counts() {
    let mut stage = vesa_split();
    stage.show(BIGCHEESE, "away");
    stage.show(BIGCHEESE, "xa");
    stage.rejoin();
    assert_eq!(stage.presences(EFCHEN), ["+BigCheese", "+BigCheese"], "not again at the netjoin");
    assert_eq!(stage.presences(WIZ), ["+BigCheese"], "the latest");
}

/// Row 3.
#[test]
fn row_3_what_was_said_is_heard_late_by_the_others() {
    let mut stage = vesa_split();
    stage.say(BIGCHEESE, "anyone?");
    stage.say(WIZ, "vesa is gone");
    stage.rejoin();
    assert_eq!(stage.hears(WIZ), ["WiZ: vesa is gone", "BigCheese: anyone? late"]);
    assert_eq!(stage.hears(EFCHEN), ["BigCheese: anyone?", "WiZ: vesa is gone late"]);
    // §5.3: the stores are in the order of the stamps.
    stage.record.clear();
    stage.join_as(RINGO, "Ringo");
    stage.join_as(GEORGE, "George");
    stage.settle();
    let read = |who| stage.hears(who).split_off(PAST.len());
    assert_eq!(read(RINGO), ["BigCheese: anyone? late", "WiZ: vesa is gone late"]);
    assert_eq!(read(GEORGE), read(RINGO));
}

/// Row 4.
#[test]
fn row_4_who_was_kicked_meanwhile_is_out_and_his_words_are_dropped() {
    let mut stage = vesa_split();
    stage.say(EFCHEN, "just us");
    stage.kick(WIZ, "Efchen");
    stage.rejoin();
    assert_eq!(stage.presences(EFCHEN), ["-Efchen 110 307"]);
    assert_eq!(stage.presences(BIGCHEESE), ["-Efchen 307"]);
    assert_eq!(stage.hears(WIZ), Vec::<String>::new());
    assert_eq!(stage.hears(BIGCHEESE), ["Efchen: just us"]);
    // His local-only words are purged: assert_converged has compared the histories.
}

/// Row 5.
#[test]
fn row_5_who_lost_his_voice_meanwhile_gets_an_error() {
    let mut stage = vesa_split();
    let id = stage.say(EFCHEN, "just us");
    stage.set_role(WIZ, "Efchen", "visitor");
    stage.rejoin();
    let errors = &stage.client(EFCHEN).errors;
    assert_eq!(errors.len(), 1);
    assert_eq!(
        (errors[0].id.as_deref(), condition(&errors[0])),
        (Some(&*id), Some("forbidden".into()))
    );
    assert_eq!(stage.hears(WIZ), Vec::<String>::new());
}

/// Row 6.
#[test]
fn row_6_who_was_banned_meanwhile_is_out_and_stays_out() {
    let mut stage = vesa_split();
    stage.say(EFCHEN, "just us");
    stage.ban(WIZ, EFCHEN);
    stage.rejoin();
    assert_eq!(stage.presences(EFCHEN), ["-Efchen 110 301"]);
    stage.record.clear();
    stage.join(EFCHEN);
    stage.settle();
    let refused = stage.client(EFCHEN).errors.last().cloned().unwrap();
    assert_eq!(condition(&refused).as_deref(), Some("forbidden"));
}

/// Rows 7 and 24: Troy moderates on eris, where WiZ is too.
fn eris_split() -> Stage {
    let mut stage = Stage::granting(ADMITTING, &CAST);
    stage.join_as(GEORGE, "George");
    stage.settle();
    stage.split(&[ERIS]);
    stage
}

#[test]
fn row_7_a_kick_on_the_other_side_is_a_kick() {
    let mut stage = eris_split();
    let kick = stage.kick(WIZ, "George");
    assert_eq!(stage.presences(GEORGE), ["-George 110 307"]);
    stage.rejoin();
    assert_eq!(stage.presences(GEORGE), ["-George 110 307"], "told once");
    assert_eq!(stage.presences(WUMPUS), ["-George 307"]);
    let answers: Vec<_> = stage.record.got(WIZ);
    let answers = answers.iter().filter(|s| s.id.as_deref() == Some(&*kick));
    assert_eq!(answers.count(), 1, "the master's result is swallowed");
}

#[test]
fn row_8_a_kick_by_who_was_demoted_meanwhile_is_only_a_departure() {
    let mut stage = eris_split();
    stage.kick(TROY, "George");
    stage.set_role(WUMPUS, "Troy", "participant");
    stage.rejoin();
    assert_eq!(stage.presences(GEORGE), ["-George 110 307"]);
    assert_eq!(stage.presences(WUMPUS), ["+Troy", "-George"]);
    assert!(stage.client(TROY).errors.is_empty(), "the error is swallowed");
    stage.join_as(GEORGE, "George");
    stage.rejoin();
    assert!(stage.client(GEORGE).is_in(), "he may come back");
}

#[test]
fn row_9_a_kick_of_who_was_promoted_meanwhile_is_only_a_departure() {
    let mut stage = eris_split();
    stage.kick(TROY, "George");
    stage.set_affiliation(WUMPUS, GEORGE, "admin");
    stage.rejoin();
    assert_eq!(stage.presences(GEORGE), ["-George 110 307"]);
    assert_eq!(stage.presences(VALDIS), ["+George", "-George"]);
    assert!(stage.client(TROY).errors.is_empty(), "the error is swallowed");
}

#[test]
fn row_10_who_entered_under_a_free_nick_is_in() {
    let mut stage = vesa_split();
    stage.join_as(RINGO, "Ringo");
    let burst = stage.presences(RINGO);
    assert_eq!(burst.last().map(String::as_str), Some("+Ringo 110"));
    stage.say(RINGO, "hello");
    stage.rejoin();
    assert_eq!(stage.presences(RINGO), burst, "no second entry, no change");
    assert_eq!(stage.presences(BIGCHEESE), ["+Ringo"]);
    assert_eq!(stage.presences(WIZ), ["+Ringo"]);
    assert_eq!(stage.hears(WIZ), ["Ringo: hello late"]);
}

#[test]
fn row_11_the_masters_occupant_keeps_his_nick() {
    let mut stage = vesa_split();
    stage.join_as(RINGO, "Ringo");
    stage.join_as(GEORGE, "Ringo");
    stage.rejoin();
    assert_eq!(stage.presences(BIGCHEESE), ["+Ringo", "-Ringo 303", "+Ringo~2", "+Ringo"]);
    assert_eq!(stage.client(RINGO).nick(), "Ringo~2");
    assert_eq!(stage.client(GEORGE).nick(), "Ringo");
    let own: Vec<_> = stage.presences(RINGO).into_iter().filter(|s| s.contains("110")).collect();
    assert_eq!(own.len(), 3, "in, and a rename: {own:?}");
    assert!(own[1..].iter().any(|s| s.contains("210")), "{own:?}");
}

#[test]
fn row_12_who_may_not_enter_is_removed_with_the_code_of_the_reason() {
    let mut closed = room();
    closed.affiliations.insert(bare(RINGO), wallops::room::Affiliation::Outcast);
    let mut members = room();
    members.members_only = true;
    for who in CAST {
        let affiliation = wallops::room::Affiliation::Member;
        members.affiliations.entry(bare(who)).or_insert(affiliation);
    }
    let mut full = room();
    full.max_users = Some(7);
    for (room, code) in [(closed, "301"), (members, "322"), (full, "333")] {
        let mut stage = Stage::of(room, ADMITTING, &CAST);
        stage.split(&[VESA]);
        stage.join_as(RINGO, "Ringo");
        assert!(stage.client(RINGO).is_in());
        stage.rejoin();
        let told = stage.presences(RINGO);
        let last = told.last().unwrap();
        assert!(last.starts_with("-Ringo") && last.contains("110"), "{told:?}");
        assert!(last.contains(code), "{code}: {told:?}");
        assert_eq!(stage.presences(BIGCHEESE).len(), 2, "he comes and goes");
    }
}

#[test]
fn row_13_a_nick_change_is_kept_if_it_is_free() {
    let mut stage = vesa_split();
    stage.rename(BIGCHEESE, "SmallCheese");
    stage.rejoin();
    assert_eq!(stage.presences(EFCHEN), ["-BigCheese 303", "+SmallCheese"]);
    assert_eq!(stage.presences(WIZ), ["-BigCheese 303", "+SmallCheese"]);
}

#[test]
fn row_13_a_nick_change_is_undone_if_the_nick_was_taken() {
    let mut stage = vesa_split();
    stage.rename(BIGCHEESE, "SmallCheese");
    stage.join_as(GEORGE, "SmallCheese");
    stage.rejoin();
    let back = ["-BigCheese 303", "+SmallCheese", "-SmallCheese 303", "+BigCheese", "+SmallCheese"];
    assert_eq!(stage.presences(EFCHEN), back);
    let elsewhere = stage.presences(WIZ);
    assert!(!elsewhere.iter().any(|s| s.starts_with('-')), "{elsewhere:?}");
}

#[test]
fn row_14_of_two_who_were_admitted_apart_the_first_keeps_the_nick() {
    let mut stage = Stage::granting(ADMITTING, &CAST);
    stage.split(&[VESA, ERIS]);
    stage.join_as(RINGO, "Spartacus");
    stage.join_as(GEORGE, "Spartacus");
    stage.heal(ERIS);
    stage.seconds(60);
    stage.rejoin();
    assert_eq!(stage.client(GEORGE).nick(), "Spartacus");
    assert_eq!(stage.client(RINGO).nick(), "Spartacus~2");
}

/// Row 15, the other way round: see `a_late_join_of_another_session_is_a_second_session`.
#[test]
fn a_nick_that_was_left_while_split_may_be_taken_while_split() {
    let mut stage = vesa_split();
    stage.leave(BIGCHEESE);
    let other = "rubenro@vesa.yeggmaex.irc/razor";
    stage.join_as(other, "BigCheese");
    stage.leave(EFCHEN);
    stage.join_as(RINGO, "Efchen");
    stage.rejoin();
    assert_eq!(stage.client(other).nick(), "BigCheese");
    assert_eq!(stage.client(RINGO).nick(), "Efchen");
}

/// A room with nothing of its own, whose service keeps everything.
pub fn lasting(policy: Policy, persistence: Persistence) -> Stage {
    let mut room: RoomConfig = room();
    room.grants.policy = policy;
    let mut config = crate::lone_master::registering(room);
    config.persistence = persistence;
    let slaves = SLAVES.map(|slave| crate::lone_slave::slave_config(slave, policy)).into();
    Stage::with(config, slaves)
}
