//! A nick that somebody had before a record begins.

use crate::conform::invariants::Present;
use crate::conform::invariants::room::Privileges;
use crate::room::{Affiliation, Role, privilege};
use crate::stanza::{FullJid, Stanza};

/// What shows of it.
#[derive(Debug)]
pub(super) struct Nick {
    nick: String,
    /// Several are of one person.
    pub sessions: Vec<String>,
    /// What he was, as far as the first presence tells that does.
    pub privileges: Option<Privileges>,
    /// Whether he was shown real JIDs before anybody told what he is.
    pub trusted: bool,
    /// His presence.
    pub presence: Option<Stanza>,
    /// Whether it has turned out that he came later.
    pub new: bool,
}

impl Nick {
    /// Of which nothing is known.
    pub fn new(nick: &str) -> Self {
        let (nick, sessions) = (nick.to_owned(), Vec::new());
        Self { nick, sessions, privileges: None, trusted: false, presence: None, new: false }
    }

    /// Its owner, in this session.
    pub fn present(&self, session: Option<FullJid>) -> Present {
        let privileges = self.privileges.unwrap_or_default();
        let affiliation = affiliation(privileges.affiliation);
        let role = match privileges.role {
            "moderator" => Role::Moderator,
            "visitor" => Role::Visitor,
            "participant" => Role::Participant,
            _ => privilege::initial_role(&affiliation, false),
        };
        Present {
            session,
            nick: Some(self.nick.clone()),
            affiliation,
            role,
            known: !self.trusted && self.privileges.is_some_and(|told| told.role != GONE),
            presence: self.presence.clone(),
        }
    }
}

fn affiliation(word: &str) -> Affiliation {
    match word {
        "owner" => Affiliation::Owner,
        "admin" => Affiliation::Admin,
        "member" => Affiliation::Member,
        // An outcast was not there; what he was before the record does not tell.
        _ => Affiliation::None,
    }
}

/// The role of who has left: what it was before, that does not tell.
const GONE: &str = "none";
