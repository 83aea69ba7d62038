//! A register as it came: read, and checked as far as that needs nobody but itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::refusal::Refusal;
use crate::stanza::slave::{Occupant, Register, Resume};
use crate::stanza::{Element, Jid, Stanza, ns};

/// A well-formed register.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::dmuc) struct Request {
    /// The slave.
    pub slave: Arc<Jid>,
    /// What it asks for.
    pub register: Register,
}

impl Request {
    /// Read an IQ.
    ///
    /// # Errors
    ///
    /// [`Refusal::Forbidden`] if the sender is somebody's session, which no slave is;
    /// [`Refusal::BadRequest`] if the request is malformed or speaks for users of another domain;
    /// [`Refusal::ResourceConstraint`] if it lists too many.
    pub fn read(stanza: &Stanza) -> Result<Self, Refusal> {
        let bad = |text: &str| Refusal::BadRequest(text.to_owned());
        let slave = stanza.from.clone().ok_or_else(|| bad("a register without sender"))?;
        if slave.node().is_some() && slave.resource().is_some() {
            return Err(Refusal::Forbidden);
        }
        let payload = stanza.payload("register", ns::SLAVE).ok_or_else(|| bad("no register"))?;
        let register =
            Register::try_from(payload.clone()).map_err(|_| Refusal::BadRequest(fault(payload)))?;
        if !is_token(&register.instance) {
            return Err(bad("an instance is 1 to 128 characters"));
        }
        if register.resume.as_ref().is_some_and(|r| !is_token(&r.room) || !is_token(&r.epoch)) {
            return Err(bad("a position names room and epoch in 1 to 128 characters"));
        }
        let domain = slave.domain();
        if let Some(foreign) = register.occupants.iter().find(|o| o.jid.domain() != domain) {
            return Err(bad(&format!("{} is not a user of {domain}", foreign.jid)));
        }
        if let Some(nameless) = register.occupants.iter().find(|o| o.nick.is_empty()) {
            return Err(bad(&format!("{} has no nick", nameless.jid)));
        }
        if register.occupants.len() > LISTED_MAX {
            return Err(Refusal::ResourceConstraint("too many occupants in one register"));
        }
        Ok(Self { slave, register })
    }

    /// Up to where the slave has the room's events.
    pub fn resume(&self) -> Option<&Resume> {
        self.register.resume.as_ref()
    }

    /// Its occupants, each session once, in the order of their JIDs.
    pub fn listed(&self) -> BTreeMap<Arc<Jid>, &Occupant> {
        let mut listed = BTreeMap::new();
        for occupant in &self.register.occupants {
            let jid = Arc::new(Jid::from(occupant.jid.clone()));
            listed.entry(jid).or_insert(occupant);
        }
        listed
    }
}

/// What is wrong with a register that could not be read.
fn fault(register: &Element) -> String {
    if register.attr("instance").is_none() {
        return "the register has no instance".to_owned();
    }
    let faults = register.children().flat_map(|child| {
        let rules = RULES.iter().filter(|(name, ..)| child.is(*name, ns::SLAVE));
        rules.filter_map(|(name, attribute, needed, is_right)| match child.attr(*attribute) {
            None if *needed => Some(format!("{name} has no {attribute}")),
            Some(value) if !is_right(value) => {
                Some(format!("the {attribute} of {name} is not what it should be"))
            }
            _ => None,
        })
    });
    faults.into_iter().next().unwrap_or_else(|| "a malformed register".to_owned())
}

/// An element of a register, an attribute of it, whether it has to be there, and which values it
/// may have.
type Rule = (&'static str, &'static str, bool, fn(&str) -> bool);

const RULES: [Rule; 10] = [
    ("keepalive", "interval", true, is_number::<u32>),
    ("keepalive", "timeout", false, is_number::<u32>),
    ("keepalive", "split", false, is_number::<u32>),
    ("history", "maxstanzas", true, is_number::<u32>),
    ("history", "maxbytes", false, is_number::<u64>),
    ("resume", "room", true, |_| true),
    ("resume", "epoch", true, |_| true),
    ("resume", "seq", true, is_number::<u64>),
    ("occupant", "jid", true, |jid| Jid::new(jid).is_ok_and(|jid| jid.resource().is_some())),
    ("occupant", "nick", true, |_| true),
];

fn is_number<T: std::str::FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

fn is_token(text: &str) -> bool {
    (1..=TOKEN_MAX).contains(&text.chars().count())
}

/// The most characters of an instance, a room's or an epoch's id.
const TOKEN_MAX: usize = 128;

/// How many occupants one slave may list.
const LISTED_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stanza::{Element, Type};

    fn read(from: &str, register: &str) -> Result<Request, Refusal> {
        let xml = format!("<register xmlns='urn:xmpp:tmp:dmuc:0#slave' {register}</register>");
        let payload: Element = xml.parse().unwrap();
        let from = Jid::new(from).unwrap();
        Request::read(&Stanza::iq(Type::Set, "reg1").with_from(from).with_payload(payload))
    }

    #[test]
    fn occupants_of_another_domain_are_a_bad_request_that_names_them() {
        let foreign = "instance='1'><occupant jid='rubenro@vesa.irc/shaver' nick='BigCheese'/>";
        let Err(Refusal::BadRequest(text)) = read("slave@eris.irc", foreign) else {
            panic!("accepted")
        };
        assert!(text.contains("rubenro@vesa.irc/shaver"), "{text}");
        assert!(read("slave@sub.vesa.irc", foreign).is_err(), "a sub-domain is another domain");
        assert!(read("slave@vesa.irc", foreign).is_ok());
    }

    #[test]
    fn malformed_registers_are_bad_requests_with_a_text() {
        let long = format!("instance='{}'>", "x".repeat(129));
        let wrong = [
            ">",
            "instance=''>",
            long.as_str(),
            "instance='1'><resume room='' epoch='e7' seq='1'/>",
            "instance='1'><resume room='r1' epoch='e7' seq='-1'/>",
            "instance='1'><resume room='r1' epoch='e7'/>",
            "instance='1'><occupant jid='msa@vesa.irc' nick='Efchen'/>",
            "instance='1'><occupant jid='msa@vesa.irc/b' nick=''/>",
            "instance='1'><keepalive interval='soon'/>",
        ];
        for register in wrong {
            let Err(Refusal::BadRequest(text)) = read("slave@vesa.irc", register) else {
                panic!("accepted {register}")
            };
            assert!(!text.is_empty());
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let table = [
            (">", "the register has no instance"),
            ("instance='1'><resume room='r1' epoch='e7'/>", "resume has no seq"),
            (
                "instance='1'><keepalive interval='soon'/>",
                "the interval of keepalive is not what it should be",
            ),
            (
                "instance='1'><occupant jid='msa@vesa.irc' nick='Efchen'/>",
                "the jid of occupant is not what it should be",
            ),
            ("instance='1'><policy local-chat='maybe'/>", "a malformed register"),
        ];
        for (register, text) in table {
            let expected = Err(Refusal::BadRequest(text.to_owned()));
            assert_eq!(read("slave@vesa.irc", register), expected);
        }
    }

    #[test]
    fn a_users_session_is_no_slave_but_a_hosts_resource_may_be_one() {
        assert_eq!(read("msa@vesa.irc/bicycle", "instance='1'>"), Err(Refusal::Forbidden));
        assert!(read("vesa.irc/slave", "instance='1'>").is_ok());
        assert!(read("vesa.irc", "instance='1'>").is_ok());
    }

    #[test]
    fn who_is_listed_twice_counts_once() {
        let twice = "instance='1'><occupant jid='msa@vesa.irc/b' nick='Efchen'/>\
                     <occupant jid='msa@vesa.irc/b' nick='Other' pending='true'/>";
        let request = read("slave@vesa.irc", twice).unwrap();
        let listed = request.listed();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed.values().next().unwrap().nick, "Efchen");
    }
}
