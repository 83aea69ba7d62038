//! Stanzas between domains, each told once. One of a component crosses two wires or three: from the
//! component that sends it to its server, from there to another server, and from that one to a
//! component that gets it. What is seen of it first counts, as the order in which somebody sends
//! shows on his own wire only.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use super::peer::Way;
use crate::stanza::Stanza;
use crate::transcript::Space;
use crate::transcript::sorted::{Numbered, Pile};

/// Where a stanza between domains is seen, in the order in which it gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// On the stream of the component that sends it.
    Sent,
    /// Between servers.
    Between,
    /// On the stream of the component that gets it.
    Got,
}

impl Place {
    /// On the stream of a component.
    pub fn of_component(way: Way) -> Self {
        match way {
            Way::In => Place::Sent,
            Way::Out => Place::Got,
        }
    }
}

/// Stanzas between domains where they are seen.
pub(super) struct Sights(Pile);

/// What came of one.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    /// It is told from there.
    Once(Numbered),
    /// It is a start tag of which the content shows nowhere, on this line.
    Empty(usize),
    /// It was seen elsewhere too, and on this line again.
    Again(usize),
}

impl Sights {
    /// None yet.
    pub fn new(space: Space) -> Self {
        Self(Pile::new(space))
    }

    /// One is seen there. `is_tag`: whether only its start tag is told.
    pub fn push(&mut self, place: Place, is_tag: bool, seen: &Numbered) -> io::Result<()> {
        let [high, low] = tag(seen.2.stanza());
        let rank = u64::from(is_tag) << 62 | (place as u64) << 60 | seen.0 as u64;
        self.0.push([high, low, rank], seen)
    }

    /// Tell each stanza once, from the first of its places: what is seen is sorted by what tells
    /// that it is the same, start tags last, and by the places.
    pub fn tell(self, mut tell: impl FnMut(Told)) -> io::Result<()> {
        let mut same: Option<Same> = None;
        self.0.drain(|key, seen| {
            let [high, low, rank] = key;
            if same.as_ref().is_none_or(|same| same.tag != [high, low]) {
                same = Some(Same { tag: [high, low], ..Same::default() });
            }
            if let Some(same) = &mut same {
                tell(same.told(rank, seen));
            }
        })
    }
}

/// Stanzas with one start tag.
#[derive(Default)]
struct Same {
    tag: [u64; 2],
    /// How many of them are told whole and are not led back to a start tag.
    whole: usize,
    /// How often one was told.
    tellings: usize,
    /// How often one was seen at each place.
    seen: [usize; 4],
}

impl Same {
    fn told(&mut self, rank: u64, seen: Numbered) -> Told {
        if rank >> 62 == 1 {
            return match self.whole.checked_sub(1) {
                Some(whole) => {
                    self.whole = whole;
                    Told::Again(seen.0)
                }
                None => Told::Empty(seen.0),
            };
        }
        self.whole += 1;
        let here = &mut self.seen[usize::try_from(rank >> 60 & 3).unwrap_or_default()];
        *here += 1;
        if *here <= self.tellings {
            return Told::Again(seen.0);
        }
        self.tellings += 1;
        Told::Once(seen)
    }
}

/// What tells that it is the same stanza that is seen elsewhere: all of its start tag that stays as
/// it is on its way.
fn tag(stanza: Option<&Stanza>) -> [u64; 2] {
    let tag = stanza.map(|one| {
        let [from, to] = [&one.from, &one.to].map(|jid| jid.as_ref().map(|jid| jid.as_str()));
        (one.kind, &one.type_, &one.id, from, to)
    });
    digest(&tag)
}

/// Two digests, so that no two different things have the same.
pub(super) fn digest(thing: &impl Hash) -> [u64; 2] {
    [0u8, 1].map(|salt| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        thing.hash(&mut hasher);
        hasher.finish()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stanza::{Limits, read_stanza};
    use crate::time::Time;
    use crate::transcript::{Entry, Hop, What};

    /// What comes of these: the lines of those that are told, told again, and empty.
    fn once(seen: &[(usize, Place, &str, bool)]) -> [Vec<usize>; 3] {
        let mut sights = Sights::new(Space::MEMORY);
        for (line, place, id, is_tag) in seen {
            let text = format!("<presence id='{id}' from='a@b.irc/c' to='d@e.irc'/>");
            let stanza = read_stanza(&text, Limits::default()).unwrap();
            let what = What::Hop(Hop::new("b.irc".into(), "e.irc".into(), stanza));
            let entry = Entry { at: Time::XEP_EPOCH, what };
            sights.push(*place, *is_tag, &(*line, 0, entry)).unwrap();
        }
        let mut lines = [(); 3].map(|()| Vec::new());
        sights
            .tell(|told| match told {
                Told::Once((line, ..)) => lines[0].push(line),
                Told::Again(line) => lines[1].push(line),
                Told::Empty(line) => lines[2].push(line),
            })
            .unwrap();
        lines.iter_mut().for_each(|lines| lines.sort_unstable());
        lines
    }

    #[test]
    fn what_is_seen_at_an_earlier_place_is_told_from_there() {
        let told = once(&[
            (1, Place::Sent, "a", false),
            (2, Place::Between, "a", false),
            (3, Place::Got, "a", false),
            (4, Place::Between, "b", false),
            (5, Place::Got, "b", false),
            (6, Place::Got, "c", false),
        ]);
        assert_eq!(told, [vec![1, 4, 6], vec![2, 3, 5], vec![]]);
    }

    #[test]
    fn what_is_sent_twice_is_told_twice() {
        let twice = |place| [(1, place, "a", false), (2, place, "a", false)];
        let [[first, second], [third, fourth]] = [Place::Sent, Place::Got].map(twice);
        assert_eq!(once(&[first, second, third, fourth]), [vec![1, 2], vec![1, 2], vec![]]);
        let [first, second] = twice(Place::Between);
        assert_eq!(
            once(&[(3, Place::Sent, "a", false), first, second])[..2],
            [vec![2, 3], vec![1]]
        );
    }

    #[test]
    fn a_start_tag_is_told_by_the_whole_stanza_only() {
        let tag = |line| (line, Place::Sent, "a", true);
        let told = once(&[tag(1), tag(2), (3, Place::Between, "a", false)]);
        assert_eq!(told, [vec![3], vec![1], vec![2]]);
    }
}
