//! Which nicks a room accepts.

/// Whether a room accepts this nick: not blank, no control characters, no space at either end, at
/// most 64 characters. What is no resource of a JID at all never gets this far.
///
/// XEP-0045 §7.2.2 leaves the rule to the service; a nick that it refuses is `jid-malformed`.
pub fn is_acceptable(nick: &str) -> bool {
    !nick.is_empty()
        && nick.trim() == nick
        && nick.chars().count() <= LENGTH_MAX
        && !nick.chars().any(char::is_control)
}

const LENGTH_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::is_acceptable;

    #[test]
    fn blank_padded_and_endless_nicks_are_refused() {
        for nick in ["", " ", " WiZ", "WiZ ", "\u{7}bell", &"x".repeat(65)] {
            assert!(!is_acceptable(nick), "{nick:?}");
        }
        for nick in ["WiZ", "Big Cheese", &"x".repeat(64)] {
            assert!(is_acceptable(nick), "{nick:?}");
        }
    }
}
