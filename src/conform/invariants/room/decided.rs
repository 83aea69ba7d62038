//! What moderators, admins and owners decide while the master has nobody to tell of it. Of whom it
//! throws out, or makes another of, all learn when he does something, or when they are told what
//! there is.

use super::user::is_one_of;
use super::{NickId, Room, UserId};
use crate::conform::invariants::reading::{Reading, bare_of};
use crate::stanza::ns;

impl Room {
    /// A decision reaches the master, and nobody is told.
    pub(super) fn decide_untold(&mut self, by: UserId, reading: &Reading<'_>) {
        self.decided = Some(self.now);
        let query = reading.stanza.payload("query", ns::MUC_ADMIN);
        let items = query.into_iter().flat_map(|query| query.children());
        let mut concerned = Vec::new();
        for item in items {
            let nick = item.attr("nick").and_then(|nick| self.known_nick(nick));
            concerned.extend(nick);
            if let Some(jid) = item.attr("jid") {
                let his = |user: &UserId| self.users[*user].bare == bare_of(jid);
                let his = self.occupants.iter().filter(|(_, one)| one.sessions.iter().any(his));
                concerned.extend(his.map(|(nick, _)| *nick));
            }
        }
        let own = self.occupants.iter().filter(|(_, one)| is_one_of(&one.sessions, by));
        concerned.extend(own.map(|(nick, _)| *nick));
        concerned.retain(|nick| self.occupants.contains_key(nick));
        self.doubtful.extend(concerned);
    }

    /// Whether what somebody may do was perhaps decided when nobody could be told, and nobody was
    /// told of him since.
    pub fn is_decided_untold(&self, nick: NickId) -> bool {
        let announced = self.announced.get(&nick).into_iter();
        let mut before = announced.flat_map(|one| one.recent.iter().rev());
        let last = before.find(|last| last.at < self.now).map(|last| last.at);
        self.decided.is_some_and(|decided| last.is_none_or(|last| last <= decided))
    }
}
