//! The gallery of wrong machines: for each statement of the XEP one that breaks it, and a shipped
//! scenario in which the monitor of that very statement finds it.
//!
//! `WALLOPS_MUTANT=NJ-m4` plays the machines of that name only, and prints what notices them.
//! `WALLOPS_HUNT=1` looks for such a scenario among all that ship.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "mutants/change.rs"]
mod change;
#[path = "mutants/entering.rs"]
mod entering;
#[path = "shipped/files.rs"]
mod files;
#[path = "shipped/headline.rs"]
mod headline;
#[path = "mutants/invariants.rs"]
mod invariants;
#[path = "mutants/kit.rs"]
mod kit;
#[allow(dead_code, reason = "shared with another test")]
#[path = "shipped/logs.rs"]
mod logs;
#[path = "mutants/missed.rs"]
mod missed;
#[path = "mutants/more.rs"]
mod more;
#[path = "mutants/netjoin.rs"]
mod netjoin;
#[path = "mutants/stage.rs"]
mod stage;
#[path = "mutants/traffic.rs"]
mod traffic;

use std::collections::BTreeSet;
use std::io::Write;

use headline::is_headline;
use kit::{Deaf, Tampering, Wrong};
use stage::Stage;
use wallops::conform::requirements::Requirement;
use wallops::dmuc::{Change, Slip, Slips};
use wallops::transcript::{Entry, What};

/// A machine that is wrong in one way.
pub struct Mutant {
    /// The statement that it breaks.
    row: &'static str,
    /// The monitors of which one has to notice it: that of its statement, unless others are named.
    by: &'static [&'static str],
    /// What is wrong with it.
    wrong: &'static str,
    /// The scenario that shows it.
    scenario: &'static str,
    tampering: std::cell::RefCell<Option<Tampering>>,
}

impl Mutant {
    fn new(row: &'static str, wrong: &'static str, scenario: &'static str, outputs: Wrong) -> Self {
        let tampering = std::cell::RefCell::new(Some(Tampering::new(outputs, None)));
        Self { row, by: &[], wrong, scenario, tampering }
    }

    fn with_input(
        row: &'static str,
        wrong: &'static str,
        scenario: &'static str,
        outputs: Wrong,
        input: Deaf,
    ) -> Self {
        let tampering = std::cell::RefCell::new(Some(Tampering::new(outputs, Some(input))));
        Self { row, by: &[], wrong, scenario, tampering }
    }
}

impl Mutant {
    /// With the invariants of which one has to notice it.
    fn noticed_by(self, by: &'static [&'static str]) -> Self {
        Self { by, ..self }
    }

    /// Wrong inside a machine besides.
    fn with_slip(self, slip: Slip) -> Self {
        for tampering in self.tampering.borrow_mut().iter_mut() {
            tampering.slips = Slips::only(slip);
        }
        self
    }

    fn slips(&self) -> Slips {
        self.tampering.borrow().as_ref().map_or(Slips::default(), |one| one.slips)
    }

    /// Of the monitors that notice it those that have to, and the others.
    fn sorted(&self, monitors: BTreeSet<&'static str>) -> (Vec<&'static str>, Vec<&'static str>) {
        let kills = |one: &&'static str| *one == self.row || self.by.contains(one);
        monitors.into_iter().partition(kills)
    }

    /// Whether these monitors kill it.
    fn is_killed(&self, monitors: &BTreeSet<&'static str>) -> bool {
        match self.by {
            [] => monitors.contains(self.row),
            by => by.iter().any(|one| monitors.contains(one)),
        }
    }
}

fn gallery() -> Vec<Mutant> {
    let mut all = entering::all();
    all.extend(traffic::all());
    all.extend(missed::all());
    all.extend(more::all());
    all.extend(netjoin::all());
    all.extend(invariants::all());
    all
}

#[test]
fn every_statement_has_a_mutant() {
    let rows: BTreeSet<&str> = gallery().iter().map(|mutant| mutant.row).collect();
    let missing: Vec<_> = Requirement::of_xep()
        .filter(|one| one.unsupported().is_none() && !rows.contains(one.id))
        .map(|one| one.id)
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let missing: Vec<_> =
        (1..=27).filter(|number| !rows.contains(format!("NJ-m{number}").as_str())).collect();
    assert!(missing.is_empty(), "no netjoin goes wrong in these ways: {missing:?}");
}

#[test]
fn a_wrong_netjoin_is_found_where_there_is_one() {
    let stage = Stage::open();
    let (mut seen, mut without) = (BTreeSet::new(), BTreeSet::new());
    for mutant in gallery().into_iter().filter(|mutant| mutant.row.starts_with("NJ-")) {
        if WITHOUT_NETJOIN.contains(&mutant.row) || !seen.insert(mutant.scenario) {
            continue;
        }
        let right = Tampering::new(Box::new(|_, _| {}), None);
        let entries = stage.play(mutant.scenario, right).unwrap().entries;
        let mut after = entries.iter().skip_while(|one| !matches!(one.what, What::Fault(_)));
        let joined = |change| matches!(change, Change::Synced | Change::Resyncing);
        let is_join = |one: &Entry| matches!(&one.what, What::Note(note) if joined(note.change));
        if !after.any(is_join) {
            without.insert(mutant.scenario);
        }
    }
    assert!(without.is_empty(), "no fault, or no netjoin after it: {without:?}");
}

#[test]
fn every_slip_is_turned_on_by_one_mutant() {
    for slip in Slip::ALL {
        let is_its = |mutant: &&Mutant| mutant.slips() == Slips::only(slip);
        assert_eq!(gallery().iter().filter(is_its).count(), 1, "{slip:?}");
    }
}

#[test]
fn what_is_wrong_beside_a_slip_is_made_good_without_it() {
    if selected().is_some() {
        return;
    }
    let stage = Stage::open();
    for mutant in gallery().into_iter().filter(|mutant| mutant.slips() != Slips::default()) {
        let mut tampering = mutant.tampering.take().unwrap();
        tampering.slips = Slips::default();
        let noticed = stage.notices(mutant.scenario, tampering);
        assert!(!mutant.is_killed(&noticed), "{} ({})", mutant.row, mutant.wrong);
    }
}

/// What came of a mutant: which monitors notice it, in its scenario.
fn noticed(
    stage: &Stage,
    place: usize,
    scenario: Option<&str>,
) -> (Mutant, BTreeSet<&'static str>) {
    let mutant = gallery().swap_remove(place);
    let scenario = scenario.unwrap_or(mutant.scenario);
    let tampering = mutant.tampering.take().unwrap();
    let noticed = stage.notices(scenario, tampering);
    (mutant, noticed)
}

#[test]
fn every_requirement_is_broken_by_a_mutant() {
    if selected().is_some() {
        return;
    }
    let noticed: BTreeSet<_> = killed().into_iter().flat_map(|(_, monitors)| monitors).collect();
    let missing: Vec<_> = Requirement::all()
        .filter(|one| one.unsupported().is_none() && !noticed.contains(one.id))
        .map(|one| one.id)
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "no mutant breaks these");
}

/// The name of the mutants that are to be played alone.
fn selected() -> Option<String> {
    std::env::var("WALLOPS_MUTANT").ok()
}

#[test]
fn the_one_that_is_asked_for_is_played() {
    let Some(name) = selected() else { return };
    let stage = Stage::open();
    let its: Vec<_> = (0..gallery().len()).filter(|place| gallery()[*place].row == name).collect();
    let known: BTreeSet<_> = gallery().iter().map(|mutant| mutant.row).collect();
    assert!(!its.is_empty(), "there is no mutant {name}; there are {known:?}");
    // Beside what the harness keeps of a test that passes.
    let mut out = std::io::stderr();
    for place in its {
        let (mutant, monitors) = noticed(&stage, place, None);
        let (killers, others) = mutant.sorted(monitors);
        let Mutant { row, wrong, scenario, .. } = mutant;
        writeln!(out, "{row}: {wrong}\n  in {scenario}").unwrap();
        writeln!(out, "  killed by: {}", killers.join(", ")).unwrap();
        writeln!(out, "  also noticed by: {}", others.join(", ")).unwrap();
    }
}

/// All of them, in the order of the requirements.
fn killed() -> Vec<(Mutant, BTreeSet<&'static str>)> {
    let stage = Stage::open();
    let mut all: Vec<_> = (0..gallery().len()).map(|place| noticed(&stage, place, None)).collect();
    all.sort_by_key(|(mutant, _)| Requirement::all().position(|one| one.id == mutant.row));
    all
}

#[test]
fn every_mutant_is_killed_by_the_monitor_of_its_statement() {
    if selected().is_some() {
        return;
    }
    let mut alive = String::new();
    let stage = Stage::open();
    let hunts = std::env::var_os("WALLOPS_HUNT").is_some();
    for place in 0..gallery().len() {
        let (mutant, monitors) = noticed(&stage, place, None);
        if mutant.is_killed(&monitors) {
            continue;
        }
        let Mutant { row, wrong, scenario, .. } = mutant;
        alive += &format!("{row} ({wrong}) in {scenario}: {monitors:?}\n");
        if hunts {
            let kills = |name: &&str| {
                let (mutant, monitors) = noticed(&stage, place, Some(name));
                mutant.is_killed(&monitors)
            };
            let killers: Vec<_> = stage.names().filter(kills).take(3).collect();
            alive += &format!("    killed in: {killers:?}\n");
        }
    }
    assert!(alive.is_empty(), "\n{alive}");
}

/// What was lost on the way up is noticed when something comes down, without a netjoin.
const WITHOUT_NETJOIN: [&str; 1] = ["NJ-m27"];

/// Faults that one stanza shows by itself, if nothing that came has set it off.
const OF_ONE_STANZA: [&str; 7] = [
    "COST-IDLE",
    "INV-STAY",
    "arch.single-root",
    "keepalive.xep0199",
    "master.history.addressing",
    "master.history.may-send",
    "master.roster.format",
];

/// Faults by which nothing comes of something: the finding is at what should have had an effect,
/// and there is nothing else that could be named.
const OF_NOTHING: [&str; 17] = [
    "LIVE-AWAY-UNDONE",
    "LIVE-CONV-ROSTER",
    "LIVE-DETECT",
    "LIVE-LEAVE",
    "LIVE-QUEUE-EMPTY",
    "keepalive.pong",
    "master.nonoccupant.reject",
    "master.split.trigger",
    "scope.one-to-one-unaffected",
    "slave.keepalive.ping-when-quiet",
    "slave.leave.implicit",
    "slave.relay.all-kinds",
    "slave.relay.non-participants",
    "slave.split.sees-user-bounces",
    "slave.split.trigger",
    "split.detect.by-bounce",
    "usecase.join.reaches-master",
];

#[test]
fn what_is_found_of_a_mutant_says_what_is_wrong_and_names_what_led_to_it() {
    if selected().is_some() {
        return;
    }
    let stage = Stage::open();
    let (mut bare, mut alone) = (String::new(), BTreeSet::new());
    let mut mute = String::new();
    for mutant in gallery() {
        let tampering = mutant.tampering.take().unwrap();
        let judgement = stage.judge(mutant.scenario, tampering).unwrap();
        for one in judgement.findings.iter().filter(|one| is_headline(&one.what)) {
            mute += &format!("{}: {one}\n", mutant.row);
        }
        let killers = if mutant.by.is_empty() { &[mutant.row] } else { mutant.by };
        let shown = killers.iter().filter_map(|id| Requirement::find(id));
        let shown: Vec<_> = shown.flat_map(|one| one.shown_by()).chain(killers).collect();
        let own = judgement.findings.iter().filter(|one| shown.contains(&&one.requirement));
        for one in own.filter(|one| one.causes.is_empty()) {
            let id = one.requirement;
            alone.insert(id);
            if !OF_ONE_STANZA.contains(&id) && !OF_NOTHING.contains(&id) {
                bare += &format!("{}: {one}\n", mutant.row);
                break;
            }
        }
    }
    assert!(mute.is_empty(), "only that there is a stanza:\n{mute}");
    assert!(bare.is_empty(), "\n{bare}");
    let idle = OF_ONE_STANZA.iter().chain(&OF_NOTHING).filter(|id| !alone.contains(*id));
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&&str>::new(), "always have a cause");
}

const TABLE: &str = "docs/mutants.md";

/// The gallery as a table for people.
fn table() -> String {
    let mut text =
        "# The gallery of wrong machines\n\nEach of these machines breaks one statement of \
        XEP-0282, or of [the netjoin](dmuc2-slave.md), at\nthe boundary of a server: what it \
        sends is left out, changed, repeated or sent in another order; or, where that\ndoes not \
        reach, inside, where a rule is not kept. The monitor of that very statement finds it in \
        the\nscenario named here (`cargo test --test mutants`); in the log of one server alone, of \
        the master or of a\nslave, where that is said. This page is made by that test; \
        `WALLOPS_UPDATE=1`\nwrites it anew.\n\n`slave.jid.opaque` and \
        `COST-CAST` have no machine here: no record of one run shows whether they are kept\n\
        (`wallops explain` says why), and tests of their own play the runs that do.\n\n| broken | what is wrong | \
        killed in | log that shows it | killed by | also noticed by |\n\
        | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    let stage = Stage::open();
    for (mutant, monitors) in killed() {
        let logs = logs(&stage, &mutant);
        let (killers, others) = mutant.sorted(monitors);
        let code = |all: Vec<_>| {
            let all: Vec<_> = all.into_iter().map(|one| format!("`{one}`")).collect();
            all.join(", ")
        };
        let (killers, others) = (code(killers), code(others));
        let Mutant { row, wrong, scenario, .. } = mutant;
        text += &format!("| `{row}` | {wrong} | `{scenario}` | {logs} | {killers} | {others} |\n");
    }
    text
}

/// Whose log alone shows it, too.
fn logs(stage: &Stage, mutant: &Mutant) -> String {
    let is_it = |one: &Mutant| (one.row, one.wrong) == (mutant.row, mutant.wrong);
    let again = gallery().into_iter().find(is_it).unwrap();
    let logs = stage.logs(mutant.scenario, again.tampering.take().unwrap());
    let logs = logs.iter().filter(|(_, monitors)| mutant.is_killed(monitors));
    let mut hosts: Vec<_> =
        logs.map(|(host, _)| if **host == *kit::MASTER { "master" } else { "slave" }).collect();
    hosts.dedup();
    hosts.join(", ")
}

#[test]
fn the_table_is_current() {
    if selected().is_some() {
        return;
    }
    let text = table();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    if std::env::var_os("WALLOPS_UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == text, "{TABLE} is not current; WALLOPS_UPDATE=1 cargo test --test mutants");
}
