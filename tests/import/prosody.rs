//! Prosody's log. The fixture is of Prosody 0.12.3 that serves vesa.yeggmaex.irc: BigCheese enters
//! a room of another Prosody, says something on two lines and leaves; a component and he write each
//! other. Lines about what is not streams are cut from it.

use wallops::time::Time;
use wallops::transcript::import::{Format, ImportOptions, Imported, import};

use super::{hops, notices, read};

pub const LOG: &str = include_str!("fixtures/prosody.log");

fn fixture() -> Imported {
    let date = Some("2026-11-25T00:00:00Z".parse().unwrap());
    import(LOG, Format::Prosody, &ImportOptions { date, ..ImportOptions::default() }).unwrap()
}

#[test]
fn who_and_whom_come_from_the_streams_and_the_addresses() {
    assert_eq!(Format::detect(LOG), Some(Format::Prosody));
    let imported = fixture();
    let room = hops(&imported);
    let room: Vec<&str> = room.iter().map(String::as_str).filter(|h| h.contains("ops@")).collect();
    let client = "rubenro@vesa.yeggmaex.irc/shaver";
    let (join, said) = ("7497270851554b41b941c5ca8c6f7a60", "99652d6e6c9940f88f5c17244fed2a6b");
    let left = "aa0bdc9b69ca4610954c4f774107005d";
    let up = |from: &str, stanza: String| {
        [
            format!("{client} -> vesa.yeggmaex.irc {}", stanza.replace(from, "")),
            format!("vesa.yeggmaex.irc -> channel.avalon.irc {stanza}"),
        ]
    };
    let down = |stanza: String| {
        [
            format!("channel.avalon.irc -> vesa.yeggmaex.irc {stanza}"),
            format!("vesa.yeggmaex.irc -> {client} {stanza}"),
        ]
    };
    let (from, to) = (format!("from='{client}' "), format!("to='{client}'"));
    let nick = "wallops@channel.avalon.irc/BigCheese";
    let lang = "xml:lang='en'>";
    let expected = [
        up(&from, format!("<presence {from}id='{join}' to='{nick}' {lang}")),
        down(format!(
            "<presence from='wallops@channel.avalon.irc/Wumpus' \
             id='41a97564f0184cd9a8081ecdad992551' {to} {lang}"
        )),
        down(format!("<presence from='{nick}' id='{join}' {to} {lang}")),
        down(format!("<message from='wallops@channel.avalon.irc' {to} type='groupchat' {lang}")),
        up(
            &from,
            format!(
                "<message {from}id='{said}' to='wallops@channel.avalon.irc' type='groupchat' {lang}"
            ),
        ),
        down(format!("<message from='{nick}' id='{said}' {to} type='groupchat' {lang}")),
        up(
            &from,
            format!("<presence {from}id='{left}' to='{nick}' type='unavailable' xml:lang='en'/>"),
        ),
        down(format!("<presence from='{nick}' id='{left}' {to} type='unavailable' {lang}")),
    ];
    assert_eq!(room, expected.concat());
}

#[test]
fn a_message_on_several_lines_is_one() {
    let bodies: Vec<_> =
        fixture().transcript.hops().filter_map(|(_, _, hop)| hop.stanza.body()).collect();
    let rotten = "Phaedrus, we’re all having\na truly <rotten> time.";
    assert_eq!(bodies.iter().filter(|body| *body == rotten).count(), 4);
    assert_eq!(bodies.iter().filter(|body| *body == "ööh").count(), 2);
}

#[test]
fn what_waited_for_a_stream_gets_its_content_from_where_it_came() {
    let imported = fixture();
    assert_eq!(
        notices(&imported),
        [
            "line 87: supplied: the content of a stanza, from line 44",
            "line 112: supplied: the content of a stanza, from line 114",
        ]
    );
    let joins: Vec<_> = imported
        .transcript
        .hops()
        .map(|(_, _, hop)| hop)
        .filter(|hop| hop.stanza.has_payload("x", wallops::stanza::ns::MUC))
        .collect();
    assert_eq!(joins.len(), 2);
    assert_eq!(&*joins[1].from, "vesa.yeggmaex.irc");
    assert_eq!(joins[0].stanza.payloads, joins[1].stanza.payloads);

    // Without it, nothing is made up.
    let without: String =
        LOG.split_inclusive('\n').enumerate().filter(|(at, _)| *at != 43).map(|(_, l)| l).collect();
    let imported = read(&without, Format::Prosody).unwrap();
    let told = notices(&imported);
    assert!(
        told.contains(
            &"line 86: left out: a stanza of which only the start tag is told".to_owned()
        )
    );
}

#[test]
fn a_log_whose_times_have_dates_is_the_same_log() {
    // As with `timestamps`, from the first line on, which is about something else.
    let start = "Nov 25 13:49:23 startup\tinfo\tHello and welcome to Prosody version 0.12.3\n\
                 Nov 25 13:49:23 portmanager\tinfo\tActivated\n";
    let text = (start.to_owned() + LOG).replace("Nov 25 ", "2026-11-25T");
    for (separator, zone) in [("T", ""), ("T", "Z"), (" ", "")] {
        let dated: String = text
            .split_inclusive('\n')
            .map(|line| match line.get(..19).filter(|_| line.starts_with("2026")) {
                Some(time) => time.replace('T', separator) + zone + &line[19..],
                None => line.to_owned(),
            })
            .collect();
        assert_eq!(Format::detect(&dated), Some(Format::Prosody), "{separator}{zone}");
        let imported = read(&dated, Format::Prosody).unwrap();
        assert_eq!(imported.transcript, fixture().transcript, "{separator}{zone}");
        assert_eq!(imported.passed_over, fixture().passed_over + 2);
        let spaced = dated.replace("\tinfo\t", " info ").replace("\tdebug\t", "  debug  ");
        assert_eq!(Format::detect(&spaced), Some(Format::Prosody), "{separator}{zone}");
        let imported = read(&spaced, Format::Prosody).unwrap();
        assert_eq!(imported.transcript, fixture().transcript, "{separator}{zone}");
    }
}

#[test]
fn the_year_is_that_of_the_date_and_the_next_one_after_december() {
    let line = |time: &str, id: u8| {
        format!(
            "{time} s2sin1a\tdebug\tRECV: <presence id='{id}' from='a@b.irc/c' to='d@e.irc'/>\n"
        )
    };
    let times = |text: &str, date: Option<&str>| {
        let date: Option<Time> = date.map(|date| date.parse().unwrap());
        let options = ImportOptions { date, ..ImportOptions::default() };
        import(text, Format::Prosody, &options).map(|imported| {
            let times = imported.transcript.entries.iter().map(|entry| entry.at.to_string());
            (times.collect::<Vec<_>>().join(" "), notices(&imported))
        })
    };
    let silvester = line("Dec 31 23:59:59", 1) + &line("Jan  1 00:00:00", 2);
    let told = ("2026-12-31T23:59:59Z 2027-01-01T00:00:00Z".to_owned(), vec![]);
    assert_eq!(times(&silvester, Some("2026-05-01T00:00:00Z")), Ok(told));
    let (_, told) = times(&silvester, None).unwrap();
    assert_eq!(told, ["line 1: supplied: the log names no year; 2000 is taken"]);
    let whole = line("2026-12-31T23:59:59Z", 1) + &line("2027-01-01 00:00:00.5", 2);
    let told = ("2026-12-31T23:59:59Z 2027-01-01T00:00:00.500000Z".to_owned(), vec![]);
    assert_eq!(times(&whole, None), Ok(told));
    let midnight = line("23:59:59", 1) + &line("00:00:01", 2) + &line("00:00:00", 3);
    let told = "2026-12-31T23:59:59Z 2027-01-01T00:00:00Z 2027-01-01T00:00:01Z".to_owned();
    let moved = vec!["line 3: moved: its time is before that of line 2".to_owned()];
    assert_eq!(times(&midnight, Some("2026-12-31T00:00:00Z")), Ok((told, moved)));
    let error = times(&line("Feb 29 00:00:00", 1), Some("2026-01-01T00:00:00Z")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1, column 1: `Feb 29 00:00:00`; expected a day that there is in 2026"
    );
}

#[test]
fn what_cannot_be_read_is_left_out_with_its_line() {
    let line =
        |stream: &str, message: &str| format!("Nov 25 13:49:26 {stream}\tdebug\t{message}\n");
    let good = line("s2sin1a", "RECV: <presence from='a@b.irc/c' to='d@e.irc'/>");
    for (bad, message) in [
        (
            line("s2sin1a", "RECV: <presence from='a@b.irc/c'/>"),
            "line 2: left out: a stanza between servers has no `to`",
        ),
        (
            line("c2s1a", "RECV: <presence id='1'/>"),
            "line 2: left out: a stanza of a client of which no full JID is told",
        ),
        (
            line("c2s1a", "RECV: <presence id='1'>\n\t<x>"),
            "line 3: left out: line 2, column 4: the end of the text; expected </x>",
        ),
        (line("c2s1a", "RECV: <presence/>more"), "line 2: left out: text after a stanza"),
        (
            line("c2s1a", "RECV: <presence>text</presence>"),
            "line 2: left out: text `text` outside the child elements of a stanza",
        ),
    ] {
        let imported = read(&(good.clone() + &bad + &good), Format::Prosody).unwrap();
        assert_eq!(notices(&imported)[1..], [message.to_owned()], "{bad}");
        assert_eq!(imported.transcript.entries.len(), 2);
    }
    let error = read(&line("c2s1a", "RECV: <presence id='1'/>"), Format::Prosody).unwrap_err();
    assert!(error.contains("no stanza that can be used"), "{error}");
    assert!(error.contains("no full JID is told"), "{error}");
}

#[test]
fn a_client_whose_start_is_not_told_is_named_by_what_it_gets() {
    let text = "Nov 25 13:49:26 c2s1a\tdebug\tRECV: <message to='d@e.irc'/>\n\
                Nov 25 13:49:26 c2s1a\tdebug\tSEND: <message from='d@e.irc' to='a@b.irc/c'/>\n\
                Nov 25 13:49:26 c2s1a\tinfo\tClient disconnected: connection closed\n\
                Nov 25 13:49:27 c2s1a\tinfo\tClient connected\n\
                Nov 25 13:49:27 c2s1a\tdebug\tResource bound: e@b.irc/f\n\
                Nov 25 13:49:27 c2s1a\tdebug\tRECV: <message to='d@e.irc'/>\n";
    let imported = read(text, Format::Prosody).unwrap();
    assert_eq!(
        hops(&imported),
        [
            "a@b.irc/c -> b.irc <message to='d@e.irc'/>",
            "b.irc -> a@b.irc/c <message from='d@e.irc' to='a@b.irc/c'/>",
            "e@b.irc/f -> b.irc <message to='d@e.irc'/>",
        ]
    );
    assert_eq!(
        notices(&imported)[1],
        "line 1: supplied: a stream is taken for that of `a@b.irc/c`, as its start is not told"
    );
}
