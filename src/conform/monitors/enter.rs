//! ENTER, as the master sends it.

use super::super::invariants::reading::domain_of;
use super::names;
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Passage, Privileges, Room, SlaveId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Element, FullJid, ns};
use crate::time::Time;

/// What each slave was sent last at this instant, and what newcomers asked for.
#[derive(Debug, Default)]
pub(super) struct Enter {
    /// The nick of which a slave was told last, what he may do, and where.
    last: Vec<(SlaveId, String, Option<Privileges>, usize)>,
    /// For whom ENTER was sent.
    let_in: Vec<String>,
    /// Slaves that are told what there is at this instant.
    told: Vec<SlaveId>,
    /// How much history somebody asked for at most, and where: JID, messages.
    limits: Vec<(String, Option<u32>, usize)>,
    /// The last entry before this instant.
    before: usize,
}

impl Invariant for Enter {
    fn pass(&mut self, _: Time, room: &Room, _: &mut Findings) {
        self.before = room.last;
        self.last.clear();
        self.told.clear();
        self.limits.clear();
        self.let_in.clear();
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) if passage.reading.is_join() => {
                let x = passage.reading.stanza.payload("x", ns::MUC);
                let limit = x.and_then(|x| messages(x, ns::MUC));
                self.limits.push((passage.reading.from.to_owned(), limit, step.entry));
            }
            Happening::Left(passage) => {
                let Class::ToSlave(slave) = passage.class else { return };
                self.sent(step.entry, slave, passage, room, findings);
            }
            _ => {}
        }
    }
}

impl Enter {
    fn sent(
        &mut self,
        entry: usize,
        slave: SlaveId,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &passage.reading;
        let dmuc = reading.dmuc.unwrap_or_default();
        if let Some(jid) = dmuc.enter {
            self.let_in.push(jid.to_owned());
            self.judge((entry, passage), jid, slave, room, findings);
        } else if reading.is_presence()
            && let Some(nick) = reading.nick
        {
            if dmuc.state || room.slaves[slave].synced == room.now {
                self.told.push(slave);
            }
            self.last.retain(|(told, ..)| *told != slave);
            self.last.push((slave, nick.to_owned(), Privileges::of(reading), entry));
        }
    }

    fn judge(
        &self,
        here: (usize, &Passage<'_>),
        jid: &str,
        slave: SlaveId,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (reading, passage) = (&here.1.reading, here.1);
        let full = FullJid::new(jid).is_ok();
        let named = reading.nick.is_some() && reading.stanza.is_available();
        let one = dmuc_children(passage).filter(|child| child.name() == "enter").count() == 1;
        let expected = "available presence of an occupant with one `enter`, and a full JID in it";
        let id = "master.enter.format";
        findings.judge(id, full && named && one, here, expected, || {
            let wrong = [
                (full, "the JID in `enter` is no full JID"),
                (named, "it is no available presence of an occupant"),
                (one, "it has several `enter`"),
            ];
            let wrong = wrong.into_iter().filter(|(well, _)| !well);
            Wrong::of(names(wrong.map(|(_, words)| words)))
        });
        let own = domain_of(jid) == room.slaves[slave].domain;
        let expected = "an ENTER for the slave of the newcomer's own domain";
        findings.judge("master.enter.to-affected-slave-only", own, here, expected, || {
            Wrong::of(format!("{jid} is not of the domain of {}", room.slaves[slave].jid))
        });
        if own && !room.is_stale(passage) && !self.told.contains(&slave) {
            self.as_told_before(here, jid, slave, findings);
        }
        let asked = self.limits.iter().rev().find(|(who, ..)| who == jid);
        if let Some((_, Some(asked), cause)) = asked {
            let limit = dmuc_children(passage)
                .find(|child| child.name() == "history")
                .and_then(|history| history.attr("maxstanzas")?.parse::<u32>().ok());
            let well = limit.is_some_and(|limit| limit <= *asked);
            let expected = format!("no more than the {asked} messages that he asked for");
            findings.judge("master.enter.history-limit", well, here, &expected, || {
                let words = match limit {
                    Some(limit) => format!("it allows {limit}"),
                    None => "it has no limit".to_owned(),
                };
                Wrong::of(words).because([*cause])
            });
        }
        // Those who moderate are told of everybody before they enter.
        let moderates = reading.item.and_then(|item| item.role) == Some("moderator");
        let joined = self.limits.iter().any(|(who, ..)| who == jid);
        // Whom the master has, and all were told of before, is no newcomer to them.
        let again = room.known_user(jid).is_some_and(|user| {
            let mut known = room.occupants.values().filter(|one| one.entry <= self.before);
            room.users[user].inside || known.any(|one| one.sessions.contains(&user))
        });
        if joined && !again && !moderates && !room.is_stale(passage) && !self.told.contains(&slave)
        {
            let last = self.last.iter().find(|(told, ..)| *told == slave);
            let Some((_, nick, _, cause)) = last else { return };
            let well = Some(nick.as_str()) == reading.nick;
            let expected = "an ENTER right after the presence of the newcomer";
            findings.judge("master.enter.adjacent", well, here, expected, || {
                Wrong::of(format!("the presence before it is of {nick}")).because([*cause])
            });
        }
    }
}

impl Enter {
    /// There is one ENTER for each time that somebody asks, and it says of him what his slave was
    /// told right before.
    fn as_told_before(
        &self,
        here: (usize, &Passage<'_>),
        jid: &str,
        slave: SlaveId,
        findings: &mut Findings,
    ) {
        let reading = &here.1.reading;
        let often = self.let_in.iter().filter(|one| *one == jid).count();
        let asked = self.limits.iter().filter(|(one, ..)| one == jid).count();
        if asked > 0 && often > asked {
            let expected = "one ENTER for who asks to enter";
            let wrong = Wrong::of(format!("an ENTER for {jid} has been sent already"));
            findings.wrong("master.enter.to-affected-slave-only", here, expected, wrong);
        }
        let mut last = self.last.iter();
        let last = last.find(|(told, nick, ..)| *told == slave && reading.nick == Some(nick));
        let Some((_, nick, Some(before), cause)) = last else { return };
        if asked > 0 && Privileges::of(reading).is_some_and(|says| says != *before) {
            let expected = "affiliation and role as in the presence before it";
            let wrong = Wrong::of(format!("it says something else of {nick}")).because([*cause]);
            findings.wrong("master.presence.item", here, expected, wrong);
        }
    }
}

/// How many messages a limit of history allows, if it limits their number.
fn messages(parent: &Element, namespace: &str) -> Option<u32> {
    parent.get_child("history", namespace)?.attr("maxstanzas")?.parse().ok()
}

/// What stands in XEP-0282's element.
fn dmuc_children<'a>(passage: &Passage<'a>) -> impl Iterator<Item = &'a Element> {
    let all = passage.hop.stanza.payloads.iter();
    all.filter(|payload| payload.is("x", ns::DMUC)).flat_map(|x| x.children())
}
