use super::*;

#[test]
fn the_text_is_made_for_people() {
    assert_eq!(
        sample().to_string(),
        "\
wallops transcript 1
scenario: vesa splits
spec: 0282@0.1
profile: core
seed: 0
network: event
epoch: 1990-10-13T23:58:37Z

23:58:37.000000  # line 7: BigCheese says \"hi\"
23:58:37.000000  rubenro@vesa.yeggmaex.irc/shaver -> vesa.yeggmaex.irc
  <message type='groupchat'>
    <body>hi</body>
  </message>
23:58:37.001000  vesa.yeggmaex.irc -> channel.avalon.irc  after 900 ms
  <message type='groupchat'>
    <body>hi</body>
  </message>
23:58:39.000000  ! cut vesa.yeggmaex.irc <-> channel.avalon.irc, silent
23:58:39.000000  channel.avalon.irc -> vesa.yeggmaex.irc  waited 160 ms  lost
  <message type='groupchat'>
    <body>anybody?</body>
  </message>
---- 1990-10-14
00:00:07.000000  * wallops@channel.avalon.irc split slave@vesa.yeggmaex.irc
00:00:07.000000  ! stream vesa.yeggmaex.irc -> channel.avalon.irc, failed, refused
00:00:07.001000  ! undeliverable vesa.yeggmaex.irc -> channel.avalon.irc
  <message type='groupchat'>
    <body>so</body>
  </message>
"
    );
}

/// The error of the sample after this replacement.
fn error(old: &str, new: &str) -> String {
    let text = sample().to_string();
    assert!(text.contains(old));
    Transcript::read(&text.replacen(old, new, 1)).unwrap_err().to_string()
}

#[test]
fn errors_say_where_and_what_was_expected() {
    for (old, new, message) in [
        (
            "wallops",
            "wollaps",
            "line 1, column 1: `wollaps transcript 1`; expected `wallops transcript 1`",
        ),
        ("spec:", "speck:", "line 3, column 5: `k: 0282@0.1`; expected `:`"),
        ("seed: 0", "seed: -1", "line 5, column 7: `-1`; expected a number in range"),
        (
            "T23:58:37Z",
            "",
            "line 7, column 8: `1990-10-13`; expected a time such as 1990-10-13T23:58:37Z",
        ),
        (
            "23:58:37.001",
            "25:58:37.001",
            "line 14, column 1: `25:58:37.001000  vesa.yeggmaex.irc -> ch…`; \
          expected a time such as 23:58:37.040000",
        ),
        ("  after 900 ms", "  after 900 h", "line 14, column 69: `h`; expected one of s, ms, us"),
        (
            "  after",
            "  before",
            "line 14, column 59: `before 900 ms`; \
          expected `waited`, `after` and how long, `lost` or `under way`",
        ),
        ("silent", "loud", "line 18, column 66: `loud`; expected one of silent, refused, reset"),
        (
            "! cut",
            "! cat",
            "line 18, column 20: `cat vesa.yeggmaex.irc <-> channel.avalon…`; \
          expected one of cut, hold, slow, heal, crash, restart, undeliverable, stream",
        ),
        (
            "<body>anybody?</body>",
            "<body>anybody?</b>",
            "line 21, column 19: \
          start and end tag do not match; expected </body>",
        ),
        (
            "  <message",
            "<message",
            "line 11, column 1: `<message type='groupchat'>`; \
          expected a stanza, indented by 2 spaces",
        ),
        (
            "1990-10-14",
            "tomorrow",
            "line 23, column 6: `tomorrow`; expected a date such as 1990-10-13",
        ),
        (
            " split ",
            " splat ",
            "line 24, column 47: `splat slave@vesa.yeggmaex.irc`; \
          expected one of created, split, resyncing, synced, enter-refused, ignored, registered, \
          refused, deregistered, expired",
        ),
        ("* wallops", "* \"wallops", "line 24, column 77: the end of the line; expected `\"`"),
        (
            "* wallops@",
            "* @",
            "line 24, column 20: `@channel.avalon.irc split slave@vesa.yeg…`; \
          expected a JID",
        ),
        ("refused", "refused now", "line 25, column 83: ` now`; expected the end of the line"),
    ] {
        assert_eq!(error(old, new), message);
    }
}

#[test]
fn blank_lines_between_entries_mean_nothing() {
    let text = sample().to_string().replace("\n23:", "\n\n23:");
    assert_eq!(Transcript::read(&text), Ok(sample()));
}

#[test]
fn hostile_texts_are_errors() {
    let header = Transcript::default().to_string();
    for text in [
        String::new(),
        "x".repeat(10_000_000),
        format!("{header}{}", "x".repeat(10_000_000)),
        format!("{header}23:58:37.000000  a -> b\n  {}", "<a>".repeat(1_000_000)),
        format!("{header}23:58:37.000000  a -> b\n  <message>{}", "x".repeat(10_000_000)),
        format!("{header}23:58:37.000000  a -> b  after 99999999999999999999 s\n  <iq/>"),
        format!("{header}23:58:37.000000  a -> b  after 9999999999999999999 s\n  <iq/>"),
        format!("{header}{}", "23:58:37.000000  a -> b\n".repeat(100_000)),
    ] {
        let error = Transcript::read(&text).unwrap_err();
        assert!(error.to_string().len() < 400, "{error}");
    }
}

#[test]
fn the_compact_form_has_one_line_for_each_entry() {
    let lines: Vec<_> = sample().compact().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines.join("\n"),
        "\
23:58:37.000  # line 7: BigCheese says \"hi\"
23:58:37.000    rubenro@vesa/shaver -> vesa  message  groupchat \"hi\"
23:58:37.001    vesa -> channel              message  groupchat \"hi\"  after 900 ms
23:58:39.000  ! cut vesa.yeggmaex.irc <-> channel.avalon.irc, silent
23:58:39.000    channel -> vesa              message  groupchat \"anybody?\"  lost
---- 1990-10-14
00:00:07.000  * wallops@channel split slave@vesa
00:00:07.000  ! stream vesa.yeggmaex.irc -> channel.avalon.irc, failed, refused
00:00:07.001    vesa -> channel              undeliverable: message  groupchat \"so\""
    );
}

proptest! {
    #[test]
    fn no_entry_breaks_its_line(transcript in transcript()) {
        for line in transcript.compact() {
            prop_assert!(!line.to_string().contains(['\n', '\r', '\x1b']), "{line:?}");
        }
    }
}

#[test]
fn a_stored_text_says_where_it_ends() {
    let text = sample().stored();
    assert!(text.ends_with("\n---- end of 8 entries\n"), "{text}");
    assert_eq!(Transcript::read(&text), Ok(sample()));
    let one = Transcript { entries: sample().entries[..1].to_vec(), ..sample() };
    assert!(one.stored().ends_with("---- end of 1 entry\n"));
}

#[test]
fn what_is_missing_in_the_middle_or_follows_the_end_shows() {
    let text = sample().stored();
    let shorter = text.replacen("00:00:07.000000  * wallops@channel.avalon.irc split", "#", 1);
    let shorter: String = shorter
        .lines()
        .filter(|line| !line.starts_with('#'))
        .fold(String::new(), |text, line| text + line + "\n");
    let error = Transcript::read(&shorter).unwrap_err().to_string();
    assert!(error.contains("`8 entries`; expected `7 entries`"), "{error}");
    let longer = text.clone() + "00:00:08.000000  ! heal everything\n";
    let error = Transcript::read(&longer).unwrap_err().to_string();
    assert!(error.contains("expected nothing after the end"), "{error}");
}
