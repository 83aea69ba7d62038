//! Discussion history (XEP-0045 §7.2.13–7.2.14).

use std::collections::VecDeque;
use std::sync::Arc;

use jid::Jid;
use minidom::Element;

use super::RoomConfig;
use crate::stanza::{Payloads, Stanza, Type, dmuc, element, ns};
use crate::time::{Duration, Time};

/// A message that a room keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    /// The occupant JID of who said it, as it was then.
    pub from: Arc<Jid>,
    /// Its id.
    pub id: Option<Arc<str>>,
    /// Its language.
    pub lang: Option<Arc<str>>,
    /// Its payloads, without delay and without XEP-0282's element.
    pub payloads: Payloads,
    /// When the master received it.
    pub stamp: Time,
}

impl StoredMessage {
    /// The message as a newcomer gets it: delayed, by the room.
    pub fn delayed(&self, room: &Arc<Jid>, to: &Arc<Jid>) -> Stanza {
        let mut stanza = Stanza::message(Type::Groupchat)
            .with_from(self.from.clone())
            .with_to(to.clone())
            .with_payloads(self.payloads.clone())
            .with_payload(delay_element(room, self.stamp));
        stanza.id.clone_from(&self.id);
        stanza.lang.clone_from(&self.lang);
        stanza
    }

    /// Whether it is kept at all: it has a body, and nobody asked not to store it (XEP-0334).
    pub fn is_kept(payloads: &[Element]) -> bool {
        payloads.iter().any(|payload| payload.is("body", ns::CLIENT))
            && !payloads.iter().any(|payload| {
                payload.is("no-store", ns::HINTS) || payload.is("no-permanent-store", ns::HINTS)
            })
    }

    /// Whether the room says this status code with it (XEP-0045 §10.2.1).
    pub fn has_code(&self, code: &str) -> bool {
        let x = self.payloads.iter().filter(|payload| payload.is("x", ns::MUC_USER));
        x.flat_map(Element::children)
            .any(|child| child.is("status", ns::MUC_USER) && child.attr("code") == Some(code))
    }

    /// The text of its subject.
    pub fn subject(&self) -> Option<String> {
        let subject = self.payloads.iter().find(|payload| payload.is("subject", ns::CLIENT));
        subject.map(Element::text)
    }

    /// The subject as a newcomer gets it, without addressee; empty, from the room, if there was
    /// never one (XEP-0045 §7.2.15).
    pub fn subject_for(subject: Option<&Self>, room: &Arc<Jid>) -> Stanza {
        match subject {
            Some(subject) => subject.delayed(room, room),
            None => Stanza::message(Type::Groupchat).with_from(room.clone()).with_payload(element(
                "subject",
                ns::CLIENT,
                &[],
            )),
        }
    }
}

/// `<delay/>` (XEP-0203).
pub fn delay_element(from: &Jid, stamp: Time) -> Element {
    element("delay", ns::DELAY, &[("from", from.as_str()), ("stamp", &stamp.to_string())])
}

/// The last messages of a room, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    messages: VecDeque<StoredMessage>,
    capacity: usize,
}

impl History {
    /// An empty history that keeps this many messages.
    pub fn new(capacity: usize) -> Self {
        Self { messages: VecDeque::new(), capacity }
    }

    /// Keep this many from now on.
    pub fn resize(&mut self, capacity: usize) {
        self.capacity = capacity;
        let excess = self.messages.len().saturating_sub(capacity);
        self.messages.drain(..excess);
    }

    /// An empty history of the same size.
    pub fn emptied(&self) -> Self {
        Self::new(self.capacity)
    }

    /// The history of a room as its configuration has it. Authors whose nick is no resource of a
    /// JID are left out.
    pub fn of(config: &RoomConfig) -> Self {
        let mut history = Self::new(config.history_max);
        for message in &config.history {
            if let Ok(from) = config.jid.with_resource_str(&message.author) {
                let mut body = element("body", ns::CLIENT, &[]);
                body.append_text(message.text.as_str());
                history.push(StoredMessage {
                    from: Arc::new(from.into()),
                    id: None,
                    lang: None,
                    payloads: Arc::new(vec![body]),
                    stamp: message.stamp,
                });
            }
        }
        history
    }

    /// Keep one more message, in the order of stamps; the oldest goes if there are too many.
    pub fn push(&mut self, message: StoredMessage) {
        if self.capacity == 0 {
            return;
        }
        let later = self.messages.iter().rev().take_while(|m| m.stamp > message.stamp).count();
        self.messages.insert(self.messages.len() - later, message);
        if self.messages.len() > self.capacity {
            self.messages.pop_front();
        }
    }

    /// Forget the message with this author, id and stamp.
    pub fn remove(&mut self, from: &Jid, id: Option<&str>, stamp: Time) {
        self.messages.retain(|m| m.stamp != stamp || *m.from != *from || m.id.as_deref() != id);
    }

    /// How many it has.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &StoredMessage> {
        self.messages.iter()
    }

    /// Whether a message with this author, id and stamp is among them.
    pub fn contains(&self, from: &Jid, id: Option<&str>, stamp: Time) -> bool {
        self.messages.iter().any(|m| m.stamp == stamp && *m.from == *from && m.id.as_deref() == id)
    }

    /// The newest messages that all four limits allow, oldest first. Characters are those of the
    /// complete stanza (XEP-0045 §7.2.14), as `to` receives it from `room`.
    pub fn tail(
        &self,
        limits: &dmuc::History,
        now: Time,
        room: &Arc<Jid>,
        to: &Arc<Jid>,
    ) -> Vec<Stanza> {
        let mut budget = limits.maxchars.map(|limit| limit as usize);
        let earliest = limits
            .seconds
            .map(|seconds| now - Duration::from_secs(seconds.into()))
            .max(limits.since);
        let mut tail = Vec::new();
        let count = limits.maxstanzas.map_or(usize::MAX, |limit| limit as usize);
        for message in self.messages.iter().rev().take(count) {
            if earliest.is_some_and(|earliest| message.stamp < earliest) {
                break;
            }
            let stanza = message.delayed(room, to);
            if let Some(left) = budget {
                let Some(left) = left.checked_sub(characters(&stanza)) else { break };
                budget = Some(left);
            }
            tail.push(stanza);
        }
        tail.reverse();
        tail
    }
}

fn characters(stanza: &Stanza) -> usize {
    String::from(&Element::from(stanza)).chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Arc<Jid> {
        Arc::new(Jid::new("wallops@channel.avalon.irc").unwrap())
    }

    fn reader() -> Arc<Jid> {
        Arc::new(Jid::new("msa@vesa.yeggmaex.irc/bicycle").unwrap())
    }

    fn message(second: u64) -> StoredMessage {
        let mut body = element("body", ns::CLIENT, &[]);
        body.append_text(format!("message {second}"));
        StoredMessage {
            from: Arc::new(Jid::new("wallops@channel.avalon.irc/WiZ").unwrap()),
            id: None,
            lang: None,
            payloads: Arc::new(vec![body]),
            stamp: Time::XEP_EPOCH + Duration::from_secs(second),
        }
    }

    fn filled() -> History {
        let mut history = History::new(5);
        for second in 0..8 {
            history.push(message(second));
        }
        history
    }

    fn bodies(limits: &dmuc::History) -> Vec<String> {
        let now = Time::XEP_EPOCH + Duration::from_secs(10);
        let tail = filled().tail(limits, now, &room(), &reader());
        tail.iter().filter_map(Stanza::body).collect()
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let all = bodies(&dmuc::History::default());
        assert_eq!(all, ["message 3", "message 4", "message 5", "message 6", "message 7"]);
    }

    #[test]
    fn maxstanzas_keeps_the_newest_in_order() {
        let limits = dmuc::History { maxstanzas: Some(2), ..Default::default() };
        assert_eq!(bodies(&limits), ["message 6", "message 7"]);
        let none = dmuc::History { maxstanzas: Some(0), ..Default::default() };
        assert!(bodies(&none).is_empty());
    }

    #[test]
    fn seconds_and_since_count_from_the_stamp() {
        let limits = dmuc::History { seconds: Some(4), ..Default::default() };
        assert_eq!(bodies(&limits), ["message 6", "message 7"]);
        let since = Some(Time::XEP_EPOCH + Duration::from_secs(7));
        let limits = dmuc::History { since, ..Default::default() };
        assert_eq!(bodies(&limits), ["message 7"]);
        let both = dmuc::History { since, seconds: Some(4), ..Default::default() };
        assert_eq!(bodies(&both), ["message 7"]);
    }

    #[test]
    fn maxchars_counts_complete_stanzas() {
        let one = characters(&message(7).delayed(&room(), &reader()));
        let limit = |chars: usize| dmuc::History {
            maxchars: u32::try_from(chars).ok(),
            ..Default::default()
        };
        assert_eq!(bodies(&limit(one)), ["message 7"]);
        assert_eq!(bodies(&limit(2 * one)), ["message 6", "message 7"]);
        assert!(bodies(&limit(one - 1)).is_empty());
    }

    #[test]
    fn late_messages_take_their_place_by_stamp() {
        let mut history = History::new(5);
        for second in [1, 4, 2] {
            history.push(message(second));
        }
        let stamps: Vec<_> = history.iter().map(|m| m.stamp.since(Time::XEP_EPOCH)).collect();
        assert_eq!(stamps, [1, 2, 4].map(Duration::from_secs));
    }
}
