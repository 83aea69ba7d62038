//! A split in which nobody acts leaves no trace: with a link that is cut and healed somewhere in a
//! script, and without, all machines end with the same rosters, histories and subjects, and people
//! receive the same.
//!
//! What is not compared, and why:
//!
//! * a split before other faults: those then find other pings under way;
//! * what people receive where somebody is granted to mark others as away: that is done and undone;
//! * presences that say nothing new, where broadcasts have no numbers: a master tells again what it
//!   is not sure that its slave knows;
//! * splits of a domain whose slave does not serve the room: its users are served directly, and who
//!   cannot be reached then is out, as in every room.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use rayon::prelude::*;
use wallops::conform::plain::compare;
use wallops::dmuc::{Master, Standing};
use wallops::explore::Schedule;
use wallops::room::{History, Roster};
use wallops::scenario::{Profile, Scenario, Source, parse};
use wallops::sim::world::World;
use wallops::stanza::{Element, Jid, Kind, ns};
use wallops::time::Time;
use wallops::transcript::{self, Entry, Transcript, What, is_client};

use super::drawn::{Drawn, in_random_schedules, schedules};
use super::ending::{Ending, ending};
use super::files::{directory, find_cast, shipped};
use super::split::{Split, is_fault, splits};
use super::wrong::{Wrong, impatient, talkative};

/// What differs at the end of a script with a split and without, if machines are wrong in this way.
fn difference(
    scenario: &Scenario,
    text: &str,
    split: &Split,
    wrong: Option<Wrong>,
) -> Option<String> {
    let [Some(with), Some(without)] = split.put_in(scenario).map(|one| ending(&one, text, wrong))
    else {
        return Some(format!("{split:?}: no end\n"));
    };
    if !serves(&without.world, &split.slave) {
        return None;
    }
    let mut diff = differs(&with, &without);
    if !scenario.steps.iter().any(is_fault) && !marks_away(scenario) {
        let mut transcripts = [with, without].map(|one| one.outcome.transcript);
        if scenario.tags.profile != Profile::Full {
            let empty = Scenario { steps: Vec::new(), ..scenario.clone() };
            let start = ending(&empty, "", None).unwrap().world;
            transcripts.iter_mut().for_each(|one| without_repetitions(one, &start));
        }
        diff += &perceived(&transcripts);
    }
    (!diff.is_empty()).then(|| format!("{split:?}:\n{diff}\n"))
}

/// Whether a slave of this domain serves a room.
fn serves(world: &World, domain: &str) -> bool {
    let server = world.server_id(domain).and_then(|host| world.server(host)?.server());
    server.is_some_and(|server| {
        let slaves = server.slaves().filter_map(|jid| server.slave(jid));
        slaves.flat_map(|slave| slave.copies()).any(|copy| copy.standing == Standing::Active)
    })
}

/// Whether anybody shows others as away who are cut off.
fn marks_away(scenario: &Scenario) -> bool {
    let grants = scenario.cast.rooms.values().map(|room| &room.config.grants);
    grants.into_iter().any(|grants| grants.mark_away || grants.policy.mark_away)
}

/// What machines know otherwise.
fn differs(one: &Ending, other: &Ending) -> String {
    let [with, without] = [one, other].map(|one| tables(&one.world, &one.outcome.transcript));
    let mut text = String::new();
    for (whose, table) in &with {
        if without.get(whose) != Some(table) {
            let other = without.get(whose).map_or("nothing", String::as_str);
            let _ = writeln!(text, "{whose} with the split:\n{table}without:\n{other}");
        }
    }
    if without.keys().any(|whose| !with.contains_key(whose)) {
        text += "with the split somebody knows nothing\n";
    }
    text
}

/// What people have received otherwise.
fn perceived([with, without]: &[Transcript; 2]) -> String {
    let mut text = String::new();
    for person in compare(with, without) {
        if let Some(diff) = person.diff {
            let _ = writeln!(text, "{} has received other things:\n{diff}", person.jid);
        }
    }
    text
}

/// Strike out presences that say again what the last one of that occupant said, or what his seat at
/// the start says: without numbers a master tells again what it is not sure that its slave knows.
fn without_repetitions(transcript: &mut Transcript, start: &World) {
    let seats = masters(start).flat_map(|room| room.roster().into_values());
    let seats = seats.map(|seat| (Jid::clone(&seat.occupant), seat.presence));
    let start: BTreeMap<Jid, String> =
        seats.map(|(jid, presence)| (jid, what_is_said(&presence))).collect();
    let mut told: BTreeMap<transcript::Name, BTreeMap<Jid, String>> = BTreeMap::new();
    transcript.entries.retain(|entry| {
        let What::Hop(hop) = &entry.what else { return true };
        let presence = hop.stanza.kind == Kind::Presence && is_client(&hop.to);
        let Some(from) = hop.stanza.from.as_ref().filter(|_| presence) else { return true };
        let told = told.entry(hop.to.clone()).or_insert_with(|| start.clone());
        if hop.stanza.is_available() {
            let said = what_is_said(&hop.stanza.payloads);
            return told.insert(Jid::clone(from), said.clone()) != Some(said);
        }
        if hop.stanza.is_unavailable() {
            told.remove(from);
            if hop.stanza.has_code("110") && !hop.stanza.has_code("303") {
                told.clear();
            }
        }
        true
    });
}

/// What a presence says of an occupant, but for why it does.
fn what_is_said(payloads: &[Element]) -> String {
    let mut text = String::new();
    for payload in payloads {
        match payload.get_child("item", ns::MUC_USER) {
            Some(item) => {
                let said = ["affiliation", "role"].map(|name| item.attr(name));
                let _ = write!(text, "{said:?}");
            }
            None => text += &String::from(payload),
        }
    }
    text
}

/// What each machine knows of each room, as text.
fn tables(world: &World, transcript: &Transcript) -> BTreeMap<String, String> {
    let mut tables = BTreeMap::new();
    let lines = lines(transcript);
    for room in masters(world) {
        let mut text = table(&room.roster(), room.history(), room.subject(), &lines);
        let _ = writeln!(text, "{:?}", room.config().affiliations);
        tables.insert(room.jid().to_string(), text);
    }
    for server in world.servers().iter().filter_map(|node| node.server()) {
        for jid in server.slaves() {
            for room in server.slave(jid).iter().flat_map(|slave| slave.rooms()) {
                let mut text = table(room.roster(), room.history(), room.subject(), &lines);
                let _ = writeln!(text, "{:?}", room.standing());
                tables.insert(format!("{jid} of {}", room.jid()), text);
            }
        }
    }
    tables
}

fn table(
    roster: &Roster,
    history: &History,
    subject: Option<String>,
    lines: &BTreeMap<Time, u32>,
) -> String {
    let mut text = String::new();
    // Whom a slave was told of again comes later in its roster.
    let roster: BTreeMap<_, _> = roster.iter().collect();
    for (nick, seat) in roster {
        let own: String = seat.own_payloads().map(String::from).collect();
        let _ = writeln!(text, "  {nick} {:?} {:?} {own}", seat.affiliation, seat.role);
    }
    for message in history.iter() {
        let payloads = message.payloads.iter().filter(|one| !one.is("stanza-id", ns::STANZA_IDS));
        let payloads: String = payloads.map(String::from).collect();
        let line = lines.range(..=message.stamp).next_back().map_or(0, |(_, line)| *line);
        let _ = writeln!(text, "  {} of line {line}: {payloads}", message.from);
    }
    let _ = writeln!(text, "  {subject:?}");
    text
}

/// All masters.
fn masters(world: &World) -> impl Iterator<Item = &Master> {
    let services = world.servers().iter().filter_map(|node| node.server()?.service());
    services.flat_map(|service| service.rooms())
}

/// When each line began, and its number.
fn lines(transcript: &Transcript) -> BTreeMap<Time, u32> {
    let line = |entry: &Entry| match entry.what {
        What::Line { number, .. } => Some((entry.at, number)),
        _ => None,
    };
    transcript.entries.iter().filter_map(line).collect()
}

#[test]
fn a_split_in_which_nobody_acts_leaves_no_trace_in_a_shipped_scenario() {
    let wrong = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let source = Source::new(&path.display().to_string(), &text);
        let scenario = parse(&source, &find_cast).unwrap();
        let name = path.strip_prefix(directory()).unwrap().display().to_string();
        let splits = splits(&scenario);
        let all = splits.iter().filter_map(|split| difference(&scenario, &text, split, None));
        all.map(|diff| format!("{name}: {diff}\n")).collect::<Vec<_>>()
    };
    let wrong: Vec<String> = shipped().par_iter().flat_map(wrong).collect();
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.concat());
}

/// What goes wrong with a split somewhere in this schedule.
fn wrong(schedule: &Schedule) -> Option<String> {
    let text = schedule.text();
    let scenario = parse(&Source::new("schedule.scs", &text), &find_cast).unwrap();
    let splits = splits(&scenario);
    let chosen = splits.get(usize::try_from(schedule.seed).unwrap() * 7 % splits.len().max(1))?;
    let diff = difference(&scenario, &text, chosen, None)?;
    Some(format!("seed {}: {diff}", schedule.seed))
}

fn leaves_no_trace(drawn: Drawn) {
    let number = schedules();
    let wrong = (0..number).into_par_iter().filter_map(|seed| wrong(&drawn(seed)));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} of {number}\n{}", wrong.len(), wrong.concat());
}

in_random_schedules!(leaves_no_trace);

#[test]
fn a_machine_that_a_split_leaves_a_trace_in_is_noticed() {
    let path = directory().join("s25-made-by-clients.scs");
    let text = fs::read_to_string(path).unwrap();
    let scenario = parse(&Source::new("s25.scs", &text), &find_cast).unwrap();
    let splits = splits(&scenario);
    let noticed = |wrong: Option<Wrong>| {
        let all = splits.iter().filter_map(|split| difference(&scenario, &text, split, wrong));
        all.collect::<Vec<_>>().concat()
    };
    assert_eq!(noticed(None), "");
    let tables = noticed(Some(impatient));
    assert!(tables.contains("wallops@channel.avalon.irc with the split"), "{tables}");
    let told = noticed(Some(talkative));
    assert!(told.contains("bicycle has received other things"), "{told}");
}
