//! Being told that one is in, and that one is not: INV-ENTER, INV-AFTER-LEAVE, INV-ONE-110,
//! INV-JOIN-ORDER.

use std::collections::{BTreeMap, BTreeSet};

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::room::{
    Class, Fact, NickId, Occupant, Passage, Room, Side, SlaveId, User, UserId, accepted,
};
use super::steps::{Happening, Step};
use crate::stanza::ns;

/// What is remembered of everybody's entering.
#[derive(Debug, Default)]
pub(super) struct Enter {
    /// Nicks under which somebody has asked to enter.
    asked: BTreeSet<(UserId, NickId)>,
    /// Who waits for history and subject, since which entry.
    newcomers: BTreeMap<UserId, usize>,
    /// Which creation of the room each slave has named when it registered last.
    rooms: BTreeMap<SlaveId, Option<String>>,
    /// Who was in another room that had the address, and was not told that he is out: since which
    /// entry.
    strangers: BTreeMap<UserId, usize>,
    /// In which entry each was last told that he is out.
    left: BTreeMap<UserId, usize>,
}

impl Invariant for Enter {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        self.registers(step, room);
        let Happening::Left(passage) = &step.what else { return };
        let reading = &passage.reading;
        let Class::Down(user) = passage.class else { return };
        let told =
            (reading.is_presence() && reading.nick.is_some()) || reading.stanza.is_groupchat();
        // A plain room goes on until it is told that his connection has ended.
        let stale = room.is_of_before(user, reading);
        if told && room.users[user].online && !stale {
            self.is_inside(step.entry, user, passage, room, findings);
            self.is_in_this(step.entry, user, passage, room, findings);
            self.has_110(step.entry, user, passage, room, findings);
            self.in_order(step.entry, user, passage, room, findings);
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        if let (Class::Up(user), Some(nick)) = (passage.class, passage.reading.to_nick)
            && let Some(nick) = room.known_nick(nick)
            && passage.reading.stanza.is_available()
        {
            self.asked.insert((user, nick));
        }
        for fact in facts {
            match fact {
                Fact::Entered(user) => {
                    let one = &room.users[*user];
                    let alone = one.slave.map(|slave| room.slaves[slave].own);
                    let may_admit = matches!(alone, Some(Side::Split | Side::Syncing));
                    if !one.entered && !may_admit {
                        let expected = "an ENTER for him before he is told that he is in";
                        let (jid, domain) = (&one.jid, &one.domain);
                        let words = format!(
                            "{jid} is told that he is in, and no ENTER for him has come to {domain}"
                        );
                        let here = (step.entry, *passage);
                        findings.wrong("INV-ENTER", here, expected, Wrong::of(words));
                    }
                }
                Fact::Left(user) => {
                    self.left.insert(*user, step.entry);
                    self.newcomers.remove(user);
                    self.strangers.remove(user);
                }
                _ => {}
            }
        }
    }
}

/// Whether the master removed him while his slave was down: that is told so when it is back, and
/// has him on its list until then.
fn was_removed(user: &User, room: &Room) -> bool {
    let told_all = user.slave.and_then(|slave| room.slaves[slave].told_all);
    user.removed_at
        .is_some_and(|removed| told_all.is_none_or(|told| told <= removed || told == room.now))
}

impl Enter {
    /// A slave is accepted, perhaps by another room than the one that its users are in.
    fn registers(&mut self, step: &Step<'_>, room: &Room) {
        let (Happening::Came(passage) | Happening::Left(passage)) = &step.what else { return };
        let entry = step.entry;
        match passage.class {
            Class::Own(slave) => {
                if let Some(register) = passage.reading.stanza.payload("register", ns::SLAVE) {
                    let resume = register.get_child("resume", ns::SLAVE);
                    let named = resume.and_then(|resume| resume.attr("room")).map(str::to_owned);
                    self.rooms.insert(slave, named);
                }
            }
            Class::ToSlave(slave) => {
                let Some(accept) = accepted(&passage.reading) else { return };
                let named = self.rooms.remove(&slave).flatten();
                if named.is_some_and(|named| named != accept.room) {
                    let users = room.users.iter().enumerate();
                    let inside = users.filter(|(_, user)| user.slave == Some(slave) && user.inside);
                    self.strangers.extend(inside.map(|(number, _)| (number, entry)));
                }
            }
            _ => {}
        }
    }

    /// Nobody is moved into another room unasked.
    fn is_in_this(
        &mut self,
        entry: usize,
        user: UserId,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &passage.reading;
        let farewell = reading.has(110) && reading.stanza.is_unavailable();
        if farewell {
            return;
        }
        if let Some(accepted) = self.strangers.remove(&user) {
            let expected = "who was in another room of this name to be told that he is out of it";
            let words = format!(
                "{} was in another room that had this name, and his slave was accepted by this one",
                room.users[user].jid
            );
            let wrong = Wrong::of(words).because([accepted]);
            findings.wrong("INV-ENTER", (entry, passage), expected, wrong);
        }
    }

    /// Who is told something of the room is in it, or is entering, or asked to be told that he has
    /// left.
    fn is_inside(
        &self,
        entry: usize,
        number: UserId,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (reading, user) = (&passage.reading, &room.users[number]);
        if user.inside || (user.asks.to_be_in() && !reading.stanza.is_groupchat()) {
            return;
        }
        let farewell = reading.has(110) && reading.stanza.is_unavailable();
        let due = user.leaving().is_some() || user.hung_up;
        if (farewell && (due || self.was_stopped(user, room))) || was_removed(user, room) {
            return;
        }
        if user.asks.to_be_in() {
            if user.unsure {
                // Nobody promises him that what was lost on the way from the master is told again.
                return;
            }
            let expected = "the others and himself before any message";
            let words = format!("{} was not told yet that he is in", user.jid);
            findings.wrong("INV-JOIN-ORDER", (entry, passage), expected, Wrong::of(words));
        } else if user.was_inside {
            let expected = "nothing of the room for who has left it";
            let words = format!("{} was told that he is out, and has not come back", user.jid);
            let causes = findings.set_off(passage).into_iter();
            let causes = causes.chain(self.left.get(&number).copied());
            let wrong = Wrong::of(words).because(causes);
            findings.wrong("INV-AFTER-LEAVE", (entry, passage), expected, wrong);
        } else {
            let expected = "nothing of the room for who has not asked to be in it";
            let words = format!("{} is not in the room, and has not asked to enter it", user.jid);
            findings.wrong("INV-ENTER", (entry, passage), expected, Wrong::of(words));
        }
    }

    /// Who serves him has lost its memory, and cannot know what he was told.
    fn was_stopped(&self, user: &User, room: &Room) -> bool {
        user.slave.is_some_and(|slave| room.slaves[slave].lame) || room.master_lost.is_some()
    }

    fn has_110(
        &self,
        entry: usize,
        user: UserId,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (reading, one) = (&passage.reading, &room.users[user]);
        let Some(name) = reading.nick.filter(|_| reading.is_presence()) else { return };
        let nick = room.known_nick(name);
        let named = reading.jids.first() == Some(&one.jid.as_str());
        // Of whom a plain room has forgotten it may be another's nick by now; and of whom his slave
        // was told that he is out, while it was down.
        let his = one.inside && one.nick == nick;
        let another = |occupant: &Occupant| {
            !occupant.sessions.is_empty() && !occupant.sessions.contains(&user)
        };
        let owner = nick.and_then(|nick| room.occupants.get(&nick));
        let doubtful = one.forgotten || one.dismissed || owner.is_some_and(another);
        let sure = named || (his && !doubtful);
        // Of several sessions it is not the first.
        let unknown = one.forgotten || !one.inside;
        let listed = unknown && reading.jids.contains(&one.jid.as_str());
        let own = named || his || (listed && reading.has(110));
        let asked = nick.is_some_and(|nick| self.asked.contains(&(user, nick)));
        let elsewhere = reading.stanza.is_available() && one.inside && !own;
        // Who remembers nothing but addresses says goodbye under each of them.
        let forgot = reading.has(333) || one.leaving().is_some();
        let forgot = forgot && reading.stanza.is_unavailable() && self.was_stopped(one, room);
        // Of a stay over which his connection ended.
        let past = one.hung_up && reading.stanza.is_unavailable();
        let may_be = own || past || forgot || (asked && !elsewhere) || reading.has(210);
        if reading.has(110) && !may_be {
            let expected = "110 in presence about its reader only";
            let words = match one.nick.filter(|_| one.inside) {
                Some(own) => format!("{} is {}, and not {name}", one.jid, room.nicks[own]),
                None => format!("{} is not {name}, and has not asked to be", one.jid),
            };
            findings.wrong("INV-ONE-110", (entry, passage), expected, Wrong::of(words));
        } else if sure && !reading.has(110) {
            let expected = "110 in presence about its reader";
            let words = format!("{name} is {} himself, and there is no 110", one.jid);
            findings.wrong("INV-ONE-110", (entry, passage), expected, Wrong::of(words));
        }
    }

    /// After his own presence a newcomer gets history and subject before all else.
    fn in_order(
        &mut self,
        entry: usize,
        user: UserId,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &passage.reading;
        if let Some(since) = self.newcomers.get(&user).copied() {
            if reading.stanza.is_subject_change() {
                self.newcomers.remove(&user);
            } else if reading.delay.is_none() || !reading.stanza.is_groupchat() {
                self.newcomers.remove(&user);
                let expected = "history and subject after the newcomer's own presence";
                let words = format!(
                    "{} was told that he is in, and has not got the subject yet",
                    room.users[user].jid
                );
                let wrong = Wrong::of(words).because([since]);
                findings.wrong("INV-JOIN-ORDER", (entry, passage), expected, wrong);
            }
        }
        let enters = reading.has(110) && reading.stanza.is_available() && reading.is_presence();
        // What was lost on the way from the master is told again to nobody whom it serves itself.
        if enters && !room.users[user].inside && !room.users[user].unsure {
            self.newcomers.insert(user, entry);
        }
    }
}
