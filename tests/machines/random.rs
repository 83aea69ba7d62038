//! Random short lives of a room: whatever people do and whatever breaks, when all is healed and
//! quiet everybody agrees.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::schedule::*;

/// Always the same cases, so that the check of a change is about the change; other seeds and more
/// cases by `PROPTEST_RNG_SEED` and `PROPTEST_CASES`.
pub fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let asked = std::env::var("PROPTEST_CASES").is_ok();
    let seeded = std::env::var("PROPTEST_RNG_SEED").is_ok();
    ProptestConfig {
        cases: if asked { default.cases } else { cases },
        rng_seed: if seeded { default.rng_seed } else { RngSeed::Fixed(282) },
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..default
    }
}

proptest! {
    #![proptest_config(config(800))]

    #[test]
    fn without_faults_everybody_agrees_at_once(schedule in without_faults()) {
        let mut stage = schedule.stage(true);
        schedule.play(&mut stage);
        stage.assert_converged();
        stage.assert_nothing_lost();
    }
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn whatever_breaks_everybody_agrees_when_it_is_healed(schedule in with_faults()) {
        let mut stage = schedule.stage(true);
        schedule.play(&mut stage);
        stage.calm_down();
        stage.assert_converged();
        stage.assert_nothing_lost();
        stage.assert_calm();
    }
}
