//! Sessions: people come and go.

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
