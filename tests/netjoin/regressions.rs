//! Plans that once went wrong, as small as they became.

use wallops::dmuc::Persistence;
use wallops::stanza::slave::{EnterRole, Policy};

use crate::plan::Act::*;
use crate::plan::{Act, Plan};

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
