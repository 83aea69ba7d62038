//! The commands that `docs/ci.md` prints for CI are commands, and do what it says.

use std::process::Command;

use yaml_rust2::YamlLoader;

use super::desk::{Desk, Ran, root, run, wallops};

/// Every line of the page's examples that calls the program, without the program.
fn commands(page: &str) -> Vec<Vec<String>> {
    let calls = page.lines().map(str::trim).filter_map(|line| {
        let line = line.strip_prefix("- run: ").unwrap_or(line);
        let line = line.strip_prefix("./target/release/").unwrap_or(line);
        line.strip_prefix("wallops ")?.split(" ||").next()
    });
    calls.map(|call| call.split_whitespace().map(str::to_owned).collect()).collect()
}

/// The log of a server that keeps what it has to.
fn log() -> String {
    let desk = Desk::new();
    let whole = desk.path("whole.txt").display().to_string();
    run(&["run", "scenarios/s02-truly-rotten-time.scs", "--write", &whole]).ends_with(0);
    let transcript = wallops::transcript::Transcript::read(&desk.read("whole.txt")).unwrap();
    wallops::transcript::import::write_plain(&transcript)
}

#[test]
fn the_commands_for_ci_work() {
    let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let desk = Desk::new();
    desk.put("server.log", log());
    let all = commands(&page);
    assert_eq!(all.len(), 4, "{all:?}");
    for command in all {
        let mut call = wallops();
        for word in &command {
            match word.as_str() {
                // One of them is enough here.
                "scenarios" => call.arg("scenarios/s02-truly-rotten-time.scs"),
                file if file.contains('.') => call.arg(desk.path(file)),
                word => call.arg(word),
            };
        }
        call.assert().success();
    }
    for report in ["wallops.xml", "server.xml"] {
        let report = desk.read(report);
        assert!(report.contains("<testsuite "), "{report}");
    }
    assert!(desk.read("wallops.html").contains("s02-truly-rotten-time"));
    assert!(desk.read("server.html").contains("server.log"));
}

/// The blocks of the page in this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let parts = page.split(&format!("```{language}\n")).skip(1).collect::<Vec<_>>();
    parts.into_iter().map(|part| part.split("```").next().unwrap()).collect()
}

#[test]
fn the_workflows_for_github_are_workflows() {
    let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let blocks = blocks(&page, "yaml");
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let [workflow] = &YamlLoader::load_from_str(block).unwrap()[..] else { panic!("{block}") };
        assert!(workflow["name"].as_str().is_some(), "{block}");
        assert!(workflow["on"].as_vec().is_some(), "{block}");
        for job in workflow["jobs"].as_hash().unwrap().values() {
            assert_eq!(job["runs-on"].as_str(), Some("ubuntu-latest"));
            let steps = job["steps"].as_vec().unwrap();
            // Each does one thing; the reports that are kept are those that were asked for.
            for step in steps {
                assert!(step["run"].as_str().is_some() != step["uses"].as_str().is_some());
            }
            let runs: Vec<_> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
            let kept = steps.last().unwrap()["with"]["path"].as_str().unwrap();
            for file in kept.lines() {
                assert!(runs.iter().any(|run| run.contains(file)), "{file}: {runs:?}");
            }
        }
    }
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

#[test]
fn what_is_wrong_with_the_input_is_told_to_github_with_its_place() {
    let desk = Desk::with("BigCheese seys \"hello\"");
    desk.put("t.txt", "wallops transcript 1\nno header\n");
    let noted = |arguments: &[&str]| {
        let mut command = wallops();
        command.current_dir(desk.path("")).env("GITHUB_ACTIONS", "true").args(arguments);
        Ran(command.output().unwrap()).ends_with(2)
    };
    let place = "::error file=scenarios/own.scs,line=7,col=11,title=the input is wrong::";
    noted(&["test"]).prints(place).complains("did you mean `says`?");
    noted(&["judge", "t.txt"]).prints("::error file=t.txt,line=2,col=").complains("t.txt:2:");
    noted(&["judge", "none.txt"]).prints("::error title=the input is wrong::none.txt: no such");
    assert_eq!(desk.run(&["test"]).ends_with(2).out(), "");
}

#[test]
fn a_report_on_standard_output_is_alone_there() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    for (command, sum) in [("judge", "requirements: "), ("test", "1 scenario: 1 passed")] {
        let run = |rest: &[&str]| {
            let arguments = [&[command, "scenarios/own.scs", "--report", "-"], rest].concat();
            desk.run(&arguments)
        };
        desk.run(&[command, "scenarios/own.scs"]).prints(sum);
        run(&["--report", "r.txt", "--report", "r.json", "--report", "r.xml"]);
        let alone = |format: &[&str], file: &str| {
            let ran = run(format).complains(sum);
            assert_eq!(ran.out(), desk.read(file), "{command} {format:?}");
        };
        alone(&[], "r.txt");
        alone(&["--report-format", "json"], "r.json");
        alone(&["--report-format", "junit"], "r.xml");
        run(&["--report", "-"]).ends_with(2).complains("two reports on standard output");
    }
    desk.run(&["judge", "scenarios/own.scs", "--report", "r.txt", "--report-format", "json"])
        .ends_with(2)
        .complains("no report goes to standard output")
        .complains("the name of a file says in what form it is");
    let report = ["report", "scenarios/own.scs", "--format", "json"];
    let printed = desk.run(&report).out();
    assert_eq!(desk.run(&[&report[..], &["--out", "-"]].concat()).out(), printed);
}

#[test]
fn what_is_judged_on_standard_input_is_reported_on_standard_output() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.run(&["run", "scenarios/own.scs", "--write", "t.txt"]);
    let mut command = wallops();
    command.current_dir(desk.path("")).write_stdin(desk.read("t.txt"));
    command.args(["judge", "-", "--report", "-", "--report-format", "json"]);
    command.env("GITHUB_ACTIONS", "true");
    let ran = Ran(command.output().unwrap()).complains("requirements: ");
    assert!(ran.out().starts_with('{') && ran.out().ends_with("}\n"), "{}", ran.out());
}
