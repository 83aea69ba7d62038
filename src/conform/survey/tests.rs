use std::cell::Cell;

use super::*;
use crate::transcript::import::{Format, ImportOptions, import};
use crate::transcript::{Header, Transcript};

/// A record, and how often somebody goes through it.
struct Counted {
    transcript: Transcript,
    times: Cell<usize>,
}

impl Record for Counted {
    fn header(&self) -> &Header {
        &self.transcript.header
    }

    fn each(&self, take: &mut dyn FnMut(&Entry)) {
        self.times.set(self.times.get() + 1);
        self.transcript.each(take);
    }
}

/// A line of a plain log: what one server sends another in this second.
fn line(second: usize, (from, to): (&str, &str), stanza: &str) -> String {
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("2026-01-01T{hour:02}:{minute:02}:{second:02}Z\t{from}\t{to}\t{stanza}\n")
}

const UP: (&str, &str) = ("s.example", "m.example");
const DOWN: (&str, &str) = ("m.example", "s.example");

/// In this second a user says something in the room of this name.
fn said(second: usize, room: &str) -> String {
    let message = |from: &str, to: &str, x: &str| {
        let body = format!("<body>{second}</body>{x}");
        format!("<message from='{from}' to='{to}' id='{second}' type='groupchat'>{body}</message>")
    };
    let room = format!("{room}@m.example");
    let up = message("a@s.example/b", &room, "");
    let x = "<x xmlns='urn:xmpp:tmp:dmuc:0'/>";
    let down = message(&format!("{room}/A"), "slave@s.example", x);
    line(second, UP, &up) + &line(second, DOWN, &down)
}

/// Somebody asks to enter.
fn enters(second: usize, jid: &str) -> String {
    let x = "<x xmlns='http://jabber.org/protocol/muc'/>";
    line(second, UP, &format!("<presence from='{jid}' to='r@m.example/N'>{x}</presence>"))
}

/// How often one has to go through this log to know its setting, which is the one that somebody
/// finds who knows all users from the beginning.
fn times(log: &str) -> usize {
    let imported = import(log, Format::Plain, &ImportOptions::default());
    let transcript = imported.map(|one| one.transcript).unwrap_or_default();
    let (users, mut plain) = (Users::default(), Plain::new(transcript.header.epoch));
    transcript.each(&mut |entry| plain.feed(entry, &users));
    let exact = again(&transcript, &users, plain.begin).setting(plain);
    assert!(!exact.rooms.is_empty() && !exact.slaves.is_empty());
    let counted = Counted { transcript, times: Cell::default() };
    assert_eq!(survey(&counted), exact);
    counted.times.get()
}

#[test]
fn a_record_is_gone_through_once_if_nothing_shows_late() {
    let enters = enters(0, "a@s.example/b");
    for seconds in [10, HELD] {
        let log = (1..seconds).fold(enters.clone(), |log, second| log + &said(second, "r"));
        assert_eq!(times(&log), 1);
    }
}

#[test]
fn what_shows_late_is_understood_all_the_same() {
    let log = (1..HELD).fold(String::new(), |log, second| log + &said(second, "r"));
    assert_eq!(times(&(log.clone() + &said(HELD, "q"))), 3);
    // Until then he might have been a slave.
    assert_eq!(times(&(log + &enters(HELD, "a@s.example/b"))), 3);
}
