//! A user, and what he was told.

use std::collections::BTreeMap;

use super::{NickId, Occupant, Privileges, SlaveId, UserId};
use crate::conform::invariants::reading::{bare_of, domain_of};
use crate::time::Time;

/// A session of somebody.
#[derive(Clone, Debug)]
pub(in crate::conform) struct User {
    pub jid: String,
    pub bare: String,
    pub domain: String,
    /// The slave of his domain, if it has one.
    pub slave: Option<SlaveId>,
    /// The slave through which the master serves him.
    pub via: Option<SlaveId>,
    pub online: bool,
    /// Whether he was told that he is in the room, and not that he is out.
    pub inside: bool,
    /// Whether he was in it once, and is out.
    pub was_inside: bool,
    /// His nick, as he was told.
    pub nick: Option<NickId>,
    /// His own presence that asks the room to keep him, unless he took it back.
    pub asked: Option<Asked>,
    /// How often he has asked to leave and was not told that he is out.
    pub leaves: usize,
    /// When he asked to leave, and the entry, until he is told.
    pub leaving: Option<(Time, usize)>,
    /// Whether an ENTER for him reached his slave, or the master serves him itself.
    pub entered: bool,
    /// When such an ENTER came last.
    pub entered_at: Time,
    /// Whether such an ENTER is for a visit after the one that he has not been told the end of.
    pub entered_again: bool,
    /// Whether the room may still tell him that a stay of his is over which his connection ended.
    pub hung_up: bool,
    /// Whether the master that served him itself has forgotten him since.
    pub forgotten: bool,
    /// Since when it knows him.
    pub known: Time,
    /// The last of all stays when it forgot him: of their ends nobody tells him.
    pub void: u32,
    /// Who is in the room, as he was told.
    pub view: BTreeMap<NickId, Seen>,
    /// What his own last presence says.
    pub own: Option<u64>,
    /// Whether his slave, or his server, was told that he is out.
    pub dismissed: bool,
    /// When his slave was told so last.
    pub dismissed_at: Option<Time>,
    /// When he was told that he is in.
    pub since: Time,
    /// How often he has asked for all there is in this stay.
    pub joins: usize,
    /// Whether something between him and a master that serves him itself was lost: nobody promises
    /// that it is noticed.
    pub unsure: bool,
    /// Whether he is being told what there is: he is in, and waits for history and subject.
    pub in_burst: bool,
}

/// A presence that asks to be in the room.
#[derive(Clone, Copy, Debug)]
pub(in crate::conform) struct Asked {
    pub nick: NickId,
    /// How many presences for this nick may be refused yet.
    pub open: u32,
    /// Whether it still waits for its answer.
    pub join: bool,
}

/// Somebody, as a user sees him.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::conform) struct Seen {
    pub privileges: Privileges,
    pub content: u64,
    /// Which stay of the nick's owner he is shown, if the record tells.
    pub stay: u32,
    /// His real JID, if it was shown.
    pub jid: Option<String>,
}

impl Seen {
    pub fn of(occupant: &Occupant) -> Self {
        let Occupant { privileges, content, stay, .. } = occupant;
        Self { privileges: *privileges, content: *content, stay: *stay, jid: None }
    }
}

impl User {
    pub fn new(jid: &str, slave: Option<SlaveId>) -> Self {
        Self {
            jid: jid.to_owned(),
            bare: bare_of(jid).to_owned(),
            domain: domain_of(jid).to_owned(),
            slave,
            via: None,
            online: true,
            inside: false,
            was_inside: false,
            nick: None,
            asked: None,
            leaves: 0,
            leaving: None,
            entered: false,
            entered_at: Time::from_micros(i64::MIN),
            entered_again: false,
            hung_up: false,
            forgotten: false,
            void: 0,
            known: Time::from_micros(i64::MIN),
            view: BTreeMap::new(),
            own: None,
            dismissed: false,
            dismissed_at: None,
            since: Time::from_micros(i64::MIN),
            joins: 0,
            unsure: false,
            in_burst: false,
        }
    }

    /// He is out of the room.
    pub fn exit(&mut self) {
        self.was_inside |= self.inside;
        self.inside = false;
        self.entered = std::mem::take(&mut self.entered_again);
        self.nick = None;
        if self.leaving.take().is_none() {
            // He may have asked to enter before he knew that he is out.
            self.joins = usize::from(self.asked.is_some_and(|asked| asked.join));
        }
        self.view.clear();
        self.in_burst = false;
        self.unsure = false;
        self.forgotten = false;
        self.void = 0;
    }

    /// His connection is over.
    pub fn hang_up(&mut self) {
        self.hung_up |= self.inside || self.asked.is_some();
        self.exit();
        self.joins = 0;
        self.online = false;
        self.was_inside = false;
        self.asked = None;
        self.own = None;
    }

    /// Whether a room that serves him itself may still tell him what was for a stay of his over
    /// which his connection ended.
    pub fn is_of_before(&self) -> bool {
        self.hung_up && !self.inside && self.via.is_none()
    }

    /// What he may do, as he was told.
    pub fn privileges(&self) -> Option<Privileges> {
        self.view.get(&self.nick?).map(|seen| seen.privileges)
    }
}

/// A user of the room by his number.
pub(in crate::conform) fn is_one_of(users: &[UserId], user: UserId) -> bool {
    users.contains(&user)
}
