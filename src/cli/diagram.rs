//! `wallops diagram`: draw what happened.

use std::collections::BTreeMap;
use std::path::Path;

use super::args::{self, Drawn};
use super::failure;
use super::files::{self, Script};
use super::judge::record;
use super::refusal::Refusal;
use super::screen::Screen;
use super::stage::{self, Manner};
use super::verdict::Verdict;
use crate::conform::invariants::Setting;
use crate::report::diagram::{Diagram, DiagramError, Options};
use crate::scenario::Scenario;
use crate::sim::play::PlayError;

/// Draw a transcript, or that of a scenario.
pub(super) fn diagram(arguments: &args::Diagram, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let path = &arguments.path;
    if let Some(out) = &arguments.out
        && files::is_same(path, out)
    {
        let wrong = "the diagram would take the place of what it shows";
        return Err(Refusal::about(out.display(), wrong));
    }
    let (transcript, people, splits) =
        if path.extension().is_some_and(|extension| extension == "scs") {
            let script = Script::read(path)?;
            let played = stage::play(&script, Manner::default());
            match played {
                Ok(outcome) => (outcome.transcript, nicks(&script.scenario), Vec::new()),
                Err(PlayError::World(error)) => return Err(Refusal::about(path.display(), error)),
                Err(_) => {
                    screen.text(failure::describe(&script, &played));
                    return Ok(Verdict::Failed);
                }
            }
        } else {
            let record = record::to_draw(path)?;
            let splits = record.splits()?;
            (record.transcript, record.people, splits)
        };
    let options = Options {
        only: arguments.only.clone(),
        unfold: arguments.unfold,
        rows_max: arguments.rows,
        people,
        splits,
    };
    let diagram = Diagram::new(&transcript, &options);
    let diagram = diagram.map_err(|error| refusal(path, arguments, &error))?;
    let text = match arguments.format {
        Drawn::Svg => diagram.svg(),
        Drawn::Mermaid => diagram.mermaid(),
    };
    match &arguments.out {
        Some(out) => files::write(out, &text)?,
        None => screen.text(text),
    }
    Ok(Verdict::Well)
}

/// What the cast calls people, by full JID.
pub(super) fn nicks(scenario: &Scenario) -> BTreeMap<String, String> {
    let clients = scenario.cast.clients.values();
    clients.map(|client| (client.jid.to_string(), client.nick.clone())).collect()
}

/// What people are called in the rooms of a record, by full JID, as far as it shows.
pub(super) fn called(setting: &Setting) -> BTreeMap<String, String> {
    let present = setting.rooms.iter().flat_map(|room| &room.present);
    let names = present.filter_map(|one| Some((one.session.as_ref()?, one.nick.as_ref()?)));
    names.map(|(session, nick)| (session.to_string(), nick.to_string())).collect()
}

fn refusal(path: &Path, arguments: &args::Diagram, error: &DiagramError) -> Refusal {
    let help = match error {
        DiagramError::Unknown { nearest: None, .. } => {
            "`wallops diagram` without `--only` shows who has a part".to_owned()
        }
        DiagramError::Unknown { nearest: Some(nearest), .. } => format!("`{nearest}`?"),
        DiagramError::TooLong(rows) => format!(
            "choose with `--only HOST`, or ask for more with `--rows {}`",
            rows.saturating_mul(10).max(arguments.rows)
        ),
        DiagramError::TooWide(_) => "choose with `--only HOST`".to_owned(),
    };
    Refusal::about(path.display(), error).with_help(help)
}
