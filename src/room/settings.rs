//! The owner's form, `muc#roomconfig` (XEP-0045 §10.1.3, §10.2): what a room offers to be
//! configured, and what comes of a submission.
//!
//! A submission may have some of the fields only; the others keep their values. It is taken whole
//! or not at all.

use std::collections::BTreeSet;

use minidom::Element;
use xmpp_parsers::data_forms::{DataFormType, Field, FieldType};

use super::form::{self, Fields, Problem};
use super::{BroadcastRole, PrivateMessages, RoomConfig, Whois};

/// The `FORM_TYPE`.
pub const FORM_TYPE: &str = "http://jabber.org/protocol/muc#roomconfig";

/// The form with the values that the room has now.
pub fn form(config: &RoomConfig) -> Element {
    let fields = [identity_fields(config), entry_fields(config), conduct_fields(config)].concat();
    form::element(DataFormType::Form, FORM_TYPE, &format!("Room {}", config.jid), fields)
}

fn identity_fields(config: &RoomConfig) -> Vec<Field> {
    let name = config.name.as_deref().unwrap_or_default();
    let description = config.description.as_deref().unwrap_or_default();
    vec![
        form::field(NAME, FieldType::TextSingle, "Name", name),
        form::field(DESCRIPTION, FieldType::TextSingle, "What it is about", description),
        form::boolean(PERSISTENT, "Outlives its last occupant", config.persistent),
        form::boolean(PUBLIC, "Is listed by the service", config.public),
        form::boolean(LOGGING, "Is recorded in public", config.logging),
        form::boolean(DISTRIBUTED, "May be served by other servers' slaves", config.distributed),
    ]
}

fn entry_fields(config: &RoomConfig) -> Vec<Field> {
    let password = config.password.as_deref().unwrap_or_default();
    let users = config.max_users.map_or_else(|| NO_LIMIT.to_owned(), |limit| limit.to_string());
    let mut offered: Vec<_> = ["10", "20", "50", "100", "1000"].map(|n| (n, n)).into();
    if config.max_users.is_some() && !offered.iter().any(|(value, _)| *value == users) {
        offered.push((&users, &users));
    }
    offered.push((NO_LIMIT, "No limit"));
    let list = FieldType::ListSingle;
    vec![
        form::boolean(MEMBERS_ONLY, "Members only", config.members_only),
        form::field(PASSWORD, FieldType::TextPrivate, "Password", password),
        form::list(MAX_USERS, list, "Maximum of occupants", &offered, &[&users]),
        form::boolean(INVITES, "Participants may invite", config.allow_invites),
        form::boolean(MEMBER_INVITES, "Members may invite members", config.allow_member_invites),
    ]
}

fn conduct_fields(config: &RoomConfig) -> Vec<Field> {
    let whois = [("moderators", "Moderators only"), ("anyone", "Anyone")];
    let private = [
        ("anyone", "Anyone"),
        ("participants", "Who has a voice"),
        ("moderators", "Moderators only"),
        ("none", "Nobody"),
    ];
    let roles = [
        ("moderator", "Moderators"),
        ("participant", "Participants"),
        ("visitor", "Visitors"),
        ("none", "Who is not in the room and has a nick reserved"),
    ];
    let shown: Vec<_> = BROADCAST
        .iter()
        .filter(|(_, role)| config.presence_broadcast.contains(role))
        .map(|(name, _)| *name)
        .collect();
    let readers: &[&str] =
        if config.member_lists { &["moderator", "participant"] } else { &["moderator"] };
    let (single, multi) = (FieldType::ListSingle, FieldType::ListMulti);
    let history = config.history_max.to_string();
    vec![
        form::boolean(MODERATED, "Newcomers have no voice", config.moderated),
        form::list(
            WHOIS,
            single.clone(),
            "Who sees real JIDs",
            &whois,
            &[name_of(&WHOSE, config.whois)],
        ),
        form::boolean(SUBJECT, "Participants may change the subject", config.change_subject),
        form::list(
            PRIVATE,
            single,
            "Who may send private messages",
            &private,
            &[name_of(&SENDERS, config.private_messages)],
        ),
        form::list(READERS, multi.clone(), "Who reads the list of members", &roles[..2], readers),
        form::list(PRESENCE, multi, "Whose presence is shown", &roles, &shown),
        form::field(HISTORY, FieldType::TextSingle, "Messages for newcomers", &history),
    ]
}

/// The room as it is after a submission.
///
/// # Errors
///
/// If a field is unknown or its value impossible; the text names it.
pub fn apply(config: &RoomConfig, mut fields: Fields) -> Result<RoomConfig, Problem> {
    let mut new = config.clone();
    apply_texts(&mut new, &mut fields)?;
    apply_booleans(&mut new, &mut fields)?;
    apply_choices(&mut new, &mut fields)?;
    apply_numbers(&mut new, &mut fields)?;
    fields.finish()?;
    Ok(new)
}

fn apply_texts(new: &mut RoomConfig, fields: &mut Fields) -> Result<(), Problem> {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    if let Some(text) = fields.text(NAME, NAME_MAX)? {
        new.name = some(text);
    }
    if let Some(text) = fields.text(DESCRIPTION, DESCRIPTION_MAX)? {
        new.description = some(text);
    }
    let secret = fields.text(PASSWORD, PASSWORD_MAX)?;
    let protected = fields.boolean(PROTECTED)?;
    if let Some(text) = secret {
        new.password = some(text);
    }
    match (protected, &new.password) {
        (Some(true), None) => Err(Problem::of(PROTECTED, "there is no password")),
        (Some(false), _) => {
            new.password = None;
            Ok(())
        }
        _ => Ok(()),
    }
}

fn apply_booleans(new: &mut RoomConfig, fields: &mut Fields) -> Result<(), Problem> {
    for (var, value) in [
        (PERSISTENT, &mut new.persistent),
        (PUBLIC, &mut new.public),
        (LOGGING, &mut new.logging),
        (DISTRIBUTED, &mut new.distributed),
        (MEMBERS_ONLY, &mut new.members_only),
        (INVITES, &mut new.allow_invites),
        (MEMBER_INVITES, &mut new.allow_member_invites),
        (MODERATED, &mut new.moderated),
        (SUBJECT, &mut new.change_subject),
    ] {
        if let Some(submitted) = fields.boolean(var)? {
            *value = submitted;
        }
    }
    Ok(())
}

fn apply_choices(new: &mut RoomConfig, fields: &mut Fields) -> Result<(), Problem> {
    if let Some(whois) = fields.choice(WHOIS, &WHOSE)? {
        new.whois = whois;
    }
    if let Some(senders) = fields.choice(PRIVATE, &SENDERS)? {
        new.private_messages = senders;
    }
    if let Some(roles) = fields.choices(PRESENCE, &BROADCAST)? {
        new.presence_broadcast = roles.into_iter().collect();
    }
    let readers = [("moderator", false), ("participant", true)];
    if let Some(readers) = fields.choices(READERS, &readers)? {
        new.member_lists = readers.contains(&true);
    }
    Ok(())
}

fn apply_numbers(new: &mut RoomConfig, fields: &mut Fields) -> Result<(), Problem> {
    let number = |var, text: &str, least: u32, most: u32| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| Problem::of(var, &format!("must be {least} to {most}")))
    };
    if let Some(text) = fields.text(HISTORY, NUMBER_MAX)? {
        new.history_max = number(HISTORY, &text, 0, HISTORY_MAX)? as usize;
    }
    if let Some(text) = fields.text(MAX_USERS, NUMBER_MAX)? {
        new.max_users = match text.as_str() {
            NO_LIMIT | "" => None,
            text => Some(number(MAX_USERS, text, 1, USERS_MAX)?),
        };
    }
    Ok(())
}

/// What a submission wants of what shows in the room. A room may know more fields than ours does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Who shall see real JIDs.
    pub whois: Option<Whois>,
    /// Whose presence shall be shown.
    pub presence_broadcast: Option<BTreeSet<BroadcastRole>>,
    /// How many messages shall be kept.
    pub history_max: Option<usize>,
}

/// What a submission wants of that, as far as its values are possible.
pub fn wanted(mut fields: Fields) -> Wanted {
    let roles = fields.choices(PRESENCE, &BROADCAST).ok().flatten();
    let history = fields.text(HISTORY, NUMBER_MAX).ok().flatten();
    Wanted {
        whois: fields.choice(WHOIS, &WHOSE).ok().flatten(),
        presence_broadcast: roles.map(|roles| roles.into_iter().collect()),
        history_max: history.and_then(|number| number.parse().ok()),
    }
}

/// The status codes that tell of a change, in their order; none if nothing changed. What concerns
/// privacy has codes of its own, everything else is 104 (XEP-0045 §10.2.1).
pub fn codes(before: &RoomConfig, after: &RoomConfig) -> Vec<u16> {
    let private = RoomConfig { whois: after.whois, logging: after.logging, ..before.clone() };
    let mut codes = Vec::new();
    codes.extend((private != *after).then_some(104));
    if before.logging != after.logging {
        codes.push(if after.logging { 170 } else { 171 });
    }
    if before.whois != after.whois {
        codes.push(if after.whois == Whois::Anyone { 172 } else { 173 });
    }
    codes
}

fn name_of<T: PartialEq>(choices: &[(&'static str, T)], value: T) -> &'static str {
    choices.iter().find(|(_, choice)| *choice == value).map_or("", |(name, _)| name)
}

const NAME: &str = "muc#roomconfig_roomname";
const DESCRIPTION: &str = "muc#roomconfig_roomdesc";
const PERSISTENT: &str = "muc#roomconfig_persistentroom";
const PUBLIC: &str = "muc#roomconfig_publicroom";
const LOGGING: &str = "muc#roomconfig_enablelogging";
const DISTRIBUTED: &str = "muc#roomconfig_distributed";
const MEMBERS_ONLY: &str = "muc#roomconfig_membersonly";
/// Not offered, as the password says it all, but accepted: it is XEP-0045's.
const PROTECTED: &str = "muc#roomconfig_passwordprotectedroom";
const PASSWORD: &str = "muc#roomconfig_roomsecret";
const MAX_USERS: &str = "muc#roomconfig_maxusers";
const INVITES: &str = "muc#roomconfig_allowinvites";
const MEMBER_INVITES: &str = "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites";
const MODERATED: &str = "muc#roomconfig_moderatedroom";
const WHOIS: &str = "muc#roomconfig_whois";
const SUBJECT: &str = "muc#roomconfig_changesubject";
const PRIVATE: &str = "muc#roomconfig_allowpm";
const READERS: &str = "muc#roomconfig_getmemberlist";
const PRESENCE: &str = "muc#roomconfig_presencebroadcast";
const HISTORY: &str = "muc#roomconfig_historylength";

const NO_LIMIT: &str = "none";

const WHOSE: [(&str, Whois); 2] = [("moderators", Whois::Moderators), ("anyone", Whois::Anyone)];

const SENDERS: [(&str, PrivateMessages); 4] = [
    ("anyone", PrivateMessages::Anyone),
    ("participants", PrivateMessages::Participants),
    ("moderators", PrivateMessages::Moderators),
    ("none", PrivateMessages::Nobody),
];

const BROADCAST: [(&str, BroadcastRole); 4] = [
    ("moderator", BroadcastRole::Moderator),
    ("participant", BroadcastRole::Participant),
    ("visitor", BroadcastRole::Visitor),
    ("none", BroadcastRole::Absent),
];

/// The longest name of a room, in characters.
const NAME_MAX: usize = 256;
/// The longest description, in characters.
const DESCRIPTION_MAX: usize = 4_096;
/// The longest password, in characters.
const PASSWORD_MAX: usize = 256;
/// The longest number, in characters.
const NUMBER_MAX: usize = 16;
/// The longest history, in messages.
const HISTORY_MAX: u32 = 10_000;
/// The highest limit of occupants.
const USERS_MAX: u32 = 1_000_000;

#[cfg(test)]
mod tests;
