//! What a slave would like to do while split, and what a room grants: `policies`, `grants`.

use super::super::mistake::Wrong;
use super::super::sections::Section;
use super::super::words::{nearest, ticked};
use super::Casting;
use crate::stanza::slave::{EnterRole, Policy};

impl Casting<'_> {
    /// `local-chat, local-enter as participant`, `everything` or `nothing`, if the key is there.
    pub(super) fn policy(&mut self, section: &Section, key: &str) -> Option<Policy> {
        match section.key(key)?.value.as_str() {
            "nothing" => return Some(Policy::default()),
            "everything" => return Some(everything()),
            _ => {}
        }
        let mut policy = Policy::default();
        for add in self.list(section, key, |_, word| one(word)) {
            add(&mut policy);
        }
        Some(policy)
    }
}

type Add = fn(&mut Policy);

fn one(word: &str) -> Result<Add, Wrong> {
    let found = POLICIES.iter().find(|(known, _)| *known == word);
    if matches!(word, "everything" | "nothing") {
        return Err(Wrong::NotAlone { found: word.to_owned() });
    }
    found.map(|(_, add)| *add).ok_or_else(|| {
        let words = POLICIES.iter().map(|(word, _)| *word).chain(["everything", "nothing"]);
        Wrong::UnknownPolicy {
            found: word.to_owned(),
            meant: nearest(word, words.clone()),
            known: words.map(ticked).collect(),
        }
    })
}

fn everything() -> Policy {
    let mut policy = Policy::default();
    for (_, add) in POLICIES {
        add(&mut policy);
    }
    policy
}

/// `everything` has the last word.
const POLICIES: [(&str, Add); 8] = [
    ("local-chat", |policy| policy.local_chat = true),
    ("local-private", |policy| policy.local_private = true),
    ("local-nick", |policy| policy.local_nick = true),
    ("local-kick", |policy| policy.local_kick = true),
    ("mark-away", |policy| policy.mark_away = true),
    ("local-enter", |policy| policy.local_enter = true),
    ("local-enter as visitor", |policy| {
        (policy.local_enter, policy.enter_role) = (true, EnterRole::Visitor);
    }),
    ("local-enter as participant", |policy| {
        (policy.local_enter, policy.enter_role) = (true, EnterRole::Participant);
    }),
];
