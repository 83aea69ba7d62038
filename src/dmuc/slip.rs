//! The one seam by which a machine can be made wrong on the inside.
//!
//! Most wrong machines of the gallery are wrong at the boundary of a server (`Tamper`). Where a
//! rule of the netjoin cannot be broken from there, the machine has a slip at the place of that
//! rule. Nothing else may turn one on.
//!
//! The seam is `Slips::has`: a machine asks nothing else, and nowhere in other words. Each question
//! (`grep -rn 'slips.has(' src/dmuc`) stands in the condition that is the rule, so that the rule is
//! what is left if the question is crossed out. The answer is compiled for the tests only, by the
//! feature `mutants` that the package gives itself as a development dependency: in what `cargo
//! build` and `cargo install` make there is nothing to turn on, each question is the constant
//! `false`, and the compiler crosses it out. `tests/mutants.rs` turns each on once, and sees that
//! it is only then that something is broken.

/// A rule that a machine does not keep. The ids in brackets are those of the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// \[NJ-m10\] A slave takes a sync that broke off for done.
    BrokenOff,
    /// \[NJ-m12\] A position of another run of the log is taken for one of this run.
    AnyRun,
    /// \[NJ-m16\] A room is taken for the one that had its address before.
    AnyRoom,
    /// \[NJ-m17\] A master takes what is late for new, though it came before the last cut.
    LateAnew,
    /// \[NJ-m18\] A slave shows live events before what it is told of the past.
    LiveInSync,
    /// \[NJ-m21\] A slave takes the position of a full sync for its own at accept.
    PositionAtAccept,
    /// \[NJ-m22\] A slave does not hold back what is new while it tells what is late.
    NothingHeld,
    /// \[NJ-m23\] A master does not count what is late.
    NothingCounted,
    /// \[NJ-m24\] A slave submits two visits of somebody in one split as two.
    TwoVisits,
    /// \[NJ-m25\] A slave takes every arrival for that of somebody else.
    NeverOwn,
    /// \[NJ-m25\] A slave takes every arrival under the nick of one of its users for his.
    AlwaysOwn,
    /// \[NJ-m26\] A slave shows what comes of a sync that it has given up.
    GivenUp,
    /// \[NJ-m27\] A slave says again what was lost, after what was said later.
    SaidAgain,
}

/// Those that are turned on: none, unless the gallery does it. Without the feature `mutants` it has
/// no room for any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slips(#[cfg(feature = "mutants")] u16);

#[cfg(feature = "mutants")]
impl Slip {
    /// All of them.
    pub const ALL: [Slip; 13] = [
        Slip::BrokenOff,
        Slip::AnyRun,
        Slip::AnyRoom,
        Slip::LateAnew,
        Slip::LiveInSync,
        Slip::PositionAtAccept,
        Slip::NothingHeld,
        Slip::NothingCounted,
        Slip::TwoVisits,
        Slip::NeverOwn,
        Slip::AlwaysOwn,
        Slip::GivenUp,
        Slip::SaidAgain,
    ];
}

#[cfg(feature = "mutants")]
impl Slips {
    /// This one.
    pub fn only(slip: Slip) -> Self {
        Self(1 << slip as u16)
    }

    /// THE SEAM: whether a machine is to break this rule. It never is outside of the gallery.
    pub(super) fn has(self, slip: Slip) -> bool {
        self.0 & 1 << slip as u16 != 0
    }
}

#[cfg(not(feature = "mutants"))]
impl Slips {
    /// THE SEAM: no machine ever is to break a rule.
    pub(super) const fn has(self, _slip: Slip) -> bool {
        false
    }
}
