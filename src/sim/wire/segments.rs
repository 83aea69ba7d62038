//! Segments of simulated TCP, and the connections that they belong to.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use turmoil_net::{Packet, TcpFlags, TcpSegment, Transport};

use crate::sim::network::{End, HostId, StreamId};
use crate::time::Time;

/// A connection by its two addresses, who dialled first.
pub(super) type Key = (SocketAddr, SocketAddr);

/// A connection that is, or was not long ago.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    /// The stream that it carries or carried, once that is known.
    pub(super) stream: Option<StreamId>,
    pub(super) hosts: [HostId; 2],
    /// Its place among all that was sent.
    pub(super) born: u64,
    /// The sequence number of the second segment of the handshake, until the third arrives.
    pub(super) handshake: Option<u32>,
    /// Whether the last segment of the handshake has been sent.
    pub(super) established: bool,
    /// Which ends will send nothing more.
    pub(super) gone: [bool; 2],
    /// When the last segment arrives at each end; nothing arrives before.
    pub(super) last: [Time; 2],
}

/// The connections of a network.
#[derive(Debug, Default)]
pub(super) struct Connections(BTreeMap<Key, Connection>);

impl Connections {
    pub(super) fn begin(&mut self, key: Key, hosts: [HostId; 2], born: u64) {
        let last = [Time::from_micros(i64::MIN); 2];
        let connection = Connection {
            stream: None,
            hosts,
            born,
            handshake: None,
            established: false,
            gone: [false; 2],
            last,
        };
        self.0.insert(key, connection);
    }

    pub(super) fn get(&self, key: Key) -> Option<&Connection> {
        self.0.get(&key)
    }

    pub(super) fn connection(&mut self, key: Key) -> Option<&mut Connection> {
        self.0.get_mut(&key)
    }

    /// The connection that a segment belongs to, and the end that it goes to.
    pub(super) fn of(&self, from: SocketAddr, to: SocketAddr) -> Option<(Key, End)> {
        if self.0.contains_key(&(from, to)) {
            Some(((from, to), End::Acceptor))
        } else if self.0.contains_key(&(to, from)) {
            Some(((to, from), End::Dialer))
        } else {
            None
        }
    }

    /// The connection that was dialled from this address.
    pub(super) fn dialled_from(&self, address: SocketAddr) -> Option<Key> {
        let first = SocketAddr::new([0, 0, 0, 0].into(), 0);
        self.0.range((address, first)..).next().map(|(key, _)| *key).filter(|key| key.0 == address)
    }

    /// Those that a host has an end of.
    pub(super) fn of_host(&self, host: HostId) -> Vec<(Key, End)> {
        let end = |connection: &Connection| {
            if connection.hosts[0] == host { End::Dialer } else { End::Acceptor }
        };
        let is_of = |connection: &Connection| connection.hosts.contains(&host);
        self.0.iter().filter(|(_, c)| is_of(c)).map(|(key, c)| (*key, end(c))).collect()
    }

    /// Something arrives at an end. The number of the handshake, if it is this that answers it.
    pub(super) fn answered(&mut self, key: Key, end: End) -> Option<u32> {
        let connection = self.0.get_mut(&key).filter(|_| end == End::Acceptor)?;
        connection.handshake.take()
    }

    /// An end will send nothing more. Forgets the connection if neither will.
    pub(super) fn leave(&mut self, key: Key, end: End) {
        let Some(connection) = self.0.get_mut(&key) else { return };
        connection.gone[end.index()] = true;
        if connection.gone == [true; 2] {
            self.0.remove(&key);
        }
    }
}

/// The TCP segment in a packet; there is nothing else on these networks.
pub(super) fn segment(packet: &Packet) -> Option<&TcpSegment> {
    match &packet.payload {
        Transport::Tcp(segment) => Some(segment),
        Transport::Udp(_) => None,
    }
}

/// From where and to where.
pub(super) fn route_of(packet: &Packet) -> Option<(SocketAddr, SocketAddr)> {
    let segment = segment(packet)?;
    let from = SocketAddr::new(packet.src, segment.src_port);
    Some((from, SocketAddr::new(packet.dst, segment.dst_port)))
}

/// Whether a segment only acknowledges.
pub(super) fn is_pure_ack(segment: &TcpSegment) -> bool {
    let TcpFlags { syn, fin, rst, .. } = segment.flags;
    segment.payload.is_empty() && !syn && !fin && !rst
}

/// Whether a segment carries something that is missed if it is lost.
pub(super) fn has_content(segment: &TcpSegment) -> bool {
    !segment.payload.is_empty() || segment.flags.fin
}

/// The acknowledgement of a segment, as if its receiver had sent it.
pub(super) fn acknowledgement(packet: &Packet) -> Option<Packet> {
    let sent = segment(packet)?;
    let length = u32::try_from(sent.payload.len()).unwrap_or(u32::MAX);
    let ack = sent.seq.wrapping_add(length).wrapping_add(u32::from(sent.flags.fin));
    let flags = TcpFlags { ack: true, ..TcpFlags::default() };
    let reply = TcpSegment {
        src_port: sent.dst_port,
        dst_port: sent.src_port,
        seq: sent.ack,
        ack,
        flags,
        window: u16::MAX,
        payload: Default::default(),
    };
    Some(packet_between(packet.dst, packet.src, reply))
}

/// The last segment of a handshake whose second had this sequence number.
pub(super) fn handshake_end((dialer, acceptor): Key, number: u32) -> Packet {
    let flags = TcpFlags { ack: true, ..TcpFlags::default() };
    forged(dialer, acceptor, flags, number.wrapping_add(1))
}

/// A reset, as if one end had sent it to the other.
pub(super) fn reset((dialer, acceptor): Key, to: End) -> Packet {
    let (from, to) = match to {
        End::Dialer => (acceptor, dialer),
        End::Acceptor => (dialer, acceptor),
    };
    forged(from, to, TcpFlags { rst: true, ..TcpFlags::default() }, 0)
}

/// Whether a segment is a [`reset`] that no host sent. Hosts have something to refer to.
pub(super) fn is_forged_reset(segment: &TcpSegment) -> bool {
    segment.flags.rst && !segment.flags.ack && segment.seq == 0
}

fn forged(from: SocketAddr, to: SocketAddr, flags: TcpFlags, ack: u32) -> Packet {
    let segment = TcpSegment {
        src_port: from.port(),
        dst_port: to.port(),
        seq: 0,
        ack,
        flags,
        window: 0,
        payload: Default::default(),
    };
    packet_between(from.ip(), to.ip(), segment)
}

fn packet_between(src: std::net::IpAddr, dst: std::net::IpAddr, segment: TcpSegment) -> Packet {
    Packet { src, dst, ttl: 64, payload: Transport::Tcp(segment) }
}
