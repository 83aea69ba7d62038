//! Sessions: people come and go.

use super::super::sentence::Sentence;

/// What somebody does with his connection to his server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// `WiZ connects`
    Connects,
    /// `WiZ disconnects`
    Disconnects,
    /// `WiZ loses its connection`
    LosesConnection,
}

impl Session {
    pub(in super::super) fn parse(sentence: &mut Sentence<'_>) -> Option<Self> {
        let line = &mut sentence.line;
        let deed = if line.any_of(&["connects", "connect"]) {
            Session::Connects
        } else if line.any_of(&["disconnects", "disconnect"]) {
            Session::Disconnects
        } else if line.any_of(&LOSES) {
            Session::LosesConnection
        } else {
            return None;
        };
        line.colon();
        Some(deed)
    }
}

const LOSES: [&str; 5] = [
    "loses its connection",
    "loses his connection",
    "loses her connection",
    "lose their connection",
    "lose their connections",
];
