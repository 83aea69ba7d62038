//! Slaves that register (profile full): their life, positions, and the netjoin.
//!
//! A machine alone against a test that plays its peer ([`lone_slave`], [`lone_master`]), stanza by
//! stanza; and a service with several slaves joined by ordered ways with latency that are cut and
//! healed ([`stage`]). What clients may be sent is the business of a model of what XEP-0045 lets a
//! client believe. Sections are those of `docs/dmuc2-slave.md`; P1 to P5 are its rules of
//! positions, T1 to T22 threats, rows those of its conflicts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "machines/acts.rs"]
#[allow(dead_code, reason = "shared with another test")]
mod acts;
#[path = "machines/cast.rs"]
#[allow(dead_code, reason = "shared with another test")]
mod cast;
#[path = "machines/client.rs"]
#[allow(dead_code, reason = "shared with another test")]
mod client;
#[path = "machines/record.rs"]
#[allow(dead_code, reason = "shared with another test")]
mod record;

#[path = "netjoin/changes.rs"]
mod changes;
#[path = "netjoin/collisions.rs"]
mod collisions;
#[path = "netjoin/conflicts.rs"]
mod conflicts;
#[path = "netjoin/convergence.rs"]
mod convergence;
#[path = "netjoin/failures.rs"]
mod failures;
#[path = "netjoin/handover.rs"]
mod handover;
#[path = "netjoin/late.rs"]
mod late;
#[path = "netjoin/local_kick.rs"]
mod local_kick;
#[path = "netjoin/lone_master.rs"]
mod lone_master;
#[path = "netjoin/lone_slave.rs"]
mod lone_slave;
#[path = "netjoin/master_errors.rs"]
mod master_errors;
#[path = "netjoin/master_netjoin.rs"]
mod master_netjoin;
#[path = "netjoin/pattern.rs"]
mod pattern;
#[path = "netjoin/plan.rs"]
mod plan;
#[path = "netjoin/policies.rs"]
mod policies;
#[path = "netjoin/positions.rs"]
mod positions;
#[path = "netjoin/random.rs"]
mod random;
#[path = "netjoin/refusals.rs"]
mod refusals;
#[path = "netjoin/register.rs"]
mod register;
#[path = "netjoin/regressions.rs"]
mod regressions;
#[path = "netjoin/security_master.rs"]
mod security_master;
#[path = "netjoin/security_slave.rs"]
mod security_slave;
#[path = "netjoin/slave_errors.rs"]
mod slave_errors;
#[path = "netjoin/soundness.rs"]
mod soundness;
#[path = "netjoin/stage.rs"]
mod stage;
#[path = "netjoin/stanzas.rs"]
mod stanzas;
#[path = "netjoin/syncs.rs"]
mod syncs;
#[path = "netjoin/terms.rs"]
mod terms;
#[path = "netjoin/threats.rs"]
mod threats;
#[path = "netjoin/transparent.rs"]
mod transparent;
#[path = "netjoin/unseen.rs"]
mod unseen;
#[path = "netjoin/ways.rs"]
mod ways;
