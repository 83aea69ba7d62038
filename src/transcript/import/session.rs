//! Streams as somebody between them sees them: whose each is, and so between which hosts its
//! stanzas went.
//!
//! Streams between servers carry many domains; there, each stanza went from the domain of its
//! `from` to that of its `to`. A client's stream is its own: it is named when a resource is bound,
//! and what came before waits for that. What a component sends and gets goes between domains, too,
//! and may be seen on a stream between servers as well ([`super::sights`]).

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::contents::{Announced, Contents, Where};
use super::gather::{Full, Gathered};
use super::peer::{Peer, Way};
use super::sights::{Place, Sights, Told};
use super::waiting::{Late, Owner, Seen, Waiting};
use super::{Remark, piece};
use crate::stanza::{Element, Jid, Kind, Stanza};
use crate::time::Time;
use crate::transcript::{Name, StoredError, is_client};

/// How many streams may be open at once.
const SESSIONS_MAX: usize = 10_000;
const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
const ONLY_TAG: &str = "a stanza of which only the start tag is told";
const SASL2: &str = "urn:xmpp:sasl:2";

struct Session {
    peer: Peer,
    /// With whom it is likely to be.
    guess: Peer,
    client: Option<Name>,
    /// What is not recorded until it is known whose the stream is.
    waiting: Waiting,
    /// The ids of requests that make a session; their answers are no stanzas of anybody.
    setup: BTreeSet<String>,
}

/// The streams of a text.
pub(super) struct Sessions {
    pub gathered: Gathered,
    open: BTreeMap<String, Session>,
    /// What was seen between domains.
    sights: Sights,
    /// What is told of the content of stanzas, and the stanzas of which only the start tag is.
    contents: Option<Contents>,
    /// What waits of streams on which much does, and whose these are.
    late: Late,
    /// Whether the text is the log of the server to which the streams are.
    of_server: bool,
}

impl Sessions {
    /// As somebody sees them who is at neither end.
    pub fn new(gathered: Gathered) -> Self {
        let (sights, late) = (Sights::new(gathered.space), Late::new(gathered.space));
        Self { gathered, open: BTreeMap::new(), sights, contents: None, late, of_server: false }
    }

    /// As the server sees them that they are with.
    pub fn of_server(gathered: Gathered) -> Self {
        Self { of_server: true, ..Self::new(gathered) }
    }

    /// Of some stanzas only the start tag is told where they cross a stream, and the content
    /// perhaps on another.
    pub fn with_start_tags(self) -> Self {
        Self { contents: Some(Contents::new(self.gathered.space)), ..self }
    }

    /// Only the start tag of this stanza is told.
    pub fn announce(&mut self, announced: Announced) {
        if let Some(contents) = &mut self.contents {
            let kept = contents.announce(announced);
            self.gathered.note(kept);
        }
    }

    /// A stream of this name is open, and with whom. What was open under its name is over unless
    /// it is the same.
    pub fn open(&mut self, name: &str, peer: Peer) -> Result<(), Full> {
        match self.open.get(name) {
            Some(open) if open.peer == peer || peer == Peer::Unknown => return Ok(()),
            Some(open) if open.peer == Peer::Unknown => {}
            _ => self.close(name),
        }
        if self.open.len() >= SESSIONS_MAX {
            return Err(Full::new("one more stream", format!("at most {SESSIONS_MAX} at once")));
        }
        let fresh = Session {
            peer,
            guess: Peer::Unknown,
            client: None,
            waiting: Waiting::default(),
            setup: BTreeSet::new(),
        };
        self.open.entry(name.to_owned()).or_insert(fresh).peer = peer;
        Ok(())
    }

    /// With whom an open stream is, unless its start tells.
    pub fn guess(&mut self, name: &str, peer: Peer) {
        if let Some(session) = self.open.get_mut(name) {
            session.guess = peer;
        }
    }

    /// The stream of this name is over.
    pub fn close(&mut self, name: &str) {
        if let Some(session) = self.open.remove(name) {
            self.settle(session);
        }
    }

    /// The client of this stream is named.
    pub fn bound(&mut self, name: &str, jid: &str) {
        let client = self.gathered.hosts.named(jid.trim()).ok();
        let client = client.filter(|client| is_client(client));
        if let (Some(client), Some(session)) = (client, self.open.get_mut(name)) {
            session.client = Some(client.clone());
            let waiting = std::mem::take(&mut session.waiting);
            self.record_waiting(waiting, &Owner::Client(client));
        }
    }

    fn record_waiting(&mut self, waiting: Waiting, owner: &Owner) {
        for seen in waiting.settle(owner, &mut self.late) {
            self.record_of(owner, seen);
        }
    }

    /// Record what crossed the stream of somebody.
    fn record_of(&mut self, owner: &Owner, seen: Seen) {
        match owner {
            Owner::Client(client) => self.record_client(client, seen),
            Owner::Server => self.see(Place::Between, seen, false),
            Owner::Component => self.see(Place::of_component(seen.way), seen, false),
            Owner::Nobody => {
                let about = "a stanza of a client of which no full JID is told";
                self.gathered.notice(seen.line, Remark::LeftOut, about);
            }
        }
    }

    /// An element crossed the stream of this name.
    pub fn element(
        &mut self,
        name: &str,
        (line, at): (usize, Time),
        way: Way,
        element: Element,
    ) -> Result<(), Full> {
        if !matches!(element.name(), "message" | "presence" | "iq") {
            self.gathered.passed_over += 1;
            if element.is("success", SASL2) {
                let jid = element.get_child("authorization-identifier", SASL2).map(Element::text);
                jid.into_iter().for_each(|jid| self.bound(name, &jid));
            }
            return Ok(());
        }
        match piece::stanza_of(element) {
            Ok(mut stanza) => {
                let number = self.gathered.admit(&mut stanza)?;
                self.stanza(name, Seen { line, at, number, way, stanza })
            }
            Err(why) => {
                self.gathered.notice(line, Remark::LeftOut, why);
                Ok(())
            }
        }
    }

    fn stanza(&mut self, name: &str, seen: Seen) -> Result<(), Full> {
        let Some(session) = self.open.get_mut(name) else {
            self.open(name, Peer::Unknown)?;
            return self.stanza(name, seen);
        };
        if session.sets_up(&seen.stanza) {
            self.gathered.passed_over += 1;
            let bind = seen.stanza.payload("bind", BIND);
            let jid = bind.and_then(|bind| bind.get_child("jid", BIND)).map(Element::text);
            jid.into_iter().for_each(|jid| self.bound(name, &jid));
            return Ok(());
        }
        match (session.peer, session.client.clone()) {
            (Peer::Client, Some(client)) => self.record_client(&client, seen),
            (Peer::Server, _) => self.record_of(&Owner::Server, seen),
            (Peer::Component, _) => self.record_of(&Owner::Component, seen),
            (Peer::Client | Peer::Unknown, _) => {
                let kept = session.waiting.push(seen, &mut self.late);
                self.gathered.note(kept);
            }
        }
        Ok(())
    }

    fn record_client(&mut self, client: &Name, seen: Seen) {
        let bare = client.split('/').next().unwrap_or_default();
        let domain = bare.rsplit('@').next().unwrap_or_default();
        // Only known domains have clients that are named.
        let server = self.gathered.hosts.named(domain).unwrap_or_else(|_| domain.into());
        if self.of_server && !self.gathered.served.contains(&server) {
            self.gathered.served.insert(server.clone());
        }
        let between = match seen.way {
            Way::In => (client.clone(), server),
            Way::Out => (server, client.clone()),
        };
        let seen = seen.between(between);
        if let Some(contents) = &mut self.contents {
            self.gathered.note(contents.hold(Where::ToClients, &seen));
        }
        self.gathered.hop(seen);
    }

    /// A stanza between domains is seen there. `is_tag`: whether only its start tag is told.
    fn see(&mut self, place: Place, seen: Seen, is_tag: bool) {
        let between = match self.domains(&seen.stanza) {
            Ok(between) => between,
            Err(why) => return self.gathered.notice(seen.line, Remark::LeftOut, why),
        };
        // The server of a component serves what is at the component's end of its stream.
        let ours = match (place, seen.way) {
            (Place::Between, Way::In) | (Place::Got, _) => &between.1,
            (Place::Between, Way::Out) | (Place::Sent, _) => &between.0,
        };
        if self.of_server && !self.gathered.served.contains(ours) {
            self.gathered.served.insert(ours.clone());
        }
        let seen = seen.between(between);
        if let Some(contents) = &mut self.contents {
            self.gathered.note(contents.hold(Where::BetweenDomains, &seen));
        }
        let kept = self.sights.push(place, is_tag, &seen);
        self.gathered.note(kept);
    }

    /// From which domain a stanza comes, and to which it goes.
    fn domains(&mut self, stanza: &Stanza) -> Result<(Name, Name), String> {
        let mut named = |jid: &Option<std::sync::Arc<Jid>>, attribute: &str| {
            let jid =
                jid.as_ref().ok_or(format!("a stanza between servers has no `{attribute}`"))?;
            let domain = jid.domain().as_str();
            let named = self.gathered.hosts.named(domain);
            named.map_err(|expected| format!("`{domain}` is not {expected}"))
        };
        Ok((named(&stanza.from, "from")?, named(&stanza.to, "to")?))
    }

    /// Record what waited on a stream that is over, or say why not.
    fn settle(&mut self, session: Session) {
        let Some(line) = session.waiting.first() else { return };
        let client = session.waiting.client().map(str::to_owned);
        let client = client.and_then(|jid| self.gathered.hosts.named(&jid).ok());
        let owner = match (session.likely_peer(), client) {
            (Peer::Server, _) => Owner::Server,
            (Peer::Component, _) => Owner::Component,
            (_, Some(client)) => Owner::Client(client),
            (_, None) => Owner::Nobody,
        };
        let taken_for = match &owner {
            Owner::Nobody => None,
            Owner::Server => Some("one between servers".to_owned()),
            Owner::Component => Some("that of a component".to_owned()),
            Owner::Client(client) => Some(format!("that of `{client}`")),
        };
        if let Some(taken_for) = taken_for {
            let about = format!("a stream is taken for {taken_for}, as its start is not told");
            self.gathered.notice(line, Remark::Supplied, about);
        }
        self.record_waiting(session.waiting, &owner);
    }

    /// Take the content of stanzas of which only the start tag is told where they crossed a stream
    /// from another.
    fn complete(&mut self, contents: Contents) -> io::Result<()> {
        // How many are of components, and the first of them: its number, its line, and that on
        // which its content is told.
        let (mut count, mut first) = (0, None);
        contents.complete(|peer, seen, told| match (peer, told) {
            (Peer::Component, told) => {
                if let Some(told) = told {
                    count += 1;
                    let this = (seen.number, seen.line, told);
                    first = Some(first.map_or(this, |first: (_, _, _)| first.min(this)));
                }
                self.see(Place::of_component(seen.way), seen, told.is_none());
            }
            (Peer::Server, Some(told)) => {
                let about = format!("the content of a stanza, from line {told}");
                self.gathered.notice(seen.line, Remark::Supplied, about);
                self.record_of(&Owner::Server, seen);
            }
            _ => self.gathered.notice(seen.line, Remark::LeftOut, ONLY_TAG),
        })?;
        if let Some((_, line, told)) = first {
            let about = match count {
                1 => format!("the content of a stanza, from line {told}"),
                many => format!(
                    "the content of {many} stanzas of components, from where they are seen too \
                     (of the first, from line {told})"
                ),
            };
            self.gathered.notice(line, Remark::Supplied, about);
        }
        Ok(())
    }

    /// The record of all streams.
    pub fn finish(mut self) -> Result<Gathered, StoredError> {
        while let Some((_, session)) = self.open.pop_first() {
            self.settle(session);
        }
        let late = std::mem::replace(&mut self.late, Late::new(self.gathered.space));
        late.drain(|owner, seen| self.record_of(owner, seen))?;
        if let Some(contents) = self.contents.take() {
            self.complete(contents)?;
        }
        let Self { mut gathered, sights, .. } = self;
        let (mut again, mut first) = (0, None);
        sights.tell(|told| match told {
            Told::Once(seen) => gathered.hop(seen),
            Told::Empty(line) => gathered.notice(line, Remark::LeftOut, ONLY_TAG),
            Told::Again(line) => {
                again += 1;
                first = Some(first.map_or(line, |first: usize| first.min(line)));
            }
        })?;
        if let Some(first) = first {
            let about = match again {
                1 => "a stanza of a component that is seen on another stream too".to_owned(),
                many => format!("{many} stanzas of components that are seen on another stream too"),
            };
            gathered.notice(first, Remark::LeftOut, about);
        }
        Ok(gathered)
    }
}

impl Session {
    /// Whether this is part of making a session (RFC 6120 §7, RFC 3921 §3).
    fn sets_up(&mut self, stanza: &Stanza) -> bool {
        if stanza.kind != Kind::Iq || self.peer == Peer::Server {
            return false;
        }
        let id = stanza.id.as_deref().unwrap_or_default();
        if !stanza.has_payload("bind", BIND) && !stanza.has_payload("session", SESSION) {
            return !stanza.is_request() && self.setup.remove(id);
        }
        if stanza.is_request() {
            self.setup.insert(id.to_owned());
        } else {
            self.setup.remove(id);
        }
        true
    }

    /// With whom it is if nobody said.
    fn likely_peer(&self) -> Peer {
        let said = [self.peer, self.guess].into_iter().find(|peer| *peer != Peer::Unknown);
        let between = self.waiting.is_between_servers();
        said.unwrap_or(if between { Peer::Server } else { Peer::Client })
    }
}
