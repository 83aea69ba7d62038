//! Findings in words.

/// Whether this says no more than which stanza went where.
pub fn is_headline(what: &str) -> bool {
    let stanza = ["message ", "presence ", "iq "].iter().any(|kind| what.starts_with(kind));
    stanza || what.split(": ").next().is_some_and(|first| first.contains(" -> ")) || what.is_empty()
}

#[test]
fn what_names_a_stanza_only_is_a_headline() {
    let stanza = "message wallops@channel/BigCheese -> slave@vesa  groupchat \"Hello\"";
    assert!(is_headline(stanza) && is_headline(&format!("channel -> vesa: {stanza}")));
    assert!(!is_headline(&format!("slave@vesa is sent 2 copies of: {stanza}")));
    assert!(!is_headline(
        "BigCheese is told this, and was not told before what WiZ said before it"
    ));
}
