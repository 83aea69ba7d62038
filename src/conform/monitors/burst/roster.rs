//! Of whom a newcomer is told that they are there.

use super::super::names;
use super::{Burst, Told};
use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::room::Room;

impl Burst {
    /// He is told of everybody who is in the room, and of nobody else; whether of everybody.
    /// `twice`: whether of somebody more than once.
    pub(super) fn roster(&self, twice: bool, room: &Room, findings: &mut Findings) -> bool {
        let jid = &room.users[self.user].jid;
        let missing = self.missing(room);
        let words = names(missing.iter().copied());
        let what =
            format!("after the ENTER {jid} is not told that {words} {} there", are(&missing));
        let well = missing.is_empty();
        let again = format!("after the ENTER {jid} is told of somebody more than once");
        let found = if well { &again } else { &what };
        let expected = "the presence of everybody who is in the room, once";
        self.say("slave.enter.send-roster", well && !twice, found, expected, room, findings);
        let expected = "everybody who is in the room, from its own memory";
        self.say("slave.store.room-roster", well, &what, expected, room, findings);
        let unknown = self.unknown(room);
        let words = names(unknown.iter().copied());
        let what = format!("after the ENTER {jid} is told that {words} {} there", are(&unknown));
        let (id, expected) = ("slave.leave.roster-updated", "nobody who is out");
        self.say(id, unknown.is_empty(), &what, expected, room, findings);
        well
    }

    /// Who is in the room, and he is not told so.
    fn missing(&self, room: &Room) -> Vec<&str> {
        let shown = |nick: &String| self.told.iter().any(|told| *told == Told::Other(nick.clone()));
        let own = room.users[self.user].nick.map(|nick| &room.nicks[nick]);
        let sure = |nick: &&String| {
            room.known_nick(nick).is_none_or(|nick| !room.doubtful.contains(&nick))
        };
        let sure = |nick: &&String| sure(nick) && !room.is_hidden(nick);
        let expected = self.roster.iter().filter(|nick| Some(*nick) != own).filter(sure);
        expected.filter(|nick| !shown(nick)).map(String::as_str).collect()
    }

    /// Of whom he is told that they are there, and his slave was told that they are not. What it
    /// was not told yet it cannot know.
    fn unknown(&self, room: &Room) -> Vec<&str> {
        let local = |nick: &str| {
            let nick = room.known_nick(nick);
            room.users.iter().any(|user| user.slave == Some(self.slave) && user.nick == nick)
        };
        let others = self.told.iter().filter_map(|told| match told {
            Told::Other(nick) => Some(nick.as_str()),
            _ => None,
        });
        let known =
            |nick: &&str| self.stored.contains(*nick) || local(nick) || room.master_lost.is_some();
        others.filter(|nick| !known(nick)).collect()
    }
}

/// The verb after so many names.
fn are(names: &[&str]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}
