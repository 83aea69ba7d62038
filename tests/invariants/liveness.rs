//! Records in which an invariant of liveness, or of cost, is broken.

use wallops::conform::invariants::{CostOf, costs};
use wallops::conform::judgement::Judgement;
use wallops::dmuc::Change;
use wallops::transcript::What;

use crate::stage::Run;

#[test]
fn somebody_does_not_hear_what_is_said() {
    let mut run = Run::of("s02-truly-rotten-time");
    let message = run.find("killrc", "argl", &["rotten"]);
    run.remove(message);
    run.breaks(&["LIVE-DELIVER"]);
}

#[test]
fn a_master_does_not_notice_that_a_slave_is_cut_off() {
    let script = "BigCheese says \"one\"\ncut vesa from channel\nwait 5m\n";
    let mut run = Run::script("full", script);
    run.breaks(&[]);
    run.remove_note("wallops@", Change::Split);
    run.breaks(&["LIVE-DETECT"]);
}

#[test]
fn a_slave_does_not_notice_a_bounce() {
    let mut run = Run::of("netsplit");
    run.remove_note("slave@vesa", Change::Split);
    assert!(run.broken().contains(&"LIVE-DETECT"), "{}", run.findings());
}

#[test]
fn who_leaves_is_not_told_that_he_is_out() {
    let mut run = Run::script("core", "Valdis leaves\nwait 10m\n");
    let told = run.find("killrc", "valdis", &["110"]);
    run.remove(told);
    run.breaks(&["LIVE-CONV-ROSTER", "LIVE-LEAVE"]);
}

#[test]
fn who_wants_to_enter_is_not_answered() {
    let script = "Valdis leaves\nValdis joins wallops\nwait 10m\n";
    let mut run = Run::script("core", script);
    let joins = run.find("valdis", "killrc", &["/protocol/muc'"]);
    run.remove_all(joins, "killrc", "valdis", &[]);
    run.breaks(&["LIVE-JOIN"]);
}

#[test]
fn a_message_is_lost_and_nobody_knows() {
    let mut run = Run::script("core", "BigCheese says \"lost\"\nwait 10m\n");
    let said = run.find("rubenro", "vesa", &["lost"]);
    run.remove_all(said + 1, "", "", &["lost"]);
    run.breaks(&["LIVE-NO-SILENT-LOSS"]);
}

#[test]
fn what_was_said_is_never_heard_by_somebody_who_was_there() {
    let mut run = Run::script("core", "BigCheese says \"heard\"\nwait 10m\n");
    let heard = run.find("killrc", "argl", &["heard"]);
    run.remove(heard);
    run.breaks(&["LIVE-DELIVER", "LIVE-NO-SILENT-LOSS"]);
}

#[test]
fn a_master_and_its_slave_do_not_come_together_again() {
    let script = "cut vesa from channel\nwait 5m\nheal everything\nwait 10m\n";
    let mut run = Run::script("core", script);
    run.breaks(&[]);
    run.remove_note("wallops@", Change::Synced);
    run.breaks(&["LIVE-HEAL"]);
}

#[test]
fn somebody_does_not_see_that_another_has_left() {
    let mut run = Run::script("core", "Valdis leaves\nwait 10m\n");
    let told = run.find("killrc", "argl", &["Valdis", "unavailable"]);
    run.remove(told);
    run.breaks(&["LIVE-CONV-ROSTER"]);
}

#[test]
fn whoever_sees_somebody_wrongly_one_finding_says_it_where_it_shows() {
    let script = "Valdis is away\nwait 1m\nValdis leaves\nwait 10m\nTroy says \"one\"\nwait 10m\n";
    let mut run = Run::script("core", script);
    for reader in ["argl", "phaedrus"] {
        run.remove(run.find("killrc", reader, &["Valdis", "unavailable"]));
    }
    let of_the_roster =
        |one: &wallops::conform::invariants::Finding| one.requirement == "LIVE-CONV-ROSTER";
    let found: Vec<_> = run.check().into_iter().filter(of_the_roster).collect();
    let [one] = &found[..] else { panic!("{}", run.findings()) };
    let ends = ["argl@killrc.oulubox.irc/laptop", "phaedrus@killrc.oulubox.irc/phone"];
    assert_eq!(one.what, format!("{} and {} still see Valdis, who is not there", ends[0], ends[1]));
    // What he was told of her last, and what the master has said since.
    assert_eq!(one.entry, run.find("killrc", "argl", &["Valdis", "away"]));
    let said = run.transcript.hops().filter(|(_, _, hop)| {
        let text = hop.stanza.to_string();
        hop.stanza.to.as_ref().is_some_and(|to| to.as_str().starts_with("slave@"))
            && text.contains("Valdis")
            && text.contains("unavailable")
    });
    assert!(one.causes.contains(&said.last().unwrap().0), "{one}");
}

#[test]
fn somebody_does_not_see_that_another_is_back() {
    let script = "Troy is away\nwait 10m\n";
    let mut run = Run::script("core", script);
    let told = run.find("killrc", "argl", &["Troy", "away"]);
    run.remove(told);
    run.breaks(&["LIVE-AWAY-UNDONE"]);
}

#[test]
fn a_master_is_never_told_who_has_left_in_a_split() {
    let script = "cut vesa from channel\nwait 5m\nEfchen leaves\nheal everything\nwait 10m\n";
    let mut run = Run::script("core", script);
    run.breaks(&[]);
    let leaves = run.find("msa", "vesa", &["unavailable"]);
    let locally = run.find("vesa", "rubenro", &["Efchen", "unavailable"]);
    run.remove_all(locally.max(leaves) + 2, "", "", &["Efchen", "unavailable"]);
    run.breaks(&["LIVE-CONV-ROSTER", "LIVE-QUEUE-EMPTY"]);
}

#[test]
fn a_newcomer_does_not_read_what_was_said() {
    let script = "Valdis leaves\nBigCheese says \"read\"\nwait 10m\nValdis joins wallops\n";
    let mut run = Run::script("core", script);
    run.breaks(&[]);
    let read = run.find("killrc", "valdis", &["read"]);
    run.remove(read);
    run.breaks(&["LIVE-CONV-HISTORY"]);
}

#[test]
fn a_master_pings_more_often_than_it_has_to() {
    let mut run = Run::script("core", "wait 20m\n");
    run.breaks(&[]);
    let (first, other) =
        (run.nth(12, "channel", "killrc", &["ping"]), run.nth(12, "channel", "eris", &["ping"]));
    run.repeat_at(first, other.max(first + 2));
    run.breaks(&["LIVE-CALM"]);
}

#[test]
fn a_master_tells_a_slave_everything_again_and_again() {
    let mut run = Run::of("s14-kicked");
    let state = run.find("channel", "vesa", &["Efchen", "<state"]);
    for _ in 0..200 {
        run.repeat(state);
    }
    run.breaks(&["LIVE-SYNC-TERMINATES"]);
}

#[test]
fn a_master_broadcasts_a_message_twice_to_a_slave() {
    let mut run = Run::of("s02-truly-rotten-time");
    let copy = run.find("channel", "killrc", &["rotten"]);
    run.repeat(copy);
    run.breaks(&["COST-BROADCAST"]);
}

#[test]
fn a_master_enters_somebody_twice() {
    let mut run = Run::of("s14-kicked");
    let enter = run.find("channel", "vesa", &["<enter"]);
    run.repeat(enter);
    run.breaks(&["COST-JOIN"]);
}

#[test]
fn a_master_tells_a_slave_twice_that_somebody_has_left() {
    let mut run = Run::of("s03-departures");
    let leave = run.find("channel", "killrc", &["<leave", "valdis"]);
    run.repeat(leave);
    run.breaks(&["COST-LEAVE"]);
}

#[test]
fn a_master_tells_what_is_no_news_while_nothing_happens() {
    let mut run = Run::script("core", "wait 20m\n");
    let ping = run.nth(12, "channel", "killrc", &["ping"]);
    run.add(
        ping,
        "<presence from='wallops@channel.avalon.irc/Valdis' to='slave@killrc.oulubox.irc'>\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='participant'/></x></presence>",
    );
    run.breaks(&["COST-IDLE"]);
}

#[test]
fn a_master_pings_a_slave_that_is_split_without_a_pause() {
    let mut run = Run::of("s14-kicked");
    let ping = run.nth(4, "channel", "vesa", &["ping"]);
    run.repeat(ping);
    run.repeat(ping);
    run.breaks(&["COST-SPLIT"]);
}

#[test]
fn a_slave_is_sent_more_history_than_it_stores() {
    let mut run = Run::of("s01-bigcheese-enters");
    for slave in &mut run.setting.slaves {
        slave.history_max = 2;
    }
    run.breaks(&["COST-STORE"]);
}

#[test]
fn the_cast_costs_what_the_study_says() {
    let run = Run::of("s02-truly-rotten-time");
    let message = &costs(&run.transcript, &run.setting)[0];
    assert_eq!((message.of, message.distributed, message.plain), (CostOf::Message, 4, 8));
    let script = "Wumpus is away\nBigCheese leaves\nBigCheese joins wallops\n";
    let run = Run::script("core", script);
    let costs = costs(&run.transcript, &run.setting);
    let told: Vec<_> = costs.iter().map(|cost| (cost.of, cost.distributed, cost.plain)).collect();
    let expected = [(CostOf::Presence, 4, 8), (CostOf::Leave, 5, 8), (CostOf::Join, 5, 19)];
    assert_eq!(told, expected);
}

#[test]
fn every_entry_but_the_lines_of_a_script_is_something_to_judge() {
    let run = Run::of("s14-kicked");
    let lines = run.transcript.entries.iter().filter(|one| matches!(one.what, What::Line { .. }));
    assert!(lines.count() > 0);
    run.breaks(&[]);
}

#[test]
fn what_a_split_makes_due_does_not_apply_without_one() {
    let applied = |lines: &str| {
        let run = Run::script("full", lines);
        let rows = Judgement::of(&run.transcript, &run.setting).rows;
        let applied = rows.iter().filter(|row| row.applied());
        applied.map(|row| row.requirement.id).collect::<Vec<_>>()
    };
    let due = ["LIVE-HEAL", "INV-EXPELLED", "COST-STORE"];
    let among = |applied: &[&str]| due.map(|id| applied.contains(&id));
    let calm = applied("BigCheese says \"hello\"\nEfchen is away\nwait 10m\n");
    assert_eq!(among(&calm), [false; 3]);
    assert!(calm.contains(&"INV-NO-ESCALATION"), "who is away is shown with what he may do");
    assert_eq!(among(&applied("WiZ kicks Efchen\nwait 1m\n")), [false, true, false]);
    let split = "cut vesa from channel\nwait 5m\nheal everything\nwait 5m\n";
    let split = applied(split);
    assert!(split.contains(&"LIVE-SYNC-TERMINATES"), "{split:?}");
    assert_eq!(among(&split), [true, false, false]);
}
