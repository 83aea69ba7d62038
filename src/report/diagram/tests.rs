use super::*;
use crate::dmuc::{Change, Note};
use crate::stanza::{Element, Jid, Stanza, Type, element, ns};
use crate::time::Duration;
use crate::transcript::{Fault, Header, Link, Loss, What};

const CHANNEL: &str = "channel.avalon.irc";
const VESA: &str = "vesa.yeggmaex.irc";
const ERIS: &str = "eris.dclxvii.irc";
const RUBENRO: &str = "rubenro@vesa.yeggmaex.irc/shaver";

fn at(millis: u64) -> Time {
    Time::XEP_EPOCH + Duration::from_millis(millis)
}

fn jid(text: &str) -> Jid {
    text.parse().unwrap()
}

fn says(text: &str) -> Stanza {
    let mut body = element("body", ns::CLIENT, &[]);
    body.append_text(text);
    let from = jid("wallops@channel.avalon.irc/WiZ");
    Stanza::message(Type::Groupchat).with_from(from).with_payload(body)
}

fn send(record: &mut Transcript, millis: u64, from: &str, to: &str, stanza: Stanza) -> usize {
    let stanza = stanza.with_to(jid(to));
    let entry = record.sent(at(millis), from.into(), to.into(), stanza);
    record.delivered(entry, at(millis + if to.contains('/') { 1 } else { 20 }));
    entry
}

/// A word to two slaves, one of which is cut off, finds out, and is found again.
fn split() -> Transcript {
    let mut record =
        Transcript::new(Header { scenario: "A split".to_owned(), ..Header::default() });
    let link = Link { from: VESA.into(), to: CHANNEL.into(), both_ways: true };
    let note = |change| {
        let (by, about) = (jid("wallops@channel.avalon.irc"), jid("slave@vesa.yeggmaex.irc"));
        What::Note(Note { by, about, change })
    };
    record.push(at(0), What::Line { number: 3, text: "WiZ says \"hi\"".into() });
    send(&mut record, 0, CHANNEL, VESA, says("hi"));
    send(&mut record, 0, CHANNEL, ERIS, says("hi"));
    send(&mut record, 20, VESA, RUBENRO, says("hi"));
    record.push(at(1000), What::Line { number: 4, text: "cut".into() });
    record.push(at(1000), What::Fault(Fault::Cut(link.clone(), Loss::Silent)));
    send(&mut record, 2000, CHANNEL, ERIS, says("anybody?"));
    let lost = send(&mut record, 2000, CHANNEL, VESA, says("anybody?"));
    record.lost(lost);
    record.push(at(3000), note(Change::Split));
    record.push(at(4000), What::Fault(Fault::Heal(link)));
    record.push(at(5000), note(Change::Synced));
    record.push(at(6000), What::Line { number: 9, text: "nothing comes of this".into() });
    record
}

fn draw(record: &Transcript, options: &Options) -> Diagram {
    Diagram::new(record, options).unwrap()
}

fn only(names: &[&str]) -> Options {
    Options { only: names.iter().map(|name| (*name).to_owned()).collect(), ..Options::default() }
}

fn labels(diagram: &Diagram) -> Vec<&str> {
    diagram.lanes.iter().map(|lane| &*lane.label).collect()
}

/// How many receivers each arrow has, and how it ends.
fn arrows(diagram: &Diagram) -> Vec<(usize, End)> {
    let rows = diagram.rows.iter().filter_map(|row| match &row.what {
        Item::Stanzas(arrows) => Some((arrows.len(), arrows[0].end)),
        _ => None,
    });
    rows.collect()
}

#[test]
fn clients_stand_beside_their_server_and_the_hub_in_the_middle() {
    assert_eq!(
        labels(&draw(&split(), &Options::default())),
        ["rubenro", "vesa", "channel", "eris"]
    );
}

#[test]
fn people_have_the_names_that_the_cast_gives_them() {
    let people = BTreeMap::from([(RUBENRO.to_owned(), "BigCheese".to_owned())]);
    let options = Options { people, ..Options::default() };
    assert_eq!(labels(&draw(&split(), &options))[0], "BigCheese");
}

#[test]
fn a_presence_tells_what_a_client_is_called() {
    let mut record = split();
    let mut x = element("x", ns::DMUC, &[]);
    x.append_child(element("enter", ns::DMUC, &[("jid", RUBENRO)]));
    let from = jid("wallops@channel.avalon.irc/BigCheese");
    let presence = Stanza::presence(Type::Absent).with_from(from).with_payload(x);
    send(&mut record, 7000, CHANNEL, VESA, presence);
    assert_eq!(labels(&draw(&record, &Options::default()))[0], "BigCheese");
    assert_eq!(labels(&draw(&record, &only(&["BigCheese"]))), ["vesa", "BigCheese"]);
}

#[test]
fn what_goes_out_at_once_is_one_arrow_for_each_way_in_which_it_fares() {
    let (folded, unfolded) = (Options::default(), Options { unfold: true, ..Options::default() });
    let one = |end| (1, end);
    assert_eq!(
        arrows(&draw(&split(), &folded)),
        [(2, End::Arrived), one(End::Arrived), one(End::Arrived), one(End::Lost)]
    );
    assert_eq!(arrows(&draw(&split(), &unfolded)).len(), 5);
}

#[test]
fn an_enter_is_no_part_of_the_broadcast_that_it_goes_out_with() {
    let mut record = Transcript::new(Header::default());
    let from = jid("wallops@channel.avalon.irc/BigCheese");
    let presence = || Stanza::presence(Type::Absent).with_from(from.clone());
    let mut x = element("x", ns::DMUC, &[]);
    x.append_child(element("enter", ns::DMUC, &[("jid", RUBENRO)]));
    send(&mut record, 0, CHANNEL, ERIS, presence());
    send(&mut record, 0, CHANNEL, "killrc.oulubox.irc", presence());
    send(&mut record, 0, CHANNEL, VESA, presence().with_payload(x));
    let two = [(2, End::Arrived), (1, End::Arrived)];
    assert_eq!(arrows(&draw(&record, &Options::default())), two);
}

#[test]
fn two_words_to_one_are_two_arrows() {
    let mut record = Transcript::new(Header::default());
    send(&mut record, 0, CHANNEL, VESA, says("hi"));
    send(&mut record, 0, CHANNEL, VESA, says("hi"));
    assert_eq!(arrows(&draw(&record, &Options::default())).len(), 2);
}

#[test]
fn a_cut_shades_both_ends_until_it_heals_and_a_split_its_knower_until_it_is_synced() {
    let diagram = draw(&split(), &Options::default());
    let bands: Vec<_> = diagram
        .bands
        .iter()
        .map(|band| (band.why, labels(&diagram)[band.lane], band.end - band.first))
        .collect();
    let cut = |host| (Why::Cut, host, 4);
    assert_eq!(bands, [cut("vesa"), cut("channel"), (Why::Split, "channel", 2)]);
}

#[test]
fn half_a_heal_leaves_the_other_direction_cut_and_a_crash_forgets_splits() {
    let mut record = split();
    let link = |both_ways| Link { from: VESA.into(), to: CHANNEL.into(), both_ways };
    record.entries.retain(|entry| !matches!(entry.what, What::Fault(Fault::Heal(_))));
    record.push(at(7000), What::Fault(Fault::Heal(link(false))));
    let ends = |record: &Transcript| {
        let diagram = draw(record, &Options::default());
        let cuts = diagram.bands.iter().filter(|band| band.why == Why::Cut);
        cuts.map(|band| diagram.rows.len() - band.end).collect::<Vec<_>>()
    };
    assert_eq!(ends(&record), [0, 0]);
    record.push(at(8000), What::Fault(Fault::HealEverything));
    assert_eq!(ends(&record), [1, 1]);
}

#[test]
fn whoever_is_asked_for_is_drawn_with_those_he_has_to_do_with() {
    let diagram = draw(&split(), &only(&["rubenro"]));
    assert_eq!(labels(&diagram), ["vesa", "rubenro"]);
    // The line that the one stanza stands below, and not the others.
    let lines = diagram.rows.iter().filter(|row| matches!(row.what, Item::Line { .. })).count();
    assert_eq!((arrows(&diagram).len(), lines), (1, 1));
    assert_eq!(labels(&draw(&split(), &only(&["eris", "rubenro"]))).len(), 4);
    for name in [RUBENRO, "rubenro@vesa/shaver", "rubenro@vesa.yeggmaex.irc"] {
        assert_eq!(draw(&split(), &only(&[name])), diagram, "{name}");
    }
}

#[test]
fn whoever_is_not_there_is_named_with_whom_one_may_have_meant() {
    let error = Diagram::new(&split(), &only(&["eriss"])).unwrap_err();
    let nearest = Some("eris".to_owned());
    assert_eq!(error, DiagramError::Unknown { name: "eriss".to_owned(), nearest });
}

#[test]
fn a_long_record_makes_no_diagram_unless_that_is_asked_for() {
    let mut record = Transcript::new(Header::default());
    for number in 0..20_000 {
        let nick = jid(&format!("wallops@channel.avalon.irc/{number}{}", "x".repeat(900)));
        send(&mut record, number, CHANNEL, VESA, says(&"x".repeat(2_000)).with_from(nick));
    }
    let error = Diagram::new(&record, &Options::default()).unwrap_err();
    assert_eq!(error, DiagramError::TooLong(ROWS_MAX));
    let all = draw(&record, &Options { rows_max: 20_000, ..Options::default() });
    // However long names and bodies are.
    assert!(all.svg().len() < 20_000 * 1_500, "{}", all.svg().len());
    assert!(all.mermaid().len() < 20_000 * 300, "{}", all.mermaid().len());
}

#[test]
fn a_record_of_too_many_hosts_makes_no_diagram() {
    let mut record = Transcript::new(Header::default());
    for number in 0..300 {
        send(&mut record, 0, CHANNEL, &format!("h{number}.irc"), says("hi"));
    }
    assert_eq!(
        Diagram::new(&record, &Options::default()),
        Err(DiagramError::TooWide(LANES_MAX + 45))
    );
    assert_eq!(draw(&record, &only(&["h7"])).lanes.len(), 2);
}

/// Names that would be markup, scripts, ends of elements and turned lines, and a stanza to oneself.
fn hostile() -> Transcript {
    const NAMES: [&str; 5] = [
        "<script>alert(1)</script>",
        "\"/><rect onload='alert(1)'",
        "]]>&lt;&#x0;",
        "a\u{202E}b\u{0}\u{FFFF}\u{1B}[31m\n\r\n",
        "end\n    participant x as y; %%{init}%%",
    ];
    let mut record = Transcript::new(Header { scenario: NAMES.join(" "), ..Header::default() });
    for name in NAMES {
        record.push(at(0), What::Line { number: 1, text: name.into() });
        let fault = Link { from: name.into(), to: "b".into(), both_ways: true };
        record.push(at(0), What::Fault(Fault::Cut(fault, Loss::Reset)));
        for other in NAMES {
            record.sent(at(1), name.into(), other.into(), says(other));
            let (at_, to) = (name.into(), other.into());
            record.push(at(1), What::Undeliverable { at: at_, to, stanza: says(name) });
        }
        let lost = record.sent(at(2), name.into(), "b".into(), says("x"));
        record.lost(lost);
    }
    record
}

#[test]
fn hostile_names_are_nothing_but_names() {
    let diagram = draw(&hostile(), &Options::default());
    let svg: Element = diagram.svg().parse().unwrap();
    for element in descendants(&svg) {
        const OURS: [&str; 9] =
            ["svg", "title", "desc", "style", "rect", "text", "path", "g", "circle"];
        assert!(OURS.contains(&element.name()), "{}", element.name());
        assert!(element.attr("onload").is_none());
    }
    assert!(!diagram.svg().contains(['\u{202E}', '\u{1B}', '\0', '\u{FFFF}']));
    let mermaid = diagram.mermaid();
    assert!(!mermaid.contains(['\u{202E}', '\u{1B}', '\0', '%']));
    for line in mermaid.lines().skip(1) {
        let text = line.strip_prefix("    ").unwrap();
        let known = ["title ", "participant h", "actor h", "Note over h", "h", "rect rgba(", "end"];
        assert!(known.iter().any(|word| text.starts_with(word)), "{line}");
        let without_breaks = text.replacen("<br/>", "", 1);
        assert!(!without_breaks.contains(['<', '%', '{']), "{line}");
    }
}

fn descendants(element: &Element) -> Vec<&Element> {
    let mut all = vec![element];
    all.extend(element.children().flat_map(descendants));
    all
}
