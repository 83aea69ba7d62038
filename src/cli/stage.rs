//! Playing a scenario on one of the networks.

use clap::ValueEnum;

use super::files::Script;
use crate::sim::clock;
use crate::sim::play::{self, Options, Outcome, PlayError};

/// One of the networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Net {
    /// Stanzas on links: fast, nothing is serialised
    #[default]
    Event,
    /// XML streams over a simulated TCP: handshakes, resets, half-open connections
    Wire,
}

impl Net {
    /// Both.
    pub const ALL: [Net; 2] = [Net::Event, Net::Wire];

    /// As the arguments and the transcript have it.
    pub fn name(self) -> &'static str {
        match self {
            Net::Event => "event",
            Net::Wire => "wire",
        }
    }
}

/// How to play.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    /// On which network.
    pub net: Net,
    /// With another seed than the scenario's.
    pub seed: Option<u64>,
    /// Without slaves.
    pub plain: bool,
}

impl Manner {
    /// The command that plays this scenario in this manner.
    pub fn command(self, script: &Script) -> String {
        let mut command = format!("wallops run {}", shell_word(&script.path.display().to_string()));
        if self.net != Net::default() {
            command.push_str(&format!(" --net {}", self.net.name()));
        }
        if let Some(seed) = self.seed {
            command.push_str(&format!(" --seed {seed}"));
        }
        if self.plain {
            command.push_str(" --plain");
        }
        command
    }

    /// The command that judges this scenario by the requirements, if it is played in this manner
    /// for that: on the event network.
    pub fn judging(self, script: &Script) -> Option<String> {
        let judged = self.net == Net::Event && self.seed.is_none() && !self.plain;
        judged.then(|| self.command(script).replacen("run", "judge", 1))
    }
}

/// Play a scenario.
pub(super) fn play(script: &Script, manner: Manner) -> Result<Outcome, PlayError> {
    let options = Options {
        source: script.source.text().into(),
        seed: manner.seed,
        plain: manner.plain,
        network: manner.net.name(),
    };
    let outcome = match manner.net {
        Net::Event => play::play_event(&script.scenario, &options),
        Net::Wire => play::play_wire(&script.scenario, &options),
    };
    clock::clear();
    outcome
}

/// A word that a shell reads as it is.
pub(super) fn shell_word(text: &str) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | '@');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_quoted_word_as_it_was() {
        assert_eq!(shell_word("scenarios/s01.scs"), "scenarios/s01.scs");
        assert_eq!(shell_word("it's $HOME.scs"), r"'it'\''s $HOME.scs'");
    }
}
