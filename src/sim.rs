//! Scenario to transcript, over one of two networks.
//!
//! The [`World`](world::World) holds every server and client and the record of the run; it is as
//! pure as they are. A [`Network`](network::Network) moves what the world sends: `event` from a
//! queue of stanzas, `wire` through simulated TCP and real XML streams.

pub mod clock;
pub mod event;
pub mod network;
pub mod play;
pub mod wire;
pub mod world;
