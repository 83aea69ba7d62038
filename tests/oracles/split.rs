//! Splits in which nobody acts: where a script may have one, and what it is with and without.

use wallops::scenario::verbs::{Manner, NetworkChange, Pause};
use wallops::scenario::{Action, Direction, Host, Name, Scenario, Step};
use wallops::time::Duration;

/// A link of a slave that is cut for a while, before a step of a script.
#[derive(Clone, Debug)]
pub struct Split {
    before: usize,
    pub slave: Name,
    service: Name,
    manner: Manner,
    seconds: u64,
}

impl Split {
    /// The scenario with the split, and without: in both the same time passes.
    pub fn put_in(&self, scenario: &Scenario) -> [Scenario; 2] {
        let span = scenario.steps.get(self.before).or(scenario.steps.last()).unwrap().span;
        let [slave, service] = [&self.slave, &self.service].map(|name| Host::Server(name.clone()));
        let there = Direction { from: slave.clone(), to: service.clone() };
        let directions = vec![there, Direction { from: service, to: slave }];
        let cut = NetworkChange::Cut(directions.clone(), self.manner);
        let heal = NetworkChange::Heal(directions);
        let wait = |seconds| Action::Pause(Pause::Wait(Duration::from_secs(seconds)));
        // To mend what is whole does nothing.
        [cut, heal.clone()].map(|first| {
            let actions =
                [Action::Network(first), wait(self.seconds), Action::Network(heal.clone())];
            let block = actions.map(|action| Step { span, action }).to_vec();
            let block = Step { span, action: Action::Pause(Pause::Meanwhile(block)) };
            let settled = Step { span, action: wait(SETTLING) };
            let mut scenario = scenario.clone();
            scenario.steps.splice(self.before..self.before, [block, settled]);
            scenario
        })
    }
}

/// Before which steps a script can have a split of its own: everything is well there, and no fault
/// that comes later finds other pings under way than it would have found.
fn places(scenario: &Scenario) -> Vec<usize> {
    let steps = &scenario.steps;
    let is_quiet = |step: &Step| step.action == Action::Pause(Pause::UntilQuiet);
    let healed = match steps.iter().rposition(is_fault) {
        None => Some(0),
        Some(last) => steps[last..].iter().position(is_quiet).map(|after| last + after + 1),
    };
    let acts = |place: &usize| !steps[*place].action.is_expectation();
    (healed.unwrap_or(steps.len())..steps.len()).filter(acts).collect()
}

/// Whether something breaks.
pub fn is_fault(step: &Step) -> bool {
    match &step.action {
        Action::Network(change) => matches!(
            change,
            NetworkChange::Cut(..)
                | NetworkChange::Hold(..)
                | NetworkChange::Slow(..)
                | NetworkChange::Crash(_)
        ),
        Action::Pause(Pause::Meanwhile(steps)) => steps.iter().any(is_fault),
        _ => false,
    }
}

/// The splits of a scenario: of each of its slaves, at each place, in each manner in turn.
pub fn splits(scenario: &Scenario) -> Vec<Split> {
    let mut splits = Vec::new();
    for (service, its) in &scenario.cast.services {
        // Who is lost for longer is given up.
        let most = its.timers.expiry.as_secs() / 2;
        for (number, slave) in scenario.cast.slaves.values().enumerate() {
            for (turn, before) in places(scenario).into_iter().enumerate() {
                splits.push(Split {
                    before,
                    slave: slave.jid.domain().as_str().into(),
                    service: service.clone(),
                    manner: MANNERS[(number + turn) % MANNERS.len()],
                    seconds: SECONDS[turn % SECONDS.len()].min(most),
                });
            }
        }
    }
    splits
}

const MANNERS: [Manner; 3] = [Manner::Silently, Manner::Refusing, Manner::Resetting];

/// How long splits last: too short to be noticed, about as long as that takes, longer.
const SECONDS: [u64; 4] = [3, 30, 100, 240];

/// More than it takes until all is well again, in seconds.
const SETTLING: u64 = 300;
