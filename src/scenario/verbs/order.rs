//! What operators of servers do with slaves and chat services.

use super::super::ast::Name;
use super::super::line::Parsed;
use super::super::mistake::Wrong;
use super::super::sentence::Sentence;
use crate::dmuc::Registration;

/// What an operator does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// `The slave vesa registers`: now, and not only when a user wants to enter. A slave that was
    /// never started is.
    SlaveRegisters {
        /// The slave.
        slave: Name,
        /// The room.
        room: Name,
    },
    /// `The slave vesa deregisters`
    SlaveDeregisters {
        /// The slave.
        slave: Name,
        /// The room.
        room: Name,
    },
    /// `The master offers vesa a slave`: that its server may register one.
    MasterOffers {
        /// The domain.
        domain: Name,
        /// The room.
        room: Name,
    },
    /// `The master deregisters the slave vesa`
    MasterDeregisters {
        /// The slave.
        slave: Name,
        /// The room.
        room: Name,
    },
    /// `The master shuts down`: everybody is told. It may be crashed and restarted after that.
    MasterShutsDown {
        /// The domain of the service.
        service: Name,
    },
}

impl Order {
    pub(super) fn parse(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        if s.line.words("the master offers") {
            let domain = s.server()?;
            s.line.expect_words("a slave")?;
            return Ok(Some(Order::MasterOffers { domain, room: s.in_room()? }));
        }
        if s.line.words("the master deregisters") {
            let slave = s.slave()?;
            return Ok(Some(Order::MasterDeregisters { slave, room: s.in_room()? }));
        }
        if s.line.words("the master shuts down") {
            return Ok(Some(Order::MasterShutsDown { service: s.master()? }));
        }
        Self::parse_slave(s)
    }

    /// What a slave does by order; whatever else it may do is somebody else's business.
    fn parse_slave(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        let start = s.line.mark();
        if !s.line.words("the slave") {
            return Ok(None);
        }
        let slave = s.slave_name()?;
        let verb = s.line.here();
        let order = s.line.peek_word().filter(|word| ["registers", "deregisters"].contains(word));
        let known = s.names.cast.slaves.get(&slave);
        let is_static = known.is_some_and(|known| known.registration == Registration::Static);
        if let Some(key) = order.filter(|_| is_static) {
            s.line.note((Wrong::OnlyDynamic { key: key.to_owned() }, verb));
        }
        if s.line.words("registers") {
            return Ok(Some(Order::SlaveRegisters { slave, room: s.in_room()? }));
        }
        if s.line.words("deregisters") {
            return Ok(Some(Order::SlaveDeregisters { slave, room: s.in_room()? }));
        }
        s.line.rewind(start);
        Ok(None)
    }
}
