//! LEAVE: the master's before its broadcast, to the slave concerned; the slave's farewell.

use std::collections::BTreeMap;

use super::super::invariants::reading::domain_of;
use super::{is_served, is_working, names};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{
    Class, Fact, Occupant, Passage, Room, Side, SlaveId, Touch, UserId, same_person,
};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::FullJid;
use crate::time::{Duration, Time};
use crate::transcript::{Fate, is_client};

/// Farewells that are due at this instant.
#[derive(Debug, Default)]
pub(super) struct Leave {
    due: Vec<Due>,
    /// Whose departure the master has told at this instant.
    told: Vec<Told>,
    /// To whom LEAVE was sent at this instant, and whether he has not asked for it.
    taken: Vec<(String, bool)>,
    /// Under which nicks nobody is left after that, and in which entry it was sent.
    leaving: Vec<(String, usize)>,
    /// Who is gone, as slaves were told at this instant, and in which entry.
    gone: Vec<(Occupant, usize)>,
    /// Connections that ended in the room: user, entry.
    ended: Vec<(UserId, usize, Time)>,
    /// What set off each LEAVE that is on its way, by its entry.
    under_way: BTreeMap<usize, Vec<usize>>,
}

#[derive(Debug)]
struct Told {
    nick: String,
    /// Whether as it happens.
    live: bool,
    slave: SlaveId,
    entry: usize,
}

#[derive(Debug)]
struct Due {
    user: UserId,
    slave: SlaveId,
    entry: usize,
    /// What set it off.
    because: Vec<usize>,
    farewells: Vec<usize>,
}

impl Invariant for Leave {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        for (nick, entry) in std::mem::take(&mut self.leaving) {
            if !self.told.iter().any(|told| told.nick == nick) {
                let what = format!("nobody is told that {nick} is gone");
                let expected = "everybody to be told who leaves";
                let because: Vec<_> = findings.given(&room.domain).into_iter().collect();
                let id = "master.leave.announce-all";
                findings.push(id, &room.domain, entry, what, expected, &because);
            }
        }
        self.told.clear();
        self.untaken(room, findings);
        // A slave acts on state when it knows all of it.
        let (due, waiting) = std::mem::take(&mut self.due)
            .into_iter()
            .partition::<Vec<_>, _>(|due| room.slaves[due.slave].own != Side::Syncing);
        self.due = waiting;
        for due in due.into_iter().filter(|due| is_working(room, due.slave)) {
            let id = "slave.leave.forward";
            if due.farewells.len() == 1 {
                findings.kept(id);
            } else if room.users[due.user].online {
                let jid = &room.users[due.user].jid;
                let often = due.farewells.len();
                let what = format!("{jid} is told {often} times that he is out");
                let expected = "one farewell, with code 110, after a LEAVE";
                let host = &room.slaves[due.slave].domain;
                let causes = if often == 0 { &due.because } else { &due.farewells };
                findings.shown_if(often > 0).push(id, host, due.entry, what, expected, causes);
            }
        }
        let over = self.ended.extract_if(.., |(.., at)| *at + GRACE < next);
        for (user, entry, _) in over {
            let one = &room.users[user];
            let what = format!("nothing tells the room that {} is gone", one.jid);
            let expected = "unavailable presence for who has lost his connection";
            findings.push("slave.leave.implicit", &one.domain, entry, what, expected, &[]);
        }
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) => self.came(step.entry, passage, room),
            Happening::Left(passage) => self.left(step.entry, passage, room, findings),
            Happening::Stream { from, event, .. } if is_client(from) => {
                let Some(user) = room.known_user(from) else { return };
                let one = &room.users[user];
                let slave = one.slave.filter(|slave| is_working(room, *slave));
                let carries = room.health.carries(&one.domain, &room.domain);
                let over = !matches!(event, crate::transcript::StreamEvent::Opened);
                if over
                    && one.inside
                    && one.leaving().is_none()
                    && one.via == slave
                    && slave.is_some()
                    && carries
                {
                    self.ended.push((user, step.entry, step.at));
                }
            }
            _ => {}
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, _: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let Class::ToSlave(slave) = passage.class else { return };
        for fact in facts {
            if let Fact::Departed { occupant, .. } = fact
                && is_served(room, slave)
                && !room.is_stale(passage)
                && passage.reading.is_presence()
            {
                self.gone.push((occupant.clone(), step.entry));
            }
        }
    }
}

impl Leave {
    /// Whether there are more LEAVEs for somebody than he has asked for, and one if he was put out.
    fn is_too_often(&self, jid: &str, room: &Room) -> bool {
        let his = self.taken.iter().filter(|(taken, _)| taken == jid);
        let put_out = usize::from(his.clone().any(|(_, unasked)| *unasked));
        let asked = room.reached.iter().filter(|(user, _, touch)| {
            room.users[*user].jid == jid && *touch == Touch::Unavailable
        });
        his.count() > asked.count() + put_out
    }

    /// Nobody is gone of whom his slave was not told so by a LEAVE, if it is served.
    fn untaken(&mut self, room: &Room, findings: &mut Findings) {
        let taken = std::mem::take(&mut self.taken);
        for (occupant, entry) in std::mem::take(&mut self.gone) {
            for user in &occupant.sessions {
                let one = &room.users[*user];
                let Some(slave) = one.via.filter(|slave| is_served(room, *slave)) else { continue };
                let sure = one.entered && one.online && one.inside;
                if sure && !taken.iter().any(|(taken, _)| *taken == one.jid) {
                    let what = format!("all are told that {} is gone, without a LEAVE", one.jid);
                    let expected = format!("one LEAVE, for {}", room.slaves[slave].jid);
                    let id = "master.leave.to-affected-slave-only";
                    findings.push(id, &room.domain, entry, what, &expected, &[occupant.entry]);
                }
            }
        }
    }

    fn came(&mut self, entry: usize, passage: &Passage<'_>, room: &Room) {
        let Class::ToSlave(slave) = passage.class else { return };
        let reading = &passage.reading;
        let because = self.under_way.remove(&entry).unwrap_or_default();
        let jid = reading.dmuc.and_then(|dmuc| dmuc.leave);
        let user = jid.and_then(|jid| room.known_user(jid));
        let Some(user) = user.filter(|_| reading.stanza.is_unavailable()) else { return };
        let hears = is_working(room, slave) || room.slaves[slave].own == Side::Syncing;
        let known = self.due.iter().any(|due| due.user == user);
        let one = &room.users[user];
        // Whom his slave has let in itself the master does not know yet: it speaks of before.
        if one.inside && one.is_let_in() && one.online && hears && !known {
            self.due.push(Due { user, slave, entry, because, farewells: Vec::new() });
        }
    }

    fn left(&mut self, entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
        let reading = &passage.reading;
        match passage.class {
            Class::Down(user) if reading.is_presence() && reading.stanza.is_unavailable() => {
                let own = reading.has(110) && !reading.has(303);
                let due = self.due.iter_mut().find(|due| due.user == user);
                if let Some(due) = due.filter(|_| own && reading.dmuc.is_none()) {
                    due.farewells.push(entry);
                }
            }
            Class::Relay(Some(user)) if reading.stanza.is_unavailable() => {
                let before = self.ended.len();
                self.ended.retain(|(ended, ..)| *ended != user);
                if self.ended.len() < before {
                    findings.kept("slave.leave.implicit");
                }
            }
            Class::ToSlave(slave) => self.sent((entry, passage), slave, room, findings),
            _ => {}
        }
    }

    fn sent(
        &mut self,
        here: (usize, &Passage<'_>),
        slave: SlaveId,
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &here.1.reading;
        let Some(nick) = reading.nick.filter(|_| reading.is_presence()) else { return };
        // What a slave has missed it is told in an order of its own.
        let happens = !room.is_syncing(slave);
        let Some(jid) = reading.dmuc.and_then(|dmuc| dmuc.leave) else {
            if reading.stanza.is_unavailable() && !reading.has(303) {
                let (nick, entry) = (nick.to_owned(), here.0);
                self.told.push(Told { nick, live: happens, slave, entry });
            }
            return;
        };
        if matches!(here.1.hop.fate, Fate::Delivered(_)) {
            self.under_way.insert(here.0, findings.set_off(here.1));
        }
        let format = FullJid::new(jid).is_ok() && reading.stanza.is_unavailable();
        let expected = "unavailable presence of an occupant, and a full JID in its `leave`";
        findings.judge("master.leave.format", format, here, expected, || {
            Wrong::of(match reading.stanza.is_unavailable() {
                true => format!("`{jid}` is no full JID"),
                false => format!("it takes leave of {jid}, and is no unavailable presence"),
            })
        });
        if happens && !room.silent && !room.is_stale(here.1) {
            names_him(here, (nick, jid), room, findings);
        }
        let own = domain_of(jid) == room.slaves[slave].domain;
        let expected = "a LEAVE for the slave of his own domain";
        findings.judge("master.leave.to-affected-slave-only", own, here, expected, || {
            Wrong::of(format!("{jid} is not of the domain of {}", room.slaves[slave].jid))
        });
        let again = self.taken.iter().any(|(taken, _)| taken == jid);
        self.taken.push((jid.to_owned(), reading.is_unasked()));
        if again
            && happens
            && own
            && !room.silent
            && !room.is_stale(here.1)
            && self.is_too_often(jid, room)
        {
            let wrong = Wrong::of(format!("a LEAVE for {jid} has been sent already"));
            let id = "master.leave.to-affected-slave-only";
            findings.wrong(id, here, "one LEAVE for each departure and session", wrong);
        }
        if !room.is_stale(here.1) && !again {
            if is_last(nick, jid, slave, room) && !room.is_hidden(nick) {
                self.leaving.push((nick.to_owned(), here.0));
            }
            if happens {
                let told = || self.told.iter().filter(|told| told.live && told.nick == nick);
                let expected = "a LEAVE before anybody is told that he is gone";
                let id = "master.leave.before-broadcast";
                findings.judge(id, told().next().is_none(), here, expected, || {
                    let slaves = names(told().map(|told| room.slaves[told.slave].jid.as_str()));
                    let words = format!("told before it that {nick} is gone: {slaves}");
                    Wrong::of(words).because(told().map(|told| told.entry))
                });
            }
        }
    }
}

/// A LEAVE names who has the nick, as far as that is known, or who says that he leaves it.
fn names_him(
    here: (usize, &Passage<'_>),
    (nick, jid): (&str, &str),
    room: &Room,
    findings: &mut Findings,
) {
    let doubted = room.known_nick(nick).is_none_or(|nick| room.doubtful.contains(&nick));
    let Some(holder) = room.occupant_named(nick).filter(|_| !doubted) else { return };
    let user = room.known_user(jid);
    let his = |session: &UserId| same_person(&room.users[*session].jid, jid);
    let leaves = |user: UserId| {
        let mut reached = room.reached.iter();
        reached.any(|(one, _, touch)| *one == user && *touch == Touch::Unavailable)
    };
    let known = user
        .is_some_and(|user| room.users[user].was_inside || room.users[user].inside || leaves(user));
    if !holder.sessions.is_empty() && !holder.sessions.iter().any(his) && !known {
        let sessions = names(holder.sessions.iter().map(|user| room.users[*user].jid.as_str()));
        let expected = format!("the full JID of {nick}, {sessions}");
        let wrong = Wrong::of(format!("{jid} was never entered")).because([holder.entry]);
        findings.wrong("master.leave.format", here, &expected, wrong);
    }
}

/// Whether this session is the only one under its nick, and who is told of it is told all else.
fn is_last(nick: &str, jid: &str, slave: SlaveId, room: &Room) -> bool {
    let user = room.known_user(jid);
    let his = room
        .occupant_named(nick)
        .is_some_and(|one| one.sessions.len() == 1 && one.sessions.first().copied() == user);
    his && room.slaves[slave].master == Side::Active
}

/// How long a server may take to notice that a connection has ended.
const GRACE: Duration = Duration::from_secs(1);
