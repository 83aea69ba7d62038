//! How a room is set up.

use std::collections::{BTreeMap, BTreeSet};

use jid::BareJid;

use super::Affiliation;
use crate::stanza::Element;
use crate::stanza::slave::{HistoryLimits, Policy};
use crate::time::Time;

/// A room as its owner has configured it (XEP-0045 §10), with what it remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomConfig {
    /// The room's address.
    pub jid: BareJid,
    /// Affiliations other than none. A domain may be an outcast, with all its people
    /// ([`RoomConfig::affiliation_of`]).
    pub affiliations: BTreeMap<BareJid, Affiliation>,
    /// Who is a moderator while he is in the room, whatever his affiliation.
    pub moderators: BTreeSet<BareJid>,
    /// The subject, if one was ever set.
    pub subject: Option<Subject>,
    /// Messages of the past, oldest first.
    pub history: Vec<PastMessage>,
    /// How many messages the room keeps.
    pub history_max: usize,
    /// Who sees the occupants' real JIDs.
    pub whois: Whois,
    /// Whether newcomers without affiliation are visitors (XEP-0045 §3, moderated room).
    pub moderated: bool,
    /// Whether participants may change the subject, not moderators only
    /// (`muc#roomconfig_changesubject`).
    pub change_subject: bool,
    /// Whether the first who enters becomes the owner: the room is being created
    /// (XEP-0045 §10.1.1).
    pub ownerless: bool,
    /// Its name (`muc#roomconfig_roomname`).
    pub name: Option<String>,
    /// What it is about (`muc#roomconfig_roomdesc`).
    pub description: Option<String>,
    /// Whether it outlives its last occupant (`muc#roomconfig_persistentroom`).
    pub persistent: bool,
    /// Whether it is found in the service's list (`muc#roomconfig_publicroom`).
    pub public: bool,
    /// Whether only members may enter (`muc#roomconfig_membersonly`).
    pub members_only: bool,
    /// What who enters has to know (`muc#roomconfig_roomsecret`).
    pub password: Option<String>,
    /// Whether participants may invite, not moderators only (`muc#roomconfig_allowinvites`).
    pub allow_invites: bool,
    /// Whether members may invite into a members-only room, not admins only: who is invited becomes
    /// a member (`{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites`).
    pub allow_member_invites: bool,
    /// Who may send private messages (`muc#roomconfig_allowpm`).
    pub private_messages: PrivateMessages,
    /// Roles whose presence is shown to others (`muc#roomconfig_presencebroadcast`).
    pub presence_broadcast: BTreeSet<BroadcastRole>,
    /// Whether members may read the lists of members, admins and owners
    /// (`muc#roomconfig_getmemberlist`).
    pub member_lists: bool,
    /// How many occupants it takes; nothing if there is no limit (`muc#roomconfig_maxusers`).
    pub max_users: Option<u32>,
    /// Whether what is said is recorded in public (`muc#roomconfig_enablelogging`).
    pub logging: bool,
    /// Nicks that belong to somebody, by who registered them (XEP-0045 §7.10).
    pub reserved_nicks: BTreeMap<BareJid, String>,
    /// Why somebody was banned.
    pub ban_reasons: BTreeMap<BareJid, String>,
    /// Its vcard (XEP-0054), if it has one.
    pub vcard: Option<Element>,
    /// Whether slaves may register (`muc#roomconfig_distributed`).
    pub distributed: bool,
    /// What slaves that register are granted.
    pub grants: Grants,
}

/// Who may send private messages in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivateMessages {
    /// Everybody.
    #[default]
    Anyone,
    /// Who has a voice.
    Participants,
    /// Moderators.
    Moderators,
    /// Nobody.
    Nobody,
}

/// A role whose presence may be shown or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BroadcastRole {
    /// Moderators.
    Moderator,
    /// Participants.
    Participant,
    /// Visitors.
    Visitor,
    /// No role: who has a reserved nick and is not in the room is shown as unavailable.
    Absent,
}

impl BroadcastRole {
    /// Those of occupants.
    pub const ALL: [BroadcastRole; 3] =
        [BroadcastRole::Moderator, BroadcastRole::Participant, BroadcastRole::Visitor];
}

/// What a master grants to the slaves of a room (`docs/dmuc2-slave.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    /// What they may do while split; a slave gets what it asks for of these.
    pub policy: Policy,
    /// The most history that one may store.
    pub history: HistoryLimits,
    /// The least interval of keepalive, in seconds.
    pub keepalive_min: u32,
    /// How many slaves may serve the room.
    pub slaves_max: usize,
    /// Domains that may register; nothing: all.
    pub domains: Option<BTreeSet<String>>,
    /// Domains that may not.
    pub denied: BTreeSet<String>,
    /// Whether the room shows the occupants of a slave that is lost as away. It tells everybody who
    /// shares a server.
    pub mark_away: bool,
    /// How many occupants of one domain the room takes; nothing if there is no limit.
    pub domain_users_max: Option<u32>,
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            history: HistoryLimits { maxstanzas: 100, maxbytes: Some(65_536) },
            keepalive_min: 10,
            slaves_max: 1_000,
            domains: None,
            denied: BTreeSet::new(),
            mark_away: false,
            domain_users_max: None,
        }
    }
}

impl RoomConfig {
    /// A semi-anonymous, unmoderated, public and persistent room that remembers nothing yet and
    /// keeps 100 messages.
    pub fn new(jid: BareJid) -> Self {
        Self {
            jid,
            affiliations: BTreeMap::new(),
            moderators: BTreeSet::new(),
            subject: None,
            history: Vec::new(),
            history_max: 100,
            whois: Whois::Moderators,
            moderated: false,
            change_subject: false,
            ownerless: false,
            name: None,
            description: None,
            persistent: true,
            public: true,
            members_only: false,
            password: None,
            allow_invites: true,
            allow_member_invites: false,
            private_messages: PrivateMessages::Anyone,
            presence_broadcast: BTreeSet::from(BroadcastRole::ALL),
            member_lists: true,
            max_users: None,
            logging: false,
            reserved_nicks: BTreeMap::new(),
            ban_reasons: BTreeMap::new(),
            vcard: None,
            distributed: true,
            grants: Grants::default(),
        }
    }

    /// The affiliation of somebody: his own, or else the ban of his domain (XEP-0045 §9.1, in the
    /// order of XEP-0016). As at Prosody a domain gives nothing else to its people.
    pub fn affiliation_of(&self, bare: &BareJid) -> Affiliation {
        let own = self.affiliations.get(bare).cloned();
        own.unwrap_or_else(|| match self.bans_domain_of(bare) {
            true => Affiliation::Outcast,
            false => Affiliation::None,
        })
    }

    fn bans_domain_of(&self, bare: &BareJid) -> bool {
        let domain = BareJid::from_parts(None, bare.domain());
        self.affiliations.get(&domain) == Some(&Affiliation::Outcast)
    }
}

/// Who may see real JIDs (`muc#roomconfig_whois`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whois {
    /// Moderators only: a semi-anonymous room.
    #[default]
    Moderators,
    /// Everybody: a non-anonymous room.
    Anyone,
}

/// The subject of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its text; empty if it was removed.
    pub text: String,
    /// The nick of who set it.
    pub author: String,
    /// When.
    pub stamp: Time,
}

/// A message that was said before the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastMessage {
    /// The nick of who said it.
    pub author: String,
    /// When.
    pub stamp: Time,
    /// What.
    pub text: String,
}
