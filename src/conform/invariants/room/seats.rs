//! Whose nick it is, and with which sessions he has it.

use super::user::is_one_of;
use super::{
    Fact, NickId, Occupant, Privileges, Room, SlaveId, TOUCHED_MAX, Touch, UserId, push_bounded,
    same_person,
};
use crate::conform::invariants::reading::Reading;

impl Room {
    /// A session has this nick.
    pub(super) fn admit(
        &mut self,
        entry: usize,
        nick: NickId,
        user: UserId,
        reading: &Reading<'_>,
        facts: &mut Vec<Fact>,
    ) {
        let users = &self.users;
        let mine = |session: &UserId| same_person(&users[*session].jid, &users[user].jid);
        let doubted = self.doubtful.contains(&nick);
        let asks = self.asking.contains(&(nick, user));
        match self.occupants.get_mut(&nick) {
            Some(occupant) if occupant.sessions.iter().all(mine) => {
                if !is_one_of(&occupant.sessions, user) {
                    occupant.sessions.push(user);
                }
                occupant.guessed = None;
                return;
            }
            // Several have asked for it at once, and it is another one's.
            Some(occupant) if occupant.guessed == Some(self.now) && asks => {
                (occupant.sessions, occupant.guessed) = (vec![user], None);
                self.owners.insert(occupant.stay, vec![user]);
                return;
            }
            Some(occupant) if !doubted => {
                facts.push(Fact::Contested { nick, holder: occupant.clone() });
            }
            _ => {}
        }
        self.occupants.remove(&nick);
        self.arrive(entry, nick, reading, facts);
        if let Some(occupant) = self.occupants.get_mut(&nick) {
            (occupant.sessions, occupant.guessed) = (vec![user], None);
            self.owners.insert(occupant.stay, vec![user]);
        }
    }

    pub(super) fn arrive(
        &mut self,
        entry: usize,
        nick: NickId,
        reading: &Reading<'_>,
        facts: &mut Vec<Fact>,
    ) {
        let asking = self.asking.iter().filter(|(wanted, _)| *wanted == nick);
        let mut sessions: Vec<UserId> = asking.map(|(_, user)| *user).collect();
        // Who is in under another nick does not arrive, if somebody else may.
        sessions.sort_by_key(|user| self.is_elsewhere(*user, nick));
        let jid = |user: UserId| self.users[user].jid.as_str();
        if sessions.windows(2).any(|two| !same_person(jid(two[0]), jid(two[1]))) {
            // Which of them it is the room says right after.
            sessions.clear();
        }
        sessions.truncate(1);
        let shown = self.shown(reading);
        if !shown.is_empty() {
            sessions = shown;
        }
        self.doubtful.retain(|doubtful| *doubtful != nick);
        let stay = self.next_stay();
        self.owners.insert(stay, sessions.clone());
        self.occupants.insert(
            nick,
            Occupant {
                sessions,
                privileges: Privileges::of(reading).unwrap_or_default(),
                content: reading.content,
                entry,
                stay,
                guessed: Some(self.now),
            },
        );
        self.learn_shown(nick, reading);
        facts.push(Fact::Arrived(nick));
    }

    /// A session is out of a nick that others of his have. What it has asked for at this instant,
    /// under whatever nick, it did before, unless that came after a leave. Who is thrown out by
    /// somebody else may have asked after that, and left again.
    pub(super) fn end_asking(&mut self, user: UserId, reading: &Reading<'_>) {
        if reading.expels() {
            return;
        }
        let ends = |touch: &Touch| matches!(touch, Touch::Unavailable | Touch::Error);
        let his = self.reached.iter().filter(|(one, ..)| *one == user).map(|(.., touch)| touch);
        // He may have left several times by now: each is told of by itself.
        let told = self.ended.iter().filter(|ended| **ended == user).count();
        push_bounded(&mut self.ended, user, TOUCHED_MAX);
        let ends = his.clone().enumerate().filter(|(_, touch)| ends(touch));
        let left = ends.take(told + 1).last().map(|(left, _)| left);
        let since = his.skip(left.map_or(0, |left| left + 1));
        let asks = since.filter(|touch| **touch == Touch::Available).count();
        let all = self.asking.iter().filter(|(_, asking)| *asking == user).count();
        let mut before = all.saturating_sub(asks);
        self.asking.retain(|(_, asking)| {
            let ended = *asking == user && before > 0;
            before -= usize::from(ended);
            !ended
        });
    }

    /// LEAVE for a session. Among what there is it says that it is out; else all are told so.
    pub(super) fn emit_leave(
        &mut self,
        slave: SlaveId,
        nick: NickId,
        jid: &str,
        reading: &Reading<'_>,
    ) {
        let user = self.user(jid);
        let syncing = self.is_syncing(slave);
        let Some(occupant) = self.occupants.get_mut(&nick) else { return };
        if occupant.sessions.len() > 1 {
            occupant.sessions.retain(|session| *session != user);
            self.end_asking(user, reading);
        } else if syncing && is_one_of(&occupant.sessions, user) {
            self.occupants.remove(&nick);
        }
    }

    /// Whether this nick is surely somebody else's, and asking for it changes nothing.
    pub(super) fn is_kept_from(&self, nick: NickId, user: UserId) -> bool {
        let jid = |user: UserId| self.users[user].jid.as_str();
        let others = |holder: &Occupant| {
            let mut sessions = holder.sessions.iter();
            sessions.len() > 0 && sessions.all(|one| !same_person(jid(*one), jid(user)))
        };
        !self.doubtful.contains(&nick) && self.occupants.get(&nick).is_some_and(others)
    }

    /// Whether this session is in the room under another nick only.
    pub(super) fn is_elsewhere(&self, user: UserId, nick: NickId) -> bool {
        let mut his = self.occupants.iter().filter(|(_, one)| is_one_of(&one.sessions, user));
        his.next().is_some_and(|(other, _)| *other != nick)
    }

    /// The master says that it has this session under this nick, and nowhere else.
    pub(super) fn place(&mut self, user: UserId, nick: NickId) {
        self.occupants.retain(|other, occupant| {
            let known = !occupant.sessions.is_empty();
            if *other != nick {
                occupant.sessions.retain(|session| *session != user);
            }
            !known || !occupant.sessions.is_empty()
        });
        // If nobody was told of it yet, or that is in doubt, he is told of with all that there is,
        // at this instant.
        if !self.occupants.contains_key(&nick) || self.doubtful.contains(&nick) {
            self.asking.push((nick, user));
        }
    }
}
