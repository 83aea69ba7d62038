//! The play: a scenario on a network. Who acts acts through his own machine; what is expected is
//! read from what arrived, and from what machines say of themselves when asked.
//!
//! A line that makes something happen begins at a whole second at which nothing is in flight, or,
//! if there is none within a minute, at the first such instant; what it sets off runs until the
//! next one. Lines that expect something take no time.
//!
//! It is *not* a conformance check: it knows what the scenario expects, and nothing of the XEP.

mod act;
mod affairs;
mod cross;
mod deeds;
mod entry;
mod expect;
mod failure;
mod know;
mod order;
pub mod pattern;
mod perceive;
mod raw;
mod setting;
pub mod setup;
mod stage;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::failure::{Failure, Nearest};
use self::pattern::Captures;
pub use self::setting::setting;
use self::view::View;
use crate::scenario::{Name, Party, Scenario, Span};
use crate::sim::event::EventNetwork;
use crate::sim::network::{HostId, Network};
use crate::sim::wire::WireNetwork;
use crate::sim::world::{FaultRecord, World, WorldError};
use crate::time::{Duration, Time};
use crate::transcript::{Fault, Header, Transcript};

/// How a scenario is to be played.
#[derive(Clone, Debug)]
pub struct Options {
    /// The scenario's text, from which the record takes its lines; may be empty.
    pub source: Arc<str>,
    /// Another seed than the scenario's.
    pub seed: Option<u64>,
    /// Whether to play without slaves. Lines about slaves and about what crosses are left out.
    pub plain: bool,
    /// The network's name, for the header of the transcript.
    pub network: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self { source: "".into(), seed: None, plain: false, network: "event" }
    }
}

/// What came of a play.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The record.
    pub transcript: Transcript,
    /// How many expectations were checked.
    pub checked: usize,
    /// How many of them were not met.
    pub unmet: usize,
    /// Why they were not met, in order: of one expectation, for each whose it was.
    pub failures: Vec<Failure>,
    /// Faults that touched nothing, and their lines.
    pub vacuous: Vec<(Span, FaultRecord)>,
    /// How many stanzas each client received that no line asked for, but that stood before one
    /// that was asked for; by name, without zeros.
    pub skipped: Vec<(Name, usize)>,
}

/// Why a scenario could not be played to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlayError {
    /// The cast makes no world.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Somebody who should be in a room at the start did not get in.
    #[error("{name} could not enter {room} before the script begins")]
    NotJoined {
        /// Who.
        name: Name,
        /// The room.
        room: Name,
    },
    /// It is not quiet when the script should begin.
    #[error("the network is not quiet when the script should begin")]
    NotReady,
    /// It was not quiet within [`QUIET_MAX`].
    #[error("the network was not quiet for a whole simulated {} minutes", QUIET_MAX.as_secs() / 60)]
    NeverQuiet(Span),
    /// The record has more than [`ENTRIES_MAX`] entries.
    #[error("more than {ENTRIES_MAX} things happened; what follows would be too much to keep")]
    TooMuch(Span),
}

/// How many entries a record may have; a month of nothing but keepalive of three slaves has half of
/// it.
pub const ENTRIES_MAX: usize = 500_000;

/// How long a play waits for the network to be quiet.
pub const QUIET_MAX: Duration = Duration::from_secs(600);

/// Play a scenario on the event network.
pub fn play_event(scenario: &Scenario, options: &Options) -> Result<Outcome, PlayError> {
    let options = Options { network: "event", ..options.clone() };
    play(scenario, &options, EventNetwork::new)
}

/// Play a scenario on the wire network. There can be one on a thread at a time.
pub fn play_wire(scenario: &Scenario, options: &Options) -> Result<Outcome, PlayError> {
    let options = Options { network: "wire", ..options.clone() };
    play(scenario, &options, WireNetwork::new)
}

/// Play a scenario on the network that `make` makes of a world, its first instant and a seed.
pub fn play<N: Network>(
    scenario: &Scenario,
    options: &Options,
    make: impl FnOnce(World, Time, u64) -> N,
) -> Result<Outcome, PlayError> {
    let start = setup::beginning(scenario);
    let world = World::new(setup::world_config(scenario, options.plain), start)?;
    let seed = options.seed.unwrap_or(scenario.tags.seed);
    let mut play = Play::new(scenario, options, make(world, start, seed), seed);
    play.set_up()?;
    for step in &scenario.steps {
        play.step(step)?;
    }
    Ok(play.finish())
}

/// A play in progress.
struct Play<'a, N> {
    scenario: &'a Scenario,
    options: &'a Options,
    seed: u64,
    network: N,
    views: BTreeMap<Name, View>,
    /// The same for machines whose stanzas are asked for: cursor and mark.
    readers: BTreeMap<Party, (usize, usize)>,
    captures: Captures,
    /// Faults that end by themselves.
    pending: BTreeMap<Time, Vec<Fault>>,
    /// The line of each fault.
    fault_spans: Vec<Span>,
    /// The entry of the transcript at which the last line made something happen.
    marked_entry: usize,
    marked_at: Time,
    ids: u64,
    checked: usize,
    unmet: usize,
    failures: Vec<Failure>,
    skipped: BTreeMap<Name, usize>,
}

impl<'a, N: Network> Play<'a, N> {
    fn new(scenario: &'a Scenario, options: &'a Options, network: N, seed: u64) -> Self {
        let views = scenario.cast.clients.keys().map(|name| (name.clone(), View::default()));
        Self {
            scenario,
            options,
            seed,
            network,
            views: views.collect(),
            readers: BTreeMap::new(),
            captures: Captures::new(),
            pending: BTreeMap::new(),
            fault_spans: Vec::new(),
            marked_entry: 0,
            marked_at: scenario.tags.epoch,
            ids: 0,
            checked: 0,
            unmet: 0,
            failures: Vec::new(),
            skipped: BTreeMap::new(),
        }
    }

    fn header(&self) -> Header {
        Header {
            scenario: self.scenario.title.clone(),
            profile: self.scenario.tags.profile.name().to_owned(),
            seed: self.seed,
            network: self.options.network.to_owned(),
            epoch: self.scenario.tags.epoch,
            ..Header::default()
        }
    }

    /// The host of a client of the cast.
    fn client_host(&self, name: &str) -> Option<HostId> {
        let client = self.scenario.cast.clients.get(name)?;
        let jid = crate::sim::network::Host::Client(client.jid.clone());
        self.network.world().host(&jid)
    }

    fn finish(mut self) -> Outcome {
        self.check_leftovers();
        let faults = self.network.world().faults().to_vec();
        let vacuous = self
            .fault_spans
            .iter()
            .copied()
            .zip(faults)
            .filter(|(_, fault)| fault.touched.total() == 0)
            .collect();
        Outcome {
            transcript: self.network.world_mut().recorder_mut().finish().unwrap_or_default(),
            checked: self.checked,
            unmet: self.unmet,
            failures: self.failures,
            vacuous,
            skipped: self.skipped.into_iter().filter(|(_, number)| *number > 0).collect(),
        }
    }
}
