//! A person's view of the rooms: what follows from the presences that he has received.

use std::collections::{BTreeMap, BTreeSet};

use crate::sim::world::Arrival;
use crate::stanza::{BareJid, Element, Kind, Stanza, ns};

/// What a client has received, and what its user has made of it.
#[derive(Debug, Default)]
pub(super) struct View {
    rooms: BTreeMap<BareJid, Inside>,
    /// For each stanza of the inbox, whether it showed somebody who was not there before.
    newly: Vec<bool>,
    /// How many of the inbox were asked for, or dropped while looking for what was asked for.
    pub(super) cursor: usize,
    /// How many were in the inbox when a line last made something happen.
    pub(super) mark: usize,
    /// The rooms in which he was at that moment.
    inside_at_mark: BTreeSet<BareJid>,
}

#[derive(Debug, Default)]
struct Inside {
    /// His own nick while he is in the room.
    me: Option<String>,
    /// Everybody's nick.
    nicks: BTreeSet<String>,
    /// Every nick that he has had there.
    had: BTreeSet<String>,
}

impl View {
    /// Take note of what came since.
    pub(super) fn catch_up(&mut self, inbox: &[Arrival]) {
        for arrival in inbox.get(self.newly.len()..).unwrap_or_default() {
            let newly = self.take_in(&arrival.stanza);
            self.newly.push(newly);
        }
    }

    /// A line makes something happen now, and so many are in the inbox.
    pub(super) fn set_mark(&mut self, length: usize) {
        self.mark = length;
        let inside = self.rooms.iter().filter(|(_, inside)| inside.me.is_some());
        self.inside_at_mark = inside.map(|(room, _)| room.clone()).collect();
    }

    /// Whether he was in this room when a line last made something happen.
    pub(super) fn was_in(&self, room: &BareJid) -> bool {
        self.inside_at_mark.contains(room)
    }

    /// The inbox was emptied; the rooms remain.
    pub(super) fn start_over(&mut self) {
        self.newly.clear();
        self.cursor = 0;
        self.mark = 0;
    }

    /// The session is over, and every stay in a room with it.
    pub(super) fn offline(&mut self) {
        for inside in self.rooms.values_mut() {
            inside.me = None;
            inside.nicks.clear();
        }
    }

    /// Whether this stanza of the inbox showed somebody who was not there before.
    pub(super) fn is_newly(&self, index: usize) -> bool {
        self.newly.get(index).copied().unwrap_or(false)
    }

    /// His nick in this room, if he is in it.
    pub(super) fn nick_in(&self, room: &BareJid) -> Option<&str> {
        self.rooms.get(room)?.me.as_deref()
    }

    /// Whether he has, or had, this nick in this room.
    pub(super) fn had_nick(&self, room: &BareJid, nick: &str) -> bool {
        self.rooms.get(room).is_some_and(|inside| inside.had.contains(nick))
    }

    fn take_in(&mut self, stanza: &Stanza) -> bool {
        let from = stanza.from.as_ref().filter(|_| stanza.kind == Kind::Presence);
        let Some((room, nick)) = from.and_then(|from| Some((from.to_bare(), from.resource()?)))
        else {
            return false;
        };
        let nick = nick.to_string();
        if stanza.is_available() {
            let inside = self.rooms.entry(room).or_default();
            if has_status(stanza, "110") {
                inside.me = Some(nick.clone());
                inside.had.insert(nick.clone());
            }
            inside.nicks.insert(nick)
        } else {
            if let Some(inside) = self.rooms.get_mut(&room).filter(|_| stanza.is_unavailable()) {
                inside.leave(&nick, stanza);
            }
            false
        }
    }
}

impl Inside {
    fn leave(&mut self, nick: &str, stanza: &Stanza) {
        self.nicks.remove(nick);
        let itself = self.me.as_deref() == Some(nick) || has_status(stanza, "110");
        if let Some(new) = new_nick(stanza) {
            self.nicks.insert(new.clone());
            if itself {
                self.had.insert(new.clone());
                self.me = Some(new);
            }
        } else if itself {
            self.me = None;
            self.nicks.clear();
        }
    }
}

/// What the room says of an occupant.
pub(super) fn muc_user(stanza: &Stanza) -> Option<&Element> {
    stanza.payload("x", ns::MUC_USER)
}

/// Whether the room gives this status code (XEP-0045 §15.6.2).
pub(super) fn has_status(stanza: &Stanza, code: &str) -> bool {
    muc_user(stanza)
        .into_iter()
        .flat_map(Element::children)
        .any(|child| child.is("status", ns::MUC_USER) && child.attr("code") == Some(code))
}

/// The nick that an occupant takes, if this is the presence with which he drops his old one.
pub(super) fn new_nick(stanza: &Stanza) -> Option<String> {
    let item = muc_user(stanza)?.get_child("item", ns::MUC_USER)?;
    let changed = has_status(stanza, "303");
    item.attr("nick").filter(|_| changed).map(ToOwned::to_owned)
}

/// The reason that the room gives.
pub(super) fn reason(stanza: &Stanza) -> Option<String> {
    let item = muc_user(stanza)?.get_child("item", ns::MUC_USER)?;
    item.get_child("reason", ns::MUC_USER).map(Element::text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stanza::{Jid, Type, attribute, element};
    use crate::time::Time;

    const ROOM: &str = "wallops@channel.avalon.irc";

    fn presence(type_: Type, nick: &str, codes: &[&str], new: Option<&str>) -> Arrival {
        let mut item = element("item", ns::MUC_USER, &[]);
        if let Some(new) = new {
            item = attribute(item, "nick", new);
        }
        let mut x = element("x", ns::MUC_USER, &[]);
        x.append_child(item);
        for code in codes {
            x.append_child(element("status", ns::MUC_USER, &[("code", code)]));
        }
        let stanza = Stanza::presence(type_)
            .with_from(Jid::new(&format!("{ROOM}/{nick}")).unwrap())
            .with_payload(x);
        Arrival { at: Time::XEP_EPOCH, stanza, entry: 0 }
    }

    #[test]
    fn a_view_follows_arrivals_nicks_and_departures() {
        let room = BareJid::new(ROOM).unwrap();
        let mut view = View::default();
        let mut inbox = vec![
            presence(Type::Absent, "Troy", &[], None),
            presence(Type::Absent, "WiZ", &["110"], None),
            presence(Type::Absent, "Troy", &[], None),
            presence(Type::Unavailable, "WiZ", &["303", "110"], Some("Wizard")),
            presence(Type::Absent, "Wizard", &["110"], None),
        ];
        view.catch_up(&inbox);
        let newly: Vec<_> = (0..inbox.len()).map(|index| view.is_newly(index)).collect();
        assert_eq!(newly, [true, true, false, false, false]);
        assert_eq!(view.nick_in(&room), Some("Wizard"));
        assert!(view.had_nick(&room, "WiZ"));
        inbox.push(presence(Type::Unavailable, "Wizard", &["110"], None));
        view.catch_up(&inbox);
        assert_eq!(view.nick_in(&room), None);
    }
}
