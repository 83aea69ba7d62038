//! What somebody wants to know of a record.

use crate::cli::args;
use crate::cli::refusal::Refusal;
use crate::cli::style::{self, paint};
use crate::cli::verdict::Verdict;
use crate::conform::invariants::Setting;
use crate::conform::judgement::{self, Judgement, Row};
use crate::conform::requirements::{Actor, Requirement};
use crate::scenario::nearest;

/// What is asked.
pub(super) struct Asked {
    party: Option<Actor>,
    /// Each word, and the ids that it names.
    required: Vec<(String, Vec<&'static str>)>,
    strict: bool,
}

impl Asked {
    /// What these arguments ask.
    pub fn read(arguments: &args::Judge) -> Result<Self, Refusal> {
        let mut required = Vec::new();
        let mut refusals = Vec::new();
        for word in &arguments.require {
            match named(word) {
                Ok(ids) => required.push((word.clone(), ids)),
                Err(refusal) => refusals.push(Some(refusal)),
            }
        }
        if !refusals.is_empty() {
            return Err(Refusal::all(refusals));
        }
        Ok(Self { party: arguments.party, required, strict: arguments.strict })
    }

    /// What a judgement says to it; of a record with this setting.
    pub fn of(&self, mut judgement: Judgement, setting: &Setting) -> Judgement {
        if let Some(actor) = self.party {
            let hosts = hosts(actor, setting);
            judgement = judgement.of_party(actor, |host| hosts(host));
        }
        if !self.required.is_empty() {
            let wanted = |id: &str| self.required.iter().any(|(_, ids)| ids.contains(&id));
            judgement.rows.retain(|row| wanted(row.requirement.id));
            // One that is shown by another requirement is broken by what is found of that.
            let shown_by = judgement.rows.iter().flat_map(|row| row.requirement.shown_by());
            let shown_by: Vec<&str> = shown_by.copied().collect();
            let shows = |id: &str| wanted(id) || shown_by.contains(&id);
            judgement.findings.retain(|finding| shows(finding.requirement));
        }
        judgement
    }

    /// Whether the table has this row.
    pub fn shows(&self, row: &Row) -> bool {
        !self.required.is_empty() || row.applied()
    }

    /// The words that nothing came of, and why.
    pub fn unanswered(&self, judgement: &Judgement) -> String {
        let mut text = String::new();
        for (word, ids) in &self.required {
            if applied(judgement, ids) {
                continue;
            }
            let rows = || judgement.rows.iter().filter(|row| ids.contains(&row.requirement.id));
            let why = match rows().find_map(|row| row.reason) {
                Some(reason) => format!("unsupported: {reason}"),
                None => "vacuous: nothing happened to which it applies".to_owned(),
            };
            text.push_str(&format!("{}  {why}\n", paint(style::DOUBTFUL, word)));
        }
        text
    }

    /// The verdict: what failed, or whether anything that was asked for has no answer.
    pub fn verdict(&self, judgement: &Judgement) -> Verdict {
        match judgement.worst() {
            judgement::Verdict::Fail => Verdict::Failed,
            judgement::Verdict::Warn if self.strict => Verdict::Failed,
            _ => {
                let unanswered = |(_, ids): &(String, Vec<_>)| !applied(judgement, ids);
                let nothing = !judgement.rows.iter().any(Row::applied);
                match nothing || self.required.iter().any(unanswered) {
                    true => Verdict::Vacuous,
                    false => Verdict::Well,
                }
            }
        }
    }
}

/// The ids that this word names, or the one that it may have been meant to be.
pub(in crate::cli) fn named(word: &str) -> Result<Vec<&'static str>, Refusal> {
    let ids: Vec<_> = Requirement::named(word).into_iter().map(|one| one.id).collect();
    if !ids.is_empty() {
        return Ok(ids);
    }
    let wrong = Refusal::about(word.escape_debug(), "no requirement has such an id");
    Err(wrong.with_help(nearest_id(word)))
}

/// What to do about a word that is no id.
pub(in crate::cli) fn nearest_id(word: &str) -> String {
    let all: Vec<_> = Requirement::all().map(|one| one.id).collect();
    match nearest(word, all.iter().flat_map(|id| beginnings(id))) {
        Some(id) => format!("did you mean `{id}`?"),
        None => "`wallops explain` lists all of them".to_owned(),
    }
}

/// An id, and the parts of it that name several.
fn beginnings(id: &'static str) -> impl Iterator<Item = &'static str> {
    let ends = id.match_indices(['.', '-']).filter_map(|(end, _)| id.get(..end));
    std::iter::once(id).chain(ends)
}

fn applied(judgement: &Judgement, ids: &[&str]) -> bool {
    let mut rows = judgement.rows.iter().filter(|row| ids.contains(&row.requirement.id));
    rows.any(|row| row.applied())
}

/// Which hosts are of this kind.
fn hosts(actor: Actor, setting: &Setting) -> impl Fn(&str) -> bool {
    let is_room =
        |host: &str| setting.rooms.iter().any(|room| room.config.jid.domain().as_str() == host);
    let is_slave =
        |host: &str| setting.slaves.iter().any(|slave| slave.jid.domain().as_str() == host);
    move |host| match actor {
        Actor::Master => is_room(host),
        Actor::Slave => is_slave(host),
        Actor::Server => !is_room(host),
    }
}
