//! The elements that a master writes, with nothing in them that is understood by itself.

use crate::dmuc::master::registered::terms::Terms;
use crate::room::Whois;
use crate::stanza::slave::{Keepalive, Occupant, Policy};
use crate::stanza::{Element, Payloads, attribute, element, ns};

/// `<at/>`: the position of an event; `backfill` if it comes late.
pub(in crate::dmuc) fn at(epoch: &str, seq: u64, backfill: bool) -> Element {
    let at = element("at", ns::SLAVE, &[("epoch", epoch), ("seq", &seq.to_string())]);
    if backfill { attribute(at, "backfill", "true") } else { at }
}

/// `<state/>`: state to store, and to distribute where it is news.
pub(in crate::dmuc) fn state() -> Element {
    element("state", ns::SLAVE, &[])
}

/// `<x/>` of XEP-0282 with one child.
pub(in crate::dmuc) fn x(child: Element) -> Element {
    let mut x = element("x", ns::DMUC, &[]);
    x.append_child(child);
    x
}

/// Payloads with one more child in XEP-0282's element, which they get if they have none.
pub(in crate::dmuc) fn marked(payloads: &Payloads, child: Element) -> Payloads {
    let mut marked = Vec::clone(payloads);
    match marked.iter_mut().find(|payload| payload.is("x", ns::DMUC)) {
        Some(x) => drop(x.append_child(child)),
        None => marked.push(x(child)),
    }
    marked.into()
}

/// What an `<accept/>` says.
#[derive(Clone, Debug)]
pub(in crate::dmuc) struct Grant<'a> {
    /// This creation of the room.
    pub room: &'a str,
    /// The run of the log.
    pub epoch: &'a str,
    /// The last event that the state contains.
    pub seq: u64,
    /// Whether the state is differences only.
    pub delta: bool,
    /// Who sees real JIDs.
    pub whois: Whois,
    /// What is granted.
    pub terms: Terms,
    /// Listed occupants that the slave has to be told of.
    pub occupants: &'a [Occupant],
}

/// `<accept/>`
pub(in crate::dmuc) fn accept(grant: &Grant<'_>) -> Element {
    let whois = match grant.whois {
        Whois::Moderators => "moderators",
        Whois::Anyone => "anyone",
    };
    let seq = grant.seq.to_string();
    let attributes = [
        ("room", grant.room),
        ("epoch", grant.epoch),
        ("seq", seq.as_str()),
        ("sync", if grant.delta { "delta" } else { "full" }),
        ("whois", whois),
    ];
    let mut accept = element("accept", ns::SLAVE, &attributes);
    accept.append_child(keepalive(&grant.terms.keepalive));
    accept.append_child(grant.terms.history.into());
    if grant.terms.policy != Policy::default() {
        accept.append_child(policy(&grant.terms.policy));
    }
    for occupant in grant.occupants {
        let occupant = [("jid", occupant.jid.as_str()), ("nick", occupant.nick.as_str())];
        accept.append_child(element("occupant", ns::SLAVE, &occupant));
    }
    accept
}

fn keepalive(keepalive: &Keepalive) -> Element {
    let mut element = element("keepalive", ns::SLAVE, &[]);
    let periods = [
        ("interval", Some(keepalive.interval)),
        ("timeout", keepalive.timeout),
        ("split", keepalive.split),
    ];
    for (name, period) in periods {
        if let Some(period) = period {
            element = attribute(element, name, &period.to_string());
        }
    }
    element
}

fn policy(policy: &Policy) -> Element {
    let mut element = element("policy", ns::SLAVE, &[]);
    let granted = [
        ("local-chat", policy.local_chat),
        ("local-private", policy.local_private),
        ("local-enter", policy.local_enter),
        ("local-nick", policy.local_nick),
        ("local-kick", policy.local_kick),
        ("mark-away", policy.mark_away),
    ];
    for (name, _) in granted.iter().filter(|(_, granted)| *granted) {
        element = attribute(element, name, "true");
    }
    if policy.local_enter {
        element = attribute(element, "enter-role", &policy.enter_role.to_string());
    }
    element
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stanza::slave::{Accept, EnterRole, HistoryLimits, Sync};

    #[test]
    fn an_accept_is_as_the_document_prints_it() {
        let policy = Policy { local_chat: true, local_private: true, ..Policy::default() };
        let terms = Terms {
            keepalive: Keepalive { interval: 60, timeout: Some(20), split: Some(5) },
            history: HistoryLimits { maxstanzas: 100, maxbytes: Some(65_536) },
            policy,
        };
        let grant = Grant {
            room: "r1",
            epoch: "e7",
            seq: 412,
            delta: false,
            whois: Whois::Moderators,
            terms,
            occupants: &[],
        };
        let expected: Element = "<accept xmlns='urn:xmpp:tmp:dmuc:0#slave' room='r1' epoch='e7' \
             seq='412' sync='full' whois='moderators'>\
             <keepalive interval='60' timeout='20' split='5'/>\
             <history maxstanzas='100' maxbytes='65536'/>\
             <policy local-chat='true' local-private='true'/></accept>"
            .parse()
            .unwrap();
        assert_eq!(accept(&grant), expected);
    }

    #[test]
    fn the_role_of_who_enters_goes_with_the_policy_only() {
        let terms = Terms {
            keepalive: Keepalive { interval: 60, timeout: None, split: None },
            history: HistoryLimits { maxstanzas: 0, maxbytes: None },
            policy: Policy {
                local_enter: true,
                enter_role: EnterRole::Participant,
                ..Policy::default()
            },
        };
        let grant = Grant {
            room: "r1",
            epoch: "e7",
            seq: 1,
            delta: true,
            whois: Whois::Anyone,
            terms,
            occupants: &[],
        };
        let read = Accept::try_from(accept(&grant)).unwrap();
        assert_eq!((read.policy, read.sync), (Some(terms.policy), Sync::Delta));
    }

    #[test]
    fn a_mark_joins_the_element_that_is_there() {
        let delayed: Payloads = vec![x(element("delay", ns::DELAY, &[]))].into();
        assert_eq!(marked(&delayed, at("e7", 1, true)).len(), 1);
        let bare: Payloads = vec![element("show", ns::CLIENT, &[])].into();
        assert_eq!(marked(&bare, state()).len(), 2);
    }
}
