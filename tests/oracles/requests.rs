//! What rooms answer to slaves that ask to be registered, or ask for their users.

use wallops::dmuc::{Change, Note};
use wallops::stanza::{Jid, Stanza, ns};
use wallops::time::Time;
use wallops::transcript::{Transcript, What};

/// When which slaves have asked which rooms.
#[derive(Default)]
pub struct Requests(Vec<(Time, Jid, Jid)>);

impl Requests {
    /// Whether a room grants the request that comes now, to a slave that it knows: it answers at
    /// once, each request in its turn.
    pub fn is_granted_again(
        &mut self,
        run: &Transcript,
        now: Time,
        slave: &Jid,
        room: &Jid,
    ) -> bool {
        let request = (now, slave.clone(), room.clone());
        let turn = self.0.iter().filter(|one| **one == request).count();
        self.0.push(request);
        let answers = [Change::Refused, Change::Registered, Change::Resyncing];
        let is_answer = |note: &Note| {
            note.by == *room && note.about == *slave && answers.contains(&note.change)
        };
        let mut notes = run.entries.iter().filter_map(|entry| match &entry.what {
            What::Note(note) if entry.at == now && is_answer(note) => Some(note.change),
            _ => None,
        });
        notes.nth(turn) == Some(Change::Resyncing)
    }
}

/// Whether a room does nothing with a late join that comes now: it has expelled him meanwhile.
pub fn is_ignored(run: &Transcript, now: Time, join: &Stanza) -> bool {
    let late = join.dmuc().is_some_and(|x| x.delay.is_some());
    let notes = run.entries.iter().filter(|entry| entry.at == now);
    let ignored = |what: &What| match what {
        What::Note(note) => {
            note.change == Change::Ignored && join.from.as_deref() == Some(&note.about)
        }
        _ => false,
    };
    late && join.has_payload("x", ns::MUC) && notes.map(|entry| &entry.what).any(ignored)
}
