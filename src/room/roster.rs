//! The room roster: who is in the room, in the order of arrival, with presence and privileges.

use std::sync::Arc;

use indexmap::IndexMap;
use jid::Jid;
use minidom::Element;
use minidom::rxml::{Namespace, NcNameStr, xml_ncname};
use xmpp_parsers::muc::user::{Affiliation, Role};

use super::item::{affiliation_name, role_name};
use crate::stanza::{Payloads, ns};

const AFFILIATION: &NcNameStr = xml_ncname!("affiliation");
const ROLE: &NcNameStr = xml_ncname!("role");

/// An occupant as the roster has him.
#[derive(Clone, Debug, PartialEq)]
pub struct Seat {
    /// His occupant JID, room/nick.
    pub occupant: Arc<Jid>,
    /// His affiliation.
    pub affiliation: Affiliation,
    /// His role.
    pub role: Role,
    /// The payloads of his presence as the room last sent them, `{muc#user}x` included; with the
    /// real JID where it is known.
    pub presence: Payloads,
}

impl Seat {
    /// He has these privileges from now on, as his presence says them too.
    pub fn set_privileges(&mut self, affiliation: Affiliation, role: Role) {
        let mut payloads = Vec::clone(&self.presence);
        let told = payloads.iter_mut().filter(|payload| payload.is("x", ns::MUC_USER));
        for item in told.flat_map(Element::children_mut).filter(|x| x.is("item", ns::MUC_USER)) {
            item.set_attr(Namespace::NONE, AFFILIATION.to_owned(), affiliation_name(&affiliation));
            item.set_attr(Namespace::NONE, ROLE.to_owned(), role_name(&role));
        }
        (self.affiliation, self.role) = (affiliation, role);
        self.presence = Payloads::new(payloads);
    }

    /// The payloads that are his own: all but the room's `{muc#user}x`.
    pub fn own_payloads(&self) -> impl Iterator<Item = &Element> {
        self.presence.iter().filter(|payload| !payload.is("x", ns::MUC_USER))
    }

    /// Payloads of another presence of his, with the occupant id that the room gave him in place of
    /// any that he claims (XEP-0421).
    pub fn with_id(&self, mut own: Vec<Element>) -> Vec<Element> {
        let is_id = |payload: &&Element| payload.is("occupant-id", ns::OCCUPANT_IDS);
        if let Some(id) = self.presence.iter().find(is_id) {
            own.retain(|payload| !is_id(&payload));
            own.push(id.clone());
        }
        own
    }

    /// The payloads of his presence if he says this of himself: what the room says of him stays.
    pub fn saying(&self, own: Vec<Element>) -> Vec<Element> {
        let room = self.presence.iter().filter(|payload| payload.is("x", ns::MUC_USER)).cloned();
        let mut payloads = self.with_id(own);
        payloads.extend(room);
        payloads
    }

    /// What he may do.
    pub fn privileges(&self) -> (&Affiliation, &Role) {
        (&self.affiliation, &self.role)
    }

    /// Whether two rosters say the same of him, but for real JIDs.
    pub fn agrees_with(&self, other: &Seat) -> bool {
        self.privileges() == other.privileges() && self.own_payloads().eq(other.own_payloads())
    }
}

/// Occupants by nick, in the order of arrival.
pub type Roster = IndexMap<String, Seat>;
