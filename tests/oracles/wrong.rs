//! Machines that are wrong, for an oracle to notice.

use wallops::dmuc::Change;
use wallops::server::{Input, Output};
use wallops::sim::world::{Tamper, World};
use wallops::stanza::{Jid, Stanza, Type, ns};
use wallops::time::Time;

const MASTER: &str = "channel.avalon.irc";

/// What makes machines wrong.
pub type Wrong = fn() -> Box<dyn Tamper>;

/// A world with machines that are wrong in this way, if in any.
pub fn made_wrong(world: World, wrong: Option<Wrong>) -> World {
    match wrong {
        Some(wrong) => world.tampered(wrong()),
        None => world,
    }
}

pub fn impatient() -> Box<dyn Tamper> {
    Box::<Impatient>::default()
}

pub fn talkative() -> Box<dyn Tamper> {
    Box::<Talkative>::default()
}

pub fn deaf() -> Box<dyn Tamper> {
    Box::new(Deaf)
}

/// A master that gives and takes no privileges.
#[derive(Debug)]
struct Deaf;

impl Tamper for Deaf {
    fn input(&mut self, _: Time, host: &str, input: Input) -> Vec<Input> {
        match &input {
            Input::FromPeer(_, stanza) if host == MASTER && is_of_admin(stanza) => Vec::new(),
            _ => vec![input],
        }
    }

    fn outputs(&mut self, _: Time, _: &str, _: &mut Vec<Output>, _: &mut Vec<Stanza>) {}
}

fn is_of_admin(stanza: &Stanza) -> bool {
    stanza.type_ == Type::Set && stanza.has_payload("query", ns::MUC_ADMIN)
}

/// A master that takes BigCheese for gone as soon as it cannot reach his slave.
#[derive(Debug, Default)]
struct Impatient {
    is_split: bool,
    is_done: bool,
}

impl Tamper for Impatient {
    fn input(&mut self, _: Time, host: &str, input: Input) -> Vec<Input> {
        if !self.is_split || self.is_done || host != MASTER {
            return vec![input];
        }
        self.is_done = true;
        let jid = |jid| Jid::new(jid).unwrap();
        let leave = Stanza::presence(Type::Unavailable)
            .with_from(jid("rubenro@vesa.yeggmaex.irc/shaver"))
            .with_to(jid("wallops@channel.avalon.irc/BigCheese"));
        vec![input, Input::FromPeer("vesa.yeggmaex.irc".into(), leave)]
    }

    fn outputs(&mut self, _: Time, _: &str, outputs: &mut Vec<Output>, _: &mut Vec<Stanza>) {
        self.is_split |= says(outputs, "wallops@channel.avalon.irc", Change::Split);
    }
}

/// A slave that says to its users again what it said last when its master is back.
#[derive(Debug, Default)]
struct Talkative {
    said: Option<Output>,
    is_split: bool,
}

impl Tamper for Talkative {
    fn outputs(&mut self, _: Time, host: &str, outputs: &mut Vec<Output>, _: &mut Vec<Stanza>) {
        if host != "vesa.yeggmaex.irc" {
            return;
        }
        let is_said = |output: &&Output| match output {
            Output::ToSession(_, stanza) => stanza.is_groupchat(),
            _ => false,
        };
        self.said = outputs.iter().rfind(is_said).cloned().or(self.said.take());
        let by = "slave@vesa.yeggmaex.irc";
        self.is_split |= says(outputs, by, Change::Split);
        if self.is_split && says(outputs, by, Change::Synced) {
            outputs.extend(self.said.take());
        }
    }
}

/// Whether a machine tells of this change.
fn says(outputs: &[Output], by: &str, change: Change) -> bool {
    let is_so = |output: &Output| match output {
        Output::Note(note) => note.by.as_str() == by && note.change == change,
        _ => false,
    };
    outputs.iter().any(is_so)
}
