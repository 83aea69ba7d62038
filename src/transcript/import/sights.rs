//! Stanzas between domains, each told once. One of a component crosses two wires or three: from the
//! component that sends it to its server, from there to another server, and from that one to a
//! component that gets it. What is seen of it first counts, as the order in which somebody sends
//! shows on his own wire only.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::peer::Way;
use crate::stanza::{Jid, Kind, Stanza, Type};
use crate::time::Time;
use crate::transcript::Name;

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

/// A stanza between domains where it is seen.
pub(super) struct Sight {
    pub line: usize,
    pub at: Time,
    pub place: Place,
    /// From and to which domain it goes.
    pub between: (Name, Name),
    pub stanza: Stanza,
    /// Whether only its start tag is told there.
    pub is_tag: bool,
}

/// What tells that it is the same stanza that is seen elsewhere: all of its start tag that stays as
/// it is on its way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Tag(Kind, Type, Option<Arc<str>>, Option<Arc<Jid>>, Option<Arc<Jid>>);

impl Tag {
    fn of(stanza: &Stanza) -> Self {
        let (from, to) = (stanza.from.clone(), stanza.to.clone());
        Self(stanza.kind, stanza.type_.clone(), stanza.id.clone(), from, to)
    }
}

/// What came of it.
#[derive(Default)]
pub(super) struct Told {
    /// Each stanza once.
    pub once: Vec<Sight>,
    /// Start tags of which the content shows nowhere.
    pub empty: Vec<Sight>,
    /// The lines on which one was seen again.
    pub again: Vec<usize>,
}

/// Tell each stanza once, in the order of the places.
pub(super) fn once(mut sights: Vec<Sight>) -> Told {
    sights.sort_by_key(|sight| (sight.place, sight.line));
    let mut whole: BTreeMap<Tag, usize> = BTreeMap::new();
    for sight in sights.iter().filter(|sight| !sight.is_tag) {
        *whole.entry(Tag::of(&sight.stanza)).or_default() += 1;
    }
    let mut told = Told::default();
    // How often each was told, and how often it was seen at one place.
    let mut tellings: BTreeMap<Tag, usize> = BTreeMap::new();
    let mut seen: BTreeMap<(Place, Tag), usize> = BTreeMap::new();
    for sight in sights {
        let tag = Tag::of(&sight.stanza);
        if sight.is_tag {
            match whole.get_mut(&tag).filter(|elsewhere| **elsewhere > 0) {
                Some(elsewhere) => {
                    *elsewhere -= 1;
                    told.again.push(sight.line);
                }
                None => told.empty.push(sight),
            }
            continue;
        }
        let seen = seen.entry((sight.place, tag.clone())).or_default();
        *seen += 1;
        let tellings = tellings.entry(tag).or_default();
        if *seen <= *tellings {
            told.again.push(sight.line);
        } else {
            *tellings += 1;
            told.once.push(sight);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stanza::{Limits, read_stanza};

    fn sight(line: usize, place: Place, id: &str) -> Sight {
        let text = format!("<presence id='{id}' from='a@b.irc/c' to='d@e.irc'/>");
        let between = ("b.irc".into(), "e.irc".into());
        let stanza = read_stanza(&text, Limits::default()).unwrap();
        Sight { line, at: Time::XEP_EPOCH, place, between, stanza, is_tag: false }
    }

    fn lines(sights: &[Sight]) -> Vec<usize> {
        sights.iter().map(|sight| sight.line).collect()
    }

    #[test]
    fn what_is_seen_at_an_earlier_place_is_told_from_there() {
        let told = once(vec![
            sight(1, Place::Sent, "a"),
            sight(2, Place::Between, "a"),
            sight(3, Place::Got, "a"),
            sight(4, Place::Between, "b"),
            sight(5, Place::Got, "b"),
            sight(6, Place::Got, "c"),
        ]);
        assert_eq!((lines(&told.once), told.again), (vec![1, 4, 6], vec![2, 3, 5]));
    }

    #[test]
    fn what_is_sent_twice_is_told_twice() {
        let twice = |place| [sight(1, place, "a"), sight(2, place, "a")];
        let told = once([Place::Sent, Place::Got].map(twice).into_iter().flatten().collect());
        assert_eq!((lines(&told.once), told.again), (vec![1, 2], vec![1, 2]));
        let [first, second] = twice(Place::Between);
        let told = once(vec![sight(3, Place::Sent, "a"), first, second]);
        assert_eq!((lines(&told.once), told.again), (vec![3, 2], vec![1]));
    }

    #[test]
    fn a_start_tag_is_told_by_the_whole_stanza_only() {
        let tag = |line| Sight { is_tag: true, ..sight(line, Place::Sent, "a") };
        let told = once(vec![tag(1), tag(2), sight(3, Place::Between, "a")]);
        assert_eq!((lines(&told.once), told.again), (vec![3], vec![1]));
        assert_eq!(lines(&told.empty), [2]);
    }
}
