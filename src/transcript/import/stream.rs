//! An XML stream (RFC 6120 §4), read as its bytes come.

use minidom::Element;
use rxml::error::EndOrError;
use rxml::{AttrMap, Event, Options, Parse, Parser, QName, WithOptions};

use crate::stanza::{Limits, WITHOUT_FORBIDDEN, forbidden};

const STREAMS: &str = "http://etherx.jabber.org/streams";

/// What stands on a stream.
pub(super) enum Item {
    /// Its header.
    Open {
        /// The content namespace.
        namespace: String,
        /// Whether it has an id, which only the side has that did not open the stream.
        has_id: bool,
    },
    /// A child of the stream.
    Element(Element),
    /// Its end.
    Close,
}

/// One direction of a stream.
pub(super) struct StreamReader {
    parser: Parser,
    limits: Limits,
    /// Whether the stream's header was read; before that, and after bytes are lost, nothing is.
    within: bool,
    /// How many headers were read one in another.
    headers: usize,
    /// The elements that are open inside the stream.
    open: Vec<Element>,
    /// The bytes of the outermost of them.
    size: usize,
    /// Whether the last bytes are of a tag that has not ended.
    is_inside_a_tag: bool,
    /// Bytes that are too few to tell what begins with them.
    held: Vec<u8>,
}

impl StreamReader {
    pub fn new() -> Self {
        let limits = Limits::default();
        Self {
            parser: parser(limits),
            limits,
            within: false,
            headers: 0,
            open: Vec::new(),
            size: 0,
            is_inside_a_tag: false,
            held: Vec::new(),
        }
    }

    /// Whether an element is open whose end has not come.
    pub fn is_inside_an_element(&self) -> bool {
        !self.is_between_elements()
    }

    /// Whether its header was read, and not its end.
    pub fn is_within(&self) -> bool {
        self.within
    }

    /// Bytes are lost. Nothing is read until a stanza or a header begins.
    pub fn lose(&mut self) {
        self.within = false;
        self.open.clear();
        self.is_inside_a_tag = false;
        self.held.clear();
    }

    /// Read some more bytes. Whether they can be read; if not, they are passed over.
    ///
    /// # Errors
    ///
    /// What is wrong with the stream. What came before it is in `items`.
    pub fn push(&mut self, bytes: &[u8], items: &mut Vec<Item>) -> Result<bool, String> {
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let mut rest: &[u8] = &held;
        let mut read = false;
        loop {
            if self.is_between_elements() {
                rest = rest.trim_ascii_start();
                if rest.is_empty() {
                    return Ok(true);
                }
                if self.may_begin(rest) {
                    self.held = rest.to_vec();
                    return Ok(true);
                }
                if HEADERS.iter().any(|name| rest.starts_with(name)) {
                    self.restart();
                } else if !self.within {
                    if !STANZAS.iter().any(|name| rest.starts_with(name)) {
                        return Ok(read);
                    }
                    self.restart();
                    self.feed(&mut &PROLOGUE[..], &mut Vec::new())?;
                }
            }
            self.feed(&mut rest, items).inspect_err(|_| self.lose())?;
            read = true;
            if rest.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Whether something begins with the next byte.
    fn is_between_elements(&self) -> bool {
        self.open.is_empty() && !self.is_inside_a_tag
    }

    /// Whether bytes are too few to tell whether a header begins, or, where that matters, a stanza.
    fn may_begin(&self, bytes: &[u8]) -> bool {
        let stanzas = STANZAS.iter().filter(|_| !self.within);
        HEADERS
            .iter()
            .chain(stanzas)
            .any(|name| bytes.len() < name.len() && name.starts_with(bytes))
    }

    fn restart(&mut self) {
        self.parser = parser(self.limits);
        self.within = true;
        self.headers = 0;
        self.open.clear();
        self.is_inside_a_tag = false;
        self.size = 0;
    }

    /// Read up to the end of the outermost element, or of the bytes.
    fn feed(&mut self, bytes: &mut &[u8], items: &mut Vec<Item>) -> Result<(), String> {
        let all = *bytes;
        loop {
            match self.parser.parse(bytes, false) {
                Ok(Some(event)) => {
                    self.is_inside_a_tag = false;
                    self.event(event, items)?;
                    if self.open.is_empty() {
                        return Ok(());
                    }
                }
                Ok(None) => return Err("more after the end of a stream".to_owned()),
                Err(EndOrError::NeedMoreData) => {
                    self.is_inside_a_tag = true;
                    return Ok(());
                }
                Err(EndOrError::Error(error)) => {
                    let read = all.len() - bytes.len();
                    return Err(forbidden_in(all, read).unwrap_or_else(|| error.to_string()));
                }
            }
        }
    }

    fn event(&mut self, event: Event, items: &mut Vec<Item>) -> Result<(), String> {
        self.size += event.metrics().len();
        match event {
            Event::StartElement(_, name, attributes) => self.start(name, attributes, items)?,
            Event::Text(_, text) => {
                if let Some(element) = self.open.last_mut() {
                    element.append_text(text);
                }
            }
            Event::EndElement(_) => self.end(items),
            Event::XmlDeclaration(..) => {}
        }
        if !self.open.is_empty() && self.size > self.limits.size_max {
            return Err(format!("an element of more than {} bytes", self.limits.size_max));
        }
        Ok(())
    }

    fn start(
        &mut self,
        (namespace, name): QName,
        attributes: AttrMap,
        items: &mut Vec<Item>,
    ) -> Result<(), String> {
        if self.open.is_empty() && namespace.as_str() == STREAMS && name.as_str() == "stream" {
            self.headers += 1;
            let is_id = |name: &str, value: &str| name == "id" && !value.is_empty();
            let has_id = attributes.iter().any(|((_, name), value)| is_id(name, value));
            let namespace = self.probe()?;
            items.push(Item::Open { namespace, has_id });
            return Ok(());
        }
        let Limits { depth_max, attributes_max, .. } = self.limits;
        if self.headers == 0 {
            return Err(format!("<{name}> in the place of a stream's header"));
        }
        if self.open.len() == depth_max {
            return Err(format!("elements nested more than {depth_max} deep"));
        }
        if attributes.len() > attributes_max {
            return Err(format!("an element with more than {attributes_max} attributes"));
        }
        if self.open.is_empty() {
            self.size = 0;
        }
        let mut element = Element::bare(name.as_str(), namespace.as_str());
        *element.attrs_mut() = attributes;
        self.open.push(element);
        Ok(())
    }

    /// The namespace of an element here that declares none. The parser tells elements and not
    /// declarations, so that it is asked with an element of our own.
    fn probe(&mut self) -> Result<String, String> {
        let mut namespace = String::new();
        let mut probe: &[u8] = b"<probe/>";
        loop {
            match self.parser.parse(&mut probe, false) {
                Ok(Some(Event::StartElement(_, (found, _), _))) => {
                    namespace = found.as_str().to_owned();
                }
                Ok(Some(Event::EndElement(_))) => return Ok(namespace),
                Ok(Some(_)) => {}
                Ok(None) | Err(EndOrError::NeedMoreData) => return Ok(namespace),
                Err(EndOrError::Error(error)) => return Err(error.to_string()),
            }
        }
    }

    fn end(&mut self, items: &mut Vec<Item>) {
        let Some(element) = self.open.pop() else {
            self.headers = self.headers.saturating_sub(1);
            self.within = self.headers > 0;
            items.push(Item::Close);
            return;
        };
        match self.open.last_mut() {
            Some(parent) => {
                parent.append_child(element);
            }
            None => items.push(Item::Element(element)),
        }
    }
}

/// What XMPP forbids that begins with the last tag of what was read of these bytes.
fn forbidden_in(bytes: &[u8], read: usize) -> Option<String> {
    let start = bytes.get(..read)?.iter().rposition(|byte| *byte == b'<')?;
    let found = forbidden(&bytes[start..])?;
    Some(format!("{found}; expected {WITHOUT_FORBIDDEN}"))
}

/// Stands for a header that was not seen.
const PROLOGUE: &[u8] = b"<stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'>";
const HEADERS: [&[u8]; 3] = [b"<?xml ", b"<stream:stream", b"<stream "];
const STANZAS: [&[u8]; 3] = [b"<message", b"<presence", b"<iq"];

fn parser(limits: Limits) -> Parser {
    let options = Options { max_token_length: limits.size_max, ..Options::default() };
    Parser::with_options(options)
}
