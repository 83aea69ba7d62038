//! The commands that `docs/ci.md` prints for CI are commands, and do what it says.

use super::desk::{root, wallops};

/// Every line of the page's examples that calls the program, without the program.
fn commands(page: &str) -> Vec<Vec<String>> {
    let calls = page.lines().map(str::trim).filter_map(|line| {
        let line = line.strip_prefix("- run: ").unwrap_or(line);
        let line = line.strip_prefix("./target/release/").unwrap_or(line);
        line.strip_prefix("wallops ")
    });
    calls.map(|call| call.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn the_commands_for_ci_work() {
    let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let out = tempfile::tempdir().unwrap();
    let all = commands(&page);
    assert!(all.len() >= 7, "{all:?}");
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
