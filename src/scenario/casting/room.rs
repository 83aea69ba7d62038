//! `[Room] wallops`

use std::collections::BTreeMap;

use super::super::ast::Name;
use super::super::cast::Room;
use super::super::mistake::Wrong;
use super::super::sections::{Key, Section};
use super::super::token::TokenKind;
use super::super::values;
use super::{Casting, usual_service};
use crate::room::{Affiliation, PastMessage, RoomConfig, Subject, Whois};
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
        if let Some(count) = self.value(section, "history-max", values::count) {
            config.history_max = count;
        }
        if let Some(whois) = self.value(section, "whois", whois) {
            config.whois = whois;
        }
        if let Some(moderated) = self.value(section, "moderated", values::yes_or_no) {
            config.moderated = moderated;
        }
        let domain: Name = config.jid.domain().as_str().into();
        let room = Room { span: Some(section.span), config, exists: true };
        self.cast.rooms.insert(section.name.as_str().into(), room);
        self.service(domain, section);
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
            for jid in self.list(section, key, Self::bare_jid) {
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

fn whois(word: &str) -> Result<Whois, Wrong> {
    match word {
        "moderators" => Ok(Whois::Moderators),
        "anyone" => Ok(Whois::Anyone),
        _ => Err(values::bad(word, "`moderators` or `anyone`", "")),
    }
}

/// Later ones win.
const AFFILIATIONS: [(&str, Affiliation); 4] = [
    ("outcast", Affiliation::Outcast),
    ("member", Affiliation::Member),
    ("admin", Affiliation::Admin),
    ("owner", Affiliation::Owner),
];
