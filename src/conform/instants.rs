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

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::causes::Signs;
use self::server::{Server, Stamp};
use super::invariants::Setting;
use super::invariants::reading::{bare_of, domain_of};
use super::judgement::Judgement;
use super::splits;
use super::survey;
use super::unsaid::{self, Entered};
use crate::dmuc::Note;
use crate::time::{Duration, Time};
use crate::transcript::{Entry, Fate, Header, Hop, Name, Record, Transcript, What, is_client};

/// Judge the record of real machines.
pub fn judge(transcript: &Transcript, setting: &Setting) -> Judgement {
    let (gathered, setting) = gathered(transcript, setting);
    let mut judgement = Judgement::of(&gathered, &setting);
    judgement.renumber(&gathered.order);
    judgement
}

/// When its machines have lost one another and met again.
pub fn splits(transcript: &Transcript, setting: &Setting) -> Vec<(usize, Note)> {
    let (gathered, setting) = gathered(transcript, setting);
    let mut notes = splits::splits(&gathered, &setting);
    notes.iter_mut().for_each(|(entry, _)| *entry = gathered.number(*entry));
    notes.sort_by_key(|(entry, _)| *entry);
    notes
}

/// Where it enters what the XEP leaves open.
pub fn entered(transcript: &Transcript, setting: &Setting) -> Vec<Entered> {
    let (gathered, setting) = gathered(transcript, setting);
    let mut entered = unsaid::entered(&gathered, &setting);
    entered.iter_mut().for_each(|one| one.first = gathered.number(one.first));
    entered
}

/// The record as the monitors read it, and by which setting.
fn gathered<'a>(transcript: &'a Transcript, setting: &Setting) -> (Gathered<'a>, Setting) {
    let gathered = Gathered::new(transcript, setting);
    let open = Some(open(&gathered));
    let begun = begun(&gathered, setting);
    let mut setting = Setting { clock: CLOCK, open, begun, ..setting.clone() };
    setting.links.extend(survey::links(&gathered));
    (gathered, setting)
}

/// The first entry of a record about which servers may have been at something when it stopped.
pub fn open(record: &dyn Record) -> usize {
    let (mut first, mut last) = (0, VecDeque::new());
    record.each(&mut |entry| {
        last.push_back(entry.at);
        while last.front().is_some_and(|at| *at + OPEN < entry.at) {
            last.pop_front();
            first += 1;
        }
    });
    first
}

/// How many entries there are before the first pause in a record that begins in the middle of
/// something: a server tells its user something, or hands on what he has sent, or a room tells what
/// somebody has said.
fn begun(record: &dyn Record, setting: &Setting) -> usize {
    let (mut number, mut inside) = (0, false);
    let (mut last, mut clients) = (None, BTreeSet::new());
    let mut relay = None;
    record.each(&mut |entry| {
        if let (None, Some((_, hop))) = (last, entry.hop()) {
            let from = hop.stanza.from.as_ref().map_or("", |from| from.as_str());
            let mut rooms = setting.rooms.iter().map(|room| room.config.jid.as_str());
            let own = is_client(from) && *domain_of(from) == *hop.from;
            let own = own && !rooms.any(|room| room == bare_of(from));
            relay = own.then(|| hop.from.clone());
            let said = hop.stanza.is_groupchat();
            inside = !is_client(&hop.from) && (is_client(&hop.to) || own || said);
        }
        if let Some((_, hop)) = entry.hop().filter(|(_, hop)| is_client(&hop.from)) {
            clients.insert(hop.to.clone());
        }
        inside &= last.is_none_or(|last| entry.at < last + DONE);
        number += usize::from(inside);
        last = Some(entry.at);
    });
    // What clients send need not be in it at all.
    if relay.is_none_or(|host| clients.contains(&host)) { number } else { 0 }
}

/// A record in which each server acts at the instant at which it is asked.
struct Gathered<'a> {
    transcript: &'a Transcript,
    /// For each entry of the transcript when it was, and when what was sent came.
    times: Vec<(Time, Time)>,
    /// The numbers of its entries, by time.
    order: Vec<usize>,
}

impl<'a> Gathered<'a> {
    fn new(transcript: &'a Transcript, setting: &Setting) -> Self {
        let mut gathering = Gathering::default();
        let entries = transcript.entries.iter();
        let times = entries.enumerate().map(|(number, entry)| {
            let at = gathering.feed(number, entry, setting);
            (at, at + delay(entry).unwrap_or_default())
        });
        let mut times: Vec<_> = times.collect();
        for server in gathering.servers.values() {
            for (number, at) in server.arrivals() {
                times[number].1 = at.max(times[number].0);
            }
        }
        keep_order(&transcript.entries, &mut times);
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by_key(|number| times[*number].0);
        Self { transcript, times, order }
    }

    /// The number that this entry has in the transcript.
    fn number(&self, entry: usize) -> usize {
        self.order.get(entry).copied().unwrap_or(entry)
    }
}

impl Record for Gathered<'_> {
    fn header(&self) -> &Header {
        &self.transcript.header
    }

    fn each(&self, take: &mut dyn FnMut(&Entry)) {
        for number in &self.order {
            let (at, came) = self.times[*number];
            let mut entry = Entry { at, ..self.transcript.entries[*number].clone() };
            if let What::Hop(Hop { fate: Fate::Delivered(after), .. }) = &mut entry.what {
                *after = came.since(at);
            }
            take(&entry);
        }
    }
}

/// How long it took to come, if it came.
fn delay(entry: &Entry) -> Option<Duration> {
    match entry.hop()?.1.fate {
        Fate::Delivered(after) => Some(after),
        _ => None,
    }
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
    /// The next entry, and when it counts as having been.
    fn feed(&mut self, number: usize, entry: &Entry, setting: &Setting) -> Time {
        let at = entry.at;
        let mut counts = at;
        self.arrive_until(at);
        let What::Hop(hop) = &entry.what else { return counts };
        let signs = causes::signs(hop, setting);
        if !is_client(&hop.from) {
            let server = self.servers.entry(hop.from.clone()).or_default();
            let since = server.send(at, &hop.to, &signs);
            let used = self.used.entry((hop.from.clone(), hop.to.clone())).or_insert(since);
            *used = since.max(*used);
            counts = *used;
        }
        if let Fate::Delivered(after) = hop.fate
            && !is_client(&hop.to)
        {
            let (from, to) = (hop.from.clone(), hop.to.clone());
            self.under_way.insert((at + after, number), UnderWay { from, to, signs });
        }
        counts
    }

    fn arrive_until(&mut self, at: Time) {
        while let Some(first) = self.under_way.first_entry().filter(|first| first.key().0 <= at) {
            let ((at, number), UnderWay { from, to, signs }) = first.remove_entry();
            self.servers.entry(to).or_default().get(Stamp { number, at, from }, signs);
        }
    }
}

/// What is sent over a link arrives in the order in which it was sent.
fn keep_order(entries: &[Entry], times: &mut [(Time, Time)]) {
    let mut last: BTreeMap<(&Name, &Name), Time> = BTreeMap::new();
    for (entry, (at, came)) in entries.iter().zip(times) {
        let What::Hop(hop) = &entry.what else { continue };
        if delay(entry).is_some() {
            let last = last.entry((&hop.from, &hop.to)).or_insert(*at);
            *last = (*came).max(*last);
            *came = *last;
        }
    }
}

/// Clocks differ, and many servers write whole seconds.
const CLOCK: Duration = Duration::from_secs(2);

/// What is so old at the end of a record is done; many servers write whole seconds.
const OPEN: Duration = Duration::from_secs(2);

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
    use crate::transcript::import::{Format, ImportOptions, import};

    /// The milliseconds of the entries of a plain log, as they are gathered.
    fn gathered(log: &str) -> Vec<u128> {
        let imported = import(log, Format::Plain, &ImportOptions::default());
        let transcript = imported.map(|one| one.transcript).unwrap_or_default();
        let setting = survey(&transcript);
        let gathered = Gathered::new(&transcript, &setting);
        let epoch = "2026-01-01T00:00:00Z".parse().unwrap_or_default();
        let mut times = Vec::new();
        gathered.each(&mut |entry| times.push(entry.at.since(epoch).as_micros() / 1000));
        times
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
        let setting = survey(&imported.transcript);
        let mut arrivals = Vec::new();
        Gathered::new(&imported.transcript, &setting).each(&mut |entry| {
            arrivals.push(delay(entry).map(|after| after.as_millis()));
        });
        assert_eq!(arrivals, [Some(60), Some(80), Some(0)]);
    }

    #[test]
    fn users_act_when_they_like() {
        let log = relayed(10) + &told(13, "s.example") + &relayed(15) + &told(17, "t.example");
        assert_eq!(gathered(&log), [10, 10, 15, 15]);
    }
}
