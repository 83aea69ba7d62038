use proptest::prelude::*;

use super::*;
use crate::stanza::{arbitrary, element, read_element};

fn read(text: &str) -> Stanza {
    text.parse().unwrap()
}

#[test]
fn a_message_reads_like_the_xep() {
    let text = "\
<message from='wallops@channel.avalon.irc/BigCheese' to='slave@vesa.yeggmaex.irc' type='groupchat'>
  <body>Phaedrus, we're all having a truly rotten time.</body>
  <x xmlns='urn:xmpp:tmp:dmuc:0'>
    <delay xmlns='urn:xmpp:delay' from='rubenro@vesa.yeggmaex.irc' stamp='1990-10-13T23:58:37Z'/>
  </x>
</message>";
    assert_eq!(read(text).to_string(), text);
}

#[test]
fn attributes_come_in_one_order_whatever_order_they_were_read_in() {
    let stanza = read("<iq type='get' zz='1' to='b@c' aa='2' xml:lang='de' id='7' from='d@e'/>");
    assert_eq!(
        stanza.to_string(),
        "<iq from='d@e' id='7' to='b@c' type='get' xml:lang='de' aa='2' zz='1'/>"
    );
}

#[test]
fn whitespace_in_text_is_kept_and_every_element_with_text_is_on_one_line() {
    let mut body = element("body", ns::CLIENT, &[]);
    body.append_text(" two\nlines\t&\r ");
    body.append_child(element("i", "urn:x", &[]));
    let stanza = Stanza::message(super::super::Type::Absent).with_payload(body);
    assert_eq!(
        stanza.to_string(),
        "<message>\n  <body> two&#xA;lines\t&amp;&#xD; <i xmlns='urn:x'/></body>\n</message>"
    );
    assert_eq!(read(&stanza.to_string()), stanza);
}

#[test]
fn whitespace_that_is_only_layout_is_not_text_but_a_single_space_is() {
    let stanza = read("<message>\n  <a xmlns='urn:a'>\n <b> </b>\n\n</a>\n</message>");
    let a = &stanza.payloads[0];
    assert_eq!(a.nodes().count(), 1);
    assert_eq!(a.children().next().unwrap().text(), " ");
}

#[test]
fn characters_that_xml_does_not_have_are_replaced() {
    let mut body = element("body", ns::CLIENT, &[]);
    body.append_text("a\u{1}b\u{FFFF}c");
    assert_eq!(element_text(&body, ns::CLIENT), "<body>a\u{FFFD}b\u{FFFD}c</body>");
}

#[test]
fn the_normal_form_of_an_address_is_its_own_normal_form() {
    let stanza = read("<presence from='wa\u{1CCEB}lops@channel.avalon.irc'/>");
    assert_eq!(stanza.to_string(), "<presence from='wavlops@channel.avalon.irc'/>");
    assert_eq!(read(&stanza.to_string()), stanza);
}

#[test]
fn malformed_addresses_keep_their_place_and_text() {
    let text = "<presence from='@@' to='a@b/c'/>";
    let stanza = read(text);
    assert_eq!(stanza.malformed_address(), Some("from"));
    assert_eq!(stanza.to_string(), text);
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_the_same_stanza(stanza in arbitrary::stanza()) {
        let text = stanza.to_string();
        prop_assert_eq!(read(&text), stanza, "{}", text);
    }

    #[test]
    fn indentation_is_not_part_of_the_stanza(stanza in arbitrary::stanza(), indent in 0usize..9) {
        let mut text = String::new();
        write_stanza(&mut text, &stanza, indent);
        let margin = " ".repeat(indent);
        prop_assert!(text.lines().all(|line| line.starts_with(&margin)));
        prop_assert_eq!(read(&text), stanza);
    }

    #[test]
    fn the_text_is_canonical(stanza in arbitrary::stanza()) {
        let text = stanza.to_string();
        prop_assert_eq!(read(&text).to_string(), text);
    }

    #[test]
    fn an_element_reads_back_wherever_it_stood(element in arbitrary::element()) {
        let text = element_text(&element, "");
        let wrapped = format!("<m xmlns=''>{text}</m>");
        let read = read_element(&wrapped, Default::default()).unwrap();
        prop_assert_eq!(read.nodes().next(), Some(&minidom::Node::Element(element)));
    }
}
