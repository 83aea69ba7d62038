//! Wrong machines for what was missed in a split, and for pings.

use wallops::dmuc::Change;

use super::Mutant;
use super::change::*;
use super::kit::{Class, ERIS, Item, MASTER, Wrong, parse};

const NETSPLIT: &str = "netsplit.scs";
const KICKED: &str = "s14-kicked.scs";
const DAY: &str = "s05-a-day-of-chatter.scs";

/// When it has found a slave, the master tells it something otherwise, or not at all.
fn when_found(which: Which, edit: fn(&str) -> Option<String>) -> Wrong {
    Box::new(move |moment, items| {
        let mut notes = items.iter().filter_map(Item::note);
        if moment.host != MASTER || !notes.any(|note| note.change == Change::Resyncing) {
            return;
        }
        items.retain_mut(|item| {
            let text = item.text();
            if item.class(MASTER) != Class::ToSlave || !which(&text) {
                return true;
            }
            let other = edit(&text);
            if let Some(other) = &other {
                *item = item.with(parse(other));
            }
            other.is_some()
        });
    })
}

#[rustfmt::skip]
pub fn all() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("master.split.resync", "the master tells of all who are there, and nothing of what they have said", NETSPLIT,
            when_found(said, |_| None)),
        Mutant::new("master.split.resync", "the master tells who was lost that everybody moderates", NETSPLIT,
            when_found(news, |text| Some(text.replace("role='participant'", "role='moderator'")))),
        Mutant::new("INV-STAMP", "the master tells of what was missed as if it were of another day", NETSPLIT,
            when_found(said, |text| Some(text.replace("stamp='1990-", "stamp='1989-")))),
        Mutant::new("slave.broadcast.each-local-user", "a slave keeps to itself what it had missed", NETSPLIT,
            drops(Down, |text| late(text) && text.contains("vesa is gone again"))),
        Mutant::new("LIVE-NO-SILENT-LOSS", "a slave returns nothing that cannot be sent", NETSPLIT,
            drops(Down, |text| head(text).contains("type='error'"))),
        Mutant::new("master.broadcast.copy-to-each", "one slave is told nothing of what is told late", KICKED,
            drops(ToSlave, |text| said(text) && text.contains("backfill") && attribute(text, "to").ends_with(ERIS))),
        Mutant::new("slave.broadcast.each-local-user", "what is told late is told to nobody", KICKED,
            drops(Down, |text| late(text) && text.contains("Who knows"))),
        Mutant::new("keepalive.xep0199", "all pings have one id", DAY,
            edits(ToSlave, ping, |text| with(&text, "id", "again"))),
    ]
}
