//! The record of real machines, as if they took no time.
//!
//! A simulated machine does at one instant what it does about a stanza, and the monitors tell by
//! that what belongs together: the copies of one message, a presence and the ENTER after it. A real
//! one takes a while for each stanza that it sends, and a log need not tell when a stanza arrived.
//!
//! So what a server sends is led back to the stanza that it is about (`causes`), and that stanza
//! arrives, as far as the monitors can tell, at the instant at which the first of it is sent. What
//! shows no cause belongs to the instant of what the server was doing shortly before. A server that
//! takes longer than `LATE` about a stanza does not act on it at once.

mod causes;
mod server;

use std::collections::BTreeMap;

use self::causes::Signs;
use self::server::{Server, Stamp};
use super::invariants::Setting;
use super::judgement::Judgement;
use super::survey;
use crate::time::{Duration, Time};
use crate::transcript::{Entry, Fate, Name, Transcript, What, is_client};

/// Judge the record of real machines.
pub fn judge(mut transcript: Transcript, setting: &Setting) -> Judgement {
    let order = gather(&mut transcript, setting);
    let mut setting = Setting { clock: CLOCK, ..setting.clone() };
    setting.links.extend(survey::links(&transcript));
    let mut judgement = Judgement::of(&transcript, &setting);
    judgement.renumber(&order);
    judgement
}

/// Let each server act at the instant at which it is asked. Entries come in the order of time
/// again; returned is for each of them the number that it had.
fn gather(transcript: &mut Transcript, setting: &Setting) -> Vec<usize> {
    let mut gathering = Gathering::default();
    for (number, entry) in transcript.entries.iter_mut().enumerate() {
        gathering.feed(number, entry, setting);
    }
    for server in gathering.servers.values() {
        server.arrivals().for_each(|(number, at)| arrive(&mut transcript.entries[number], at));
    }
    keep_order(&mut transcript.entries);
    in_time(&mut transcript.entries)
}

#[derive(Default)]
struct Gathering {
    servers: BTreeMap<Name, Server>,
    /// What is on its way, by when it arrives.
    under_way: BTreeMap<(Time, usize), UnderWay>,
    /// When each link was last used.
    used: BTreeMap<(Name, Name), Time>,
}

/// What is on its way from one host to another.
struct UnderWay {
    from: Name,
    to: Name,
    signs: Signs,
}

impl Gathering {
    fn feed(&mut self, number: usize, entry: &mut Entry, setting: &Setting) {
        let at = entry.at;
        self.arrive_until(at);
        let What::Hop(hop) = &entry.what else { return };
        let signs = causes::signs(hop, setting);
        if !is_client(&hop.from) {
            let server = self.servers.entry(hop.from.clone()).or_default();
            let since = server.send(at, &hop.to, &signs);
            let used = self.used.entry((hop.from.clone(), hop.to.clone())).or_insert(since);
            *used = since.max(*used);
            entry.at = *used;
        }
        if let Fate::Delivered(after) = hop.fate
            && !is_client(&hop.to)
        {
            let (from, to) = (hop.from.clone(), hop.to.clone());
            self.under_way.insert((at + after, number), UnderWay { from, to, signs });
        }
    }

    fn arrive_until(&mut self, at: Time) {
        while let Some(first) = self.under_way.first_entry().filter(|first| first.key().0 <= at) {
            let ((at, number), UnderWay { from, to, signs }) = first.remove_entry();
            self.servers.entry(to).or_default().get(Stamp { number, at, from }, signs);
        }
    }
}

/// It arrives at this instant.
fn arrive(entry: &mut Entry, at: Time) {
    if let What::Hop(hop) = &mut entry.what {
        hop.fate = Fate::Delivered(at.since(entry.at));
    }
}

/// What is sent over a link arrives in the order in which it was sent.
fn keep_order(entries: &mut [Entry]) {
    let mut last: BTreeMap<(Name, Name), Time> = BTreeMap::new();
    for entry in entries {
        let What::Hop(hop) = &entry.what else { continue };
        let Fate::Delivered(after) = hop.fate else { continue };
        let last = last.entry((hop.from.clone(), hop.to.clone())).or_insert(entry.at);
        *last = (entry.at + after).max(*last);
        let at = *last;
        arrive(entry, at);
    }
}

/// Sort them by time, and say which number each had.
fn in_time(entries: &mut Vec<Entry>) -> Vec<usize> {
    let mut numbered: Vec<_> = std::mem::take(entries).into_iter().enumerate().collect();
    numbered.sort_by_key(|(_, entry)| entry.at);
    let (numbers, sorted) = numbered.into_iter().unzip();
    *entries = sorted;
    numbers
}

/// Clocks differ, and many servers write whole seconds.
const CLOCK: Duration = Duration::from_secs(2);

/// Within this time a server acts on what came to it.
const LATE: Duration = Duration::from_secs(5);

/// Who has not gone on with something for so long is done with it.
const DONE: Duration = Duration::from_millis(200);

/// No pause within one thing that a machine does is longer.
const PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::super::survey::survey;
    use super::*;
    use crate::transcript::Hop;
    use crate::transcript::import::{Format, ImportOptions, import};

    /// The milliseconds of the entries of a plain log, as they are gathered.
    fn gathered(log: &str) -> Vec<u128> {
        let imported = import(log, Format::Plain, &ImportOptions::default());
        let mut transcript = imported.map(|one| one.transcript).unwrap_or_default();
        let setting = survey(&transcript);
        gather(&mut transcript, &setting);
        let epoch = "2026-01-01T00:00:00Z".parse().unwrap_or_default();
        transcript.entries.iter().map(|entry| entry.at.since(epoch).as_micros() / 1000).collect()
    }

    fn entry(ms: u32, from: &str, to: &str, stanza: &str) -> String {
        format!("2026-01-01T00:00:00.{ms:03}Z\t{from}\t{to}\t{stanza}\n")
    }

    fn relayed(ms: u32) -> String {
        let from = "<message from='a@s.example/b' to='r@m.example' type='groupchat'";
        entry(ms, "s.example", "m.example", &format!("{from}><body>{ms}</body></message>"))
    }

    fn told(ms: u32, to: &str) -> String {
        let head = format!("<message from='r@m.example/A' to='slave@{to}' type='groupchat'>");
        let x = "<body>1</body><x xmlns='urn:xmpp:tmp:dmuc:0'/></message>";
        entry(ms, "m.example", to, &(head + x))
    }

    #[test]
    fn what_a_master_sends_is_of_the_instant_at_which_it_was_asked() {
        let log = relayed(10) + &told(13, "s.example") + &told(29, "t.example");
        assert_eq!(gathered(&log), [10, 10, 10]);
    }

    #[test]
    fn what_comes_after_a_pause_is_not() {
        let log = relayed(10) + &told(13, "s.example") + &told(40, "t.example");
        assert_eq!(gathered(&log), [10, 10, 40]);
    }

    #[test]
    fn a_copy_belongs_to_what_it_is_a_copy_of_however_late() {
        let said = |ms: u32| {
            let head = "<message from='r@m.example/A' to='slave@t.example' type='groupchat'>";
            let x = "<body>10</body><x xmlns='urn:xmpp:tmp:dmuc:0'/></message>";
            entry(ms, "m.example", "t.example", &(head.to_owned() + x))
        };
        let log = relayed(10) + &told(13, "s.example") + &said(60);
        assert_eq!(gathered(&log), [10, 10, 10]);
    }

    #[test]
    fn what_a_server_does_not_answer_at_once_comes_when_it_does() {
        let up = |ms, from: &str, to: &str, address: &str| {
            let stanza = format!("<message {address} to='r@m.example' type='groupchat'>");
            entry(ms, from, to, &(stanza + "<body>1</body></message>"))
        };
        let log = up(10, "a@s.example/b", "s.example", "")
            + &up(70, "s.example", "m.example", "from='a@s.example/b'")
            + &told(150, "s.example");
        let imported = import(&log, Format::Plain, &ImportOptions::default()).unwrap();
        let mut transcript = imported.transcript;
        let setting = survey(&transcript);
        gather(&mut transcript, &setting);
        let arrival = |entry: &Entry| match &entry.what {
            What::Hop(Hop { fate: Fate::Delivered(after), .. }) => after.as_millis(),
            _ => 0,
        };
        assert_eq!(transcript.entries.iter().map(arrival).collect::<Vec<_>>(), [60, 80, 0]);
    }

    #[test]
    fn users_act_when_they_like() {
        let log = relayed(10) + &told(13, "s.example") + &relayed(15) + &told(17, "t.example");
        assert_eq!(gathered(&log), [10, 10, 15, 15]);
    }
}
