//! Finding an example in a run: a stanza for each of its patterns, the right ones in the right
//! order, and nothing of their kind between them.

use std::collections::{BTreeMap, BTreeSet};

use super::Example;
use super::compare::{Comparison, compare};
use super::outcome::{Fault, Nearest, Verdict};
use super::pattern::Pattern;
use super::run::{Run, Sent};
use super::stamps::{Stamps, bind};
use super::{order, outcome};
use crate::stanza::{Kind, ns};

/// Find the example in the run, which is the `number`th; or tell what is in the way. The stamps of
/// the stanzas found are added to `stamps`.
pub(super) fn find(
    example: &Example,
    run: &Run<'_>,
    number: usize,
    stamps: &mut Stamps,
) -> Result<Verdict, Vec<Fault>> {
    let search = Search::new(example, run);
    let missing = search.missing(number);
    if !missing.is_empty() {
        return Err(missing);
    }
    let mut first_faults = None;
    let mut start = 0;
    for _ in 0..WINDOWS_MAX {
        let Some(places) = search.window(start) else { break };
        match search.judge(&places, number, stamps) {
            Ok(bound) => {
                *stamps = bound;
                return Ok(search.verdict(&places, number));
            }
            Err(faults) => first_faults = first_faults.or(Some(faults)),
        }
        start = places.iter().min().map_or(usize::MAX, |first| first + 1);
    }
    Err(first_faults.unwrap_or_else(|| vec![search.disorder()]))
}

struct Search<'a> {
    example: &'a Example,
    run: &'a Run<'a>,
    /// For each pattern the positions of the stanzas that match it, in order.
    matches: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn new(example: &'a Example, run: &'a Run<'a>) -> Self {
        let matches = example
            .patterns
            .iter()
            .map(|pattern| {
                run.between(&pattern.sender, &pattern.receiver)
                    .iter()
                    .copied()
                    .filter(|at| compare(pattern, &run.sent[*at], run).differences.is_empty())
                    .collect()
            })
            .collect();
        Self { example, run, matches }
    }

    fn missing(&self, number: usize) -> Vec<Fault> {
        let of = self.example.patterns.len();
        self.example
            .patterns
            .iter()
            .zip(&self.matches)
            .enumerate()
            .filter(|(_, (_, matches))| matches.is_empty())
            .map(|(index, (pattern, _))| Fault::Missing {
                stanza: index + 1,
                of,
                from: pattern.sender.clone(),
                to: pattern.to(),
                nearest: self.nearest(pattern, number),
            })
            .collect()
    }

    /// The stanza of the run that differs least from this pattern, if any is like it at all.
    fn nearest(&self, pattern: &Pattern, number: usize) -> Option<Nearest> {
        let taken: BTreeSet<usize> = self.matches.iter().flatten().copied().collect();
        let alien = |sent: &Sent<'_>| {
            let address =
                |name| pattern.node.attribute(name).and_then(|value| value.wanted(self.run));
            usize::from(sent.from != pattern.sender)
                + usize::from(sent.to != pattern.receiver)
                + address("from").map_or(0, |from| usize::from(!sent.is_from(&from)))
                + address("to").map_or(0, |to| usize::from(!sent.is_addressed_to(&to)))
        };
        let mut ranked: Vec<(usize, &Sent<'_>)> = (0..self.run.sent.len())
            .filter(|at| !taken.contains(at))
            .map(|at| &self.run.sent[at])
            .filter(|sent| sent.stanza.kind.name() == pattern.node.name)
            .map(|sent| (alien(sent), sent))
            .filter(|(alien, _)| *alien < 3)
            .collect();
        ranked.sort_by_key(|(alien, _)| *alien);
        ranked.truncate(COMPARED_MAX);
        ranked
            .into_iter()
            .map(|(alien, sent)| (alien, sent, compare(pattern, sent, self.run).differences))
            .min_by_key(|(alien, _, differences)| alien + differences.len())
            .map(|(_, sent, differences)| Nearest {
                run: number,
                entry: sent.entry,
                at: sent.at,
                from: sent.from.to_owned(),
                to: sent.to.to_owned(),
                diff: outcome::diff(&pattern.least(), sent.stanza),
                differences,
            })
    }

    /// The next stanzas, one for each pattern, none of them before `start`, in sequence for one
    /// receiver and freely between receivers; as close together as they can be.
    fn window(&self, start: usize) -> Option<Vec<usize>> {
        let patterns = || self.example.patterns.iter().zip(&self.matches);
        let forth = self.places(patterns(), |matches, receiver, taken| {
            let bound = receiver.map_or(start, |last: usize| last + 1);
            let later = &matches[matches.partition_point(|at| *at < bound)..];
            later.iter().copied().find(|at| !taken.contains(at))
        })?;
        let end = forth.iter().max().copied()?;
        let mut back = self.places(patterns().rev(), |matches, receiver, taken| {
            let bound = receiver.unwrap_or(end + 1);
            let earlier = &matches[..matches.partition_point(|at| *at < bound)];
            earlier.iter().copied().rfind(|at| !taken.contains(at))
        })?;
        back.reverse();
        Some(back)
    }

    /// A place for each of these patterns, given those taken so far and the one that was taken last
    /// for the same receiver.
    fn places<'b>(
        &self,
        patterns: impl Iterator<Item = (&'b Pattern, &'b Vec<usize>)>,
        choose: impl Fn(&'b [usize], Option<usize>, &[usize]) -> Option<usize>,
    ) -> Option<Vec<usize>> {
        let mut taken = Vec::with_capacity(self.matches.len());
        let mut last: BTreeMap<String, usize> = BTreeMap::new();
        for (pattern, matches) in patterns {
            let to = pattern.to();
            let place = choose(matches, last.get(&to).copied(), &taken)?;
            if !self.example.any_order {
                last.insert(to, place);
            }
            taken.push(place);
        }
        Some(taken)
    }

    /// Whether nothing is in the way of these stanzas being the example; the stamps with theirs.
    fn judge(
        &self,
        places: &[usize],
        number: usize,
        stamps: &Stamps,
    ) -> Result<Stamps, Vec<Fault>> {
        let mut faults = self.extras(places, number);
        faults.extend(order::violation(self.example, places, self.run).map(Fault::Order));
        let found = self.comparisons(places).flat_map(|comparison| comparison.stamps);
        match bind(stamps.clone(), found) {
            Ok(stamps) if faults.is_empty() => return Ok(stamps),
            Ok(_) => {}
            Err(clash) => faults.push(Fault::Stamp(clash)),
        }
        Err(faults)
    }

    fn comparisons(&self, places: &[usize]) -> impl Iterator<Item = Comparison> {
        let pairs = self.example.patterns.iter().zip(places);
        pairs.map(|(pattern, at)| compare(pattern, &self.run.sent[*at], self.run))
    }

    /// Stanzas of the same kind, for the same receivers, from the first stanza of the example to
    /// the last. What happens at the same instant counts as between them.
    fn extras(&self, places: &[usize], number: usize) -> Vec<Fault> {
        let times = places.iter().map(|at| self.run.sent[*at].at);
        let (Some(first), Some(last)) = (times.clone().min(), times.max()) else {
            return Vec::new();
        };
        let mut extras: Vec<usize> = self
            .example
            .patterns
            .iter()
            .flat_map(|pattern| {
                let all = self.run.between(&pattern.sender, &pattern.receiver);
                let all = &all[all.partition_point(|at| self.run.sent[*at].at < first)..];
                all.iter().copied().take_while(|at| self.run.sent[*at].at <= last)
            })
            .filter(|at| !places.contains(at))
            .filter(|at| self.is_alike(&self.run.sent[*at], places))
            .collect();
        extras.sort_unstable();
        extras.dedup();
        extras.truncate(EXTRAS_MAX);
        extras
            .into_iter()
            .map(|at| &self.run.sent[at])
            .map(|sent| Fault::Extra {
                run: number,
                entry: sent.entry,
                at: sent.at,
                stanza: sent.stanza.to_string(),
            })
            .collect()
    }

    /// Whether a stanza would have to be in the example if it were of the run's episode: it looks
    /// like one of those found for the same receiver, and tells of the same occupant; where the
    /// example tells one receiver of several occupants, of any but himself.
    fn is_alike(&self, sent: &Sent<'_>, places: &[usize]) -> bool {
        let several = self.example.patterns.iter().any(|pattern| {
            let first = &self.example.patterns[0];
            pattern.to() == first.to() && pattern.from() != first.from()
        });
        places.iter().map(|at| &self.run.sent[*at]).any(|found| {
            sent.went(found.from, found.to)
                && sent.stanza.to == found.stanza.to
                && shape(sent) == shape(found)
                && if several {
                    !sent.is_to_its_subject(self.run) || sent.stanza.kind == Kind::Message
                } else {
                    sent.stanza.from == found.stanza.from
                }
        })
    }

    /// The stanzas are all there, but those for some receiver not in the printed order.
    fn disorder(&self) -> Fault {
        let mut last: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (index, (pattern, matches)) in
            self.example.patterns.iter().zip(&self.matches).enumerate()
        {
            let to = pattern.to();
            let after = last.get(&to).map_or(0, |(at, _)| at + 1);
            match matches.iter().find(|at| **at >= after) {
                Some(at) => last.insert(to, (*at, index)),
                None => {
                    let before = last.get(&to).map_or(0, |(_, index)| index + 1);
                    let stanza = index + 1;
                    return Fault::Order(format!(
                        "to {to}, stanza {stanza} of the example does not follow stanza {before}"
                    ));
                }
            };
        }
        Fault::Order("its stanzas do not come in the printed order".to_owned())
    }

    fn verdict(&self, places: &[usize], number: usize) -> Verdict {
        let mut errata: Vec<String> = self.example.corrections.clone();
        let mut readings = Vec::new();
        for comparison in self.comparisons(places) {
            errata.extend(comparison.errata);
            readings.extend(comparison.readings);
        }
        for numbers in [&mut errata, &mut readings] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        let entries = places.iter().map(|at| self.run.sent[*at].entry).collect();
        Verdict::Matched { run: number, entries, errata, readings }
    }
}

/// In a run that says the same over and over an example is tried in so many places.
const WINDOWS_MAX: usize = 4096;

/// So many stanzas that are too much are reported.
const EXTRAS_MAX: usize = 8;

/// So many stanzas are compared in full when the nearest is sought.
const COMPARED_MAX: usize = 256;

/// What makes stanzas the same sort of news.
fn shape<'a>(sent: &'a Sent<'_>) -> impl PartialEq + use<'a> {
    let stanza = sent.stanza;
    (
        (stanza.kind, &stanza.type_),
        (sent.asks("enter").is_some(), sent.asks("leave").is_some()),
        (stanza.has_payload("body", ns::CLIENT), stanza.has_payload("delay", ns::DELAY)),
    )
}
