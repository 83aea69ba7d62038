//! What comes from the master (XEP-0282, Initial Room Roster to Message Broadcast).

use super::up::is_join;
use super::*;
use crate::dmuc::Change;
use crate::room::audience::Renderings;
use crate::room::history::delay_element;
use crate::room::{Audience, Seat, StoredMessage, audience};
use crate::stanza::{Kind, Payloads, ns};

impl SlaveRoom {
    /// A stanza of the room for the slave itself.
    pub(super) fn master_stanza(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        if stanza.is_error() {
            return self.error_from_master(now, &stanza, out);
        }
        if (self.amnesia || (self.blank && !is_opening(&stanza))) && stanza.kind != Kind::Iq {
            // It belongs to what is forgotten; the master will tell all of it anew.
            if let Some(leave) = stanza.dmuc().and_then(|x| x.leave) {
                self.goodbyes.shift_remove(&Jid::from(leave.jid));
            }
            return out.push(self.note(&self.address, Change::Ignored));
        }
        self.blank &= stanza.kind == Kind::Iq;
        self.hear(now);
        let nick = stanza.from.as_ref().and_then(|from| from.resource()).map(|n| n.to_string());
        match (stanza.kind, &stanza.type_, nick) {
            (Kind::Iq, Type::Result, _) => self.pong(now, &stanza, out),
            (Kind::Iq, _, _) => self.query_from_master(now, &stanza, out),
            (Kind::Presence, Type::Absent, Some(nick)) => self.presence(now, stanza, &nick, out),
            (Kind::Presence, Type::Unavailable, Some(nick)) => {
                self.unavailable(stanza, &nick, out);
            }
            (Kind::Presence, Type::Unavailable, None) => self.ended(&stanza, out),
            (Kind::Message, Type::Groupchat, _) => self.message(now, stanza, out),
            _ => out.push(self.note(&self.address, Change::Ignored)),
        }
    }

    fn presence(&mut self, now: Time, stanza: Stanza, nick: &str, out: &mut Vec<Output>) {
        match stanza.dmuc() {
            Some(x) if x.enter.is_some() => self.enter(now, &stanza, x, nick, out),
            _ => self.available(now, stanza, nick, out),
        }
    }

    /// Somebody is there, or is otherwise than before (`slave.presence.store`).
    fn available(&mut self, now: Time, stanza: Stanza, nick: &str, out: &mut Vec<Output>) {
        let stanza = stanza.retaining(|payload| !ns::is_dmuc(payload));
        if self.leaving.contains_key(nick) {
            // He left here while the master was away; it has not heard of it yet.
            return;
        }
        let moderated = self.has_moderator();
        let before = self.roster.get(nick).cloned();
        if !self.store_presence(&stanza, nick) {
            return out.push(self.note(&self.address, Change::Ignored));
        }
        let said = self.roster.get(nick).map(Seat::privileges);
        let keeps = before.as_ref().map(Seat::privileges) == said;
        let appears = self.hidden.remove(nick);
        let own = self.local_sessions(nick);
        // With several sessions the id tells whose presence this is.
        let several = own.len() > 1;
        let mut answered = Vec::new();
        for session in &own {
            let answers = |waiting: &Stanza| {
                let same = !several || waiting.id == stanza.id;
                waiting.is_available() && !is_join(waiting) && same
            };
            if self.waiting.answered(session, answers) {
                answered.push(session);
            }
        }
        // Who asks to enter again under this nick sees himself where ENTER shows him, unless that
        // was lost: it comes before the answer to what he asked later; or unless he may do more
        // now, or less, by which goes what else he sees.
        let asks = |one: &&Arc<Jid>| self.waiting.asks_for(one, nick) && !answered.contains(one);
        let asking = own.iter().find(asks).filter(|_| keeps).map(|session| &**session);
        let news = self.taken.remove(nick) || appears;
        let told_again = !news
            && before.is_some_and(|before| {
                only_jids_are_new(&before.presence, &stanza.payloads)
                    || (self.is_catching_up(now) && before.presence == stanza.payloads)
            });
        if !told_again {
            self.distribute_to_others(&stanza, nick, asking, out);
        }
        self.drop_jids(moderated);
    }

    /// Keep what the master says of this nick. Not without affiliation and role
    /// (`master.roster.format`), and not without end.
    pub(super) fn store_presence(&mut self, stanza: &Stanza, nick: &str) -> bool {
        let Some(occupant) = stanza.from.clone() else { return false };
        let x = stanza.payload("x", ns::MUC_USER);
        let Some(item) = x.and_then(|x| x.get_child("item", ns::MUC_USER)) else { return false };
        let affiliation = item.attr("affiliation").and_then(|name| name.parse().ok());
        let role = item.attr("role").and_then(|name| name.parse().ok());
        let (Some(affiliation), Some(role)) = (affiliation, role) else { return false };
        if self.roster.len() >= ROSTER_MAX && !self.roster.contains_key(nick) {
            return false;
        }
        let presence = audience::without_cause(&stanza.payloads);
        self.knows_jids |= item.attr("jid").is_some();
        self.roster.insert(nick.to_owned(), Seat { occupant, affiliation, role, presence });
        true
    }

    /// Somebody is gone, or takes another nick.
    fn unavailable(&mut self, stanza: Stanza, nick: &str, out: &mut Vec<Output>) {
        if let Some(leave) = stanza.dmuc().and_then(|x| x.leave) {
            return self.leave(&stanza, leave, out);
        }
        let stanza = stanza.retaining(|payload| !ns::is_dmuc(payload));
        if let Some(new) = stanza.new_nick().map(str::to_owned) {
            let has = |nick: &str| self.locals.values().any(|local| local == nick);
            if (has(&new) && !has(nick)) || self.is_of_predecessor(&stanza, nick) {
                // The master tells again what is known here; who has the old nick now is another.
                return out.push(self.note(&self.address, Change::Ignored));
            }
            return self.rename(&stanza, nick, &new, out);
        }
        if is_hiding(&stanza) {
            return self.hide(&stanza, nick, out);
        }
        if self.is_of_predecessor(&stanza, nick) {
            return out.push(self.note(&self.address, Change::Ignored));
        }
        let own = self.local_sessions(nick);
        // Whether that has reached the master may be known already, but not what it made of it.
        let leaves = |own: &Arc<Jid>| {
            self.waiting.has(own, Stanza::is_unavailable) || self.returning.contains(own)
        };
        let expelled = is_expulsion(&stanza);
        if !own.is_empty() && !expelled && !own.iter().any(leaves) {
            // Somebody who had the nick before; the news comes late.
            return out.push(self.note(&self.address, Change::Ignored));
        }
        self.leaving.remove(nick);
        let moderated = self.has_moderator();
        let known = self.roster.shift_remove(nick).is_some();
        self.taken.remove(nick);
        if known || !own.is_empty() {
            self.distribute_presence(&stanza, nick, out);
        }
        // His LEAVE was lost: to those who had this nick the event is the end of their stay.
        for session in own {
            self.end_stay(&stanza, &session, out);
        }
        self.drop_jids(moderated);
    }

    /// Whether a farewell is for somebody who had this nick before him who has it: a master tells
    /// after a split of what it cannot know to be known here.
    fn is_of_predecessor(&self, stanza: &Stanza, nick: &str) -> bool {
        let holder = self.roster.get(nick).and_then(|seat| jid_in(&seat.presence));
        let gone = jid_in(&stanza.payloads);
        holder.zip(gone).is_some_and(|(holder, gone)| bare(holder) != bare(gone))
    }

    /// The room does not show somebody to others any more, though he is there.
    fn hide(&mut self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        if !self.roster.contains_key(nick) || self.hidden.contains(nick) {
            return;
        }
        let sessions = self.local_sessions(nick);
        let mut copies = Renderings::new(&stanza.payloads);
        for (session, local) in self.locals.iter().filter(|(_, local)| *local != nick) {
            let payloads = copies.of(Audience::Other { jids: self.sees_jids(local) });
            let copy = stanza.clone().with_to(session.clone()).with_payloads(payloads);
            out.push(Output::Send(copy));
        }
        if sessions.is_empty() {
            self.roster.shift_remove(nick);
        } else {
            self.hidden.insert(nick.to_owned());
        }
    }

    fn rename(&mut self, stanza: &Stanza, old: &str, new: &str, out: &mut Vec<Output>) {
        if self.roster.contains_key(old) {
            self.distribute_presence(stanza, old, out);
        }
        if let Some(leaver) = self.leaving.remove(old) {
            self.leaving.insert(new.to_owned(), leaver);
        }
        if let Ok(occupant) = self.jid.with_resource_str(new) {
            let occupant = Arc::new(Jid::from(occupant));
            for (session, nick) in self.locals.iter_mut().filter(|(_, nick)| *nick == old) {
                self.waiting.rename(session, old, &occupant);
                new.clone_into(nick);
            }
        }
        let Some((position, _, mut seat)) = self.roster.shift_remove_full(old) else { return };
        if let Ok(occupant) = self.jid.with_resource_str(new) {
            seat.occupant = Arc::new(occupant.into());
            // Whoever had it is gone, unheard.
            self.roster.shift_remove(new);
            self.taken.remove(old);
            self.taken.insert(new.to_owned());
            let position = position.min(self.roster.len());
            self.roster.shift_insert(position, new.to_owned(), seat);
        }
    }

    /// Real JIDs are for moderators; with the last of them here they are forgotten. `moderated`:
    /// whether there was one before. Those that come before the first moderator are for him.
    pub(super) fn drop_jids(&mut self, moderated: bool) {
        if moderated && !self.has_moderator() {
            self.knows_jids = false;
            for seat in self.roster.values_mut() {
                seat.presence = audience::without_jids(&seat.presence);
            }
        }
    }

    /// A message to all, live, late or of the past (`slave.broadcast.save-then-send`).
    fn message(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let Some(from) = stanza.from.clone() else { return };
        let x = stanza.dmuc().unwrap_or_default();
        let stamp = x.delay.map_or(now, |delay| delay.stamp);
        let subject = stanza.is_subject_change();
        let mut stanza = stanza.retaining(|payload| !ns::is_dmuc(payload));
        if subject && x.history.is_some() {
            self.begin_run(stanza.id.take(), out);
        }
        let message = StoredMessage {
            from: from.clone(),
            id: stanza.id.clone(),
            lang: stanza.lang.clone(),
            payloads: stanza.payloads.clone(),
            stamp,
        };
        if self.knows(&message) {
            return;
        }
        if *from == *self.address {
            self.learn_privacy(&message);
        }
        // Messages of the past may come after one of now.
        let place = self.recent.partition_point(|(_, _, other)| *other <= stamp);
        self.recent.insert(place, (from.clone(), stanza.id.clone(), stamp));
        if self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
        if subject {
            // From the room itself: there was never one.
            self.subject = Some(message).filter(|message| message.from.resource().is_some());
        } else if StoredMessage::is_kept(&message.payloads) {
            self.history.push(message);
        }
        if x.history.is_some() {
            return;
        }
        self.reflected(&from, stanza.id.as_deref());
        // Also what only the master knew to be late: the loss was on its side, and none here.
        let late = self.back_at.is_some_and(|back| stamp < back)
            || now.since(stamp) > self.timers.pong_timeout;
        let stanza = match late {
            true => stanza.with_payload(delay_element(&self.address, stamp)),
            false => stanza,
        };
        self.distribute(&stanza, out);
    }

    /// The room says who may see real JIDs from now on (XEP-0045 §10.2.1).
    fn learn_privacy(&mut self, message: &StoredMessage) {
        if message.has_code("172") {
            self.non_anonymous = true;
        }
        if message.has_code("173") {
            self.non_anonymous = false;
            self.drop_jids(true);
        }
    }

    /// Whether it has this message. Live ones are newer than all that it knows.
    fn knows(&self, message: &StoredMessage) -> bool {
        let newest = self.recent.back().is_some_and(|(_, _, stamp)| *stamp < message.stamp);
        !newest
            && self.recent.iter().any(|(from, id, stamp)| {
                *stamp == message.stamp && *from == message.from && *id == message.id
            })
    }

    /// The message of a local user came back.
    fn reflected(&mut self, from: &Jid, id: Option<&str>) {
        let Some(nick) = from.resource() else { return };
        for session in self.local_sessions(nick) {
            self.waiting.answered(&session, |waiting| {
                waiting.is_groupchat() && waiting.id.as_deref() == id
            });
        }
    }

    /// Whether the master is telling what was missed in a split.
    fn is_catching_up(&self, now: Time) -> bool {
        self.back_at.is_some_and(|back| now < back + self.timers.pong_timeout)
    }

    /// A stanza of the room, or of an occupant, for one local user: it goes to him as it is.
    pub(super) fn user_stanza(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        if let (Some(user), true) = (stanza.to.clone(), stanza.is_error()) {
            self.hear(now);
            let answers = |waiting: &Stanza| waiting.kind == stanza.kind && waiting.id == stanza.id;
            self.waiting.answered(&user, answers);
            if stanza.kind == Kind::Presence && !self.locals.contains_key(&user) {
                self.forget_directed(&user);
            }
            self.doubt(now, &stanza, out);
        }
        if let (Some(user), true) = (&stanza.to, stanza.is_available()) {
            // Of who is not shown to others his presence comes back to himself alone.
            self.waiting.answered(user, |waiting| waiting.is_available() && !is_join(waiting));
        }
        if let Some(user) = stanza.to.as_ref().filter(|user| self.goodbyes.contains_key(*user))
            && (is_end(&stanza) || is_of_a_stay(&stanza))
        {
            // The slave has told him that he is out; the room does not know it yet, or learns it.
            if is_end(&stanza) {
                self.goodbyes.shift_remove(user);
            }
            return out.push(self.note(&self.address, Change::Ignored));
        }
        if (self.amnesia || self.blank) && is_of_a_stay(&stanza) {
            // Started again, it has told all its users that they are out; the master, which
            // served them itself meanwhile, has not heard it yet.
            return out.push(self.note(&self.address, Change::Ignored));
        }
        let stanza = stanza.retaining(|payload| !ns::is_dmuc(payload));
        if !self.waits(&stanza) {
            out.push(Output::Send(stanza));
        }
    }
}

/// Whether a master begins with it what it tells a new slave.
fn is_opening(stanza: &Stanza) -> bool {
    stanza.is_subject_change() && stanza.dmuc().is_some_and(|x| x.history.is_some())
}

/// Whether a farewell says that somebody was removed.
pub(super) fn is_expulsion(stanza: &Stanza) -> bool {
    let codes = stanza.muc_user().map(|x| x.status).unwrap_or_default();
    codes.iter().any(|code| *code != xmpp_parsers::muc::user::Status::SelfPresence)
}

/// Whether only who is in the room is told this: not the end of his stay.
fn is_of_a_stay(stanza: &Stanza) -> bool {
    let presence = stanza.is_available() || stanza.is_unavailable();
    stanza.is_groupchat() || (presence && !is_end(stanza))
}

/// Whether it tells somebody of himself that he is not there any more, at least under this nick.
fn is_end(stanza: &Stanza) -> bool {
    stanza.is_unavailable() && stanza.has_code("110")
}

/// Whether it takes somebody out of sight only: he has a role still.
pub(super) fn is_hiding(stanza: &Stanza) -> bool {
    let x = stanza.payload("x", ns::MUC_USER);
    let item = x.and_then(|x| x.get_child("item", ns::MUC_USER));
    let role = item.and_then(|item| item.attr("role"));
    role.is_some_and(|role| role != "none") && stanza.new_nick().is_none()
}

/// Whether two presences say the same but for real JIDs.
pub(super) fn is_the_same(one: &Payloads, other: &Payloads) -> bool {
    let said = Audience::Slave { jids: false };
    said.render(one) == said.render(other)
}

/// Whether the only news is real JIDs: they are for moderators to come.
fn only_jids_are_new(before: &Payloads, now: &Payloads) -> bool {
    !has_jid(before) && has_jid(now) && *before == Audience::Slave { jids: false }.render(now)
}

fn has_jid(payloads: &Payloads) -> bool {
    jid_in(payloads).is_some()
}

/// The real JID that a presence shows, the first of several.
fn jid_in(payloads: &Payloads) -> Option<&str> {
    let x = payloads.iter().find(|payload| payload.is("x", ns::MUC_USER))?;
    x.get_child("item", ns::MUC_USER)?.attr("jid")
}

fn bare(jid: &str) -> &str {
    jid.split_once('/').map_or(jid, |(bare, _)| bare)
}

/// How many messages are remembered so that none is shown twice.
const RECENT_MAX: usize = 4096;

/// How many occupants a slave believes in.
const ROSTER_MAX: usize = 200_000;
