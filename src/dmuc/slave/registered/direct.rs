//! Local users whom the master tells itself what it should tell the slave: it has forgotten that it
//! has one, or gave it up.

use super::outbox::{Entry, Status, What, is_join};
use super::shared::names_session;
use super::told::Telling;
use super::*;
use crate::dmuc::slave::event::is_hiding;
use crate::room::{Item, audience};
use crate::stanza::{Kind, Type};

impl RegisteredRoom {
    /// The master tells somebody himself that he is in the room, or out of it.
    pub(super) fn served_directly(
        &mut self,
        now: Time,
        user: &Arc<Jid>,
        stanza: Stanza,
        out: &mut Vec<Output>,
    ) {
        let stale = self.is_for_before(user, &stanza);
        // Who asks to be in under another nick is not answered by what becomes of this one.
        let wish = |entry: &Entry| is_join_that_went_up(entry) && entry.is_answered_by(&stanza);
        // A room that forgot him lets nobody in who has only said how he is.
        let asks = self.outbox.has(user, |entry| wish(entry) && is_join(&entry.stanza));
        let is_join = |entry: &Entry| wish(entry) && (!asks || is_join(&entry.stanza));
        let before = |entry: &&Entry| !is_join(entry);
        let is_leave = |entry: &Entry| entry.what == What::Leave && !entry.done;
        let left = self.outbox.of(user).take_while(before).any(is_leave);
        if left && self.is_how_he_was(user, &stanza) {
            return out.push(Output::Send(stanza));
        }
        let settled = self.outbox.take_answered(user, |entry| match stanza.is_available() {
            true => is_join(entry),
            false => {
                let left = entry.what == What::Leave && entry.status != Status::Held;
                left && !stanza.has_code("303")
            }
        });
        let settled = settled.as_ref();
        // What he has asked for since is answered by itself.
        self.follow_end(user, &stanza);
        let here = self.locals.get(user).cloned();
        // Of himself who is hidden from others is told by the master, whoever serves him.
        let hidden = here.as_ref().is_some_and(|here| self.hidden.contains(here));
        let shown = here.as_ref().filter(|_| !hidden);
        if let (Some(here), Some(new)) = (shown, stanza.new_nick().map(str::to_owned)) {
            return self.renamed_directly(user, here, &new, stanza, out);
        }
        let over = stanza.is_unavailable() && !stanza.has_code("303") && !is_hiding(&stanza);
        // Who only says how he is has been there, and knows who is.
        let asked = |one: &Entry| one.what == What::Join && super::outbox::is_join(&one.stanza);
        let entered = settled.filter(|one| asked(one) && !hidden && !stale);
        if let Some(asked) = entered {
            if left && !self.apart.contains_key(user) {
                self.end_left(user, out);
            }
            self.take_in(user, stanza, asked.at, left, out);
        } else {
            out.push(Output::Send(stanza.clone()));
            let his = self.outbox.iter_mut().filter(|entry| entry.is_of(user));
            his.for_each(|entry| entry.let_in = !over);
            match here.as_ref() {
                Some(here) if over => self.let_out(user, here, stanza, settled, out),
                Some(here) if !hidden && !stale => self.learn_directly(user, here, &stanza, out),
                _ => {}
            }
        }
        if (over && here.is_some() || entered.is_some() || stale)
            && matches!(self.phase, Phase::Active | Phase::Late(_))
        {
            self.register_again(now, out);
        }
    }

    /// The master tells a session how it is under the nick that it has here: what it may see, and
    /// the others are shown, goes by that.
    fn learn_directly(
        &mut self,
        user: &Arc<Jid>,
        here: &str,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) {
        if stanza.is_available() && stanza.from == self.occupant(here) {
            self.show(&self.without_new_jids(stanza), here, Telling::News, Some(user), out);
        }
    }

    /// Whether a master that tells somebody himself that he is in answers what he has asked over an
    /// earlier connection: it has not said yet that he is out since.
    fn is_for_before(&self, user: &Jid, stanza: &Stanza) -> bool {
        let left = |entry: &Entry| entry.what == What::Leave && entry.status != Status::Held;
        let join = |entry: &Entry| is_join_that_went_up(entry) && entry.is_answered_by(stanza);
        let leaves = self.closed.contains(user) && self.outbox.has(user, left);
        let visit = |entry: &&Entry| entry.what != What::Leave;
        leaves && stanza.is_available() && self.outbox.of(user).take_while(visit).any(join)
    }

    /// The master tells a session that it takes another nick, and will tell it that it has it.
    fn renamed_directly(
        &mut self,
        user: &Arc<Jid>,
        here: &str,
        new: &str,
        stanza: Stanza,
        out: &mut Vec<Output>,
    ) {
        if here == new {
            return out.push(Output::Send(stanza));
        }
        self.make_way(new, std::slice::from_ref(user), out);
        out.push(Output::Send(stanza.clone()));
        // Those of whom it says so take it too, and are told so themselves.
        let (taking, staying): (Vec<_>, Vec<_>) = self
            .sessions(here)
            .into_iter()
            .partition(|one| one == user || names_session(&stanza.payloads, one));
        if !staying.is_empty() {
            return self.renamed_alone(user, here, new, out);
        }
        let seat = self.roster.get(here).cloned();
        let role = seat.as_ref().map(|seat| seat.role.clone());
        let item = Item { role, nick: Some(new), ..Item::default() };
        if let Some(farewell) = self.farewell(here, item, &[303]) {
            self.tell_others(&farewell, here, out);
        }
        self.move_seat(here, new);
        self.confirmed.extend(taking.into_iter().map(|one| (one, new.to_owned())));
        if let (Some(seat), Some(occupant)) = (seat, self.occupant(new)) {
            let there = Stanza::presence(Type::Absent).with_from(occupant);
            self.tell_others(&there.with_payloads(seat.presence), new, out);
        }
    }

    /// Whether this session was told here that it is out, has not asked to be in since, and the
    /// master may not have heard of it.
    pub(super) fn was_told_out(&self, user: &Jid) -> bool {
        let left = |entry: &Entry| entry.what == What::Leave && entry.done;
        // What comes after he has asked again may be for who asks now.
        let asks = |one: &Entry| one.what == What::Join && one.status != Status::Held;
        let last = self.outbox.of(user).rfind(|one| one.is_goodbye() || asks(one));
        let visit = self.outbox.of(user).rfind(|one| one.what == What::Join || left(one));
        last.is_some_and(Entry::is_goodbye)
            || (visit.is_some_and(left) && !self.locals.contains_key(user))
    }

    /// Whether the room lets in, itself, who has not asked for it as far as the slave and his
    /// server know: another run of the slave has told him that he is not in, and forgot it. The
    /// room hears of it.
    pub(super) fn is_ghost(
        &mut self,
        now: Time,
        user: &Arc<Jid>,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) -> bool {
        let there = stanza.kind == Kind::Presence && stanza.is_available() && self.amnesiac;
        let Some(occupant) = stanza.from.as_ref().filter(|_| there) else { return false };
        if self.directed.contains_key(user) || self.locals.contains_key(user) {
            return false;
        }
        if !stanza.has_code("110") {
            // Of who else is there he is told before that.
            return true;
        }
        let split = matches!(self.phase, Phase::Split);
        self.push_goodbye(now, user, occupant, if split { Status::Queued } else { Status::Held });
        if matches!(self.phase, Phase::Idle | Phase::Active) {
            self.release(now, out);
        }
        true
    }

    /// Whether what the room tells this session is of a stay that is over, as it was told here: it
    /// has asked to be in again since, and is not answered yet.
    pub(super) fn is_of_before(&mut self, user: &Jid, stanza: &Stanza) -> bool {
        let told = |entry: &Entry| entry.is_goodbye() && entry.is_under_way();
        let asks = |entry: &Entry| entry.what == What::Join && entry.is_under_way();
        let for_it = |entry: &Entry| asks(entry) && entry.is_answered_by(stanza);
        let waits = self.outbox.has(user, told) && self.outbox.has(user, asks);
        if !waits || stanza.is_error() || self.locals.contains_key(user) {
            return false;
        }
        if is_farewell(stanza) {
            self.outbox.take_first(|entry| entry.is_of(user) && told(entry));
            return true;
        }
        let own = stanza.kind == Kind::Presence && stanza.has_code("110");
        stanza.is_groupchat() || (own && !self.outbox.has(user, for_it))
    }

    /// Whether what the room tells somebody himself who was let in here is of a stay that he has
    /// left before: up to the answer to that.
    pub(super) fn is_of_ended(&mut self, user: &Jid, stanza: &Stanza) -> bool {
        let here = self.locals.contains_key(user) && !stanza.is_error();
        let Some(left) = self.ended.get_mut(user).filter(|left| here && **left > 0) else {
            return false;
        };
        *left -= usize::from(is_farewell(stanza));
        true
    }

    /// Somebody who has this nick here is out, and was told so; `left`: for this leave.
    fn let_out(
        &mut self,
        user: &Arc<Jid>,
        here: &str,
        stanza: Stanza,
        left: Option<&Entry>,
        out: &mut Vec<Output>,
    ) {
        let moderated = self.is_moderated();
        // What he has asked after that is not answered by it, nor how he has said to be since.
        let mut asks = false;
        let since = self.outbox.take(|entry| {
            let his = entry.is_of(user) && entry.stanza.kind == Kind::Presence;
            asks |= his && is_join(&entry.stanza) && !entry.done;
            his && asks
        });
        self.end_visit(user, left, out);
        since.into_iter().for_each(|entry| self.outbox.push(entry));
        self.closed.remove(user);
        self.locals.shift_remove(user);
        self.confirmed.shift_remove(user);
        // If he is let in again he knows nobody.
        self.apart.remove(user);
        self.forget_directed(user);
        if self.is_local(here) {
            self.restate(here, user, out);
        } else if let Some(occupant) = self.occupant(here) {
            self.show_gone(&stanza.with_from(occupant), here, out);
        }
        self.drop_jids(moderated);
    }

    /// The master has let this session in: that is one of the slave's from now on, under the nick
    /// that it is told. It asked for that at `asked`; `left`: of the nick that it had here it knows
    /// that it gave it up.
    fn take_in(
        &mut self,
        user: &Arc<Jid>,
        stanza: Stanza,
        asked: Time,
        left: bool,
        out: &mut Vec<Output>,
    ) {
        let nick = stanza.from.as_ref().and_then(|from| from.resource()).map(|n| n.to_string());
        let Some(nick) = nick else { return out.push(Output::Send(stanza)) };
        let here = self.locals.get(user).cloned();
        let keeps = here.as_ref() == Some(&nick);
        self.follow_whois(&stanza);
        let new = here.is_none() || left || self.closed.contains(user);
        let mut before = here.filter(|_| !keeps);
        if self.closed.contains(user) {
            // Who is connected now has asked for it, and knows nothing of what was told before.
            // What he has said since is answered by itself.
            let said = self.outbox.take(|entry| entry.is_of(user) && entry.at >= asked);
            self.let_go(user, out);
            said.into_iter().for_each(|entry| self.outbox.push(entry));
        } else if left {
            self.locals.shift_remove(user);
        }
        if let Some(here) = before.take_if(|_| new) {
            self.give_up(&here, user, out);
        }
        if !keeps {
            self.make_way(&nick, std::slice::from_ref(user), out);
        }
        let shared = before.as_ref().is_some_and(|here| self.sessions(here).len() > 1);
        if let Some(here) = &before {
            self.tell_taken(user, here, &nick, shared, out);
        }
        if new {
            self.has_seen_nothing(user);
            self.show_locals(user, &stanza, &nick, out);
        } else {
            let known = self.known_to(user);
            self.apart.entry(user.clone()).or_insert(known);
        }
        let joins = self.is_local(&nick);
        self.locals.insert(user.clone(), nick.clone());
        self.confirmed.insert(user.clone(), nick.clone());
        if joins && !keeps {
            self.show(&self.without_new_jids(&stanza), &nick, Telling::News, Some(user), out);
        }
        out.push(Output::Send(stanza.clone()));
        match before {
            Some(here) if shared => self.restate(&here, user, out),
            Some(here) => drop(self.roster.shift_remove(&here)),
            None => {}
        }
        let presence = self.without_new_jids(&stanza);
        if keeps {
            // He may be less here than he was, or more.
            self.show(&presence, &nick, Telling::News, Some(user), out);
        } else if !joins && self.show(&presence, &nick, Telling::Nobody, None, out) {
            // To the others he is new; of himself he was told.
            self.tell_others(&presence, &nick, out);
        }
    }

    /// Who enters is warned if everybody sees his JID (100). A room that has forgotten who was in
    /// it may have forgotten that, too.
    fn follow_whois(&mut self, own: &Stanza) {
        let moderated = self.is_moderated();
        self.whois = if own.has_code("100") { Whois::Anyone } else { Whois::Moderators };
        self.drop_jids(moderated);
    }

    /// A presence that was for its subject, as a slave gets it.
    fn without_new_jids(&self, own: &Stanza) -> Stanza {
        match self.whois {
            Whois::Anyone => own.clone(),
            _ => own.clone().with_payloads(audience::without_jids(&own.payloads)),
        }
    }

    /// A session has this nick no more: nobody has it here, unless others have.
    pub(super) fn give_up(&mut self, nick: &str, session: &Jid, out: &mut Vec<Output>) {
        if self.is_local(nick) {
            self.restate(nick, session, out);
        } else if let Some(farewell) = self.farewell(nick, Item::default(), &[]) {
            self.show_gone(&farewell, nick, out);
        }
    }
}

/// It may go up once more, if the slave registers again since.
pub(super) fn is_join_that_went_up(entry: &Entry) -> bool {
    entry.what == What::Join && entry.status != Status::Held
}

/// Whether it says to its addressee that he is out.
pub(super) fn is_farewell(stanza: &Stanza) -> bool {
    stanza.is_unavailable() && stanza.has_code("110") && !stanza.has_code("303")
}
