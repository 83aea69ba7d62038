//! Message Broadcast, as the master sends it: from an occupant, stamped, with what was sent.

use super::{is_news, is_served, names};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, Passage, Room, SlaveId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Element, Type, ns};
use crate::time::{Duration, Time};

/// What came to the master at this instant.
#[derive(Debug, Default)]
pub(super) struct Broadcast {
    /// What is said: id, content, entry.
    came: Vec<(String, u64, usize)>,
}

impl Invariant for Broadcast {
    fn pass(&mut self, _: Time, _: &Room, _: &mut Findings) {
        self.came.clear();
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        if let Happening::Left(passage) = &step.what {
            facts.iter().for_each(|fact| author((step.entry, passage), fact, room, findings));
        }
        match &step.what {
            Happening::Came(passage) => {
                let reading = &passage.reading;
                if *passage.hop.to == *room.domain && reading.stanza.is_groupchat() {
                    self.came.push((reading.id().to_owned(), reading.literal, step.entry));
                }
            }
            Happening::Left(passage) => {
                let Class::ToSlave(slave) = passage.class else { return };
                self.sent((step.entry, passage), slave, room, findings);
            }
            _ => {}
        }
    }
}

impl Broadcast {
    fn sent(
        &self,
        here: (usize, &Passage<'_>),
        slave: SlaveId,
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &here.1.reading;
        let stanza = reading.stanza;
        let says = stanza.body().is_some() || stanza.is_subject_change();
        let says = says && reading.from_room;
        if says && reading.nick.is_some() && stanza.type_ != Type::Error {
            let letter = stanza.type_ != Type::Groupchat;
            let expected = "a message of type groupchat, from an occupant";
            findings.judge("master.broadcast.from-occupant", !letter, here, expected, || {
                Wrong::of("it is no groupchat")
            });
        }
        if !stanza.is_groupchat() || !is_news(reading) || reading.nick.is_none() {
            return;
        }
        let delay = stamp(here.1);
        if says {
            let expected = "a delay in XEP-0282's element";
            let id = "master.broadcast.delay-in-dmuc";
            findings.judge(id, delay.is_some(), here, expected, || {
                let beside = stanza.payloads.iter().any(|payload| payload.has_ns(ns::DELAY));
                Wrong::of(if beside { "the delay stands beside it" } else { "there is no delay" })
            });
        }
        if let Some(delay) = delay {
            let stamp = reading.dmuc.and_then(|dmuc| dmuc.stamp);
            let utc = delay.attr("stamp").is_some_and(|stamp| stamp.ends_with('Z'));
            let slack = SLACK + room.clock;
            let recent = stamp.is_some_and(|stamp| {
                stamp <= room.now + slack && (room.is_stale(here.1) || stamp + slack >= room.now)
            });
            let from = delay.attr("from") == Some(reading.from);
            let late = room.slaves[slave].registers || !is_served(room, slave);
            let expected = "the time at which the master got it, in UTC, and from whom it is";
            let well = utc && from && (recent || late && stamp.is_some());
            findings.judge("master.broadcast.delay-attributes", well, here, expected, || {
                let wrong = [
                    (utc, "the stamp is not in UTC"),
                    (from, "the delay is not from who said it"),
                    (recent || !utc, "the stamp is of another time"),
                ];
                let wrong = wrong.into_iter().filter(|(well, _)| !well);
                Wrong::of(names(wrong.map(|(_, words)| words)))
            });
        }
        self.preserved(here, room, findings);
    }

    /// What came at this instant went on as it came.
    fn preserved(&self, here: (usize, &Passage<'_>), room: &Room, findings: &mut Findings) {
        let reading = &here.1.reading;
        let id = "master.broadcast.preserve-payload";
        if self.came.is_empty() || room.is_stale(here.1) {
            return;
        }
        let exact = self.came.iter().any(|(id, content, _)| {
            *content == reading.literal && (id.is_empty() || *id == reading.id())
        });
        let alike = self.came.len() == 1;
        if exact || alike {
            let expected = "the payloads and the id that came";
            findings.judge(id, exact, here, expected, || {
                let alike = self.came.iter().any(|(_, content, _)| *content == reading.literal);
                let words = if alike { "it came with another id" } else { "it came otherwise" };
                Wrong::of(words).because(self.came.iter().map(|(.., entry)| *entry))
            });
        }
    }
}

/// Who said it is told by the address from which it came, and by nothing else.
fn author(here: (usize, &Passage<'_>), fact: &Fact, room: &Room, findings: &mut Findings) {
    let Fact::Logged(event) = fact else { return };
    let Some(event) = room.log.event(*event) else { return };
    let (Some(nick), Some(said)) = (event.nick, room.log.origin(event)) else { return };
    if event.late || room.is_stale(here.1) {
        return;
    }
    let Some(occupant) = room.occupants.get(&nick) else { return };
    let sure = !occupant.sessions.is_empty() && !room.doubtful.contains(&nick);
    if sure {
        let well = occupant.sessions.contains(&said.user);
        let expected = "the nick of who sent it";
        findings.judge("master.relay.identify-by-from", well, here, expected, || {
            let (author, nick) = (&room.users[said.user].jid, &room.nicks[nick]);
            Wrong::of(format!("{author} sent it, who is not {nick}")).because([said.entry])
        });
    }
}

/// The master's stamp.
fn stamp<'a>(passage: &Passage<'a>) -> Option<&'a Element> {
    let mut all = passage.hop.stanza.payloads.iter();
    let x = all.find(|payload| payload.is("x", ns::DMUC))?;
    x.children().find(|child| child.is("delay", ns::DELAY))
}

/// How far a stamp may be from when the copies leave: machines take no longer.
const SLACK: Duration = Duration::from_secs(1);
