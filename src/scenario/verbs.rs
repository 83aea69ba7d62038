//! The verbs of the language: one file for each group, with an example line above each verb.

mod crossing;
mod knowledge;
mod network;
mod order;
mod pause;
mod perception;
mod raw;
mod room;
mod session;

pub use self::crossing::{Count, Crossing, Kind, Path};
pub use self::knowledge::{Knower, Knowledge, SlaveCondition};
pub use self::network::{Manner, NetworkChange};
pub use self::order::Order;
pub use self::pause::Pause;
pub use self::perception::{Perception, Sight};
pub use self::raw::{Pattern, Raw};
pub use self::room::{HistoryLimits, Privilege, RoomDeed};
pub use self::session::Session;
