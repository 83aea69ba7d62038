//! What both machines keep of a room: occupants, privileges, history, configuration (XEP-0045).
//!
//! Nothing here knows of masters, slaves or networks.

pub mod audience;
pub mod config;
pub mod form;
pub mod history;
pub mod invitation;
pub mod item;
pub mod nick;
pub mod privilege;
pub mod registration;
pub mod roster;
pub mod settings;
pub mod voice;

pub use xmpp_parsers::muc::user::{Affiliation, Role};

pub use self::audience::Audience;
pub use self::config::{
    BroadcastRole, Grants, PastMessage, PrivateMessages, RoomConfig, Subject, Whois,
};
pub use self::history::{History, StoredMessage};
pub use self::item::Item;
pub use self::roster::{Roster, Seat};
