//! ejabberd's log. The fixture is of ejabberd 23.01 that serves vesa.yeggmaex.irc, while the same
//! happens as in Prosody's. Records that are about no stream are cut from it.

use wallops::stanza::Stanza;
use wallops::transcript::import::Format;

use super::{hops, notices, read};

pub const LOG: &str = include_str!("fixtures/ejabberd.log");

/// A record with this binary.
fn record(time: &str, stream: &str, way: &str, binary: &str) -> String {
    format!("{time} [notice] {stream} (tcp|{stream}) {way} XML on stream = {binary}\n")
}

const TIME: &str = "2026-11-25 13:49:56.249985+00:00";

fn header(namespace: &str) -> String {
    let binary = format!(
        "<<\"<stream:stream to='b.irc' xmlns:stream='http://etherx.jabber.org/streams' \
         xmlns='{namespace}'>\">>"
    );
    record(TIME, "<0.1.0>", "Received", &binary)
}

#[test]
fn who_and_whom_come_from_the_headers_and_the_addresses() {
    assert_eq!(Format::detect(LOG), Some(Format::Ejabberd));
    let imported = read(LOG, Format::Ejabberd).unwrap();
    assert_eq!(notices(&imported), [""; 0]);
    let ends = |hop: &String| hop.split(" <").next().unwrap().to_owned();
    let hops = hops(&imported);
    let room: Vec<_> = hops.iter().filter(|hop| hop.contains("wallops@")).map(ends).collect();
    let (up, down) = (
        [
            "rubenro@vesa.yeggmaex.irc/shaver -> vesa.yeggmaex.irc",
            "vesa.yeggmaex.irc -> channel.avalon.irc",
        ],
        [
            "channel.avalon.irc -> vesa.yeggmaex.irc",
            "vesa.yeggmaex.irc -> rubenro@vesa.yeggmaex.irc/shaver",
        ],
    );
    let entry = [up[0], up[1], down[0], down[0], down[0], down[1], down[1], down[1]];
    let said = [up, down].concat();
    assert_eq!(room, [entry.to_vec(), said.clone(), said].concat());
    let component: Vec<_> = hops.iter().filter(|hop| hop.contains("slave.")).map(ends).collect();
    assert_eq!(
        component,
        [
            "slave.vesa.yeggmaex.irc -> vesa.yeggmaex.irc",
            up[0],
            down[1],
            "vesa.yeggmaex.irc -> slave.vesa.yeggmaex.irc",
        ]
    );
}

#[test]
fn text_and_numbers_are_read_as_what_they_stand_for() {
    let imported = read(LOG, Format::Ejabberd).unwrap();
    let bodies: Vec<_> =
        imported.transcript.hops().filter_map(|(_, _, hop)| hop.stanza.body()).collect();
    let rotten = "Phaedrus, we’re all having\na truly <rotten> time.";
    assert_eq!(bodies.iter().filter(|body| *body == rotten).count(), 4);
    assert_eq!(bodies.iter().filter(|body| *body == "ööh").count(), 2);
    assert_eq!(bodies.len(), 8);
    let at = imported.transcript.entries[0].at.to_string();
    assert!(at.starts_with("2026-11-25T13:49:5") && at.len() == 27, "{at}");
}

fn stanza_of(binary: &str) -> Result<Stanza, String> {
    let text = header("jabber:server") + &record(TIME, "<0.1.0>", "Received", binary);
    let imported = read(&text, Format::Ejabberd)?;
    Ok(imported.transcript.hops().next().unwrap().2.stanza.clone())
}

#[test]
fn every_way_to_write_a_binary_is_understood() {
    let stanza = |body: &str| {
        format!("<message from='a@b.irc/c' to='d@e.irc'><body>{body}</body></message>")
    };
    let expected: Stanza = stanza("a \"b\" ’&#10;ö").parse().unwrap();
    let as_bytes = |text: &str, between: &str| {
        let numbers: Vec<_> = text.bytes().map(|byte| byte.to_string()).collect();
        format!("<<{}>>", numbers.join(between))
    };
    let quoted = |text: &str| text.replace('"', "\\\"").replace('\n', "\\n");
    let text = stanza("a \"b\" ’&#10;ö");
    let latin: String = text.bytes().map(char::from).collect();
    let octal: String = text
        .bytes()
        .map(|b| if b.is_ascii() { char::from(b).to_string() } else { format!("\\{b:o}") })
        .collect();
    for binary in [
        as_bytes(&text, ","),
        as_bytes(&text, ",\n    "),
        format!("<<\"{}\"/utf8>>", quoted(&text)),
        format!("<<\"{}\">>", quoted(&text)),
        format!("<<\"{}\">>", quoted(&latin)),
        format!("<<\"{}\">>", octal.replace('"', "\\\"")),
        format!("<<\"{}\"/utf8>>", quoted(&text).replace('’', "\\x{2019}")),
        format!("<<\"{}\"\n   \"{}\">>", quoted(&text[..20]), quoted(&text[20..])),
    ] {
        assert_eq!(stanza_of(&binary), Ok(expected.clone()), "{binary}");
    }
}

#[test]
fn what_cannot_be_read_is_left_out_with_its_line() {
    let good = "<<\"<presence from='a@b.irc/c' to='d@e.irc'/>\">>";
    for (bad, message) in [
        (
            "<<\"<presence/>",
            "line 3: left out: line 2, column 1: the end of the record; expected `\"`",
        ),
        (
            "<<\"<presence/>\"",
            "line 3: left out: line 2, column 1: the end of the record; \
             expected a string, a byte or `>>`",
        ),
        (
            "<<60,\n112,256>>",
            "line 3: left out: line 2, column 5: '2'; expected a string, a byte or `>>`",
        ),
        ("[1]", "line 2: left out: line 1, column 1: '['; expected `<<`"),
        ("<<\"<presence><x>\">>", "line 2: left out: the XML ends within an element"),
        ("<<\"<presence></x>\">>", "line 2: left out: start and end tag do not match"),
        ("<<\"<presence>\\0</presence>\">>", "line 2: left out: invalid codepoint U+0"),
    ] {
        let record = |binary| record(TIME, "<0.1.0>", "Received", binary);
        let text = header("jabber:server") + &record(bad) + &record(good);
        let imported = read(&text, Format::Ejabberd).unwrap();
        let told = notices(&imported);
        assert!(told.len() == 1 && told[0].starts_with(message), "{bad}: {told:?}");
        assert_eq!(imported.transcript.entries.len(), 1, "{bad}");
    }
}

#[test]
fn streams_whose_start_is_not_told_are_taken_for_what_they_may_be() {
    let record = |stream, way, xml: &str| record(TIME, stream, way, &format!("<<\"{xml}\">>"));
    let text = [
        record("<0.1.0>", "Received", "<message to='d@e.irc'/>"),
        record("<0.1.0>", "Send", "<message from='d@e.irc' to='a@b.irc/c'/>"),
        record("<0.2.0>", "Received", "<message from='d@e.irc' to='a@b.irc/c'/>"),
        record("<0.2.0>", "Received", "<message from='d@e.irc' to='f@b.irc/g'/>"),
    ];
    let imported = read(&text.concat(), Format::Ejabberd).unwrap();
    assert_eq!(
        hops(&imported),
        [
            "a@b.irc/c -> b.irc <message to='d@e.irc'/>",
            "b.irc -> a@b.irc/c <message from='d@e.irc' to='a@b.irc/c'/>",
            "e.irc -> b.irc <message from='d@e.irc' to='a@b.irc/c'/>",
            "e.irc -> b.irc <message from='d@e.irc' to='f@b.irc/g'/>",
        ]
    );
    assert_eq!(
        notices(&imported),
        [
            "line 1: supplied: a stream is taken for that of `a@b.irc/c`, as its start is not told",
            "line 3: supplied: a stream is taken for one between servers, as its start is not told",
        ]
    );
}

#[test]
fn a_component_behind_a_stream_between_servers_is_not_told_twice() {
    let stanza = "<message from='d@e.irc/r' to='room@k.irc'/>";
    let (server, component) = ("<0.1.0>", "<0.2.0>");
    let binary = |xml: &str| format!("<<\"{xml}\">>");
    let text = [
        header("jabber:server"),
        header("jabber:component:accept").replace(server, component),
        record(TIME, server, "Received", &binary(stanza)),
        record(TIME, component, "Send", &binary(stanza)),
        record(TIME, component, "Send", &binary(&stanza.replace("e.irc", "b.irc"))),
    ];
    let imported = read(&text.concat(), Format::Ejabberd).unwrap();
    assert_eq!(
        hops(&imported),
        [
            format!("e.irc -> k.irc {stanza}"),
            format!("b.irc -> k.irc {}", stanza.replace("e.irc", "b.irc")),
        ]
    );
    assert_eq!(
        notices(&imported),
        ["line 4: left out: a stanza of a component that is seen on another stream too"]
    );
}

#[test]
fn a_time_without_zone_is_taken_for_utc_and_told_once() {
    let text = LOG.replace("+00:00 [", " [");
    let imported = read(&text, Format::Ejabberd).unwrap();
    let whole = read(LOG, Format::Ejabberd).unwrap();
    assert_eq!(imported.transcript, whole.transcript);
    let told = notices(&imported);
    assert!(told.len() == 1 && told[0].ends_with("have no zone and are taken for UTC"), "{told:?}");
}
