//! What an owner may configure of a room, as a cast and a line name it (XEP-0045 §10.2).

use super::mistake::Wrong;
use super::values;
use super::words::{nearest, ticked};
use crate::room::form::Answer;
use crate::room::{RoomConfig, settings};
use crate::stanza::{Element, element, ns};

/// One option of a room with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its field of the form.
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
    /// A number; 0 is no limit.
    Limit,
    /// One of these words, and the values of the form, separated by spaces, that they stand for.
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
            Kind::Limit => match values::count(value)? {
                0 => vec!["none".to_owned()],
                limit => vec![limit.to_string()],
            },
            Kind::One(choices, expected) => {
                let chosen = choices.iter().find(|(choice, _)| *choice == value);
                let (_, sent) = chosen.ok_or_else(|| values::bad(value, expected, ""))?;
                sent.split(' ').map(str::to_owned).collect()
            }
            Kind::Roles => match value {
                "none" => Vec::new(),
                "all" => ROLES.map(str::to_owned).to_vec(),
                _ => value.split('+').map(role).collect::<Result<_, _>>()?,
            },
        };
        Ok(Self { field, values })
    }

    /// The room as it is with this setting, as if its owner had submitted a form.
    pub(super) fn applied(&self, config: &RoomConfig) -> Result<RoomConfig, String> {
        let answer = Answer::read(&configuration(std::slice::from_ref(self)), settings::FORM_TYPE);
        match answer.map_err(|problem| problem.to_string())? {
            Answer::Submitted(fields) => {
                settings::apply(config, fields).map_err(|problem| problem.to_string())
            }
            _ => Ok(config.clone()),
        }
    }
}

/// The form with which these settings, and no others, are submitted.
pub fn configuration(settings: &[Setting]) -> Element {
    let fields = settings.iter().map(|setting| {
        let values: Vec<&str> = setting.values.iter().map(String::as_str).collect();
        (setting.field, values)
    });
    submission(settings::FORM_TYPE, fields)
}

/// A form that is submitted (XEP-0004 §3.2).
pub fn submission<'a>(
    form_type: &str,
    fields: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>,
) -> Element {
    let mut form = element("x", ns::DATA_FORMS, &[("type", "submit")]);
    let mut add = |name: &str, values: &[&str]| {
        let mut field = element("field", ns::DATA_FORMS, &[("var", name)]);
        for value in values {
            let mut child = element("value", ns::DATA_FORMS, &[]);
            if !value.is_empty() {
                child.append_text(*value);
            }
            field.append_child(child);
        }
        form.append_child(field);
    };
    add("FORM_TYPE", &[form_type]);
    for (name, values) in fields {
        add(name, &values);
    }
    form
}

fn role(word: &str) -> Result<String, Wrong> {
    let known = ROLES.contains(&word);
    let expected = "`all`, `none`, or roles joined by `+`";
    if known { Ok(word.to_owned()) } else { Err(values::bad(word, expected, "")) }
}

const ROLES: [&str; 3] = ["moderator", "participant", "visitor"];

const SETTINGS: [(&str, &str, Kind); 18] = [
    ("name", "muc#roomconfig_roomname", Kind::Text),
    ("description", "muc#roomconfig_roomdesc", Kind::Text),
    ("persistent", "muc#roomconfig_persistentroom", Kind::YesNo),
    ("public", "muc#roomconfig_publicroom", Kind::YesNo),
    ("members-only", "muc#roomconfig_membersonly", Kind::YesNo),
    ("moderated", "muc#roomconfig_moderatedroom", Kind::YesNo),
    ("whois", "muc#roomconfig_whois", WHOIS),
    ("password", "muc#roomconfig_roomsecret", Kind::Text),
    ("change-subject", "muc#roomconfig_changesubject", Kind::YesNo),
    ("allow-invites", "muc#roomconfig_allowinvites", Kind::YesNo),
    (
        "member-invites",
        "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites",
        Kind::YesNo,
    ),
    ("private-messages", "muc#roomconfig_allowpm", PRIVATE_MESSAGES),
    ("presence-broadcast", "muc#roomconfig_presencebroadcast", Kind::Roles),
    ("member-lists", "muc#roomconfig_getmemberlist", READERS),
    ("history-max", "muc#roomconfig_historylength", Kind::Number),
    ("max-users", "muc#roomconfig_maxusers", Kind::Limit),
    ("logging", "muc#roomconfig_enablelogging", Kind::YesNo),
    ("slaves", "muc#roomconfig_distributed", SLAVES),
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

const READERS: Kind =
    Kind::One(&[("yes", "moderator participant"), ("no", "moderator")], "`yes` or `no`");
