//! What mutants are made of: the moment at which a server acts, and what it does, to be changed.

use std::collections::BTreeMap;
use std::fmt;

use wallops::dmuc::{Change, Note, Slips};
use wallops::server::{Input, Output};
use wallops::sim::world::Tamper;
use wallops::stanza::{Jid, Limits, Stanza, read_stanza};
use wallops::time::Time;

pub const ROOM: &str = "wallops@channel.avalon.irc";
pub const MASTER: &str = "channel.avalon.irc";
pub const VESA: &str = "vesa.yeggmaex.irc";
pub const ERIS: &str = "eris.dclxvii.irc";
pub const BIGCHEESE: &str = "rubenro@vesa.yeggmaex.irc/shaver";
pub const EFCHEN: &str = "msa@vesa.yeggmaex.irc/bicycle";

/// Where a stanza goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// From the master to a slave.
    ToSlave,
    /// From the master to a user.
    ToUser,
    /// A user's, from his server to the master.
    Relay,
    /// A slave's own, to the master.
    Own,
    /// From the server of a slave to its user.
    Down,
    /// Anything else.
    Other,
}

/// A server acts, or takes something in.
pub struct Moment<'a> {
    pub now: Time,
    pub host: &'a str,
    /// Whose master or slave says that it has lost the other: by, about.
    pub split: &'a BTreeMap<(String, String), bool>,
    /// What the server sends besides.
    pub forged: Vec<Stanza>,
}

impl Moment<'_> {
    /// Whether the slave of this domain says that it has lost its master.
    pub fn is_alone(&self, domain: &str) -> bool {
        self.split.get(&(format!("slave@{domain}"), ROOM.to_owned())) == Some(&true)
    }

    /// Whether the master says that it has lost the slave of this domain.
    pub fn has_lost(&self, domain: &str) -> bool {
        self.split.get(&(ROOM.to_owned(), format!("slave@{domain}"))) == Some(&true)
    }

    pub fn forge(&mut self, text: &str) {
        self.forged.push(parse(text));
    }
}

/// One thing that a server does.
#[derive(Clone, Debug)]
pub struct Item(pub Output);

impl Item {
    pub fn stanza(&self) -> Option<&Stanza> {
        match &self.0 {
            Output::ToSession(_, stanza) | Output::ToPeer(_, stanza, _) => Some(stanza),
            _ => None,
        }
    }

    pub fn text(&self) -> String {
        self.stanza().map(text).unwrap_or_default()
    }

    /// The same way, with another stanza.
    pub fn with(&self, stanza: Stanza) -> Item {
        Item(match &self.0 {
            Output::ToSession(session, _) => Output::ToSession(*session, stanza),
            Output::ToPeer(domain, _, since) => Output::ToPeer(domain.clone(), stanza, *since),
            other => other.clone(),
        })
    }

    pub fn note(&self) -> Option<&Note> {
        match &self.0 {
            Output::Note(note) => Some(note),
            _ => None,
        }
    }

    pub fn class(&self, host: &str) -> Class {
        let Some(stanza) = self.stanza() else { return Class::Other };
        let from = stanza.from.as_ref().map_or("", |from| from.as_str());
        let to = stanza.to.as_ref().map_or("", |to| to.as_str());
        match &self.0 {
            Output::ToSession(..) if from.starts_with(ROOM) => Class::Down,
            Output::ToPeer(..) if host == MASTER && to.starts_with("slave@") => Class::ToSlave,
            Output::ToPeer(..) if host == MASTER && from.starts_with(ROOM) => Class::ToUser,
            Output::ToPeer(..) if to.starts_with(ROOM) && from.starts_with("slave@") => Class::Own,
            Output::ToPeer(..) if to.starts_with(ROOM) => Class::Relay,
            _ => Class::Other,
        }
    }
}

/// The canonical text of a stanza.
pub fn text(stanza: &Stanza) -> String {
    stanza.to_string()
}

pub fn parse(text: &str) -> Stanza {
    read_stanza(text, Limits::default()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What is wrong with a machine.
pub type Wrong = Box<dyn FnMut(&mut Moment<'_>, &mut Vec<Item>)>;
/// What it takes in otherwise.
pub type Deaf = Box<dyn FnMut(&mut Moment<'_>, Input) -> Vec<Input>>;

/// Machines that are wrong in one way.
pub struct Tampering {
    pub outputs: Wrong,
    pub input: Option<Deaf>,
    /// What is wrong inside them.
    pub slips: Slips,
    /// When they begin to be wrong: not before the script does.
    pub epoch: Time,
    split: BTreeMap<(String, String), bool>,
}

impl Tampering {
    pub fn new(outputs: Wrong, input: Option<Deaf>) -> Self {
        let (slips, split) = (Slips::default(), BTreeMap::new());
        Self { outputs, input, slips, epoch: Time::XEP_EPOCH, split }
    }
}

impl fmt::Debug for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tampering")
    }
}

impl Tamper for Tampering {
    fn slips(&self) -> Slips {
        self.slips
    }

    fn input(&mut self, now: Time, host: &str, input: Input) -> Vec<Input> {
        let early = now < self.epoch;
        let Some(deaf) = self.input.as_mut().filter(|_| !early) else { return vec![input] };
        let mut moment = Moment { now, host, split: &self.split, forged: Vec::new() };
        let mut inputs = deaf(&mut moment, input);
        inputs.extend(moment.forged.into_iter().map(Input::Forged));
        inputs
    }

    fn outputs(
        &mut self,
        now: Time,
        host: &str,
        outputs: &mut Vec<Output>,
        forged: &mut Vec<Stanza>,
    ) {
        for output in outputs.iter() {
            if let Output::Note(note) = output {
                let split = match note.change {
                    Change::Split => true,
                    Change::Resyncing | Change::Synced | Change::Created => false,
                    _ => continue,
                };
                self.split.insert((note.by.to_string(), note.about.to_string()), split);
            }
        }
        if now < self.epoch {
            return;
        }
        let mut items: Vec<Item> = outputs.drain(..).map(Item).collect();
        let mut moment = Moment { now, host, split: &self.split, forged: Vec::new() };
        (self.outputs)(&mut moment, &mut items);
        forged.append(&mut moment.forged);
        outputs.extend(items.into_iter().map(|item| item.0));
    }
}

/// That a machine says that it has lost the other.
pub fn says_split(by: &str, about: &str) -> Item {
    let jid = |jid: &str| Jid::new(jid).unwrap();
    Item(Output::Note(Note { by: jid(by), about: jid(about), change: Change::Split }))
}
