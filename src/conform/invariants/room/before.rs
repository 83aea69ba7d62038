//! Who is there before the record begins, and what is not known of him.

use std::collections::{BTreeMap, BTreeSet};

use super::{Class, SlaveId, Stored};
use super::{NickId, Occupant, Passage, Privileges, Room, RoomSetting, Seen, Side};
use crate::conform::invariants::reading::{Reading, START};
use crate::room::item::{affiliation_name, role_name};

impl Room {
    /// Everybody who is there from the start knows everybody.
    pub(super) fn seat(&mut self, one: &RoomSetting) {
        let mut guesses = BTreeSet::new();
        for present in &one.present {
            let shown = present.presence.as_ref();
            let content = shown.map_or(START, |shown| Reading::new(shown, "").content);
            let user = present.session.as_ref().map(|session| self.user(session.as_str()));
            let nick = present.nick.as_ref().map(|nick| self.nick(nick));
            if let Some(nick) = nick {
                let privileges = Privileges {
                    affiliation: affiliation_name(&present.affiliation),
                    role: role_name(&present.role),
                };
                let stay = self.next_stay();
                let occupant = self.occupants.entry(nick).or_insert_with(|| Occupant {
                    sessions: Vec::new(),
                    privileges,
                    content,
                    entry: 0,
                    stay,
                    guessed: None,
                });
                occupant.sessions.extend(user);
                self.owners.insert(occupant.stay, occupant.sessions.clone());
                guesses.extend((!present.known).then_some(nick));
            }
            let Some(user) = user else { continue };
            let via = self.users[user].slave.filter(|via| self.slaves[*via].master != Side::Idle);
            if via.is_none() {
                self.serve_directly(user);
                self.health.went(&self.domain, &self.users[user].domain);
            }
            let user = &mut self.users[user];
            (user.inside, user.nick, user.via) = (true, nick, via);
            user.asked = nick;
            user.named.extend(nick);
            user.own = Some(content);
            (user.entered, user.joins, user.trusted) = (true, 1, !present.known);
        }
        let seen = self.occupants.iter().map(|(nick, occupant)| {
            (*nick, Seen { guess: guesses.contains(nick), ..Seen::of(occupant) })
        });
        let seen: BTreeMap<NickId, Seen> = seen.collect();
        for user in self.users.iter_mut().filter(|user| user.inside) {
            user.view.clone_from(&seen);
        }
        for (nick, occupant) in &self.occupants {
            self.announced.insert(*nick, Stored::of(occupant));
            for slave in self.slaves.iter_mut() {
                slave.store.insert(*nick, Stored::of(occupant));
            }
        }
    }

    /// Somebody is told what he is in the room: from now on that is known.
    pub(super) fn know(&mut self, passage: &Passage<'_>) {
        if let Class::Down(user) | Class::ToUser(Some(user)) = passage.class
            && passage.reading.has(110)
        {
            self.users[user].trusted = false;
        }
    }

    /// Whether this slave has an occupant who may be a moderator, for all that is known. Whose nick
    /// it is may never have been told.
    pub fn may_have_moderator(&self, slave: SlaveId) -> bool {
        let mut its = self.users.iter().filter(|user| user.slave == Some(slave));
        let strangers = self.slaves[slave].strangers;
        let unknown = |one: &Occupant| one.sessions.is_empty() && one.privileges.moderates();
        strangers
            || self.has_moderator(slave)
            || self.occupants.values().any(unknown)
            || its.any(|user| user.inside && user.trusted)
    }
}
