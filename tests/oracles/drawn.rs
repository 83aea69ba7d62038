//! Random schedules, small enough for many.

use wallops::explore::{Act, Bounds, Schedule};
use wallops::scenario::Profile;

/// How many random schedules to play.
pub fn schedules() -> u64 {
    let asked = std::env::var("WALLOPS_SCHEDULES").ok().and_then(|number| number.parse().ok());
    asked.map_or(if cfg!(debug_assertions) { 40 } else { 1_000 }, |asked: u64| asked / 10)
}

/// The schedule of a seed.
pub type Drawn = fn(u64) -> Schedule;

/// A test of each way in which random schedules are drawn: this holds of those.
macro_rules! in_random_schedules {
    ($holds:ident) => {
        mod in_random_schedules {
            use wallops::scenario::Profile;

            use crate::drawn::{with_faults, without_faults};

            #[test]
            fn without_faults_of_profile_core() {
                super::$holds(|seed| without_faults(seed, Profile::Core));
            }

            #[test]
            fn without_faults_of_profile_muc() {
                super::$holds(|seed| without_faults(seed, Profile::Muc));
            }

            #[test]
            fn without_faults_of_profile_full() {
                super::$holds(|seed| without_faults(seed, Profile::Full));
            }

            #[test]
            fn with_faults_of_profile_core() {
                super::$holds(|seed| with_faults(seed, Profile::Core));
            }

            #[test]
            fn with_faults_of_profile_full() {
                super::$holds(|seed| with_faults(seed, Profile::Full));
            }
        }
    };
}
pub(crate) use in_random_schedules;

/// A schedule in which something may break.
pub fn with_faults(seed: u64, profile: Profile) -> Schedule {
    Schedule::draw(seed, &bounds(profile))
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
    let mut schedule = with_faults(seed, profile);
    keep(&mut schedule.acts);
    schedule
}

fn bounds(profile: Profile) -> Bounds {
    Bounds { profile, people: 8, actions: 60, ..Bounds::default() }
}
