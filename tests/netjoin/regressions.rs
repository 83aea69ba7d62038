//! Plans that once went wrong, as small as they became.

use wallops::dmuc::Persistence;
use wallops::stanza::slave::{EnterRole, Policy};

use crate::plan::Act::*;
use crate::plan::{Act, Plan};
use crate::stage::Way::*;

/// What a plan is besides its acts. A policy is one digit each for chat, private, enter, nick and
/// kick.
struct World {
    policies: [&'static str; 3],
    disks: bool,
    kept: Persistence,
    travel: (u64, u64),
    seed: u64,
}

const PLAIN: World = World {
    policies: ["00000", "00000", "00000"],
    disks: false,
    kept: Persistence::Everything,
    travel: (20, 0),
    seed: 0,
};

fn policy(digits: &str) -> Policy {
    let granted: Vec<_> = digits.chars().map(|digit| digit == '1').collect();
    Policy {
        local_chat: granted[0],
        local_private: granted[1],
        local_enter: granted[2],
        local_nick: granted[3],
        local_kick: granted[4],
        mark_away: false,
        enter_role: EnterRole::Participant,
    }
}

/// Play it, heal everything, and look whether everybody agrees.
fn replay(world: World, acts: Vec<Act>) {
    let World { policies, disks, kept, travel, seed } = world;
    let policies = policies.map(policy).into();
    let (persistent, persistence) = (disks, kept);
    let plan = Plan { policies, persistent, persistence, travel, seed, acts };
    plan.assert_agreement();
}

#[test]
fn who_leaves_as_he_enters_does_not_hide_his_jid_from_a_moderator() {
    replay(PLAIN, vec![Join(6, 0), Join(0, 1), Disconnect(6), Wait(1000)]);
}

/// Who asked to enter while the slave was refused for having started again too early is entered
/// when it is accepted.
#[test]
fn who_asks_while_a_slave_starts_again_is_entered() {
    let world = World { kept: Persistence::Nothing, ..PLAIN };
    replay(world, vec![Crash(0), Restart(0), Join(2, 2), Crash(2), Join(5, 0), Wait(61_000)]);
}

/// Who went directly to the room while there was no slave is out when there is one again.
#[test]
fn who_came_while_the_slave_was_dead_is_told_to_come_again() {
    let world = World { kept: Persistence::Nothing, ..PLAIN };
    replay(world, vec![Crash(2), Join(8, 0), CrashService]);
}

/// Who was refused while the slave was dead is not entered when it comes back with its disk.
#[test]
fn who_was_refused_while_the_slave_was_dead_is_not_entered_later() {
    let policies = ["00100", "00000", "00000"];
    let world = World { policies, disks: true, kept: Persistence::Nothing, ..PLAIN };
    replay(world, vec![CrashService, Join(5, 0), Crash(0), Wait(20)]);
}

/// A join that came back undelivered before the slave was registered is not sent again.
#[test]
fn a_join_that_came_back_is_not_sent_again() {
    let world = World { kept: Persistence::Nothing, ..PLAIN };
    replay(world, vec![Crash(1), Restart(1), Join(1, 0), CrashService, Wait(40)]);
}

/// One moderator comes as the other one goes: the JIDs are still for somebody.
#[test]
fn jids_are_kept_for_a_moderator_who_is_about_to_enter() {
    let first = vec![Join(1, 1), Join(0, 0), Wait(40), Cut(0, Silent, Silent), Disconnect(0)];
    let then = vec![Say(1), Wait(20), Heal(0), Join(0, 2)];
    replay(PLAIN, [first, then].concat());
}
