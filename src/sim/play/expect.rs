//! Lines that expect something: what people perceive, and what they receive as it is.

use super::perceive::{Asked, sketch};
use super::{Failure, Nearest, Play};
use crate::scenario::verbs::Perception;
use crate::scenario::{Action as Line, Matching, Name, Occupant, Span, Step, Who};
use crate::sim::network::Network;
use crate::sim::world::Arrival;
use crate::stanza::BareJid;

/// No more stanzas than this are compared with one that did not come.
pub(super) const CANDIDATES_MAX: usize = 100;

impl<N: Network> Play<'_, N> {
    /// Check one line.
    pub(super) fn expect(&mut self, step: &Step) {
        if self.is_left_out(step) {
            return;
        }
        self.catch_up();
        self.count(|play| play.check(step));
    }

    /// Count an expectation, and whether it was met.
    fn count(&mut self, check: impl FnOnce(&mut Self)) {
        let before = self.failures.len();
        check(self);
        self.checked += 1;
        self.unmet += usize::from(self.failures.len() > before);
    }

    fn check(&mut self, step: &Step) {
        match &step.action {
            Line::Perceive { who, room, not, what } => {
                let not = *not || *who == Who::Nobody;
                // A room that is no more has nobody in it.
                let people = match what {
                    Perception::SeesRoomDestroyed { .. } => self.people_before(who, room),
                    _ => self.people(who, room),
                };
                if people.is_empty() && !not {
                    self.fail(step.span, "", "somebody in the room", "nobody is", None);
                }
                if *what == Perception::AreShownTheSame {
                    return self.are_shown_the_same(step.span, &people, room);
                }
                for name in people {
                    self.perceives(step.span, &name, room, not, what);
                }
            }
            Line::Raw { who, raw } => {
                for party in who {
                    self.receives(step.span, party, raw);
                }
            }
            Line::Know(knowledge) => self.knows(step.span, knowledge),
            Line::Cross(crossing) => self.crosses(step.span, crossing),
            _ => {}
        }
    }

    pub(super) fn fail(
        &mut self,
        span: Span,
        whose: &str,
        expected: &str,
        found: &str,
        nearest: Option<Nearest>,
    ) {
        self.failures.push(Failure {
            span,
            whose: whose.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
            nearest,
        });
    }

    /// What a client has received since the record began.
    pub(super) fn inbox(&self, name: &str) -> &[Arrival] {
        let world = self.network.world();
        self.client_host(name).and_then(|host| world.client(host)).map_or(&[], |one| one.inbox())
    }

    fn perceives(&mut self, span: Span, name: &Name, room: &Name, not: bool, what: &Perception) {
        let Some(room_jid) = self.room_jid(room) else { return };
        if *what == Perception::IsInRoom {
            let inside = self.nick_in(name, room).is_some();
            if inside == not {
                let words = ["outside the room", "in the room"];
                let [out, inn] = words;
                let (expected, found) = if not { (out, inn) } else { (inn, out) };
                self.fail(span, name, expected, found, None);
            }
            return;
        }
        let view = self.views.get(name);
        let cursor = view.map_or(0, |view| match what {
            // A code comes with what another line may have taken already.
            Perception::SeesStatus(_) if not => view.cursor.min(view.mark),
            _ => view.cursor,
        });
        let exact = self.scenario.tags.matching == Matching::Exact && !not;
        let found = self.find(name, room, &room_jid, what, cursor, exact);
        match (found, not) {
            (Some(index), false) => self.move_cursor(name, index),
            (None, true) => {}
            (Some(index), true) => {
                let found = self.inbox(name)[index].stanza.to_string();
                let expected = sketch(&room_jid, self.subject_nick(what, room).as_deref(), what);
                let nearest = Nearest { expected: expected.to_string(), found };
                self.fail(span, name, "not to perceive this", "it came", Some(nearest));
            }
            (None, false) => {
                let expected = sketch(&room_jid, self.subject_nick(what, room).as_deref(), what);
                self.fail_missing(span, name, &expected.to_string(), cursor);
            }
        }
    }

    /// A stanza for a client did not come.
    pub(super) fn fail_missing(&mut self, span: Span, name: &str, expected: &str, cursor: usize) {
        let inbox = self.inbox(name);
        let came = inbox.len().saturating_sub(cursor);
        let since = if came > 0 { &inbox[cursor..] } else { inbox };
        let recent = &since[since.len().saturating_sub(CANDIDATES_MAX)..];
        let candidates = recent.iter().map(|arrival| arrival.stanza.to_string());
        let nearest = Nearest::of(expected, candidates);
        let found = match came {
            0 => "nothing came".to_owned(),
            1 => "one other stanza came".to_owned(),
            _ => format!("{came} other stanzas came"),
        };
        self.fail(span, name, "a stanza", &found, nearest);
    }

    /// The client asked for this stanza of its inbox; those before are skipped.
    pub(super) fn move_cursor(&mut self, name: &Name, index: usize) {
        if let Some(view) = self.views.get_mut(name) {
            *self.skipped.entry(name.clone()).or_default() += index.saturating_sub(view.cursor);
            view.cursor = index + 1;
        }
    }

    fn find(
        &self,
        name: &Name,
        room: &Name,
        room_jid: &BareJid,
        what: &Perception,
        cursor: usize,
        exact: bool,
    ) -> Option<usize> {
        let view = self.views.get(name)?;
        let is_subject = |nick: &str| match subject(what) {
            Some(Occupant::Client(other)) => {
                self.nick_of(&Occupant::Client(other.clone()), room) == nick
                    || self.views.get(other).is_some_and(|view| view.had_nick(room_jid, nick))
            }
            Some(Occupant::Nick(wanted)) => wanted == nick,
            None => true,
        };
        let jid = match subject(what) {
            Some(Occupant::Client(other)) => self.bare_jid(other),
            Some(Occupant::Nick(address)) => BareJid::new(address).ok(),
            None => None,
        };
        let asked = Asked { room: room_jid, what, jid, is_subject: &is_subject };
        let inbox = self.inbox(name);
        let end = if exact { inbox.len().min(cursor + 1) } else { inbox.len() };
        (cursor..end).find(|index| asked.is(&inbox[*index].stanza, view.is_newly(*index)))
    }

    fn subject_nick(&self, what: &Perception, room: &Name) -> Option<String> {
        subject(what).map(|occupant| self.nick_of(occupant, room))
    }

    /// With exact matching, every stanza must have been asked for.
    pub(super) fn check_leftovers(&mut self) {
        if self.scenario.tags.matching != Matching::Exact {
            return;
        }
        self.catch_up();
        self.count(Self::check_nothing_left);
    }

    fn check_nothing_left(&mut self) {
        let span = self.scenario.steps.last().map(|step| step.span).unwrap_or_default();
        for name in self.scenario.cast.clients.keys() {
            let cursor = self.views.get(name).map_or(0, |view| view.cursor);
            let left = self.inbox(name).get(cursor..).unwrap_or_default();
            if let Some(first) = left.first() {
                let found = format!("{} more came", left.len());
                let nearest = Nearest { expected: String::new(), found: first.stanza.to_string() };
                self.fail(span, name, "no more stanzas", &found, Some(nearest));
            }
        }
    }
}

/// Whom a perception is about.
fn subject(what: &Perception) -> Option<&Occupant> {
    match what {
        Perception::Hears { speaker, .. } | Perception::HearsPrivately { speaker, .. } => {
            Some(speaker)
        }
        Perception::Sees { occupant, .. } => Some(occupant),
        Perception::IsInvited { by, .. }
        | Perception::SeesDecline { by, .. }
        | Perception::IsAskedForVoice(by) => Some(by),
        _ => None,
    }
}
