//! Sections of the cast as they are written: headings and keys, of one file or of two put together.

use super::ast::Span;
use super::gaps::Gaps;
use super::lines::{Block, TextLine};
use super::mistake::Wrong;
use super::words::{nearest, ticked};

/// A mistake, with the file that it is in: 0 is the scenario, 1 the cast that it names.
pub(super) type Placed = (Wrong, Span, usize);

/// `[Client] WiZ` and the keys below it.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) class: Class,
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) file: usize,
    pub(super) keys: Vec<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Client,
    Room,
    Slave,
    Server,
    Link,
}

/// `jid: squit@eris.dclxvii.irc`
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) name_span: Span,
    /// The value, for the places of what is in it.
    pub(super) value_span: Span,
    pub(super) file: usize,
}

impl Class {
    pub(super) const ALL: [Class; 5] =
        [Class::Client, Class::Room, Class::Slave, Class::Server, Class::Link];

    pub(super) fn name(self) -> &'static str {
        match self {
            Class::Client => "Client",
            Class::Room => "Room",
            Class::Slave => "Slave",
            Class::Server => "Server",
            Class::Link => "Link",
        }
    }

    /// The keys that it may have.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Class::Client => {
                &["jid", "password", "resource", "nick", "joined", "connect_host", "connect_port"]
            }
            Class::Room => &ROOM_KEYS,
            Class::Slave => &[
                "jid",
                "rooms",
                "registration",
                "created",
                "history-max",
                "history-bytes",
                "policies",
                "persistent",
                "keepalive",
                "pong-timeout",
                "pings-lost-max",
                "split-ping",
                "expiry",
            ],
            Class::Server => &["bounces", "connect-timeout", "survives", "creates-rooms"],
            Class::Link => &["latency", "jitter"],
        }
    }

    /// The keys that may be there more than once.
    fn repeats(self, key: &str) -> bool {
        self == Class::Room && key == "history"
    }
}

impl Section {
    /// The value of this key, the last one if there are two.
    pub(super) fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().rev().find(|key| key.name == name)
    }

    /// All values of a key that may repeat.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Key> {
        self.keys.iter().filter(move |key| key.name == name)
    }
}

/// Read the sections of one file.
pub(super) fn sections(
    blocks: &[&Block<'_>],
    file: usize,
    flaws: &mut Vec<Placed>,
    gaps: &mut Gaps,
) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for block in blocks {
        let (section, wrong) = heading(block, file);
        flaws.extend(wrong.map(|(wrong, span)| (wrong, span, file)));
        let Some(section) = section else {
            gaps.mention(block.line.text);
            block.body.iter().for_each(|line| gaps.mention(line.text));
            continue;
        };
        if section.name.is_empty() {
            gaps.nameless(section.class);
            gaps.mention_all(&with_keys(section, block, flaws));
            continue;
        }
        let known = sections.iter().any(|other| {
            other.class == section.class
                && other.name == section.name
                && section.class != Class::Link
        });
        if known {
            let what = format!("[{}] {}", section.class.name(), section.name);
            flaws.push((Wrong::Twice { what }, section.span, file));
        }
        sections.push(with_keys(section, block, flaws));
    }
    sections
}

/// The sections of a cast, with what a scenario says otherwise about some, and its own after them.
pub(super) fn merged(mut cast: Vec<Section>, own: Vec<Section>) -> Vec<Section> {
    for section in own {
        let same = |other: &&mut Section| {
            other.class == section.class && other.name == section.name && other.file != section.file
        };
        match cast.iter_mut().find(same) {
            Some(other) => {
                other.keys.retain(|key| section.key(&key.name).is_none());
                other.keys.extend(section.keys);
            }
            None => cast.push(section),
        }
    }
    cast
}

/// The section that begins here, and what is wrong with its heading: if it can be told which class
/// was meant, the section is read as one of that class.
fn heading(block: &Block<'_>, file: usize) -> (Option<Section>, Option<(Wrong, Span)>) {
    let line = &block.line;
    let text = line.text;
    if !line.indent().is_empty() {
        return (None, Some((Wrong::Indented, line.span(0, line.indent().len()))));
    }
    let Some(rest) = text.strip_prefix('[') else {
        let first = text.split_whitespace().next().unwrap_or_default();
        let wrong = Wrong::NotInHead { found: first.to_owned() };
        return (None, Some((wrong, line.span(0, first.len()))));
    };
    let span = line.whole();
    let split = rest.split_once(']').or_else(|| rest.split_once(char::is_whitespace));
    let (class, name) = split.unwrap_or((rest, ""));
    let known = Class::ALL.into_iter().find(|known| known.name() == class);
    let meant = nearest(class, Class::ALL.map(Class::name));
    let wrong = if !rest.contains(']') || name.trim().is_empty() {
        Some((Wrong::UnfinishedHeading, span))
    } else if known.is_none() {
        let known = Class::ALL.map(|class| format!("`[{}]`", class.name())).to_vec();
        let wrong = Wrong::UnknownSection { found: class.to_owned(), meant: meant.clone(), known };
        Some((wrong, line.span(1, 1 + class.len())))
    } else {
        None
    };
    let guess = || Class::ALL.into_iter().find(|known| Some(known.name()) == meant.as_deref());
    let section = known.or_else(guess).map(|class| Section {
        class,
        name: normal(name),
        span,
        file,
        keys: Vec::new(),
    });
    (section, wrong)
}

fn with_keys(mut section: Section, block: &Block<'_>, flaws: &mut Vec<Placed>) -> Section {
    let file = section.file;
    let mut guessed: Vec<Key> = Vec::new();
    for line in block.body.iter().filter(|line| !line.is_blank() && !line.is_comment()) {
        let key = match key(line, file) {
            Ok(key) => key,
            Err((wrong, span)) => {
                flaws.push((wrong, span, file));
                continue;
            }
        };
        let known = section.class.keys();
        if !known.contains(&key.name.as_str()) {
            let meant = nearest(&key.name, known.iter().copied());
            let wrong = Wrong::UnknownKey {
                section: section.class.name().to_owned(),
                found: key.name.clone(),
                meant: meant.clone(),
                known: known.iter().map(|key| ticked(key)).collect(),
            };
            flaws.push((wrong, key.name_span, file));
            guessed.extend(meant.map(|name| Key { name, ..key }));
        } else if section.key(&key.name).is_some() && !section.class.repeats(&key.name) {
            let what = format!("`{}`", key.name);
            flaws.push((Wrong::Twice { what }, key.name_span, file));
        } else {
            section.keys.push(key);
        }
    }
    // What was probably meant counts unless it is there, so that its value is looked at too.
    for key in guessed {
        if section.key(&key.name).is_none() {
            section.keys.push(key);
        }
    }
    section
}

fn key(line: &TextLine<'_>, file: usize) -> Result<Key, (Wrong, Span)> {
    let start = line.indent().len();
    let not_a_key = (Wrong::NotAKey, line.whole());
    let colon = line.text.find(':').ok_or_else(|| not_a_key.clone())?;
    let name = line.text[start..colon].trim();
    let after = &line.text[colon + 1..];
    let value_start = colon + 1 + (after.len() - after.trim_start().len());
    if name.is_empty() || after.trim().is_empty() {
        return Err(not_a_key);
    }
    Ok(Key {
        name: name.to_owned(),
        value: after.trim().to_owned(),
        name_span: line.span(start, start + name.len()),
        value_span: line.span(value_start, line.text.len()),
        file,
    })
}

/// A name with single spaces.
fn normal(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

const ROOM_KEYS: [&str; 40] = [
    "jid",
    "owner",
    "admin",
    "member",
    "outcast",
    "moderator",
    "subject",
    "history",
    "name",
    "description",
    "persistent",
    "public",
    "members-only",
    "moderated",
    "whois",
    "password",
    "change-subject",
    "allow-invites",
    "member-invites",
    "private-messages",
    "presence-broadcast",
    "member-lists",
    "history-max",
    "max-users",
    "logging",
    "slaves",
    "grants",
    "slaves-max",
    "slave-domains",
    "denied-domains",
    "slave-history-max",
    "slave-history-bytes",
    "slave-keepalive-min",
    "domain-users-max",
    "mark-away",
    "keepalive",
    "pong-timeout",
    "pings-lost-max",
    "split-ping",
    "expiry",
];
