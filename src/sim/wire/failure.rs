//! Why a stream ends, and what its peer is told (RFC 6120 §4.9.3).

use std::io;

use minidom::Element;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio_xmpp::xmlstream::ReadError;

use super::scan::Violation;
use crate::stanza::content::Refusal;
use crate::stanza::ns;

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The connection broke, or the peer ended the stream.
    Gone,
    /// The peer was told all that it needs to know.
    Told,
    /// The peer deserves this stream error.
    Error(&'static str),
}

impl Failure {
    /// What an error of reading means. `InvalidData` is what the parser and [`Guard`] refuse; all
    /// else is the socket's.
    ///
    /// [`Guard`]: super::guard::Guard
    pub fn of_io(error: &io::Error) -> Self {
        if error.kind() != io::ErrorKind::InvalidData {
            return Failure::Gone;
        }
        let inner = error.get_ref();
        if let Some(violation) = inner.and_then(|inner| inner.downcast_ref::<Violation>()) {
            return Failure::Error(violation.condition());
        }
        match inner.and_then(|inner| inner.downcast_ref::<rxml::Error>()) {
            // The connection ended in the middle of an element.
            Some(rxml::Error::InvalidEof(_)) => Failure::Gone,
            // The guard has found what is restricted; the parser's own limits remain.
            Some(rxml::Error::RestrictedXml(_)) => Failure::Error("policy-violation"),
            Some(_) => Failure::Error("not-well-formed"),
            None => Failure::Error("bad-format"),
        }
    }

    /// What an error of reading an element means; [`None`] if nothing is wrong.
    pub fn of_read(error: &ReadError) -> Option<Self> {
        match error {
            ReadError::SoftTimeout => None,
            ReadError::StreamFooterReceived => Some(Failure::Gone),
            ReadError::HardError(error) => Some(Self::of_io(error)),
            ReadError::ParseError(error) => {
                Some(Failure::Error(Refusal::of(error).map_or("bad-format", Refusal::condition)))
            }
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::of_io(&error)
    }
}

/// Check a stream header, given as it was read, for what the XML stream does not check: the
/// namespaces and the version.
///
/// # Errors
///
/// The stream error that it deserves.
pub fn check_header(header: &[u8], content: &str) -> Result<(), &'static str> {
    let declaration = header.split(|byte| *byte == b'>').next().unwrap_or_default();
    if declaration.starts_with(b"<?") && !declaration.starts_with(b"<?xml ") {
        return Err("restricted-xml");
    }
    if declaration.starts_with(b"<?") && !is_utf8(declaration) {
        return Err("unsupported-encoding");
    }
    let (mut parser, mut probe) = (rxml::Parser::default(), header.to_vec());
    // Shows which namespace is the default.
    probe.extend_from_slice(b"<x/>");
    let mut probe = &probe[..];
    let mut next_start = || loop {
        use rxml::Parse;
        match parser.parse(&mut probe, false) {
            Ok(Some(rxml::Event::StartElement(_, name, attributes))) => {
                return Ok((name, attributes));
            }
            Ok(Some(_)) => {}
            Err(rxml::error::EndOrError::Error(rxml::Error::RestrictedXml(_))) => {
                return Err("restricted-xml");
            }
            Ok(None) | Err(_) => return Err("not-well-formed"),
        }
    };
    let ((namespace, name), attributes) = next_start()?;
    if namespace.as_str() != xmpp_parsers::ns::STREAM {
        return Err("invalid-namespace");
    }
    if name != "stream" {
        return Err("bad-format");
    }
    let version = attributes.get(&rxml::Namespace::NONE, "version");
    if version.map(String::as_str) != Some("1.0") {
        return Err("unsupported-version");
    }
    let ((namespace, _), _) = next_start()?;
    if namespace.as_str() == content { Ok(()) } else { Err("invalid-namespace") }
}

fn is_utf8(declaration: &[u8]) -> bool {
    let declaration = String::from_utf8_lossy(declaration).to_ascii_lowercase();
    let Some((_, value)) = declaration.split_once("encoding") else { return true };
    value.trim_start_matches([' ', '=', '\'', '"']).starts_with("utf-8")
}

/// The `<stream:error/>` of this condition.
pub fn stream_error(condition: &str) -> Element {
    Element::builder("error", xmpp_parsers::ns::STREAM)
        .append(Element::bare(condition, ns::STREAM_ERRORS))
        .build()
}

/// Write a stream error and the end of the stream past the XML stream, which could not be set up.
/// Before an error comes the header of the stream that it ends (RFC 6120 §4.9.1.2); `header` has
/// its content namespace and `from`, unless it was sent already.
///
/// # Errors
///
/// If the socket does not take it.
pub async fn write_error(
    socket: &mut (impl AsyncWrite + Unpin),
    header: Option<(&str, &str)>,
    condition: &str,
) -> io::Result<()> {
    let mut text = String::new();
    if let Some((content, from)) = header {
        // Domains are without characters that XML would want escaped.
        text = format!(
            "<?xml version='1.0'?><stream:stream xmlns='{content}' xmlns:stream='{}' \
             from='{from}' id='0' version='1.0'>",
            xmpp_parsers::ns::STREAM
        );
    }
    text += &format!(
        "<stream:error><{condition} xmlns='{}'/></stream:error></stream:stream>",
        ns::STREAM_ERRORS
    );
    socket.write_all(text.as_bytes()).await?;
    socket.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:server' \
                          xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

    fn check(change: (&str, &str)) -> Result<(), &'static str> {
        check_header(STREAM.replace(change.0, change.1).as_bytes(), ns::SERVER)
    }

    #[test]
    fn a_header_as_rfc_6120_shows_it_is_accepted() {
        assert_eq!(check(("", "")), Ok(()));
        assert_eq!(check(("'1.0'?>", "'1.0' encoding='UTF-8'?>")), Ok(()));
        assert_eq!(check(("<?xml version='1.0'?>", "")), Ok(()));
    }

    #[test]
    fn each_defect_of_a_header_has_its_error() {
        for (from, to, condition) in [
            ("etherx", "etherz", "invalid-namespace"),
            ("jabber:server", "jabber:client", "invalid-namespace"),
            (" xmlns='jabber:server'", "", "invalid-namespace"),
            (" version='1.0'>", ">", "unsupported-version"),
            (" version='1.0'>", " version='2.0'>", "unsupported-version"),
            ("<stream:stream", "<stream:rivulet", "bad-format"),
            ("version='1.0'>", "version=1.0>", "not-well-formed"),
            ("'1.0'?>", "'1.0' encoding='ISO-8859-1'?>", "unsupported-encoding"),
            ("<?xml version='1.0'?>", "<?xml-stylesheet href='x'?>", "restricted-xml"),
        ] {
            assert_eq!(check((from, to)), Err(condition), "{from} → {to}");
        }
    }
}
