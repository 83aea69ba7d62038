//! Who reads a presence decides what is in it: real JIDs for those who may see them, the self codes
//! for the occupant himself (XEP-0045 §7.2.3, §7.2.4).

use std::sync::Arc;

use jid::Jid;
use minidom::{Element, Node};

use super::item::status;
use crate::stanza::{Payloads, attribute, ns};

/// The reader of a presence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Audience<'a> {
    /// A slave: the master's own codes stay, real JIDs only if `jids`.
    Slave {
        /// Whether a moderator is behind it, or the room hides no JIDs.
        jids: bool,
    },
    /// An occupant who is not the subject.
    Other {
        /// Whether he may see real JIDs.
        jids: bool,
    },
    /// The subject himself.
    Own {
        /// The full JIDs of his sessions, which he always sees.
        sessions: &'a [Arc<Jid>],
        /// Whether he may see other real JIDs, such as that of who kicks him.
        jids: bool,
    },
}

impl Audience<'_> {
    /// The payloads of a presence as this reader gets them. Shares them if nothing has to change.
    pub fn render(&self, payloads: &Payloads) -> Payloads {
        let x = payloads.iter().find(|payload| payload.is("x", ns::MUC_USER));
        if x.is_none_or(|x| self.reads_all(x)) {
            return payloads.clone();
        }
        match self {
            Audience::Slave { jids: true } => payloads.clone(),
            Audience::Slave { jids: false } => edit(payloads, strip_jids),
            Audience::Other { jids: true } => edit(payloads, strip_self_codes),
            Audience::Other { jids: false } => edit(payloads, |x| {
                strip_jids(x);
                strip_self_codes(x);
            }),
            Audience::Own { sessions, jids } => edit(payloads, |x| {
                if !jids {
                    strip_jids(x);
                }
                make_own(x, sessions);
            }),
        }
    }

    /// Whether this reader gets the element as it is.
    fn reads_all(&self, x: &Element) -> bool {
        match self {
            Audience::Slave { jids } => *jids || !has_jids(x),
            Audience::Other { jids } => (*jids || !has_jids(x)) && !x.children().any(is_self_code),
            Audience::Own { .. } => false,
        }
    }
}

/// The renderings of one presence, each made once.
#[derive(Clone, Debug)]
pub struct Renderings<'a> {
    payloads: &'a Payloads,
    made: Vec<(Audience<'static>, Payloads)>,
}

impl<'a> Renderings<'a> {
    /// No rendering yet.
    pub fn new(payloads: &'a Payloads) -> Self {
        Self { payloads, made: Vec::new() }
    }

    /// What this audience reads.
    pub fn of(&mut self, audience: Audience<'static>) -> Payloads {
        if let Some((_, made)) = self.made.iter().find(|(for_whom, _)| *for_whom == audience) {
            return made.clone();
        }
        let payloads = audience.render(self.payloads);
        self.made.push((audience, payloads.clone()));
        payloads
    }
}

/// Every real JID out of a list of payloads, for storage where nobody may see them.
pub fn without_jids(payloads: &Payloads) -> Payloads {
    edit(payloads, strip_jids)
}

/// A presence as newcomers get it: who changed somebody's privileges, and why, was news once.
pub fn without_cause(payloads: &Payloads) -> Payloads {
    edit(payloads, |x| {
        for item in x.children_mut().filter(|child| child.is("item", ns::MUC_USER)) {
            remove_children(item, |child| {
                child.is("actor", ns::MUC_USER) || child.is("reason", ns::MUC_USER)
            });
        }
    })
}

/// A presence without those sessions of its subject whose real JIDs are `gone`; never without any.
pub fn without_sessions(payloads: &Payloads, gone: impl Fn(&str) -> bool) -> Payloads {
    edit(payloads, |x| {
        let is_item = |child: &&Element| child.is("item", ns::MUC_USER);
        let is_gone = |item: &Element| item.attr("jid").is_some_and(&gone);
        if !x.children().filter(is_item).all(is_gone) {
            remove_children(x, |child| is_item(&child) && is_gone(child));
        }
    })
}

/// A presence as one of these sessions of its subject, if it names any.
pub fn of_sessions(payloads: &Payloads, sessions: &[Arc<Jid>]) -> Payloads {
    edit(payloads, |x| {
        let names = |child: &Element| child.is("item", ns::MUC_USER) && child.attr("jid").is_some();
        if x.children().any(names) {
            name_sessions(x, sessions);
        }
    })
}

/// A presence as one of these sessions of its subject, whether it names any or not.
pub fn with_sessions(payloads: &Payloads, sessions: &[Arc<Jid>]) -> Payloads {
    edit(payloads, |x| name_sessions(x, sessions))
}

/// Edit the `{muc#user}x` among the payloads.
fn edit(payloads: &Payloads, change: impl Fn(&mut Element)) -> Payloads {
    let Some(position) = payloads.iter().position(|payload| payload.is("x", ns::MUC_USER)) else {
        return payloads.clone();
    };
    let mut x = payloads[position].clone();
    change(&mut x);
    if x == payloads[position] {
        return payloads.clone();
    }
    let mut edited = Vec::clone(payloads);
    edited[position] = x;
    Arc::new(edited)
}

/// Without JIDs the sessions of one occupant cannot be told apart: one `<item/>` is left.
fn strip_jids(x: &mut Element) {
    let mut items = 0;
    remove_children(x, |child| {
        items += usize::from(child.is("item", ns::MUC_USER));
        items > 1 && child.is("item", ns::MUC_USER)
    });
    for item in x.children_mut().filter(|child| child.is("item", ns::MUC_USER)) {
        remove_jid(item);
        for actor in item.children_mut().filter(|child| child.is("actor", ns::MUC_USER)) {
            remove_jid(actor);
        }
    }
}

fn remove_jid(element: &mut Element) {
    let attributes = element.attrs_mut();
    attributes.remove(&minidom::rxml::Namespace::NONE, "jid");
}

fn has_jids(x: &Element) -> bool {
    let mut items = x.children().filter(|child| child.is("item", ns::MUC_USER));
    items.any(|item| {
        let mut actors = item.children().filter(|child| child.is("actor", ns::MUC_USER));
        item.attr("jid").is_some() || actors.any(|actor| actor.attr("jid").is_some())
    })
}

fn strip_self_codes(x: &mut Element) {
    remove_children(x, is_self_code);
}

fn is_self_code(child: &Element) -> bool {
    child.is("status", ns::MUC_USER)
        && child.attr("code").is_some_and(|code| SELF_CODES.contains(&code))
}

/// One `<item/>` for each of his sessions, and 110 last.
fn make_own(x: &mut Element, sessions: &[Arc<Jid>]) {
    name_sessions(x, sessions);
    remove_children(x, is_self_presence);
    x.append_child(status(110));
}

/// One `<item/>` for each of these sessions.
fn name_sessions(x: &mut Element, sessions: &[Arc<Jid>]) {
    let mut told = false;
    for node in x.take_nodes() {
        match node {
            Node::Element(item) if item.is("item", ns::MUC_USER) => {
                for session in sessions.iter().filter(|_| !told) {
                    x.append_child(attribute(item.clone(), "jid", session.as_str()));
                }
                told = true;
            }
            node => x.append_node(node),
        }
    }
}

fn is_self_presence(child: &Element) -> bool {
    child.is("status", ns::MUC_USER) && child.attr("code") == Some(SELF_PRESENCE)
}

fn remove_children(x: &mut Element, mut unwanted: impl FnMut(&Element) -> bool) {
    for node in x.take_nodes() {
        match node {
            Node::Element(child) if unwanted(&child) => {}
            node => x.append_node(node),
        }
    }
}

/// The code of self-presence.
const SELF_PRESENCE: &str = "110";

/// Codes that are for the subject only (XEP-0045 §15.6).
const SELF_CODES: [&str; 5] = ["100", "110", "170", "201", "210"];

#[cfg(test)]
mod tests {
    use super::*;

    fn payloads(xml: &str) -> Payloads {
        Arc::new(vec![xml.parse().unwrap()])
    }

    const FULL: &str = "<x xmlns='http://jabber.org/protocol/muc#user'><status code='201'/>\
        <item affiliation='none' jid='msa@vesa.yeggmaex.irc/bicycle' role='none'>\
        <actor jid='squit@eris.dclxvii.irc/jupiter' nick='WiZ'/><extra xmlns='urn:example'/></item>\
        <status code='307'/><status code='110'/></x>";

    #[test]
    fn others_see_neither_jids_nor_self_codes_and_all_else() {
        let seen = Audience::Other { jids: false }.render(&payloads(FULL));
        assert_eq!(
            String::from(&seen[0]),
            String::from(
                &"<x xmlns='http://jabber.org/protocol/muc#user'>\
                <item affiliation='none' role='none'><actor nick='WiZ'/><extra xmlns='urn:example'/>\
                </item><status code='307'/></x>"
                    .parse::<Element>()
                    .unwrap()
            )
        );
    }

    #[test]
    fn moderators_see_jids_but_no_self_codes() {
        let seen = Audience::Other { jids: true }.render(&payloads(FULL));
        let text = String::from(&seen[0]);
        assert!(
            text.contains("msa@vesa.yeggmaex.irc/bicycle") && text.contains("squit@"),
            "{text}"
        );
        assert!(!text.contains("110") && !text.contains("201"), "{text}");
    }

    #[test]
    fn the_subject_sees_110_last_and_his_own_jid() {
        let bare = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' \
                    role='participant'/></x>";
        let jid = Arc::new(Jid::new("msa@vesa.yeggmaex.irc/bicycle").unwrap());
        let seen = Audience::Own { sessions: &[jid], jids: false }.render(&payloads(bare));
        let last = seen[0].children().last().unwrap();
        assert_eq!(last.attr("code"), Some("110"));
        let item = seen[0].get_child("item", ns::MUC_USER).unwrap();
        assert_eq!(item.attr("jid"), Some("msa@vesa.yeggmaex.irc/bicycle"));
    }

    #[test]
    fn who_is_kicked_learns_the_jid_of_who_did_it_only_if_he_may_see_jids() {
        let jid = [Arc::new(Jid::new("msa@vesa.yeggmaex.irc/bicycle").unwrap())];
        for jids in [false, true] {
            let seen = Audience::Own { sessions: &jid, jids }.render(&payloads(FULL));
            let item = seen[0].get_child("item", ns::MUC_USER).unwrap();
            let actor = item.get_child("actor", ns::MUC_USER).unwrap();
            assert_eq!(actor.attr("nick"), Some("WiZ"));
            assert_eq!(actor.attr("jid").is_some(), jids);
            assert_eq!(item.attr("jid"), Some("msa@vesa.yeggmaex.irc/bicycle"));
        }
    }

    const TWO: &str = "<x xmlns='http://jabber.org/protocol/muc#user'>\
        <item affiliation='none' jid='msa@vesa.yeggmaex.irc/bicycle' role='participant'/>\
        <item affiliation='none' jid='msa@vesa.yeggmaex.irc/tram' role='participant'/></x>";

    fn jids(payloads: &Payloads) -> Vec<Option<&str>> {
        payloads[0].children().filter(|c| c.name() == "item").map(|i| i.attr("jid")).collect()
    }

    #[test]
    fn who_may_not_see_jids_cannot_count_sessions() {
        let full = payloads(TWO);
        assert_eq!(jids(&Audience::Other { jids: false }.render(&full)), [None]);
        assert_eq!(jids(&Audience::Slave { jids: false }.render(&full)), [None]);
        assert_eq!(jids(&without_jids(&full)), [None]);
        assert_eq!(jids(&Audience::Other { jids: true }.render(&full)).len(), 2);
    }

    #[test]
    fn the_subject_sees_all_his_sessions_whatever_came() {
        let session = |jid| Arc::new(Jid::new(jid).unwrap());
        let sessions =
            [session("msa@vesa.yeggmaex.irc/bicycle"), session("msa@vesa.yeggmaex.irc/tram")];
        let full = payloads(TWO);
        let bare = Audience::Slave { jids: false }.render(&full);
        for payloads in [full, bare] {
            let seen = Audience::Own { sessions: &sessions, jids: false }.render(&payloads);
            let told = sessions.iter().map(|session| Some(session.as_str())).collect::<Vec<_>>();
            assert_eq!(jids(&seen), told);
        }
    }

    #[test]
    fn a_presence_is_made_one_of_other_sessions_only_if_it_names_any() {
        let tram = [Arc::new(Jid::new("msa@vesa.yeggmaex.irc/tram").unwrap())];
        let named = of_sessions(&payloads(FULL), &tram);
        assert_eq!(jids(&named), [Some("msa@vesa.yeggmaex.irc/tram")]);
        let hidden = without_jids(&payloads(TWO));
        assert!(Arc::ptr_eq(&hidden, &of_sessions(&hidden, &tram)));
    }

    #[test]
    fn what_needs_no_change_is_shared() {
        let plain = payloads("<show xmlns='jabber:client'>away</show>");
        assert!(Arc::ptr_eq(&plain, &Audience::Other { jids: false }.render(&plain)));
    }
}
