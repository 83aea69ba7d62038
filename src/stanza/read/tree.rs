//! Elements from the events of rxml.

use minidom::Element;
use rxml::error::EndOrError;
use rxml::{AttrMap, Error, Event, Options, Parse, Parser, QName, WithOptions};

use super::{Limits, ReadError, WITHOUT_FORBIDDEN, forbidden};

/// The elements are read inside a root of our own. It declares the namespace that they are in
/// unless they say otherwise, and its end tells that theirs is missing.
const PROLOGUE: &str = "<stream xmlns='jabber:client'>";
const EPILOGUE: &[u8] = b"</stream>";

/// Builds one element after the other.
pub(super) struct Tree<'a> {
    text: &'a str,
    limits: Limits,
    parser: Parser,
    /// What the parser has not seen: of the text, then of the epilogue.
    rest: &'a [u8],
    in_epilogue: bool,
    done: bool,
    /// The byte at which the last event ended.
    position: usize,
    /// The byte at which the outermost open element starts.
    start: usize,
    /// The elements that are open, the outermost first.
    open: Vec<Element>,
    /// The text since the last tag, and where it starts.
    run: Option<(usize, String)>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(text: &'a str, limits: Limits) -> Self {
        Self::within(PROLOGUE, text, limits)
    }

    /// With a prefix that the text need not declare; both are constants of this program.
    pub(super) fn with_prefix(
        text: &'a str,
        limits: Limits,
        prefix: &str,
        namespace: &str,
    ) -> Self {
        let prologue = format!("<stream xmlns='jabber:client' xmlns:{prefix}='{namespace}'>");
        Self::within(&prologue, text, limits)
    }

    fn within(prologue: &str, text: &'a str, limits: Limits) -> Self {
        // The parser makes room for so much at once: no more than there can be.
        let max_token_length = limits.size_max.min(text.len()).saturating_add(prologue.len());
        let options = Options { max_token_length, ..Options::default() };
        let mut parser = Parser::with_options(options);
        // Its only event says that the root starts.
        let _ = parser.parse(&mut prologue.as_bytes(), false);
        Self {
            text,
            limits,
            parser,
            rest: text.as_bytes(),
            in_epilogue: false,
            done: false,
            position: 0,
            start: 0,
            open: Vec::new(),
            run: None,
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The byte at which the last element ended.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The byte at which the last element started.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// The next element; nothing if only whitespace is left.
    pub(super) fn next_element(&mut self) -> Result<Option<Element>, ReadError> {
        while !self.done {
            if let Some(element) = self.step()? {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// Take one event; it may be the one that completes an element.
    fn step(&mut self) -> Result<Option<Element>, ReadError> {
        let event = self.next_event()?;
        let from = self.position;
        self.position += event.metrics().len();
        if !matches!(event, Event::Text(..)) {
            self.flush_text(from)?;
        }
        let completed = match event {
            Event::StartElement(_, name, attributes) => {
                self.start_element(from, name, attributes)?;
                None
            }
            Event::EndElement(_) => self.end_element(from)?,
            Event::Text(_, text) => {
                self.run.get_or_insert_with(|| (from, String::new())).1.push_str(&text);
                None
            }
            Event::XmlDeclaration(..) => None,
        };
        let inside = !self.open.is_empty() || completed.is_some();
        if inside && self.position - self.start > self.limits.size_max {
            return Err(self.error(self.start, "a longer element", self.size()));
        }
        Ok(completed)
    }

    fn next_event(&mut self) -> Result<Event, ReadError> {
        loop {
            match self.parser.parse(&mut self.rest, false) {
                Ok(Some(event)) => return Ok(event),
                Ok(None) | Err(EndOrError::NeedMoreData) if !self.in_epilogue => {
                    self.in_epilogue = true;
                    self.rest = EPILOGUE;
                }
                Ok(None) | Err(EndOrError::NeedMoreData) => return Err(self.unfinished()),
                Err(EndOrError::Error(_)) if self.in_epilogue => return Err(self.unfinished()),
                Err(EndOrError::Error(error)) => return Err(self.malformed(error)),
            }
        }
    }

    fn start_element(
        &mut self,
        from: usize,
        (namespace, name): QName,
        attributes: AttrMap,
    ) -> Result<(), ReadError> {
        let Limits { depth_max, attributes_max, .. } = self.limits;
        if self.open.len() == depth_max {
            let found = format!("<{name}> inside {depth_max} other elements");
            return Err(self.error(from, found, format!("at most {depth_max} levels")));
        }
        if attributes.len() > attributes_max {
            let found = format!("<{name}> with {} attributes", attributes.len());
            return Err(self.error(from, found, format!("at most {attributes_max}")));
        }
        if self.open.is_empty() {
            self.start = from;
        }
        let mut element = Element::bare(name.as_str(), namespace.as_str());
        *element.attrs_mut() = attributes;
        self.open.push(element);
        Ok(())
    }

    fn end_element(&mut self, from: usize) -> Result<Option<Element>, ReadError> {
        let Some(element) = self.open.pop() else {
            // The end of the root: ours, or one that the text made up.
            self.done = true;
            return if self.position > self.text.len() {
                self.position = self.text.len();
                Ok(None)
            } else {
                Err(self.error(from, "an end tag", "a start tag"))
            };
        };
        match self.open.last_mut() {
            Some(parent) => {
                parent.append_child(element);
                Ok(None)
            }
            None => Ok(Some(element)),
        }
    }

    /// Text before the tag that starts at `end` belongs to the innermost open element. Whitespace
    /// that breaks a line is layout: what is meant to be text is written as `&#xA;`.
    fn flush_text(&mut self, end: usize) -> Result<(), ReadError> {
        let Some((start, text)) = self.run.take() else {
            return Ok(());
        };
        let raw = &self.text.as_bytes()[start..end.min(self.text.len())];
        let blank = raw.iter().all(u8::is_ascii_whitespace);
        match self.open.last_mut() {
            Some(_) if blank && raw.contains(&b'\n') => Ok(()),
            Some(parent) => {
                parent.append_text(text);
                Ok(())
            }
            None if blank => Ok(()),
            None => {
                let skipped = raw.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                Err(self.error(start + skipped, "text", "an element"))
            }
        }
    }

    fn size(&self) -> String {
        format!("an element of at most {} bytes", self.limits.size_max)
    }

    fn unfinished(&self) -> ReadError {
        let expected = match self.open.last() {
            Some(element) => format!("</{}>", element.name()),
            None => "the end of the tag".to_owned(),
        };
        self.error(self.text.len(), "the end of the text", expected)
    }

    fn malformed(&self, error: Error) -> ReadError {
        let last_read = (self.text.len() - self.rest.len()).saturating_sub(1);
        if let Some((offset, found)) = self.forbidden(&error, last_read) {
            return self.error(offset, found, WITHOUT_FORBIDDEN);
        }
        let (offset, expected) = match error {
            Error::ElementMismatch => {
                let expected = match self.open.last() {
                    Some(element) => format!("</{}>", element.name()),
                    None => "a start tag".to_owned(),
                };
                (self.position, expected)
            }
            Error::DuplicateAttribute => (self.position, "each attribute once".to_owned()),
            Error::UndeclaredNamespacePrefix(_) => {
                (self.position, "a prefix that xmlns declares".to_owned())
            }
            // A tag or a reference that does not end within the bound.
            Error::RestrictedXml(_)
                if last_read.saturating_sub(self.position) >= self.limits.size_max =>
            {
                return self.error(self.position, "a longer element", self.size());
            }
            _ => (last_read, "well-formed XML".to_owned()),
        };
        self.error(offset, error, expected)
    }

    /// What XMPP forbids that the parser has come to, and where it begins.
    fn forbidden(&self, error: &Error, last_read: usize) -> Option<(usize, String)> {
        let text = self.text.as_bytes();
        let read = text.get(..=last_read)?;
        let last = |byte: u8| read.iter().rposition(|one| *one == byte);
        if matches!(error, Error::UndeclaredEntity) {
            let start = last(b'&')?;
            let end = text[start..].iter().position(|byte| *byte == b';')?;
            let entity = String::from_utf8_lossy(&text[start..=start + end]);
            return Some((start, format!("the entity `{entity}`")));
        }
        let tag = matches!(error, Error::RestrictedXml(_) | Error::InvalidSyntax(_));
        let start = last(b'<').filter(|start| tag && *start >= self.position)?;
        Some((start, forbidden(&text[start..])?.to_owned()))
    }

    fn error(&self, offset: usize, found: impl ToString, expected: impl Into<String>) -> ReadError {
        ReadError::at(self.text, offset, found, expected)
    }
}
