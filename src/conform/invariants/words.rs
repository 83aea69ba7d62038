//! What findings are told in: who, how often, by whom.

use super::room::{NickId, Room, UserId};

/// Several things in words, each once.
pub(in crate::conform) fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = all.collect();
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|one| seen.insert(*one));
    match all.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => all.concat(),
    }
}

/// These sessions; somebody, if the record does not tell whose they are.
pub(super) fn sessions(sessions: &[UserId], room: &Room) -> String {
    match sessions {
        [] => "somebody".to_owned(),
        all => names(all.iter().map(|user| room.users[*user].jid.as_str())),
    }
}

/// Whose message something is.
pub(super) fn author(nick: Option<NickId>, room: &Room) -> &str {
    nick.map_or("the room", |nick| room.nicks[nick].as_str())
}

/// How often.
pub(super) fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}
