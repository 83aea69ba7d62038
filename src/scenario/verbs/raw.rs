//! Stanzas as they are, sent and expected: scansion's part of the language.

use super::super::body::{Bodies, Body};
use super::super::line::Parsed;
use super::super::sentence::Sentence;
use crate::stanza::Element;

/// What somebody sends or receives.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// `WiZ sends:` with a body. Each is a message, presence or iq in `jabber:client`. JIDs of the
    /// cast are filled in; `${NAME}` of captured values is not.
    Sends(Vec<Element>),
    /// `WiZ receives:` with a body: these, in this order.
    Receives(Vec<Pattern>),
    /// `WiZ receives nothing`: since the last line that made something happen.
    ReceivesNothing,
    /// `WiZ receives in any order:` with a body
    ReceivesInAnyOrder(Vec<Pattern>),
}

/// A stanza as it is expected, with scansion's wildcards.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(pub Element);

impl Raw {
    /// What comes next; nothing if it is none of these.
    pub(in super::super) fn parse(
        s: &mut Sentence<'_>,
        bodies: &mut Bodies,
    ) -> Parsed<Option<Self>> {
        if s.line.any_of(&["sends", "send"]) {
            s.line.colon();
            let body = Body::new(&s.take_body("`sends:`")?);
            return bodies.sent(&body, s.names).map(|sent| Some(Raw::Sends(sent)));
        }
        if !s.line.any_of(&["receives", "receive"]) {
            return Ok(None);
        }
        s.line.colon();
        if s.line.words("nothing") {
            return Ok(Some(Raw::ReceivesNothing));
        }
        let any_order = s.line.words("in any order");
        s.line.colon();
        if !s.line.rest().is_empty() {
            s.line.expecting("a body on the next lines");
            return Err(s.line.unexpected());
        }
        let body = Body::new(&s.take_body("`receives:`")?);
        let expected = bodies.expected(&body, s.names)?.into_iter().map(Pattern).collect();
        Ok(Some(if any_order {
            Raw::ReceivesInAnyOrder(expected)
        } else {
            Raw::Receives(expected)
        }))
    }
}
