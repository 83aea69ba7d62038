//! In what a stanza differs from one of an example, and how that reads.

use std::fmt;

/// How a stanza of a run differs from one of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "`at` is the path to the element, `expected` what the example has")]
pub enum Difference {
    /// An attribute has another value, or is there on one side only.
    Attribute { at: String, name: String, expected: Option<String>, found: Option<String> },
    /// An element has another text.
    Text { at: String, expected: String, found: String },
    /// An element of the example is missing.
    Missing { at: String, child: String },
    /// An element that the example does not have, and `...` does not stand for.
    Extra { at: String, child: String },
    /// An element stands before one that should precede it.
    Misplaced { at: String, child: String },
    /// Something that the receiver may not see.
    Forbidden { at: String, what: String },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Attribute { at, name, expected, found } => match (expected, found) {
                (Some(expected), Some(found)) => {
                    write!(f, "{at}: {name} is '{found}', not '{expected}'")
                }
                (Some(expected), None) => write!(f, "{at}: {name}='{expected}' is missing"),
                (_, found) => {
                    let found = found.as_deref().unwrap_or_default();
                    write!(f, "{at}: {name}='{found}' is not in the example")
                }
            },
            Difference::Text { at, expected, found } => {
                write!(f, "{at}: the text is \"{found}\", not \"{expected}\"")
            }
            Difference::Missing { at, child } => write!(f, "{at}: {child} is missing"),
            Difference::Extra { at, child } => write!(f, "{at}: {child} is not in the example"),
            Difference::Misplaced { at, child } => {
                write!(f, "{at}: {child} stands before what should precede it")
            }
            Difference::Forbidden { at, what } => write!(f, "{at}: {what}"),
        }
    }
}
