//! The dialling side of stream negotiation: a server's four round trips and a client's five, each
//! with the one of TCP before.

use jid::FullJid;
use minidom::Element;
use tokio_xmpp::xmlstream::{InitiatingStream, PendingFeaturesRecv, initiate_stream};
use xmpp_parsers::bind::BindQuery;
use xmpp_parsers::ns::SASL;
use xmpp_parsers::stream_features::StreamFeatures;

use super::failure::{Failure, check_header};
use super::guard::{Guard, Watch};
use super::negotiate::{
    Content, PASSWORD, Refused, Socket, Xml, auth, header, header_failure, next_element,
    out_of_place, send_element, timeouts,
};
use crate::stanza::content::{Client, Server};
use crate::stanza::{Stanza, Type};

/// Open a stream from the server of the domain `own` to that of `peer`: header and features, SASL
/// EXTERNAL, header and features again.
///
/// # Errors
///
/// If the peer does not go along.
pub async fn dial_server<'g, S: Socket>(
    socket: &'g mut Guard<S>,
    own: &str,
    peer: &str,
) -> Result<Xml<'g, S, Server>, Refused> {
    let (watch, id) = (socket.watch(), (own, peer));
    let (features, xml) = begin(socket, &watch, id).await?;
    let xml = authenticate(xml, &features, ("EXTERNAL", own)).await?;
    let (_, xml) = restart(xml, &watch, id).await?;
    Ok(xml)
}

/// Open a client's stream: header and features, SASL PLAIN, header and features again, the
/// resource bound.
///
/// # Errors
///
/// If the server does not go along.
pub async fn dial_client<'g, S: Socket>(
    socket: &'g mut Guard<S>,
    jid: &FullJid,
) -> Result<Xml<'g, S, Client>, Refused> {
    let (bare, domain) = (jid.to_bare().to_string(), jid.domain().to_string());
    let (watch, id) = (socket.watch(), (bare.as_str(), domain.as_str()));
    let (features, xml) = begin(socket, &watch, id).await?;
    let node = jid.node().map(|node| node.to_string()).unwrap_or_default();
    let plain = format!("\0{node}\0{PASSWORD}");
    let xml = authenticate(xml, &features, ("PLAIN", &plain)).await?;
    let (features, mut xml) = restart(xml, &watch, id).await?;
    if !features.can_bind() {
        return Err(Failure::Gone.into());
    }
    let query = BindQuery::new(Some(jid.resource().to_string()));
    let request = Stanza::iq(Type::Set, "bind").with_payload(query.into());
    send_element(&mut xml, Element::from(&request)).await?;
    let answer = next_element(&mut xml).await?;
    let answer = Stanza::try_from(answer).map_err(|_| Failure::Error("bad-format"))?;
    match answer.type_ {
        Type::Result if answer.has_payload("bind", xmpp_parsers::ns::BIND) => Ok(xml),
        _ => Err(Failure::Gone.into()),
    }
}

async fn begin<'g, S: Socket, N: Content>(
    socket: &'g mut Guard<S>,
    watch: &Watch,
    (own, peer): (&str, &str),
) -> Result<(StreamFeatures, Xml<'g, S, N>), Refused> {
    let greeting = header(own, peer, None);
    let pending = initiate_stream(socket, N::NAMESPACE, greeting, timeouts()).await;
    features(pending, watch).await
}

async fn restart<'g, S: Socket, N: Content>(
    xml: Xml<'g, S, N>,
    watch: &Watch,
    (own, peer): (&str, &str),
) -> Result<(StreamFeatures, Xml<'g, S, N>), Refused> {
    watch.restart();
    let stream: InitiatingStream<_> = xml.initiate_reset();
    features(stream.send_header(header(own, peer, None)).await, watch).await
}

async fn features<'g, S: Socket, N: Content>(
    pending: std::io::Result<PendingFeaturesRecv<&'g mut Guard<S>>>,
    watch: &Watch,
) -> Result<(StreamFeatures, Xml<'g, S, N>), Refused> {
    use tokio_xmpp::xmlstream::RecvFeaturesError;

    let pending = pending.map_err(|error| header_failure(&error, &watch.header(), N::NAMESPACE))?;
    check_header(&watch.header(), N::NAMESPACE).map_err(Failure::Error)?;
    pending.recv_features().await.map_err(|error| match error {
        RecvFeaturesError::Io(error) => error.into(),
        RecvFeaturesError::StreamError(_) => Failure::Gone.into(),
    })
}

async fn authenticate<'g, S: Socket, N: Content>(
    mut xml: Xml<'g, S, N>,
    features: &StreamFeatures,
    (mechanism, response): (&str, &str),
) -> Result<Xml<'g, S, N>, Refused> {
    if !features.sasl_mechanisms.contains(mechanism) {
        return Err(Failure::Gone.into());
    }
    send_element(&mut xml, auth(mechanism, response)).await?;
    let answer = next_element(&mut xml).await?;
    if answer.is("success", SASL) {
        Ok(xml)
    } else if answer.is("failure", SASL) {
        Err(Failure::Gone.into())
    } else {
        Err(out_of_place(&answer).into())
    }
}
