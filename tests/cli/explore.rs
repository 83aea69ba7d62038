//! `wallops explore`: what schedules are drawn from.

use super::desk::run;

#[test]
fn small_schedules_are_played_as_asked_for() {
    let small = ["explore", "--slaves", "1..2", "--people", "3", "--actions", "8"];
    let forty = [&small[..], &["--schedules", "40"]].concat();
    run(&forty).ends_with(0).prints("nothing found: 40 schedules, seeds 0 to 39");
    run(&["explore", "--slaves", "2", "--schedules", "3"]).ends_with(0).prints("3 schedules");
}

#[test]
fn what_no_schedule_can_be_drawn_from_is_refused() {
    let refused = |option: &str, value: &str, why: &str| {
        run(&["explore", option, value]).ends_with(2).complains(option).complains(why);
    };
    refused("--slaves", "7", "a number from 1 to 6 was expected");
    refused("--slaves", "0..3", "a number from 1 to 6 was expected");
    refused("--slaves", "3..1", "the least and then the most was expected, as in 1..3");
    refused("--slaves", "few", "a number from 1 to 6 was expected");
    refused("--people", "2", "a number from 3 to 20 was expected");
    refused("--actions", "0", "a number from 1 to 2000 was expected");
    run(&["explore", "found.scs", "--people", "4"]).ends_with(2).complains("cannot be used with");
}
