//! What machines know: expectations about their state.

use super::super::ast::{Name, Occupant};
use super::super::line::Parsed;
use super::super::sentence::Sentence;

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

impl Knowledge {
    pub(in super::super) fn parse(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        let known = if s.line.words("the master has not split") {
            Knowledge::MasterHasSplit { slave: s.slave()?, not: true }
        } else if s.line.words("the master has split") {
            Knowledge::MasterHasSplit { slave: s.slave()?, not: false }
        } else if s.line.words("the roster is the same everywhere") {
            Knowledge::RosterIsTheSame(s.in_room()?)
        } else if s.line.words("the history is the same everywhere") {
            Knowledge::HistoryIsTheSame(s.in_room()?)
        } else if s.line.words("the roster of") {
            Self::parse_roster(s)?
        } else {
            return Self::parse_slave(s);
        };
        Ok(Some(known))
    }

    fn parse_roster(s: &mut Sentence<'_>) -> Parsed<Self> {
        let of =
            if s.line.words("the master") { Knower::Master } else { Knower::Slave(s.slave()?) };
        s.line.expect_words("is")?;
        let occupants =
            if s.line.words("empty") { Vec::new() } else { s.list(Sentence::occupant)? };
        Ok(Knowledge::RosterIs { of, room: s.in_room()?, occupants })
    }

    /// `The slave vesa is split`; whatever else a slave may do is somebody else's business.
    fn parse_slave(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        let start = s.line.mark();
        if !s.line.words("the slave") {
            return Ok(None);
        }
        let slave = s.slave_name()?;
        if s.line.words("is not split") {
            return Ok(Some(Knowledge::SlaveIsSplit { slave, not: true }));
        }
        if s.line.words("is split") {
            return Ok(Some(Knowledge::SlaveIsSplit { slave, not: false }));
        }
        s.line.rewind(start);
        Ok(None)
    }
}
