//! `[Slave] vesa` and `[Server] vesa.yeggmaex.irc`

use super::super::ast::{Name, Profile};
use super::super::cast::{Server, Slave};
use super::super::mistake::Wrong;
use super::super::sections::Section;
use super::super::values;
use super::{Casting, usual_server};
use crate::dmuc::{Demands, Persistence, Registration, Timers};
use crate::server::Flavour;

impl Casting<'_> {
    pub(super) fn slave(&mut self, section: &Section) {
        let at_start = self.value(section, "created", created);
        let rooms = self.list(section, "rooms", Self::room_name);
        let history_max = self.value(section, "history-max", values::count);
        let persistent = self.value(section, "persistent", values::yes_or_no);
        let timers = self.timers(section, self.timers_of(&rooms));
        let jid = self.needed(section, "jid", values::jid);
        let jid = jid.unwrap_or_else(|| self.stand_in(section).into());
        self.check_twin(section, &jid);
        let slave = Slave {
            span: Some(section.span),
            jid,
            rooms,
            at_start: at_start.unwrap_or(true),
            history_max: history_max.unwrap_or(HISTORY_MAX),
            timers,
            registration: self.registration(section, history_max),
            persistent: persistent.unwrap_or(false),
        };
        self.cast.slaves.insert(section.name.as_str().into(), slave);
    }

    /// A domain may have several slaves if they register; their addresses differ.
    fn check_twin(&mut self, section: &Section, jid: &crate::stanza::Jid) {
        let Some(key) = section.key("jid") else { return };
        let slaves = self.cast.slaves.iter();
        if let Some((other, _)) = slaves.clone().find(|(_, other)| other.jid == *jid) {
            let wrong = Wrong::SameJid { jid: jid.to_string(), other: other.to_string() };
            return self.flaw(wrong, key.value_span, key.file);
        }
        // A slave's address is no account: who had it could make errors in its name.
        let mut clients = self.cast.clients.iter();
        if let Some((other, _)) = clients.find(|(_, client)| client.jid.to_bare() == jid.to_bare())
        {
            let wrong = Wrong::SameJid { jid: jid.to_string(), other: other.to_string() };
            return self.flaw(wrong, key.value_span, key.file);
        }
        let domain = jid.domain().as_str();
        let twin = slaves.clone().find(|(_, other)| other.jid.domain().as_str() == domain);
        if let (Some((other, _)), false) = (twin, self.registers(section)) {
            let wrong = Wrong::SecondSlave { domain: domain.to_owned(), other: other.to_string() };
            self.flaw(wrong, key.value_span, key.file);
        }
    }

    /// Whether a slave registers, as it does in profile full unless it says that it does not.
    fn registers(&self, section: &Section) -> bool {
        match section.key("registration").map(|key| key.value.as_str()) {
            Some("dynamic") => true,
            Some("static") => false,
            _ => self.profile == Profile::Full,
        }
    }

    fn registration(&mut self, section: &Section, history_max: Option<usize>) -> Registration {
        let profile = self.profile;
        self.value(section, "registration", |word| registration(word, profile));
        let policy = self.policy(section, "policies");
        let maxbytes = self.value(section, "history-bytes", values::large_number);
        let interval = self.value(section, "keepalive", values::duration);
        if !self.registers(section) {
            for key in ["policies", "history-bytes"].iter().filter_map(|key| section.key(key)) {
                let wrong = Wrong::OnlyDynamic { key: key.name.clone() };
                self.flaw(wrong, key.name_span, key.file);
            }
            return Registration::Static;
        }
        let mut demands = Demands::default();
        if let Some(max) = history_max.and_then(|max| u32::try_from(max).ok()) {
            demands.history.maxstanzas = max;
        }
        demands.history.maxbytes = maxbytes.or(demands.history.maxbytes);
        demands.policy = policy.unwrap_or_default();
        if let Some(interval) = interval {
            demands.keepalive = u32::try_from(interval.as_secs()).unwrap_or(u32::MAX).max(1);
        }
        Registration::Dynamic(demands)
    }

    /// What the service of the first of these rooms, or the first service, has.
    fn timers_of(&self, rooms: &[Name]) -> Timers {
        let room = rooms.first().and_then(|room| self.cast.rooms.get(room));
        let service = match room {
            Some(room) => self.cast.services.get(room.config.jid.domain().as_str()),
            None => self.cast.services.values().next(),
        };
        service.map(|service| service.timers).unwrap_or_default()
    }

    pub(super) fn server(&mut self, section: &Section) {
        let flavour = self.value(section, "bounces", flavour).unwrap_or_default();
        let timeout = self.value(section, "connect-timeout", values::duration);
        let persistence = self.value(section, "survives", survives);
        let creation = self.value(section, "creates-rooms", values::yes_or_no);
        let domain = match values::domain(&section.name) {
            Ok(domain) => domain,
            Err(wrong) => {
                self.gaps.mention(&section.name);
                return self.flaw(wrong, section.span, section.file);
            }
        };
        let server = Server {
            span: Some(section.span),
            flavour,
            connect_timeout: timeout.unwrap_or(flavour.connect_timeout()),
            persistence: persistence.unwrap_or_default(),
            creation,
        };
        self.cast.servers.insert(domain.into(), server);
    }

    /// Every domain that a JID of the cast has is a server's.
    pub(super) fn imply_servers(&mut self) {
        let cast = &self.cast;
        let domains = cast
            .clients
            .values()
            .map(|client| client.jid.domain().as_str())
            .chain(cast.rooms.values().map(|room| room.config.jid.domain().as_str()))
            .chain(cast.slaves.values().map(|slave| slave.jid.domain().as_str()));
        let real = domains.filter(|domain| !self.stands_in(domain));
        let domains: Vec<Name> = real.map(Name::from).collect();
        for domain in domains {
            self.cast.servers.entry(domain).or_insert_with(usual_server);
        }
    }
}

/// The slaves of profiles core and muc are configured; `#slave` is not spoken there.
fn registration(word: &str, profile: Profile) -> Result<(), Wrong> {
    match (word, profile) {
        ("static", _) | ("dynamic", Profile::Full) => Ok(()),
        ("dynamic", _) => Err(Wrong::NotInProfile { what: "a slave that registers" }),
        _ => Err(values::bad(word, "`static` or `dynamic`", "")),
    }
}

fn survives(word: &str) -> Result<Persistence, Wrong> {
    match word {
        "nothing" => Ok(Persistence::Nothing),
        "rooms" => Ok(Persistence::Rooms),
        "everything" => Ok(Persistence::Everything),
        _ => Err(values::bad(word, "`nothing`, `rooms` or `everything`", "")),
    }
}

fn created(word: &str) -> Result<bool, Wrong> {
    match word {
        "at start" => Ok(true),
        "later" => Ok(false),
        _ => Err(values::bad(word, "`at start` or `later`", "")),
    }
}

fn flavour(word: &str) -> Result<Flavour, Wrong> {
    match word {
        "prosody" => Ok(Flavour::Prosody),
        "ejabberd" => Ok(Flavour::Ejabberd),
        _ => Err(values::bad(word, "`prosody` or `ejabberd`", "")),
    }
}

/// How many messages of history a slave keeps unless its section says otherwise.
pub(in super::super) const HISTORY_MAX: usize = 100;
