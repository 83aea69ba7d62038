//! Presence Update: privileges in every presence, real JIDs for moderators only, code 110.

use std::collections::BTreeSet;

use super::{Reading, is_news, names, serving};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{
    Class, NickId, Occupant, Passage, Room, Side, SlaveId, UserId, same_person,
};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::ns;

/// Nothing has to be remembered.
#[derive(Debug, Default)]
pub(super) struct Presence;

impl Invariant for Presence {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let reading = &passage.reading;
        if !reading.is_presence() || reading.nick.is_none() {
            return;
        }
        let here = (step.entry, *passage);
        match passage.class {
            Class::ToSlave(slave) => to_slave(here, slave, room, findings),
            Class::Down(user) => to_user(here, user, room, findings),
            _ => {}
        }
    }
}

/// Whether it is about somebody of the domain of this slave.
fn is_behind(slave: SlaveId, reading: &Reading<'_>, room: &Room) -> bool {
    let occupant = reading.nick.and_then(|nick| room.occupant_named(nick));
    occupant
        .is_some_and(|one| one.sessions.iter().any(|user| room.users[*user].slave == Some(slave)))
}

fn to_slave(here: (usize, &Passage<'_>), slave: SlaveId, room: &Room, findings: &mut Findings) {
    let reading = &here.1.reading;
    let dmuc = reading.dmuc.unwrap_or_default();
    let whole = reading.item.is_some_and(|item| {
        let known = |word: Option<&str>, words: &[&str]| word.is_some_and(|w| words.contains(&w));
        known(item.affiliation, &["owner", "admin", "member", "none", "outcast"])
            && known(item.role, &["moderator", "participant", "visitor", "none"])
    });
    let expected = "an item with affiliation and role";
    let wrong = || {
        Wrong::of(match reading.item {
            Some(_) => "the item has no known affiliation, or no known role",
            None => "it has no item",
        })
    };
    if dmuc.leave.is_none() {
        findings.judge("master.presence.item", whole, here, expected, wrong);
    }
    let telling = dmuc.state || room.slaves[slave].master == Side::Syncing;
    if telling && reading.stanza.is_available() {
        findings.judge("master.roster.format", whole, here, expected, wrong);
    }
    if room.is_stale(here.1) || !is_news(reading) {
        return;
    }
    another_jid(here, slave, room, findings);
    if !reading.stanza.is_available() {
        return departed(here, slave, room, findings);
    }
    let shown = !reading.jids.is_empty();
    // Who comes as the first moderator of a slave has not entered yet.
    let first = reading.item.and_then(|item| item.role) == Some("moderator");
    if room.open {
        let expected = "the real JID, which everybody may see";
        let wrong = || Wrong::of("there is no real JID in it");
        findings.judge("slave.presence.nonanon", shown, here, expected, wrong);
    } else if room.has_moderator(slave)
        && (first || other_moderator(slave, reading, room).is_some())
        && !(first && (room.master_lost.is_some() || is_behind(slave, reading, room)))
        && room.slaves[slave].master == Side::Active
    {
        let expected = "the real JID, for a slave with a moderator";
        findings.judge("master.presence.jid-with-moderators", shown, here, expected, || {
            let moderators = || {
                let all = room.occupants.iter().filter(|(_, one)| one.privileges.moderates());
                let via = |user: &UserId| room.users[*user].via == Some(slave);
                all.filter(move |(_, one)| one.sessions.iter().any(via))
            };
            let nicks = names(moderators().map(|(nick, _)| room.nicks[*nick].as_str()));
            let words = format!("there is no real JID in it, though {nicks} moderates there");
            Wrong::of(words).because(moderators().map(|(_, one)| one.entry))
        });
    } else if !room.has_moderator(slave) && !shown {
        findings.kept("master.presence.no-jid-without-moderators");
    }
}

/// A real JID is that of who has the nick, or asks for it.
fn another_jid(here: (usize, &Passage<'_>), slave: SlaveId, room: &Room, findings: &mut Findings) {
    let reading = &here.1.reading;
    let nick = reading.nick.and_then(|nick| room.known_nick(nick));
    let shown = reading.item.and_then(|item| item.jid);
    let (Some(nick), Some(shown)) = (nick, shown) else { return };
    if room.doubtful.contains(&nick) || room.slaves[slave].master != Side::Active {
        return;
    }
    let comes = reading.stanza.is_available();
    let asking = room.asking.iter().filter(|(wanted, _)| comes && *wanted == nick);
    let holder = room.occupants.get(&nick).into_iter().flat_map(|one| one.sessions.iter());
    let his: Vec<_> = asking.map(|(_, user)| user).chain(holder).collect();
    let well = his.is_empty() || his.iter().any(|user| same_person(&room.users[**user].jid, shown));
    if !well {
        let jids: BTreeSet<_> = his.iter().map(|user| room.users[**user].jid.as_str()).collect();
        let expected = format!("the real JID, {}", names(jids.into_iter()));
        let wrong = Wrong::of(format!("the JID in it is {shown}"));
        findings.wrong("master.presence.jid-with-moderators", here, &expected, wrong);
    }
}

/// A moderator behind this slave who is somebody else than whom this is about.
fn other_moderator<'a>(
    slave: SlaveId,
    reading: &Reading<'_>,
    room: &'a Room,
) -> Option<(&'a NickId, &'a Occupant)> {
    let nick = reading.nick.and_then(|nick| room.known_nick(nick));
    room.occupants.iter().find(|(other, one)| {
        let here = |user: &UserId| room.users[*user].via == Some(slave);
        Some(**other) != nick && one.privileges.moderates() && one.sessions.iter().any(here)
    })
}

/// Of who is gone, or has another nick now, a slave with another moderator is shown the real JID
/// as before.
fn departed(here: (usize, &Passage<'_>), slave: SlaveId, room: &Room, findings: &mut Findings) {
    let reading = &here.1.reading;
    let Some(nick) = reading.nick.and_then(|nick| room.known_nick(nick)) else { return };
    let sure = room.slaves[slave].master == Side::Active && room.master_lost.is_none();
    if !room.open && sure && room.occupants.contains_key(&nick) {
        let Some((other, one)) = other_moderator(slave, reading, room) else { return };
        let expected = "the real JID, for a slave with a moderator";
        let shown = !reading.jids.is_empty();
        findings.judge("master.presence.jid-with-moderators", shown, here, expected, || {
            let words = format!(
                "there is no real JID of who is gone in it, though {} moderates there",
                room.nicks[*other]
            );
            Wrong::of(words).because([one.entry])
        });
    }
}

fn to_user(here: (usize, &Passage<'_>), user: UserId, room: &Room, findings: &mut Findings) {
    let (reading, one) = (&here.1.reading, &room.users[user]);
    if serving(here.1, one, room).is_none() {
        return;
    }
    let clean = !reading.stanza.payloads.iter().any(ns::is_dmuc);
    let expected = "nothing of the distribution in what a user gets";
    findings.judge("slave.presence.no-dmuc-to-user", clean, here, expected, || {
        Wrong::of(format!("{} is sent an element of XEP-0282", one.jid))
    });
    if !room.open && !one.privileges().is_none_or(|told| told.moderates()) {
        let others = reading.jids.iter().filter(|jid| jid.split('/').next() != Some(&one.bare));
        if others.count() == 0 {
            findings.kept("slave.presence.strip-jid");
        }
    }
    findings.kept("slave.presence.self-110");
}
