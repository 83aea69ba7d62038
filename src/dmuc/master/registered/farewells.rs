//! Who left the room of a slave's users, and how, until the slave surely knows it: the list of
//! expelled of `docs/dmuc2-slave.md` among them.
//!
//! LEAVE is no event and has no position, so that its loss shows nowhere. Streams are ordered: a
//! ping that was sent after it and is answered proves that it arrived.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::stanza::{Jid, Payloads, ns};

/// How a session left.
#[derive(Clone, Debug)]
struct Farewell {
    /// The payloads of the departure.
    payloads: Payloads,
    /// How many pings had been sent to the slave.
    pings: u64,
    /// The last event before it.
    seq: u64,
    /// Whether the room told him itself, since his slave was not there.
    told: bool,
    /// Whether somebody of his own domain removed him.
    here: bool,
}

/// The departures that a slave may not know.
#[derive(Clone, Debug, Default)]
pub(in crate::dmuc) struct Farewells(BTreeMap<Arc<Jid>, Farewell>);

impl Farewells {
    /// A session left after so many pings, and this event. `by`: who removed it.
    pub fn add(
        &mut self,
        session: Arc<Jid>,
        payloads: Payloads,
        (pings, seq): (u64, u64),
        by: Option<&Jid>,
    ) {
        let here = by.is_some_and(|by| by.domain() == session.domain());
        if self.0.len() < FAREWELLS_MAX || self.0.contains_key(&session) {
            self.0.insert(session, Farewell { payloads, pings, seq, told: false, here });
        }
    }

    /// Whether this session was expelled, and a slave that has heard all up to this event has not
    /// heard that.
    pub fn was_expelled_since(&self, session: &Jid, seq: u64) -> bool {
        let farewell = self.0.get(session).filter(|farewell| farewell.seq >= seq);
        farewell.is_some_and(|farewell| expels(&farewell.payloads))
    }

    /// Whether somebody of another domain, or the room itself, has done that.
    pub fn was_expelled_from_afar_since(&self, session: &Jid, seq: u64) -> bool {
        let here = self.0.get(session).is_some_and(|farewell| farewell.here);
        !here && self.was_expelled_since(session, seq)
    }

    /// The session is in the room again.
    pub fn forget(&mut self, session: &Jid) {
        self.0.remove(session);
    }

    /// The slave has answered this ping, the first being 1.
    pub fn confirm(&mut self, ping: u64) {
        self.0.retain(|_, farewell| farewell.pings >= ping);
    }

    /// Whatever slave of their domain comes next has to hear of these first: it may be the same
    /// one, which remembers them. `told`: whether the room has told all of them itself.
    pub fn for_the_next(mut self, told: bool) -> Self {
        for farewell in self.0.values_mut() {
            (farewell.told, farewell.pings) = (told, 0);
        }
        self
    }

    /// Whether this session knows from the room that it is out.
    pub fn was_told(&self, session: &Jid) -> bool {
        self.0.get(session).is_some_and(|farewell| farewell.told)
    }

    /// How the session left, if the slave may not know it.
    pub fn of(&self, session: &Jid) -> Option<&Payloads> {
        self.0.get(session).map(|farewell| &farewell.payloads)
    }

    /// Whether nothing is left to be told.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a departure says that the room expelled somebody: banned, kicked, or no member.
pub(in crate::dmuc) fn expels(payloads: &Payloads) -> bool {
    let x = payloads.iter().find(|payload| payload.is("x", ns::MUC_USER));
    x.is_some_and(|x| {
        let mut codes = x.children().filter(|child| child.is("status", ns::MUC_USER));
        codes.any(|code| matches!(code.attr("code"), Some("301" | "307" | "321" | "322")))
    })
}

/// How many departures are kept for one slave. Beyond that its users are told that they are out
/// without being told why.
const FAREWELLS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::{Affiliation, Item, Role};

    fn payloads(codes: &[u16]) -> Payloads {
        let affiliation = Some(Affiliation::None);
        let item = Item { affiliation, role: Some(Role::None), ..Item::default() };
        Arc::new(vec![item.element(codes)])
    }

    fn jid(node: &str) -> Arc<Jid> {
        Arc::new(Jid::new(&format!("{node}@vesa.yeggmaex.irc/bicycle")).unwrap())
    }

    #[test]
    fn a_departure_is_kept_until_a_ping_after_it_is_answered() {
        let mut farewells = Farewells::default();
        farewells.add(jid("msa"), payloads(&[307]), (3, 0), None);
        farewells.confirm(3);
        assert!(farewells.of(&jid("msa")).is_some(), "the third ping went out before");
        farewells.confirm(4);
        assert!(farewells.is_empty());
    }

    #[test]
    fn who_was_expelled_since_is_known_by_the_events() {
        let mut farewells = Farewells::default();
        farewells.add(jid("msa"), payloads(&[307]), (0, 5), None);
        farewells.add(jid("rubenro"), payloads(&[]), (0, 5), None);
        assert!(farewells.was_expelled_since(&jid("msa"), 5));
        assert!(!farewells.was_expelled_since(&jid("msa"), 6));
        assert!(!farewells.was_expelled_since(&jid("rubenro"), 5), "he left himself");
    }

    #[test]
    fn who_was_expelled_by_somebody_beside_him_is_known() {
        let mut farewells = Farewells::default();
        farewells.add(jid("msa"), payloads(&[307]), (0, 5), Some(&jid("rubenro")));
        assert!(farewells.was_expelled_since(&jid("msa"), 5));
        assert!(!farewells.was_expelled_from_afar_since(&jid("msa"), 5));
        let wiz = Jid::new("squit@eris.dclxvii.irc/jupiter").unwrap();
        farewells.add(jid("msa"), payloads(&[307]), (0, 5), Some(&wiz));
        assert!(farewells.was_expelled_from_afar_since(&jid("msa"), 5));
    }

    #[test]
    fn who_is_back_has_not_left() {
        let mut farewells = Farewells::default();
        farewells.add(jid("msa"), payloads(&[]), (0, 0), None);
        farewells.forget(&jid("msa"));
        assert!(farewells.is_empty());
    }

    #[test]
    fn their_number_is_limited() {
        let mut farewells = Farewells::default();
        for number in 0..=FAREWELLS_MAX {
            farewells.add(jid(&format!("n{number}")), payloads(&[]), (0, 0), None);
        }
        assert_eq!(farewells.0.len(), FAREWELLS_MAX);
    }

    #[test]
    fn kick_ban_and_lost_membership_expel_and_nothing_else_does() {
        for codes in [&[301][..], &[307], &[321], &[322], &[110, 307]] {
            assert!(expels(&payloads(codes)), "{codes:?}");
        }
        for codes in [&[][..], &[333], &[303], &[332]] {
            assert!(!expels(&payloads(codes)), "{codes:?}");
        }
    }
}
