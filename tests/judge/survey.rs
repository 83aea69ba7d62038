//! A setting that is read off a record condemns no run that the exact one does not.

use wallops::conform::judgement::Judgement;
use wallops::conform::survey::survey;
use wallops::conform::views::Views;
use wallops::transcript::{Transcript, What};

use crate::stage::{Run, shipped};

/// A host is made to send what its machines would not, and only the script says so.
const FORGED: [&str; 3] = ["s07-uninvited.scs", "s07-an-uninvited-master.scs", "s25-twice.scs"];

/// Of so many runs of the other profiles, and of those that random schedules have found, one may be
/// judged otherwise than with its setting without what machines tell of themselves: when a slave
/// was given up, or a room registered with.
const SILENT_OTHERS: usize = 16;

#[test]
fn shipped_scenarios_are_judged_alike_without_their_settings() {
    let (wrong, others, _) = more_of_all(|transcript| transcript, &FORGED);
    assert!(wrong.is_empty() && others.is_empty(), "\n{wrong}{}", others.concat());
}

#[test]
fn shipped_scenarios_are_judged_alike_without_what_machines_tell_of_themselves() {
    let (wrong, others, runs) = more_of_all(silent, &FORGED);
    assert!(wrong.is_empty(), "\n{wrong}");
    let few = others.len() * SILENT_OTHERS <= runs;
    assert!(few, "{} of {runs}\n{}", others.len(), others.concat());
}

/// What is found that is not found with the exact setting: in profile core, and in each run of the
/// others, of which there are so many.
fn more_of_all(
    made: impl Fn(Transcript) -> Transcript,
    but: &[&str],
) -> (String, Vec<String>, usize) {
    let (mut wrong, mut others, mut runs) = (String::new(), Vec::new(), 0);
    for path in shipped() {
        let run = Run::event(&path);
        if but.contains(&run.name.as_str()) {
            continue;
        }
        // What random schedules have found is odd in every way.
        let core = run.transcript.header.profile == "core" && !run.name.starts_with("found-");
        let exact = Judgement::of(&run.transcript, &run.setting);
        let more = more(&run.name, &exact, &made(run.transcript));
        if core {
            wrong += &more;
        } else {
            runs += 1;
            others.extend((!more.is_empty()).then_some(more));
        }
    }
    (wrong, others, runs)
}

/// What is found beside, each requirement once.
fn more(name: &str, exact: &Judgement, transcript: &Transcript) -> String {
    let setting = survey(transcript);
    let mut judgement = Judgement::of(transcript, &setting);
    judgement.limit(&Views::of(transcript, &setting));
    let known: Vec<_> = exact.findings.iter().map(|finding| finding.requirement).collect();
    judgement.findings.retain(|finding| !known.contains(&finding.requirement));
    judgement.findings.iter().map(|finding| format!("{name}: {finding}\n")).collect()
}

#[test]
fn a_survey_finds_the_rooms_the_slaves_and_the_people() {
    let run = Run::of("s10-the-great-bounce");
    let survey = survey(&run.transcript);
    let rooms = |setting: &wallops::conform::invariants::Setting| {
        setting.rooms.iter().map(|room| room.config.jid.clone()).collect::<Vec<_>>()
    };
    let slaves = |setting: &wallops::conform::invariants::Setting| {
        setting.slaves.iter().map(|slave| (slave.jid.clone(), slave.active)).collect::<Vec<_>>()
    };
    assert_eq!(rooms(&survey), rooms(&run.setting));
    assert_eq!(slaves(&survey), slaves(&run.setting), "the room is told of nobody else");
    let exact: Vec<_> =
        run.setting.rooms[0].present.iter().map(|one| one.session.clone()).collect();
    for one in &survey.rooms[0].present {
        assert!(one.session.is_none() || exact.contains(&one.session), "{one:?}");
    }
    assert!(survey.rooms[0].present.len() > 4, "{:?}", survey.rooms[0].present);
}

fn silent(mut transcript: Transcript) -> Transcript {
    transcript.entries.retain(|entry| !matches!(entry.what, What::Note(_)));
    transcript
}
