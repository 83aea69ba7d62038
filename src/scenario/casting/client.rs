//! `[Client] WiZ`

use super::super::cast::Client;
use super::super::mistake::Wrong;
use super::super::sections::Section;
use super::super::values;
use super::Casting;
use crate::stanza::{BareJid, FullJid};

impl Casting<'_> {
    pub(super) fn client(&mut self, section: &Section) {
        self.value(section, "connect_port", values::port);
        let jid = self.needed(section, "jid", values::user_jid);
        let jid = jid.unwrap_or_else(|| self.stand_in(section).into());
        let bare = jid.to_bare();
        let resource = self.value(section, "resource", |word| full_jid(&bare, word));
        let jid = match (resource, jid.try_into_full()) {
            (Some(chosen), _) => chosen,
            (None, Ok(full)) => full,
            (None, Err(bare)) => with_resource_of(&bare, &section.name),
        };
        let other = self.cast.clients.iter().find(|(_, client)| client.jid == jid);
        if let Some((other, _)) = other {
            let wrong = Wrong::SameJid { jid: jid.to_string(), other: other.to_string() };
            let (span, file) = place(section);
            self.flaw(wrong, span, file);
        }
        let nick = section.key("nick").map_or(&section.name, |key| &key.value);
        let client = Client {
            span: section.span,
            jid,
            password: section.key("password").map(|key| key.value.clone()),
            nick: nick.clone(),
            joined: Vec::new(),
            online: true,
        };
        self.cast.clients.insert(section.name.as_str().into(), client);
    }

    /// `joined: wallops`, once the rooms are known.
    pub(super) fn joined(&mut self, section: &Section) {
        if section.key("joined").is_none_or(|key| key.value == NOWHERE) {
            return;
        }
        let joined = self.list(section, "joined", Self::room_name);
        if let Some(client) = self.cast.clients.get_mut(section.name.as_str()) {
            client.joined = joined;
        }
    }
}

fn place(section: &Section) -> (super::Span, usize) {
    let key = section.key("resource").or_else(|| section.key("jid"));
    key.map_or((section.span, section.file), |key| (key.value_span, key.file))
}

fn full_jid(bare: &BareJid, resource: &str) -> Result<FullJid, Wrong> {
    let jid = FullJid::new(&format!("{bare}/{resource}"));
    jid.map_err(|_| values::bad(resource, "a resource", "laptop"))
}

/// With the name in lower case as its resource; `client` if the name cannot be one.
fn with_resource_of(bare: &BareJid, name: &str) -> FullJid {
    let named = FullJid::new(&format!("{bare}/{}", name.to_lowercase()));
    #[allow(clippy::expect_used, reason = "`client` is a resource")]
    named.unwrap_or_else(|_| bare.with_resource_str("client").expect("a resource"))
}

/// What `joined` says of a client that is in no room.
const NOWHERE: &str = "nowhere";
