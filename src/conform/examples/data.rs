//! The data under `snapshots/xep-0282/` as it is written there: examples, errata, cast.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::scenario::Profile;

/// A hop that a stanza makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Way {
    /// From a client to its own server.
    #[serde(rename = "U>S")]
    UserToSlave,
    /// From the server with the slave to the server with the master.
    #[serde(rename = "S>M")]
    SlaveToMaster,
    /// From the server with the master to a slave.
    #[serde(rename = "M>S")]
    MasterToSlave,
    /// From the server with the slave to a client.
    #[serde(rename = "S>U")]
    SlaveToUser,
}

/// What counts as right where the document is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Rule {
    /// Only the corrected form.
    #[serde(rename = "corrected")]
    Corrected,
    /// The printed form and the corrected one.
    #[serde(rename = "either")]
    Either,
    /// Only the printed form: it is not wrong, or it is left to be understood.
    #[serde(rename = "as printed")]
    AsPrinted,
}

/// Something wrong, open or easily misread in the examples.
#[derive(Clone, Debug, Deserialize)]
pub struct Erratum {
    /// `E01` and so on.
    pub number: String,
    /// The examples that it is about.
    pub examples: Vec<u32>,
    /// What counts as right.
    pub rule: Rule,
    /// What is wrong.
    pub wrong: String,
    /// Why `rule` is so.
    pub reason: String,
    /// What it does to the examples.
    #[serde(default, rename = "patch")]
    pub(super) patches: Vec<Patch>,
}

/// What an erratum does to stanzas.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Patch {
    /// The examples; those of the erratum if absent.
    pub examples: Option<Vec<u32>>,
    /// Their stanzas, numbered from 1; all if absent.
    pub stanzas: Option<Vec<usize>>,
    /// Another rule than the erratum's.
    pub rule: Option<Rule>,
    /// The path from the stanza to the element, by local names.
    #[serde(default)]
    pub at: String,
    #[serde(flatten)]
    pub operation: Operation,
}

/// The operations of a patch.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub(super) enum Operation {
    /// Replace text before it is parsed.
    Replace { find: String, with: String },
    /// Change an attribute to the first of the values; the others are accepted too.
    Set { attribute: String, values: Vec<String> },
    /// Add a child for which the printed `...` stands.
    Require { child: String, profile: Option<ProfileName> },
    /// Make a child optional, with these attributes, each optional too.
    Allow { child: String, formats: BTreeMap<String, Format> },
}

/// How the value of an attribute is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// A whole number, not negative.
    Number,
    /// A `DateTime` of XEP-0082 in UTC.
    Time,
}

/// The names of profiles in the data.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ProfileName {
    Core,
    Muc,
    Full,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Profile {
        match name {
            ProfileName::Core => Profile::Core,
            ProfileName::Muc => Profile::Muc,
            ProfileName::Full => Profile::Full,
        }
    }
}

/// An example as printed.
#[derive(Debug, Deserialize)]
pub(super) struct Printed {
    pub number: u32,
    pub caption: String,
    pub section: String,
    pub hops: Vec<Way>,
    #[serde(default)]
    pub order: Order,
    pub printed: String,
}

/// In which order the stanzas for one receiver come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    #[default]
    Printed,
    Any,
}

/// Who is who.
#[derive(Debug, Deserialize)]
pub(super) struct Cast {
    /// The room's JID.
    pub room: String,
    /// The slaves' JIDs as printed.
    pub slaves: Vec<String>,
    #[serde(rename = "occupant")]
    pub occupants: Vec<Occupant>,
}

/// Somebody of the Dramatis Personae.
#[derive(Debug, Deserialize)]
pub(super) struct Occupant {
    pub nick: String,
    /// His full JID.
    pub jid: String,
    pub role: String,
}

impl Occupant {
    pub fn is_moderator(&self) -> bool {
        self.role == "moderator"
    }

    pub fn bare(&self) -> &str {
        bare(&self.jid)
    }
}

impl Cast {
    /// The occupant with this occupant JID.
    pub fn occupant(&self, address: &str) -> Option<&Occupant> {
        let nick = address.strip_prefix(&self.room)?.strip_prefix('/')?;
        self.occupants.iter().find(|occupant| occupant.nick == nick)
    }

    /// The occupant whose session has this full JID.
    pub fn session(&self, jid: &str) -> Option<&Occupant> {
        self.occupants.iter().find(|occupant| occupant.jid == jid)
    }

    /// Whether a moderator is served by the server of this domain.
    pub fn has_moderator_at(&self, server: &str) -> bool {
        self.occupants.iter().any(|who| who.is_moderator() && domain(&who.jid) == server)
    }
}

/// The domain of a JID.
pub(super) fn domain(jid: &str) -> &str {
    let bare = bare(jid);
    bare.split_once('@').map_or(bare, |(_, domain)| domain)
}

/// A JID without its resource.
pub(super) fn bare(jid: &str) -> &str {
    jid.split_once('/').map_or(jid, |(bare, _)| bare)
}

/// Why the data cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum DataError {
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    #[error("example {0} is not well-formed: {1}")]
    Xml(u32, minidom::Error),
    #[error("example {0}: {1} is not a stanza with `from` and `to`")]
    Stanza(u32, String),
    #[error("erratum {0} does not fit example {1}")]
    Patch(String, u32),
}

pub(super) fn read_examples(text: &str) -> Result<Vec<Printed>, DataError> {
    #[derive(Deserialize)]
    struct File {
        example: Vec<Printed>,
    }
    Ok(toml::from_str::<File>(text)?.example)
}

pub(super) fn read_errata(text: &str) -> Result<Vec<Erratum>, DataError> {
    #[derive(Deserialize)]
    struct File {
        erratum: Vec<Erratum>,
    }
    Ok(toml::from_str::<File>(text)?.erratum)
}

pub(super) fn read_cast(text: &str) -> Result<Cast, DataError> {
    Ok(toml::from_str(text)?)
}
