//! A transcript as the examples look at it: who sent what to whom, in order.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Cast, bare, domain};
use crate::scenario::Profile;
use crate::stanza::{Kind, Stanza};
use crate::time::Time;
use crate::transcript::{Transcript, is_client};

/// A stanza that left a host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent<'a> {
    /// The index of its entry in the transcript.
    pub entry: usize,
    pub at: Time,
    /// The host that it left.
    pub from: &'a str,
    /// The host that it goes to.
    pub to: &'a str,
    pub stanza: &'a Stanza,
}

/// The slaves' addresses by the domains of their servers.
pub(super) type Slaves = BTreeMap<String, String>;

/// A run.
pub(super) struct Run<'a> {
    pub cast: &'a Cast,
    pub profile: Profile,
    pub sent: Vec<Sent<'a>>,
    pub slaves: Slaves,
    /// The positions in `sent` of what went from one host to another.
    between: BTreeMap<&'a str, BTreeMap<&'a str, Vec<usize>>>,
}

impl<'a> Run<'a> {
    pub fn new(transcript: &'a Transcript, cast: &'a Cast) -> Self {
        let sent: Vec<Sent<'a>> = transcript
            .hops()
            .map(|(entry, at, hop)| Sent {
                entry,
                at,
                from: &hop.from,
                to: &hop.to,
                stanza: &hop.stanza,
            })
            .collect();
        let mut between: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
        for (position, sent) in sent.iter().enumerate() {
            between.entry(sent.from).or_default().entry(sent.to).or_default().push(position);
        }
        let profile = match transcript.header.profile.as_str() {
            "full" => Profile::Full,
            "muc" => Profile::Muc,
            _ => Profile::Core,
        };
        let mut run = Self { cast, profile, sent, slaves: Slaves::new(), between };
        let users = run.users();
        let slaves = cast
            .slaves
            .iter()
            .map(|printed| (domain(printed).to_owned(), run.slave_like(printed, &users)))
            .collect();
        run.slaves = slaves;
        run
    }

    /// The positions of what went from one host to another, in order.
    pub fn between(&self, from: &str, to: &str) -> &[usize] {
        self.between.get(from).and_then(|to_all| to_all.get(to)).map_or(&[], Vec::as_slice)
    }

    /// The positions of what the master sent to the slave at the server of `domain`, in order.
    pub fn to_slave(&self, server: &str) -> impl DoubleEndedIterator<Item = usize> {
        let slave = self.slaves.get(server).map_or("", String::as_str);
        self.between(domain(&self.cast.room), server)
            .iter()
            .copied()
            .filter(move |position| self.sent[*position].is_addressed_to(slave))
    }

    /// The address of the slave that the example prints as `printed`. A slave may have any; so it
    /// is whatever the master addresses most often at that server and is no user.
    fn slave_like(&self, printed: &str, users: &BTreeSet<&str>) -> String {
        let mut addressed: Vec<(&str, usize)> = Vec::new();
        for position in self.between(domain(&self.cast.room), domain(printed)) {
            let stanza = self.sent[*position].stanza;
            let Some(to) = stanza.to.as_deref().map(|to| to.as_str()) else { continue };
            if stanza.kind == Kind::Iq || stanza.is_error() || users.contains(bare(to)) {
                continue;
            }
            match addressed.iter_mut().find(|(known, _)| *known == to) {
                Some((_, count)) => *count += 1,
                None => addressed.push((to, 1)),
            }
        }
        let most = addressed.iter().map(|(_, count)| *count).max();
        addressed
            .iter()
            .find(|(_, count)| Some(*count) == most)
            .map_or_else(|| printed.to_owned(), |(slave, _)| (*slave).to_owned())
    }

    /// The bare JIDs of everybody who is a user for sure.
    fn users(&self) -> BTreeSet<&str> {
        let cast = self.cast.occupants.iter().map(|occupant| occupant.bare());
        let hosts = self.between.iter().flat_map(|(from, to_all)| to_all.keys().chain([from]));
        cast.chain(hosts.filter(|host| is_client(host)).map(|host| bare(host))).collect()
    }
}

impl Sent<'_> {
    pub fn is_addressed_to(&self, jid: &str) -> bool {
        self.stanza.to.as_deref().is_some_and(|to| to.as_str() == jid)
    }

    pub fn is_from(&self, jid: &str) -> bool {
        self.stanza.from.as_deref().is_some_and(|from| from.as_str() == jid)
    }

    /// The JID in the dmuc element's `enter` or `leave`, as `name` says.
    pub fn asks(&self, name: &str) -> Option<&str> {
        use crate::stanza::ns::DMUC;
        self.stanza.payload("x", DMUC)?.get_child(name, DMUC)?.attr("jid")
    }

    /// Whether it is a presence for everybody, and not ENTER or LEAVE.
    pub fn is_news(&self) -> bool {
        self.stanza.kind == Kind::Presence
            && self.asks("enter").is_none()
            && self.asks("leave").is_none()
    }

    /// Whether it is about its receiver, or about a user of the slave that receives it.
    pub fn is_to_its_subject(&self, run: &Run<'_>) -> bool {
        let from = self.stanza.from.as_deref().and_then(|from| run.cast.occupant(from.as_str()));
        from.is_some_and(|subject| {
            subject.jid == self.to || (!is_client(self.to) && domain(&subject.jid) == self.to)
        })
    }

    /// Whether it went this way between these hosts.
    pub fn went(&self, from: &str, to: &str) -> bool {
        self.from == from && self.to == to
    }
}
