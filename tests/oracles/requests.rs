//! What rooms answer to slaves that ask to be registered.

use wallops::dmuc::{Change, Note};
use wallops::stanza::Jid;
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
