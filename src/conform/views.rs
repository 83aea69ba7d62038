//! What a record contains at all. A log of one server, or of one person's client, has hops of some
//! classes only; what the others would show it cannot show, and nothing is concluded from their
//! absence.

use super::invariants::Setting;
use super::vantage::{Vantage, Writers};
use crate::stanza::ns;
use crate::transcript::{Entry, Hop, Record, is_client};

/// Which classes of hops a record has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Views {
    classes: u8,
    /// The only server whose log it is, if it is that of one.
    vantage: Option<Vantage>,
}

/// A class of hops that concern rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// From a user to his server.
    UserToServer = 1,
    /// From a user's server, or its slave, to the master.
    ToMaster = 2,
    /// From the master to a slave.
    ToSlave = 4,
    /// From a server to its user.
    ServerToUser = 8,
    /// No hop: what machines tell of themselves.
    Told = 16,
    /// No hop either: that there are slaves.
    Slaves = 32,
}

impl View {
    const ALL: [View; 6] = [
        View::Slaves,
        View::UserToServer,
        View::ToMaster,
        View::ToSlave,
        View::ServerToUser,
        View::Told,
    ];

    /// Why a requirement cannot be judged without it.
    const fn reason(self) -> &'static str {
        match self {
            View::UserToServer => "the record has nothing that users send to their servers",
            View::ToMaster => "the record has nothing that slaves send to the master",
            View::ToSlave => "the record has nothing that the master sends to slaves",
            View::ServerToUser => "the record has nothing that slaves send to their users",
            View::Slaves => "the record shows no slave, so its rooms are plain ones",
            View::Told => "the record does not have what machines tell of themselves",
        }
    }
}

impl Views {
    /// Those of a record.
    pub fn of(record: &dyn Record, setting: &Setting) -> Self {
        let mut seen = Seen::new(setting);
        record.each(&mut |entry| seen.feed(entry));
        seen.views()
    }

    /// The same, if somebody knows that the record is not the log of one server.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { vantage: None, ..self }
    }

    /// Whether it is the log of one server alone.
    pub fn is_of_one(&self) -> bool {
        self.vantage.is_some()
    }

    /// Whether what this host does is seen as it does it.
    pub fn sees(&self, host: &str) -> bool {
        self.vantage.as_ref().is_none_or(|vantage| vantage.sees(host))
    }

    /// Why this requirement cannot be judged with what there is, if it cannot.
    pub fn missing(&self, requirement: &str) -> Option<&'static str> {
        let needs = needs(requirement);
        let missing = View::ALL
            .into_iter()
            .find(|view| needs & *view as u8 != 0 && self.classes & *view as u8 == 0);
        let vantage = || self.vantage.as_ref().and_then(|one| one.missing(requirement));
        missing.map(View::reason).or_else(vantage)
    }
}

/// What is seen of a record, entry by entry.
pub(super) struct Seen<'a> {
    setting: &'a Setting,
    classes: u8,
    writers: Writers,
}

impl<'a> Seen<'a> {
    /// Of a record with this setting.
    pub fn new(setting: &'a Setting) -> Self {
        let told = if setting.silent { 0 } else { TOLD };
        let slaves = if setting.slaves.is_empty() { 0 } else { SLAVES };
        Self { setting, classes: told | slaves, writers: Writers::default() }
    }

    /// The next entry.
    pub fn feed(&mut self, entry: &Entry) {
        let Some((at, hop)) = entry.hop() else { return };
        if let Some(view) = view(hop, self.setting) {
            // What is between slaves and their master shows that there are some.
            let theirs = hop.stanza.payloads.iter().any(ns::is_dmuc);
            self.classes |= view as u8 | if theirs { SLAVES } else { 0 };
            self.writers.feed(at, hop);
        }
    }

    /// The record is over.
    pub fn views(self) -> Views {
        Views { classes: self.classes, vantage: self.writers.only(self.setting) }
    }
}

/// The class of a hop, if it concerns a room.
fn view(hop: &Hop, setting: &Setting) -> Option<View> {
    let room = &setting.room_of(&hop.stanza)?.config.jid;
    let (up, down) = (is_client(&hop.from), is_client(&hop.to));
    match (up, down) {
        (true, _) => Some(View::UserToServer),
        (_, true) => Some(View::ServerToUser),
        _ if *hop.to == *room.domain().as_str() => Some(View::ToMaster),
        _ => Some(View::ToSlave),
    }
}

const UP: u8 = View::UserToServer as u8;
const RELAY: u8 = View::ToMaster as u8;
const DOWN: u8 = View::ServerToUser as u8;
const CAST: u8 = View::ToSlave as u8;
const TOLD: u8 = View::Told as u8;
const SLAVES: u8 = View::Slaves as u8;

/// What shows whether a requirement is kept: by id, or by what ids begin with. The longest counts.
const NEEDS: [(&str, u8); 55] = [
    ("arch.", 0),
    ("create.", RELAY | CAST),
    ("keepalive.", RELAY | CAST),
    ("master.", CAST),
    ("master.enter.", RELAY | CAST),
    ("master.keepalive.", RELAY | CAST),
    ("master.leave.", RELAY | CAST),
    ("master.nonoccupant.reject", RELAY | CAST),
    ("master.presence.to-all-slaves", RELAY | CAST),
    ("master.relay.", RELAY | CAST),
    ("master.split.", RELAY | CAST),
    ("netjoin.", RELAY | CAST),
    ("ns.exact", 0),
    ("req.", UP | RELAY | CAST | DOWN),
    ("req.improve-broadcast", CAST),
    ("schema.", 0),
    ("scope.", CAST),
    ("scope.one-to-one", RELAY | CAST | DOWN),
    ("security.", RELAY | CAST),
    ("slave.", CAST | DOWN),
    ("slave.enter.verify-directed-presence", UP | CAST | DOWN),
    ("slave.enter.unverified-no-effect", UP | CAST | DOWN),
    ("slave.intercept.", UP | RELAY),
    ("slave.keepalive.", RELAY | CAST),
    ("slave.leave.implicit", RELAY),
    ("slave.relay.", UP | RELAY),
    ("slave.relay.strip-forged-dmuc", RELAY),
    ("slave.registered-before-traffic", CAST | TOLD),
    ("slave.same-security-domain", 0),
    ("slave.split.", UP | RELAY | DOWN),
    ("slave.split.sees-user-bounces", RELAY | DOWN),
    ("slave.split.stop-submitting", RELAY | DOWN),
    ("slave.split.trigger", RELAY | DOWN),
    ("slave.submit.", UP | CAST | DOWN),
    ("split.", RELAY | CAST),
    ("split.no-error-reply", 0),
    ("usecase.", UP | RELAY | CAST | DOWN),
    ("usecase.arrival.", CAST | DOWN),
    ("INV-", UP | RELAY | CAST | DOWN),
    ("INV-DOMAIN", CAST),
    ("INV-GAPLESS", CAST | DOWN),
    ("INV-JID-SLAVE", CAST),
    ("INV-JID-USER", DOWN),
    ("INV-NO-ERROR-LOOP", 0),
    ("INV-QUIET-M", RELAY | CAST),
    ("INV-QUIET-S", RELAY | CAST),
    ("INV-SAME-COPY", CAST),
    ("INV-TRANSPARENT", DOWN),
    ("LIVE-", UP | RELAY | CAST | DOWN),
    ("LIVE-DETECT", RELAY | CAST),
    ("LIVE-HEAL", RELAY | CAST),
    ("LIVE-CALM", RELAY | CAST),
    ("LIVE-SYNC-TERMINATES", RELAY | CAST),
    ("COST-", RELAY | CAST),
    ("COST-STORE", RELAY | CAST),
];

fn needs(requirement: &str) -> u8 {
    let named = NEEDS.iter().filter(|(id, _)| requirement.starts_with(id));
    named.max_by_key(|(id, _)| id.len()).map_or(SLAVES, |(_, needs)| *needs | SLAVES)
}

#[cfg(test)]
mod tests {
    use super::super::requirements::Requirement;
    use super::*;

    #[test]
    fn every_requirement_says_what_it_needs() {
        for one in Requirement::all() {
            assert!(NEEDS.iter().any(|(id, _)| one.id.starts_with(id)), "{}", one.id);
        }
    }

    #[test]
    fn every_row_is_of_some_requirement() {
        for (id, _) in NEEDS {
            assert!(Requirement::all().any(|one| one.id.starts_with(id)), "{id}");
        }
    }

    #[test]
    fn the_longest_beginning_counts() {
        assert_eq!(needs("slave.leave.implicit"), RELAY | SLAVES);
        assert_eq!(needs("slave.leave.forward"), CAST | DOWN | SLAVES);
    }

    #[test]
    fn what_is_missing_is_told() {
        let of_master = Views { classes: RELAY | CAST | SLAVES, vantage: None };
        assert_eq!(of_master.missing("master.enter.adjacent"), None);
        let reason = of_master.missing("slave.leave.forward");
        assert_eq!(reason, Some("the record has nothing that slaves send to their users"));
    }
}
