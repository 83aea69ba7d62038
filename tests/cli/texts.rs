//! Help, completions, manual pages.

use super::desk::{Desk, run};

const COMMANDS: [&str; 11] = [
    "run",
    "test",
    "examples",
    "check",
    "format",
    "diff",
    "diagram",
    "report",
    "explore",
    "completions",
    "man",
];

#[test]
fn every_command_has_help_with_an_example_of_its_use() {
    for command in COMMANDS {
        let help = run(&[command, "--help"]).ends_with(0).out();
        let example = format!("\n  wallops {command} ");
        let first = format!("\n  wallops {command}\n");
        assert!(help.contains(&example) || help.contains(&first), "{help}");
        assert!(help.contains("Usage: wallops "), "{help}");
        let ends_in_codes = !matches!(command, "completions" | "man");
        assert_eq!(help.contains("Exit codes:"), ends_in_codes, "{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

#[test]
fn without_arguments_the_help_is_shown() {
    run(&[]).ends_with(2).complains("Usage: wallops").complains("Exit codes:");
    run(&["--help"]).ends_with(0).prints("wallops run scenarios/s01-bigcheese-enters.scs\n");
    run(&["--version"]).ends_with(0).prints("wallops 0.1.0\n");
}

#[test]
fn the_examples_of_the_help_name_files_that_exist() {
    for command in COMMANDS {
        let help = run(&[command, "--help"]).out();
        for word in help.split_whitespace().filter(|word| word.starts_with("scenarios/")) {
            let path = super::desk::root().join(word);
            assert!(word.contains('*') || path.exists(), "{command}: {word}");
        }
    }
}

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        run(&["completions", shell]).ends_with(0).prints("examples");
    }
    run(&["completions", "tcsh"]).ends_with(2).complains("invalid value 'tcsh'");
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    run(&["man"]).ends_with(0).prints(".TH wallops 1");
    let desk = Desk::new();
    desk.run(&["man", "pages/man1"]).ends_with(0).prints("pages/man1");
    assert!(desk.read("pages/man1/wallops.1").contains("Exit codes"));
    for command in COMMANDS {
        assert!(desk.path(&format!("pages/man1/wallops-{command}.1")).is_file(), "{command}");
    }
}
