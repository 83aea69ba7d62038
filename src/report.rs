//! What people read of transcripts: sequence diagrams.
//!
//! Everything here is a pure function of a transcript; it does *not* know how a run was made, nor
//! where what it writes goes. Whatever it writes may come from a hostile transcript: it is bounded,
//! and every name and text in it is escaped.

pub mod diagram;
mod plain;
