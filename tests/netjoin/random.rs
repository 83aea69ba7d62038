//! Random short lives of a room: whatever people do and whatever breaks, when all is healed and
//! quiet everybody agrees.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::plan::*;

/// Always the same cases, so that the check of a change is about the change; other seeds and more
/// cases by `PROPTEST_RNG_SEED` and `PROPTEST_CASES`.
fn config(cases: u32) -> ProptestConfig {
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
    #![proptest_config(config(500))]

    #[test]
    fn without_faults_everybody_agrees(plan in without_faults()) {
        let mut stage = plan.stage();
        plan.play(&mut stage);
        stage.settle();
        stage.seconds(5);
        stage.assert_converged();
        stage.assert_heard();
        stage.assert_in_order();
        stage.assert_nothing_lost();
    }
}

proptest! {
    #![proptest_config(config(1200))]

    #[test]
    fn whatever_is_cut_everybody_agrees_when_it_is_healed(plan in with_faults()) {
        plan.assert_agreement();
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn whichever_slave_dies_everybody_agrees_when_all_live_again(
        plan in with_crashes_of_slaves()
    ) {
        plan.assert_agreement();
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn whoever_dies_everybody_agrees_when_all_live_again(plan in with_crashes()) {
        plan.assert_agreement();
    }
}
