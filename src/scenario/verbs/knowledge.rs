//! What machines know: expectations about their state.

use super::super::ast::{Name, Occupant};
use super::super::line::Parsed;
use super::super::sentence::Sentence;
use super::super::values;
use super::room::Privilege;

/// What machines know at this moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Knowledge {
    /// `The master has split vesa`, `The master has not split vesa`
    MasterHasSplit {
        /// The slave.
        slave: Name,
        /// Whether it has *not*.
        not: bool,
    },
    /// `The master has the slave vesa`, `The master has no slave vesa`: that it knows of, split or
    /// not.
    MasterHas {
        /// The slave.
        slave: Name,
        /// In which room; none: in any.
        room: Option<Name>,
        /// Whether it has *not*.
        not: bool,
    },
    /// `The slave vesa is split`, `The slave vesa is not registered`
    SlaveIs {
        /// The slave.
        slave: Name,
        /// What it is.
        condition: SlaveCondition,
        /// In which room; none: in any.
        room: Option<Name>,
        /// Whether it is *not*.
        not: bool,
    },
    /// `The position of vesa is 17`, `The position of vesa is that of the master`
    PositionIs {
        /// Whose.
        of: Knower,
        /// The number of the last event that it has; none: that of the master.
        position: Option<u64>,
        /// The room.
        room: Name,
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
    /// `The history of vesa holds "Hello"`, `The history of the master does not hold "Hello"`
    HistoryHolds {
        /// Whose.
        of: Knower,
        /// The room.
        room: Name,
        /// The body of a message.
        text: String,
        /// Whether it does *not*.
        not: bool,
    },
    /// `The subject is the same everywhere`: at the master and at every slave of this room.
    SubjectIsTheSame(Name),
    /// `The subject of vesa is "Net splits"`; of who knows none it is empty.
    SubjectIs {
        /// Whose.
        of: Knower,
        /// The room.
        room: Name,
        /// What it is.
        text: String,
    },
    /// `The affiliation of Troy is member`, `The role of Troy is moderator`: at the master.
    PrivilegeIs {
        /// Whose.
        occupant: Occupant,
        /// What it is; the affiliation none of nobody, the role none of who is not there.
        privilege: Privilege,
        /// The room.
        room: Name,
    },
    /// `The room exists`, `The room does not exist in wallops`
    RoomExists {
        /// The room.
        room: Name,
        /// Whether it does *not*.
        not: bool,
    },
}

/// What a slave may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlaveCondition {
    /// `split`
    Split,
    /// `registered`: it has been accepted, and that has not ended, even if the master is lost.
    Registered,
    /// `registering`
    Registering,
    /// `active`: it serves the room, and all is told.
    Active,
}

/// Who knows something of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knower {
    /// `the master`
    Master,
    /// `vesa`, `the slave vesa`
    Slave(Name),
}

impl Knowledge {
    /// Whether it is about slaves, and so about nothing in a room without them.
    pub fn is_about_slaves(&self) -> bool {
        match self {
            Knowledge::RosterIs { of, .. }
            | Knowledge::HistoryHolds { of, .. }
            | Knowledge::SubjectIs { of, .. } => *of != Knower::Master,
            Knowledge::PrivilegeIs { .. } | Knowledge::RoomExists { .. } => false,
            _ => true,
        }
    }

    pub(in super::super) fn parse(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        let known = if s.line.words("the master has not split") {
            Knowledge::MasterHasSplit { slave: s.slave()?, not: true }
        } else if s.line.words("the master has split") {
            Knowledge::MasterHasSplit { slave: s.slave()?, not: false }
        } else if s.line.words("the master has no slave") {
            Knowledge::MasterHas { slave: s.slave_name()?, room: which_room(s)?, not: true }
        } else if s.line.words("the master has the slave") {
            Knowledge::MasterHas { slave: s.slave_name()?, room: which_room(s)?, not: false }
        } else if s.line.words("the roster is the same everywhere") {
            Knowledge::RosterIsTheSame(s.in_room()?)
        } else if s.line.words("the history is the same everywhere") {
            Knowledge::HistoryIsTheSame(s.in_room()?)
        } else if s.line.words("the subject is the same everywhere") {
            Knowledge::SubjectIsTheSame(s.in_room()?)
        } else if s.line.words("the room exists") {
            Knowledge::RoomExists { room: s.in_room()?, not: false }
        } else if s.line.words("the room does not exist") {
            Knowledge::RoomExists { room: s.in_room()?, not: true }
        } else {
            return Self::parse_of(s);
        };
        Ok(Some(known))
    }

    /// `The roster of vesa is …` and its like.
    fn parse_of(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        let known = if s.line.words("the roster of") {
            Self::parse_roster(s)?
        } else if s.line.words("the history of") {
            Self::parse_history(s)?
        } else if s.line.words("the subject of") {
            let of = Knower::parse(s)?;
            s.line.expect_words("is")?;
            let text = s.line.expect_text()?;
            Knowledge::SubjectIs { of, text, room: s.in_room()? }
        } else if s.line.words("the position of") {
            Self::parse_position(s)?
        } else if s.line.words("the affiliation of") {
            Self::parse_privilege(s, Privilege::parse_affiliation)?
        } else if s.line.words("the role of") {
            Self::parse_privilege(s, Privilege::parse_role)?
        } else {
            return Self::parse_slave(s);
        };
        Ok(Some(known))
    }

    fn parse_roster(s: &mut Sentence<'_>) -> Parsed<Self> {
        let of = Knower::parse(s)?;
        s.line.expect_words("is")?;
        let occupants =
            if s.line.words("empty") { Vec::new() } else { s.list(Sentence::occupant)? };
        Ok(Knowledge::RosterIs { of, room: s.in_room()?, occupants })
    }

    fn parse_history(s: &mut Sentence<'_>) -> Parsed<Self> {
        let of = Knower::parse(s)?;
        let not = s.line.words("does not hold");
        if !not {
            s.line.expect_words("holds")?;
        }
        let text = s.line.expect_text()?;
        Ok(Knowledge::HistoryHolds { of, text, not, room: s.in_room()? })
    }

    fn parse_privilege(
        s: &mut Sentence<'_>,
        parse: impl FnOnce(&mut Sentence<'_>) -> Parsed<Privilege>,
    ) -> Parsed<Self> {
        let occupant = s.occupant()?;
        s.line.expect_words("is")?;
        let privilege = parse(s)?;
        Ok(Knowledge::PrivilegeIs { occupant, privilege, room: s.in_room()? })
    }

    fn parse_position(s: &mut Sentence<'_>) -> Parsed<Self> {
        let of = Knower::parse(s)?;
        s.line.expect_words("is")?;
        let position = if s.line.words("that of the master") {
            None
        } else {
            Some(s.value("a number", values::large_number, 0)?)
        };
        Ok(Knowledge::PositionIs { of, position, room: s.in_room()? })
    }

    /// `The slave vesa is split`; whatever else a slave may do is somebody else's business.
    fn parse_slave(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        let start = s.line.mark();
        if !s.line.words("the slave") {
            return Ok(None);
        }
        let slave = s.slave_name()?;
        let found = CONDITIONS.iter().find_map(|(is, is_not, condition)| {
            let not = s.line.words(is_not);
            (not || s.line.words(is)).then_some((*condition, not))
        });
        match found {
            Some((condition, not)) => {
                Ok(Some(Knowledge::SlaveIs { slave, condition, room: which_room(s)?, not }))
            }
            None => {
                s.line.rewind(start);
                Ok(None)
            }
        }
    }
}

impl Knower {
    fn parse(s: &mut Sentence<'_>) -> Parsed<Self> {
        if s.line.words("the master") { Ok(Knower::Master) } else { s.slave().map(Knower::Slave) }
    }
}

/// `in wallops`, if it is there.
fn which_room(s: &mut Sentence<'_>) -> Parsed<Option<Name>> {
    if s.line.words("in") { s.room().map(Some) } else { Ok(None) }
}

const CONDITIONS: [(&str, &str, SlaveCondition); 4] = [
    ("is split", "is not split", SlaveCondition::Split),
    ("is registered", "is not registered", SlaveCondition::Registered),
    ("is registering", "is not registering", SlaveCondition::Registering),
    ("is active", "is not active", SlaveCondition::Active),
];
