//! Who may see real JIDs. A master says so to all by 172 and 173 if there is anybody to be told, to
//! a slave when it accepts that, and to the owner who wants it otherwise.

use super::{Room, UserId, push_bounded};
use crate::conform::invariants::reading::Reading;
use crate::room::form::Answer;
use crate::room::{Whois, settings};
use crate::stanza::{Kind, Type, ns};
use crate::time::Time;

/// What an owner has asked for and was not answered yet.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    owner: UserId,
    id: String,
    open: bool,
    at: Time,
}

impl Room {
    /// Whether everybody may see real JIDs, or will if the owner gets what he has asked for.
    pub fn may_be_open(&self) -> bool {
        self.open || self.wishes.iter().any(|wish| wish.open)
    }

    /// Everybody sees real JIDs from this instant on, or only moderators do.
    pub(super) fn learn_whois(&mut self, open: bool, at: Time) {
        if at >= self.open_since {
            (self.open, self.open_since) = (open, at);
        }
    }

    /// An owner's form reaches the master.
    pub(super) fn whois_wanted(&mut self, owner: UserId, reading: &Reading<'_>) {
        let Some(whois) = wanted(reading) else { return };
        let (id, open) = (reading.id().to_owned(), whois == Whois::Anyone);
        push_bounded(&mut self.wishes, Wish { owner, id, open, at: self.now }, WISHES_MAX);
    }

    /// The master answers a user: if that was his form, it is as he wants it, or stays as it was.
    pub(super) fn whois_answered(&mut self, user: UserId, reading: &Reading<'_>) {
        let answer = matches!(reading.stanza.type_, Type::Result | Type::Error);
        if reading.stanza.kind != Kind::Iq || !answer {
            return;
        }
        let his = |wish: &Wish| wish.owner == user && wish.id == reading.id();
        let Some(place) = self.wishes.iter().position(his) else { return };
        let Some(wish) = self.wishes.remove(place) else { return };
        if !reading.stanza.is_error() {
            self.learn_whois(wish.open, wish.at);
        }
    }
}

/// Who shall see real JIDs, if this is an owner's form that says so.
fn wanted(reading: &Reading<'_>) -> Option<Whois> {
    if reading.stanza.kind != Kind::Iq || reading.stanza.type_ != Type::Set {
        return None;
    }
    let query = reading.stanza.payload("query", ns::MUC_OWNER)?;
    let form = query.get_child("x", ns::DATA_FORMS)?;
    match Answer::read(form, settings::FORM_TYPE) {
        Ok(Answer::Submitted(mut fields)) => settings::whois(&mut fields),
        _ => None,
    }
}

/// How many forms may wait for an answer.
const WISHES_MAX: usize = 16;
