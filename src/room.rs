//! What both machines keep of a room: occupants, privileges, history, configuration (XEP-0045).

pub mod config;

pub use xmpp_parsers::muc::user::{Affiliation, Role};

pub use self::config::{PastMessage, RoomConfig, Subject, Whois};
