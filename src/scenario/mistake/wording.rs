//! The words of every mistake.

use std::fmt;

use super::super::words::{or_list, ticked};

/// What is wrong. Prints as a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the sentences below say what each is")]
pub enum Wrong {
    // A file as a whole.
    NotUtf8 { byte: u8 },
    Empty,
    TooMany { what: &'static str, limit: usize },
    NoExpectation,
    // Lines.
    Indented,
    NoDashes,
    NotInHead { found: String },
    ControlCharacter(char),
    UnterminatedText,
    UnknownEscape(char),
    // Head and cast.
    NoTagValue { tag: String },
    UnknownTag { found: String, meant: Option<String>, known: Vec<String> },
    UnknownSection { found: String, meant: Option<String>, known: Vec<String> },
    UnfinishedHeading,
    BadName { name: String, why: &'static str },
    UnknownKey { section: String, found: String, meant: Option<String>, known: Vec<String> },
    NotAKey,
    MissingKey { section: String, key: &'static str },
    Twice { what: String },
    SameJid { jid: String, other: String },
    SecondSlave { domain: String, other: String },
    OnlyDynamic { key: String },
    NotInProfile { what: &'static str },
    ScriptInCast,
    UnknownCast { name: String, reason: String },
    // Names and values.
    Unknown { thing: Thing, found: String, meant: Option<String>, known: Vec<String> },
    Ambiguous { thing: Thing, found: String, candidates: Vec<String> },
    WhichRoom { rooms: Vec<String> },
    NoRoom,
    ElseThanWhom,
    UnknownCondition { found: String, meant: Option<String>, known: Vec<String> },
    UnknownStatus { found: String, meant: Option<String>, known: Vec<String> },
    UnknownSetting { found: String, meant: Option<String>, known: Vec<String> },
    UnknownPolicy { found: String, meant: Option<String>, known: Vec<String> },
    NotAlone { found: String },
    Bad { found: String, expected: &'static str, example: &'static str },
    Refused { found: String, why: String },
    UnknownVariable { found: String, meant: Option<String> },
    // The script.
    UnknownStart { found: String, meant: Option<String>, expected: Vec<String> },
    UnknownVerb { found: String, meant: Option<String>, expected: Vec<String> },
    Unexpected { found: Option<String>, meant: Option<String>, expected: Vec<String> },
    NobodyActs,
    NobodyDoesNot,
    NotAtOneInstant,
    // Bodies.
    NoBody { what: &'static str },
    UnexpectedBody,
    BadXml { found: String, expected: String },
    NotAStanza { found: String },
}

/// What a name may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum Thing {
    Occupant,
    Room,
    Slave,
    Host,
    Machine,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Thing::Occupant => "occupant",
            Thing::Room => "room",
            Thing::Slave => "slave",
            Thing::Host => "host",
            Thing::Machine => "server, slave or master",
        })
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::NotUtf8 { byte } => write!(f, "the byte 0x{byte:02X} is not UTF-8"),
            Wrong::Empty => f.write_str("the file is empty"),
            Wrong::TooMany { what, limit } => write!(f, "more than {limit} {what}"),
            Wrong::NoExpectation => f.write_str("the scenario expects nothing"),
            Wrong::Indented => f.write_str("unexpected indentation"),
            Wrong::NoDashes => f.write_str("no line of dashes between cast and script"),
            Wrong::NotInHead { found } => {
                write!(f, "unexpected {} before the line of dashes", ticked(found))
            }
            Wrong::ControlCharacter(c) => write!(f, "control character U+{:04X}", u32::from(*c)),
            Wrong::UnterminatedText => f.write_str("the quoted text has no end"),
            Wrong::UnknownEscape(c) => write!(f, "unknown escape `\\{}`", c.escape_default()),
            Wrong::NoTagValue { tag } => write!(f, "the tag {} has no value", ticked(tag)),
            Wrong::UnknownTag { found, meant, .. } => unknown(f, "tag", found, meant),
            Wrong::UnknownSection { found, meant, .. } => unknown(f, "section", found, meant),
            Wrong::UnfinishedHeading => f.write_str("the heading of a section has no end"),
            Wrong::BadName { name, why } => write!(f, "bad name {}: {why}", ticked(name)),
            Wrong::UnknownKey { section, found, meant, .. } => {
                unknown(f, &format!("key of a [{section}]"), found, meant)
            }
            Wrong::NotAKey => f.write_str("not a key with its value"),
            Wrong::MissingKey { section, key } => write!(f, "the [{section}] has no `{key}`"),
            Wrong::Twice { what } => write!(f, "{what} is there twice"),
            Wrong::SameJid { jid, other } => {
                write!(f, "{} is already the JID of {}", ticked(jid), ticked(other))
            }
            Wrong::SecondSlave { domain, other } => {
                write!(f, "{} already has the slave {}", ticked(domain), ticked(other))
            }
            Wrong::OnlyDynamic { key } => {
                write!(f, "{} is for slaves that register, and this one does not", ticked(key))
            }
            Wrong::NotInProfile { what } => {
                write!(f, "{what} is not part of this scenario's profile")
            }
            Wrong::ScriptInCast => f.write_str("a cast has no script"),
            Wrong::UnknownCast { name, reason } => {
                write!(f, "cannot read the cast {}: {reason}", ticked(name))
            }
            Wrong::Unknown { thing, found, meant, .. } => {
                unknown(f, &thing.to_string(), found, meant)
            }
            Wrong::Ambiguous { thing, found, .. } => {
                write!(f, "more than one {thing} could be {}", ticked(found))
            }
            Wrong::WhichRoom { .. } => f.write_str("there are several rooms: in which?"),
            Wrong::NoRoom => f.write_str("there is no room"),
            Wrong::ElseThanWhom => f.write_str("everybody else than whom?"),
            Wrong::UnknownCondition { found, meant, .. } => unknown(f, "condition", found, meant),
            Wrong::UnknownStatus { found, meant, .. } => unknown(f, "status code", found, meant),
            Wrong::UnknownSetting { found, meant, .. } => unknown(f, "setting", found, meant),
            Wrong::UnknownPolicy { found, meant, .. } => unknown(f, "policy", found, meant),
            Wrong::NotAlone { found } => write!(f, "{} stands alone", ticked(found)),
            Wrong::Bad { found, expected, .. } => {
                write!(f, "{} is not {expected}", ticked(found))
            }
            Wrong::Refused { found, why } => write!(f, "{} cannot be set: {why}", ticked(found)),
            Wrong::UnknownVariable { found, meant } => unknown(f, "variable", found, meant),
            other => other.of_the_script(f),
        }
    }
}

impl Wrong {
    /// What is wrong with the script. Everything else is worded already.
    fn of_the_script(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::UnknownStart { found, meant, .. } => {
                write!(f, "a line cannot begin with {}", ticked(found))?;
                did_you_mean(f, meant)
            }
            Wrong::UnknownVerb { found, meant, .. } => unknown(f, "verb", found, meant),
            Wrong::Unexpected { found: Some(found), meant, .. } => {
                write!(f, "unexpected {}", ticked(found))?;
                did_you_mean(f, meant)
            }
            Wrong::Unexpected { found: None, .. } => f.write_str("the line ends too early"),
            Wrong::NobodyActs => f.write_str("nobody cannot do anything"),
            Wrong::NobodyDoesNot => f.write_str("nobody does not: a double negation"),
            Wrong::NotAtOneInstant => f.write_str("this cannot happen within `meanwhile`"),
            Wrong::NoBody { what } => write!(f, "{what} needs an indented body"),
            Wrong::UnexpectedBody => f.write_str("this line has no body"),
            Wrong::BadXml { found, .. } => write!(f, "the body is not XML: {found}"),
            Wrong::NotAStanza { found } => write!(f, "{} is not a stanza", ticked(found)),
            _ => Ok(()),
        }
    }

    /// What is written under the place.
    pub(super) fn label(&self) -> Option<String> {
        let text = match self {
            Wrong::Unexpected { expected, .. } if expected.len() <= SHORT => {
                format!("expected {}", or_list(expected))
            }
            Wrong::BadXml { expected, .. } => format!("expected {expected}"),
            Wrong::Bad { expected, example: "", .. } => format!("expected {expected}"),
            Wrong::Bad { expected, example, .. } => {
                format!("expected {expected} such as `{example}`")
            }
            Wrong::NotAStanza { .. } => "expected <message/>, <presence/> or <iq/>".to_owned(),
            Wrong::NotInHead { .. } => {
                "expected a comment, a tag, a section or a line of dashes".to_owned()
            }
            Wrong::NotAKey => "expected `key: value`".to_owned(),
            Wrong::UnterminatedText => "expected `\"` before the end of the line".to_owned(),
            Wrong::UnfinishedHeading => "expected `]`, and a name after it".to_owned(),
            Wrong::NoTagValue { .. } => "expected `## tag: value`".to_owned(),
            Wrong::NoDashes => "expected `-----` before this line".to_owned(),
            Wrong::Indented => "nothing above it has a body".to_owned(),
            Wrong::UnexpectedBody => "expected the next line, without indentation".to_owned(),
            Wrong::NobodyActs => "expected a line that says what nobody perceives".to_owned(),
            Wrong::NobodyDoesNot => "expected `Everybody`, or no `not`".to_owned(),
            Wrong::UnknownEscape(_) => r#"expected `\"`, `\\`, `\n` or `\t`"#.to_owned(),
            Wrong::Twice { .. } => "the second time".to_owned(),
            Wrong::ElseThanWhom => "the line before names nobody".to_owned(),
            _ => return None,
        };
        Some(text)
    }

    /// What is written below, and what to do.
    pub(super) fn help(&self) -> Option<String> {
        let text = match self {
            Wrong::UnknownTag { known, .. }
            | Wrong::UnknownSection { known, .. }
            | Wrong::UnknownKey { known, .. }
            | Wrong::UnknownStart { expected: known, .. }
            | Wrong::UnknownCondition { known, .. }
            | Wrong::UnknownStatus { known, .. }
            | Wrong::UnknownSetting { known, .. }
            | Wrong::UnknownPolicy { known, .. }
            | Wrong::UnknownVerb { expected: known, .. } => {
                format!("expected {}", or_list(known))
            }
            Wrong::Unexpected { expected, .. } if expected.len() > SHORT => {
                format!("expected {}", or_list(expected))
            }
            Wrong::Unknown { thing, known, .. } if known.is_empty() => {
                format!("the cast has no {thing}")
            }
            Wrong::Unknown { known, .. } => format!("expected {}", or_list(known)),
            Wrong::Ambiguous { candidates, .. } => format!("expected {}", or_list(candidates)),
            Wrong::WhichRoom { rooms } => format!("add `in` and one of {}", or_list(rooms)),
            Wrong::UnknownVariable { .. } => {
                "a body may name `${WiZ's JID}` and `${WiZ's full JID}` \
                of its cast, and what `{scansion:capture:NAME}` has captured above it"
                    .to_owned()
            }
            Wrong::NoExpectation => "add a line that can fail, such as \
                `Everybody hears WiZ say \"Hello\"`"
                .to_owned(),
            Wrong::NoDashes => "a scenario has a head, a cast, a line of five or more dashes, and \
                then its script"
                .to_owned(),
            Wrong::OnlyDynamic { .. } => {
                "slaves register in profile `full`, unless they are `registration: static`"
                    .to_owned()
            }
            Wrong::NotInProfile { .. } => "add `## profile: full` to the head".to_owned(),
            Wrong::NotAlone { .. } => {
                "leave out the others, or write which of them are meant".to_owned()
            }
            Wrong::NoRoom => "add a section such as `[Room] wallops` to the cast".to_owned(),
            Wrong::NotAtOneInstant => "a block holds lines that make something happen, and \
                waits for a time; expect below it"
                .to_owned(),
            Wrong::Empty => "a scenario has a cast, a line of dashes, and a script".to_owned(),
            Wrong::NoBody { .. } => "indent the body with a tab".to_owned(),
            _ => return None,
        };
        Some(text)
    }
}

fn unknown(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    found: &str,
    meant: &Option<String>,
) -> fmt::Result {
    write!(f, "unknown {what} {}", ticked(found))?;
    did_you_mean(f, meant)
}

fn did_you_mean(f: &mut fmt::Formatter<'_>, meant: &Option<String>) -> fmt::Result {
    match meant {
        Some(meant) => write!(f, ": did you mean `{meant}`?"),
        None => Ok(()),
    }
}

/// So many alternatives fit under the place; more are written below.
const SHORT: usize = 3;
