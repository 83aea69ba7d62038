//! The elements of XEP-0282, read strictly: every attribute and child that the XEP does not have is
//! an error, at every level.

use jid::{FullJid, Jid};
use xso::{AsXml, FromXml};

use super::{Delay, Enter, History, Leave, X};
use crate::stanza::ns;
use crate::time::Time;

/// [`X`], read strictly.
#[derive(FromXml, AsXml, Clone, Debug, Default, PartialEq)]
#[xml(namespace = ns::DMUC, name = "x", on_unknown_attribute = Fail, on_unknown_child = Fail)]
pub struct XStrict {
    #[xml(child(default))]
    enter: Option<EnterStrict>,
    #[xml(child(default))]
    leave: Option<LeaveStrict>,
    #[xml(child(default))]
    history: Option<HistoryStrict>,
    #[xml(child(default))]
    delay: Option<DelayStrict>,
}

#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::DMUC, name = "enter", on_unknown_attribute = Fail, on_unknown_child = Fail)]
struct EnterStrict {
    #[xml(attribute)]
    jid: FullJid,
}

#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::DMUC, name = "leave", on_unknown_attribute = Fail, on_unknown_child = Fail)]
struct LeaveStrict {
    #[xml(attribute)]
    jid: FullJid,
}

#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::DMUC, name = "history", on_unknown_attribute = Fail, on_unknown_child = Fail)]
struct HistoryStrict {
    #[xml(attribute(default))]
    maxchars: Option<u32>,
    #[xml(attribute(default))]
    maxstanzas: Option<u32>,
    #[xml(attribute(default))]
    seconds: Option<u32>,
    #[xml(attribute(default))]
    since: Option<Time>,
}

#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::DELAY, name = "delay", on_unknown_attribute = Fail, on_unknown_child = Fail)]
struct DelayStrict {
    #[xml(attribute(default))]
    from: Option<Jid>,
    #[xml(attribute)]
    stamp: Time,
}

impl From<XStrict> for X {
    fn from(strict: XStrict) -> X {
        let history = strict.history.map(|limits| History {
            maxchars: limits.maxchars,
            maxstanzas: limits.maxstanzas,
            seconds: limits.seconds,
            since: limits.since,
        });
        X {
            enter: strict.enter.map(|enter| Enter { jid: enter.jid }),
            leave: strict.leave.map(|leave| Leave { jid: leave.jid }),
            history,
            delay: strict.delay.map(|delay| Delay { from: delay.from, stamp: delay.stamp }),
            ..X::default()
        }
    }
}
