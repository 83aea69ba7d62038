//! Who counts the other as lost keeps quiet: INV-QUIET-M, INV-QUIET-S.

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::room::{Class, Room, Side};
use super::steps::{Happening, Step};
use crate::stanza::{Kind, Type};
use crate::transcript::is_client;

/// Both of them; nothing has to be remembered.
#[derive(Debug, Default)]
pub(super) struct Quiet;

impl Invariant for Quiet {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let reading = &passage.reading;
        if room.is_stale(passage) {
            // Said before the other was lost.
            return;
        }
        match passage.class {
            Class::ToSlave(slave) => {
                // Everything that may be said now is a query, or answers one.
                let one = &room.slaves[slave];
                let split = one.master == Side::Split;
                if split && reading.stanza.kind != Kind::Iq {
                    let expected = "nothing but pings for a slave that is split";
                    let wrong =
                        Wrong::of(format!("the master has lost {}, and sends it this", one.jid));
                    let wrong = wrong.because(one.lost_master);
                    findings.wrong("INV-QUIET-M", (step.entry, passage), expected, wrong);
                }
            }
            Class::Relay(_) => {
                let Some(slave) = room.slave_at(&passage.hop.from) else { return };
                let one = &room.slaves[slave];
                let split = one.own == Side::Split;
                // What answers a query of the room is no business of the slave's.
                let answers = reading.stanza.kind == Kind::Iq
                    && matches!(reading.stanza.type_, Type::Result | Type::Error);
                if split && !answers && !is_client(&passage.hop.from) {
                    let expected = "nothing of its users from a slave that is split";
                    let wrong =
                        Wrong::of(format!("{} has lost its master, and sends it this", one.jid));
                    let wrong = wrong.because(one.lost_own);
                    findings.wrong("INV-QUIET-S", (step.entry, passage), expected, wrong);
                }
            }
            _ => {}
        }
    }
}
