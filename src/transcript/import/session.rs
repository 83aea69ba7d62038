//! Streams as somebody between them sees them: whose each is, and so between which hosts its
//! stanzas went.
//!
//! Streams between servers carry many domains; there, each stanza went from the domain of its
//! `from` to that of its `to`. A client's stream is its own: it is named when a resource is bound,
//! and what came before waits for that. What a component sends and gets goes between domains, too,
//! and may be seen on a stream between servers as well ([`sights`]).

use std::collections::{BTreeMap, BTreeSet};

use super::gather::{ContentKey, Contents, Full, Gathered};
use super::peer::{Peer, Way};
use super::sights::{self, Place, Sight};
use super::{Remark, piece};
use crate::stanza::{Element, Jid, Kind, Stanza};
use crate::time::{Duration, Time};
use crate::transcript::{Fate, Name, is_client};

/// How many streams may be open at once.
const SESSIONS_MAX: usize = 10_000;
const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
const ONLY_TAG: &str = "a stanza of which only the start tag is told";
const SASL2: &str = "urn:xmpp:sasl:2";

/// A stanza on a stream.
struct Seen {
    line: usize,
    at: Time,
    way: Way,
    stanza: Stanza,
}

/// A stanza of which only the start tag is told.
pub(super) struct Announced {
    pub line: usize,
    pub at: Time,
    pub stream: String,
    pub peer: Peer,
    pub way: Way,
    pub stanza: Stanza,
}

struct Session {
    peer: Peer,
    /// With whom it is likely to be.
    guess: Peer,
    client: Option<Name>,
    /// What is not recorded until it is known whose the stream is.
    waiting: Vec<Seen>,
    /// The ids of requests that make a session; their answers are no stanzas of anybody.
    setup: BTreeSet<String>,
}

/// The streams of a text.
pub(super) struct Sessions {
    pub gathered: Gathered,
    open: BTreeMap<String, Session>,
    /// What was seen between domains.
    sights: Vec<Sight>,
    /// Whether the text is the log of the server to which the streams are.
    of_server: bool,
}

impl Sessions {
    /// As somebody sees them who is at neither end.
    pub fn new(gathered: Gathered) -> Self {
        Self { gathered, open: BTreeMap::new(), sights: Vec::new(), of_server: false }
    }

    /// As the server sees them that they are with.
    pub fn of_server(gathered: Gathered) -> Self {
        Self { of_server: true, ..Self::new(gathered) }
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
            waiting: Vec::new(),
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
            for seen in std::mem::take(&mut session.waiting) {
                self.record_client(&client, seen);
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
                self.gathered.admit(&mut stanza)?;
                self.stanza(name, Seen { line, at, way, stanza })
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
            (Peer::Server, _) => self.see(Place::Between, seen),
            (Peer::Component, _) => self.see(Place::of_component(seen.way), seen),
            (Peer::Client | Peer::Unknown, _) => session.waiting.push(seen),
        }
        Ok(())
    }

    fn record_client(&mut self, client: &Name, seen: Seen) {
        let bare = client.split('/').next().unwrap_or_default();
        let domain = bare.rsplit('@').next().unwrap_or_default();
        // Only known domains have clients that are named.
        let server = self.gathered.hosts.named(domain).unwrap_or_else(|_| domain.into());
        if self.of_server {
            self.gathered.served.insert(server.clone());
        }
        let between = match seen.way {
            Way::In => (client.clone(), server),
            Way::Out => (server, client.clone()),
        };
        self.record(seen, between)
    }

    /// A stanza between domains.
    fn see(&mut self, place: Place, seen: Seen) {
        self.sight(place, seen, false);
    }

    fn sight(&mut self, place: Place, seen: Seen, is_tag: bool) {
        let Seen { line, at, way, stanza } = seen;
        match self.domains(&stanza) {
            Ok(between) => {
                // The server of a component serves what is at the component's end of its stream.
                let ours = match (place, way) {
                    (Place::Between, Way::In) | (Place::Got, _) => &between.1,
                    (Place::Between, Way::Out) | (Place::Sent, _) => &between.0,
                };
                if self.of_server {
                    self.gathered.served.insert(ours.clone());
                }
                self.sights.push(Sight { line, at, place, between, stanza, is_tag });
            }
            Err(why) => self.gathered.notice(line, Remark::LeftOut, why),
        }
    }

    fn record(&mut self, seen: Seen, between: (Name, Name)) {
        let fate = Fate::Delivered(Duration::ZERO);
        self.gathered.hop(seen.line, seen.at, between, seen.stanza, fate);
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
        let Some(first) = session.waiting.first() else { return };
        let line = first.line;
        let (peer, named) = (session.likely_peer(), session.named_by_stanzas());
        let client = named.and_then(|jid| self.gathered.hosts.named(&jid).ok());
        let taken_for = match (peer, &client) {
            (Peer::Server, _) => "one between servers".to_owned(),
            (Peer::Component, _) => "that of a component".to_owned(),
            (_, Some(client)) => format!("that of `{client}`"),
            (_, None) => {
                for seen in session.waiting {
                    let about = "a stanza of a client of which no full JID is told";
                    self.gathered.notice(seen.line, Remark::LeftOut, about);
                }
                return;
            }
        };
        let about = format!("a stream is taken for {taken_for}, as its start is not told");
        self.gathered.notice(line, Remark::Supplied, about);
        for seen in session.waiting {
            match (peer, &client) {
                (Peer::Server, _) => self.see(Place::Between, seen),
                (Peer::Component, _) => self.see(Place::of_component(seen.way), seen),
                (_, Some(client)) => self.record_client(client, seen),
                (_, None) => {}
            }
        }
    }

    /// Take the content of stanzas of which only the start tag is told where they crossed a stream
    /// from another.
    fn complete(&mut self, announced: Vec<Announced>) {
        let contents = self.contents();
        let mut of_components = Vec::new();
        for Announced { line, at, peer, way, mut stanza, .. } in announced {
            let content = contents.get(&ContentKey::of(&stanza)).filter(|_| stanza.id.is_some());
            let told = content.map(|(told, payloads)| {
                stanza.payloads = payloads.clone();
                *told
            });
            let seen = Seen { line, at, way, stanza };
            match (peer, told) {
                (Peer::Component, told) => {
                    of_components.extend(told.map(|told| (line, told)));
                    self.sight(Place::of_component(way), seen, told.is_none());
                }
                (Peer::Server, Some(told)) => {
                    let about = format!("the content of a stanza, from line {told}");
                    self.gathered.notice(line, Remark::Supplied, about);
                    self.see(Place::Between, seen);
                }
                _ => self.gathered.notice(line, Remark::LeftOut, ONLY_TAG),
            }
        }
        if let Some((line, told)) = of_components.first() {
            let about = match of_components.len() {
                1 => format!("the content of a stanza, from line {told}"),
                many => format!(
                    "the content of {many} stanzas of components, from where they are seen too \
                     (of the first, from line {told})"
                ),
            };
            self.gathered.notice(*line, Remark::Supplied, about);
        }
    }

    /// The contents that are told of stanzas that have an id.
    fn contents(&self) -> Contents {
        let mut contents = self.gathered.contents();
        for Sight { line, stanza, .. } in self.sights.iter().filter(|one| one.stanza.id.is_some()) {
            contents.insert(ContentKey::of(stanza), (*line, stanza.payloads.clone()));
        }
        contents
    }

    /// The record of all streams; `announced` are stanzas whose content is not told where they
    /// crossed one, but perhaps on another.
    pub fn finish(mut self, announced: Vec<Announced>) -> Gathered {
        while let Some((_, session)) = self.open.pop_first() {
            self.settle(session);
        }
        if !announced.is_empty() {
            self.complete(announced);
        }
        let told = sights::once(std::mem::take(&mut self.sights));
        for Sight { line, at, between, stanza, .. } in told.once {
            self.gathered.hop(line, at, between, stanza, Fate::Delivered(Duration::ZERO));
        }
        for sight in told.empty {
            self.gathered.notice(sight.line, Remark::LeftOut, ONLY_TAG);
        }
        if let Some(first) = told.again.iter().min() {
            let about = match told.again.len() {
                1 => "a stanza of a component that is seen on another stream too".to_owned(),
                many => format!("{many} stanzas of components that are seen on another stream too"),
            };
            self.gathered.notice(*first, Remark::LeftOut, about);
        }
        self.gathered
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

    /// The client that the stanzas on the stream name, if they name one only.
    fn named_by_stanzas(&self) -> Option<String> {
        let mut clients = BTreeSet::new();
        for Seen { way, stanza, .. } in &self.waiting {
            match (way, &stanza.from, &stanza.to) {
                (Way::Out, _, Some(to)) => clients.insert(to.as_str()),
                (Way::In, Some(from), _) => clients.insert(from.as_str()),
                _ => false,
            };
        }
        let client = clients.pop_first().filter(|jid| jid.contains('/') && jid.contains('@'))?;
        clients.is_empty().then(|| client.to_owned())
    }

    /// With whom it is if nobody said. Between servers, stanzas have both addresses, and all go one
    /// way; or they are for many.
    fn likely_peer(&self) -> Peer {
        if self.peer != Peer::Unknown {
            return self.peer;
        }
        if self.guess != Peer::Unknown {
            return self.guess;
        }
        let both = |seen: &Seen| seen.stanza.from.is_some() && seen.stanza.to.is_some();
        let received = |seen: &Seen| seen.way == Way::In;
        let for_one = self.named_by_stanzas().is_some();
        let between =
            self.waiting.iter().all(both) && (self.waiting.iter().all(received) || !for_one);
        if between { Peer::Server } else { Peer::Client }
    }
}
