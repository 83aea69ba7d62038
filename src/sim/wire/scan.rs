//! A look at the bytes of a stream before the XML parser sees them.
//!
//! The parser checks that XML is well-formed; this checks that it stays within bounds, so that no
//! deep tree and no huge stanza is ever built, and finds what XMPP forbids (RFC 6120 §11.1). It
//! also keeps the stream header, which the parser hands out in part only. It is *not* a parser:
//! of what is not well-formed it makes anything.

use crate::stanza::Limits;

/// Longest stream header, with the XML declaration before it, in bytes.
pub const HEADER_MAX: usize = 4096;

/// Why bytes may not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// An element is nested deeper than [`Limits::depth_max`].
    #[error("an element is nested too deep")]
    TooDeep,
    /// A stanza is longer than [`Limits::size_max`], or a header than [`HEADER_MAX`].
    #[error("a stanza or a stream header is too long")]
    TooLong,
    /// A comment, a processing instruction or a document type declaration.
    #[error("a comment, a processing instruction or a document type declaration")]
    Restricted,
}

impl Violation {
    /// The stream error that it earns (RFC 6120 §4.9.3).
    pub const fn condition(self) -> &'static str {
        match self {
            Violation::TooDeep | Violation::TooLong => "policy-violation",
            Violation::Restricted => "restricted-xml",
        }
    }
}

/// Where in the text the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Between tags.
    Text,
    /// After `<`.
    Open,
    /// In a start tag; whether the last byte was `/`.
    Start { slash: bool },
    /// In a quoted value of a start tag.
    Quoted(u8),
    /// In an end tag.
    End,
    /// After `<!`.
    Bang,
    /// In a CDATA section, after so many `]`.
    Cdata(u8),
    /// In the XML declaration; whether the last byte was `?`.
    Declaration { question: bool },
}

/// The state of the look at one direction of a stream.
#[derive(Clone, Debug)]
pub struct Scanner {
    limits: Limits,
    place: Place,
    /// Open elements, the stream's own included.
    depth: usize,
    /// Bytes since the beginning of the header or of the present stanza.
    size: usize,
    /// Whether the header is over.
    in_content: bool,
    header: Vec<u8>,
}

impl Scanner {
    /// At the beginning of a stream.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            place: Place::Text,
            depth: 0,
            size: 0,
            in_content: false,
            header: Vec::new(),
        }
    }

    /// Begin anew, as both sides do after a successful authentication (RFC 6120 §4.3.3).
    pub fn restart(&mut self) {
        *self = Self::new(self.limits);
    }

    /// What was read up to the end of the stream's start tag, as far as it has come.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Look at the next bytes.
    ///
    /// # Errors
    ///
    /// At the first byte that may not pass: its index, and why.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<(), (usize, Violation)> {
        let mut index = 0;
        while let Some(&byte) = bytes.get(index) {
            let dull = self.dull(&bytes[index..]);
            if dull > 0 {
                self.size += dull;
                index += dull;
            } else {
                self.take(byte).map_err(|violation| (index, violation))?;
                index += 1;
            }
        }
        Ok(())
    }

    /// How many of the next bytes change nothing but the size, and stay within bounds.
    fn dull(&self, bytes: &[u8]) -> usize {
        let end = match self.place {
            Place::Text if self.in_content && self.depth > 1 => b'<',
            Place::Quoted(quote) if self.in_content => quote,
            _ => return 0,
        };
        let length = bytes.iter().position(|byte| *byte == end).unwrap_or(bytes.len());
        length.min(self.limits.size_max.saturating_sub(self.size))
    }

    fn take(&mut self, byte: u8) -> Result<(), Violation> {
        let between = self.in_content && self.depth == 1 && self.place == Place::Text;
        self.size = if between { usize::from(byte == b'<') } else { self.size + 1 };
        let size_max = if self.in_content { self.limits.size_max } else { HEADER_MAX };
        if self.size > size_max {
            return Err(Violation::TooLong);
        }
        if !self.in_content {
            self.header.push(byte);
        }
        self.place = match (self.place, byte) {
            (Place::Text, b'<') => Place::Open,
            (Place::Open, b'/') => Place::End,
            (Place::Open, b'!') => Place::Bang,
            // Only before the header may there be one, the XML declaration.
            (Place::Open, b'?') if self.depth == 0 && !self.in_content => {
                Place::Declaration { question: false }
            }
            (Place::Open, b'?') => return Err(Violation::Restricted),
            (Place::Open, _) => self.open()?,
            (Place::Start { .. }, b'"' | b'\'') => Place::Quoted(byte),
            (Place::Start { slash }, b'>') => {
                if slash {
                    self.close();
                }
                self.in_content = true;
                Place::Text
            }
            (Place::Start { .. }, _) => Place::Start { slash: byte == b'/' },
            (Place::Quoted(quote), _) if byte == quote => Place::Start { slash: false },
            (Place::End, b'>') => {
                self.close();
                Place::Text
            }
            (Place::Bang, b'[') => Place::Cdata(0),
            (Place::Bang, _) => return Err(Violation::Restricted),
            (Place::Cdata(2..), b'>') => Place::Text,
            (Place::Cdata(brackets), b']') => Place::Cdata((brackets + 1).min(2)),
            (Place::Cdata(_), _) => Place::Cdata(0),
            (Place::Declaration { question: true }, b'>') => Place::Text,
            (Place::Declaration { .. }, _) => Place::Declaration { question: byte == b'?' },
            (place, _) => place,
        };
        Ok(())
    }

    fn open(&mut self) -> Result<Place, Violation> {
        self.depth += 1;
        // The stream itself is not counted.
        if self.depth > self.limits.depth_max + 1 {
            return Err(Violation::TooDeep);
        }
        Ok(Place::Start { slash: false })
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests;
