//! What a server answers itself, for its accounts and for its domain: XEP-0054 vCards, XEP-0199
//! pings, XEP-0030 disco#info.
//!
//! An account exists from its first session on. There are no rosters and no offline messages.

use std::collections::BTreeMap;

use super::check::same_account;
use crate::stanza::{
    BareJid, Condition, Element, ErrorType, Jid, Stanza, Type, element, error_element, ns,
};

/// The accounts of a server, and what they store.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    vcards: BTreeMap<BareJid, Option<Element>>,
}

impl Accounts {
    /// Somebody logged in.
    pub(super) fn know(&mut self, account: &BareJid) {
        if !self.vcards.contains_key(account) {
            self.vcards.insert(account.clone(), None);
        }
    }

    /// Whether anybody ever logged in to the account of this address.
    pub(super) fn contain(&self, address: &Jid) -> bool {
        match address.try_as_full() {
            Ok(full) => self.vcards.contains_key(&full.to_bare()),
            Err(account) => self.vcards.contains_key(account),
        }
    }

    /// The answer to an IQ that is addressed to an account, and asks for one.
    pub(super) fn answer(&mut self, request: &Stanza, account: &BareJid) -> Option<Stanza> {
        if !request.is_request() {
            return None;
        }
        let Some(vcard) = self.vcards.get_mut(account) else {
            return unavailable(request);
        };
        let payload = request.payloads.first()?;
        let set = request.type_ == Type::Set;
        if payload.is("vCard", ns::VCARD) {
            let own = request.from.as_ref().is_some_and(|from| same_account(from, account));
            return match (set, own, &vcard) {
                (true, true, _) => {
                    *vcard = Some(payload.clone());
                    Some(request.result_reply(vec![]))
                }
                (true, false, _) => refuse(request, ErrorType::Auth, Condition::Forbidden),
                (false, _, Some(stored)) => Some(request.result_reply(vec![stored.clone()])),
                (false, _, None) => refuse(request, ErrorType::Cancel, Condition::ItemNotFound),
            };
        }
        answer_common(request, ("account", "registered"), &[])
    }
}

/// The answer to a stanza that is addressed to the server's domain, which has these features
/// beside the usual.
pub(super) fn answer_for_domain(request: &Stanza, features: &[&str]) -> Option<Stanza> {
    if request.is_request() { answer_common(request, ("server", "im"), features) } else { None }
}

/// The answer that says that nobody is there (RFC 6121 §8.5).
pub(super) fn unavailable(request: &Stanza) -> Option<Stanza> {
    refuse(request, ErrorType::Cancel, Condition::ServiceUnavailable)
}

fn answer_common(request: &Stanza, identity: (&str, &str), features: &[&str]) -> Option<Stanza> {
    let payload = request.payloads.first()?;
    let get = request.type_ == Type::Get;
    if get && payload.is("ping", ns::PING) {
        return Some(request.result_reply(vec![]));
    }
    if get && payload.is("query", ns::DISCO_INFO) && payload.attr("node").is_none() {
        return Some(request.result_reply(vec![disco_info(identity, features)]));
    }
    unavailable(request)
}

fn disco_info((category, type_): (&str, &str), features: &[&str]) -> Element {
    let mut query = element("query", ns::DISCO_INFO, &[]);
    let identity = [("category", category), ("type", type_)];
    query.append_child(element("identity", ns::DISCO_INFO, &identity));
    for feature in [ns::DISCO_INFO, ns::PING, ns::VCARD].iter().chain(features) {
        query.append_child(element("feature", ns::DISCO_INFO, &[("var", feature)]));
    }
    query
}

fn refuse(request: &Stanza, type_: ErrorType, condition: Condition) -> Option<Stanza> {
    request.error_reply(error_element(type_, condition, None, None))
}
