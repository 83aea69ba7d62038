//! What came of a command, and the exit code that says so.

use std::process::ExitCode;

/// What came of a command. Of several, the greatest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// All is well.
    #[default]
    Well,
    /// Nothing failed, but something was vacuous or unsupported.
    Vacuous,
    /// Something failed.
    Failed,
    /// The input is wrong: usage, scenario, transcript.
    Wrong,
}

impl Verdict {
    /// [`Verdict::Well`], or else [`Verdict::Failed`].
    pub fn well_if(well: bool) -> Self {
        if well { Verdict::Well } else { Verdict::Failed }
    }

    fn code(self) -> u8 {
        match self {
            Verdict::Well => 0,
            Verdict::Failed => 1,
            Verdict::Wrong => 2,
            Verdict::Vacuous => 3,
        }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        ExitCode::from(verdict.code())
    }
}
