//! Mediated invitations and what comes of them (XEP-0045 §7.8.2): the room passes them on, in its
//! own name, in the shape that Prosody gives them.
//!
//! Direct invitations (XEP-0249) go from user to user; no room sees them.

use std::sync::Arc;

use minidom::Element;

use crate::stanza::{BareJid, Jid, Stanza, element, ns};

/// Which of the two a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letter {
    /// An invitation.
    Invite,
    /// The answer that one will not come.
    Decline,
}

impl Letter {
    /// The element's name.
    const fn name(self) -> &'static str {
        match self {
            Letter::Invite => "invite",
            Letter::Decline => "decline",
        }
    }

    /// Its element in a message, if it is one and says to whom.
    pub fn of(stanza: &Stanza) -> Option<(Self, &Element)> {
        let first = stanza.payload("x", ns::MUC_USER)?.children().next()?;
        let letter = [Letter::Invite, Letter::Decline]
            .into_iter()
            .find(|letter| first.is(letter.name(), ns::MUC_USER));
        Some((letter?, first)).filter(|(_, letter)| letter.attr("to").is_some())
    }

    /// The message as the room passes it on, without addressee. `password` opens the room to who is
    /// invited.
    pub fn passed_on(
        self,
        stanza: &Stanza,
        letter: &Element,
        room: &BareJid,
        password: Option<&str>,
    ) -> Stanza {
        let from = stanza.from.as_ref().map(|from| from.as_str()).unwrap_or_default();
        let reason = letter.get_child("reason", ns::MUC_USER).map(Element::text);
        let reason = reason.unwrap_or_default();
        let mut told = element(self.name(), ns::MUC_USER, &[("from", from)]);
        told.append_child(with_text("reason", ns::MUC_USER, &reason));
        if let (Letter::Invite, Some(thread)) = (self, letter.get_child("continue", ns::MUC_USER)) {
            told.append_child(thread.clone());
        }
        let mut x = element("x", ns::MUC_USER, &[]);
        x.append_child(told);
        if let (Letter::Invite, Some(password)) = (self, password) {
            x.append_child(with_text("password", ns::MUC_USER, password));
        }
        let own = |payload: &Element| {
            !payload.is("x", ns::MUC_USER)
                && !payload.is("x", ns::DIRECT_INVITATION)
                && !ns::is_dmuc(payload)
        };
        let sender: Arc<Jid> = Arc::new(room.clone().into());
        let mut message = stanza.clone().retaining(own).with_from(sender).with_payload(x);
        message.to = None;
        if self == Letter::Invite {
            let mut legacy = element("x", ns::DIRECT_INVITATION, &[("jid", room.as_str())]);
            legacy.append_text(reason.as_str());
            message = message.with_payload(legacy);
        }
        if message.has_payload("body", ns::CLIENT) {
            return message;
        }
        let body = self.body(from, room, &reason);
        message.with_payload(with_text("body", ns::CLIENT, &body))
    }

    /// A text for clients that know of no invitations.
    fn body(self, from: &str, room: &BareJid, reason: &str) -> String {
        let what = match self {
            Letter::Invite => "invited you to the room",
            Letter::Decline => "declined your invite to the room",
        };
        let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        format!("{from} {what} {room}{why}")
    }
}

fn with_text(name: &str, namespace: &str, text: &str) -> Element {
    let mut element = element(name, namespace, &[]);
    if !text.is_empty() {
        element.append_text(text);
    }
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "wallops@channel.avalon.irc";

    fn passed_on(xml: &str, password: Option<&str>) -> Stanza {
        let stanza: Stanza = xml.parse().unwrap();
        let (letter, element) = Letter::of(&stanza).unwrap();
        letter.passed_on(&stanza, element, &ROOM.parse().unwrap(), password)
    }

    fn letter(name: &str, children: &str, others: &str) -> String {
        format!(
            "<message from='argl@killrc.oulubox.irc/laptop' to='{ROOM}' id='i'>\
             <x xmlns='{}'><{name} to='msa@vesa.yeggmaex.irc'>{children}</{name}></x>{others}\
             </message>",
            ns::MUC_USER
        )
    }

    #[test]
    fn an_invitation_says_who_why_and_where() {
        let told = passed_on(&letter("invite", "<reason>Join us</reason>", ""), None);
        let expected: Stanza = format!(
            "<message from='{ROOM}' id='i'><x xmlns='{}'><invite \
             from='argl@killrc.oulubox.irc/laptop'><reason>Join us</reason></invite></x>\
             <x xmlns='jabber:x:conference' jid='{ROOM}'>Join us</x>\
             <body>argl@killrc.oulubox.irc/laptop invited you to the room {ROOM} (Join us)</body>\
             </message>",
            ns::MUC_USER
        )
        .parse()
        .unwrap();
        assert_eq!(told, expected);
    }

    #[test]
    fn without_a_reason_the_element_is_empty_and_the_text_has_no_brackets() {
        let told = passed_on(&letter("invite", "", ""), None);
        let x = told.payload("x", ns::MUC_USER).unwrap();
        let reason = x.get_child("invite", ns::MUC_USER).unwrap().get_child("reason", ns::MUC_USER);
        assert_eq!(reason.unwrap().text(), "");
        assert!(told.body().unwrap().ends_with(&format!("invited you to the room {ROOM}")));
    }

    #[test]
    fn password_thread_and_a_text_of_ones_own_go_along() {
        let thread = "<continue thread='t1'/>";
        let told = passed_on(&letter("invite", thread, "<body>Come!</body>"), Some("avaunt"));
        assert_eq!(told.body().unwrap(), "Come!");
        let x = told.payload("x", ns::MUC_USER).unwrap();
        assert_eq!(x.get_child("password", ns::MUC_USER).unwrap().text(), "avaunt");
        let invite = x.get_child("invite", ns::MUC_USER).unwrap();
        let thread = invite.get_child("continue", ns::MUC_USER).unwrap();
        assert_eq!(thread.attr("thread"), Some("t1"));
    }

    #[test]
    fn a_decline_has_no_invitation_and_no_password() {
        let told = passed_on(&letter("decline", "<reason>Busy</reason>", ""), Some("avaunt"));
        let x = told.payload("x", ns::MUC_USER).unwrap();
        assert!(x.get_child("password", ns::MUC_USER).is_none());
        assert!(!told.has_payload("x", ns::DIRECT_INVITATION));
        let decline = x.get_child("decline", ns::MUC_USER).unwrap();
        assert_eq!(decline.attr("from"), Some("argl@killrc.oulubox.irc/laptop"));
        assert_eq!(
            told.body().unwrap(),
            format!(
                "argl@killrc.oulubox.irc/laptop declined your invite to the room {ROOM} (Busy)"
            )
        );
    }

    #[test]
    fn nobody_forges_an_invitation_to_another_room() {
        let forged = "<x xmlns='jabber:x:conference' jid='trap@example.org'/>";
        let told = passed_on(&letter("invite", "", forged), None);
        let legacy: Vec<_> =
            told.payloads.iter().filter(|p| p.is("x", ns::DIRECT_INVITATION)).collect();
        assert_eq!(legacy.len(), 1);
        assert_eq!(legacy[0].attr("jid"), Some(ROOM));
    }
}
