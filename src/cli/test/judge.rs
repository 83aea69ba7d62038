//! The judgement over one scenario.

use std::path::PathBuf;

use super::requirements::level;
use crate::cli::expected::{self, Expected};
use crate::cli::failure::{self, Played};
use crate::cli::files::{self, Script};
use crate::cli::refusal::Refusal;
use crate::cli::snapshot::{Compared, Place};
use crate::cli::stage::{self, Manner, Net};
use crate::cli::verdict::Verdict;
use crate::conform::examples;
use crate::conform::invariants::Finding;
use crate::conform::judgement::Judgement;
use crate::conform::requirements::Level;
use crate::report::{Failing, Known};
use crate::sim::play::{self, PlayError};
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
    /// Which failures are known.
    pub expected: Expected,
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
    /// What came of the requirements on the first network on which it was played; nothing if it was
    /// not played to its end there.
    pub judgement: Option<Judgement>,
    /// The failures that are known of it.
    pub known: Vec<Known>,
}

impl Judge {
    /// Play a scenario and judge it.
    pub fn judge<'a>(&self, script: &'a Script) -> Result<Judged<'a>, Refusal> {
        let mut plays = Vec::new();
        let mut known = self.expected.of(script);
        for net in &self.nets {
            let manner = Manner { net: *net, ..Manner::default() };
            let mut played = stage::play(script, manner);
            expected::excuse(script, &mut played, &mut known);
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
        let first = plays.first().and_then(|(_, played)| played.as_ref().ok());
        let judgement = first
            .map(|outcome| &outcome.transcript)
            .map(|transcript| Judgement::of(transcript, &play::setting(&script.scenario, false)));
        if let Some(judgement) = &judgement {
            expected::see(judgement, &mut known);
        }
        Ok(Judged { script, plays, snapshot, place, agreement, examples, judgement, known })
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
        let kept = self.broken() == 0 && self.unexpected_passes().next().is_none();
        plays.chain([snapshot, Verdict::well_if(agree && shown && kept)]).max().unwrap_or_default()
    }

    /// What was found of requirements, but what is known to fail.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let is_known = |finding: &Finding| {
            let what = Failing::Requirement(finding.requirement);
            self.known.iter().any(|known| known.what == what)
        };
        let findings = self.judgement.iter().flat_map(|judgement| &judgement.findings);
        findings.filter(move |finding| !is_known(finding))
    }

    /// How much was broken that fails.
    pub fn broken(&self) -> usize {
        self.findings().filter(|finding| level(finding) != Level::Should).count()
    }

    /// What is listed as failing, and does not. What was not played is not known to pass.
    pub fn unexpected_passes(&self) -> impl Iterator<Item = &Known> {
        let played = |known: &Known| match known.what {
            Failing::Requirement(_) => self.judgement.is_some(),
            Failing::Expectation(_) => self.plays.iter().all(|(_, played)| played.is_ok()),
        };
        self.known.iter().filter(move |known| !known.seen && played(known))
    }

    /// The network whose play is judged by the requirements.
    pub fn judged_on(&self) -> Net {
        self.plays.first().map(|(net, _)| *net).unwrap_or_default()
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
