//! From a seed to a schedule.
//!
//! Faults come in episodes, since a fault alone finds little: something breaks, people go on, it is
//! mended, and breaks again in the midst of what that sets off.
//!
//! What slaves are told is not numbered unless they register (`Stage::is_numbered`). Without
//! numbers a loss that neither side noticed is not made good, and nothing is promised for it: there
//! links fail both ways, with nothing in flight, and not in the midst of a resync; none is so slow
//! that pings cross what they are to vouch for; and nobody does two things within one breath.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::act::{Act, Deed, Fault, Machine, Manner, Privilege, Setting, Ways};
use super::stage::{
    NICKS, POLICIES, Person, Place, Policies, Rank, Room, SURVIVES, SlaveOf, Stage, Timers,
};
use super::{Bounds, Schedule};
use crate::scenario::Profile;

/// The schedule of this seed, within these bounds.
pub(super) fn draw(seed: u64, bounds: &Bounds) -> Schedule {
    let mut dice = Dice { chance: ChaCha8Rng::seed_from_u64(seed), said: 0 };
    let stage = dice.stage(bounds);
    let actions = dice.skewed(4, bounds.actions);
    let mut acts = Vec::new();
    let mut size = 0;
    while size < actions {
        let from = acts.len();
        dice.episode(&stage, &mut acts);
        size += acts[from..].iter().map(Act::size).sum::<usize>();
    }
    Schedule { seed, stage, acts }
}

struct Dice {
    chance: ChaCha8Rng,
    /// Texts are numbered.
    said: u32,
}

impl Dice {
    fn one_in(&mut self, number: u32) -> bool {
        self.chance.random_range(0..number) == 0
    }

    fn below(&mut self, end: usize) -> usize {
        self.chance.random_range(0..end.max(1))
    }

    /// Mostly small: each doubling is as likely.
    fn skewed(&mut self, least: usize, most: usize) -> usize {
        let (least, most) = (least.max(1), most.max(least.max(1)));
        let doublings = (most / least).max(1).ilog2();
        let floor = least << self.chance.random_range(0..=doublings);
        let end = (floor * 2).min(most + 1).max(floor + 1);
        self.chance.random_range(floor..end).min(most)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn stage(&mut self, bounds: &Bounds) -> Stage {
        let slaves = self.chance.random_range(bounds.slaves.clone());
        let full = bounds.profile == Profile::Full;
        let mut places: Vec<Place> = (0..slaves).map(|name| self.place(name, full)).collect();
        if self.one_in(3) {
            // A place without a slave.
            let guest =
                Place { name: super::stage::PLACES_MAX - 1, slave: None, ..self.place(0, full) };
            places.push(guest);
        }
        let crowd = self.skewed(3, bounds.people);
        let mut people: Vec<Person> = Vec::new();
        for who in 0..crowd {
            let person = self.person(who, &people, places.len());
            people.push(person);
        }
        let room = self.room(full);
        Stage { profile: bounds.profile, places, people, room, probed: true }
    }

    fn place(&mut self, name: usize, full: bool) -> Place {
        let slave = SlaveOf {
            policies: self.grants(full),
            persistent: full && self.one_in(3),
            // What is missed is told again as far as the history goes; with slaves that register
            // nothing is to be lost.
            history_max: if !full && self.one_in(6) { Some(self.of(&[0, 1, 3, 5])) } else { None },
        };
        let latency = if self.one_in(2) { Some(self.skewed(1, 500) as u64) } else { None };
        Place { name, gone: false, slave: Some(slave), ejabberd: self.one_in(4), latency }
    }

    fn person(&mut self, who: usize, others: &[Person], places: usize) -> Person {
        let rank = match (who, self.below(6)) {
            (0, _) => Rank::Owner,
            (1, _) => Rank::Admin,
            (_, 0) => Rank::Member,
            (_, 1) => Rank::Moderator,
            _ => Rank::Nobody,
        };
        let place = self.below(places);
        let joined = !self.one_in(4);
        let is_twin = |other: usize| others.iter().any(|one| one.twin_of == Some(other));
        let is_alone = |other: &usize| others[*other].twin_of.is_none() && !is_twin(*other);
        let alone: Vec<usize> = (0..others.len()).filter(is_alone).collect();
        if !alone.is_empty() && self.one_in(8) {
            let twin = self.of(&alone);
            let place = others[twin].place;
            return Person {
                gone: false,
                place,
                joined,
                rank: others[twin].rank,
                twin_of: Some(twin),
            };
        }
        Person { gone: false, place, joined, rank, twin_of: None }
    }

    /// All, or each alone, or any of them.
    fn grants(&mut self, full: bool) -> Policies {
        let each = self.below(POLICIES.len());
        match self.below(4) {
            _ if !full => Policies::default(),
            0 | 1 => [true; POLICIES.len()],
            2 => std::array::from_fn(|policy| policy == each),
            _ => std::array::from_fn(|_| self.one_in(2)),
        }
    }

    fn room(&mut self, full: bool) -> Room {
        let timers = Timers {
            keepalive: self.of(&[20, 30, 60]),
            timeout: self.of(&[10, 20]),
            split: 5,
            expiry: self.of(&[90, 300, 3600]),
        };
        Room {
            moderated: self.one_in(6),
            public: self.one_in(4),
            history_max: if !full && self.one_in(6) { Some(self.of(&[1, 2, 5])) } else { None },
            grants: self.grants(full),
            survives: if full { self.below(SURVIVES.len()) } else { 0 },
            timers: if self.one_in(2) { Some(timers) } else { None },
        }
    }

    fn episode(&mut self, stage: &Stage, acts: &mut Vec<Act>) {
        let numbered = stage.is_numbered();
        match self.below(20) {
            0..8 => {
                for _ in 0..1 + self.below(4) {
                    acts.push(self.deed(stage));
                }
            }
            8 | 9 => {
                let number = 2 + self.below(5);
                acts.push(self.breath(stage, number));
            }
            10 => acts.push(Act::Wait(self.span())),
            11..14 => self.split(stage, acts),
            14 | 15 if numbered => self.flap(stage, acts),
            16 | 17 => self.outage(stage, acts),
            18 => {
                let (place, ways) = (self.place_of(stage), self.ways(numbered));
                let seconds = 1 + self.skewed(1, 60) as u64;
                acts.push(Act::Fault(Fault::Hold(place, ways, seconds)));
            }
            19 if numbered => {
                let (place, ways) = (self.place_of(stage), self.ways(numbered));
                // Slower, and pings of a split would always be in flight.
                let span = self.skewed(1, 600) as u64;
                acts.push(Act::Fault(Fault::Slow(place, ways, span)));
            }
            _ => acts.push(Act::Fault(Fault::HealEverything)),
        }
    }

    /// Mostly seconds, now and then long enough to be given up.
    fn span(&mut self) -> u64 {
        self.skewed(1, 400) as u64 * 1000
    }

    fn place_of(&mut self, stage: &Stage) -> usize {
        self.below(stage.places.len())
    }

    fn ways(&mut self, numbered: bool) -> Ways {
        if numbered { self.of(&[Ways::Both, Ways::Both, Ways::Up, Ways::Down]) } else { Ways::Both }
    }

    fn some_deeds(&mut self, stage: &Stage, most: usize, acts: &mut Vec<Act>) {
        for _ in 0..self.below(most + 1) {
            acts.push(self.deed(stage));
        }
    }

    /// A link is cut for a while, and healed or not.
    fn split(&mut self, stage: &Stage, acts: &mut Vec<Act>) {
        let numbered = stage.is_numbered();
        let (place, ways) = (self.place_of(stage), self.ways(numbered));
        let manner = self.of(&[Manner::Silently, Manner::Refusing, Manner::Resetting]);
        acts.push(Act::Fault(Fault::Cut(place, ways, manner)));
        self.some_deeds(stage, 6, acts);
        if self.one_in(2) {
            acts.push(Act::Wait(self.span()));
        }
        self.some_deeds(stage, 6, acts);
        if !self.one_in(4) {
            acts.push(Act::Fault(Fault::Heal(place)));
            self.some_deeds(stage, 3, acts);
        }
    }

    /// A link that is down comes and goes, in the midst of what its coming sets off.
    fn flap(&mut self, stage: &Stage, acts: &mut Vec<Act>) {
        let place = self.place_of(stage);
        let manners = [Manner::Silently, Manner::Refusing, Manner::Resetting];
        let (ways, manner) = (self.ways(true), self.of(&manners));
        acts.push(Act::Fault(Fault::Cut(place, ways, manner)));
        self.some_deeds(stage, 4, acts);
        if self.one_in(2) {
            acts.push(Act::Wait(self.span()));
        }
        self.some_deeds(stage, 4, acts);
        let latency = stage.places[place].latency.unwrap_or(20);
        let window = stage.timers().split * 1000 + 20 * latency;
        let mut block = Vec::new();
        for _ in 0..self.skewed(1, 5) {
            block.push(Act::Fault(Fault::Heal(place)));
            self.in_between(stage, window, &mut block);
            let (ways, manner) = (self.ways(true), self.of(&manners));
            block.push(Act::Fault(Fault::Cut(place, ways, manner)));
            self.in_between(stage, window, &mut block);
        }
        acts.push(Act::Meanwhile(block));
        if !self.one_in(4) {
            acts.push(Act::Fault(Fault::Heal(place)));
        }
    }

    fn in_between(&mut self, stage: &Stage, window: u64, block: &mut Vec<Act>) {
        let span = self.below(usize::try_from(window).unwrap_or(usize::MAX)) as u64;
        block.push(Act::Wait(span));
        if self.one_in(2) {
            block.push(self.deed(stage));
        }
        if self.one_in(4) {
            block.push(Act::Wait(self.below(100) as u64));
        }
    }

    /// A machine is down for a while.
    fn outage(&mut self, stage: &Stage, acts: &mut Vec<Act>) {
        let numbered = stage.is_numbered();
        let machine = match self.below(6) {
            0 | 1 => Machine::Slave(self.place_of(stage)),
            2 | 3 => Machine::Server(self.place_of(stage)),
            4 => Machine::Master,
            _ => Machine::MastersServer,
        };
        if numbered && self.one_in(2) {
            // In the midst of something.
            let mut block = vec![self.breath(stage, 2)];
            if let Some(Act::Meanwhile(inner)) = block.pop() {
                block = inner;
            }
            block.push(Act::Wait(self.below(200) as u64));
            block.push(Act::Fault(Fault::Crash(machine)));
            acts.push(Act::Meanwhile(block));
        } else {
            acts.push(Act::Fault(Fault::Crash(machine)));
        }
        self.some_deeds(stage, 4, acts);
        if self.one_in(3) {
            acts.push(Act::Wait(self.span()));
        }
        if !self.one_in(6) {
            acts.push(Act::Fault(Fault::Restart(machine)));
            self.some_deeds(stage, 3, acts);
        }
    }

    /// Several people act within less time than their words take.
    fn breath(&mut self, stage: &Stage, number: usize) -> Act {
        let numbered = stage.is_numbered();
        let mut block = Vec::new();
        let mut seen = Vec::new();
        for _ in 0..number {
            let deed = self.deed(stage);
            if let Act::Do(who, _) = deed
                && (numbered || !seen.contains(&who))
            {
                seen.push(who);
                block.push(deed);
                if numbered && self.one_in(2) {
                    block.push(Act::Wait(self.skewed(1, 200) as u64));
                }
            }
        }
        Act::Meanwhile(block)
    }

    fn deed(&mut self, stage: &Stage) -> Act {
        let who = self.below(stage.people.len());
        // Never to himself.
        let whom = (who + 1 + self.below(stage.people.len() - 1)) % stage.people.len();
        let liked = self.below(NICKS.len());
        self.said += 1;
        let said = self.said;
        let mighty = if self.one_in(5) { who } else { self.below(2) };
        let (mighty, victim) = if mighty == whom { (mighty, who) } else { (mighty, whom) };
        let deed = match self.below(60) {
            0..8 => Deed::Join,
            8..10 => Deed::JoinAs(liked),
            10..16 => Deed::Leave,
            16..32 => Deed::Say(said),
            32..34 => Deed::Twice(said),
            34..37 => Deed::Away(said),
            37..39 => Deed::Back,
            39..41 => Deed::Tell(whom, said),
            41..43 => Deed::Rename(said),
            43..45 => Deed::RenameTo(liked),
            45 | 46 => return Act::Do(mighty, Deed::Subject(said)),
            47..50 if mighty != victim => return Act::Do(mighty, Deed::Kick(victim)),
            50..54 if mighty != victim => {
                let privilege = self.of(&Privilege::ALL);
                return Act::Do(mighty, Deed::Grant(victim, privilege));
            }
            54 if stage.profile != Profile::Core => {
                let is = self.one_in(2);
                let settings = [
                    Setting::Moderated(is),
                    Setting::MembersOnly(is),
                    Setting::Public(is),
                    Setting::ChangeSubject(is),
                ];
                return Act::Do(0, Deed::Configure(self.of(&settings)));
            }
            55 => Deed::Vcard(whom),
            56 => Deed::PingItself,
            57 => Deed::Lose,
            58 => Deed::Disconnect,
            _ => Deed::Say(said),
        };
        Act::Do(who, deed)
    }
}
