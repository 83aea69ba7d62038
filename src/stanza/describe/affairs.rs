//! A word or two for forms, invitations, registrations, and the elements of `#slave`.

use minidom::Element;

use super::ShortNames;
use crate::stanza::ns;

/// The words of a form: what it is, and what is filled in.
pub(super) fn form(payload: &Element) -> String {
    let type_ = payload.attr("type").unwrap_or("form");
    let mut words = Vec::new();
    let mut name = type_.to_owned();
    for field in payload.children().filter(|child| child.name() == "field") {
        let values = field.children().filter(|child| child.name() == "value");
        let values = values.map(Element::text).collect::<Vec<_>>().join("+");
        match field.attr("var") {
            Some("FORM_TYPE") => name = format!("{type_} {}", last_part(&values)),
            // A form that is to be filled in has many fields, with what is so now.
            Some(var) if type_ == "submit" => words.push(format!("{}={values}", last_part(var))),
            _ => {}
        }
    }
    words.insert(0, name);
    words.join(" ")
}

/// What comes after the prefix that all names of XEP-0045's fields have.
fn last_part(name: &str) -> &str {
    name.rsplit(['#', '_']).next().unwrap_or(name)
}

/// What is asked of a room's owner, or of its register: a form, or an end.
pub(super) fn query(word: &str, payload: &Element, names: &ShortNames) -> String {
    let mut words = vec![word.to_owned()];
    for child in payload.children() {
        words.push(match child.attr("jid") {
            _ if child.is("x", ns::DATA_FORMS) => form(child),
            Some(jid) => format!("{} {}", child.name(), names.jid(jid)),
            None => child.name().to_owned(),
        });
    }
    words.join(" ")
}

/// An invitation past the room (XEP-0249).
pub(super) fn invitation(payload: &Element, names: &ShortNames) -> String {
    format!("invited to {}", names.jid(payload.attr("jid").unwrap_or_default()))
}

/// One element of `#slave`.
pub(super) fn slave(payload: &Element) -> String {
    let mut words = vec![payload.name().to_owned()];
    let resume = payload.children().find(|child| child.name() == "resume");
    words.extend(payload.attr("instance").map(str::to_owned));
    words.extend(resume.and_then(position).map(|position| format!("resume {position}")));
    words.extend(position(payload));
    words.extend(payload.attr("sync").map(str::to_owned));
    words.extend(payload.attr("late").map(|late| format!("late {late}")));
    if matches!(payload.attr("backfill"), Some("true" | "1")) {
        words.push("backfill".to_owned());
    }
    match payload.children().filter(|child| child.name() == "occupant").count() {
        0 => {}
        1 => words.push("1 occupant".to_owned()),
        many => words.push(format!("{many} occupants")),
    }
    words.join(" ")
}

/// `e7/412`
fn position(payload: &Element) -> Option<String> {
    Some(format!("{}/{}", payload.attr("epoch")?, payload.attr("seq")?))
}
