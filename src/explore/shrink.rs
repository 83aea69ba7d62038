//! From a schedule that goes wrong to the smallest one found that goes wrong in the same way.
//!
//! What happens is thinned out by delta debugging, then people, places and everything that is not
//! as usual. Every schedule that is tried is a valid one, since what has lost its sense is not
//! written.

use super::Schedule;
use super::act::Act;
use super::stage::{POLICIES, Rank, Stage};

/// Look for the smallest schedule whose text is still wrong. At most `plays` are played.
pub(super) fn shrink(
    schedule: &Schedule,
    is_wrong: &dyn Fn(&str) -> bool,
    plays: usize,
) -> Schedule {
    let mut search = Search { best: schedule.clone(), is_wrong, plays };
    loop {
        let before = search.best.clone();
        search.thin_out();
        search.people();
        search.stage();
        search.blocks();
        search.waits();
        if search.best == before || search.is_over() {
            return search.best;
        }
    }
}

struct Search<'a> {
    best: Schedule,
    is_wrong: &'a dyn Fn(&str) -> bool,
    plays: usize,
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.plays == 0
    }

    /// Whether this one goes wrong, too. Then it is the best.
    fn take(&mut self, schedule: Schedule) -> bool {
        if self.is_over() || schedule == self.best {
            return false;
        }
        self.plays -= 1;
        let is_wrong = (self.is_wrong)(&schedule.text());
        if is_wrong {
            self.best = schedule;
        }
        is_wrong
    }

    fn with_acts(&mut self, acts: Vec<Act>) -> bool {
        self.take(Schedule { acts, ..self.best.clone() })
    }

    fn with_stage(&mut self, change: impl FnOnce(&mut Stage)) -> bool {
        let mut schedule = self.best.clone();
        change(&mut schedule.stage);
        self.take(schedule)
    }

    /// Take out what is not needed: first halves, at last single ones.
    fn thin_out(&mut self) {
        let mut chunk = self.best.acts.len().div_ceil(2);
        while chunk > 0 {
            let mut start = 0;
            while start < self.best.acts.len() {
                let end = (start + chunk).min(self.best.acts.len());
                let mut fewer = self.best.acts.clone();
                fewer.drain(start..end);
                if !self.with_acts(fewer) {
                    start = end;
                }
                if self.is_over() {
                    return;
                }
            }
            chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
        }
    }

    /// Blocks lose what they do not need, or come apart.
    fn blocks(&mut self) {
        let mut index = 0;
        while let Some(act) = self.best.acts.get(index).cloned() {
            index += 1;
            let Act::Meanwhile(inner) = act else { continue };
            let at = index - 1;
            let mut apart = self.best.acts.clone();
            apart.splice(at..=at, inner.clone());
            if self.with_acts(apart) {
                continue;
            }
            let mut place = 0;
            while let Some(Act::Meanwhile(inner)) = self.best.acts.get(at).cloned() {
                if place >= inner.len() {
                    break;
                }
                let mut fewer = inner;
                fewer.remove(place);
                let mut acts = self.best.acts.clone();
                acts[at] = Act::Meanwhile(fewer);
                if !self.with_acts(acts) {
                    place += 1;
                }
            }
        }
    }

    /// Waits melt into one another, and get shorter and rounder.
    fn waits(&mut self) {
        let mut acts = self.best.acts.clone();
        merge_waits(&mut acts);
        self.with_acts(acts);
        for (index, inner) in places_of_waits(&self.best.acts) {
            for shorter in [|span: u64| span / 2, |span| span / 1000 * 1000, |span| span / 10 * 10]
            {
                let mut acts = self.best.acts.clone();
                let wait = match (acts.get_mut(index), inner) {
                    (Some(Act::Meanwhile(inside)), Some(at)) => inside.get_mut(at),
                    (act, _) => act,
                };
                let Some(Act::Wait(span)) = wait else { break };
                *span = shorter(*span).max(1);
                self.with_acts(acts);
            }
        }
    }

    fn people(&mut self) {
        for who in (0..self.best.stage.people.len()).rev() {
            let is_twin = |other: &super::stage::Person| !other.gone && other.twin_of == Some(who);
            if self.best.stage.people[who].gone || self.best.stage.people.iter().any(is_twin) {
                continue;
            }
            self.with_stage(|stage| stage.people[who].gone = true);
        }
        for place in (0..self.best.stage.places.len()).rev() {
            if !self.best.stage.places[place].gone {
                self.with_stage(|stage| stage.places[place].gone = true);
            }
        }
        let stage = self.best.stage.clone();
        let needless = |act: &Act| act.people().iter().any(|who| !stage.is_here(*who));
        let mut acts = self.best.acts.clone();
        acts.retain(|act| matches!(act, Act::Meanwhile(_)) || !needless(act));
        self.with_acts(acts);
    }

    /// Everything as usual.
    fn stage(&mut self) {
        self.with_stage(|stage| stage.probed = false);
        self.with_stage(|stage| stage.room.moderated = false);
        self.with_stage(|stage| stage.room.public = false);
        self.with_stage(|stage| stage.room.history_max = None);
        self.with_stage(|stage| stage.room.survives = 0);
        for policy in 0..POLICIES.len() {
            self.with_stage(|stage| stage.room.grants[policy] = false);
        }
        self.with_stage(|stage| stage.room.timers = None);
        for place in self.best.stage.everywhere().collect::<Vec<_>>() {
            self.with_stage(|stage| stage.places[place].ejabberd = false);
            self.with_stage(|stage| stage.places[place].latency = None);
            self.with_stage(|stage| {
                if let Some(slave) = &mut stage.places[place].slave {
                    slave.persistent = false;
                }
            });
            self.with_stage(|stage| {
                if let Some(slave) = &mut stage.places[place].slave {
                    slave.history_max = None;
                }
            });
            for policy in 0..POLICIES.len() {
                self.with_stage(|stage| {
                    if let Some(slave) = &mut stage.places[place].slave {
                        slave.policies[policy] = false;
                    }
                });
            }
        }
        for who in self.best.stage.cast().collect::<Vec<_>>() {
            self.with_stage(|stage| stage.people[who].rank = Rank::Nobody);
            self.with_stage(|stage| stage.people[who].joined = true);
        }
    }
}

/// Waits that follow one another become one.
fn merge_waits(acts: &mut Vec<Act>) {
    let mut merged: Vec<Act> = Vec::new();
    for mut act in acts.drain(..) {
        if let Act::Meanwhile(inner) = &mut act {
            merge_waits(inner);
        }
        match (merged.last_mut(), &act) {
            (Some(Act::Wait(before)), Act::Wait(span)) => *before += span,
            _ => merged.push(act),
        }
    }
    *acts = merged;
}

/// Where the waits are: within a block, its place there too.
fn places_of_waits(acts: &[Act]) -> Vec<(usize, Option<usize>)> {
    let mut places = Vec::new();
    for (index, act) in acts.iter().enumerate() {
        match act {
            Act::Wait(_) => places.push((index, None)),
            Act::Meanwhile(inner) => {
                let waits = inner.iter().enumerate().filter(|(_, act)| matches!(act, Act::Wait(_)));
                places.extend(waits.map(|(at, _)| (index, Some(at))));
            }
            _ => {}
        }
    }
    places
}
