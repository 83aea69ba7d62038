//! The command that judges a record again.

use crate::cli::args;
use crate::cli::files;
use crate::cli::stage::shell_word;

/// The command that judges this record by these requirements, with the options that were given.
pub(super) fn command(arguments: &args::Judge, path: &str, required: &[&str]) -> String {
    let path = if path == files::INPUT_NAME { files::INPUT } else { path };
    let mut words = vec!["wallops judge".to_owned(), shell_word(path)];
    let mut option = |name: &str, value: Option<String>| {
        words.extend(value.map(|value| format!("{name} {}", shell_word(&value))));
    };
    option("--format", arguments.format.map(|format| format.name().to_owned()));
    option("--scenario", arguments.scenario.as_ref().map(|path| path.display().to_string()));
    option("--as", arguments.party.map(|party| party.to_string()));
    option("--spec", arguments.spec.map(|edition| edition.spec().to_owned()));
    option("--require", (!required.is_empty()).then(|| required.join(",")));
    let flags = [("--whole", arguments.whole), ("--strict", arguments.strict)];
    words.extend(flags.iter().filter(|(_, given)| *given).map(|(flag, _)| (*flag).to_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::requirements::Actor;
    use crate::transcript::edition::Edition;
    use crate::transcript::import::Format;

    #[test]
    fn every_option_that_says_how_to_judge_is_in_it() {
        let plain = args::Judge::default();
        assert_eq!(command(&plain, "t.txt", &[]), "wallops judge t.txt");
        let all = args::Judge {
            format: Some(Format::Plain),
            scenario: Some("my own.scs".into()),
            party: Some(Actor::Slave),
            spec: Some(Edition::V0_1_1),
            whole: true,
            strict: true,
            ..plain
        };
        assert_eq!(
            command(&all, "t.txt", &["INV-FIFO", "slave.leave"]),
            "wallops judge t.txt --format plain --scenario 'my own.scs' --as slave \
             --spec 0282@0.1.1 --require INV-FIFO,slave.leave --whole --strict"
        );
    }
}
