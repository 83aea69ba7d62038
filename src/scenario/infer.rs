//! What a plain scansion script leaves unsaid. It has no `[Room]` and no `[Slave]`: its hosts
//! follow from its JIDs. Every domain of a client is a server with a slave, and the domain of a
//! room is a chat service, whose rooms are created by who enters first (XEP-0045 §10.1).

use super::ast::{Action, Name, Party, Step};
use super::cast::{Cast, Room, Slave};
use super::casting::{HISTORY_MAX, usual_server, usual_service};
use super::lines::Block;
use super::token::{TokenKind, tokens};
use super::values;
use super::verbs::Raw;
use crate::dmuc::{Registration, Timers};
use crate::room::RoomConfig;
use crate::stanza::{Element, Jid, ns};

/// The rooms that lines name by their addresses.
pub(super) fn imply_rooms(cast: &mut Cast, script: &[&Block<'_>]) {
    if !is_plain(cast) {
        return;
    }
    for block in script {
        let Ok(tokens) = tokens(&block.line) else { continue };
        for pair in tokens.windows(2) {
            let [verb, room] = pair else { continue };
            let named = matches!(verb.kind, TokenKind::Word("joins" | "join" | "in" | "leaves"));
            if let (true, TokenKind::Word(word)) = (named, &room.kind)
                && let Ok(jid) = values::bare_jid(word)
            {
                let room = Room { span: None, config: RoomConfig::new(jid), exists: false };
                cast.rooms.insert((*word).into(), room);
            }
        }
    }
}

/// The services and the slaves, once it is known what is sent where.
pub(super) fn imply_hosts(cast: &mut Cast, steps: &[Step]) {
    if !cast.slaves.is_empty() || cast.rooms.values().any(|room| room.exists) {
        return;
    }
    let homes: Vec<Name> =
        cast.clients.values().map(|client| client.jid.domain().as_str().into()).collect();
    let rooms = cast.rooms.values().map(|room| Name::from(room.config.jid.domain().as_str()));
    let mut services: Vec<Name> = rooms.collect();
    for step in steps {
        if let Action::Raw { who, raw: Raw::Sends(stanzas) } = &step.action
            && who.iter().all(|party| matches!(party, Party::Client(_)))
        {
            services.extend(stanzas.iter().filter_map(entered_domain));
        }
    }
    services.retain(|domain| !homes.contains(domain));
    if services.is_empty() {
        return;
    }
    for domain in services {
        cast.servers.entry(Name::clone(&domain)).or_insert_with(usual_server);
        cast.services.entry(domain).or_insert_with(|| usual_service(true));
    }
    for domain in homes {
        if cast.slave_at(&domain).is_none()
            && let Ok(jid) = Jid::new(&format!("slave@{domain}"))
        {
            cast.slaves.insert(domain, implied_slave(jid));
        }
    }
}

/// The domain of the room that a presence enters.
fn entered_domain(stanza: &Element) -> Option<Name> {
    if !stanza.is("presence", ns::CLIENT) || stanza.get_child("x", ns::MUC).is_none() {
        return None;
    }
    let to = Jid::new(stanza.attr("to")?).ok()?;
    to.node().map(|_| to.domain().as_str().into())
}

fn implied_slave(jid: Jid) -> Slave {
    Slave {
        span: None,
        jid,
        rooms: Vec::new(),
        at_start: true,
        history_max: HISTORY_MAX,
        timers: Timers::default(),
        registration: Registration::Static,
        persistent: false,
    }
}

fn is_plain(cast: &Cast) -> bool {
    cast.rooms.is_empty() && cast.slaves.is_empty()
}
