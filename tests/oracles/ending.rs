//! A run, and the world as it is when the run is over.

use std::cell::RefCell;
use std::rc::Rc;

use wallops::scenario::Scenario;
use wallops::sim::event::EventNetwork;
use wallops::sim::network::Network;
use wallops::sim::play::{Options, Outcome, play};
use wallops::sim::world::{Action, World};
use wallops::time::Time;

use super::wrong::{Wrong, made_wrong};

/// What came of a run, and what is left of it.
pub struct Ending {
    pub outcome: Outcome,
    pub world: World,
}

/// Play a scenario whose text this is to its end, with machines that are wrong in some way or none.
/// Nothing if it has no end.
pub fn ending(scenario: &Scenario, text: &str, wrong: Option<Wrong>) -> Option<Ending> {
    let left = Rc::new(RefCell::new(None));
    let options = Options { source: text.into(), ..Options::default() };
    let outcome = play(scenario, &options, |world, start, seed| {
        let world = made_wrong(world, wrong);
        Kept { network: Some(EventNetwork::new(world, start, seed)), left: left.clone() }
    });
    let world = left.borrow_mut().take()?;
    Some(Ending { outcome: outcome.ok()?, world })
}

/// An event network that leaves its world to somebody.
struct Kept {
    network: Option<EventNetwork>,
    left: Rc<RefCell<Option<World>>>,
}

impl Kept {
    fn network(&self) -> &EventNetwork {
        self.network.as_ref().unwrap()
    }

    fn network_mut(&mut self) -> &mut EventNetwork {
        self.network.as_mut().unwrap()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        *self.left.borrow_mut() = self.network.take().map(EventNetwork::into_world);
    }
}

impl Network for Kept {
    fn now(&self) -> Time {
        self.network().now()
    }

    fn world(&self) -> &World {
        self.network().world()
    }

    fn world_mut(&mut self) -> &mut World {
        self.network_mut().world_mut()
    }

    fn act(&mut self, action: Action) {
        self.network_mut().act(action);
    }

    fn run_until_quiet(&mut self, limit: Time) -> bool {
        self.network_mut().run_until_quiet(limit)
    }

    fn run_until(&mut self, instant: Time) {
        self.network_mut().run_until(instant);
    }
}
