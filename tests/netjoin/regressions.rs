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

/// A service that forgets, in which everything else is plain.
const FORGETFUL: World = World { kept: Persistence::Nothing, ..PLAIN };

/// Whom a room that has forgotten its slaves lets in itself is not told that those are gone whom
/// nobody has shown him, nor shown anybody twice.
#[test]
fn who_is_let_in_by_a_room_that_forgot_knows_whom_he_was_shown() {
    replay(FORGETFUL, vec![Join(1, 0), Wait(20), Join(2, 1), CrashService]);
    replay(FORGETFUL, vec![Join(1, 0), CrashService, RestartService, Join(4, 1)]);
    let away = vec![Join(2, 1), Join(3, 0), Disconnect(2), CrashService];
    replay(World { travel: (500, 0), ..FORGETFUL }, away);
    let shared = vec![CrashService, RestartService, Join(3, 1), Join(2, 0), Join(0, 1)];
    let first = vec![Join(8, 0), Wait(20)];
    replay(World { disks: true, ..FORGETFUL }, [first, shared].concat());
}

/// The state that shows that somebody is gone is lost: he was shown by the room itself.
#[test]
fn who_was_shown_by_the_room_itself_is_gone_for_him_too() {
    let first = vec![CrashService, RestartService, Join(5, 3), Join(2, 0), Wait(1000)];
    let then = vec![Cut(0, Up, Silent), Wait(500), Crash(2)];
    replay(World { travel: (500, 0), ..FORGETFUL }, [first, then].concat());
}

/// A nick that a room that forgot gives to somebody else changes hands with a farewell.
#[test]
fn a_nick_that_somebody_else_has_in_the_next_run_is_given_up_first() {
    let first = vec![Join(1, 0), Wait(500), CrashService, RestartService];
    let then = vec![Join(4, 1), Join(2, 0), Show(0, 0)];
    replay(World { travel: (500, 0), ..FORGETFUL }, [first, then].concat());
    let first = vec![Join(7, 0), Join(0, 1), Wait(20), CrashService, RestartService];
    replay(FORGETFUL, [first, vec![Join(3, 0), Join(2, 0), Join(0, 0)]].concat());
    let policies = ["00000", "00100", "00000"];
    let acts = vec![Join(1, 0), Wait(40), Join(2, 0), Join(4, 1), CrashService, Subject(1)];
    replay(World { policies, disks: true, ..FORGETFUL }, acts);
    let policies = ["00000", "00000", "00110"];
    let first = vec![Join(1, 2), Join(8, 0), CrashService, Join(2, 0), RestartService];
    replay(World { policies, ..FORGETFUL }, [first, vec![CrashHost(1), Wait(20)]].concat());
}

/// A slave that comes back from its disk after the master has given it up.
#[test]
fn who_enters_as_the_slave_comes_back_so_late_is_told_of_one_stay() {
    let world = || World { disks: true, ..PLAIN };
    replay(world(), vec![Join(2, 0), Wait(40), Crash(2), Wait(91_000), Join(2, 1)]);
    replay(world(), vec![Crash(0), Wait(91_000), Join(5, 2), Join(0, 0)]);
}

/// What came back of what was said while the slave was dead is for its author.
#[test]
fn what_is_said_while_the_slave_is_dead_is_returned() {
    let acts = vec![Join(6, 0), Wait(40), CrashService, Crash(0), Say(6)];
    replay(World { disks: true, ..PLAIN }, acts);
}

/// Whom a slave without memory has told that he is out, and who asks to be in again, is told
/// nothing of the stay before.
#[test]
fn who_asks_again_after_a_goodbye_is_not_told_of_the_stay_before() {
    replay(FORGETFUL, vec![Join(0, 0), Crash(0), CrashService, Restart(0), Join(0, 0)]);
    replay(FORGETFUL, vec![Join(0, 0), Crash(0), CrashService, Restart(0), Join(0, 1)]);
    let first = vec![CrashService, RestartService, Cut(2, Up, Silent), Join(8, 0), Wait(20)];
    let then = vec![Crash(2), Join(0, 0), Restart(2), Join(8, 0), Cut(2, Silent, Up)];
    replay(FORGETFUL, [first, then].concat());
}

/// Somebody whom his slave let in, and a room that forgot lets in once more, as a moderator: it
/// shows him the others with their JIDs first, and himself after them.
#[test]
fn who_is_let_in_once_more_sees_others_before_himself() {
    let policies = ["00000", "00100", "00000"];
    let first = vec![CrashService, Join(7, 0), RestartService, Join(0, 0)];
    let world = World { policies, travel: (500, 0), ..FORGETFUL };
    replay(world, [first, vec![Join(4, 1), Join(0, 0)]].concat());
}

/// What the room tells somebody past his dead slave, who was told by it that he cannot enter, or
/// whose answer was lost, he need not understand.
#[test]
fn what_is_told_past_a_dead_slave_may_be_of_a_stay_that_nobody_knows() {
    let policies = ["00000", "00000", "00001"];
    let acts = vec![Join(3, 0), Cut(2, Bounce, Up), Heal(2), Join(2, 0), Wait(500), Crash(2)];
    let world = World { policies, disks: true, travel: (500, 0), ..PLAIN };
    replay(world, [acts, vec![Wait(32_000)]].concat());
    let first = vec![Join(0, 3), Join(4, 4), CrashService, RestartService, Wait(500)];
    let world = World { travel: (500, 0), ..FORGETFUL };
    replay(world, [first, vec![Cut(0, Up, Silent), Join(8, 0), Crash(1)]].concat());
}

/// Somebody whom the room itself has let in, and who knows others than his slave does: a nick that
/// somebody gets here is given up first, and whom he knows no more he is shown.
#[test]
fn who_was_let_in_by_the_room_itself_and_by_his_slave_knows_who_is_there() {
    let policies = ["00000", "00100", "00000"];
    let first = vec![CrashService, RestartService, Join(4, 0), Join(2, 4), Wait(501)];
    let world = World { policies, travel: (500, 0), ..FORGETFUL };
    replay(world, [first, vec![CrashService, Join(7, 4)]].concat());
    let policies = ["00100", "00000", "00000"];
    let first = vec![Join(1, 5), CrashService, Join(6, 5), RestartService, Join(5, 0)];
    replay(World { policies, ..FORGETFUL }, [first, vec![CrashHost(1), Wait(20)]].concat());
}

/// A slave that comes back from its disk knows whom the room itself has shown to its users.
#[test]
fn whom_the_room_has_shown_while_the_slave_was_dead_is_gone_for_him_too() {
    let first = vec![Join(5, 0), Join(0, 0), Crash(2), Wait(91_000), Join(8, 1), CrashHost(0)];
    let then = vec![Wait(40), CrashService, RestartService, Rejoin(8)];
    replay(World { disks: true, ..FORGETFUL }, [first, then].concat());
}

/// Who enters and leaves a room that forgot everything is shown to others, and gone for them.
#[test]
fn who_comes_and_goes_while_the_slave_is_not_registered_is_gone() {
    let acts = vec![Join(8, 1), CrashService, RestartService, Join(3, 0), Disconnect(3), Rejoin(0)];
    replay(FORGETFUL, acts);
}

/// Who has left while his slave was dead, and was told so when it came back, is told nothing of
/// what the room answered to what he had asked before.
#[test]
fn who_has_left_while_the_slave_was_dead_is_told_so_once() {
    let policies = ["00100", "00000", "00000"];
    let first = vec![CrashService, Join(6, 0), Wait(20), Crash(0), RestartService];
    let world = World { policies, disks: true, ..FORGETFUL };
    replay(world, [first, vec![Rejoin(6), Leave(6)]].concat());
}

/// Who was told by a slave that he cannot enter is not let in after it has forgotten that.
#[test]
fn who_was_refused_by_an_earlier_run_of_the_slave_is_not_let_in() {
    let first = vec![CrashService, Join(6, 0), RestartService, Join(5, 0)];
    let world = World { travel: (500, 0), ..FORGETFUL };
    replay(world, [first, vec![Wait(500), Crash(0)]].concat());
}

/// A moderator sees the JIDs of those too who sit beside him and whom a room that forgot everybody
/// has yet to admit.
#[test]
fn a_moderator_sees_whom_the_room_has_yet_to_admit() {
    let silent = Cut(1, Silent, Up);
    let acts = vec![Join(7, 0), Wait(40), silent, Join(1, 0), Rejoin(7), CrashService];
    replay(FORGETFUL, acts);
}

/// Whom a room that knows no slave has let in, and who was not told so, hears nothing of what is
/// said there before he is told that he is in.
#[test]
fn who_was_not_told_that_he_is_in_hears_nothing() {
    let policies = ["00000", "00100", "00000"];
    let first = vec![CrashService, Join(4, 0), Cut(2, Up, Silent), RestartService];
    let acts = [first, vec![Join(2, 0), Wait(60), Say(4)]].concat();
    replay(World { policies, ..FORGETFUL }, acts);
}

/// Nor does he as long as the slave, which was started again, is not registered.
#[test]
fn who_was_not_told_that_he_is_in_hears_nothing_though_there_is_no_slave() {
    let first = vec![Join(8, 0), Wait(20), Cut(0, Silent, Up), Crash(0), CrashService, Restart(0)];
    let then = vec![Cut(0, Up, Silent), RestartService, Join(5, 0), Wait(2094), Wait(2926)];
    let acts = [first, then, vec![Cut(2, Silent, Up), Say(8)]].concat();
    replay(FORGETFUL, acts);
}

/// Who was told by the room itself of somebody under the nick that another one has here is told
/// that he is gone, and of the other.
#[test]
fn who_knows_somebody_else_under_a_nick_hears_that_he_is_gone() {
    let policies = ["00000", "00100", "00000"];
    let first = vec![CrashService, Join(1, 5), RestartService, Join(5, 5)];
    let world = World { policies, disks: true, ..FORGETFUL };
    replay(world, [first, vec![Crash(0), Crash(1), Join(4, 0)]].concat());
}

/// Who asks to be told everything again and is answered here is told by the room itself who comes
/// and goes there; who is here is there for him when all is told.
#[test]
fn who_goes_for_the_room_alone_is_here_for_who_asked_again() {
    let policies = ["00100", "00000", "00000"];
    let first = vec![Cut(0, Up, Silent), Join(4, 0), Wait(130_000), Join(0, 2), Join(7, 2)];
    let then = vec![Wait(40), CrashHost(0), CrashService, Say(7), RestartService, Rejoin(4)];
    replay(World { policies, disks: true, ..FORGETFUL }, [first, then].concat());
}

/// Who is refused while his slave is dead is not in, though the room had let him in before.
#[test]
fn who_is_refused_while_the_slave_is_dead_is_out_of_the_room() {
    let first = vec![CrashService, RestartService, Join(2, 0), Wait(2500), CrashService];
    let world = World { disks: true, travel: (500, 0), ..PLAIN };
    replay(world, [first, vec![Crash(2), Wait(1000)]].concat());
}
