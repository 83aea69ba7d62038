//! From text to [`Scenario`]: the whole of it, with every mistake of it.

use std::sync::Arc;

use super::ast::{Action, Profile, Scenario, Who};
use super::casting::Casting;
use super::gaps::Gaps;
use super::head::{Head, head};
use super::infer::{imply_hosts, imply_rooms};
use super::lines::{Block, Item, TextLine, items, lines};
use super::mistake::{Mistake, Mistakes, Wrong};
use super::script::Script;
use super::sections::{Class, Placed, Section, merged, sections};
use super::source::{SIZE_MAX, Source};
use super::verbs::Session;

/// Finds the file of a cast by its name, without directory and extension.
///
/// Reading files is not this module's business; the program looks for `casts/NAME.cast` beside the
/// scenario. An error is a reason such as "no such file", put into a diagnostic.
pub type FindCast<'a> = dyn Fn(&str) -> Result<Source, String> + 'a;

/// Read a scenario.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn parse(source: &Source, find_cast: &FindCast<'_>) -> Result<Scenario, Mistakes> {
    read(source, find_cast, true)
}

/// Read a scenario of which only the setting counts: who is there, and how the rooms are set up. It
/// need not expect anything.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn parse_setting(source: &Source, find_cast: &FindCast<'_>) -> Result<Scenario, Mistakes> {
    read(source, find_cast, false)
}

/// `expecting`: whether it has to expect something.
fn read(source: &Source, find_cast: &FindCast<'_>, expecting: bool) -> Result<Scenario, Mistakes> {
    let lines = checked_lines(source)?;
    let items = items(&lines);
    let mut flaws: Vec<Placed> = Vec::new();
    // What cannot be read of the cast, and so must not make mistakes of lines that use it.
    let mut gaps = Gaps::default();
    let mut head = head(&items, &mut flaws);
    let (cast_blocks, script_blocks) = halves(&items, &mut flaws);
    let own = sections(&cast_blocks, 0, &mut flaws, &mut gaps);
    let base = base(&head, find_cast, &mut flaws, &mut gaps);
    let all = merged(base.sections, own);
    let is_script = |section: &Section| matches!(section.class, Class::Room | Class::Slave);
    if !head.has_profile && !all.iter().any(is_script) {
        // A plain scansion script is about a room as XEP-0045 has it.
        head.tags.profile = Profile::Muc;
    }
    let mut cast = Casting::of(&all, head.tags.profile, &mut flaws, &mut gaps);
    imply_rooms(&mut cast, &script_blocks);
    let mut script = Script::new(&cast, &gaps);
    let steps = script.read(&script_blocks);
    let script_flaws = script.into_flaws();
    let expects = steps.iter().any(|step| step.action.is_expectation());
    if expecting && script_flaws.is_empty() && !expects {
        flaws.push((Wrong::NoExpectation, last_line(&lines), 0));
    }
    let kept = script_flaws.into_iter().filter(|(wrong, _)| !gaps.excuse(wrong));
    flaws.extend(kept.map(|(wrong, span)| (wrong, span, 0)));
    if !flaws.is_empty() || base.unreadable.is_some() {
        let found = mistakes(flaws, source, base.source);
        return Err(found.and(base.unreadable));
    }
    imply_hosts(&mut cast, &steps);
    let scenario =
        Scenario { title: head.title, description: head.description, tags: head.tags, cast, steps };
    Ok(with_presence(scenario))
}

/// The lines of a source, if they are neither too many nor too long nor none.
pub(super) fn checked_lines(source: &Source) -> Result<Vec<TextLine<'_>>, Mistakes> {
    let text = source.text();
    let refuse = |wrong| Err(Mistakes::of_file(source.name(), wrong));
    if text.len() > SIZE_MAX {
        return refuse(Wrong::TooMany { what: "bytes in a file", limit: SIZE_MAX });
    }
    if text.trim().is_empty() {
        return refuse(Wrong::Empty);
    }
    let lines = lines(text);
    if lines.len() > LINES_MAX {
        return refuse(Wrong::TooMany { what: "lines in a file", limit: LINES_MAX });
    }
    let long = lines.iter().filter(|line| line.text.len() > LINE_MAX);
    let wrong = Wrong::TooMany { what: "bytes in a line", limit: LINE_MAX };
    let shared = Arc::new(source.clone());
    let mistakes: Vec<_> = long
        .map(|line| Mistake::new(wrong.clone(), source.span_at(line.offset, 1), &shared))
        .collect();
    if mistakes.is_empty() { Ok(lines) } else { Err(Mistakes::new(mistakes)) }
}

/// The blocks before and after the line of dashes. If there is none, the script begins with the
/// first line that cannot be part of a cast.
pub(super) fn halves<'a, 'b>(
    items: &'b [Item<'a>],
    flaws: &mut Vec<Placed>,
) -> (Vec<&'b Block<'a>>, Vec<&'b Block<'a>>) {
    let is_dashes = |item: &Item<'_>| matches!(item, Item::Dashes(_));
    let is_script = |item: &Item<'_>| match item {
        Item::Block(block) => !block.line.text.starts_with(['[', ' ', '\t']),
        _ => false,
    };
    let at = items.iter().position(is_dashes).unwrap_or_else(|| {
        let first = items.iter().position(is_script).unwrap_or(items.len());
        if let Some(Item::Block(block)) = items.get(first) {
            flaws.push((Wrong::NoDashes, block.line.whole(), 0));
        }
        first
    });
    let blocks = |items: &'b [Item<'a>]| {
        let block = |item: &'b Item<'a>| match item {
            Item::Block(block) => Some(block),
            _ => None,
        };
        items.iter().filter_map(block).collect()
    };
    (blocks(&items[..at]), blocks(&items[at..]))
}

/// The cast that a scenario names.
#[derive(Default)]
struct Base {
    sections: Vec<Section>,
    source: Option<Source>,
    /// Why its file is none that sections can be looked for in.
    unreadable: Option<Mistakes>,
}

/// The sections of the cast that the head names.
fn base(head: &Head, find_cast: &FindCast<'_>, flaws: &mut Vec<Placed>, gaps: &mut Gaps) -> Base {
    let mut base = Base::default();
    let Some(span) = head.cast else { return base };
    let Some(name) = &head.tags.cast else {
        gaps.everything();
        return base;
    };
    let cast = match find_cast(name) {
        Ok(cast) => cast,
        Err(reason) => {
            gaps.everything();
            flaws.push((Wrong::UnknownCast { name: name.clone(), reason }, span, 0));
            return base;
        }
    };
    match checked_lines(&cast) {
        Ok(lines) => base.sections = cast_sections(&lines, flaws, gaps),
        Err(mistakes) => {
            gaps.everything();
            base.unreadable = Some(mistakes);
        }
    }
    base.source = Some(cast);
    base
}

fn cast_sections(lines: &[TextLine<'_>], flaws: &mut Vec<Placed>, gaps: &mut Gaps) -> Vec<Section> {
    let items = items(lines);
    let mut blocks = Vec::new();
    for item in &items {
        match item {
            Item::Block(block) => blocks.push(block),
            Item::Dashes(line) => flaws.push((Wrong::ScriptInCast, line.whole(), 1)),
            Item::Blank | Item::Comment(_) => {}
        }
    }
    sections(&blocks, 1, flaws, gaps)
}

pub(super) fn mistakes(flaws: Vec<Placed>, source: &Source, cast: Option<Source>) -> Mistakes {
    let scenario = Arc::new(source.clone());
    let cast = cast.map(Arc::new);
    let mistake = |(wrong, span, file): Placed| {
        let source = cast.as_ref().filter(|_| file == 1).unwrap_or(&scenario);
        Mistake::new(wrong, span, source)
    };
    Mistakes::new(flaws.into_iter().map(mistake).collect())
}

fn last_line(lines: &[TextLine<'_>]) -> super::ast::Span {
    let last = lines.iter().rev().find(|line| !line.is_blank() && !line.is_comment());
    last.map(TextLine::whole).unwrap_or_default()
}

/// Whoever connects before he does anything else about his connection is offline at the start.
fn with_presence(mut scenario: Scenario) -> Scenario {
    let Scenario { cast, steps, .. } = &mut scenario;
    for (name, client) in &mut cast.clients {
        let concerns = |who: &Who| match who {
            Who::These(names) => names.contains(name),
            Who::Everybody => true,
            Who::EverybodyElse(but) => !but.contains(name),
            Who::Nobody => false,
        };
        let first = steps.iter().find_map(|step| match &step.action {
            Action::Session { who, deed } if concerns(who) => Some(*deed),
            _ => None,
        });
        client.online = first != Some(Session::Connects);
    }
    scenario
}

/// How many lines a file may have.
const LINES_MAX: usize = 50_000;

/// How long a line may be, in bytes.
const LINE_MAX: usize = 64 * 1024;
