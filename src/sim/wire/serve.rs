//! The tasks of a host: it dials whom it is told to, and if it is a server it listens.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;

use futures::future::{Either, select};

use super::accept::{Meeting, accept_client, accept_server};
use super::board::{Board, Call, Machine, Orders, Stranger};
use super::carry::{Aftermath, Ready, carry, drain};
use super::dial::{dial_client, dial_server};
use super::failure::{Failure, write_error};
use super::guard::Guard;
use super::negotiate::{Content, Refused, Socket, Xml};
use super::sockets::{CLIENT_PORT, SERVER_PORT, Sockets};
use crate::server::DialError;
use crate::sim::network::{End, Host, HostId};
use crate::stanza::{Limits, ns};

/// Be this host until dropped.
pub async fn serve<M: Machine, K: Sockets>(board: Board<M>, sockets: Rc<K>, host: HostId) {
    let name = board.host(host);
    let mut calls = board.take_calls(host);
    if let Host::Server(domain) = &name {
        for port in [CLIENT_PORT, SERVER_PORT] {
            let task = listen(board.clone(), Rc::clone(&sockets), domain.clone(), port);
            sockets.spawn(task);
        }
    }
    while let Some(call) = calls.recv().await {
        sockets.spawn(dial(board.clone(), Rc::clone(&sockets), name.clone(), call));
    }
}

async fn listen<M: Machine, K: Sockets>(
    board: Board<M>,
    sockets: Rc<K>,
    domain: String,
    port: u16,
) {
    let listener = match sockets.listen(port).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%domain, port, %error, "cannot listen");
            return;
        }
    };
    let mut accepted = 0u32;
    while let Ok((socket, address)) = sockets.accept(&listener).await {
        accepted = accepted.wrapping_add(1);
        let peer = board.host_at(address.ip());
        let peer = peer.map(|host| host.as_str().to_owned()).unwrap_or_default();
        let meeting = Meeting { own: domain.clone(), peer, id: format!("{port}-{accepted}") };
        let is_known = board.stream_from(address).is_some();
        let stranger = if is_known { None } else { board.admit_stranger() };
        if is_known || stranger.is_some() {
            let caller = Caller { board: board.clone(), address, stranger };
            sockets.spawn(answer(caller, meeting, socket, port));
        }
    }
}

/// Who dialled a connection that was accepted.
struct Caller<M> {
    board: Board<M>,
    address: SocketAddr,
    stranger: Option<Stranger<M>>,
}

impl<M: Machine> Caller<M> {
    /// The stream is established: carry it.
    async fn carry<S: Socket, N: Content>(&mut self, xml: Xml<'_, S, N>) -> Aftermath {
        let (board, end) = (self.board.clone(), End::Acceptor);
        // A dialler may know later than its peer that it is connected, but it does by now.
        let stream = board.stream_from(self.address);
        if stream.is_some() {
            self.stranger = None;
        }
        let orders = stream.and_then(|stream| board.attend(stream, end));
        carry(&Ready { board, stream, end, reads: true }, xml, orders).await
    }
}

/// The accepting end of a connection, from its first byte to its last.
async fn answer<M: Machine>(
    mut caller: Caller<M>,
    meeting: Meeting,
    socket: impl Socket,
    port: u16,
) {
    let mut guard = Guard::new(socket, Limits::default());
    let (content, outcome) = if port == SERVER_PORT {
        let outcome = match accept_server(&mut guard, &meeting).await {
            Ok(xml) => Ok(caller.carry(xml).await),
            Err(refused) => Err(refused),
        };
        (ns::SERVER, outcome)
    } else {
        let outcome = match accept_client(&mut guard, &meeting).await {
            Ok(xml) => Ok(caller.carry(xml).await),
            Err(refused) => Err(refused),
        };
        (ns::CLIENT, outcome)
    };
    conclude(guard.into_socket(), outcome, (content, &meeting.own)).await;
}

/// The dialling end of a connection, from its first segment to its last byte.
async fn dial<M: Machine, K: Sockets>(board: Board<M>, sockets: Rc<K>, own: Host, call: Call) {
    let Call { stream, to } = call;
    let Some(mut orders) = board.attend(stream, End::Dialer) else { return };
    let reads = matches!(own, Host::Client(_));
    let port = if reads { CLIENT_PORT } else { SERVER_PORT };
    // Before the stream is open there is but one order: to give it up.
    let Some(connected) = unless(orders.next(), sockets.connect(to, port)).await else { return };
    let Ok((socket, address)) = connected else {
        board.failed(stream, DialError::Refused);
        return;
    };
    board.connected(stream, address);
    let peer = board.host(to);
    let ready = Ready { board, stream: Some(stream), end: End::Dialer, reads };
    let mut guard = Guard::new(socket, Limits::default());
    let outcome = match &own {
        Host::Server(domain) => {
            let negotiate = dial_server(&mut guard, domain, peer.as_str());
            match unless(orders.next(), negotiate).await {
                Some(Ok(xml)) => Ok(open(&ready, xml, orders).await),
                Some(Err(refused)) => Err(refused),
                None => return,
            }
        }
        Host::Client(jid) => match unless(orders.next(), dial_client(&mut guard, jid)).await {
            Some(Ok(xml)) => Ok(open(&ready, xml, orders).await),
            Some(Err(refused)) => Err(refused),
            None => return,
        },
    };
    if outcome.is_err() {
        ready.board.failed(stream, DialError::Broken);
    }
    conclude(guard.into_socket(), outcome, ("", "")).await;
}

async fn open<M: Machine, S: Socket, N: Content>(
    ready: &Ready<M>,
    xml: Xml<'_, S, N>,
    orders: Orders,
) -> Aftermath {
    if let Some(stream) = ready.stream {
        ready.board.opened(stream);
    }
    carry(ready, xml, Some(orders)).await
}

/// The output of `task`, unless `stop` is there first.
async fn unless<T>(stop: impl Future, task: impl Future<Output = T>) -> Option<T> {
    match select(pin!(stop), pin!(task)).await {
        Either::Left(_) => None,
        Either::Right((output, _)) => Some(output),
    }
}

/// Tell the peer of a stream that could not be negotiated, as far as it does not know, and let the
/// connection end. `header` is the content namespace and the sender of a header.
async fn conclude(
    mut socket: impl Socket,
    outcome: Result<Aftermath, Refused>,
    header: (&str, &str),
) {
    if let Err(Refused { failure: Failure::Error(condition), header_sent }) = outcome {
        let header = (!header_sent).then_some(header);
        // If the peer cannot be told, it is gone.
        let _ = write_error(&mut socket, header, condition).await;
    }
    if outcome != Ok(Aftermath::Drop) {
        drain(&mut socket).await;
    }
}
