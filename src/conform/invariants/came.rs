//! What came to each host at this instant: machines take no time, so what leaves a host is what one
//! of these has set off, unless a clock did.

use super::reading::{Reading, START, digest_text};
use super::room::Passage;
use super::steps::{Happening, Step};
use crate::stanza::Kind;
use crate::transcript::Name;

/// What came at this instant.
#[derive(Debug, Default)]
pub(super) struct Came(Vec<Arrival>);

#[derive(Debug)]
struct Arrival {
    host: Name,
    entry: usize,
    kind: Kind,
    content: u64,
    from: u64,
    to: u64,
    /// Whom an ENTER or a LEAVE names.
    named: Option<u64>,
}

impl Came {
    /// An instant is over.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn take(&mut self, step: &Step<'_>) {
        if let Happening::Came(passage) = &step.what {
            let reading = &passage.reading;
            self.0.push(Arrival {
                host: passage.hop.to.clone(),
                entry: step.entry,
                kind: reading.stanza.kind,
                content: reading.content,
                from: digest_text(START, reading.from),
                to: digest_text(START, reading.to),
                named: named(reading),
            });
        }
    }

    /// What set off this stanza, which leaves a host: of all that came those which have something
    /// to do with it, if that can be told.
    pub fn set_off(&self, passage: &Passage<'_>) -> Vec<usize> {
        let at = || self.0.iter().filter(|one| one.host == passage.hop.from);
        let reading = &passage.reading;
        let text = |text: &str| digest_text(START, text);
        let (from, to, named) = (text(reading.from), text(reading.to), named(reading));
        let jids: Vec<u64> = reading.jids.iter().map(|jid| text(jid)).collect();
        let same = |one: &&Arrival| {
            let said = one.content == reading.content && one.content != START;
            said && one.kind == reading.stanza.kind
        };
        // Somebody's own stanza, and what concerns him.
        let his = |one: &&Arrival| {
            let mut someone = [one.from, one.to].into_iter().chain(one.named);
            someone
                .any(|jid| [from, to].contains(&jid) || Some(jid) == named || jids.contains(&jid))
        };
        let entries = |all: &mut dyn Iterator<Item = &Arrival>| -> Vec<usize> {
            all.map(|one| one.entry).take(CAUSES_MAX).collect()
        };
        let alike = entries(&mut at().filter(same));
        let related = if alike.is_empty() { entries(&mut at().filter(his)) } else { alike };
        match at().count() {
            1 => entries(&mut at()),
            _ => related,
        }
    }

    /// What came to this host at this instant, if it is one thing only.
    pub fn only(&self, host: &str) -> Option<usize> {
        let mut at = self.0.iter().filter(|one| *one.host == *host);
        at.next().filter(|_| at.next().is_none()).map(|one| one.entry)
    }
}

/// Whom an ENTER or a LEAVE names.
fn named(reading: &Reading<'_>) -> Option<u64> {
    let dmuc = reading.dmuc?;
    dmuc.enter.or(dmuc.leave).map(|jid| digest_text(START, jid))
}

/// More of what came at one instant is no explanation.
const CAUSES_MAX: usize = 4;
