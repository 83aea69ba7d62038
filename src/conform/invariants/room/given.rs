//! What a slave may show of a nick that somebody has there, and perhaps not at the master.

use super::{NickId, Privileges, Room, SlaveId, User, UserId, same_person};

impl Room {
    /// Whether this nick is that of somebody here whom the slave of `reader` has admitted itself:
    /// no ENTER had come for him before this instant.
    pub fn is_unconfirmed(&self, nick: NickId, reader: UserId) -> bool {
        let slave = self.users[reader].slave;
        let mut locals = self.users.iter().filter(|one| one.slave == slave && one.inside);
        let confirmed = |one: &User| one.entered && one.entered_at < self.now;
        locals.any(|one| one.nick == Some(nick) && !confirmed(one))
    }

    /// Whether this slave was told that somebody has these privileges who has this nick there, or
    /// has asked for it, and has another one at the master.
    pub fn has_given(&self, privileges: Privileges, nick: NickId, slave: Option<SlaveId>) -> bool {
        let Some(slave) = slave else { return false };
        // Or another session of his has it, which may have stayed when he left.
        let here = |owner: &UserId| {
            let owner = &self.users[*owner].jid;
            let mut his = self.users.iter().filter(|one| same_person(&one.jid, owner));
            his.any(|one| {
                let has_it = one.inside && one.nick == Some(nick);
                one.slave == Some(slave) && (has_it || one.named.contains(&nick))
            })
        };
        let mut told = self.slaves[slave].store.values().flat_map(|stored| stored.recent.iter());
        told.any(|print| {
            let owners = self.owners.get(&print.stay);
            print.privileges == privileges && owners.is_some_and(|owners| owners.iter().any(here))
        })
    }
}
