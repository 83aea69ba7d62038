//! Roles and affiliations, as a line names them (XEP-0045 §5).

use super::super::super::line::Parsed;
use super::super::super::sentence::Sentence;
use crate::room::{Affiliation, Role};

/// What is granted to, or revoked from, an occupant.
///
/// Revoking voice makes a visitor, revoking moderator a participant, revoking an affiliation leaves
/// none; granting participant or none does the same.
#[derive(Clone, Debug, PartialEq)]
pub enum Privilege {
    /// moderator, participant (or voice), visitor
    Role(Role),
    /// owner, admin, member, outcast, or no affiliation: none
    Affiliation(Affiliation),
}

impl Privilege {
    pub(in super::super) fn parse(s: &mut Sentence<'_>) -> Parsed<Self> {
        Self::among(s, &PRIVILEGES)
    }

    /// Of those whom a list has: `moderators`, `members`.
    pub(super) fn parse_plural(s: &mut Sentence<'_>) -> Parsed<Self> {
        Self::among(s, &PLURALS)
    }

    /// One that is a role, or `none` of them.
    pub(in super::super) fn parse_role(s: &mut Sentence<'_>) -> Parsed<Self> {
        if s.line.words("none") {
            return Ok(Privilege::Role(Role::None));
        }
        Self::among(s, &PRIVILEGES[1..4])
    }

    /// One that is an affiliation, or `none` of them.
    pub(in super::super) fn parse_affiliation(s: &mut Sentence<'_>) -> Parsed<Self> {
        Self::among(s, &PRIVILEGES[4..])
    }

    fn among(s: &mut Sentence<'_>, words: &[(&str, Privilege)]) -> Parsed<Self> {
        let found = words.iter().find(|(word, _)| s.line.words(word));
        found.map(|(_, privilege)| privilege.clone()).ok_or_else(|| s.line.unexpected())
    }
}

const PRIVILEGES: [(&str, Privilege); 9] = [
    ("voice", Privilege::Role(Role::Participant)),
    ("moderator", Privilege::Role(Role::Moderator)),
    ("participant", Privilege::Role(Role::Participant)),
    ("visitor", Privilege::Role(Role::Visitor)),
    ("owner", Privilege::Affiliation(Affiliation::Owner)),
    ("admin", Privilege::Affiliation(Affiliation::Admin)),
    ("member", Privilege::Affiliation(Affiliation::Member)),
    ("outcast", Privilege::Affiliation(Affiliation::Outcast)),
    ("none", Privilege::Affiliation(Affiliation::None)),
];

const PLURALS: [(&str, Privilege); 7] = [
    ("moderators", Privilege::Role(Role::Moderator)),
    ("participants", Privilege::Role(Role::Participant)),
    ("visitors", Privilege::Role(Role::Visitor)),
    ("owners", Privilege::Affiliation(Affiliation::Owner)),
    ("admins", Privilege::Affiliation(Affiliation::Admin)),
    ("members", Privilege::Affiliation(Affiliation::Member)),
    ("outcasts", Privilege::Affiliation(Affiliation::Outcast)),
];
