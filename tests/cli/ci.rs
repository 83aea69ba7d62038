//! The commands that `docs/ci.md` prints for CI are commands, and do what it says.

use std::process::Command;

use super::desk::{Desk, Ran, root, wallops};

/// Every line of the page's examples that calls the program, without the program.
fn commands(page: &str) -> Vec<Vec<String>> {
    let calls = page.lines().map(str::trim).filter_map(|line| {
        let line = line.strip_prefix("- run: ").unwrap_or(line);
        let line = line.strip_prefix("./target/release/").unwrap_or(line);
        line.strip_prefix("wallops ")?.split(" ||").next()
    });
    calls.map(|call| call.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn the_commands_for_ci_work() {
    let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let out = tempfile::tempdir().unwrap();
    let all = commands(&page);
    assert_eq!(all.len(), 3, "{all:?}");
    for command in all {
        let mut call = wallops();
        for word in &command {
            match word.as_str() {
                // One of them is enough here.
                "scenarios" => call.arg("scenarios/s02-truly-rotten-time.scs"),
                file if file.starts_with("wallops.") => call.arg(out.path().join(file)),
                word => call.arg(word),
            };
        }
        call.assert().success();
    }
    let report = std::fs::read_to_string(out.path().join("wallops.xml")).unwrap();
    assert!(report.contains("<testsuite "), "{report}");
    let page = std::fs::read_to_string(out.path().join("wallops.html")).unwrap();
    assert!(page.contains("s02-truly-rotten-time"));
}

/// What the script "Anywhere" does at this desk.
fn anywhere(desk: &Desk) -> Ran {
    let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let script = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_wallops")).parent().unwrap();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&others));
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).current_dir(desk.path(""));
    shell.env("PATH", std::env::join_paths(path).unwrap()).env_remove("GITHUB_ACTIONS");
    Ran(shell.output().unwrap())
}

#[test]
fn the_script_fails_and_keeps_both_reports() {
    let says = |word: &str| {
        let lines = ["BigCheese says \"hello\"", &format!("Wumpus hears BigCheese say \"{word}\"")];
        Desk::with(&lines.join("\n"))
    };
    let desk = says("hello");
    anywhere(&desk).ends_with(0);
    // An expectation that is not met; a scenario in another layout.
    let unmet = says("hullo");
    anywhere(&unmet).ends_with(1);
    assert!(unmet.read("wallops.xml").contains("<failure message=\"scenarios/own.scs:8: "));
    assert!(unmet.read("wallops.html").contains("<div class=\"unmet\">"));
    desk.put("scenarios/own.scs", desk.read("scenarios/own.scs").replace("says ", "says  "));
    std::fs::remove_file(desk.path("wallops.xml")).unwrap();
    anywhere(&desk).ends_with(1);
    let report = desk.read("wallops.xml");
    assert!(report.contains(" failures=\"0\"") && !report.contains("<skipped"), "{report}");
}
