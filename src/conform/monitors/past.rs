//! History, as a slave shows it: only to who enters, with the master's stamp where clients look for
//! one.

use super::serving;
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, Passage, Room, UserId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Element, ns};
use crate::time::Time;

/// Nothing has to be remembered but who is entering at this instant and was not told the subject.
#[derive(Debug, Default)]
pub(super) struct Past {
    entering: Vec<UserId>,
}

impl Invariant for Past {
    fn pass(&mut self, _: Time, _: &Room, _: &mut Findings) {
        self.entering.clear();
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        match passage.class {
            // After the subject comes what is new (XEP-0045 §7.2.15).
            Class::Down(user) if passage.reading.stanza.is_subject_change() => {
                if self.entering.contains(&user) {
                    subject((step.entry, passage), user, room, findings);
                }
                self.entering.retain(|one| *one != user);
            }
            Class::Down(user) => self.told((step.entry, passage), user, room, findings),
            Class::ToSlave(_) => initial((step.entry, passage), room, findings),
            _ => {}
        }
    }

    fn after(&mut self, _: &Step<'_>, facts: &[Fact], _: &Room, _: &mut Findings) {
        for fact in facts {
            if let Fact::Entered(user) = fact {
                self.entering.push(*user);
            }
        }
    }
}

impl Past {
    fn told(
        &self,
        here: (usize, &Passage<'_>),
        user: UserId,
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &here.1.reading;
        let one = &room.users[user];
        if !reading.is_said() || serving(here.1, one, room).is_none() {
            return;
        }
        let delays = reading.stanza.payloads.iter().filter(|payload| payload.has_ns(ns::DELAY));
        let delays: Vec<_> = delays.collect();
        if !self.entering.contains(&user) {
            return;
        }
        let well = delays.len() == 1;
        let expected = "one delay, outside of all other elements";
        findings.judge("slave.history.delay-top-level", well, here, expected, || {
            Wrong::of(format!("there are {} of them", delays.len()))
        });
        let Some(delay) = delays.first() else { return };
        delayed(here, delay, room, findings);
        findings.kept("slave.history.deliver-on-enter");
        findings.kept("slave.history.store-initial");
    }
}

/// The subject, as a newcomer is told it: if it says when it was set, that is judged as history is.
fn subject(here: (usize, &Passage<'_>), user: UserId, room: &Room, findings: &mut Findings) {
    let reading = &here.1.reading;
    if serving(here.1, &room.users[user], room).is_none() {
        return;
    }
    let mut delays = reading.stanza.payloads.iter().filter(|payload| payload.has_ns(ns::DELAY));
    let Some(delay) = delays.next() else { return };
    let id = room.log.id(reading);
    let events = room.log.like(&id, reading.content).iter();
    let events = events.filter_map(|number| room.log.event(*number)).filter(|event| event.exact);
    let nicks: Vec<_> = events.filter_map(|event| event.nick).collect();
    if let Some(nick) = reading.nick
        && !nicks.is_empty()
    {
        let well = room.known_nick(nick).is_some_and(|nick| nicks.contains(&nick));
        let expected = "the subject from who has set it, or from the room";
        findings.judge("slave.redistribute.keep-from", well, here, expected, || {
            let set: Vec<_> = nicks.iter().map(|nick| room.nicks[*nick].as_str()).collect();
            Wrong::of(format!("it is from {nick}, and was set by {}", set.join(" or ")))
        });
    }
    delayed(here, delay, room, findings);
}

/// What is said of when it was said, and in whose name.
fn delayed(here: (usize, &Passage<'_>), delay: &Element, room: &Room, findings: &mut Findings) {
    let reading = &here.1.reading;
    let by = delay.attr("from").unwrap_or_default();
    let well = by == room.address || by == reading.from;
    let expected = "the room or the occupant as the one who delayed it";
    findings.judge("slave.history.delay-from", well, here, expected, || match by {
        "" => Wrong::of("the delay does not say who delayed it"),
        by => Wrong::of(format!("the delay is from {by}")),
    });
    let id = room.log.id(reading);
    let nick = reading.nick.and_then(|nick| room.known_nick(nick));
    let events = room.log.like(&id, reading.content).iter();
    let events = events.filter_map(|number| room.log.event(*number));
    let mut events = events.filter(|event| event.nick == nick && event.exact).peekable();
    if events.peek().is_some() {
        let events: Vec<_> = events.collect();
        let well = events.iter().any(|event| Some(event.stamp) == reading.delay);
        let expected = "the master's stamp";
        findings.judge("slave.history.master-timestamp", well, here, expected, || {
            let stamps: Vec<_> = events.iter().map(|event| event.stamp.to_string()).collect();
            let words = format!("the master's is {}", stamps.join(" or "));
            Wrong::of(words).because(events.iter().filter_map(|event| event.entry))
        });
    }
}

/// Initial history, as the master sends it.
fn initial(here: (usize, &Passage<'_>), room: &Room, findings: &mut Findings) {
    let reading = &here.1.reading;
    let dmuc = reading.dmuc.unwrap_or_default();
    if !dmuc.history || !reading.stanza.is_groupchat() {
        return;
    }
    let by_room = reading.from == room.address && !reading.is_said();
    let well = reading.nick.is_some() || by_room;
    let expected = "an occupant as the sender, and the slave as the addressee";
    findings.judge("master.history.addressing", well, here, expected, || {
        Wrong::of(format!("it is from {}, which is no occupant", reading.from))
    });
    let well = dmuc.stamp.is_some();
    let expected = "initial history with the master's stamp";
    findings.judge("master.history.may-send", well, here, expected, || {
        Wrong::of("there is no delay with a stamp in it")
    });
}
