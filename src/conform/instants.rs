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
mod gathered;
mod server;

use std::collections::VecDeque;
use std::io;

use self::gathered::Gathered;
use super::invariants::Setting;
use super::judgement::Judgement;
use super::splits;
use super::unsaid::{self, Entered};
use super::views::Seen;
use crate::dmuc::Note;
use crate::time::Duration;
use crate::transcript::{Entry, Record, Space, Watched};

/// Judge the record of real machines, which may lack something. `whole`: whether somebody knows
/// that it is not the log of one server. What is to be known of all of it is kept in that space.
///
/// # Errors
///
/// If there is no room.
pub fn judge(
    record: &dyn Record,
    setting: &Setting,
    whole: bool,
    space: Space,
) -> io::Result<Judgement> {
    let mut seen = Seen::new(setting);
    let mut watch = |entry: &Entry| seen.feed(entry);
    let (gathered, told) = gathered(&Watched::new(record, &mut watch), setting, space)?;
    let mut judgement = Judgement::of(gathered.record(), &told);
    gathered.check()?;
    let numbers = gathered.numbers(&judgement.entries())?;
    judgement.renumber(&numbers);
    let views = seen.views();
    judgement.limit(&if whole { views.whole() } else { views });
    Ok(judgement)
}

/// When its machines have lost one another and met again.
///
/// # Errors
///
/// If there is no room.
pub fn splits(
    record: &dyn Record,
    setting: &Setting,
    space: Space,
) -> io::Result<Vec<(usize, Note)>> {
    let (gathered, setting) = gathered(record, setting, space)?;
    let mut notes = splits::splits(gathered.record(), &setting);
    gathered.check()?;
    let numbers = gathered.numbers(&notes.iter().map(|(entry, _)| *entry).collect())?;
    for (entry, _) in &mut notes {
        *entry = numbers.get(entry).copied().unwrap_or(*entry);
    }
    notes.sort_by_key(|(entry, _)| *entry);
    Ok(notes)
}

/// Where it enters what the XEP leaves open.
///
/// # Errors
///
/// If there is no room.
pub fn entered(record: &dyn Record, setting: &Setting, space: Space) -> io::Result<Vec<Entered>> {
    let (gathered, setting) = gathered(record, setting, space)?;
    let mut entered = unsaid::entered(gathered.record(), &setting);
    gathered.check()?;
    let numbers = gathered.numbers(&entered.iter().map(|one| one.first).collect())?;
    for one in &mut entered {
        one.first = numbers.get(&one.first).copied().unwrap_or(one.first);
    }
    Ok(entered)
}

/// The record as the monitors read it, and by which setting.
fn gathered(
    record: &dyn Record,
    setting: &Setting,
    space: Space,
) -> io::Result<(Gathered, Setting)> {
    let gathered = Gathered::new(record, setting, space)?;
    let (open, begun) = (Some(gathered.open()), gathered.begun(setting)?);
    let mut setting = Setting { clock: CLOCK, open, begun, ..setting.clone() };
    setting.links.extend(gathered.links().iter().cloned());
    Ok((gathered, setting))
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
    use crate::transcript::{Fate, Hop};

    /// The milliseconds of the entries of a plain log, as they are gathered.
    fn gathered(log: &str) -> Vec<u128> {
        let imported = import(log, Format::Plain, &ImportOptions::default());
        let transcript = imported.map(|one| one.transcript).unwrap_or_default();
        let setting = survey(&transcript);
        let gathered = Gathered::new(&transcript, &setting, Space::MEMORY).unwrap();
        let epoch = "2026-01-01T00:00:00Z".parse().unwrap_or_default();
        let mut times = Vec::new();
        gathered.record().each(&mut |entry| times.push(entry.at.since(epoch).as_micros() / 1000));
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
        let gathered = Gathered::new(&imported.transcript, &setting, Space::MEMORY).unwrap();
        gathered.record().each(&mut |entry| match entry.hop() {
            Some((_, Hop { fate: Fate::Delivered(after), .. })) => {
                arrivals.push(Some(after.as_millis()));
            }
            _ => arrivals.push(None),
        });
        assert_eq!(arrivals, [Some(60), Some(80), Some(0)]);
    }

    #[test]
    fn users_act_when_they_like() {
        let log = relayed(10) + &told(13, "s.example") + &relayed(15) + &told(17, "t.example");
        assert_eq!(gathered(&log), [10, 10, 15, 15]);
    }
}
