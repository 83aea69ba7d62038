//! The script: lines and their bodies to steps.

use super::ast::{Action, Name, Party, Span, Step, Who};
use super::body::Bodies;
use super::cast::Cast;
use super::gaps::Gaps;
use super::line::{Flaw, Line, Parsed};
use super::lines::{Block, Item, TextLine, items};
use super::mistake::Wrong;
use super::names::Names;
use super::sentence::Sentence;
use super::token::tokens;
use super::verbs::{Crossing, Knowledge, NetworkChange, Pause, Perception, Raw, RoomDeed, Session};

/// Reads line after line.
pub(super) struct Script<'a> {
    names: Names<'a>,
    bodies: Bodies,
    /// Whom the line before was about.
    before: Vec<Name>,
    steps: usize,
    flaws: Vec<Flaw>,
}

impl<'a> Script<'a> {
    pub(super) fn new(cast: &'a Cast, gaps: &'a Gaps) -> Self {
        Self {
            names: Names::new(cast, gaps),
            bodies: Bodies::default(),
            before: Vec::new(),
            steps: 0,
            flaws: Vec::new(),
        }
    }

    /// The steps that these blocks are, without those that have mistakes.
    pub(super) fn read(&mut self, blocks: &[&Block<'_>]) -> Vec<Step> {
        blocks.iter().filter_map(|block| self.read_block(block, false)).collect()
    }

    /// What was wrong.
    pub(super) fn into_flaws(self) -> Vec<Flaw> {
        self.flaws
    }

    fn read_block(&mut self, block: &Block<'_>, at_one_instant: bool) -> Option<Step> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            if self.steps == STEPS_MAX + 1 {
                let wrong = Wrong::TooMany { what: "lines in a script", limit: STEPS_MAX };
                self.flaws.push((wrong, block.line.whole()));
            }
            return None;
        }
        if !block.line.indent().is_empty() {
            self.flaws.push((Wrong::Indented, block.line.span(0, block.line.indent().len())));
            return None;
        }
        let span = block.line.whole();
        let action = self.read_line(block, at_one_instant)?;
        let waits = matches!(action, Action::Pause(Pause::UntilQuiet));
        if at_one_instant && (action.is_expectation() || waits) {
            self.flaws.push((Wrong::NotAtOneInstant, span));
            return None;
        }
        Some(Step { span, action })
    }

    fn read_line(&mut self, block: &Block<'_>, at_one_instant: bool) -> Option<Action> {
        let line = match tokens(&block.line) {
            Ok(tokens) => Line::new(tokens, end_of(&block.line)),
            Err(flaw) => {
                self.flaws.push(flaw);
                return None;
            }
        };
        let mut sentence =
            Sentence { line, names: &self.names, before: &self.before, block: Some(block) };
        let names_start = self.names.client(sentence.line.rest()).is_some();
        if !names_start && sentence.line.words("meanwhile") {
            if at_one_instant {
                self.flaws.push((Wrong::NotAtOneInstant, block.line.whole()));
                return None;
            }
            sentence.line.colon();
            let end = sentence.line.expect_end();
            return self.read_meanwhile(block, end);
        }
        let parsed = parse(&mut sentence, &mut self.bodies);
        let (action, stopped_by) = match parsed {
            Ok(action) => {
                let body = sentence.block.and_then(|block| block.body.first());
                let unexpected = body.map(|line| (Wrong::UnexpectedBody, line.whole()));
                (Some(action), unexpected)
            }
            Err(flaw) => (None, Some(flaw)),
        };
        let flaws = sentence.into_flaws(stopped_by);
        let action = action.filter(|_| flaws.is_empty());
        self.flaws.extend(flaws);
        self.before = action.as_ref().map(|action| self.about(action)).unwrap_or_default();
        action
    }

    fn read_meanwhile(&mut self, block: &Block<'_>, end: Parsed<()>) -> Option<Action> {
        if let Err(flaw) = end {
            self.flaws.push(flaw);
            return None;
        }
        if block.body.is_empty() {
            self.flaws.push((Wrong::NoBody { what: "`meanwhile`" }, end_of(&block.line)));
            return None;
        }
        let body = block.dedented();
        let mut steps = Vec::new();
        for item in items(&body) {
            if let Item::Block(block) = item {
                steps.extend(self.read_block(&block, true));
            }
        }
        Some(Action::Pause(Pause::Meanwhile(steps)))
    }

    /// Whom `Everybody else` in the next line does not mean.
    fn about(&self, action: &Action) -> Vec<Name> {
        let who = match action {
            Action::Session { who, .. }
            | Action::Room { who, .. }
            | Action::Perceive { who, .. } => who,
            Action::Raw { who, .. } => {
                let client = |party: &Party| match party {
                    Party::Client(name) => Some(Name::clone(name)),
                    Party::Machine(_) => None,
                };
                return who.iter().filter_map(client).collect();
            }
            // Lines without people between two that have some do not change who is meant.
            _ => return self.before.clone(),
        };
        match who {
            Who::These(names) => names.clone(),
            Who::EverybodyElse(_) => self.before.clone(),
            Who::Everybody | Who::Nobody => Vec::new(),
        }
    }
}

/// What a line says. One that begins with people of the cast is theirs; every other is tried as
/// each kind, and at last as that of somebody who is not in the cast.
fn parse(s: &mut Sentence<'_>, bodies: &mut Bodies) -> Parsed<Action> {
    let start = s.line.mark();
    let action = if let Some(who) = s.people()? {
        parse_people(s, who, start, bodies)?
    } else if let Some(change) = NetworkChange::parse(s)? {
        Action::Network(change)
    } else if let Some(pause) = Pause::parse(s)? {
        Action::Pause(pause)
    } else if let Some(known) = Knowledge::parse(s)? {
        Action::Know(known)
    } else if let Some(crossing) = Crossing::parse(s)? {
        Action::Cross(crossing)
    } else if s.machine_comes() {
        parse_raw(s, bodies)?
    } else if let Some(who) = s.strangers()? {
        parse_people(s, who, start, bodies)?
    } else {
        s.line.words("meanwhile");
        let names: Vec<String> = s.names.cast.clients.keys().map(ToString::to_string).collect();
        return Err(s.line.unknown_start(&names));
    };
    s.line.expect_end()?;
    Ok(action)
}

fn parse_people(
    s: &mut Sentence<'_>,
    who: Who,
    start: (usize, usize),
    bodies: &mut Bodies,
) -> Parsed<Action> {
    let verb = s.line.mark();
    let first = s.line.first();
    let nobody = || (Wrong::NobodyActs, first);
    if let Some(deed) = Session::parse(s) {
        return if who == Who::Nobody { Err(nobody()) } else { Ok(Action::Session { who, deed }) };
    }
    if let Some((deed, room)) = RoomDeed::parse(s)? {
        return if who == Who::Nobody {
            Err(nobody())
        } else {
            Ok(Action::Room { who, room, deed })
        };
    }
    if let Some((what, not, room)) = Perception::parse(s)? {
        if not && who == Who::Nobody {
            return Err((Wrong::NobodyDoesNot, first));
        }
        return Ok(Action::Perceive { who, room, not, what });
    }
    let Who::These(names) = who else { return Err(s.line.unknown_verb(verb.0)) };
    if names.iter().any(|name| s.names.machine(name).is_ok()) {
        // A list that began with a client and went on with a machine.
        s.line.rewind(start);
        return parse_raw(s, bodies);
    }
    match Raw::parse(s, bodies)? {
        Some(raw) => Ok(Action::Raw { who: names.into_iter().map(Party::Client).collect(), raw }),
        None => Err(s.line.unknown_verb(verb.0)),
    }
}

fn parse_raw(s: &mut Sentence<'_>, bodies: &mut Bodies) -> Parsed<Action> {
    let who = s.parties()?;
    match Raw::parse(s, bodies)? {
        Some(raw) => Ok(Action::Raw { who, raw }),
        None => Err(s.line.unexpected()),
    }
}

fn end_of(line: &TextLine<'_>) -> Span {
    line.span(line.text.len(), line.text.len())
}

/// How many lines a script may have.
const STEPS_MAX: usize = 10_000;
