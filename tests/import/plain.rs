//! The plain log.

use std::time::Duration;

use proptest::prelude::*;
use wallops::stanza::ns;
use wallops::transcript::import::{Format, ImportOptions, import, write_plain};
use wallops::transcript::{Fate, Hop, Transcript};

use super::{hops, notices, read};

const DOCUMENT: &str = include_str!("../../docs/plain-log.md");

const HEAD: &str = "1990-10-13T23:58:37Z vesa.irc channel.irc";

fn documented() -> &'static str {
    let (_, rest) = DOCUMENT.split_once("```plain\n").unwrap();
    rest.split_once("```").unwrap().0
}

fn error(text: &str) -> String {
    read(text, Format::Plain).unwrap_err()
}

#[test]
fn the_documented_example_is_read() {
    assert_eq!(Format::detect(documented()), Some(Format::Plain));
    let imported = read(documented(), Format::Plain).unwrap();
    assert_eq!(
        hops(&imported),
        [
            "rubenro@vesa.yeggmaex.irc/shaver -> vesa.yeggmaex.irc \
             <message to='wallops@channel.avalon.irc' type='groupchat'>",
            "vesa.yeggmaex.irc -> channel.avalon.irc \
             <message from='rubenro@vesa.yeggmaex.irc/shaver' to='wallops@channel.avalon.irc' \
             type='groupchat'>",
            "channel.avalon.irc -> vesa.yeggmaex.irc \
             <message from='wallops@channel.avalon.irc/BigCheese' to='slave@vesa.yeggmaex.irc' \
             type='groupchat'>",
            "channel.avalon.irc -> killrc.oulubox.irc \
             <message from='wallops@channel.avalon.irc/BigCheese' to='slave@killrc.oulubox.irc' \
             type='groupchat'>",
        ]
    );
    assert_eq!(notices(&imported), [""; 0]);
    let (times, fates): (Vec<_>, Vec<_>) =
        imported.transcript.hops().map(|(_, at, hop)| (at.to_string(), hop.fate)).unzip();
    assert_eq!(
        times,
        [
            "1990-10-13T23:58:37Z",
            "1990-10-13T23:58:37.001000Z",
            "1990-10-13T23:58:37.021000Z",
            "1990-10-13T23:58:37.021000Z",
        ]
    );
    let at_once = Fate::Delivered(Duration::ZERO);
    let later = Fate::Delivered(Duration::from_millis(20));
    assert_eq!(fates, [at_once, at_once, later, Fate::Lost]);
    for (_, _, hop) in imported.transcript.hops() {
        assert_eq!(hop.stanza.body().as_deref(), Some("Phaedrus?"));
        assert!(hop.stanza.payloads[0].has_ns(ns::CLIENT));
    }
}

#[test]
fn the_documented_bounds_are_those_of_the_reader() {
    use wallops::stanza::Limits;
    use wallops::transcript::TEXT_MAX;
    use wallops::transcript::import::{ELEMENTS_MAX, STANZAS_MAX};
    let grouped = |number: usize| {
        let digits = number.to_string();
        let groups = digits.as_bytes().rchunks(3).rev();
        groups.map(|g| std::str::from_utf8(g).unwrap()).collect::<Vec<_>>().join(",")
    };
    let Limits { depth_max, size_max, attributes_max } = Limits::default();
    let page = DOCUMENT.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        format!("{depth_max} levels"),
        format!("{} KiB", size_max >> 10),
        format!("{attributes_max} attributes"),
        format!("{} MiB", TEXT_MAX >> 20),
        format!("{} stanzas", grouped(STANZAS_MAX)),
        format!("{} elements", grouped(ELEMENTS_MAX)),
    ] {
        assert!(page.contains(&text), "{text}");
    }
}

#[test]
fn a_log_whose_times_have_no_zone_is_known_by_its_form() {
    let zoneless = |rest: &str| HEAD.replace("Z ", " ") + rest + "\n";
    assert_eq!(Format::detect(&zoneless(" <presence/>")), Some(Format::Plain));
    assert_eq!(Format::detect(&zoneless(" lost <presence/>")), Some(Format::Plain));
    for rest in ["", " connected"] {
        assert_eq!(Format::detect(&zoneless(rest)), None, "{rest}");
    }
}

#[test]
fn mistakes_have_a_place_and_say_what_was_expected() {
    let good = format!("{HEAD} <presence/>\n");
    for (text, message) in [
        (
            "hello there you <presence/>\n".to_owned(),
            "line 2, column 1: `hello`; \
             expected an entry's time, such as 1990-10-13T23:58:37Z, or `#` and a comment",
        ),
        (
            HEAD.replace("Z ", " ") + " <presence/>\n",
            "line 2, column 1: `1990-10-13T23:58:37`; \
             expected a time with its zone: `Z`, or such as `+02:00`",
        ),
        (
            "1990-10-13T23:58:37Z\n".to_owned(),
            "line 2, column 21: the end of the line; expected the host that the stanza left",
        ),
        (
            HEAD.replace("channel.irc", "wallops@channel.irc") + " <presence/>\n",
            "line 2, column 31: `wallops@channel.irc`; \
             expected a domain, or the full JID of a client",
        ),
        (
            HEAD.replace("vesa.irc", "@") + " <presence/>\n",
            "line 2, column 22: `@`; expected a domain, or the full JID of a client",
        ),
        (
            HEAD.replace("vesa.irc", "rubenro@vesa.irc/shaver") + " <presence/>\n",
            "line 2, column 46: `rubenro@vesa.irc/shaver` and `channel.irc`; \
             expected `vesa.irc`, the server of `rubenro@vesa.irc/shaver`",
        ),
        (
            format!("{HEAD} gone <presence/>\n"),
            "line 2, column 43: `gone`; \
             expected XML, or before it `lost`, `underway` or the time of arrival",
        ),
        (
            format!("{HEAD} 1990-10-13T23:58:36Z\n<presence/>\n"),
            "line 2, column 43: `1990-10-13T23:58:36Z`; \
             expected no time before 1990-10-13T23:58:37Z",
        ),
        (
            format!("{HEAD} <presence/> <presence/>\n"),
            "line 2, column 55: text after the stanza; expected the end of the line",
        ),
        (
            format!("{HEAD}\n  <stream/>\n"),
            "line 3, column 3: <stream xmlns='jabber:client'/> is not a stanza; \
             expected <message/>, <presence/> or <iq/>",
        ),
        (
            format!("{HEAD}\n<presence>\n<x></y>\n</presence>\n"),
            "line 4, column 4: start and end tag do not match; expected </x>",
        ),
        (
            format!("{HEAD} <presence a='\0'/>\n"),
            "line 2, column 56: invalid codepoint U+0 in attribute value; expected well-formed XML",
        ),
    ] {
        assert_eq!(error(&(good.clone() + &text)), message, "{text}");
        // Nor does it change anything what stands before and after it.
        assert_eq!(error(&(good.clone() + &text + "\n" + &good)), message, "{text}");
        assert_eq!(error(&(good.clone() + &text).replace('\n', "\r\n")), message, "{text}");
    }
}

#[test]
fn xml_that_means_harm_is_refused() {
    let deep = "<a>".repeat(100_000);
    let long = "x".repeat(1 << 20);
    for (xml, expected) in [
        (format!("<presence>{deep}"), "at most 64 levels"),
        (format!("<presence><a>{long}</a></presence>"), "an element of at most 262144 bytes"),
        (format!("<presence a='{long}'/>"), "an element of at most 262144 bytes"),
        (format!("<{long}/>"), "an element of at most 262144 bytes"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><presence/>".to_owned(), "a DOCTYPE; expected XML without"),
        ("<presence>&lol;</presence>".to_owned(), "the entity `&lol;`; expected XML without"),
        ("<presence><!-- --></presence>".to_owned(), "XML without comments"),
        ("<?xml-stylesheet href='a'?><presence/>".to_owned(), "XML without comments"),
    ] {
        let error = error(&format!("{HEAD} {xml}\n"));
        assert!(error.starts_with("line 1, ") && error.contains(expected), "{error}");
    }
}

#[test]
fn what_a_stopped_writer_leaves_is_read_up_to_its_last_entry() {
    let whole = documented();
    let entries = read(whole, Format::Plain).unwrap().transcript.entries;
    let heads = ["vesa.yeggmaex.irc channel", "channel.avalon.irc vesa", "channel.avalon.irc kill"];
    let starts: Vec<usize> = heads
        .iter()
        .map(|head| whole[..whole.find(head).unwrap()].rfind('\n').unwrap() + 1)
        .chain([whole.len()])
        .collect();
    for (complete, window) in starts.windows(2).enumerate() {
        let ends = (window[0] + 1..window[1]).filter(|at| whole.is_char_boundary(*at));
        for end in ends {
            let cut = &whole[..end];
            let imported = read(cut, Format::Plain).unwrap();
            let read = imported.transcript.entries.len();
            // White space, comments and `Z` and `channel.avalon` are whole without what follows.
            let rest = cut[window[0]..].trim();
            let whole = rest.ends_with("</message>") || rest.contains("</message>\n");
            assert_eq!(read, complete + 1 + usize::from(whole), "{cut}");
            assert_eq!(imported.transcript.entries, entries[..read], "{cut}");
            assert_eq!(imported.notices.is_empty(), whole, "{cut}: {:?}", imported.notices);
        }
    }
    let cut = format!("{HEAD} <presence/>\n{HEAD} <presence><x xml");
    assert_eq!(
        notices(&read(&cut, Format::Plain).unwrap()),
        ["line 2: left out: the text ends within an entry: \
          line 2, column 59: the end of the text; expected </presence>"]
    );
    assert_eq!(
        error(&format!("{HEAD} <presence>")),
        "line 1, column 53: the end of the text; expected </presence>"
    );
    for empty in ["", "\n \n", "# nothing\n"] {
        assert!(error(empty).ends_with("no stanza; expected a stanza"), "{empty}");
    }
}

#[test]
fn entries_that_were_written_at_once_are_told_apart_from_bad_xml() {
    let inside = |text: String| {
        let error = error(&text);
        assert_eq!(
            error,
            "line 2, column 1: the start of an entry; \
             expected the end of the entry of line 1 first; were two written at once?"
        );
    };
    inside(format!("{HEAD} <presence><x>\n{HEAD} <presence/>\n</x></presence>\n"));
    inside(format!("{HEAD} <presence><status>a\n{HEAD} lost\n</status></presence>\n"));
    let text = format!("{HEAD} <presence><status>a\n{HEAD} b</status></presence>\n");
    assert!(read(&text, Format::Plain).is_ok(), "a text that looks like one is a text");
    inside(format!("{HEAD} <presence\n{HEAD} <presence/>\n/>\n"));
    inside(format!("{HEAD}\n{HEAD} <presence/>\n<presence/>\n"));
    inside(format!("{HEAD} <presence>\n{HEAD} <presence/>\n{HEAD} <presence/>\n"));
    let cut = format!("{HEAD} <presence xmlns");
    let error = error(&format!("{cut}{HEAD} <presence/>\n='jabber:client'/>\n"));
    let place = format!("line 1, column {}: the start of an entry;", cut.len() + 1);
    assert!(error.starts_with(&place), "{error}");
}

#[test]
fn entries_stand_in_the_order_of_their_times() {
    let at = |time: &str, id: u8| format!("{time}Z vesa.irc channel.irc <presence id='{id}'/>\n");
    let text = [
        at("1990-10-13T23:58:38", 1),
        at("1990-10-13T23:58:37", 2),
        at("1990-10-13T23:58:37", 3),
        at("1990-10-13T23:58:39", 4),
    ]
    .concat();
    let imported = read(&text, Format::Plain).unwrap();
    let ids: Vec<_> =
        imported.transcript.hops().map(|(_, _, hop)| hop.stanza.id.clone().unwrap()).collect();
    assert_eq!(ids.concat(), "2314");
    assert_eq!(
        notices(&imported),
        [
            "line 2: moved: its time is before that of line 1",
            "line 3: moved: its time is before that of line 1"
        ]
    );
    assert_eq!(imported.transcript.header.epoch.to_string(), "1990-10-13T23:58:37Z");
}

#[test]
fn hosts_that_are_not_known_are_refused() {
    let hosts = ["channel.irc", "vesa.irc"].map(Into::into).to_vec();
    let options = ImportOptions { hosts, ..ImportOptions::default() };
    let error = |name: &str| {
        let text = format!("{HEAD} <presence/>\n").replace("vesa.irc", name);
        import(&text, Format::Plain, &options).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(error("vesa.irc"), Ok(()));
    assert_eq!(error("VESA.irc"), Ok(()));
    assert_eq!(
        error("vsea.irc"),
        Err("line 1, column 22: `vsea.irc`; expected a known host; is it `vesa.irc`?".to_owned())
    );
    assert_eq!(
        error("eris.dclxvii.irc"),
        Err("line 1, column 22: `eris.dclxvii.irc`; \
             expected one of the hosts channel.irc, vesa.irc"
            .to_owned())
    );
}

#[test]
fn an_address_that_is_no_jid_is_kept_and_noticed() {
    let imported = read(&format!("{HEAD} <presence from='@@'/>\n"), Format::Plain).unwrap();
    assert_eq!(hops(&imported), ["vesa.irc -> channel.irc <presence from='@@'/>"]);
    assert_eq!(notices(&imported), ["line 1: kept as it is: the `from` of a stanza is not a JID"]);
}

#[test]
fn names_with_spaces_stand_between_tabs() {
    let text = "1990-10-13T23:58:37Z\trubenro@vesa.irc/Big <Cheese>\tvesa.irc\t<presence/>";
    let imported = read(text, Format::Plain).unwrap();
    assert_eq!(hops(&imported), ["rubenro@vesa.irc/Big <Cheese> -> vesa.irc <presence/>"]);
}

/// The transcripts of all scenarios that ship.
pub fn shipped() -> Vec<Transcript> {
    let snapshots = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots")).unwrap();
    let paths = snapshots.map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "snap"));
    let mut transcripts = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let (_, text) = text.split_once("\n---\n").unwrap();
        transcripts.push(Transcript::read(text).unwrap());
    }
    transcripts
}

#[test]
fn a_run_that_is_written_as_plain_log_is_the_same_when_it_is_read() {
    let (mut fates, waited) = ([0; 3], Duration::ZERO);
    for transcript in shipped() {
        let text = write_plain(&transcript);
        let imported = read(&text, Format::Plain).unwrap();
        assert_eq!(Format::detect(&text), Some(Format::Plain));
        let odd = transcript.hops().filter(|(_, _, hop)| hop.stanza.malformed_address().is_some());
        assert_eq!(imported.notices.len(), odd.count(), "{:?}", imported.notices);
        let hops = |of: &Transcript| -> Vec<_> {
            of.hops().map(|(_, at, hop)| (at, Hop { waited, ..hop.clone() })).collect()
        };
        assert_eq!(hops(&imported.transcript), hops(&transcript), "{text}");
        for (_, _, hop) in transcript.hops() {
            fates[match hop.fate {
                Fate::Delivered(_) => 0,
                Fate::Lost => 1,
                Fate::UnderWay => 2,
            }] += 1;
        }
    }
    assert!(fates[0] > 1_000 && fates[1] > 10, "{fates:?}");
}

#[test]
fn what_is_no_stanza_on_its_way_becomes_a_comment() {
    let own = "wallops transcript 1\nscenario: \nspec: 0282@0.1\nprofile: core\nseed: 0\n\
               network: event\nepoch: 1990-10-13T23:58:37Z\n\n\
               23:58:37.000000  # line 7: BigCheese says \"hi\"\n\
               23:58:37.000000  ! undeliverable vesa.irc -> channel.irc\n  <presence/>\n\
               23:58:37.000000  vesa.irc -> channel.irc  under way\n  <presence/>\n";
    assert_eq!(
        write_plain(&own.parse().unwrap()),
        "# 1990-10-13T23:58:37Z  # line 7: BigCheese says \"hi\"\n\
         # 1990-10-13T23:58:37Z  ! undeliverable vesa.irc -> channel.irc\n\
         #   <presence/>\n\
         1990-10-13T23:58:37Z\tvesa.irc\tchannel.irc\tunderway\n  <presence/>\n"
    );
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(format!("{HEAD} ")),
        Just("\n".to_owned()),
        Just("<presence>".to_owned()),
        Just("</presence>".to_owned()),
        Just("<iq/>".to_owned()),
        Just("# é\n".to_owned()),
        Just("\u{FEFF}".to_owned()),
        "[ \\t\\r\\n<>/=\"'&;#xZ0-9:éa-c!\\[\\]?-]{0,12}",
        "\\PC{0,8}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_text_makes_it_panic(text in pieces()) {
        if let Err(error) = import(&text, Format::Plain, &ImportOptions::default()) {
            prop_assert!(text.is_char_boundary(error.offset));
        }
    }

    #[test]
    fn no_damage_goes_unnoticed(at in 0.0..1.0, put in "\\PC?") {
        let whole = documented();
        let at = (whole.chars().count() as f64 * at) as usize;
        let damaged: String =
            whole.chars().take(at).chain(put.chars()).chain(whole.chars().skip(at + 1)).collect();
        if let Ok(imported) = read(&damaged, Format::Plain) {
            // It may have hit a comment, a text or a name; no stanza may be missing for it.
            let comments = damaged.lines().filter(|line| line.starts_with('#')).count();
            let count = imported.transcript.entries.len() + imported.notices.len();
            prop_assert!(count >= 4 || comments != 2, "{damaged}");
        }
    }
}
