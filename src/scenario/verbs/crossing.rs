//! What went over the network: expectations about numbers of stanzas.

use super::super::ast::Name;
use super::super::line::Parsed;
use super::super::sentence::Sentence;
use super::super::values;

/// What went over the network since the last line that made something happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// `Exactly 4 stanzas cross between servers`, `Nothing crosses from vesa to channel`
    Stanzas(Count, Path),
    /// `The cut lost at least one stanza`, `The cut lost nothing`: all cuts so far.
    CutLost(Count),
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
        let count = if s.line.words("nothing") {
            Count::Exactly(0)
        } else if let Some(count) = Count::parse(s)? {
            expect_stanzas(s)?;
            count
        } else {
            return Ok(None);
        };
        if !s.line.any_of(&["crosses", "cross"]) {
            return Err(s.line.unexpected());
        }
        Ok(Some(Crossing::Stanzas(count, Path::parse(s)?)))
    }
}

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
