use proptest::prelude::*;

use super::*;
use crate::stanza::{arbitrary, ns};

fn error(text: &str) -> String {
    read_element(text, Limits::default()).unwrap_err().to_string()
}

#[test]
fn elements_are_in_jabber_client_unless_they_say_otherwise() {
    let element = read_element("<a><b xmlns='urn:b'/></a>", Limits::default()).unwrap();
    assert!(element.is("a", ns::CLIENT));
    assert!(element.children().next().unwrap().is("b", "urn:b"));
    let element = read_element(" <a xmlns=''/>\n", Limits::default()).unwrap();
    assert!(element.is("a", ""));
}

#[test]
fn errors_say_where_and_what_was_expected() {
    for (text, message) in [
        ("", "line 1, column 1: nothing; expected an element"),
        ("\n \n", "line 3, column 1: nothing; expected an element"),
        ("hello", "line 1, column 1: text; expected an element"),
        ("<a/>\n  b", "line 2, column 3: text; expected an element"),
        ("<a/> <b/>", "line 1, column 6: a second element; expected only one"),
        ("<a><b>\n</a>", "line 2, column 1: start and end tag do not match; expected </b>"),
        ("<a>\n<b>", "line 2, column 4: the end of the text; expected </b>"),
        ("<a b='", "line 1, column 7: the end of the text; expected the end of the tag"),
        ("<a><![CDATA[x", "line 1, column 14: the end of the text; expected </a>"),
        ("</a>", "line 1, column 1: start and end tag do not match; expected a start tag"),
        ("<a/></stream>", "line 1, column 5: an end tag; expected a start tag"),
        ("</stream><stream>", "line 1, column 1: an end tag; expected a start tag"),
        ("<a é='1' é='2'/>", "line 1, column 1: duplicate attribute; expected each attribute once"),
        (
            "<a><x:b/></a>",
            "line 1, column 4: use of undeclared namespace prefix in name name; \
             expected a prefix that xmlns declares",
        ),
        (
            "<é>&nbsp;</é>",
            "line 1, column 4: the entity `&nbsp;`; expected XML without comments, processing \
             instructions, DTDs and entities of its own: XMPP forbids them (RFC 6120 §11.1)",
        ),
    ] {
        assert_eq!(error(text), message, "{text:?}");
    }
}

#[test]
fn what_xmpp_forbids_is_refused_by_its_name() {
    for (text, column, found) in [
        ("<a><!-- c --></a>", 4, "a comment"),
        ("<a>é<?php?></a>", 5, "a processing instruction"),
        ("<?xml version='1.0'?><a/>", 1, "an XML declaration, which only begins a stream"),
        ("<?xml-stylesheet href='a'?><a/>", 1, "a processing instruction"),
        ("<!DOCTYPE a><a/>", 1, "a DOCTYPE"),
        ("<a>b<!doctype a></a>", 5, "a DOCTYPE"),
        ("<!ENTITY a 'b'><a/>", 1, "the declaration of an entity"),
        ("<a>b&lol;</a>", 5, "the entity `&lol;`"),
        ("<a b='&lol;'/>", 7, "the entity `&lol;`"),
    ] {
        let expected = format!("line 1, column {column}: {found}; expected {WITHOUT_FORBIDDEN}");
        assert_eq!(error(text), expected, "{text}");
    }
    assert!(read_element("<a>&#0;</a>", Limits::default()).is_err());
}

#[test]
fn nesting_is_bounded_before_a_tree_is_built() {
    let deep = |levels: usize| "<a>".repeat(levels) + &"</a>".repeat(levels);
    assert!(read_element(&deep(64), Limits::default()).is_ok());
    assert_eq!(
        error(&deep(65)),
        "line 1, column 193: <a> inside 64 other elements; expected at most 64 levels"
    );
    assert!(read_element(&deep(10_000), Limits::default()).is_err());
    assert!(read_element(&"<a>".repeat(1_000_000), Limits::default()).is_err());
}

#[test]
fn size_is_bounded() {
    let long = format!("<a>{}</a>", "x".repeat(10_000_000));
    assert_eq!(
        error(&long),
        "line 1, column 1: a longer element; expected an element of at most 262144 bytes"
    );
    let long = format!("<a b='{}'/>", "x".repeat(10_000_000));
    assert!(read_element(&long, Limits::default()).is_err());
    let long = format!("<{}/>", "x".repeat(10_000_000));
    assert!(read_element(&long, Limits::default()).is_err());
    let long = format!("<a>{}</a>", "<b/>".repeat(100_000));
    assert!(read_element(&long, Limits::default()).is_err());
    let exact = Limits { size_max: 8, ..Limits::default() };
    assert!(read_element(" <a>1</a> ", exact).is_ok());
    assert!(read_element(" <a>12</a> ", exact).is_err());
}

#[test]
fn attributes_are_bounded() {
    let with = |count: usize| {
        let attributes: String = (0..count).map(|number| format!(" a{number}=''")).collect();
        format!("<a{attributes}/>")
    };
    assert!(read_element(&with(128), Limits::default()).is_ok());
    assert!(error(&with(129)).contains("129 attributes; expected at most 128"));
}

#[test]
fn a_sequence_is_read_with_the_place_where_each_ends() {
    let ends = |text, count| {
        read_elements(text, Limits::default(), count)
            .map(|elements| elements.iter().map(|(_, end)| *end).collect::<Vec<_>>())
    };
    assert_eq!(ends(" <a/>\n<b></b> ", 2), Ok(vec![5, 13]));
    assert_eq!(ends("", 2), Ok(vec![]));
    let error = ends("<a/><b/><c/>", 2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1, column 9: one more element; expected at most 2 elements"
    );
}

#[test]
fn only_stanzas_are_stanzas() {
    let error = |text: &str| text.parse::<Stanza>().unwrap_err().to_string();
    assert_eq!(
        error(" <a/>"),
        "line 1, column 2: <a xmlns='jabber:client'/> is not a stanza; \
         expected <message/>, <presence/> or <iq/> with elements only"
    );
    assert!(error("<message xmlns='jabber:server'/>").contains("is not a stanza"));
    assert!(error("<message>hi</message>").contains("text `hi` outside"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[<>/a-c='\" &;#x0-9\\n!\\[\\]?é-]{0,60}") {
        if let Err(error) = read_elements(&text, Limits::default(), 9) {
            prop_assert!(text.is_char_boundary(error.offset));
        }
    }

    #[test]
    fn every_cut_of_a_stanza_is_an_error(stanza in arbitrary::stanza(), at in 0.0..1.0) {
        let text = stanza.to_string();
        let count = (text.chars().count() as f64 * at) as usize;
        let cut: String = text.chars().take(count).collect();
        prop_assert!(cut.parse::<Stanza>().is_err());
    }
}

#[test]
fn what_is_plain_is_read_alike_by_both_readers() {
    let limits = Limits { depth_max: 3, size_max: 200, attributes_max: 2 };
    let full = |text: &str| {
        let elements = read_elements(text, limits, usize::MAX).ok()?;
        Some(elements.into_iter().map(|(element, _)| element).collect::<Vec<_>>())
    };
    for text in [
        "",
        "\n  <body>Truly 1.</body>\n  ",
        "<body>  </body><a/> <b></b>",
        "<x xmlns='urn:x'>\n <y a='1' b='&gt;'/>\n <z xmlns='urn:z'/>\n</x><y/>".trim(),
        "<x xmlns='urn:x'><y a='1' b=''>t</y>u</x>",
        "<a><b>d > c \u{7F}\u{E9}</b></a>",
    ] {
        let plain = plain_elements(text, limits);
        assert_eq!(plain, full(text).filter(|_| !text.contains('&')), "{text}");
    }
    for text in [
        "a",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/",
        "<a b='1'",
        "<a b='1",
        "<a b=1/>",
        "<1/>",
        "<a:b/>",
        "<a b='1' b='2'/>",
        "<a xmlns=''/>",
        "<a xmlns:b='c'/>",
        "<a b='<'/>",
        "<a b='\u{FFFE}'/>",
        "<a>]]></a>",
        "<a>\u{1}</a>",
        "<a>&#1;</a>",
        "<a>x\ny</a>",
        "<a b='x\ny'/>",
        "<a b:c='1'/>",
        "<a b='1' c='2' d='3'/>",
        "<a><a><a><a/></a></a></a>",
        "<a ></a>",
        "<a></a >",
        "<!-- -->",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xml:lang='en'/>",
        "<?a?>",
        "<a\tb='1'/>",
    ] {
        assert_eq!(plain_elements(text, limits), None, "{text}");
    }
}
