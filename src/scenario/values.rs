//! Numbers, durations, stamps and JIDs, as words of the language.

use super::mistake::Wrong;
use crate::stanza::{BareJid, Jid};
use crate::time::{Duration, Time};

/// `20`
pub(super) fn number(word: &str) -> Result<u32, Wrong> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|_| digits).ok_or_else(|| bad(word, "a number", "20"))
}

/// `100`, of things that are kept in memory.
pub(super) fn count(word: &str) -> Result<usize, Wrong> {
    let count = number(word).ok().filter(|count| *count <= COUNT_MAX);
    let count = count.and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| bad(word, "a number up to 1000000", ""))
}

/// `5222`
pub(super) fn port(word: &str) -> Result<u16, Wrong> {
    word.parse().map_err(|_| bad(word, "a port", "5222"))
}

/// `20`, up to 2⁶⁴-1
pub(super) fn large_number(word: &str) -> Result<u64, Wrong> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|_| digits).ok_or_else(|| bad(word, "a number", "20"))
}

/// `900ms`, `30s`, `2m`, `1h30m`, `2d`; at most a year.
pub(super) fn duration(word: &str) -> Result<Duration, Wrong> {
    let wrong = || bad(word, "a duration", "30s");
    // It reads as one.
    let too_long = || bad(word, "a duration of at most 366d", "30s");
    let mut total: u128 = 0;
    let mut rest = word;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit());
        let unit_end = unit_end.map_or(rest.len(), |end| digits + end);
        let count = &rest[..digits];
        if count.is_empty() {
            return Err(wrong());
        }
        let unit = match &rest[digits..unit_end] {
            "us" => Duration::from_micros(1),
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(3600),
            "d" => Duration::from_secs(86_400),
            _ => return Err(wrong()),
        };
        let count: Option<u64> = count.parse().ok();
        let span = count.map_or(u128::MAX, |count| unit.as_micros() * u128::from(count));
        total = total.saturating_add(span);
        rest = &rest[unit_end..];
    }
    match u64::try_from(total) {
        _ if word.is_empty() => Err(wrong()),
        Ok(total) if Duration::from_micros(total) <= YEAR => Ok(Duration::from_micros(total)),
        _ => Err(too_long()),
    }
}

/// `30s`, in whole seconds.
pub(super) fn seconds(word: &str) -> Result<u32, Wrong> {
    let span = duration(word)?;
    let whole = u32::try_from(span.as_secs()).ok().filter(|_| span.subsec_nanos() == 0);
    whole.ok_or_else(|| bad(word, "a duration in whole seconds", "30s"))
}

/// `1990-10-13T23:58:37Z`
pub(super) fn stamp(word: &str) -> Result<Time, Wrong> {
    word.parse().map_err(|_| bad(word, "a date and time of XEP-0082", "1990-10-13T23:58:37Z"))
}

/// `argl@killrc.oulubox.irc/laptop`
pub(super) fn jid(word: &str) -> Result<Jid, Wrong> {
    Jid::new(word).map_err(|_| bad(word, "a JID", "argl@killrc.oulubox.irc"))
}

/// `argl@killrc.oulubox.irc/laptop`, with at least a local part.
pub(super) fn user_jid(word: &str) -> Result<Jid, Wrong> {
    let wrong = || bad(word, "the JID of a user", "argl@killrc.oulubox.irc");
    Jid::new(word).ok().filter(|jid| jid.node().is_some()).ok_or_else(wrong)
}

/// `vesa.yeggmaex.irc`
pub(super) fn domain(word: &str) -> Result<String, Wrong> {
    let wrong = || bad(word, "a domain", "vesa.yeggmaex.irc");
    let jid = Jid::new(word).ok().filter(|jid| jid.node().is_none() && jid.resource().is_none());
    jid.map(|jid| jid.to_string()).ok_or_else(wrong)
}

/// `argl@killrc.oulubox.irc`, with both parts.
pub(super) fn bare_jid(word: &str) -> Result<BareJid, Wrong> {
    let wrong = || bad(word, "a bare JID", "argl@killrc.oulubox.irc");
    BareJid::new(word).ok().filter(|jid| jid.node().is_some()).ok_or_else(wrong)
}

/// `yes`, `no`
pub(super) fn yes_or_no(word: &str) -> Result<bool, Wrong> {
    match word {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(bad(word, "`yes` or `no`", "")),
    }
}

pub(super) fn bad(found: &str, expected: &'static str, example: &'static str) -> Wrong {
    Wrong::Bad { found: found.to_owned(), expected, example }
}

const COUNT_MAX: u32 = 1_000_000;
const YEAR: Duration = Duration::from_secs(366 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up_their_parts() {
        assert_eq!(duration("900ms"), Ok(Duration::from_millis(900)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        for wrong in ["", "30", "s", "-3s", "3 s", "99999999999s", "400d", "3x", "é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        let too_long = |word| bad(word, "a duration of at most 366d", "30s");
        for word in ["8785h", "367d", "366d1us", "99999999999999999999d"] {
            assert_eq!(duration(word), Err(too_long(word)));
        }
        assert_eq!(duration("8784h"), Ok(YEAR));
    }

    #[test]
    fn numbers_are_digits_only() {
        assert_eq!(number("20"), Ok(20));
        for wrong in ["", "+20", "-1", "4294967296", "2.5"] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
    }
}
