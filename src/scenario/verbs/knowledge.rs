//! What machines know: expectations about their state.

use super::super::ast::{Name, Occupant};

/// What machines know at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// `The master has split vesa`, `The master has not split vesa`
    MasterHasSplit {
        /// The slave.
        slave: Name,
        /// Whether it has *not*.
        not: bool,
    },
    /// `The slave vesa is split`, `The slave vesa is not split`
    SlaveIsSplit {
        /// The slave.
        slave: Name,
        /// Whether it is *not*.
        not: bool,
    },
    /// `The roster is the same everywhere`: at the master and at every slave of this room.
    RosterIsTheSame(Name),
    /// `The roster of vesa is WiZ, Troy and Efchen`, in any order; `The roster of vesa is empty`
    RosterIs {
        /// Whose.
        of: Knower,
        /// The room.
        room: Name,
        /// Who is on it.
        occupants: Vec<Occupant>,
    },
    /// `The history is the same everywhere`: at the master and at every slave of this room.
    HistoryIsTheSame(Name),
}

/// Who has a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knower {
    /// `the master`
    Master,
    /// `vesa`, `the slave vesa`
    Slave(Name),
}
