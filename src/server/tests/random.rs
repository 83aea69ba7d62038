//! Random short lives of a server. Whatever happens: what is sent to another server gets away once
//! or comes back once, in order; errors and results are never answered; no timer is left due.

use proptest::prelude::*;

use super::check::fault;
use super::*;
use crate::stanza::{Kind, element};

const REMOTE: [&str; 2] = ["channel.avalon.irc", "eris.dclxvii.irc"];

/// One thing that happens; numbers choose among few possibilities.
#[derive(Clone, Debug)]
enum Event {
    Open(u32),
    Close(u32),
    Send { session: u32, kind: u8, type_: u8, to: u8 },
    Opened(usize),
    Failed(usize, u8),
    Ended(usize),
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => (0..3u32).prop_map(Event::Open),
        1 => (0..3u32).prop_map(Event::Close),
        6 => (0..3u32, 0..3u8, 0..6u8, 0..6u8)
            .prop_map(|(session, kind, type_, to)| Event::Send { session, kind, type_, to }),
        1 => (0..2usize).prop_map(Event::Opened),
        1 => (0..2usize, 0..3u8).prop_map(|(domain, error)| Event::Failed(domain, error)),
        1 => (0..2usize).prop_map(Event::Ended),
        1 => (0..30_000u64).prop_map(Event::Wait),
    ]
}

fn full_jid(session: u32) -> FullJid {
    FullJid::new(&format!("user@{OWN}/{session}")).unwrap()
}

fn stanza(number: usize, kind: u8, type_: u8, to: u8) -> Stanza {
    let kinds = [Kind::Message, Kind::Presence, Kind::Iq];
    let types = [Type::Absent, Type::Error, Type::Result, Type::Get, Type::Groupchat, Type::Chat];
    let addressees = [
        "user@vesa.yeggmaex.irc",
        "user@vesa.yeggmaex.irc/1",
        "nobody@vesa.yeggmaex.irc",
        "wallops@channel.avalon.irc/WiZ",
        "wallops@channel.avalon.irc",
        "wiz@eris.dclxvii.irc",
    ];
    Stanza::new(kinds[usize::from(kind)], types[usize::from(type_)].clone())
        .with_id(number.to_string())
        .with_to(jid(addressees[usize::from(to)]))
        .with_payload(element("x", "y", &[]))
}

/// A server that lives through random events, and the books that are kept on it.
struct Life {
    desk: Desk,
    sessions: [Option<SessionId>; 3],
    /// What was sent, by its number.
    sent: Vec<Stanza>,
    /// What should have gone to another server, and what went there and what came back.
    due: Vec<usize>,
    away: Vec<(Domain, usize)>,
    back: Vec<usize>,
}

impl Life {
    fn live(&mut self, event: &Event) {
        let out = match *event {
            Event::Open(session) => {
                self.desk.sessions += 1;
                let id = SessionId(self.desk.sessions);
                self.sessions[session as usize] = Some(id);
                self.desk.step(Input::SessionOpened(id, full_jid(session)))
            }
            Event::Close(session) => match self.sessions[session as usize].take() {
                Some(id) => self.desk.step(Input::SessionClosed(id)),
                None => Vec::new(),
            },
            Event::Send { session, kind, type_, to } => {
                let number = self.sent.len();
                let stanza = stanza(number, kind, type_, to);
                self.sent.push(stanza.clone().with_from(Jid::from(full_jid(session))));
                let Some(id) = self.sessions[session as usize] else { return };
                if to >= 3 && fault(&stanza).is_none() {
                    self.due.push(number);
                }
                self.desk.step(Input::FromSession(id, stanza))
            }
            Event::Opened(domain) => self.desk.step(Input::PeerOpened(REMOTE[domain].into())),
            Event::Failed(domain, error) => {
                let errors = [DialError::Refused, DialError::UnknownHost, DialError::Broken];
                let error = errors[usize::from(error)];
                self.desk.step(Input::PeerFailed(REMOTE[domain].into(), error))
            }
            Event::Ended(domain) => self.desk.step(Input::PeerClosed(REMOTE[domain].into())),
            Event::Wait(millis) => self.desk.wait(Duration::from_millis(millis)),
        };
        self.book(&out);
        // What is due is done before anything else happens.
        let out = self.desk.wait(Duration::ZERO);
        self.book(&out);
        assert!(self.desk.server.deadline().is_none_or(|due| due > self.desk.now));
    }

    fn book(&mut self, out: &[Output]) {
        for output in out {
            let (Output::ToPeer(_, stanza, _)
            | Output::Undeliverable(_, stanza)
            | Output::ToSession(_, stanza)) = output
            else {
                continue;
            };
            let Some(number) = stanza.id.as_deref().and_then(|id| id.parse().ok()) else {
                continue;
            };
            match output {
                Output::ToPeer(domain, ..) => self.away.push((Domain::clone(domain), number)),
                Output::Undeliverable(..) => self.back.push(number),
                _ => {}
            }
            let original = &self.sent[number];
            let answer = stanza.from != original.from;
            let result = original.kind == Kind::Iq && original.type_ == Type::Result;
            assert!(!(answer && (original.is_error() || result)), "an answer to it: {stanza}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_sent_gets_away_or_comes_back_once_and_errors_are_not_answered(
        ejabberd: bool,
        events in prop::collection::vec(event(), 1..60),
    ) {
        let flavour = if ejabberd { Flavour::Ejabberd } else { Flavour::Prosody };
        let mut life = Life {
            desk: desk(ServerConfig { flavour, ..plain() }),
            sessions: [None; 3],
            sent: Vec::new(),
            due: Vec::new(),
            away: Vec::new(),
            back: Vec::new(),
        };
        for event in &events {
            life.live(event);
        }
        life.live(&Event::Wait(30_000));
        for domain in REMOTE {
            let order: Vec<_> = life.away.iter().filter(|(to, _)| &**to == domain).collect();
            prop_assert!(order.is_sorted(), "out of order: {order:?}");
        }
        let mut seen: Vec<usize> = life.away.iter().map(|(_, number)| *number).collect();
        seen.append(&mut life.back);
        seen.sort_unstable();
        prop_assert_eq!(seen, life.due);
    }
}
