//! What went over the network: expectations about numbers of stanzas.

use super::super::ast::Name;
use super::super::line::Parsed;
use super::super::sentence::Sentence;
use super::super::values;

/// What went over the network since the last line that made something happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// `Exactly 4 stanzas cross between servers`, `Nothing crosses from vesa to channel`
    Stanzas {
        /// How many.
        count: Count,
        /// Of which kind.
        kind: Kind,
        /// `with enter`: that have an element of this name somewhere.
        with: Option<String>,
        /// Between whom.
        path: Path,
        /// `since the beginning`, and not only since the last line that made something happen.
        since_beginning: bool,
    },
    /// `The cut lost at least one stanza`, `The cut lost nothing`: all cuts so far.
    CutLost(Count),
}

/// Which stanzas count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `stanzas`
    Any,
    /// `messages`, `presences`, `iqs`
    Only(crate::stanza::Kind),
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// `Exactly 4`, `Nothing`
    Exactly(u64),
    /// `At least 4`
    AtLeast(u64),
    /// `At most 4`
    AtMost(u64),
}

impl Count {
    /// Whether this number is as expected.
    pub fn admits(self, number: u64) -> bool {
        match self {
            Count::Exactly(expected) => number == expected,
            Count::AtLeast(least) => number >= least,
            Count::AtMost(most) => number <= most,
        }
    }
}

/// Between whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// `between servers`: any two of them.
    BetweenServers,
    /// `from vesa to channel`: two domains.
    FromTo(Name, Name),
    /// `between vesa and channel`: two domains, both directions.
    Between(Name, Name),
}

impl Crossing {
    pub(in super::super) fn parse(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        if s.line.words("the cut lost") {
            let count = if s.line.words("nothing") {
                Count::Exactly(0)
            } else {
                let Some(count) = Count::parse(s)? else { return Err(s.line.unexpected()) };
                expect_stanzas(s)?;
                count
            };
            return Ok(Some(Crossing::CutLost(count)));
        }
        let (count, kind) = if s.line.words("nothing") {
            (Count::Exactly(0), Kind::Any)
        } else if let Some(count) = Count::parse(s)? {
            (count, Kind::parse(s)?)
        } else {
            return Ok(None);
        };
        let with = if s.line.words("with") {
            Some(s.value("the name of an element", |word| Ok(word.to_owned()), String::new())?)
        } else {
            None
        };
        if !s.line.any_of(&["crosses", "cross"]) {
            return Err(s.line.unexpected());
        }
        let path = Path::parse(s)?;
        let since_beginning = s.line.words("since the beginning");
        Ok(Some(Crossing::Stanzas { count, kind, with, path, since_beginning }))
    }
}

impl Kind {
    fn parse(s: &mut Sentence<'_>) -> Parsed<Self> {
        let found = KINDS.iter().find(|(words, _)| s.line.any_of(words));
        found.map(|(_, kind)| *kind).ok_or_else(|| s.line.unexpected())
    }
}

const KINDS: [([&str; 2], Kind); 4] = [
    (["stanzas", "stanza"], Kind::Any),
    (["messages", "message"], Kind::Only(crate::stanza::Kind::Message)),
    (["presences", "presence"], Kind::Only(crate::stanza::Kind::Presence)),
    (["iqs", "iq"], Kind::Only(crate::stanza::Kind::Iq)),
];

impl Count {
    fn parse(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        let make = if s.line.words("exactly") {
            Count::Exactly
        } else if s.line.words("at least") {
            Count::AtLeast
        } else if s.line.words("at most") {
            Count::AtMost
        } else {
            return Ok(None);
        };
        let number = match SMALL.iter().position(|word| s.line.words(word)) {
            Some(number) => number as u64,
            None => s.value("a number", values::large_number, 0)?,
        };
        Ok(Some(make(number)))
    }
}

impl Path {
    fn parse(s: &mut Sentence<'_>) -> Parsed<Self> {
        if s.line.words("between servers") {
            return Ok(Path::BetweenServers);
        }
        if s.line.words("from") {
            let from = s.server()?;
            s.line.expect_words("to")?;
            return Ok(Path::FromTo(from, s.server()?));
        }
        if s.line.words("between") {
            let one = s.server()?;
            s.line.expect_words("and")?;
            return Ok(Path::Between(one, s.server()?));
        }
        Err(s.line.unexpected())
    }
}

fn expect_stanzas(s: &mut Sentence<'_>) -> Parsed<()> {
    if s.line.any_of(&["stanzas", "stanza"]) { Ok(()) } else { Err(s.line.unexpected()) }
}

const SMALL: [&str; 5] = ["no", "one", "two", "three", "four"];
