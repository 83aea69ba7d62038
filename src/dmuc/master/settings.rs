//! What follows from another configuration of the room (XEP-0045 §9.3, §10.2).

use super::leave::Departure;
use super::*;
use crate::room::Affiliation;
use crate::room::item::status;
use crate::room::privilege::rank;
use crate::stanza::element;

impl Master {
    /// The owner has configured the room anew. Who is no member of a room that is for members now
    /// is out of it (322); then everybody is told, with these codes, that there is news
    /// (XEP-0045 §10.2.1), and slaves get JIDs where everybody sees them now.
    pub(super) fn configure(
        &mut self,
        now: Time,
        config: RoomConfig,
        codes: &[u16],
        out: &mut Vec<Output>,
    ) {
        let before = std::mem::replace(&mut self.config, config);
        self.shortened |= self.config.history_max < before.history_max;
        self.history.resize(self.config.history_max);
        // Who sees JIDs from now on is told after all that.
        let whois = std::mem::replace(&mut self.config.whois, before.whois);
        if self.config.members_only && !before.members_only {
            self.remove_strangers(now, out);
        }
        if self.config.presence_broadcast != before.presence_broadcast {
            self.review_visibility(now, out);
        }
        self.config.whois = whois;
        self.broadcast_codes(now, codes, out);
        match (before.whois, self.config.whois) {
            (Whois::Moderators, Whois::Anyone) => {
                // With a moderator behind them they have them already.
                for index in 0..self.links.len() {
                    if self.links[index].moderators == 0 {
                        self.resend_all(index, out);
                    }
                }
            }
            (Whois::Anyone, Whois::Moderators) => {
                // With a moderator behind them they know already.
                for link in self.links.iter_mut() {
                    link.jids_since = (link.moderators > 0).then_some(now);
                }
            }
            _ => {}
        }
    }

    /// A message from the room with these status codes, if there are any.
    pub(super) fn broadcast_codes(&mut self, now: Time, codes: &[u16], out: &mut Vec<Output>) {
        if codes.is_empty() {
            return;
        }
        let mut x = element("x", ns::MUC_USER, &[]);
        for code in codes {
            x.append_child(status(*code));
        }
        let stamp = self.next_stamp(now);
        let payloads = Arc::new(vec![x]);
        let from = self.address.clone();
        let message = StoredMessage { from, id: None, lang: None, payloads, stamp };
        self.broadcast_message(now, message, out);
    }

    fn remove_strangers(&mut self, now: Time, out: &mut Vec<Output>) {
        let strangers = self
            .occupants
            .iter()
            .filter(|(_, occupant)| rank(&occupant.seat.affiliation) <= rank(&Affiliation::None));
        let nicks: Vec<_> = strangers.map(|(nick, _)| nick.clone()).collect();
        for nick in nicks {
            let departure = Departure { codes: &[322], ..Departure::default() };
            self.remove(now, &nick, &departure, out);
        }
    }
}
