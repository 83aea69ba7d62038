//! What may not be in a stanza, wherever it hides: `...` stands for none of it.
//!
//! The roles are those of the cast; who gains or loses a role in a run is not followed here.

use minidom::Element;

use super::compare::{SELF_CODES, is_dmuc};
use super::data::{Cast, Way, domain};
use super::difference::Difference;
use super::run::{Run, Sent};
use crate::stanza::ns;

/// Everything in a stanza that its receiver may not see.
pub(super) fn in_stanza(way: Way, sent: &Sent<'_>, run: &Run<'_>) -> Vec<Difference> {
    let mut search = Search {
        run,
        to: sent.stanza.to.as_deref().map_or("", |to| to.as_str()),
        slave: (way == Way::MasterToSlave).then_some(sent.to),
        sees_jids: true,
        to_user: false,
        to_subject: sent.is_to_its_subject(run),
        found: Vec::new(),
    };
    match way {
        Way::MasterToSlave => search.sees_jids = run.cast.has_moderator_at(sent.to),
        Way::SlaveToUser => {
            let receiver = run.cast.session(search.to);
            search.sees_jids = receiver.is_some_and(|occupant| occupant.is_moderator());
            search.to_user = true;
        }
        // What users say of themselves is theirs.
        Way::UserToSlave | Way::SlaveToMaster => return Vec::new(),
    }
    for payload in sent.stanza.payloads.iter() {
        search.element(sent.stanza.kind.name(), payload);
    }
    search.found
}

struct Search<'a> {
    run: &'a Run<'a>,
    /// Whom the stanza is addressed to.
    to: &'a str,
    /// The server of the slave that it is for, if it is for one.
    slave: Option<&'a str>,
    /// Whether the receiver may see the JIDs of others.
    sees_jids: bool,
    to_user: bool,
    to_subject: bool,
    found: Vec<Difference>,
}

impl Search<'_> {
    fn element(&mut self, above: &str, element: &Element) {
        let at = format!("{above}/{}", element.name());
        let namespace = element.ns();
        if self.to_user && is_dmuc(&namespace) {
            self.forbid(&at, "a dmuc element, which no user may see".to_owned());
        }
        if element.is("status", ns::MUC_USER) && !self.to_subject {
            let code = element.attr("code").unwrap_or_default();
            if SELF_CODES.contains(&code) {
                self.forbid(&at, format!("status {code} says that this is oneself; it is not"));
            }
        }
        let asks_slave = namespace == ns::DMUC && matches!(element.name(), "enter" | "leave");
        for ((_, name), value) in element.attrs().iter() {
            // ENTER and LEAVE tell a slave of its own user only what it knows.
            let own = asks_slave && self.slave == Some(domain(value));
            if !own {
                self.text(&at, name, value);
            }
        }
        // What people say is not disclosed by the room.
        if !matches!(element.name(), "body" | "subject" | "status") || namespace != ns::CLIENT {
            for text in element.texts() {
                self.text(&at, "text", text);
            }
        }
        for child in element.children() {
            self.element(&at, child);
        }
    }

    fn text(&mut self, at: &str, name: &str, text: &str) {
        if !self.sees_jids
            && let Some(jid) = foreign_jid(self.run.cast, text, self.to)
        {
            self.forbid(at, format!("{name} tells the JID {jid}, which the receiver may not see"));
        }
        // A slave whose address is its server's cannot be told from the server.
        let mut slaves = self.run.slaves.values().filter(|slave| slave.contains('@'));
        if self.to_user
            && let Some(slave) = slaves.find(|slave| text.contains(slave.as_str()))
        {
            self.forbid(at, format!("{name} tells of the slave {slave}, which no user may see"));
        }
    }

    fn forbid(&mut self, at: &str, what: String) {
        self.found.push(Difference::Forbidden { at: at.to_owned(), what });
    }
}

/// A JID of the cast in `text` that is not the receiver's own.
fn foreign_jid<'a>(cast: &'a Cast, text: &str, receiver: &str) -> Option<&'a str> {
    cast.occupants
        .iter()
        .filter(|occupant| occupant.jid != receiver)
        .map(|occupant| occupant.bare())
        .find(|jid| text.contains(jid))
}
