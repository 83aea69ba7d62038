mod random;

use super::*;
use crate::conform::judgement::Row;
use crate::stanza::{Stanza, Type, element, ns};
use crate::time::{Duration, Time};
use crate::transcript::{Fault, Header, Link, Loss, What};

const HOSTILE: &str =
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&\u{1}\u{202E}]]>";

fn row(id: &str, verdict: Verdict, kept: u64, broken: u64) -> Row {
    let requirement = Requirement::find(id).unwrap();
    let reason = requirement.unsupported();
    Row { requirement, verdict, tally: Tally { kept, broken, ..Tally::default() }, reason }
}

fn finding(requirement: &'static str, entry: usize) -> Finding {
    Finding {
        requirement,
        host: HOSTILE.to_owned(),
        entry,
        what: format!("what {HOSTILE}"),
        expected: format!("expected {HOSTILE}"),
        causes: vec![1],
    }
}

/// A run in which everything that can be hostile is, and every verdict is given.
fn run(name: &str) -> Run {
    let mut body = element("body", ns::CLIENT, &[]);
    body.append_text(HOSTILE.replace('\u{1}', "") + &"long ".repeat(80));
    let stanza = Stanza::message(Type::Groupchat).with_payload(body);
    let header = Header { scenario: HOSTILE.to_owned(), ..Header::default() };
    let mut transcript = Transcript::new(header);
    let at = |second| Time::XEP_EPOCH + Duration::from_secs(second);
    let client = format!("user@a.irc/{HOSTILE}");
    transcript.push(at(0), What::Line { number: 7, text: HOSTILE.into() });
    let link = Link { from: "a.irc".into(), to: HOSTILE.into(), both_ways: true };
    transcript.push(at(0), What::Fault(Fault::Cut(link, Loss::Silent)));
    for to in ["a.irc", HOSTILE, &client] {
        transcript.sent(at(1), "b.irc".into(), to.into(), stanza.clone());
    }
    let lost = transcript.sent(at(2), client.as_str().into(), "a.irc".into(), stanza);
    transcript.lost(lost);
    let rows = vec![
        row("slave.leave.forward", Verdict::Fail, 2, 2),
        row("req.transparency", Verdict::Pass, 3, 0),
        row("req.leave-while-split", Verdict::Vacuous, 0, 0),
        row("slave.jid.opaque", Verdict::Unsupported, 0, 0),
        row("INV-NO-DUP", Verdict::Warn, 1, 1),
    ];
    let findings = vec![
        finding("slave.leave.forward", 2),
        finding("slave.leave.forward", 999),
        finding("INV-NO-DUP", 5),
    ];
    Run {
        name: name.to_owned(),
        file: format!("{name}.scs"),
        replay: format!("wallops run {name}.scs"),
        judge: format!("wallops judge {name}.scs"),
        people: BTreeMap::new(),
        splits: Vec::new(),
        lines: vec![7; transcript.entries.len()],
        part: None,
        transcript,
        judgement: Judgement { rows, findings },
        expectations: 4,
        unmet: 1,
        failures: vec![Failure { line: 7, text: HOSTILE.to_owned(), what: HOSTILE.to_owned() }],
        untouched: vec![Failure { line: 7, text: HOSTILE.to_owned(), what: HOSTILE.to_owned() }],
        asked: false,
        known: Vec::new(),
    }
}

fn report() -> Report {
    Report { runs: vec![run("one"), Run { failures: Vec::new(), ..run("two") }] }
}

/// The values of an attribute in a page, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    page.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn nothing_hostile_becomes_markup() {
    let page = report().html();
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert!(!page.contains("<img"));
    assert!(!page.contains(['\u{1}', '\u{202E}']));
    assert!(page.contains("&lt;img src=x onerror=alert(2)&gt;"));
}

#[test]
fn a_page_loads_nothing_from_outside() {
    let page = report().html();
    for word in ["http:", "https:", "src=\"", "@import", "url(", "<link"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn every_link_of_a_page_leads_somewhere_and_no_id_is_there_twice() {
    let page = report().html();
    let ids = values(&page, "id");
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    let links = values(&page, "href");
    assert!(links.len() > 20);
    for link in links {
        let target = link.strip_prefix('#').unwrap();
        // A finding may name an entry that the transcript does not have.
        assert!(unique.contains(&target) || target.ends_with("e999"), "{link}");
    }
}

#[test]
fn a_cell_of_the_matrix_leads_to_what_was_found() {
    let page = report().html();
    let rows = page.split("<tr data-r=\"").skip(1);
    let row = rows.into_iter().find(|row| row.starts_with("slave.leave.forward\"")).unwrap();
    let row = row.split("</tr>").next().unwrap();
    assert!(row.contains("<td class=\"fail\"><a href=\"#s0f0\">✗</a></td>"), "{row}");
    assert!(row.contains("<td class=\"fail\"><a href=\"#s1f0\">✗</a></td>"), "{row}");
    // A row for each requirement of which the runs tell, and none for the others.
    assert_eq!(page.matches("<tr data-r=\"").count(), 5);
}

#[test]
fn what_is_found_is_marked_where_it_is() {
    let page = report().html();
    assert!(page.contains("<a href=\"#s0e2\">entry 3</a>"), "{page}");
    let entry = page.split("id=\"s0e2\"").nth(1).unwrap();
    let entry = entry.split("id=\"s0e5\"").next().unwrap();
    assert!(entry.contains("<p class=\"finding fail\" data-r=\"slave.leave.forward\">"), "{entry}");
    assert!(!entry.contains("INV-NO-DUP"));
}

#[test]
fn a_long_content_is_told_once() {
    let page = report().html();
    // Once in each run: three copies in a fan-out, and one that was lost.
    assert_eq!(page.matches(&"long ".repeat(80)).count(), 2);
    assert_eq!(page.matches("with the same content").count(), 4);
    assert_eq!(page.matches("with the content of").count(), 2);
}

/// A run of 30,004 entries, at one a second.
fn long() -> Run {
    let mut long = run("long");
    let entry = long.transcript.entries[2].clone();
    let numbered = |number: u64| {
        let mut entry = entry.clone();
        entry.at += Duration::from_secs(number);
        entry
    };
    long.transcript.entries.extend((2..30_000).map(numbered));
    long.lines = (1..=long.transcript.entries.len()).collect();
    long
}

#[test]
fn a_page_of_long_runs_is_bounded() {
    let page = Report { runs: vec![long()] }.html();
    assert!(page.contains(" more entries are not shown here."));
    assert!(page.len() < 6 << 20, "{}", page.len());
}

#[test]
fn of_a_long_run_is_drawn_what_is_around_what_was_found() {
    let mut long = long();
    long.judgement.findings = vec![finding("INV-NO-DUP", 20_000), finding("INV-NO-DUP", 10_000)];
    long.judgement.findings[0].causes = vec![19_000];
    let page = Report { runs: vec![long.clone()] }.html();
    for entry in [0, 1, 9_970, 10_000, 10_009, 19_000, 20_000] {
        assert_eq!(page.matches(&format!(" id=\"s0e{entry}\"")).count(), 1, "{entry}");
    }
    assert!(page.contains("<a href=\"#s0e20000\">entry 20001</a>, long.scs:20001: "), "{page}");
    let gap = "<li class=\"gap\">7555 entries are not shown here</li>";
    assert!(page.contains(gap), "{page}");
    // The same if it has these entries alone.
    let length = long.transcript.entries.len();
    let numbers = Vec::from_iter(drawn(&long.judgement.findings, length, 2_500));
    let mut part = long.clone();
    part.transcript.entries =
        numbers.iter().map(|it| long.transcript.entries[*it].clone()).collect();
    part.lines = numbers.iter().map(|number| number + 1).collect();
    part.part = Some(Part { numbers, entries: length, stanzas: long.transcript.hops().count() });
    let [long, part] = [long, part].map(|run| Report { runs: vec![run] });
    assert_eq!(long.html(), part.html());
    assert_eq!(long.text(), part.text());
    assert_eq!(long.json(), part.json());
    assert_eq!(long.junit(), part.junit());
}

#[test]
fn junit_has_a_case_for_each_requirement_that_applied_and_what_failed_has_its_place() {
    let text = report().junit();
    let read = quick_junit::Report::deserialize_from_str(&text).unwrap();
    assert_eq!(read.test_suites.len(), 2);
    // The expectations of the first run, in both a requirement and a fault that touched nothing.
    assert_eq!((read.tests, read.failures), (10, 3));
    let suite = &read.test_suites[0];
    assert_eq!(suite.name.as_str(), "one");
    assert_eq!((suite.tests, suite.failures, suite.skipped), (5, 2, 1));
    assert!(text.contains("message=\"one.scs:7: slave.leave.forward: what "), "{text}");
    assert!(text.contains("type=\"slave.leave.forward\""));
    assert!(text.contains("file=\"one.scs\" line=\"7\""), "{text}");
    for line in [
        "one.scs:7: slave.leave.forward at entry 3\n",
        "\nbecause of one.scs:7, entry 2: ! cut a.irc &lt;-&gt; ",
        "\nreplay: wallops judge one.scs --require slave.leave.forward\n",
        "\nmore: wallops explain slave.leave.forward\n",
        "\nreplay: wallops run one.scs\n",
    ] {
        assert!(text.contains(line), "no `{line}` in:\n{text}");
    }
    assert!(!text.contains(['\u{1}', '\u{202E}']));
    // Whoever asks for a requirement by name is told that it never applied.
    assert!(!text.contains("req.leave-while-split"));
    let text = Report { runs: vec![Run { asked: true, ..run("one") }] }.junit();
    assert!(text.contains("<skipped message=\"vacuous: it never applied\"/>"), "{text}");
    assert!(text.contains("<skipped message=\"unsupported: "), "{text}");
}

#[test]
fn what_is_shown_by_an_invariant_has_the_places_of_what_was_found_of_that() {
    let id = "master.presence.no-jid-without-moderators";
    let mut run = run("one");
    run.judgement.rows = vec![row(id, Verdict::Fail, 0, 1)];
    run.judgement.findings = vec![finding("INV-JID-SLAVE", 2)];
    let report = Report { runs: vec![run] };
    let text = report.junit();
    assert!(
        text.contains(&format!("message=\"one.scs:7: {id}, by INV-JID-SLAVE: what ")),
        "{text}"
    );
    assert!(text.contains(&format!("one.scs:7: INV-JID-SLAVE, and so {id} at entry 3")), "{text}");
    assert!(report.html().contains("<a href=\"#s0f0\">✗</a>"));
}

#[test]
fn text_tells_what_failed_where_and_how_to_see_it_again() {
    let text = report().text();
    for line in [
        "fail     one.scs: 3 requirements applied, 3 of 4 expectations met, 4 stanzas\n",
        "    one.scs:7: slave.leave.forward at entry 3\n",
        "        <message type='groupchat'>\n",
        "      because of one.scs:7, entry 2: ! cut a.irc <-> ",
        "    replay: wallops run one.scs\n",
        "2 runs: 2 fail\n",
    ] {
        assert!(text.contains(line), "no `{line}` in:\n{text}");
    }
    assert!(!text.contains(['\u{1}', '\u{202E}', '\u{1B}']));
}

#[test]
fn the_worst_of_expectations_and_requirements_is_the_verdict() {
    let mut run = run("one");
    run.judgement.rows.retain(|row| row.verdict != Verdict::Fail);
    assert_eq!(run.verdict(), Verdict::Fail);
    run.failures.clear();
    assert_eq!(run.verdict(), Verdict::Warn);
    run.judgement.rows.retain(|row| row.verdict != Verdict::Warn);
    assert_eq!(run.verdict(), Verdict::Vacuous, "a fault touched nothing");
    run.untouched.clear();
    // That a requirement was vacuous or unsupported is no blemish.
    assert_eq!(run.verdict(), Verdict::Pass);
}

#[test]
fn json_reads_back_with_everything_in_it() {
    let json: serde_json::Value = serde_json::from_str(&report().json()).unwrap();
    assert_eq!(json["version"], VERSION);
    assert_eq!(json["requirements"].as_array().unwrap().len(), 5);
    let run = &json["runs"][0];
    assert_eq!(run["expectations"]["failures"][0]["line"], 7);
    assert_eq!(run["findings"][0]["requirement"], "slave.leave.forward");
    assert_eq!(run["findings"][0]["line"], 7);
    assert_eq!(run["findings"][1]["stanza"], serde_json::Value::Null);
    assert_eq!(json["runs"][1]["verdict"], "fail");
}

#[test]
fn a_requirement_that_is_known_to_be_broken_is_told_and_fails_nothing() {
    let known = |id, seen| Known {
        file: "expected.toml".to_owned(),
        line: 4,
        what: Failing::Requirement(id),
        reason: format!("why {HOSTILE}"),
        seen,
    };
    let known = vec![known("slave.leave.forward", true)];
    let report = Report { runs: vec![Run { failures: Vec::new(), known, ..run("one") }] };
    // A SHOULD that nobody knows of is left.
    assert_eq!(report.verdict(), Verdict::Warn);
    let text = report.text();
    for words in [
        "    known: slave.leave.forward: why ",
        "one.scs:7: slave.leave.forward at entry 3 (known)\n",
        "  known        slave.leave.forward  broken 2 of 4 times",
        "5 requirements: 1 pass, 1 vacuous, 1 unsupported, 1 fail, 1 known\n",
    ] {
        assert!(text.contains(words), "no `{words}` in:\n{text}");
    }
    let junit = report.junit();
    assert!(junit.contains(" failures=\"0\""), "{junit}");
    assert!(junit.contains("<skipped message=\"known: why "), "{junit}");
    let page = report.html();
    assert!(page.contains("<td class=\"known\" title=\"why "), "{page}");
    assert!(page.contains("data-r=\"slave.leave.forward\" data-v=\"known\""));
    assert!(page.contains("<li id=\"s0f0\" class=\"finding known\""));
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    let reason = format!("why {HOSTILE}");
    for known in [
        &json["requirements"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == "slave.leave.forward")
            .unwrap(),
        &&json["runs"][0]["requirements"][0],
        &&json["runs"][0]["findings"][0],
    ] {
        assert_eq!(known["known"], reason, "{known}");
    }
}
