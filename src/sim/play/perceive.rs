//! What people perceive: which stanza means that somebody spoke, came, went.

mod affairs;

use super::deeds::{affiliation_name, role_name};
use super::view::{has_status, muc_user, new_nick, reason};
use crate::scenario::verbs::{Perception, Privilege, Sight};
use crate::stanza::{BareJid, Kind, Stanza, Type, element, ns};

/// What somebody is asked to have perceived.
pub(super) struct Asked<'a> {
    /// Where.
    pub(super) room: &'a BareJid,
    /// What.
    pub(super) what: &'a Perception,
    /// The real JID of whom it is about, where the script knows it.
    pub(super) jid: Option<BareJid>,
    /// Whether a nick is that of whom it is about.
    pub(super) is_subject: &'a dyn Fn(&str) -> bool,
}

impl Asked<'_> {
    /// Whether this stanza is that perception. `newly` says whether it showed somebody who was not
    /// there before.
    pub(super) fn is(&self, stanza: &Stanza, newly: bool) -> bool {
        match self.what {
            Perception::IsTold(condition) => {
                stanza.error().is_some_and(|error| error.defined_condition == *condition)
            }
            Perception::IsAnswered => stanza.kind == Kind::Iq && stanza.type_ == Type::Result,
            Perception::Hears { text, late, .. } => {
                stanza.is_groupchat()
                    && self.is_from_subject(stanza)
                    && stanza.body().as_ref() == Some(text)
                    && stanza.delay().is_some() == *late
            }
            Perception::HearsPrivately { text, .. } => {
                stanza.kind == Kind::Message
                    && matches!(stanza.type_, Type::Chat | Type::Normal | Type::Absent)
                    && self.is_from_subject(stanza)
                    && stanza.body().as_ref() == Some(text)
            }
            Perception::Sees { sight, codes, .. } => {
                stanza.kind == Kind::Presence
                    && self.is_from_subject(stanza)
                    && shows(sight, stanza, newly)
                    && codes.iter().all(|code| has_status(stanza, &code.to_string()))
            }
            Perception::SeesSubject(text) => {
                self.is_from_room(stanza)
                    && stanza.is_subject_change()
                    && stanza.subject().as_ref() == Some(text)
            }
            // Not one stanza's doing.
            Perception::IsInRoom | Perception::AreShownTheSame => false,
            _ => self.is_affair(stanza),
        }
    }

    fn is_from_room(&self, stanza: &Stanza) -> bool {
        stanza.from.as_ref().is_some_and(|from| from.to_bare() == *self.room)
    }

    fn is_from_subject(&self, stanza: &Stanza) -> bool {
        let nick = stanza.from.as_ref().and_then(|from| from.resource());
        self.is_from_room(stanza) && nick.is_some_and(|nick| (self.is_subject)(nick.as_str()))
    }
}

fn shows(sight: &Sight, stanza: &Stanza, newly: bool) -> bool {
    let gone = stanza.is_unavailable();
    let here = stanza.is_available();
    let payload = |name| stanza.payload(name, ns::CLIENT).map(crate::stanza::Element::text);
    let because = |wanted: &Option<String>| wanted.is_none() || reason(stanza) == *wanted;
    match sight {
        Sight::Arrive => here && newly,
        Sight::Leave(saying) => {
            let moved = ["301", "303", "307"].iter().any(|code| has_status(stanza, code));
            gone && !moved && (saying.is_none() || payload("status") == *saying)
        }
        Sight::Kicked(wanted) => gone && has_status(stanza, "307") && because(wanted),
        Sight::Banned(wanted) => gone && has_status(stanza, "301") && because(wanted),
        Sight::Removed => {
            gone && ["321", "322", "332", "333"].iter().any(|code| has_status(stanza, code))
        }
        Sight::Made(privilege, wanted) => here && has(privilege, stanza) && because(wanted),
        Sight::Away(status) => {
            let away = payload("show").is_some_and(|show| show == "away");
            here && away && (status.is_none() || payload("status") == *status)
        }
        Sight::Back => here && !newly && payload("show").is_none(),
        Sight::As(nick) => gone && new_nick(stanza).as_ref() == Some(nick),
    }
}

/// Whether the room says that the occupant has this role or affiliation.
fn has(privilege: &Privilege, stanza: &Stanza) -> bool {
    let item = muc_user(stanza).and_then(|x| x.get_child("item", ns::MUC_USER));
    let (name, value) = attribute_of(privilege);
    item.is_some_and(|item| item.attr(name) == Some(value))
}

fn attribute_of(privilege: &Privilege) -> (&'static str, &'static str) {
    match privilege {
        Privilege::Role(role) => ("role", role_name(role)),
        Privilege::Affiliation(affiliation) => ("affiliation", affiliation_name(affiliation)),
    }
}

/// What the expected stanza looks like, for a reader to compare with what came.
pub(super) fn sketch(room: &BareJid, nick: Option<&str>, what: &Perception) -> Stanza {
    let stanza = match what {
        Perception::Hears { text, late, .. } => {
            let message = texted(Stanza::message(Type::Groupchat), "body", Some(text));
            if *late { message.with_payload(element("delay", ns::DELAY, &[])) } else { message }
        }
        Perception::HearsPrivately { text, .. } => {
            texted(Stanza::message(Type::Chat), "body", Some(text))
        }
        Perception::SeesSubject(text) => {
            texted(Stanza::message(Type::Groupchat), "subject", Some(text))
        }
        Perception::IsTold(condition) => {
            Stanza::message(Type::Error).with_payload(crate::stanza::error_element(
                crate::stanza::ErrorType::Cancel,
                condition.clone(),
                None,
                None,
            ))
        }
        Perception::IsAnswered => Stanza::new(Kind::Iq, Type::Result),
        Perception::IsInRoom => Stanza::presence(Type::Absent).with_payload(codes(&["110"])),
        Perception::Sees { sight, .. } => sketch_sight(sight),
        affair => return affairs::sketch(room, affair),
    };
    let from = nick.and_then(|nick| room.with_resource_str(nick).ok());
    match from {
        Some(from) => stanza.with_from(crate::stanza::Jid::from(from)),
        None => stanza,
    }
}

fn sketch_sight(sight: &Sight) -> Stanza {
    let gone = Stanza::presence(Type::Unavailable);
    let here = Stanza::presence(Type::Absent);
    match sight {
        Sight::Arrive | Sight::Back => here,
        Sight::Leave(saying) => texted(gone, "status", saying.as_ref()),
        Sight::Kicked(_) => gone.with_payload(codes(&["307"])),
        Sight::Banned(_) => gone.with_payload(codes(&["301"])),
        Sight::Removed => gone.with_payload(codes(&["333"])),
        Sight::Made(privilege, _) => {
            let mut x = codes(&[]);
            x.append_child(element("item", ns::MUC_USER, &[attribute_of(privilege)]));
            here.with_payload(x)
        }
        Sight::Away(status) => {
            let away = texted(here, "show", Some(&"away".to_owned()));
            texted(away, "status", status.as_ref())
        }
        Sight::As(nick) => {
            let mut x = codes(&["303"]);
            x.append_child(element("item", ns::MUC_USER, &[("nick", nick)]));
            gone.with_payload(x)
        }
    }
}

fn codes(codes: &[&str]) -> crate::stanza::Element {
    let mut x = element("x", ns::MUC_USER, &[]);
    for code in codes {
        x.append_child(element("status", ns::MUC_USER, &[("code", code)]));
    }
    x
}

fn texted(stanza: Stanza, name: &str, text: Option<&String>) -> Stanza {
    let Some(text) = text else { return stanza };
    let mut child = element(name, ns::CLIENT, &[]);
    child.append_text(text.as_str());
    stanza.with_payload(child)
}
