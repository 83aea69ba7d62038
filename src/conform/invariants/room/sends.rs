//! What users send to the room, and their servers to the master for them.

use super::asks::{Ask, Way};
use super::{Passage, Room, Submission, UserId};
use crate::conform::invariants::reading::Reading;
use crate::time::Duration;
use crate::transcript::Fate;

impl Room {
    /// A server sends the master what a user has said, the first time.
    pub(super) fn goes_up(&mut self, user: UserId, passage: &Passage<'_>) {
        let reading = &passage.reading;
        let late = reading.dmuc.is_some_and(|dmuc| dmuc.stamp.is_some());
        let Some(nick) = reading.to_nick.filter(|_| reading.stanza.is_available() && !late) else {
            return;
        };
        let nick = self.nick(nick);
        let lost = !matches!(passage.hop.fate, Fate::Delivered(_));
        self.users[user].asks.go(nick, (reading.is_join(), reading.content), lost);
    }

    /// Whether a slave forwards that somebody asks to be in, as he has just before the record.
    pub(super) fn has_asked_before(&self, user: UserId, reading: &Reading<'_>) -> bool {
        let one = &self.users[user];
        let begins = self.silent && self.now <= self.begun + BEGINNING;
        begins && reading.is_join() && !one.inside && one.asked.is_none()
    }

    /// A user sends something to the room.
    pub(super) fn up(&mut self, entry: usize, user: UserId, passage: &Passage<'_>) {
        let (now, reading) = (self.now, &passage.reading);
        self.health.acted = now;
        let nick = reading.to_nick.map(|nick| self.nick(nick));
        self.users[user].doubt = None;
        if reading.stanza.is_available() {
            let one = &mut self.users[user];
            one.own = Some(reading.content);
            if let Some(nick) = nick {
                if !one.inside && !one.asks.to_be_in() {
                    // What came for him before is for another stay.
                    match one.is_of_before() {
                        true => one.coming.pass(),
                        false => one.coming.clear(),
                    }
                    one.entered = false;
                }
                one.joins += usize::from(reading.is_join());
                let (join, content, way) = (reading.is_join(), reading.content, Way::default());
                one.asks.push(Ask::Be { nick, join, content, at: now, way, came: None });
                one.asked = Some(nick);
                one.named.insert(nick);
            }
        } else if reading.stanza.is_unavailable() {
            let slave = self.users[user].slave.map(|slave| &self.slaves[slave]);
            let unseen = slave.is_some_and(|slave| slave.lame);
            let one = &mut self.users[user];
            one.left_unseen |= unseen;
            one.asks.push(Ask::Leave { at: now, entry, returned: false, hung_up: false });
            one.asked = None;
        } else if reading.stanza.is_groupchat() && nick.is_none() {
            let one = &self.users[user];
            let voiced = one.privileges().is_some_and(|privileges| privileges.role != "visitor");
            let said = Submission {
                user,
                at: now,
                entry,
                id: self.log.id(reading),
                given: None,
                content: reading.content,
                voiced: voiced && one.inside,
                unserved: one.slave.is_some_and(|slave| self.slaves[slave].lame),
                held: one.slave.is_some_and(|slave| self.slaves[slave].holds()),
                came: None,
                least: None,
                events: Vec::new(),
                returned: false,
                guessed: None,
            };
            self.log.say(said);
        }
    }
}

/// For so long after a record begins something may be forwarded that was sent before.
const BEGINNING: Duration = Duration::from_secs(1);
