//! Asking for a voice in a moderated room, and granting it (XEP-0045 §7.13, §8.6): the same form
//! goes to the moderators and comes back.

use minidom::Element;
use xmpp_parsers::data_forms::{DataFormType, Field, FieldType};

use super::form::{self, Answer, Problem};
use crate::stanza::Jid;

/// The `FORM_TYPE`.
pub const FORM_TYPE: &str = "http://jabber.org/protocol/muc#request";

/// What a submitted form says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voice {
    /// The sender asks for it.
    Request,
    /// The sender decides about somebody.
    Decision {
        /// Whom: his full JID, as the form had it.
        jid: Jid,
        /// Whether he is to have it.
        allowed: bool,
    },
    /// Nothing: the form was cancelled.
    Nothing,
}

impl Voice {
    /// Read a submitted form.
    ///
    /// # Errors
    ///
    /// If it is none of the kind, or wants another role than the one with a voice.
    pub fn read(submitted: &Element) -> Result<Self, Problem> {
        let Answer::Submitted(mut fields) = Answer::read(submitted, FORM_TYPE)? else {
            return Ok(Self::Nothing);
        };
        if fields.text(ROLE, TEXT_MAX)?.is_some_and(|role| role != "participant") {
            return Err(Problem::of(ROLE, "must be participant"));
        }
        let jid = fields.text(JID, TEXT_MAX)?.filter(|jid| !jid.is_empty());
        fields.text(NICK, TEXT_MAX)?;
        let allowed = fields.boolean(ALLOW)?;
        fields.finish()?;
        match (jid, allowed) {
            (Some(jid), allowed) => {
                let jid = Jid::new(&jid).map_err(|_| Problem::of(JID, "is no JID"))?;
                Ok(Self::Decision { jid, allowed: allowed.unwrap_or(false) })
            }
            (None, Some(_)) => Err(Problem::of(JID, "is required")),
            (None, None) => Ok(Self::Request),
        }
    }
}

/// What a moderator is asked.
pub fn form(jid: &Jid, nick: &str) -> Element {
    let role = form::list(
        ROLE,
        FieldType::ListSingle,
        "Requested role",
        &[("participant", "Participant")],
        &["participant"],
    );
    let fields: Vec<Field> = vec![
        role,
        form::field(JID, FieldType::JidSingle, "User ID", jid.as_str()),
        form::field(NICK, FieldType::TextSingle, "Room nickname", nick),
        form::boolean(ALLOW, "Allow this person to speak?", false),
    ];
    form::element(DataFormType::Form, FORM_TYPE, "Voice Request", fields)
}

const ROLE: &str = "muc#role";
const JID: &str = "muc#jid";
const NICK: &str = "muc#roomnick";
const ALLOW: &str = "muc#request_allow";

/// The longest value of a field, in characters: as long as a JID may be.
const TEXT_MAX: usize = 3_071;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stanza::attribute;

    fn submit(fields: &str) -> Result<Voice, Problem> {
        let xml = format!(
            "<x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE'><value>{FORM_TYPE}</value></field>{fields}</x>"
        );
        Voice::read(&xml.parse().unwrap())
    }

    #[test]
    fn who_asks_says_nothing_but_the_role() {
        let role = "<field var='muc#role'><value>participant</value></field>";
        assert_eq!(submit(role), Ok(Voice::Request));
        assert_eq!(submit(""), Ok(Voice::Request));
        let too_much = "<field var='muc#role'><value>moderator</value></field>";
        assert_eq!(submit(too_much).unwrap_err().text(), "muc#role: must be participant");
    }

    #[test]
    fn the_form_that_a_moderator_gets_comes_back_as_his_decision() {
        let jid = Jid::new("msa@vesa.yeggmaex.irc/bicycle").unwrap();
        let sent = attribute(form(&jid, "Efchen"), "type", "submit");
        assert_eq!(Voice::read(&sent), Ok(Voice::Decision { jid, allowed: false }));
    }

    #[test]
    fn a_decision_needs_somebody_whom_it_is_about() {
        let allow = "<field var='muc#request_allow'><value>1</value></field>";
        assert_eq!(submit(allow).unwrap_err().text(), "muc#jid: is required");
        let wrong = format!("{allow}<field var='muc#jid'><value>@</value></field>");
        assert_eq!(submit(&wrong).unwrap_err().text(), "muc#jid: is no JID");
    }

    #[test]
    fn a_cancelled_form_changes_nothing() {
        let cancelled = "<x xmlns='jabber:x:data' type='cancel'/>".parse().unwrap();
        assert_eq!(Voice::read(&cancelled), Ok(Voice::Nothing));
    }
}
