//! What both sides of stream negotiation have in common (RFC 6120 §4.3): headers, features and the
//! elements that are exchanged before stanzas may be.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use minidom::Element;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_xmpp::xmlstream::{StreamHeader, Timeouts, XmlStream};
use xmpp_parsers::ns::{SASL, STREAM};
use xso::text::{Base64, TextCodec};

use super::failure::{Failure, check_header};
use super::guard::Guard;
use crate::stanza::content::{ContentNamespace, OnStream};
use crate::stanza::ns;

/// A socket that XML streams run over.
pub trait Socket: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket for S {}

/// What a stream carries.
pub trait Content: ContentNamespace + std::fmt::Debug {}

impl<N: ContentNamespace + std::fmt::Debug> Content for N {}

/// An XML stream over a guarded socket, with the content namespace `N`.
pub type Xml<'g, S, N> = XmlStream<&'g mut Guard<S>, OnStream<N>>;

/// A stream that could not be negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub failure: Failure,
    /// Whether this side's header was sent already.
    pub header_sent: bool,
}

impl Refused {
    /// For this reason, before this side sent its header.
    pub const fn before_header(failure: Failure) -> Self {
        Self { failure, header_sent: false }
    }
}

impl<F: Into<Failure>> From<F> for Refused {
    fn from(failure: F) -> Self {
        Self { failure: failure.into(), header_sent: true }
    }
}

/// The password of every client. What stands for real credentials is that a server knows the
/// client's machine by its address.
pub const PASSWORD: &str = "pencil";

/// A host on a simulated network is as patient as the link layer lets it be: who waits for whom how
/// long is the world's business. Longer than this no run takes.
pub fn timeouts() -> Timeouts {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    Timeouts { read_timeout: YEAR, response_timeout: YEAR }
}

/// A stream header with these attributes.
pub fn header<'h>(from: &'h str, to: &'h str, id: Option<&'h str>) -> StreamHeader<'h> {
    StreamHeader { from: Some(from.into()), to: Some(to.into()), id: id.map(Cow::Borrowed) }
}

/// Why the XML stream did not take a header, given the header as it was read. The XML stream does
/// not say; the header does.
pub fn header_failure(error: &io::Error, header: &[u8], content: &str) -> Failure {
    match Failure::of_io(error) {
        Failure::Error(condition) if header.ends_with(b">") => {
            Failure::Error(check_header(header, content).err().unwrap_or(condition))
        }
        failure => failure,
    }
}

/// The next element of a stream that is being negotiated.
///
/// # Errors
///
/// If there is none, or if it is a stream error.
pub async fn next_element<S, N>(xml: &mut Xml<'_, S, N>) -> Result<Element, Failure>
where
    S: Socket,
    N: Content,
{
    loop {
        match xml.next().await {
            Some(Ok(OnStream { element, .. })) if element.is("error", STREAM) => {
                return Err(Failure::Gone);
            }
            Some(Ok(OnStream { element, .. })) => return Ok(element),
            Some(Err(error)) => {
                if let Some(failure) = Failure::of_read(&error) {
                    return Err(failure);
                }
            }
            None => return Err(Failure::Gone),
        }
    }
}

/// Send an element.
///
/// # Errors
///
/// If the socket does not take it.
pub async fn send_element<S: Socket, N: Content>(
    xml: &mut Xml<'_, S, N>,
    element: Element,
) -> io::Result<()> {
    let item = OnStream::<N>::from(element);
    xml.send(&item).await
}

/// What an element that is out of place earns: a stanza came too early, anything else is nothing
/// that this stream offers.
pub fn out_of_place(element: &Element) -> Failure {
    let is_stanza = matches!(element.name(), "message" | "presence" | "iq");
    if is_stanza && element.has_ns(ns::CLIENT) {
        Failure::Error("not-authorized")
    } else {
        Failure::Error("unsupported-stanza-type")
    }
}

/// `<auth/>` with this mechanism and initial response (RFC 6120 §6.4.2).
pub fn auth(mechanism: &str, response: &str) -> Element {
    let bytes = response.as_bytes().to_vec();
    // An empty response is `=`, to tell it from none.
    let data = Base64.encode(&bytes).ok().flatten().filter(|data| !data.is_empty());
    Element::builder("auth", SASL)
        .attr(rxml::xml_ncname!("mechanism").to_owned(), mechanism)
        .append(data.map_or_else(|| "=".to_owned(), Cow::into_owned))
        .build()
}

/// The initial response in `<auth/>`; [`None`] if it is not base64 of UTF-8.
pub fn auth_response(auth: &Element) -> Option<String> {
    match auth.text().trim() {
        "=" => Some(String::new()),
        data => String::from_utf8(Base64.decode(data.to_owned()).ok()?).ok(),
    }
}

/// `<failure/>` with this condition (RFC 6120 §6.5).
pub fn sasl_failure(condition: &str) -> Element {
    Element::builder("failure", SASL).append(Element::bare(condition, SASL)).build()
}
