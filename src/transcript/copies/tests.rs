use proptest::prelude::*;

use super::*;
use crate::stanza::{arbitrary, read_first_element};

const LIMITS: Limits = Limits { depth_max: 6, size_max: 2_000, attributes_max: 8 };

/// What is read of this as often as one likes is what is read of it without memory.
fn is_read_alike(copies: &mut Copies, text: &str) {
    for _ in 0..2 {
        assert_eq!(copies.read(text, LIMITS), read_stanza(text, LIMITS), "{text}");
        let more = format!("{text} </message></presence></iq>");
        if let Some((stanza, end)) = copies.first(&more, LIMITS) {
            let (element, length) = read_first_element(&more, LIMITS).unwrap();
            assert_eq!((Ok(stanza), end), (Stanza::try_from(element), length), "{more}");
        }
    }
}

#[test]
fn copies_share_what_is_in_them() {
    let mut copies = Copies::default();
    let mut read = |to: &str| {
        let text =
            format!("  <message from='r@m/a' to='{to}'>\n    <body>1</body>\n  </message>\n");
        copies.read(&text, LIMITS).unwrap()
    };
    let (one, other) = (read("a@s/b"), read("b@s/c"));
    assert!(Arc::ptr_eq(&one.payloads, &other.payloads));
    assert!(one.from.zip(other.from).is_some_and(|(one, other)| Arc::ptr_eq(&one, &other)));
    assert_ne!(one.to, other.to);
}

#[test]
fn a_stanza_is_known_again_in_a_text_that_goes_on() {
    let mut copies = Copies::default();
    for (text, end) in [
        ("<iq id='1'/><iq id='2'></iq>", 12),
        ("<iq id=\"1\"><a/></iq>\n<iq/>", 20),
        ("<message to='a@b'><body>&lt;</body></message> more", 45),
    ] {
        let first = copies.first(text, LIMITS).map(|(_, end)| end);
        assert_eq!(first, Some(end), "{text}");
    }
    for text in ["", ">", "<a/>", "<message><message></message></message>", "<iq>", "<iq id='>'/>"]
    {
        assert_eq!(copies.first(text, LIMITS), None, "{text}");
    }
}

#[test]
fn whatever_is_odd_is_read_as_it_stands() {
    let copies = &mut Copies::default();
    let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    for text in [
        "<iq/>",
        "<iq />",
        "<iq type='get' type='set'/>",
        "<iq to='@'/>",
        "<iq to='a&amp;b'/>",
        "<iq id='\u{FFFE}'/>",
        "<iq id='\u{FF5E}'/>",
        "<iq id='a\tb'/>",
        "<iq id=\"a\" id='b'/>",
        "<iq id=\"a'\" to='b'/>",
        "<iq id=\"a' to='b\"/>",
        "<iq id=a/>",
        "<iq id=",
        "<iq xml:lang='en' other='x'/>",
        "<iq id='a'to='b'/>",
        "<iq  id='a'/>",
        "<iqs/>",
        "<iq>",
        "<iq></iq >",
        "<iq></message>",
        "<iq></iq><iq></iq>",
        "<iq xmlns='jabber:server'><a/></iq>",
        "<iq><a/></iq>",
        "<iq xmlns:p='urn:p'><p:a/></iq>",
        "<iq><p:a/></iq>",
        "<iq>text</iq>",
        "<iq>\u{A0}</iq>",
        "<iq><a/> </iq>",
        "<iq><![CDATA[ ]]></iq>",
        "<iq><!-- --></iq>",
        "<iq><a></iq>",
        "<message>\r\n<body>a\r\nb</body>\r\n</message>\r\n",
        &format!("<iq>{}</iq>", deep(5)),
        &format!("<iq>{}</iq>", deep(6)),
        &format!("<iq>{}</iq>", "x".repeat(2_000)),
        &format!("<iq><a>{}</a></iq>", "x".repeat(1_980)),
        &format!("<iq><a>{}</a></iq>", "x".repeat(1_990)),
        "",
        "iq",
    ] {
        is_read_alike(copies, text);
    }
}

proptest! {
    #[test]
    fn nothing_is_read_otherwise_than_without_memory(
        stanzas in proptest::collection::vec(arbitrary::stanza(), 1..4),
        damage in proptest::option::of((0usize..400, "[ \n<x>'&/]{0,3}")),
    ) {
        let mut copies = Copies::default();
        for stanza in &stanzas {
            let mut text = stanza.to_string();
            is_read_alike(&mut copies, &text);
            if let Some((at, other)) = &damage {
                let at = (0..=*at.min(&text.len())).rev();
                let at = at.clone().find(|at| text.is_char_boundary(*at)).unwrap();
                text.insert_str(at, other);
                is_read_alike(&mut copies, &text);
            }
        }
    }
}
