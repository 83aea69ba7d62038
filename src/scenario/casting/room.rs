//! `[Room] wallops`

use std::collections::BTreeMap;

use super::super::ast::{Name, Profile};
use super::super::cast::Room;
use super::super::mistake::Wrong;
use super::super::sections::{Key, Section};
use super::super::setting::Setting;
use super::super::token::TokenKind;
use super::super::values;
use super::{Casting, usual_service};
use crate::room::{Affiliation, Grants, PastMessage, RoomConfig, Subject};
use crate::stanza::BareJid;

impl Casting<'_> {
    pub(super) fn room(&mut self, section: &Section) {
        let jid = self.needed(section, "jid", values::bare_jid);
        let jid = jid.unwrap_or_else(|| self.stand_in(section));
        let other = self.cast.room_at(&jid).map(|(name, _)| Name::clone(name));
        if let (Some(other), Some(key)) = (other, section.key("jid")) {
            let wrong = Wrong::SameJid { jid: jid.to_string(), other: other.to_string() };
            self.flaw(wrong, key.value_span, key.file);
        }
        let mut config = RoomConfig::new(jid);
        config.affiliations = self.affiliations(section);
        let moderators = self.list(section, "moderator", Self::bare_jid);
        config.moderators = moderators.into_iter().collect();
        config.subject = section
            .key("subject")
            .and_then(|key| self.past(key))
            .map(|past| Subject { text: past.text, author: past.author, stamp: past.stamp });
        config.history = section.all("history").filter_map(|key| self.past(key)).collect();
        for word in Setting::words() {
            let room = config.clone();
            let read = |value: &str| {
                let refused = |why| Wrong::Refused { found: value.to_owned(), why };
                Setting::read(word, value)?.applied(&room).map_err(refused)
            };
            if let Some(changed) = self.value(section, word, read) {
                config = changed;
            }
        }
        self.grants(section, &mut config.grants);
        let domain: Name = config.jid.domain().as_str().into();
        let room = Room { span: Some(section.span), config, exists: true };
        self.cast.rooms.insert(section.name.as_str().into(), room);
        self.service(domain, section);
    }

    /// What slaves that register are granted, and which may.
    fn grants(&mut self, section: &Section, grants: &mut Grants) {
        if let Some(policy) = self.policy(section, "grants") {
            grants.policy = policy;
        }
        if let Some(key) = section.key("grants").filter(|_| self.profile != Profile::Full) {
            let wrong = Wrong::NotInProfile { what: "a grant to slaves that register" };
            self.flaw(wrong, key.name_span, key.file);
        }
        if let Some(max) = self.value(section, "slaves-max", values::count) {
            grants.slaves_max = max;
        }
        if section.key("slave-domains").is_some() {
            let domains = self.list(section, "slave-domains", |_, word| values::domain(word));
            grants.domains = Some(domains.into_iter().collect());
        }
        let denied = self.list(section, "denied-domains", |_, word| values::domain(word));
        grants.denied = denied.into_iter().collect();
        if let Some(max) = self.value(section, "slave-history-max", values::number) {
            grants.history.maxstanzas = max;
        }
        if let Some(max) = self.value(section, "slave-history-bytes", values::large_number) {
            grants.history.maxbytes = Some(max);
        }
        if let Some(min) = self.value(section, "slave-keepalive-min", values::seconds) {
            grants.keepalive_min = min;
        }
        if let Some(max) = self.value(section, "domain-users-max", values::number) {
            grants.domain_users_max = Some(max);
        }
        if let Some(mark) = self.value(section, "mark-away", values::yes_or_no) {
            grants.mark_away = mark;
        }
    }

    /// The service of a room; the timers of all its rooms are the same, the last ones written.
    fn service(&mut self, domain: Name, section: &Section) {
        let service = self.cast.services.get(&domain).copied();
        let mut service = service.unwrap_or_else(|| usual_service(false));
        service.timers = self.timers(section, service.timers);
        if !self.stands_in(&domain) {
            self.cast.services.insert(domain, service);
        }
    }

    fn affiliations(&mut self, section: &Section) -> BTreeMap<BareJid, Affiliation> {
        let mut affiliations = BTreeMap::new();
        for (key, affiliation) in AFFILIATIONS {
            let reader = if key == "outcast" { Self::outcast } else { Self::bare_jid };
            for jid in self.list(section, key, reader) {
                affiliations.insert(jid, affiliation.clone());
            }
        }
        affiliations
    }

    /// `1990-01-23T19:50:01Z Trillian "Honest! He did!!"`
    fn past(&mut self, key: &Key) -> Option<PastMessage> {
        let tokens = self.tokens(key)?;
        let kinds: Vec<_> = tokens.iter().map(|token| &token.kind).collect();
        let (stamp, author, text) = match kinds.as_slice() {
            [TokenKind::Word(stamp), TokenKind::Word(author), TokenKind::Text(text)] => {
                (*stamp, *author, text)
            }
            [TokenKind::Word(stamp), TokenKind::Text(author), TokenKind::Text(text)] => {
                (*stamp, author.as_str(), text)
            }
            _ => return self.not_past(key),
        };
        match values::stamp(stamp) {
            Ok(stamp) => Some(PastMessage { author: author.to_owned(), stamp, text: text.clone() }),
            Err(wrong) => {
                let span = tokens.first().map_or(key.value_span, |token| token.span);
                self.flaw(wrong, span, key.file);
                None
            }
        }
    }

    fn not_past(&mut self, key: &Key) -> Option<PastMessage> {
        let wrong = values::bad(
            &key.value,
            "a stamp, a nick and a quoted text",
            "1990-01-23T19:50:01Z Trillian \"Honest!\"",
        );
        self.flaw(wrong, key.value_span, key.file);
        None
    }
}

/// Later ones win.
const AFFILIATIONS: [(&str, Affiliation); 4] = [
    ("outcast", Affiliation::Outcast),
    ("member", Affiliation::Member),
    ("admin", Affiliation::Admin),
    ("owner", Affiliation::Owner),
];
