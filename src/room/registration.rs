//! Registering with a room, `jabber:iq:register` (XEP-0077, XEP-0045 §7.10): a nick is reserved for
//! who registers it.

use minidom::Element;
use xmpp_parsers::data_forms::{DataFormType, Field, FieldType};

use super::form::{self, Answer, Problem};
use crate::stanza::{element, ns};

/// The `FORM_TYPE`.
pub const FORM_TYPE: &str = "http://jabber.org/protocol/muc#register";

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// This nick for himself.
    Reserve(String),
    /// Not to be registered any more.
    Remove,
    /// Nothing: he cancels the form.
    Cancel,
}

impl Registration {
    /// Read the `<query/>` of a request.
    ///
    /// # Errors
    ///
    /// If it asks for nothing, or has a form that is not this one, without a nick, or with more.
    pub fn read(query: &Element) -> Result<Self, Problem> {
        if query.has_child("remove", ns::REGISTER) {
            return Ok(Self::Remove);
        }
        let submitted = query.get_child("x", ns::DATA_FORMS);
        let submitted = submitted.ok_or_else(|| Problem::new("Missing dataform"))?;
        let mut fields = match Answer::read(submitted, FORM_TYPE)? {
            Answer::Cancelled => return Ok(Self::Cancel),
            Answer::Accepted => return Err(Problem::of(NICK, "is required")),
            Answer::Submitted(fields) => fields,
        };
        let nick = fields.text(NICK, NICK_MAX)?.filter(|nick| !nick.is_empty());
        let nick = nick.ok_or_else(|| Problem::of(NICK, "is required"))?;
        fields.finish()?;
        Ok(Self::Reserve(nick))
    }
}

/// The `<query/>` with the form, for who is not registered.
pub fn form() -> Element {
    let nick = Field {
        label: Some("Nickname".to_owned()),
        required: true,
        ..Field::new(NICK, FieldType::TextSingle)
    };
    let mut query = element("query", ns::REGISTER, &[]);
    query.append_child(form::element(DataFormType::Form, FORM_TYPE, "", vec![nick]));
    query
}

/// The `<query/>` for who is registered.
pub fn registered(nick: &str) -> Element {
    let mut query = element("query", ns::REGISTER, &[]);
    query.append_child(element("registered", ns::REGISTER, &[]));
    let mut username = element("username", ns::REGISTER, &[]);
    username.append_text(nick);
    query.append_child(username);
    query
}

const NICK: &str = "muc#register_roomnick";

/// The longest nick that is looked at, in characters; which are too long for a room, `nick` says.
const NICK_MAX: usize = 1_023;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(children: &str) -> Result<Registration, Problem> {
        let query = format!("<query xmlns='jabber:iq:register'>{children}</query>");
        Registration::read(&query.parse().unwrap())
    }

    fn submit(fields: &str) -> Result<Registration, Problem> {
        read(&format!(
            "<x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE'><value>{FORM_TYPE}</value></field>{fields}</x>"
        ))
    }

    #[test]
    fn a_nick_is_reserved_or_given_up() {
        let nick = "<field var='muc#register_roomnick'><value>Wumpus</value></field>";
        assert_eq!(submit(nick), Ok(Registration::Reserve("Wumpus".to_owned())));
        assert_eq!(read("<remove/>"), Ok(Registration::Remove));
        let cancelled = "<x xmlns='jabber:x:data' type='cancel'/>";
        assert_eq!(read(cancelled), Ok(Registration::Cancel));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(read("").is_err());
        for fields in ["", "<field var='muc#register_roomnick'/>"] {
            let problem = submit(fields).unwrap_err();
            assert_eq!(problem.text(), "muc#register_roomnick: is required");
        }
        let more = "<field var='muc#register_roomnick'><value>Wumpus</value></field>\
                    <field var='shoe size'><value>44</value></field>";
        assert!(submit(more).unwrap_err().text().starts_with("shoe size: "));
    }

    #[test]
    fn the_form_asks_for_a_nick_and_nothing_else() {
        let query = form();
        let form = query.get_child("x", ns::DATA_FORMS).unwrap();
        let fields: Vec<_> = form.children().map(String::from).collect();
        let expected = [
            format!(
                "<field xmlns=\"jabber:x:data\" var=\"FORM_TYPE\" type=\"hidden\">\
                 <value>{FORM_TYPE}</value></field>"
            ),
            "<field xmlns=\"jabber:x:data\" var=\"muc#register_roomnick\" type=\"text-single\" \
             label=\"Nickname\"><required/></field>"
                .to_owned(),
        ];
        let expected: Vec<Element> = expected.iter().map(|xml| xml.parse().unwrap()).collect();
        let fields: Vec<Element> = fields.iter().map(|xml| xml.parse().unwrap()).collect();
        assert_eq!(fields, expected);
    }
}
