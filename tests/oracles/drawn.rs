//! Random schedules, small enough for many.

use wallops::explore::{Act, Bounds, Schedule};
use wallops::scenario::Profile;

/// How many random schedules to play.
pub fn schedules() -> u64 {
    let asked = std::env::var("WALLOPS_SCHEDULES").ok().and_then(|number| number.parse().ok());
    asked.map_or(if cfg!(debug_assertions) { 40 } else { 1_000 }, |asked: u64| asked / 10)
}

/// A schedule in which nothing breaks.
pub fn without_faults(seed: u64, profile: Profile) -> Schedule {
    fn keep(acts: &mut Vec<Act>) {
        acts.retain(|act| !matches!(act, Act::Fault(_)));
        for act in acts {
            if let Act::Meanwhile(block) = act {
                keep(block);
            }
        }
    }
    let mut schedule = Schedule::draw(seed, &bounds(profile));
    keep(&mut schedule.acts);
    schedule
}

pub fn bounds(profile: Profile) -> Bounds {
    Bounds { profile, people: 8, actions: 60, ..Bounds::default() }
}
