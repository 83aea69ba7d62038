//! What is counted of machines that tell nothing of themselves: pings and their answers, and how
//! far a slave has been told everything.

use std::collections::VecDeque;

use super::push_bounded;
use crate::conform::invariants::reading::Reading;
use crate::stanza::slave::Synced;
use crate::stanza::{Condition, Element, Stanza, ns};
use crate::time::{Duration, Time};

/// Of a slave.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsaid {
    /// Pings of the master to it.
    pub master: Pings,
    /// Its own, to the master.
    pub own: Pings,
    /// Whether somebody behind it was removed at this instant because it is lost.
    pub given_up: bool,
    /// Whether it has answered a ping since it lost the master.
    pub answers: bool,
    /// Whether it was told something after that, which it may take for the end of the split.
    pub resumes: bool,
    /// Epoch and number of the last event that it was told when the master said that it knew all.
    synced: Option<(String, u64)>,
}

impl Unsaid {
    /// The master is lost to it, or found.
    pub fn begin(&mut self) {
        (self.answers, self.resumes) = (false, false);
    }

    /// Something goes to it that may say that it knows all.
    pub fn told(&mut self, reading: &Reading<'_>) {
        if !reading.dmuc.is_some_and(|dmuc| dmuc.synced) {
            return;
        }
        let mut said =
            reading.stanza.payload("x", ns::DMUC).into_iter().flat_map(Element::children);
        let synced = said.find_map(|child| Synced::try_from(child.clone()).ok());
        self.synced = synced.map(|synced| (synced.epoch, synced.seq));
    }

    /// Whether what came back was sent before it was told that it knew all.
    pub fn is_stale(&self, reading: &Reading<'_>) -> bool {
        let at = reading.dmuc.and_then(|dmuc| dmuc.at);
        match (at, &self.synced) {
            (Some((epoch, seq)), Some((now, synced))) => epoch != now || seq <= *synced,
            _ => false,
        }
    }
}

/// Pings from one machine to another.
#[derive(Clone, Debug, Default)]
pub(super) struct Pings {
    /// How many have no answer since the other was heard last.
    pub unanswered: u32,
    /// When the last of them was sent.
    asked: Option<Time>,
    /// When one was answered last.
    answered: Option<Time>,
    /// The ids of those that may still be answered.
    open: VecDeque<String>,
}

impl Pings {
    /// One goes out.
    pub fn ask(&mut self, id: &str, now: Time) {
        self.unanswered += 1;
        self.asked = Some(now);
        push_bounded(&mut self.open, id.to_owned(), OPEN_MAX);
    }

    /// Whether so many have no answer, and the time of the last is over.
    pub fn are_lost(&self, now: Time, most: u32, timeout: Duration) -> bool {
        self.unanswered >= most && self.asked.is_some_and(|asked| asked + timeout <= now)
    }

    /// The other begins anew: what was asked before is void.
    pub fn renew(&mut self) {
        *self = Self::default();
    }

    /// The other is heard.
    pub fn hear(&mut self) {
        self.unanswered = 0;
    }

    /// Whether a ping was answered at this instant.
    pub fn is_answered(&self, now: Time) -> bool {
        self.answered == Some(now)
    }

    /// An answer: whether it is one to a ping. Nobody asks for others any more.
    pub fn answer(&mut self, id: &str, now: Time) -> bool {
        let is_one = self.open.iter().any(|open| open == id);
        if is_one {
            self.open.clear();
            self.answered = Some(now);
        }
        is_one
    }

    /// An error: what it says of the other, if it answers a ping.
    pub fn fail(&mut self, stanza: &Stanza) -> Option<Condition> {
        let id = stanza.id.as_deref().unwrap_or_default();
        let place = self.open.iter().position(|open| open == id)?;
        self.open.remove(place);
        Some(stanza.error()?.defined_condition)
    }
}

/// How many pings under way are remembered.
const OPEN_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stanza::{ErrorType, Type, error_element};

    fn asked(ids: &[&str]) -> Pings {
        let mut pings = Pings::default();
        ids.iter().for_each(|id| pings.ask(id, Time::from_micros(0)));
        pings
    }

    #[test]
    fn only_a_ping_under_way_is_answered_and_all_before_it_with_it() {
        let mut pings = asked(&["1", "2"]);
        let now = Time::from_micros(1);
        assert!(!pings.answer("0", now) && !pings.is_answered(now));
        assert!(pings.answer("2", now) && pings.is_answered(now));
        assert!(!pings.answer("1", now), "nobody asks for it any more");
    }

    #[test]
    fn only_a_ping_under_way_fails() {
        let error = error_element(ErrorType::Cancel, Condition::ItemNotFound, None, None);
        let failed = |id| Stanza::iq(Type::Error, id).with_payload(error.clone());
        let mut pings = asked(&["1"]);
        assert_eq!(pings.fail(&failed("0")), None);
        assert_eq!(pings.fail(&failed("1")), Some(Condition::ItemNotFound));
        assert_eq!(pings.fail(&failed("1")), None);
        let mut renewed = asked(&["1"]);
        renewed.renew();
        assert_eq!(renewed.fail(&failed("1")), None);
    }

    #[test]
    fn what_was_sent_before_a_slave_knew_all_is_stale() {
        let of = |text: &str| {
            let text = format!(
                "<message xmlns='jabber:client' from='r@h' to='s@d' type='groupchat'>\
                 <x xmlns='urn:xmpp:tmp:dmuc:0'>{text}</x></message>"
            );
            Stanza::try_from(text.parse::<Element>().unwrap()).unwrap()
        };
        let ns = "xmlns='urn:xmpp:tmp:dmuc:0#slave'";
        let mut unsaid = Unsaid::default();
        let stale = |unsaid: &Unsaid, at: &str| {
            unsaid.is_stale(&Reading::new(&of(&format!("<at {ns} {at}/>")), "r@h"))
        };
        assert!(!stale(&unsaid, "epoch='e' seq='1'"));
        unsaid.told(&Reading::new(&of(&format!("<synced {ns} epoch='e' seq='4'/>")), "r@h"));
        assert!(stale(&unsaid, "epoch='e' seq='4'"));
        assert!(!stale(&unsaid, "epoch='e' seq='5'"));
        assert!(stale(&unsaid, "epoch='d' seq='5'"));
    }
}
