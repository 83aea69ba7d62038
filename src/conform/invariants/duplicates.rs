//! INV-NO-DUP: nobody is shown a message twice in one stay, be it live, late, as history or before
//! the master has it.
//!
//! What somebody hears is matched by author, id and text. It may come as often as users have sent
//! it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::room::{Class, Fact, Key, NickId, Room, UserId};
use super::steps::{Happening, Step};
use super::words::times;
use crate::time::Time;

/// How often everybody has heard what.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    heard: BTreeMap<UserId, FxHashMap<Message, Vec<usize>>>,
}

/// What was said, and its author.
type Message = (Key, Option<NickId>);

impl Invariant for Duplicates {
    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let reading = &passage.reading;
        for fact in facts {
            match (fact, passage.class) {
                (Fact::Entered(user) | Fact::Left(user), _) => {
                    let one = &room.users[*user];
                    let again = one.inside && one.since < room.now;
                    let all = self.heard.remove(user).filter(|_| again);
                    self.heard.extend(all.map(|all| (*user, all)));
                }
                (Fact::Heard { .. }, Class::Down(user)) if reading.is_said() => {
                    let Some(nick) = reading.nick else { continue };
                    let id = room.log.id(reading);
                    let one = &room.users[user];
                    // What a room that served him itself has told him as he came may be lost: when
                    // his slave is accepted it asks for it once more.
                    let bursts = one.joins.max(1) + usize::from(one.unsure);
                    let again = if reading.delay.is_some() { bursts } else { 1 };
                    let most = may_be_heard(room, &id, reading.content) * again;
                    let key = ((reading.content, id), room.known_nick(nick));
                    let before = self.heard.entry(user).or_default().entry(key).or_default();
                    if before.len() >= most {
                        let expected = "every message once";
                        let words = format!(
                            "{} has been told this {} already in this stay; it was said {}",
                            room.users[user].jid,
                            times(before.len()),
                            times(most)
                        );
                        let wrong = Wrong::of(words).because(before.iter().copied());
                        findings.wrong("INV-NO-DUP", (step.entry, passage), expected, wrong);
                    }
                    before.push(step.entry);
                }
                _ => {}
            }
        }
    }

    fn forget(&mut self, _: Time, room: &Room, _: &mut Findings) {
        for heard in self.heard.values_mut() {
            heard.retain(|(key, _), _| room.log.knows(key));
        }
    }
}

/// How often a message may be heard. What was sent before the master lost its log may be twice in
/// what it has now.
fn may_be_heard(room: &Room, id: &Arc<str>, content: u64) -> usize {
    let said = room.log.said_like(id, content);
    let said = said.filter_map(|number| room.log.submission(number));
    let said: usize = said.map(|said| 1 + usize::from(room.lost_since(said.at))).sum();
    let events = room.log.like(id, content);
    // Where authors are not seen, as often as the master has it.
    let said = if said == 0 { events.len() } else { said };
    let events = events.iter().filter_map(|number| room.log.event(*number));
    let past = events.filter(|event| event.entry.is_none()).count();
    (said + past).max(1)
}
