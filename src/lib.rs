//! wallops: a deterministic network simulator and conformance testbed for XEP-0282 (DMUC2).
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cli;
pub mod conform;
pub mod dmuc;
pub mod explore;
pub mod report;
pub mod room;
pub mod scenario;
pub mod server;
pub mod sim;
pub mod stanza;
pub mod time;
pub mod transcript;
