//! Schedules that went wrong once, in the words of what went wrong.

use crate::schedule::{Act, Act::*, Schedule};
use crate::stage::Way::{Bounce, Silent, Up};

/// Play, heal, wait: everybody agrees, nothing is lost, and then it is quiet.
fn agree(slaves: usize, people: usize, acts: &[Act]) {
    let schedule = Schedule { slaves, people, acts: acts.to_vec() };
    let mut stage = schedule.stage(true);
    schedule.play(&mut stage);
    stage.calm_down();
    stage.assert_converged();
    stage.assert_nothing_lost();
    stage.assert_calm();
}

#[test]
fn pings_that_bounce_at_once_do_not_follow_one_another_without_end() {
    agree(3, 2, &[Cut(0, Bounce, Silent), Join(0), Cut(2, Bounce, Silent), Join(0)]);
}

#[test]
fn two_sides_that_doubt_one_another_do_not_ping_without_end() {
    let acts = [Join(2), Join(5), Cut(2, Up, Silent), Join(0), Disconnect(1), Join(5)];
    agree(3, 2, &acts);
}

#[test]
fn jids_that_come_before_the_first_moderator_is_promoted_are_kept_for_him() {
    agree(3, 5, &[Join(1), Join(2), Role(2, 6, 2), Join(5)]);
}

#[test]
fn jids_that_were_lost_with_the_first_moderators_enter_are_sent_again() {
    agree(2, 5, &[Join(4), Wait(60), Cut(1, Up, Silent), Join(0), Join(2)]);
}

#[test]
fn jids_are_sent_again_when_moderators_came_and_went_unheard() {
    let first = [JoinAs(3, 1), Cut(0, Silent, Up), Join(6), Join(4), Cut(0, Up, Up), Join(2)];
    let then = [Kick(0, 2), Join(3), Cut(1, Up, Silent), Join(2), Leave(3)];
    agree(3, 7, &[&first[..], &then[..]].concat());
}

#[test]
fn who_asks_again_and_is_banned_waits_for_nothing() {
    agree(3, 2, &[Join(1), Cut(2, Up, Silent), Rejoin(5), Join(0), Ban(6, 1)]);
}

#[test]
fn the_nick_of_who_left_in_a_split_is_free_for_who_has_it_now() {
    let cut = Cut(2, Up, Silent);
    agree(3, 6, &[JoinAs(6, 5), cut, Rename(6, 0), Join(5), Wait(130), Leave(6)]);
}

#[test]
fn a_refused_enter_answers_its_join() {
    agree(3, 3, &[Hold(true), Join(4), Rejoin(1), Leave(4)]);
}

#[test]
fn who_leaves_and_returns_unheard_gets_nothing_of_his_first_stay() {
    let acts = [Join(2), Join(5), Cut(2, Silent, Up), Show(0, 0), Disconnect(1), Join(5)];
    agree(3, 2, &acts);
}

#[test]
fn who_was_removed_is_told_the_last_reason_and_not_the_first() {
    agree(2, 4, &[Join(3), Leave(3), Join(3), Cut(1, Up, Silent), Kick(0, 3)]);
}

#[test]
fn somebody_under_a_new_nick_is_shown_although_his_presence_is_the_same() {
    let acts = [Join(3), Join(2), Cut(1, Silent, Silent), Rename(3, 3), Rename(2, 0)];
    agree(2, 3, &acts);
    let cut = Cut(1, Silent, Silent);
    agree(2, 3, &[Join(0), Join(2), cut, Rename(0, 4), Join(4), Rename(1, 3), Show(2, 0)]);
}

#[test]
fn leaving_twice_at_once_is_answered_once() {
    agree(3, 5, &[Join(7), Hold(true), Leave(7), Leave(7)]);
}

#[test]
fn nicks_of_a_stay_that_is_over_are_not_told_again() {
    let cut = Cut(1, Up, Silent);
    agree(2, 3, &[Join(7), Rename(4, 3), Kick(2, 7), Join(4), Join(2), cut, Disconnect(1)]);
    let cut = Cut(2, Up, Silent);
    let left = [Join(3), Disconnect(4), Rename(3, 1), Disconnect(3), Join(3), cut, JoinAs(1, 0)];
    agree(3, 3, &left);
    agree(3, 4, &[Join(5), Rename(1, 2), Leave(5), Join(1), Cut(2, Silent, Up), Wait(80)]);
}

#[test]
fn the_farewell_of_a_nicks_former_owner_is_not_taken_for_that_of_the_present_one() {
    agree(2, 3, &[JoinAs(1, 2), Leave(7), Join(2), Cut(1, Up, Silent), Show(2, 0)]);
}

#[test]
fn a_client_that_asks_again_is_answered_although_enter_was_lost() {
    agree(2, 5, &[Join(4), Wait(60), Join(0), Cut(0, Up, Silent), Rejoin(4)]);
    let cut = Cut(0, Up, Silent);
    agree(2, 6, &[Join(0), Join(5), Wait(126), cut, Rejoin(5), Rename(5, 1)]);
}

#[test]
fn presence_that_changes_by_asking_again_in_a_split_is_shown_to_the_others() {
    let cut = Cut(2, Silent, Up);
    agree(3, 6, &[Join(0), Join(1), Join(0), cut, Show(0, 0), Show(7, 0), Rejoin(6)]);
}

#[test]
fn a_nick_taken_from_somebody_who_left_unheard_is_his() {
    let cut = Cut(0, Up, Silent);
    agree(4, 4, &[JoinAs(2, 4), Rename(6, 2), Join(1), Rename(1, 4), cut, Leave(5)]);
}

#[test]
fn what_somebody_was_before_he_left_is_not_carried_out_in_a_split() {
    agree(3, 3, &[Join(0), Cut(2, Silent, Up), Rejoin(3), Disconnect(3), Join(0)]);
}

#[test]
fn a_leave_before_a_join_that_was_answered_is_not_carried_out_in_a_split() {
    let cut = Cut(2, Up, Silent);
    agree(3, 3, &[Join(0), JoinAs(2, 2), cut, Wait(10), Join(7), Disconnect(1), Join(4)]);
}
