//! What a client has seen and heard, and what a stanza tells it.

use wallops::stanza::{Element, Stanza, ns};

use crate::record::*;

/// Somebody in the room, as a client sees him.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub affiliation: String,
    pub role: String,
    pub jid: Option<String>,
    /// The payloads of his own.
    pub own: Vec<String>,
}

/// A message that a client got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub nick: String,
    pub id: String,
    pub body: String,
    pub delayed: bool,
}

/// What a client waits for; of a join, its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Join(String),
    Leave,
}

/// Whether a farewell to oneself says why.
pub fn is_removal(stanza: &Stanza) -> bool {
    let x = stanza.payload("x", ns::MUC_USER);
    ["301", "307", "321", "322", "332", "333"].iter().any(|code| has_code(stanza, code))
        || x.is_some_and(|x| x.has_child("destroy", ns::MUC_USER))
}

/// The payloads of a presence that are its sender's own.
pub fn own(stanza: &Stanza) -> Vec<String> {
    let own = stanza.payloads.iter().filter(|payload| !payload.is("x", ns::MUC_USER));
    own.map(String::from).collect()
}

/// The payloads of a presence as [`Seen`] has them.
pub fn own_texts<'a>(payloads: impl Iterator<Item = &'a Element>) -> Vec<String> {
    payloads.map(String::from).collect()
}
