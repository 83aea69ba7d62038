//! Ids that the room gives, so that nobody has to trust what others claim: an occupant id for each
//! person (XEP-0421), a stanza id for each message (XEP-0359).
//!
//! Both are digests of a key of the service. In the world a key is random and secret; here it is
//! made from what the service is called, so that a run can be made again.

use xmpp_parsers::caps::hash_caps;
use xmpp_parsers::hashes::Algo;

use super::*;
use crate::dmuc::is_forged;
use crate::stanza::{Element, element};

/// Gives ids, if the service wants any.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    key: String,
    room: Arc<Jid>,
}

impl Identity {
    /// The ids of this room.
    pub fn new(domain: &str, room: Arc<Jid>) -> Self {
        Self { key: format!("the key of {domain}"), room }
    }

    /// `<occupant-id/>`: the same for a person whenever he is in this room, another one elsewhere.
    pub fn of_occupant(&self, bare: &BareJid) -> Element {
        let id = self.digest(&["occupant", bare.as_str()]);
        element("occupant-id", ns::OCCUPANT_IDS, &[("id", &id)])
    }

    /// `<stanza-id/>` of the event of this number in this run of the room.
    fn of_event(&self, run: Time, seq: u64) -> Element {
        let id = self.digest(&["stanza", &run.as_micros().to_string(), &seq.to_string()]);
        let attributes = [("by", self.room.as_str()), ("id", id.as_str())];
        element("stanza-id", ns::STANZA_IDS, &attributes)
    }

    fn digest(&self, parts: &[&str]) -> String {
        let mut text = format!("{}\0{}", self.key, self.room);
        for part in parts {
            text.push('\0');
            text.push_str(part);
        }
        // SHA-256 is among the algorithms that are never unknown.
        let digest = hash_caps(text.as_bytes(), Algo::Sha_256).map(|hash| hash.to_hex());
        digest.unwrap_or_default().chars().take(ID_LENGTH).collect()
    }
}

impl Master {
    /// A message of this occupant with the ids that the room gives it, and none that he gave. The
    /// stanza id is for a message to all: that of the event that comes next.
    pub(super) fn identified(
        &self,
        mut payloads: Payloads,
        occupant: &Occupant,
        to_all: bool,
    ) -> Payloads {
        let Some(identity) = &self.identity else { return payloads };
        let edited = Arc::make_mut(&mut payloads);
        edited.retain(|payload| !is_forged(payload, &self.address));
        edited.extend(occupant.id.as_deref().cloned());
        if to_all {
            edited.push(identity.of_event(self.opened, self.log.seq() + 1));
        }
        payloads
    }

    /// The namespaces of the ids that the room gives, for its features.
    pub(super) fn id_features(&self) -> &'static [&'static str] {
        match self.identity {
            Some(_) => &[ns::OCCUPANT_IDS, ns::STANZA_IDS],
            None => &[],
        }
    }
}

/// How many characters of a digest make an id.
const ID_LENGTH: usize = 32;
