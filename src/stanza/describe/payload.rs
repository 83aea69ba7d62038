//! A word or two for each payload.

use minidom::Element;
use xmpp_parsers::muc::user::{Item, MucUser};
use xmpp_parsers::stanza_error::StanzaError;

use super::{ShortNames, affairs};
use crate::stanza::{dmuc, ns};

/// The words for a payload; nothing if it would tell a reader nothing. One that is not what its
/// name says gets its name only.
pub(super) fn describe(payload: &Element, names: &ShortNames) -> Option<String> {
    let namespace = payload.ns();
    match (namespace.as_str(), payload.name()) {
        (ns::CLIENT, "body" | "status") => Some(quoted(&payload.text())),
        (ns::CLIENT, "subject") => Some(format!("subject {}", quoted(&payload.text()))),
        (ns::CLIENT, "show") => Some(payload.text()),
        (ns::CLIENT, "priority" | "thread") => None,
        (ns::CLIENT, "error") => Some(error(payload)),
        (ns::DELAY, "delay") => Some(delay(payload)),
        (ns::MUC, "x") => Some(join(payload)),
        (ns::MUC_USER, "x") => muc_user(payload, names),
        (ns::MUC_ADMIN, "query") => Some(admin(payload)),
        (ns::MUC_OWNER, "query") => Some(affairs::query("owner", payload, names)),
        (ns::REGISTER, "query") => Some(affairs::query("register", payload, names)),
        (ns::DATA_FORMS, "x") => Some(affairs::form(payload)),
        (ns::DIRECT_INVITATION, "x") => Some(affairs::invitation(payload, names)),
        (ns::OCCUPANT_IDS, "occupant-id") | (ns::STANZA_IDS, "stanza-id") => None,
        (ns::SLAVE, _) => Some(affairs::slave(payload)),
        (ns::DMUC, "x") => Some(dmuc_x(payload, names)),
        _ => Some(payload.name().to_owned()),
    }
}

/// Text in quotes, cut where it gets long.
fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 48;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("\"{}…\"", &text[..at]),
        None => format!("\"{text}\""),
    }
}

/// The stanza is an error already by its type; so the condition is enough.
fn error(payload: &Element) -> String {
    let condition = payload.children().find(|child| child.has_ns(ns::STANZA_ERRORS));
    let Some(condition) = condition else {
        return "error".to_owned();
    };
    let kind = payload.attr("type").unwrap_or("?");
    match StanzaError::try_from(payload.clone()).ok().and_then(|error| error.by) {
        Some(by) => format!("{kind}/{} by {by}", condition.name()),
        None => format!("{kind}/{}", condition.name()),
    }
}

fn delay(payload: &Element) -> String {
    match dmuc::Delay::try_from(payload.clone()) {
        Ok(delay) => format!("of {}", delay.stamp.time_of_day().trim_end_matches(".000000")),
        Err(_) => "delay".to_owned(),
    }
}

fn join(payload: &Element) -> String {
    let mut words = vec!["join".to_owned()];
    words.extend(payload.get_child("history", ns::MUC).map(history));
    words.join(" ")
}

/// The limits of history, or the mark of it.
fn history(payload: &Element) -> String {
    let mut out = "history".to_owned();
    let limits = [
        ("maxstanzas", "≤", ""),
        ("maxchars", "≤", " chars"),
        ("seconds", "≤", " s"),
        ("since", "≥", ""),
    ];
    for (name, sign, unit) in limits {
        if let Some(limit) = payload.attr(name) {
            out.push_str(&format!("{sign}{limit}{unit}"));
        }
    }
    out
}

fn muc_user(payload: &Element, names: &ShortNames) -> Option<String> {
    let Ok(user) = MucUser::try_from(payload.clone()) else {
        // An affiliation of somebody who is not there has no role beside it.
        let items = payload.children().filter(|child| child.name() == "item");
        let known = items.filter_map(|item| Some((item.attr("affiliation")?, item.attr("jid")?)));
        let words: Vec<_> = known.map(|(is, who)| format!("{is} ({})", names.jid(who))).collect();
        let none = payload.name().to_owned();
        return Some(if words.is_empty() { none } else { words.join(" ") });
    };
    let mut words: Vec<String> = user.items.iter().map(|entry| item(entry, names)).collect();
    words.extend(
        payload
            .children()
            .filter(|child| child.name() == "status")
            .filter_map(|status| status.attr("code").map(str::to_owned)),
    );
    for word in ["invite", "decline", "destroy"] {
        words.extend(payload.has_child(word, ns::MUC_USER).then(|| word.to_owned()));
    }
    (!words.is_empty()).then(|| words.join(" "))
}

/// `moderator/owner`, then what is known of who it is.
fn item(item: &Item, names: &ShortNames) -> String {
    let word = |value: &dyn xso::AsXmlText, default: &str| {
        value.as_xml_text().map_or_else(|_| default.to_owned(), |text| text.into_owned())
    };
    let mut out = format!("{}/{}", word(&item.role, "?"), word(&item.affiliation, "?"));
    if let Some(nick) = &item.nick {
        out.push_str(&format!(" as {nick}"));
    }
    if let Some(jid) = &item.jid {
        out.push_str(&format!(" ({})", names.jid(jid.as_str())));
    }
    if let Some(reason) = &item.reason {
        out.push_str(&format!(" {}", quoted(&reason.0)));
    }
    out
}

/// What the items of a query change: `role=none nick=pinky`.
fn admin(payload: &Element) -> String {
    let mut words = vec!["admin".to_owned()];
    for item in payload.children() {
        let attributes = item.attrs().iter();
        words.extend(attributes.map(|((_, name), value)| format!("{name}={value}")));
    }
    words.join(" ")
}

fn dmuc_x(payload: &Element, names: &ShortNames) -> String {
    let mut words = Vec::new();
    for child in payload.children() {
        words.push(match (child.name(), child.attr("jid")) {
            _ if child.has_ns(ns::SLAVE) => affairs::slave(child),
            ("history", _) => history(child),
            ("delay", _) => delay(child),
            (name, Some(jid)) => format!("{name} {}", names.jid(jid)),
            (name, None) => name.to_owned(),
        });
    }
    if words.is_empty() { "dmuc".to_owned() } else { words.join(" ") }
}
