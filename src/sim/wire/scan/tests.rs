use super::*;

const HEADER: &str =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' a='>' version='1.0'>";

fn scan(text: &str) -> Result<(), (usize, Violation)> {
    Scanner::new(Limits::default()).scan(format!("{HEADER}{text}").as_bytes())
}

fn violation(text: &str) -> Option<Violation> {
    scan(text).err().map(|(_, violation)| violation)
}

#[test]
fn what_xmpp_allows_passes() {
    let text = "<message a='</x>' b=\"<\"><body>1 > 0 <![CDATA[</body>]]]></body><x/></message>  ";
    assert_eq!(scan(&text.repeat(5000)), Ok(()));
}

#[test]
fn the_header_is_kept_and_begins_anew_after_a_restart() {
    let mut scanner = Scanner::new(Limits::default());
    assert_eq!(scanner.scan(HEADER.as_bytes()), Ok(()));
    assert_eq!(scanner.scan(b"<message/>"), Ok(()));
    assert_eq!(scanner.header(), HEADER.as_bytes());
    scanner.restart();
    assert_eq!(scanner.header(), b"");
    assert_eq!(scanner.scan(HEADER.as_bytes()), Ok(()));
    assert_eq!(scanner.header(), HEADER.as_bytes());
}

#[test]
fn depth_is_bounded_at_the_first_element_too_deep() {
    let limit = Limits::default().depth_max;
    let text = |depth: usize| "<a>".repeat(depth - 1) + "<b/>";
    assert_eq!(scan(&text(limit)), Ok(()));
    let at = HEADER.len() + 3 * limit + 1;
    assert_eq!(scan(&text(limit + 1)), Err((at, Violation::TooDeep)));
    assert_eq!(scan(&"<a>".repeat(1_000_000)), Err((at, Violation::TooDeep)));
}

#[test]
fn closed_elements_do_not_count_as_depth() {
    assert_eq!(scan(&format!("<message>{}</message>", "<a></a><b/>".repeat(1000))), Ok(()));
}

#[test]
fn the_length_of_each_stanza_is_bounded_but_not_that_of_the_stream() {
    let limit = Limits::default().size_max;
    let stanza = |size: usize| format!("<message>{}</message>", "x".repeat(size - 19));
    assert_eq!(scan(&stanza(limit).repeat(3)), Ok(()));
    assert_eq!(violation(&stanza(limit + 1)), Some(Violation::TooLong));
    assert_eq!(violation(&format!("<message a='{}'", "x".repeat(limit))), Some(Violation::TooLong));
    assert_eq!(scan(&" ".repeat(3 * limit)), Ok(()));
}

#[test]
fn an_endless_header_is_refused() {
    let mut scanner = Scanner::new(Limits::default());
    let text = format!("<stream:stream a='{}", "x".repeat(HEADER_MAX));
    assert_eq!(scanner.scan(text.as_bytes()), Err((HEADER_MAX, Violation::TooLong)));
    let mut scanner = Scanner::new(Limits::default());
    assert_eq!(scanner.scan(&[b' '; HEADER_MAX + 1]), Err((HEADER_MAX, Violation::TooLong)));
}

#[test]
fn comments_instructions_and_doctypes_are_refused() {
    for text in ["<!-- -->", "<message><!-- --></message>", "<?php ?>", "<a><?php ?></a>"] {
        assert_eq!(violation(text), Some(Violation::Restricted), "{text}");
    }
    let mut scanner = Scanner::new(Limits::default());
    let (_, violation) = scanner.scan(b"<?xml version='1.0'?><!DOCTYPE x>").unwrap_err();
    assert_eq!(violation, Violation::Restricted);
}

#[test]
fn it_does_not_matter_where_segments_are_cut() {
    let text = format!("{HEADER}<message><body>a</body><![CDATA[]]]]></message> <!-- -->");
    let whole = Scanner::new(Limits::default()).scan(text.as_bytes()).unwrap_err();
    let mut scanner = Scanner::new(Limits::default());
    let found = text.bytes().enumerate().find_map(|(index, byte)| {
        scanner.scan(&[byte]).err().map(|(_, violation)| (index, violation))
    });
    assert_eq!(found, Some(whole));
}
