//! Keepalive of one direction of the relation between master and slave (XEP-0282, Master-Slave
//! Keepalive and Netsplit Detection), for both of them alike.
//!
//! | state | event | next |
//! | --- | --- | --- |
//! | together | nothing received for the idle period | ping |
//! | together | a ping unanswered for the time-out, fewer than `pings_lost_max` in a row | ping again |
//! | together | the last of them unanswered, or a bounce | split, ping at once |
//! | split | the split interval passes | ping |
//! | split | pong | together |

use std::collections::VecDeque;

use super::Timers;
use crate::time::{Duration, Time};

/// When to ping the peer, and whether it is there.
#[derive(Clone, Debug)]
pub(super) struct Pinger {
    timers: Timers,
    idle: Duration,
    heard: Option<Time>,
    asked: VecDeque<(String, Time)>,
    /// When the last pong came.
    answered: Option<Time>,
    lost: u32,
    split_since: Option<Time>,
    /// When a ping went out last, answered or not.
    last: Option<Time>,
    /// The last splits, oldest first.
    splits: VecDeque<Time>,
    /// How many pongs came since the last split.
    pongs: u32,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Send a ping.
    Ping,
    /// Too many pings are unanswered: the peer is lost.
    Split,
}

impl Pinger {
    /// A pinger that starts when it hears of the peer first; `idle` is how long it bears silence.
    pub fn new(timers: Timers, idle: Duration) -> Self {
        Self {
            timers,
            idle,
            heard: None,
            asked: VecDeque::new(),
            answered: None,
            lost: 0,
            split_since: None,
            last: None,
            splits: VecDeque::new(),
            pongs: 0,
        }
    }

    /// Other periods from now on.
    pub fn retime(&mut self, timers: Timers, idle: Duration) {
        self.timers = timers;
        self.idle = idle;
    }

    /// Something came from the peer.
    pub fn hear(&mut self, now: Time) {
        self.heard = Some(now);
    }

    /// Whether a ping is under way.
    pub fn is_waiting(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Whether a ping now would tell something new: none is under way, and none has been answered
    /// of late. Two who answered each ping with a ping would never come to an end.
    pub fn may_doubt(&self, now: Time) -> bool {
        let recent = |answered| now < answered + self.timers.pong_timeout;
        !self.is_waiting() && !self.answered.is_some_and(recent)
    }

    /// Since when the peer is lost.
    pub fn split_since(&self) -> Option<Time> {
        self.split_since
    }

    /// How long the peer may be lost before it is given up.
    pub fn expiry(&self) -> Duration {
        self.timers.expiry
    }

    /// The peer is lost.
    pub fn split(&mut self, now: Time) {
        self.splits.push_back(now);
        if self.splits.len() > FLAPS {
            self.splits.pop_front();
        }
        self.stay_split(now);
    }

    /// The peer is there, but what it says is not enough to go on.
    pub fn stay_split(&mut self, since: Time) {
        self.split_since = Some(since);
        self.lost = 0;
        self.pongs = 0;
    }

    /// \[H\] How many pongs end a split: one, but three for a peer lost three times of late.
    fn pongs_needed(&self, now: Time) -> u32 {
        let flaps = self.splits.len() == FLAPS
            && self.splits.front().is_some_and(|first| now < *first + FLAP_WINDOW);
        if flaps { 3 } else { 1 }
    }

    /// The peer begins anew; what was asked before is void.
    pub fn renew(&mut self, now: Time) {
        self.asked.clear();
        self.lost = 0;
        self.heard = Some(now);
        self.split_since = None;
    }

    /// A ping of this id goes out.
    pub fn ask(&mut self, id: String, now: Time) {
        self.last = Some(now);
        self.asked.push_back((id, now));
        if self.asked.len() > ASKED_MAX {
            self.asked.pop_front();
        }
    }

    /// The answer to a ping: when that ping was sent, or nothing if none of this id is under way.
    /// It ends a split, unless the peer comes and goes.
    pub fn pong(&mut self, id: &str, now: Time) -> Option<Time> {
        let position = self.asked.iter().position(|(asked, _)| asked == id)?;
        let (_, sent) = self.asked[position];
        self.asked.clear();
        self.answered = Some(now);
        self.lost = 0;
        self.heard = Some(now);
        self.pongs += 1;
        if self.pongs >= self.pongs_needed(now) {
            self.split_since = None;
        }
        Some(sent)
    }

    /// Whether a ping of this id is under way; it is no more.
    pub fn withdraw(&mut self, id: &str) -> bool {
        let position = self.asked.iter().position(|(asked, _)| asked == id);
        self.pongs = 0;
        position.is_some_and(|position| self.asked.remove(position).is_some())
    }

    /// When something is due next.
    pub fn deadline(&self) -> Option<Time> {
        let last = self.asked.back().map(|(_, sent)| *sent);
        match (self.split_since, last) {
            // A bounced ping is no longer under way, but the next one has its time all the same.
            (Some(since), _) => match self.last.filter(|last| *last >= since) {
                Some(last) => Some(last + self.timers.split_ping),
                None => Some(since),
            },
            (None, Some(sent)) => Some(sent + self.timers.pong_timeout),
            (None, None) => self.heard.map(|heard| heard + self.idle),
        }
    }

    /// What is due now. A [`Due::Split`] has to be followed by [`Pinger::split`], a [`Due::Ping`]
    /// by [`Pinger::ask`].
    pub fn due(&mut self, now: Time) -> Option<Due> {
        if self.deadline()? > now {
            return None;
        }
        if self.split_since.is_none() && self.is_waiting() {
            self.lost += 1;
            if self.lost >= self.timers.pings_lost_max {
                return Some(Due::Split);
            }
        }
        Some(Due::Ping)
    }
}

/// How many unanswered pings are remembered, so that a late pong counts.
const ASKED_MAX: usize = 16;

/// So many splits within [`FLAP_WINDOW`] are flapping.
const FLAPS: usize = 3;

/// How long a split counts as one of late.
const FLAP_WINDOW: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn pinger() -> Pinger {
        let timers = Timers::default();
        let mut pinger = Pinger::new(timers, timers.master_idle);
        pinger.hear(at(0));
        pinger
    }

    fn at(second: u64) -> Time {
        Time::XEP_EPOCH + Duration::from_secs(second)
    }

    #[test]
    fn silence_for_the_idle_period_makes_it_ping() {
        let mut pinger = pinger();
        assert_eq!(pinger.due(at(59)), None);
        assert_eq!(pinger.due(at(60)), Some(Due::Ping));
    }

    #[test]
    fn traffic_postpones_the_ping() {
        let mut pinger = pinger();
        pinger.hear(at(59));
        assert_eq!(pinger.deadline(), Some(at(119)));
    }

    #[test]
    fn two_unanswered_pings_are_a_split_and_then_it_pings_fast() {
        let mut pinger = pinger();
        pinger.ask("1".into(), at(60));
        assert_eq!(pinger.due(at(79)), None);
        assert_eq!(pinger.due(at(80)), Some(Due::Ping));
        pinger.ask("2".into(), at(80));
        assert_eq!(pinger.due(at(100)), Some(Due::Split));
        pinger.split(at(100));
        pinger.ask("3".into(), at(100));
        assert_eq!(pinger.due(at(104)), None);
        assert_eq!(pinger.due(at(105)), Some(Due::Ping));
    }

    #[test]
    fn a_bounced_ping_does_not_hasten_the_next_one() {
        let mut pinger = pinger();
        pinger.split(at(10));
        assert_eq!(pinger.due(at(10)), Some(Due::Ping));
        pinger.ask("1".into(), at(10));
        assert!(pinger.withdraw("1"));
        assert_eq!(pinger.deadline(), Some(at(15)));
    }

    #[test]
    fn a_late_pong_counts_and_a_foreign_one_does_not() {
        let mut pinger = pinger();
        pinger.ask("1".into(), at(60));
        pinger.ask("2".into(), at(80));
        assert_eq!(pinger.pong("9", at(81)), None);
        assert_eq!(pinger.pong("1", at(81)), Some(at(60)));
        assert_eq!(pinger.deadline(), Some(at(141)));
        assert_eq!(pinger.pong("2", at(82)), None);
    }

    #[test]
    fn there_is_no_doubt_while_a_ping_is_under_way_or_a_pong_is_fresh() {
        let mut pinger = pinger();
        assert!(pinger.may_doubt(at(1)));
        pinger.ask("1".into(), at(1));
        assert!(!pinger.may_doubt(at(2)));
        pinger.pong("1", at(2));
        assert!(!pinger.may_doubt(at(21)));
        assert!(pinger.may_doubt(at(22)));
    }

    #[test]
    fn a_pong_between_two_pings_starts_the_count_again() {
        let mut pinger = pinger();
        pinger.ask("1".into(), at(60));
        assert_eq!(pinger.due(at(80)), Some(Due::Ping));
        pinger.ask("2".into(), at(80));
        pinger.pong("2", at(81));
        pinger.ask("3".into(), at(141));
        assert_eq!(pinger.due(at(161)), Some(Due::Ping));
    }

    #[test]
    fn after_three_splits_of_late_it_takes_three_pongs() {
        let mut pinger = pinger();
        for (second, id) in [(0, "1"), (10, "2")] {
            pinger.split(at(second));
            pinger.ask(id.into(), at(second));
            pinger.pong(id, at(second + 1));
            assert_eq!(pinger.split_since(), None);
        }
        pinger.split(at(20));
        for (id, split) in [("3", true), ("4", true), ("5", false)] {
            pinger.ask(id.into(), at(21));
            assert_eq!(pinger.pong(id, at(22)), Some(at(21)));
            assert_eq!(pinger.split_since().is_some(), split, "{id}");
        }
        pinger.split(at(700));
        pinger.ask("6".into(), at(700));
        pinger.pong("6", at(701));
        assert_eq!(pinger.split_since(), None);
    }
}
