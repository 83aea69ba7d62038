//! The masters and slaves of XEP-0282 against its statements, without any network.
//!
//! A [`stage`] joins one chat service, some slaves and some clients by a list; everything that
//! passes between them is recorded, and the tests look at that record. The clients are models of
//! what XEP-0045 lets a client believe; each of them complains of what it may not be sent
//! ([`client`]). Each test of a statement names it in its documentation by the statement's id;
//! [`register`] sees to it that none is forgotten.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "machines/acts.rs"]
mod acts;
#[path = "machines/cast.rs"]
mod cast;
#[path = "machines/client.rs"]
mod client;
#[path = "machines/record.rs"]
mod record;
#[path = "machines/soundness.rs"]
mod soundness;
#[path = "machines/stage.rs"]
mod stage;

#[path = "machines/convergence.rs"]
mod convergence;
#[path = "machines/random.rs"]
mod random;
#[path = "machines/schedule.rs"]
mod schedule;
#[path = "machines/wires.rs"]
mod wires;

#[path = "machines/admin.rs"]
mod admin;
#[path = "machines/affairs.rs"]
mod affairs;
#[path = "machines/anew.rs"]
mod anew;
#[path = "machines/broadcast.rs"]
mod broadcast;
#[path = "machines/ending.rs"]
mod ending;
#[path = "machines/enter.rs"]
mod enter;
#[path = "machines/entry.rs"]
mod entry;
#[path = "machines/fanout.rs"]
mod fanout;
#[path = "machines/identity.rs"]
mod identity;
#[path = "machines/initial.rs"]
mod initial;
#[path = "machines/keepalive.rs"]
mod keepalive;
#[path = "machines/leave.rs"]
mod leave;
#[path = "machines/netjoin.rs"]
mod netjoin;
#[path = "machines/plain.rs"]
mod plain;
#[path = "machines/presence.rs"]
mod presence;
#[path = "machines/register.rs"]
mod register;
#[path = "machines/regressions.rs"]
mod regressions;
#[path = "machines/relay.rs"]
mod relay;
#[path = "machines/requirements.rs"]
mod requirements;
#[path = "machines/restart.rs"]
mod restart;
#[path = "machines/room.rs"]
mod room;
#[path = "machines/sessions.rs"]
mod sessions;
#[path = "machines/split_master.rs"]
mod split_master;
#[path = "machines/split_slave.rs"]
mod split_slave;
#[path = "machines/visibility.rs"]
mod visibility;
