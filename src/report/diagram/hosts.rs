//! Who has a part in a transcript, what they are called, and in which order they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::{DiagramError, Lane};
use crate::scenario::nearest;
use crate::stanza::{Element, Jid, Kind, ShortNames, Stanza, ns};
use crate::transcript::{Entry, Fault, Hop, Machine, Name, Transcript, What, is_client};

/// Those who send and receive.
pub(super) struct Hosts {
    /// In the order in which they appear.
    names: IndexSet<Name>,
    /// Short names for their domains.
    pub short: ShortNames,
    /// The nicks of clients, by full JID.
    nicks: BTreeMap<String, String>,
    /// With how many others each server has exchanged something.
    peers: BTreeMap<Name, BTreeSet<Name>>,
}

/// What is asked for.
#[derive(Debug, Default)]
pub(super) struct Only {
    hosts: BTreeSet<Name>,
    /// Nicks of people no client of whom shows: of them there is what stanzas tell.
    nicks: BTreeSet<String>,
}

impl Hosts {
    pub fn of(transcript: &Transcript, people: &BTreeMap<String, String>) -> Self {
        let mut hosts = Self {
            names: IndexSet::new(),
            short: transcript.short_names(),
            nicks: people.clone(),
            peers: BTreeMap::new(),
        };
        for entry in &transcript.entries {
            if let Some((from, to)) = ends(entry) {
                hosts.meet(from, to);
            }
            if let What::Hop(hop) = &entry.what {
                hosts.learn_nicks(&hop.to, &hop.stanza);
            }
        }
        hosts
    }

    fn meet(&mut self, from: &Name, to: &Name) {
        for name in [from, to] {
            if !self.names.contains(name) {
                self.names.insert(name.clone());
            }
        }
        if !is_client(from) && !is_client(to) {
            for (one, other) in [(from, to), (to, from)] {
                if !self.peers.get(one).is_some_and(|peers| peers.contains(other)) {
                    self.peers.entry(one.clone()).or_default().insert(other.clone());
                }
            }
        }
    }

    /// A presence from a nick may tell its reader that it is his own, and others whose it is. What
    /// somebody asks for need not be given to him.
    fn learn_nicks(&mut self, reader: &str, stanza: &Stanza) {
        if stanza.kind != Kind::Presence {
            return;
        }
        let nick = |jid: &Option<Arc<Jid>>| {
            jid.as_ref().and_then(|jid| Some(jid.resource()?.as_str().to_owned()))
        };
        let Some(nick) = nick(&stanza.from) else { return };
        let from_room =
            stanza.from.as_ref().is_some_and(|from| !self.names.contains(from.as_str()));
        let telling =
            |payload: &&Element| payload.is("x", ns::MUC_USER) || payload.is("x", ns::DMUC);
        if is_client(reader)
            && from_room
            && stanza.is_available()
            && !self.nicks.contains_key(reader)
            && stanza.payloads.iter().any(is_own)
        {
            self.nicks.insert(reader.to_owned(), nick.clone());
        }
        for payload in stanza.payloads.iter().filter(telling).filter(|_| from_room) {
            for jid in payload.children().filter_map(|child| child.attr("jid")) {
                if is_client(jid) && !self.nicks.contains_key(jid) {
                    self.nicks.insert(jid.to_owned(), nick.clone());
                }
            }
        }
    }

    /// Whether there is a host of this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The host of this name, or that of the nearest domain above it.
    pub fn host_of(&self, name: &str) -> Option<&Name> {
        if let Some(host) = self.names.get(name) {
            return Some(host);
        }
        let mut domain = domain_of(name);
        loop {
            if let Some(host) = self.names.get(domain) {
                return Some(host);
            }
            domain = domain.split_once('.')?.1;
        }
    }

    /// What these names stand for; nothing if no name is given.
    pub fn choose(
        &self,
        names: &[String],
        transcript: &Transcript,
    ) -> Result<Option<Only>, DiagramError> {
        let mut only = Only::default();
        for name in names {
            let known = |host: &&Name| self.calls(host).iter().any(|call| call == name);
            let mut chosen = self.names.iter().filter(known).peekable();
            if chosen.peek().is_some() {
                only.hosts.extend(chosen.cloned());
                continue;
            }
            let nicks: BTreeSet<&str> =
                transcript.hops().filter_map(|(_, _, hop)| self.nick_in(hop)).collect();
            if !nicks.contains(name.as_str()) {
                let calls: Vec<_> = self.names.iter().flat_map(|host| self.calls(host)).collect();
                let calls = calls.iter().map(String::as_str);
                let nearest = nearest(name, calls.chain(nicks.iter().copied()));
                return Err(DiagramError::Unknown { name: name.clone(), nearest });
            }
            only.nicks.insert(name.clone());
        }
        Ok((!names.is_empty()).then_some(only))
    }

    /// The nick of the occupant whose stanza a server sends for a room.
    fn nick_in<'a>(&self, hop: &'a Hop) -> Option<&'a str> {
        let from = hop.stanza.from.as_deref().filter(|_| !is_client(&hop.from))?;
        let is_user = self.names.contains(from.as_str()) || self.nicks.contains_key(from.as_str());
        from.resource().map(|nick| nick.as_str()).filter(|_| !is_user)
    }

    /// Whether a stanza tells of somebody with one of these nicks, or is from him or for him.
    fn tells_of(&self, stanza: &Stanza, nicks: &BTreeSet<String>) -> bool {
        let his = |jid: &Option<Arc<Jid>>| {
            let Some(jid) = jid.as_deref() else { return false };
            match self.nicks.get(jid.as_str()) {
                Some(nick) => nicks.contains(nick),
                None if self.names.contains(jid.as_str()) => false,
                None => jid.resource().is_some_and(|nick| nicks.contains(nick.as_str())),
            }
        };
        !nicks.is_empty() && (his(&stanza.from) || his(&stanza.to))
    }

    /// What a host may be called: its name, in full and short; of a client also its user, and his
    /// nick.
    fn calls(&self, host: &str) -> Vec<String> {
        let mut calls = vec![host.to_owned()];
        if is_client(host) {
            let bare = host.split('/').next().unwrap_or(host);
            calls.extend(self.nicks.get(host).cloned());
            calls.push(self.short.jid(host));
            calls.push(bare.to_owned());
            calls.extend(bare.split_once('@').map(|(user, _)| user.to_owned()));
        } else {
            calls.push(self.short.domain(host).to_owned());
        }
        calls
    }

    /// Whether an entry has to do with one of these.
    pub fn concerns(&self, entry: &Entry, only: Option<&Only>) -> bool {
        let Some(only) = only else { return true };
        let hosts = self.concerned(entry);
        matches!(entry.what, What::Line { .. } | What::Fault(Fault::HealEverything))
            || hosts.iter().any(|host| only.hosts.contains(*host))
            || entry.stanza().is_some_and(|stanza| self.tells_of(stanza, &only.nicks))
    }

    /// The hosts that an entry has to do with.
    pub fn concerned<'a>(&'a self, entry: &'a Entry) -> Vec<&'a Name> {
        if let Some((from, to)) = ends(entry) {
            return vec![from, to];
        }
        let names = match &entry.what {
            What::Note(note) => vec![note.by.as_str(), note.about.as_str()],
            What::Fault(fault) => match fault {
                Fault::Cut(link, _) | Fault::Hold(link) | Fault::Heal(link) => {
                    vec![&*link.from, &*link.to]
                }
                Fault::Slow { link, .. } => vec![&*link.from, &*link.to],
                Fault::Crash(machine) | Fault::Restart(machine) => vec![name_of(machine)],
                Fault::HealEverything => Vec::new(),
            },
            _ => Vec::new(),
        };
        let mut hosts: Vec<&Name> =
            names.into_iter().filter_map(|name| self.host_of(name)).collect();
        hosts.dedup();
        hosts
    }

    /// The columns: each server beside its clients, and in the middle the server that has to do
    /// with most others.
    pub fn lanes(&self, transcript: &Transcript, only: Option<&Only>) -> Vec<Lane> {
        let mut groups = self.groups(transcript, only);
        let hub = groups.keys().enumerate().max_by_key(|(index, server)| {
            let peers = self.peers.get(*server).map_or(0, BTreeSet::len);
            (peers, std::cmp::Reverse(*index))
        });
        if let Some((hub, _)) = hub {
            groups.move_index(hub, groups.len() / 2);
        }
        let middle = groups.len() / 2;
        let mut lanes = Vec::new();
        for (index, (server, (shown, clients))) in groups.into_iter().enumerate() {
            let server = shown.then_some(server);
            let mut group: Vec<Name> = server.into_iter().chain(clients).collect();
            if index < middle {
                group.reverse();
            }
            lanes.extend(group.into_iter().map(|host| self.lane(host)));
        }
        lanes
    }

    /// Servers with their clients, as far as they are shown: of a server whether it is, itself.
    fn groups(
        &self,
        transcript: &Transcript,
        only: Option<&Only>,
    ) -> IndexMap<Name, (bool, Vec<Name>)> {
        let shown: Option<BTreeSet<&Name>> = only.map(|_| {
            let kept = transcript.entries.iter().filter(|entry| self.concerns(entry, only));
            kept.flat_map(|entry| self.concerned(entry)).collect()
        });
        let mut groups: IndexMap<Name, (bool, Vec<Name>)> = IndexMap::new();
        for name in &self.names {
            if shown.as_ref().is_some_and(|shown| !shown.contains(name)) {
                continue;
            }
            if is_client(name) {
                let domain = domain_of(name);
                let server = self.names.get(domain).cloned().unwrap_or_else(|| domain.into());
                groups.entry(server).or_default().1.push(name.clone());
            } else {
                groups.entry(name.clone()).or_default().0 = true;
            }
        }
        groups
    }

    fn lane(&self, host: Name) -> Lane {
        let is_client = is_client(&host);
        let user = || host.split(['@', '/']).next().unwrap_or_default().to_owned();
        let (label, detail) = if is_client {
            (self.nicks.get(&*host).cloned().unwrap_or_else(user), self.short.jid(&host))
        } else {
            (self.short.domain(&host).to_owned(), host.to_string())
        };
        Lane { host, label, detail, is_client }
    }
}

/// Between which hosts something went.
pub(super) fn ends(entry: &Entry) -> Option<(&Name, &Name)> {
    match &entry.what {
        What::Hop(hop) => Some((&hop.from, &hop.to)),
        What::Undeliverable { at, to, .. } => Some((at, to)),
        What::Stream { from, to, .. } => Some((from, to)),
        _ => None,
    }
}

/// The domain of a server is its name, that of an address part of it.
fn domain_of(name: &str) -> &str {
    let bare = name.split('/').next().unwrap_or(name);
    bare.rsplit('@').next().unwrap_or(bare)
}

pub(super) fn name_of(machine: &Machine) -> &str {
    match machine {
        Machine::Server(name) | Machine::Slave(name) | Machine::Service(name) => name,
    }
}

/// Whether a presence says by this that it is its reader's own.
fn is_own(payload: &Element) -> bool {
    let codes = payload.children().filter(|child| child.name() == "status");
    payload.is("x", ns::MUC_USER) && codes.filter_map(|code| code.attr("code")).any(|c| c == "110")
}
