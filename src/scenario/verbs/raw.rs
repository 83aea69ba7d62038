//! Stanzas as they are, sent and expected: scansion's part of the language.

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
