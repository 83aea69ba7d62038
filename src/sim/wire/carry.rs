//! An established stream: stanzas in, stanzas out, and its end (RFC 6120 §4.4, §4.9).
//!
//! Reading and writing do not wait for each other: a write to a stalled link pends for ever.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};

use futures::future::{Either, select};
use futures::{Sink, Stream};
use minidom::Element;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_xmpp::xmlstream::XmlStream;
use xmpp_parsers::ns::STREAM;

use super::board::{Board, Machine, Order, Orders};
use super::failure::{Failure, stream_error};
use super::negotiate::{Content, Socket, Xml, send_element};
use crate::sim::network::{End, StreamId};
use crate::stanza::content::{OnStream, Outgoing};
use crate::stanza::{Stanza, ns};

/// How much a peer may send after the end of the stream before its connection is cut.
const AFTERMATH_MAX: usize = 1 << 20;

/// One end of a stream that is ready for stanzas.
#[derive(Debug)]
pub struct Ready<M> {
    /// Whom to tell what arrives.
    pub board: Board<M>,
    /// The stream; [`None`] if no machine knows of it, so that what arrives goes nowhere.
    pub stream: Option<StreamId>,
    /// Which end this is.
    pub end: End,
    /// Whether the peer may send stanzas.
    pub reads: bool,
}

/// What is to be done with the connection of a stream that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// It was closed from this side; what the peer still sends is to be taken.
    Drain,
    /// It is to be dropped.
    Drop,
}

/// Carry stanzas until the stream ends.
pub async fn carry<M, S, N>(
    ready: &Ready<M>,
    xml: Xml<'_, S, N>,
    orders: Option<Orders>,
) -> Aftermath
where
    M: Machine,
    S: Socket,
    N: Content,
{
    let xml = RefCell::new(xml);
    let ending = {
        let read = pin!(read(ready, &xml));
        let write = pin!(write(&xml, orders));
        match select(read, write).await {
            Either::Left((failure, _)) | Either::Right((failure, _)) => failure,
        }
    };
    if let (Some(stream), Ending::Peer(_)) = (ready.stream, &ending) {
        ready.board.closed(stream, ready.end);
    }
    let mut xml = xml.into_inner();
    let error = match ending {
        Ending::Own(error) => error,
        Ending::Peer(Failure::Error(condition)) => Some(condition),
        Ending::Peer(Failure::Gone | Failure::Told) => None,
        Ending::Abort => return Aftermath::Drop,
    };
    match finish(&mut xml, error).await {
        Ok(()) => Aftermath::Drain,
        Err(_) => Aftermath::Drop,
    }
}

/// How a stream ends.
enum Ending {
    /// By this end, with this stream error.
    Own(Option<&'static str>),
    /// By this end, without a word.
    Abort,
    /// By the peer, or by what the peer did.
    Peer(Failure),
}

async fn read<M, S, N>(ready: &Ready<M>, xml: &RefCell<Xml<'_, S, N>>) -> Ending
where
    M: Machine,
    S: Socket,
    N: Content,
{
    loop {
        let read = poll_fn(|cx| Pin::new(&mut *xml.borrow_mut()).poll_next(cx)).await;
        let element = match read {
            Some(Ok(OnStream { element, .. })) => element,
            Some(Err(error)) => match Failure::of_read(&error) {
                Some(failure) => return Ending::Peer(failure),
                None => continue,
            },
            None => return Ending::Peer(Failure::Gone),
        };
        match stanza(element, ready.reads) {
            Ok(stanza) => {
                if let Some(stream) = ready.stream {
                    ready.board.received(stream, ready.end, stanza);
                }
            }
            Err(failure) => return Ending::Peer(failure),
        }
    }
}

/// The stanza that a child of the stream is.
fn stanza(element: Element, reads: bool) -> Result<Stanza, Failure> {
    if element.is("error", STREAM) {
        return Err(Failure::Gone);
    }
    let is_stanza = matches!(element.name(), "message" | "presence" | "iq");
    match (is_stanza, element.has_ns(ns::CLIENT)) {
        (true, true) if !reads => Err(Failure::Error("not-authorized")),
        (true, true) => Stanza::try_from(element).map_err(|_| Failure::Error("bad-format")),
        (true, false) => Err(Failure::Error("invalid-namespace")),
        (false, _) => Err(Failure::Error("unsupported-stanza-type")),
    }
}

async fn write<S, N>(xml: &RefCell<Xml<'_, S, N>>, orders: Option<Orders>) -> Ending
where
    S: Socket,
    N: Content,
{
    let Some(mut orders) = orders else { return std::future::pending().await };
    loop {
        match orders.next().await {
            Order::Write(stanza) => {
                if send(xml, &Outgoing::<N>::new(&stanza)).await.is_err() {
                    return Ending::Peer(Failure::Gone);
                }
            }
            Order::Close(error) => return Ending::Own(error),
            Order::Abort => return Ending::Abort,
        }
    }
}

async fn send<S, N>(xml: &RefCell<Xml<'_, S, N>>, item: &Outgoing<'_, N>) -> io::Result<()>
where
    S: Socket,
    N: Content,
{
    // A stream takes anything that can be written, and needs to be told what.
    type Stanza<'s, N> = &'s Outgoing<'s, N>;
    poll_fn(|cx| {
        let mut xml = xml.borrow_mut();
        <Xml<'_, S, N> as Sink<Stanza<'_, N>>>::poll_ready(Pin::new(&mut *xml), cx)
    })
    .await?;
    Pin::new(&mut *xml.borrow_mut()).start_send(item)?;
    poll_fn(|cx| {
        let mut xml = xml.borrow_mut();
        <Xml<'_, S, N> as Sink<Stanza<'_, N>>>::poll_flush(Pin::new(&mut *xml), cx)
    })
    .await
}

async fn finish<S, N>(xml: &mut Xml<'_, S, N>, error: Option<&str>) -> io::Result<()>
where
    S: Socket,
    N: Content,
{
    if let Some(condition) = error {
        send_element(xml, stream_error(condition)).await?;
    }
    XmlStream::shutdown(xml).await
}

/// Take what the peer still sends, up to a limit, so that the end of the stream reaches it: a
/// socket that is dropped with bytes unread resets the connection.
pub async fn drain(socket: &mut (impl AsyncRead + Unpin)) {
    let mut rest = AFTERMATH_MAX;
    let mut bytes = [0; 4096];
    while rest > 0 {
        match socket.read(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(count) => rest = rest.saturating_sub(count),
        }
    }
}
