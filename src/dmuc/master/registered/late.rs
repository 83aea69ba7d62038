//! The late phase: from accept to the slave's own `synced` it submits what its users did while it
//! was split, and the room judges it as if it had merely been late in transit
//! (`docs/dmuc2-slave.md`, Late Stanzas).
//!
//! Counted is every request of the domain's users: presence, messages to the room, IQs. The slave
//! holds back what is new until the phase is over, so that nothing else comes meanwhile; answers
//! and errors, which a server sends of its own accord, do not count.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dmuc::speaks;
use crate::stanza::slave::HistoryLimits;
use crate::stanza::{Element, Jid, Kind, Payloads, Stanza};
use crate::time::Time;

/// The late phase of one slave.
#[derive(Clone, Debug)]
pub(in crate::dmuc) struct LatePhase {
    count: u64,
    /// When the slave lived last before it was lost: nothing of it can be older.
    since: Time,
    /// What its users said that is in the log beyond the slave's position.
    known: Spoken,
    /// What came in this phase, by when the slave received it.
    heard: BTreeMap<Time, Spoken>,
    messages_left: u32,
    bytes_left: Option<u64>,
}

/// Words, by who said them and with which id. A client may give several messages the same.
pub(in crate::dmuc) type Spoken = BTreeMap<(Arc<Jid>, Arc<str>), Vec<Payloads>>;

/// What becomes of a late message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dmuc) enum Late {
    /// It is said now, with this stamp.
    Said(Time),
    /// It is in the log: it was submitted before, and only its way back was lost.
    Known,
    /// The slave has submitted more than it may store.
    TooMuch,
}

impl LatePhase {
    /// A phase that begins now.
    pub fn new(since: Time, limits: &HistoryLimits, known: Spoken) -> Self {
        let (messages_left, heard) = (limits.maxstanzas, BTreeMap::new());
        Self { count: 0, since, known, heard, messages_left, bytes_left: limits.maxbytes }
    }

    /// Something came from one of the domain's users.
    pub fn count(&mut self, stanza: &Stanza) {
        let request = match stanza.kind {
            Kind::Presence => !stanza.is_error(),
            Kind::Message => stanza.is_groupchat(),
            Kind::Iq => stanza.is_request(),
        };
        self.count += u64::from(request);
    }

    /// How many stanzas came so far.
    pub fn counted(&self) -> u64 {
        self.count
    }

    /// Judge a message of this session. Nothing if it does not say that it is late.
    pub fn judge(&mut self, now: Time, session: &Arc<Jid>, message: &Stanza) -> Option<Late> {
        let received = message.dmuc()?.delay?.stamp;
        if self.is_known(session, message, received) {
            return Some(Late::Known);
        }
        let Some(messages_left) = self.messages_left.checked_sub(1) else {
            return Some(Late::TooMuch);
        };
        if let Some(left) = self.bytes_left {
            let Some(left) = left.checked_sub(bytes(message)) else { return Some(Late::TooMuch) };
            self.bytes_left = Some(left);
        }
        self.messages_left = messages_left;
        Some(Late::Said(received.max(self.since).min(now)))
    }

    /// Whether this came before: in this phase, received at the same time, or it is in the log,
    /// with the same words.
    fn is_known(&mut self, session: &Arc<Jid>, message: &Stanza, received: Time) -> bool {
        let Some(id) = &message.id else { return false };
        let key = (session.clone(), id.clone());
        let words = message.clone().retaining(|payload| !speaks(payload)).payloads;
        let heard = self.heard.entry(received).or_default().entry(key.clone()).or_default();
        if heard.contains(&words) {
            return true;
        }
        heard.push(words.clone());
        let Some(known) = self.known.get_mut(&key) else { return false };
        let same = known.iter().position(|known| *known == words);
        same.map(|same| known.remove(same)).is_some()
    }
}

/// The size of a stanza as XML.
pub(in crate::dmuc) fn bytes(stanza: &Stanza) -> u64 {
    let length = String::from(&Element::from(stanza)).len();
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::history::delay_element;
    use crate::stanza::{Type, element, ns};
    use crate::time::Duration;

    const SPLIT: Time = Time::XEP_EPOCH;

    fn at(second: u64) -> Time {
        SPLIT + Duration::from_secs(second)
    }

    fn author() -> Arc<Jid> {
        Arc::new(Jid::new("rubenro@vesa.yeggmaex.irc/shaver").unwrap())
    }

    fn said(id: &str, stamp: Time) -> Stanza {
        let mut x = element("x", ns::DMUC, &[]);
        x.append_child(delay_element(&author(), stamp));
        let mut body = element("body", ns::CLIENT, &[]);
        body.append_text("hello? anyone?");
        Stanza::message(Type::Groupchat).with_id(id).with_payload(body).with_payload(x)
    }

    fn limits(maxstanzas: u32, maxbytes: Option<u64>) -> HistoryLimits {
        HistoryLimits { maxstanzas, maxbytes }
    }

    fn phase() -> LatePhase {
        LatePhase::new(SPLIT, &limits(10, None), Spoken::new())
    }

    #[test]
    fn stamps_are_clamped_to_the_time_between_the_loss_and_now() {
        let table = [(at(5), at(5)), (Time::from_micros(0), SPLIT), (at(1000), at(60))];
        for (stamp, clamped) in table {
            let late = phase().judge(at(60), &author(), &said("a", stamp));
            assert_eq!(late, Some(Late::Said(clamped)));
        }
    }

    #[test]
    fn what_does_not_say_that_it_is_late_is_not() {
        let live = said("a", at(1)).retaining(|payload| !ns::is_dmuc(payload));
        assert_eq!(phase().judge(at(60), &author(), &live), None);
    }

    #[test]
    fn what_is_in_the_log_is_not_said_again_and_what_comes_twice_neither() {
        let words = said("a", at(1)).retaining(|payload| !speaks(payload)).payloads;
        let known = Spoken::from([((author(), Arc::from("a")), vec![words])]);
        let mut phase = LatePhase::new(SPLIT, &limits(10, None), known);
        assert_eq!(phase.judge(at(60), &author(), &said("a", at(1))), Some(Late::Known));
        assert_eq!(phase.judge(at(60), &author(), &said("a", at(1))), Some(Late::Known));
        assert_eq!(phase.judge(at(60), &author(), &said("a", at(2))), Some(Late::Said(at(2))));
        assert_eq!(phase.judge(at(60), &author(), &said("b", at(1))), Some(Late::Said(at(1))));
        assert_eq!(phase.judge(at(60), &author(), &said("b", at(1))), Some(Late::Known));
        let other = Arc::new(Jid::new("msa@vesa.yeggmaex.irc/bicycle").unwrap());
        assert_eq!(phase.judge(at(60), &other, &said("a", at(1))), Some(Late::Said(at(1))));
    }

    #[test]
    fn more_than_the_slave_may_store_is_too_much() {
        let mut phase = LatePhase::new(SPLIT, &limits(2, None), Spoken::new());
        let mut judge = |id| phase.judge(at(60), &author(), &said(id, at(1)));
        assert_eq!(
            [judge("a"), judge("b"), judge("c")],
            [Some(Late::Said(at(1))), Some(Late::Said(at(1))), Some(Late::TooMuch)]
        );
        let one = bytes(&said("a", at(1)));
        let mut phase = LatePhase::new(SPLIT, &limits(9, Some(one)), Spoken::new());
        let mut judge = |id| phase.judge(at(60), &author(), &said(id, at(1)));
        assert_eq!([judge("a"), judge("b")], [Some(Late::Said(at(1))), Some(Late::TooMuch)]);
    }

    #[test]
    fn requests_are_counted_and_answers_are_not() {
        let mut phase = phase();
        let counted = [
            said("a", at(1)),
            Stanza::presence(Type::Absent),
            Stanza::presence(Type::Unavailable),
            Stanza::iq(Type::Set, "kick"),
        ];
        let others = [
            Stanza::presence(Type::Error),
            Stanza::message(Type::Error),
            Stanza::iq(Type::Result, "1"),
            Stanza::iq(Type::Error, "2"),
        ];
        for stanza in counted.iter().chain(&others) {
            phase.count(stanza);
        }
        assert_eq!(phase.counted(), 4);
    }
}
