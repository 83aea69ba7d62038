//! What an owner may configure of a room, as a cast and a line name it (XEP-0045 §10.2).

use std::collections::BTreeSet;

use super::mistake::Wrong;
use super::values;
use super::words::{nearest, ticked};
use crate::room::{BroadcastRole, PrivateMessages, RoomConfig, Whois};

/// One option of a room with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its field of the form, without `muc#roomconfig_`.
    pub field: &'static str,
    /// The values that the field is given.
    pub values: Vec<String>,
}

/// What values an option may have.
#[derive(Clone, Copy)]
enum Kind {
    YesNo,
    Text,
    Number,
    /// One of these words, and the values of the form that they stand for.
    One(&'static [(&'static str, &'static str)], &'static str),
    /// Roles joined by `+`, `all` or `none`.
    Roles,
}

impl Setting {
    /// The words of all options.
    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        SETTINGS.iter().map(|(word, ..)| *word)
    }

    /// Whether there is such an option.
    pub(super) fn known(word: &str) -> Result<(), Wrong> {
        if Self::words().any(|known| known == word) {
            return Ok(());
        }
        Err(Wrong::UnknownSetting {
            found: word.to_owned(),
            meant: nearest(word, Self::words()),
            known: Self::words().map(ticked).collect(),
        })
    }

    /// The option of this word with this value.
    pub(super) fn read(word: &str, value: &str) -> Result<Self, Wrong> {
        let known = SETTINGS.iter().find(|(known, ..)| *known == word);
        let Some((_, field, kind)) = known else {
            return Err(Self::known(word).err().unwrap_or(Wrong::NotAKey));
        };
        let values = match kind {
            Kind::YesNo => {
                vec![if values::yes_or_no(value)? { "1" } else { "0" }.to_owned()]
            }
            Kind::Text => vec![value.to_owned()],
            Kind::Number => vec![values::count(value)?.to_string()],
            Kind::One(choices, expected) => {
                let chosen = choices.iter().find(|(choice, _)| *choice == value);
                let (_, sent) = chosen.ok_or_else(|| values::bad(value, expected, ""))?;
                vec![(*sent).to_owned()]
            }
            Kind::Roles => match value {
                "none" => vec!["none".to_owned()],
                "all" => ROLES.map(|(role, _)| role.to_owned()).to_vec(),
                _ => value.split('+').map(role).collect::<Result<_, _>>()?,
            },
        };
        Ok(Self { field, values })
    }

    /// Set it in a room that begins so.
    pub(super) fn apply(&self, config: &mut RoomConfig) {
        let value = self.values.first().map_or("", String::as_str);
        let text = || Some(value.to_owned()).filter(|text| !text.is_empty());
        let yes = value == "1";
        match self.field {
            "roomname" => config.name = text(),
            "roomdesc" => config.description = text(),
            "persistentroom" => config.persistent = yes,
            "publicroom" => config.public = yes,
            "membersonly" => config.members_only = yes,
            "moderatedroom" => config.moderated = yes,
            "roomsecret" => config.password = text(),
            "changesubject" => config.change_subject = yes,
            "allowinvites" => config.allow_invites = yes,
            "enablelogging" => config.logging = yes,
            "distributed" => config.distributed = yes,
            "getmemberlist" => config.member_lists = yes,
            "whois" => {
                let anyone = value == "anyone";
                config.whois = if anyone { Whois::Anyone } else { Whois::Moderators };
            }
            "allowpm" => {
                config.private_messages = match value {
                    "participants" => PrivateMessages::Participants,
                    "moderators" => PrivateMessages::Moderators,
                    "none" => PrivateMessages::Nobody,
                    _ => PrivateMessages::Anyone,
                };
            }
            "presencebroadcast" => {
                let roles = ROLES.iter().filter(|(role, _)| self.values.iter().any(|v| v == role));
                config.presence_broadcast = roles.map(|(_, role)| *role).collect::<BTreeSet<_>>();
            }
            "historylength" => config.history_max = value.parse().unwrap_or(config.history_max),
            "maxusers" => config.max_users = value.parse().ok().filter(|max| *max > 0),
            _ => {}
        }
    }
}

fn role(word: &str) -> Result<String, Wrong> {
    let known = ROLES.iter().any(|(role, _)| *role == word);
    let expected = "`all`, `none`, or roles joined by `+`";
    if known { Ok(word.to_owned()) } else { Err(values::bad(word, expected, "")) }
}

const ROLES: [(&str, BroadcastRole); 3] = [
    ("moderator", BroadcastRole::Moderator),
    ("participant", BroadcastRole::Participant),
    ("visitor", BroadcastRole::Visitor),
];

const SETTINGS: [(&str, &str, Kind); 17] = [
    ("name", "roomname", Kind::Text),
    ("description", "roomdesc", Kind::Text),
    ("persistent", "persistentroom", Kind::YesNo),
    ("public", "publicroom", Kind::YesNo),
    ("members-only", "membersonly", Kind::YesNo),
    ("moderated", "moderatedroom", Kind::YesNo),
    ("whois", "whois", WHOIS),
    ("password", "roomsecret", Kind::Text),
    ("change-subject", "changesubject", Kind::YesNo),
    ("allow-invites", "allowinvites", Kind::YesNo),
    ("private-messages", "allowpm", PRIVATE_MESSAGES),
    ("presence-broadcast", "presencebroadcast", Kind::Roles),
    ("member-lists", "getmemberlist", Kind::YesNo),
    ("history-max", "historylength", Kind::Number),
    ("max-users", "maxusers", Kind::Number),
    ("logging", "enablelogging", Kind::YesNo),
    ("slaves", "distributed", SLAVES),
];

const WHOIS: Kind =
    Kind::One(&[("moderators", "moderators"), ("anyone", "anyone")], "`moderators` or `anyone`");

const PRIVATE_MESSAGES: Kind = Kind::One(
    &[
        ("anyone", "anyone"),
        ("participants", "participants"),
        ("moderators", "moderators"),
        ("nobody", "none"),
    ],
    "`anyone`, `participants`, `moderators` or `nobody`",
);

const SLAVES: Kind = Kind::One(&[("allowed", "1"), ("refused", "0")], "`allowed` or `refused`");
