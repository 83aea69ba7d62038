//! Broadcast: one event, one number, one entry of the log, one copy for each slave that is not
//! split, one for each direct session.
//!
//! Everything that goes to all passes through [`Master::event`], nothing else does: not ENTER and
//! LEAVE, not what one person is told.

use super::registered::wire;
use super::*;
use crate::room::audience::Renderings;
use crate::room::history::delay_element;
use crate::stanza::{Element, element};

/// Something that everybody is told, without addressee.
#[derive(Clone, Debug)]
pub(super) struct Event<'a> {
    /// What is told.
    pub stanza: Stanza,
    /// What is remembered of it for slaves that miss it.
    pub logged: Logged,
    /// Of a presence: the sessions that it is about.
    pub subject: &'a [Arc<Jid>],
    /// Direct sessions that are told otherwise.
    pub except: &'a [Arc<Jid>],
}

impl Master {
    /// Tell everybody.
    pub(super) fn event(&mut self, now: Time, event: Event<'_>, out: &mut Vec<Output>) {
        let Event { mut stanza, logged, subject, except } = event;
        let stamp = match &logged {
            Logged::Message(message) => Some(message.stamp),
            _ => None,
        };
        let late = stamp.filter(|stamp| *stamp < now);
        let seq = self.log.push(now, logged);
        self.copy_to_slaves(&stanza, stamp, (seq, late.is_some()), out);
        if self.direct > 0 {
            if let Some(stamp) = late {
                stanza = stanza.with_payload(delay_element(&self.address, stamp));
            }
            self.copy_to_direct(&stanza, subject, except, out);
        }
    }

    /// One copy for each slave that is not split: with XEP-0282's delay if it is a message
    /// (`master.broadcast.delay-in-dmuc`), with real JIDs if there is who may see them, with its
    /// position if the slave registered.
    fn copy_to_slaves(
        &self,
        stanza: &Stanza,
        stamp: Option<Time>,
        (seq, late): (u64, bool),
        out: &mut Vec<Output>,
    ) {
        let stamped = stamp.zip(stanza.from.as_ref());
        let payloads = match stamped {
            Some((stamp, from)) => with_stamp(&stanza.payloads, from, stamp, false),
            None => stanza.payloads.clone(),
        };
        let active = || self.links.iter().filter(|link| link.state == LinkState::Active);
        let any = active().any(|link| link.registered().is_some());
        let at = any.then(|| wire::at(&self.registry.epoch, seq, late));
        let placed = at.map_or_else(|| payloads.clone(), |at| wire::marked(&payloads, at));
        let mut copies = Renderings::new(&payloads);
        let mut placed = Renderings::new(&placed);
        for link in active() {
            let audience = Audience::Slave { jids: self.shows_jids(link) };
            let payloads = match link.kind {
                LinkKind::Registered(_) => placed.of(audience),
                LinkKind::Static | LinkKind::Vacant => copies.of(audience),
            };
            out.push(Output::Send(copy(stanza, &link.jid, payloads)));
        }
    }

    /// One copy for each direct session, as a plain room sends it.
    fn copy_to_direct(
        &self,
        stanza: &Stanza,
        subject: &[Arc<Jid>],
        except: &[Arc<Jid>],
        out: &mut Vec<Output>,
    ) {
        let mut copies = Renderings::new(&stanza.payloads);
        for occupant in self.occupants.values() {
            let direct = occupant.sessions.iter().filter(|(_, session)| session.via.is_none());
            for (session, _) in direct.filter(|(session, _)| !except.contains(session)) {
                let jids = self.sees_jids(&occupant.seat.role);
                let payloads = if subject.contains(session) {
                    Audience::Own { sessions: subject, jids }.render(&stanza.payloads)
                } else if stanza.kind == Kind::Message {
                    stanza.payloads.clone()
                } else {
                    copies.of(Audience::Other { jids })
                };
                out.push(Output::Send(copy(stanza, session, payloads)));
            }
        }
    }

    /// The present presence of this nick to all who may see it, but not to `except`. Its id and
    /// language are those of the stanza that caused it.
    pub(super) fn announce(
        &mut self,
        now: Time,
        nick: &str,
        cause: &Stanza,
        except: Option<&Arc<Jid>>,
        out: &mut Vec<Output>,
    ) {
        let Some(occupant) = self.occupants.get(nick) else { return };
        let mut stanza = Stanza::presence(Type::Absent)
            .with_from(occupant.seat.occupant.clone())
            .with_payloads(occupant.seat.presence.clone());
        stanza.id.clone_from(&cause.id);
        stanza.lang.clone_from(&cause.lang);
        self.present(now, nick, stanza, except, out);
    }

    /// A groupchat message to everybody.
    pub(super) fn broadcast_message(
        &mut self,
        now: Time,
        message: StoredMessage,
        out: &mut Vec<Output>,
    ) {
        let mut stanza = Stanza::message(Type::Groupchat)
            .with_from(message.from.clone())
            .with_payloads(message.payloads.clone());
        stanza.id.clone_from(&message.id);
        stanza.lang.clone_from(&message.lang);
        let logged = Logged::Message(message);
        self.event(now, Event { stanza, logged, subject: &[], except: &[] }, out);
    }

    /// Whether this slave gets real JIDs (`master.presence.jid-with-moderators`).
    pub(super) fn shows_jids(&self, link: &Link) -> bool {
        self.config.whois == Whois::Anyone || link.moderators > 0
    }
}

/// The payloads of a message for a slave. Initial history has the mark that it is to be stored
/// only.
pub(super) fn stamped(message: &StoredMessage, initial: bool) -> Payloads {
    with_stamp(&message.payloads, &message.from, message.stamp, initial)
}

fn with_stamp(payloads: &[Element], from: &Jid, stamp: Time, initial: bool) -> Payloads {
    let mut x = element("x", ns::DMUC, &[]);
    if initial {
        x.append_child(element("history", ns::DMUC, &[]));
    }
    x.append_child(delay_element(from, stamp));
    Arc::new(payloads.iter().cloned().chain([x]).collect())
}

pub(super) fn copy(stanza: &Stanza, to: &Arc<Jid>, payloads: Payloads) -> Stanza {
    stanza.clone().with_to(to.clone()).with_payloads(payloads)
}
