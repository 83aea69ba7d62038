//! How people are seen at rest who are seen wrongly: by whom, and the entries that told them.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::room::{Class, Fact, NickId, Room, UserId};
use crate::conform::invariants::steps::{Happening, Step};

/// For each difference and each nick who sees it so.
pub(super) type Found = BTreeMap<(Kind, NickId), Vec<UserId>>;

/// How somebody is seen wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// He takes a nick for his that is another's.
    Nick,
    /// Somebody is seen who is not there.
    Ghost,
    /// Somebody is not seen who is there.
    Missed,
    /// Somebody is seen with other privileges than he has.
    Privileges,
    /// Somebody is seen otherwise than he has said.
    Presence,
}

/// What tells of people: of each the entry that did it last.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// To whom, of which nick.
    told: FxHashMap<(UserId, NickId), usize>,
    /// The master, whomever it told.
    stated: FxHashMap<NickId, usize>,
    /// A user, of himself.
    sent: FxHashMap<UserId, usize>,
    /// A user, that he is in, or is still.
    begun: FxHashMap<UserId, usize>,
    /// A user, that his last stay is over.
    ended: FxHashMap<UserId, usize>,
    /// How much of that was left when what is needed no more was forgotten last.
    left: usize,
    /// What was found when all was at rest last, and what was told of it then.
    known: BTreeSet<(Kind, NickId, UserId, Option<usize>)>,
}

impl Differences {
    /// A step was taken.
    pub fn note(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room) {
        let Happening::Left(passage) = &step.what else { return };
        let reading = &passage.reading;
        if !reading.is_presence() {
            return;
        }
        let nick = || reading.nick.and_then(|nick| room.known_nick(nick));
        match passage.class {
            Class::Up(user) => {
                self.sent.insert(user, step.entry);
            }
            Class::Down(user) => {
                self.told.extend(nick().map(|nick| ((user, nick), step.entry)));
            }
            Class::ToSlave(_) | Class::ToUser(_) => {
                self.stated.extend(nick().map(|nick| (nick, step.entry)));
            }
            _ => {}
        }
        for fact in facts {
            match fact {
                Fact::Entered(user) => self.begun.insert(*user, step.entry),
                Fact::Left(user) => self.ended.insert(*user, step.entry),
                _ => None,
            };
        }
        if self.len() > self.left * 2 + FEW {
            self.forget(room);
        }
    }

    /// Forget what was told of those of whom nobody is told anything any more.
    fn forget(&mut self, room: &Room) {
        let seen: BTreeSet<NickId> =
            room.users.iter().flat_map(|user| user.view.keys().copied()).collect();
        let is_there = |nick: &NickId| room.occupants.contains_key(nick) || seen.contains(nick);
        self.told.retain(|(user, nick), _| room.users[*user].inside && is_there(nick));
        self.stated.retain(|nick, _| is_there(nick));
        self.sent.retain(|user, _| room.users[*user].online);
        self.begun.retain(|user, _| room.users[*user].inside);
        self.ended.retain(|user, _| room.users[*user].inside);
        self.left = self.len();
    }

    fn len(&self) -> usize {
        let stays = self.begun.len() + self.ended.len();
        self.told.len() + self.stated.len() + self.sent.len() + stays
    }

    /// The entry by which a user was told of a nick last, in this stay of his.
    fn told(&self, user: UserId, nick: NickId) -> Option<usize> {
        let told = self.told.get(&(user, nick)).copied();
        told.filter(|entry| self.ended.get(&user).is_none_or(|ended| ended < entry))
    }

    /// Tell what was found, but for what was known when all was at rest before: of each nick once,
    /// whoever sees it so.
    pub fn tell(&mut self, found: Found, room: &Room, findings: &mut Findings) {
        if findings.is_open(room.last) {
            return;
        }
        let before = std::mem::take(&mut self.known);
        for ((kind, nick), mut viewers) in found {
            let mut is_news = false;
            for user in &viewers {
                let key = (kind, nick, *user, self.told(*user, nick));
                is_news |= !before.contains(&key);
                self.known.insert(key);
            }
            if is_news {
                // Who was told last of it is no example of who was not told.
                viewers.sort_by_key(|user| self.told(*user, nick));
                self.push(kind, nick, &viewers, room, findings);
            }
        }
    }

    fn push(
        &self,
        kind: Kind,
        nick: NickId,
        viewers: &[UserId],
        room: &Room,
        findings: &mut Findings,
    ) {
        let Some(first) = viewers.first() else { return };
        let (id, what, expected) = words(kind, nick, viewers, room);
        let told = self.told(*first, nick);
        let stated = self.stated.get(&nick).copied();
        let here = room.occupants.get(&nick).map(|one| one.sessions.as_slice());
        // Who is not there any more is the one whom the reader still sees.
        let gone = || {
            let seen = room.users[*first].view.get(&nick)?;
            room.owners.get(&seen.stay).map(Vec::as_slice)
        };
        let sessions = here.or_else(gone).unwrap_or_default();
        let sent = sessions.iter().filter_map(|session| self.sent.get(session).copied());
        let begun = self.begun.get(first).copied();
        // What he said himself, what the master says, what the reader was told.
        let mut causes: Vec<usize> = match kind {
            Kind::Presence => sent.chain(stated).chain(told).collect(),
            Kind::Missed | Kind::Ghost => {
                stated.into_iter().chain(sent).chain(told).chain(begun).collect()
            }
            Kind::Nick | Kind::Privileges => stated.into_iter().chain(told).chain(begun).collect(),
        };
        let entry = told.or(causes.first().copied()).unwrap_or(room.last);
        causes.sort_unstable();
        findings.push(id, &room.users[*first].domain, entry, what, expected, &causes);
    }
}

/// The requirement, what is wrong, and what should be.
fn words(
    kind: Kind,
    nick: NickId,
    viewers: &[UserId],
    room: &Room,
) -> (&'static str, String, &'static str) {
    let (who, name) = (people(viewers, room), &room.nicks[nick]);
    let several = viewers.len() > 1;
    let (see, has) = if several { ("see", "have") } else { ("sees", "has") };
    let roster = "LIVE-CONV-ROSTER";
    match kind {
        Kind::Nick => {
            let what = format!("{who} {has} the nick {name}, which is another's");
            (roster, what, "everybody to have the nick that he believes to have")
        }
        Kind::Ghost => {
            let what = format!("{who} still {see} {name}, who is not there");
            (roster, what, "everybody to see who is there")
        }
        Kind::Missed => {
            let does = if several { "do" } else { "does" };
            let what = format!("{who} {does} not see {name}, who is there");
            (roster, what, "everybody to see who is there")
        }
        Kind::Privileges => {
            let shown = viewers.first().and_then(|user| room.users[*user].view.get(&nick));
            let given = room.occupants.get(&nick).map(|one| one.privileges);
            let (shown, given) = (shown.map(|seen| seen.privileges), given);
            let what = match shown.zip(given) {
                Some((shown, given)) => format!("{who} {see} {name} as {shown}, who is {given}"),
                None => format!("{who} {see} {name} with other privileges than he has"),
            };
            (roster, what, "everybody to see what people may do")
        }
        Kind::Presence => {
            let what = format!("{who} {see} another presence of {name} than his last");
            ("LIVE-AWAY-UNDONE", what, "everybody's presence to be shown as he sent it last")
        }
    }
}

/// Who it is, as far as that is worth reading: `a, b, c and 2 more`.
fn people(users: &[UserId], room: &Room) -> String {
    let names: Vec<_> = users.iter().map(|user| room.users[*user].jid.as_str()).collect();
    match names.as_slice() {
        [one] => (*one).to_owned(),
        [some @ .., last] if some.len() < NAMED_MAX => format!("{} and {last}", some.join(", ")),
        all => {
            let (some, others) = all.split_at(NAMED_MAX);
            format!("{} and {} more", some.join(", "), others.len())
        }
    }
}

/// So many are named.
const NAMED_MAX: usize = 3;

/// So much more is remembered than is needed.
const FEW: usize = 1_024;
