//! A client: it dials its server, says that it is available (RFC 6121 §4.2), sends what it is told,
//! and keeps what it receives.

use crate::sim::network::{HostId, StreamId};
use crate::stanza::{FullJid, Stanza};
use crate::time::Time;

/// A client of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// Its full JID; the resource is bound as it is.
    pub jid: FullJid,
}

/// A stanza that a client received.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// When.
    pub at: Time,
    /// What.
    pub stanza: Stanza,
    /// The entry of the transcript that has it.
    pub entry: usize,
}

/// A client.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    server: HostId,
    stream: Option<StreamId>,
    online: bool,
    inbox: Vec<Arrival>,
    received: u64,
}

impl Client {
    pub(super) fn new(config: ClientConfig, server: HostId) -> Self {
        Self { config, server, stream: None, online: false, inbox: Vec::new(), received: 0 }
    }

    /// Its full JID.
    pub fn jid(&self) -> &FullJid {
        &self.config.jid
    }

    /// Its server.
    pub fn server(&self) -> HostId {
        self.server
    }

    /// Whether it believes to have a session.
    pub fn is_online(&self) -> bool {
        self.online
    }

    /// What it received while the recorder was on.
    pub fn inbox(&self) -> &[Arrival] {
        &self.inbox
    }

    /// How many stanzas it received, whether the recorder was on or not.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Its stream, dialled or open.
    pub(super) fn stream(&self) -> Option<StreamId> {
        self.stream
    }

    pub(super) fn dialled(&mut self, stream: StreamId) {
        self.stream = Some(stream);
        self.online = false;
    }

    pub(super) fn opened(&mut self, stream: StreamId) {
        self.online = self.stream == Some(stream);
    }

    pub(super) fn closed(&mut self, stream: StreamId) {
        if self.stream == Some(stream) {
            self.stream = None;
            self.online = false;
        }
    }

    pub(super) fn empty_inbox(&mut self) {
        self.inbox.clear();
    }

    pub(super) fn receive(&mut self, at: Time, stanza: Stanza, entry: Option<usize>, keep: bool) {
        self.received += 1;
        if let (true, Some(entry)) = (keep, entry) {
            self.inbox.push(Arrival { at, stanza, entry });
        }
    }
}
