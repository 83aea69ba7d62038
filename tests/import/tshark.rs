//! Captures, as tshark 4.0 prints them. The fixture is what crossed the wires while the log in
//! Prosody's fixture was written: both servers, both clients, the component.

use std::collections::BTreeMap;

use wallops::transcript::import::{Format, Imported};

use super::{hops, notices, prosody, read};

pub const CAPTURE: &str = include_str!("fixtures/tshark.tsv");

/// A line of the capture, and its payload.
struct Line {
    fields: Vec<String>,
    bytes: Vec<u8>,
}

impl Line {
    /// The line with another part of the payload.
    fn part(&self, from: usize, to: usize) -> String {
        let mut fields = self.fields.clone();
        let number: u32 = fields[6].parse().unwrap();
        fields[6] = number.wrapping_add(u32::try_from(from).unwrap()).to_string();
        fields[7] = self.bytes[from..to].iter().map(|byte| format!("{byte:02x}")).collect();
        fields.join("\t") + "\n"
    }

    fn whole(&self) -> String {
        self.part(0, self.bytes.len())
    }

    fn xml(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    /// The connection and where it comes from.
    fn end(&self) -> (&str, &str) {
        (&self.fields[1], &self.fields[3])
    }
}

fn head() -> String {
    CAPTURE.lines().next().unwrap().to_owned() + "\n"
}

fn lines() -> Vec<Line> {
    let line = |line: &str| {
        let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let digits: Vec<_> = fields[7].chars().map(|c| c.to_digit(16).unwrap()).collect();
        let bytes = digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap());
        Line { bytes: bytes.collect(), fields }
    };
    CAPTURE.lines().skip(1).map(line).collect()
}

fn capture(text: &str) -> Imported {
    read(&(head() + text), Format::Tshark).unwrap()
}

fn whole() -> Imported {
    read(CAPTURE, Format::Tshark).unwrap()
}

#[test]
fn a_capture_tells_what_every_wire_carried() {
    assert_eq!(Format::detect(CAPTURE), Some(Format::Tshark));
    let imported = whole();
    let marked = read(&format!("\u{feff}{CAPTURE}"), Format::Tshark).unwrap();
    assert_eq!(marked.transcript, imported.transcript, "whether or not a mark stands before it");
    assert_eq!(notices(&imported), [""; 0]);
    let mut wires: BTreeMap<String, usize> = BTreeMap::new();
    for hop in hops(&imported) {
        *wires.entry(hop.split(" <").next().unwrap().to_owned()).or_default() += 1;
    }
    let wires: Vec<_> = wires.iter().map(|(wire, count)| format!("{count} {wire}")).collect();
    assert_eq!(
        wires,
        [
            "5 argl@killrc.oulubox.irc/laptop -> killrc.oulubox.irc",
            "5 channel.avalon.irc -> vesa.yeggmaex.irc",
            "9 killrc.oulubox.irc -> argl@killrc.oulubox.irc/laptop",
            "6 rubenro@vesa.yeggmaex.irc/shaver -> vesa.yeggmaex.irc",
            "1 slave.vesa.yeggmaex.irc -> vesa.yeggmaex.irc",
            "3 vesa.yeggmaex.irc -> channel.avalon.irc",
            "8 vesa.yeggmaex.irc -> rubenro@vesa.yeggmaex.irc/shaver",
            "1 vesa.yeggmaex.irc -> slave.vesa.yeggmaex.irc",
        ]
    );
    assert_eq!(imported.transcript.entries[0].at.to_string(), "2026-11-25T13:49:26.514034Z");
}

#[test]
fn the_log_of_a_server_and_the_capture_of_its_wires_tell_the_same() {
    let on = |imported: &Imported| {
        let mut told: BTreeMap<(String, String), Vec<_>> = BTreeMap::new();
        for (_, _, hop) in imported.transcript.hops() {
            let mut stanza = hop.stanza.clone();
            // A server adds the language of the stream to what a client sends.
            stanza.lang = None;
            told.entry((hop.from.to_string(), hop.to.to_string())).or_default().push(stanza);
        }
        told
    };
    let log = on(&read(prosody::LOG, Format::Prosody).unwrap());
    let wires = on(&whole());
    assert_eq!(log.len(), 5);
    for (ends, told) in &log {
        assert_eq!(Some(told), wires.get(ends), "{ends:?}");
    }
}

#[test]
fn segments_are_joined_however_the_bytes_are_cut() {
    let expected = whole();
    for length in [1, 2, 3, 7, 100] {
        let cut = |line: &Line| -> String {
            let starts = (0..line.bytes.len()).step_by(length);
            starts.map(|from| line.part(from, (from + length).min(line.bytes.len()))).collect()
        };
        let imported = capture(&lines().iter().map(cut).collect::<String>());
        assert_eq!(imported.transcript, expected.transcript, "{length}");
        assert_eq!(notices(&imported), [""; 0]);
    }
}

#[test]
fn what_comes_twice_or_too_early_changes_nothing() {
    let (expected, lines) = (whole(), lines());
    let twice: String = lines.iter().map(|line| line.whole() + &line.whole()).collect();
    assert_eq!(capture(&twice).transcript, expected.transcript);
    // Every segment again with the end of the one before it, as when less was acknowledged.
    let mut overlapping = String::new();
    let mut sent: BTreeMap<(&str, &str), Vec<u8>> = BTreeMap::new();
    for line in &lines {
        let before = sent.entry(line.end()).or_default();
        let kept = before.len().min(5);
        let bytes = [&before[before.len() - kept..], &line.bytes].concat();
        let mut fields = line.fields.clone();
        let number: usize = fields[6].parse().unwrap();
        fields[6] = (number - kept).to_string();
        before.extend(&line.bytes);
        let line = Line { fields, bytes };
        overlapping += &line.whole();
    }
    assert_eq!(capture(&overlapping).transcript, expected.transcript);

    // The halves of every segment but the first of each end, the second half first.
    let mut ends = std::collections::BTreeSet::new();
    let halves =
        |line: &Line| match (ends.insert(line.fields[1..4].join(" ")), line.bytes.len() / 2) {
            (true, _) => line.whole(),
            (false, half) => line.part(half, line.bytes.len()) + &line.part(0, half),
        };
    let imported = capture(&lines.iter().map(halves).collect::<String>());
    assert_eq!(hops(&imported), hops(&expected));
    assert_eq!(notices(&imported), [""; 0]);
}

#[test]
fn numbers_of_bytes_wrap() {
    let shifted: String = lines()
        .into_iter()
        .map(|mut line| {
            let number: u32 = line.fields[6].parse().unwrap();
            line.fields[6] = number.wrapping_add(u32::MAX - 700).to_string();
            line.whole()
        })
        .collect();
    assert_eq!(capture(&shifted).transcript, whole().transcript);
}

#[test]
fn what_is_missing_costs_what_it_cuts_and_no_more() {
    let (all, lines) = (whole(), lines());
    for (index, line) in lines.iter().enumerate() {
        let rest = lines.iter().enumerate().filter(|(other, _)| *other != index);
        let imported = capture(&rest.map(|(_, line)| line.whole()).collect::<String>());
        let xml = line.xml();
        let is_stanza = ["<message", "<presence", "<iq"].iter().any(|name| xml.starts_with(name));
        let is_setup = xml.contains("urn:ietf:params:xml:ns:xmpp-bind");
        if is_stanza && !is_setup {
            let followed = lines[index + 1..].iter().any(|other| other.end() == line.end());
            let stanzas = ["</message>", "</presence>", "</iq>"];
            let ended: usize = stanzas.iter().map(|end| xml.matches(end).count()).sum();
            let missing = all.transcript.entries.len() - imported.transcript.entries.len();
            assert_eq!(missing, ended.max(1), "{xml}");
            let told = notices(&imported);
            let lost = format!("left out: {} bytes that were not captured", line.bytes.len());
            assert_eq!(told.iter().any(|told| told.contains(&lost)), followed, "{xml}: {told:?}");
        }
    }
}

#[test]
fn a_capture_may_begin_in_the_middle() {
    let (all, lines) = (whole(), lines());
    // From the message on: nobody's start is told.
    let start = lines.iter().position(|line| line.xml().contains("rotten")).unwrap();
    let imported = capture(&lines[start..].iter().map(Line::whole).collect::<String>());
    let (told, expected) = (hops(&imported), hops(&all));
    let later: Vec<_> = expected[expected.len() - told.len()..].to_vec();
    assert_eq!(told, later);
    assert!(told[0].contains("type='groupchat'"), "{}", told[0]);
    let supplied = notices(&imported);
    assert_eq!(supplied.len(), 5, "{supplied:#?}");
}

#[test]
fn what_is_encrypted_is_said_to_be() {
    let lines = lines();
    let first = lines[0].whole();
    let proceed = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_vec();
    let features = &lines[1];
    let next = |bytes: Vec<u8>, after: usize, from: &Line| {
        let mut fields = from.fields.clone();
        let number: usize = fields[6].parse().unwrap();
        fields[6] = (number + after).to_string();
        Line { fields, bytes }.whole()
    };
    let text = first
        + &features.whole()
        + &next(proceed, features.bytes.len(), features)
        + &next(vec![0x16, 0x03, 0x01, 0x00, 0x20], lines[0].bytes.len(), &lines[0])
        + &next(b"<presence/>".to_vec(), lines[0].bytes.len() + 5, &lines[0])
        + &lines.iter().filter(|line| line.fields[1] != "0").map(Line::whole).collect::<String>();
    let imported = capture(&text);
    assert_eq!(
        notices(&imported),
        ["line 5: left out: a connection that is encrypted from here on"]
    );
    assert!(!hops(&imported).iter().any(|hop| hop.contains("argl")));
}

#[test]
fn lines_that_tshark_does_not_print_are_left_out() {
    let good = whole();
    for (bad, why) in [
        ("1\t0\t::1\t1\t::1\t2\t1", "`tcp.payload` is not in hexadecimal, or too long"),
        ("1\t0\t::1\t1\t::1\t2\t1\t3c7", "`tcp.payload` is not in hexadecimal, or too long"),
        ("1\t0\t::1\t1\t::1\t2\t1\tzz", "`tcp.payload` is not in hexadecimal, or too long"),
        ("now\t0\t::1\t1\t::1\t2\t1\t3c", "`frame.time_epoch` is no time"),
        ("1\t0\t::1\t1\t::1\t65536\t1\t3c", "a port is no number"),
        ("1\t0\t::1\t1\t::1\t2\t-1\t3c", "`tcp.seq` is no number"),
        ("1\tx\t::1\t1\t::1\t2\t1\t3c", "`tcp.stream` is no number"),
    ] {
        if bad.ends_with("2\t1") {
            // A line without its last field has an empty payload, as a segment without bytes.
            let imported = read(&format!("{CAPTURE}{bad}\n"), Format::Tshark).unwrap();
            assert_eq!(imported.transcript, good.transcript);
            continue;
        }
        let imported = read(&format!("{CAPTURE}{bad}\n"), Format::Tshark).unwrap();
        let line = CAPTURE.lines().count() + 1;
        assert_eq!(notices(&imported), [format!("line {line}: left out: {why}")], "{bad}");
        assert_eq!(imported.transcript, good.transcript);
    }
    let error = read(&lines()[0].whole(), Format::Tshark).unwrap_err();
    assert!(error.starts_with("line 1, column 1: no names of fields; expected a line"), "{error}");
    let error = read(&(head() + &lines()[0].whole()), Format::Tshark).unwrap_err();
    assert!(error.ends_with("no stanza; expected a stanza"), "{error}");
}

#[test]
fn what_xmpp_forbids_on_a_stream_is_told_by_its_name() {
    let mut lines = lines();
    let number = lines.iter().position(|line| line.bytes.starts_with(b"<presence")).unwrap();
    lines[number].bytes[..9].copy_from_slice(b"<!DOCTYPE");
    let all: String = lines.iter().map(Line::whole).collect();
    let notices = notices(&capture(&all));
    let expected = format!("line {}: left out: a DOCTYPE; expected XML without", number + 2);
    assert!(notices.iter().any(|notice| notice.starts_with(&expected)), "{notices:#?}");
}

#[test]
fn captures_may_follow_each_other_in_one_text() {
    let imported = read(&(CAPTURE.to_owned() + CAPTURE), Format::Tshark).unwrap();
    assert_eq!(imported.transcript.entries.len(), 2 * whole().transcript.entries.len());
}

#[test]
fn other_columns_and_colons_are_understood() {
    let other: String = CAPTURE
        .lines()
        .map(|line| {
            let mut fields: Vec<_> = line.split('\t').map(str::to_owned).collect();
            if fields[7].starts_with("3c") {
                let bytes: Vec<_> = fields[7].as_bytes().chunks(2).collect();
                let bytes = bytes.iter().map(|pair| std::str::from_utf8(pair).unwrap());
                fields[7] = bytes.collect::<Vec<_>>().join(":");
            }
            fields.rotate_left(3);
            fields.push("more".to_owned());
            fields.join("\t") + "\r\n"
        })
        .collect();
    assert_eq!(read(&other, Format::Tshark).unwrap().transcript, whole().transcript);
}
