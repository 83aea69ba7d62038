//! The accepting side of stream negotiation.
//!
//! Who dials is proved by its address: the network knows what host it belongs to, and a claim to be
//! another fails. This stands for the certificate of SASL EXTERNAL, and for the account that a
//! client's machine has.

use minidom::Element;
use tokio_xmpp::xmlstream::{AcceptedStream, accept_stream};
use xmpp_parsers::bind::{BindFeature, BindQuery, BindResponse};
use xmpp_parsers::ns::{BIND, SASL};
use xmpp_parsers::stream_features::StreamFeatures;

use super::failure::{Failure, check_header};
use super::guard::{Guard, Watch};
use super::negotiate::{
    Content, PASSWORD, Refused, Socket, Xml, auth_response, header, header_failure, next_element,
    out_of_place, sasl_failure, send_element, timeouts,
};
use crate::stanza::content::{Client, OnStream, Server};
use crate::stanza::{FullJid, Stanza, Type};

/// Who accepts, whom, under which stream id.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// The accepting server's domain.
    pub own: String,
    /// What the network calls the host that dials: a domain or a full JID; empty if nothing.
    pub peer: String,
    /// The id of the stream (RFC 6120 §4.7.3).
    pub id: String,
}

/// Accept a stream from a server.
///
/// # Errors
///
/// If the peer is not who it claims to be, or does not keep to the protocol.
pub async fn accept_server<'g, S: Socket>(
    socket: &'g mut Guard<S>,
    meeting: &Meeting,
) -> Result<Xml<'g, S, Server>, Refused> {
    let watch = socket.watch();
    let (claimed, mut xml) = begin(socket, &watch, meeting, &offer("EXTERNAL")).await?;
    let response = match authentication(&mut xml, "EXTERNAL").await? {
        Ok(response) => response,
        Err(condition) => return Err(fail(xml, condition).await),
    };
    // An empty authorization identity stands for the `from` of the stream (XEP-0178 §3).
    let domain = if response.is_empty() { claimed.unwrap_or_default() } else { response };
    if domain.is_empty() || domain != meeting.peer {
        return Err(fail(xml, "not-authorized").await);
    }
    restart(xml, &watch, meeting, &StreamFeatures::default()).await
}

/// Accept a client's stream and bind its resource.
///
/// # Errors
///
/// If the client is not who it claims to be, or does not keep to the protocol.
pub async fn accept_client<'g, S: Socket>(
    socket: &'g mut Guard<S>,
    meeting: &Meeting,
) -> Result<Xml<'g, S, Client>, Refused> {
    let watch = socket.watch();
    let (_, mut xml) = begin(socket, &watch, meeting, &offer("PLAIN")).await?;
    let response = match authentication(&mut xml, "PLAIN").await? {
        Ok(response) => response,
        Err(condition) => return Err(fail(xml, condition).await),
    };
    let jid = match check_plain(&response, meeting) {
        Ok(jid) => jid,
        Err(condition) => return Err(fail(xml, condition).await),
    };
    let features =
        StreamFeatures { bind: Some(BindFeature { required: true }), ..StreamFeatures::default() };
    let mut xml = restart(xml, &watch, meeting, &features).await?;
    let request = next_element(&mut xml).await?;
    let jid = bound(&request, jid).ok_or(Failure::Error("not-authorized"))?;
    let request = Stanza::try_from(request).map_err(|_| Failure::Error("bad-format"))?;
    let mut answer = Stanza::new(request.kind, Type::Result);
    answer.id = request.id;
    let answer = answer.with_payload(Element::from(BindResponse { jid }));
    send_element(&mut xml, Element::from(&answer)).await?;
    Ok(xml)
}

fn offer(mechanism: &str) -> StreamFeatures {
    let sasl_mechanisms = [mechanism.to_owned()].into();
    StreamFeatures { sasl_mechanisms, ..StreamFeatures::default() }
}

/// The stream's `from`, and the stream.
async fn begin<'g, S: Socket, N: Content>(
    socket: &'g mut Guard<S>,
    watch: &Watch,
    meeting: &Meeting,
    features: &StreamFeatures,
) -> Result<(Option<String>, Xml<'g, S, N>), Refused> {
    let accepted = accept_stream(socket, N::NAMESPACE, timeouts()).await;
    greet(accepted, watch, meeting, features).await
}

async fn restart<'g, S: Socket, N: Content>(
    xml: Xml<'g, S, N>,
    watch: &Watch,
    meeting: &Meeting,
    features: &StreamFeatures,
) -> Result<Xml<'g, S, N>, Refused> {
    watch.restart();
    let success = OnStream::<N>::from(Element::bare("success", SASL));
    let accepted = xml.accept_reset(&success).await;
    Ok(greet(accepted, watch, meeting, features).await?.1)
}

async fn greet<'g, S: Socket, N: Content>(
    accepted: std::io::Result<AcceptedStream<&'g mut Guard<S>>>,
    watch: &Watch,
    meeting: &Meeting,
    features: &StreamFeatures,
) -> Result<(Option<String>, Xml<'g, S, N>), Refused> {
    let accepted = accepted.map_err(|error| {
        Refused::before_header(header_failure(&error, &watch.header(), N::NAMESPACE))
    })?;
    check_header(&watch.header(), N::NAMESPACE)
        .map_err(|condition| Refused::before_header(Failure::Error(condition)))?;
    let theirs = accepted.header();
    if theirs.to.as_ref().is_some_and(|to| *to != meeting.own) {
        return Err(Refused::before_header(Failure::Error("host-unknown")));
    }
    let from = theirs.from.map(|from| from.into_owned());
    let greeting = header(&meeting.own, from.as_deref().unwrap_or_default(), Some(&meeting.id));
    let pending = accepted.send_header(greeting).await?;
    Ok((from, pending.send_features(features).await?))
}

/// The initial response of the `<auth/>` that comes next, or the condition of its failure.
async fn authentication<S: Socket, N: Content>(
    xml: &mut Xml<'_, S, N>,
    mechanism: &str,
) -> Result<Result<String, &'static str>, Refused> {
    let element = next_element(xml).await?;
    if !element.is("auth", SASL) {
        return Err(out_of_place(&element).into());
    }
    if element.attr("mechanism") != Some(mechanism) {
        return Ok(Err("invalid-mechanism"));
    }
    Ok(auth_response(&element).ok_or("incorrect-encoding"))
}

/// The client's full JID, if the response (RFC 4616) names the account of the host that dials.
fn check_plain(response: &str, meeting: &Meeting) -> Result<FullJid, &'static str> {
    let mut parts = response.split('\0');
    let (Some(_), Some(node), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("malformed-request");
    };
    let jid = FullJid::new(&meeting.peer).map_err(|_| "not-authorized")?;
    let is_account = jid.domain().as_str() == meeting.own
        && jid.node().map(|node| node.to_string()).as_deref() == Some(node);
    if is_account && password == PASSWORD { Ok(jid) } else { Err("not-authorized") }
}

/// The JID that a request to bind a resource (RFC 6120 §7.6) gets; [`None`] if it is none.
fn bound(request: &Element, jid: FullJid) -> Option<FullJid> {
    if request.name() != "iq" || request.attr("type") != Some("set") {
        return None;
    }
    let query = BindQuery::try_from(request.get_child("bind", BIND)?.clone()).ok()?;
    match query.resource {
        Some(resource) => jid.to_bare().with_resource_str(&resource).ok(),
        None => Some(jid),
    }
}

/// Tell the peer that authentication failed, and end the stream.
async fn fail<S: Socket, N: Content>(mut xml: Xml<'_, S, N>, condition: &str) -> Refused {
    let sent = send_element(&mut xml, sasl_failure(condition)).await;
    let ended = xml.shutdown().await;
    match sent.and(ended) {
        Ok(()) => Failure::Told.into(),
        Err(error) => error.into(),
    }
}
