//! The judgement over one scenario.

use std::path::PathBuf;

use crate::cli::failure::{self, Played};
use crate::cli::files::{self, Script};
use crate::cli::refusal::Refusal;
use crate::cli::snapshot::{Compared, Place};
use crate::cli::stage::{self, Manner, Net};
use crate::cli::verdict::Verdict;
use crate::conform::examples;
use crate::sim::play::PlayError;
use crate::transcript::{Comparison, Diff, Transcript};

/// How to judge.
#[derive(Debug)]
pub(super) struct Judge {
    /// On which networks to play.
    pub nets: Vec<Net>,
    /// Whether to write snapshots instead of comparing.
    pub accept: bool,
    /// Where the snapshots are, if not in the usual place.
    pub snapshots: Option<PathBuf>,
}

/// What came of a scenario.
#[derive(Debug)]
pub(super) struct Judged<'a> {
    /// The scenario.
    pub script: &'a Script,
    /// The play on each network.
    pub plays: Vec<(Net, Played)>,
    /// The comparison with the snapshot; nothing if it was not played on the event network, or not
    /// to its end.
    pub snapshot: Option<Compared>,
    /// Where the snapshot is.
    pub place: Place,
    /// How the two networks differ; nothing if there are no two plays to compare.
    pub agreement: Option<Diff>,
    /// The examples that the scenario names, as they are on each network.
    pub examples: Vec<(Net, examples::Outcome)>,
}

impl Judge {
    /// Play a scenario and judge it.
    pub fn judge<'a>(&self, script: &'a Script) -> Result<Judged<'a>, Refusal> {
        let mut plays = Vec::new();
        for net in &self.nets {
            let manner = Manner { net: *net, ..Manner::default() };
            let played = stage::play(script, manner);
            if let Err(PlayError::World(error)) = &played {
                return Err(Refusal::about(script.path.display(), error));
            }
            plays.push((*net, played));
        }
        let place = Place::of(&script.path, self.snapshots.as_deref())
            .map_err(|error| Refusal::about(script.path.display(), files::in_words(&error)))?;
        let snapshot = transcript_of(&plays, Net::Event).map(|transcript| match self.accept {
            true => place.accept(transcript),
            false => place.compare(transcript),
        });
        let agreement = agreement(&plays);
        let examples = examples_of(script, &plays);
        Ok(Judged { script, plays, snapshot, place, agreement, examples })
    }
}

impl Judged<'_> {
    /// The verdict over all of it.
    pub fn verdict(&self) -> Verdict {
        let plays = self.plays.iter().map(|(_, played)| failure::verdict(played));
        let snapshot = match &self.snapshot {
            Some(Compared::Unwritten(_)) => Verdict::Wrong,
            Some(Compared::Differs(_) | Compared::None | Compared::Unreadable(_)) => {
                Verdict::Failed
            }
            Some(Compared::Same | Compared::Skipped | Compared::Written) | None => Verdict::Well,
        };
        let agree = self.agreement.as_ref().is_none_or(Diff::is_same);
        let shown = self.examples.iter().all(|(_, outcome)| outcome.is_match());
        plays.chain([snapshot, Verdict::well_if(agree && shown)]).max().unwrap_or_default()
    }

    /// The transcript of this network.
    pub fn transcript(&self, net: Net) -> Option<&Transcript> {
        transcript_of(&self.plays, net)
    }

    /// How many of the examples that it names are in the transcript of this network, and how many
    /// it names.
    pub fn examples_matched(&self, net: Net) -> (usize, usize) {
        let of_net = self.examples.iter().filter(|(played_on, _)| *played_on == net);
        let matched = of_net.clone().filter(|(_, outcome)| outcome.is_match()).count();
        (matched, of_net.count())
    }
}

fn transcript_of(plays: &[(Net, Played)], net: Net) -> Option<&Transcript> {
    let (_, played) = plays.iter().find(|(played_on, _)| *played_on == net)?;
    played.as_ref().ok().map(|outcome| &outcome.transcript)
}

fn agreement(plays: &[(Net, Played)]) -> Option<Diff> {
    let event = transcript_of(plays, Net::Event)?;
    let wire = transcript_of(plays, Net::Wire)?;
    let names = ["the event network", "the wire network"];
    Some(Diff::new(names, [event, wire], Comparison::Arrivals { stamps: true }))
}

fn examples_of(script: &Script, plays: &[(Net, Played)]) -> Vec<(Net, examples::Outcome)> {
    let named = &script.scenario.tags.examples;
    if named.is_empty() {
        return Vec::new();
    }
    let mut outcomes = Vec::new();
    for (net, played) in plays {
        let Ok(outcome) = played else { continue };
        let all = examples::check(&[&outcome.transcript]).into_iter();
        let of_it = all.filter(|outcome| named.contains(&outcome.example.number));
        outcomes.extend(of_it.map(|outcome| (*net, outcome)));
    }
    outcomes
}
