//! With whom a stream is, and which way a stanza goes on it.

use crate::stanza::ns;

/// What a stream connects with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// A client.
    Client,
    /// Another server.
    Server,
    /// A component (XEP-0114).
    Component,
    /// Nobody said.
    Unknown,
}

impl Peer {
    /// Who is likely to connect to this port.
    pub fn at_port(port: u16) -> Self {
        match port {
            5222 | 5223 => Peer::Client,
            5269 | 5270 => Peer::Server,
            5275 | 5347 => Peer::Component,
            _ => Peer::Unknown,
        }
    }

    /// Who speaks in this content namespace.
    pub fn of(namespace: &str) -> Self {
        match namespace {
            ns::CLIENT => Peer::Client,
            ns::SERVER => Peer::Server,
            "jabber:component:accept" | "jabber:component:connect" => Peer::Component,
            _ => Peer::Unknown,
        }
    }
}

/// Which way a stanza goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client or whoever opened the stream.
    In,
    /// To it.
    Out,
}
