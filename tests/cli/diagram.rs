//! `wallops diagram`.

use super::desk::{Desk, LOST_AND_FOUND, run, scenario};

const CUT: &str = "cut vesa.yeggmaex.irc from channel.avalon.irc refusing\nWiZ says \"hello\"\nWumpus hears WiZ say \"hello\"";

#[test]
fn a_scenario_is_played_and_drawn_with_the_names_of_its_cast() {
    Desk::with(CUT)
        .run(&["diagram", "scenarios/own.scs"])
        .ends_with(0)
        .prints("<svg xmlns=")
        .prints(">WiZ</text>")
        .prints("class=\"band cut\"");
}

#[test]
fn a_transcript_is_drawn_as_the_scenario_is() {
    let desk = Desk::with(CUT);
    desk.run(&["run", "scenarios/own.scs", "--write", "own.txt"]).ends_with(0);
    let arguments = |file, out| ["diagram", file, "--format", "mermaid", "--out", out];
    desk.run(&arguments("scenarios/own.scs", "new/a.mmd")).ends_with(0);
    desk.run(&arguments("own.txt", "new/b.mmd")).ends_with(0);
    let arrows = |file| {
        let text = desk.read(file);
        text.lines().filter(|line| line.contains("->>")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(desk.read("new/a.mmd").starts_with("sequenceDiagram\n"));
    assert!(!arrows("new/a.mmd").is_empty());
    assert_eq!(arrows("new/a.mmd").len(), arrows("new/b.mmd").len());
}

#[test]
fn only_what_concerns_somebody_is_drawn() {
    let all = Desk::with(CUT).run(&["diagram", "scenarios/own.scs"]).ends_with(0).out();
    let only = ["diagram", "scenarios/own.scs", "--only", "WiZ"];
    let some = Desk::with(CUT).run(&only).ends_with(0).prints(">WiZ</text>").out();
    assert!(some.len() < all.len());
    assert!(!some.contains(">killrc</text>"), "{some}");
}

#[test]
fn a_nick_is_learned_from_a_transcript_that_shows_whose_it_is() {
    let desk = Desk::with(CUT);
    desk.run(&["run", "scenarios/own.scs", "--write", "own.txt"]).ends_with(0);
    // He has not asked to enter in it; what he says is told under his nick.
    desk.run(&["diagram", "own.txt", "--only", "WiZ"]).ends_with(0).prints(">WiZ</text>");
    let back =
        format!("{CUT}\nheal everything\nwait until quiet\nThe roster is the same everywhere");
    desk.put("scenarios/own.scs", scenario(&back));
    desk.run(&["run", "scenarios/own.scs", "--write", "own.txt"]).ends_with(0);
    let all = desk.run(&["diagram", "own.txt"]).ends_with(0).out();
    // Nothing tells whose nick it is: only what is told of him is drawn.
    let his = desk.run(&["diagram", "own.txt", "--only", "Phaedrus"]).ends_with(0).out();
    assert!(his.len() < all.len() && his.contains("/Phaedrus") && !his.contains("/Troy"), "{his}");
}

#[test]
fn what_a_log_without_clients_tells_of_somebody_is_drawn() {
    let log = "tests/judge/foreign/right.log";
    let drawn = |only: &str| run(&["diagram", log, "--format", "mermaid", "--only", only]);
    let all = run(&["diagram", log, "--format", "mermaid"]).ends_with(0).out();
    let his = drawn("BigCheese").ends_with(0).prints("->>").out();
    let arrows = |text: &str| text.matches("->>").count();
    assert!((1..arrows(&all)).contains(&arrows(&his)), "{his}");
    drawn("BigChease")
        .ends_with(2)
        .complains("no host or person of this name has a part in it: `BigChease`")
        .complains("`BigCheese`?");
}

#[test]
fn whoever_is_not_there_is_complained_of() {
    Desk::with(CUT)
        .run(&["diagram", "scenarios/own.scs", "--only", "WhiZ"])
        .ends_with(2)
        .complains("no host or person of this name has a part in it: `WhiZ`")
        .complains("`WiZ`?");
}

#[test]
fn a_diagram_that_is_too_long_has_to_be_asked_for() {
    Desk::with(CUT)
        .run(&["diagram", "scenarios/own.scs", "--rows", "3"])
        .ends_with(2)
        .complains("scenarios/own.scs: the diagram would have more than 3 rows")
        .complains("`--only HOST`");
}

#[test]
fn what_is_drawn_takes_no_place_of_what_it_shows() {
    let desk = Desk::with(CUT);
    let before = desk.read("scenarios/own.scs");
    desk.run(&["diagram", "scenarios/own.scs", "--out", "scenarios/own.scs"]).ends_with(2);
    assert_eq!(desk.read("scenarios/own.scs"), before);
}

#[test]
fn what_is_neither_scenario_nor_transcript_is_refused() {
    run(&["diagram", "README.md"]).ends_with(2).complains("neither a transcript nor a log");
    run(&["diagram", "nowhere.scs"]).ends_with(2).complains("no such file or directory");
}

#[test]
fn a_log_of_others_is_drawn_too() {
    run(&["diagram", "tests/judge/foreign/right.log", "--format", "mermaid"])
        .ends_with(0)
        .prints("sequenceDiagram\n")
        .prints("channel.avalon.irc");
}

#[test]
fn a_split_that_only_shows_is_shaded_too() {
    let desk = Desk::new();
    desk.put("server.log", LOST_AND_FOUND);
    desk.run(&["diagram", "server.log"])
        .ends_with(0)
        .prints("class=\"band split\"")
        .prints("room@conf split dmuc@b, as it seems");
    desk.run(&["judge", "server.log", "--report", "r.html"]).ends_with(0);
    assert!(desk.read("r.html").contains("<rect class=\"split\""));
    desk.run(&["report", "server.log", "--format", "html"]).prints("<rect class=\"split\"");
}

#[test]
fn copies_that_a_real_server_writes_one_after_the_other_are_one_fan_out() {
    let desk = Desk::new();
    let copy = |micros: u32, host: &str| {
        let from = "from='wallops@channel.irc/WiZ' type='groupchat'";
        format!(
            "1990-10-13T23:58:37.{micros:06}Z channel.irc {host} \
             <message {from} to='slave@{host}'><body>hello</body></message>\n"
        )
    };
    let arrows = |log: String| {
        desk.put("server.log", log);
        let text = desk.run(&["diagram", "server.log", "--format", "mermaid"]).ends_with(0).out();
        text.lines().filter(|line| line.contains("->>") || line.contains("-)")).count()
    };
    let at_once = copy(0, "vesa.irc") + &copy(70, "eris.irc") + &copy(140, "killrc.irc");
    let later = copy(0, "vesa.irc") + &copy(70, "eris.irc") + &copy(90_000, "killrc.irc");
    assert!(arrows(at_once) < arrows(later));
}

#[test]
fn a_nick_that_is_refused_is_no_name_of_who_has_asked_for_it() {
    let desk = Desk::new();
    let room = "wallops@channel.irc/Bob";
    let line = |second, from: &str, to: &str, stanza: String| {
        format!("1990-10-13T23:58:{second:02}Z {from} {to} {stanza}\n")
    };
    let own = "<x xmlns='http://jabber.org/protocol/muc#user'>\
        <item affiliation='none' role='participant'/><status code='110'/></x>";
    let asks = |second, who| line(second, who, "vesa.irc", format!("<presence to='{room}'/>"));
    let (bob, eve) = ("bob@vesa.irc/desk", "eve@vesa.irc/phone");
    let shown = format!("<presence from='{room}' to='{bob}'>{own}</presence>");
    let refused = format!(
        "<presence from='{room}' to='{eve}' type='error'><error type='cancel'>\
         <conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
    );
    let log = asks(1, bob)
        + &line(2, "vesa.irc", bob, shown)
        + &asks(3, eve)
        + &line(4, "vesa.irc", eve, refused);
    desk.put("server.log", log);
    let text = desk.run(&["diagram", "server.log"]).ends_with(0).prints(">eve</text>").out();
    assert_eq!(text.matches(">Bob</text>").count(), 1, "{text}");
}
