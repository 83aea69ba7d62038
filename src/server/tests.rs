//! The server as a pure machine: what goes in, what comes out, no network.

mod accounts;
mod bounces;
mod clients;
mod hosted;
mod peers;
mod random;
mod routing;
mod together;

use std::collections::BTreeSet;

use super::*;
use crate::dmuc::{Persistence, Registration, Rooms, Timers};
use crate::stanza::Type;
use crate::time::Time;

const OWN: &str = "vesa.yeggmaex.irc";
const ROOMS: &str = "channel.avalon.irc";

/// A server at a desk: hands in what happens, keeps the time and what came out.
struct Desk {
    server: Server,
    now: Time,
    sessions: u32,
}

fn plain() -> ServerConfig {
    ServerConfig {
        domain: OWN.to_owned(),
        flavour: Flavour::Prosody,
        connect_timeout: Flavour::Prosody.connect_timeout(),
        slaves: Vec::new(),
        service: None,
    }
}

fn with_slave() -> ServerConfig {
    let jid = jid("slave@vesa.yeggmaex.irc");
    let room = jid_bare("wallops@channel.avalon.irc");
    let rooms = Rooms::Only(BTreeSet::from([room]));
    let slave = SlaveConfig {
        jid,
        rooms,
        history_max: 20,
        timers: Timers::default(),
        registration: Registration::Static,
        persistent: false,
    };
    ServerConfig { slaves: vec![slave.into()], ..plain() }
}

fn with_service(own: &str) -> ServerConfig {
    let service = ServiceConfig {
        domain: ROOMS.to_owned(),
        rooms: Vec::new(),
        creation: false,
        slaves: Vec::new(),
        timers: Timers::default(),
        registration: false,
        identify: false,
        persistence: Persistence::Nothing,
    };
    ServerConfig { domain: own.to_owned(), service: Some(service), ..plain() }
}

fn desk(config: ServerConfig) -> Desk {
    Desk { server: Server::new(config), now: Time::XEP_EPOCH, sessions: 0 }
}

impl Desk {
    fn step(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.server.step(self.now, input, &mut out);
        out
    }

    /// Open a session.
    fn open(&mut self, jid: &str) -> SessionId {
        self.sessions += 1;
        let id = SessionId(self.sessions);
        let out = self.step(Input::SessionOpened(id, FullJid::new(jid).unwrap()));
        assert_eq!(out, []);
        id
    }

    /// Open a session that is available with this priority.
    fn open_available(&mut self, jid: &str, priority: i8) -> SessionId {
        let id = self.open(jid);
        self.says(id, &format!("<presence><priority>{priority}</priority></presence>"));
        id
    }

    /// A client sends.
    fn says(&mut self, id: SessionId, xml: &str) -> Vec<Output> {
        self.step(Input::FromSession(id, xml.parse().unwrap()))
    }

    /// Another server sends.
    fn hears(&mut self, domain: &str, xml: &str) -> Vec<Output> {
        self.step(Input::FromPeer(domain.into(), xml.parse().unwrap()))
    }

    /// Time goes by, up to and including what is due.
    fn wait(&mut self, span: Duration) -> Vec<Output> {
        let until = self.now + span;
        let mut out = Vec::new();
        while let Some(due) = self.server.deadline()
            && due <= until
        {
            self.now = self.now.max(due);
            self.server.step(self.now, Input::Timeout, &mut out);
        }
        self.now = until;
        out
    }

    /// Have an open stream to a domain.
    fn connect(&mut self, domain: &str) {
        let from = format!("{OWN}/test");
        let to = format!("nobody@{domain}");
        let message = Stanza::message(Type::Error).with_from(jid(&from)).with_to(jid(&to));
        assert_eq!(self.step(Input::Forged(message.clone())), [Output::Dial(domain.into())]);
        let opened = self.step(Input::PeerOpened(domain.into()));
        assert_eq!(opened, [Output::ToPeer(domain.into(), message, self.now)]);
    }
}

fn jid(text: &str) -> Jid {
    Jid::new(text).unwrap()
}

fn jid_bare(text: &str) -> crate::stanza::BareJid {
    crate::stanza::BareJid::new(text).unwrap()
}

fn to_session(id: SessionId, xml: &str) -> Output {
    Output::ToSession(id, xml.parse().unwrap())
}

/// What leaves at the beginning, or has waited since then.
fn to_peer(domain: &str, xml: &str) -> Output {
    Output::ToPeer(domain.into(), xml.parse().unwrap(), Time::XEP_EPOCH)
}

/// The only stanza that came out for a session; panics with all if there is another number.
fn only_stanza(out: &[Output]) -> &Stanza {
    match out {
        [Output::ToSession(_, stanza)] => stanza,
        _ => panic!("not exactly one stanza for a session: {out:#?}"),
    }
}

/// The type and the condition of an error, as `cancel service-unavailable`.
fn error_of(stanza: &Stanza) -> String {
    let error = stanza.payload("error", crate::stanza::ns::CLIENT).expect("an error");
    let type_ = error.attr("type").unwrap_or_default();
    let condition = error.children().next().map_or("", |condition| condition.name());
    format!("{type_} {condition}")
}
