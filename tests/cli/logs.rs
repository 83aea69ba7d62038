//! Logs: on standard error, with the run's own time.

use super::desk::{Desk, wallops};

const HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"";

/// The lines that are logged with these arguments and this `RUST_LOG`.
fn logged(verbose: &[&str], rust_log: Option<&str>) -> Vec<String> {
    let desk = Desk::with(HEARD);
    let mut command = wallops();
    command.current_dir(desk.path("")).args(["run", "scenarios/own.scs"]).args(verbose);
    if let Some(filter) = rust_log {
        command.env("RUST_LOG", filter);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let quiet = desk.run(&["run", "scenarios/own.scs"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), quiet.out());
    String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn nothing_is_logged_unless_asked_for() {
    assert_eq!(logged(&[], None), Vec::<String>::new());
}

#[test]
fn stanzas_and_streams_are_logged_at_the_time_of_the_run() {
    let lines = logged(&["-v"], None);
    let said = "23:58:37.001000 DEBUG wallops::sim: vesa.yeggmaex.irc -> channel.avalon.irc  ";
    assert!(lines.iter().any(|line| line.starts_with(said)), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("! stream vesa.yeggmaex.irc -> channel")));
    // What happens before the record begins is logged, too.
    assert!(lines[0].starts_with("23:58:27"), "{}", lines[0]);
    assert!(!lines.iter().any(|line| line.contains("TRACE")));
}

#[test]
fn twice_verbose_logs_deliveries_too() {
    let lines = logged(&["-vv"], None);
    assert!(lines.iter().any(|line| line.contains("TRACE wallops::sim: delivered")));
}

#[test]
fn nobody_has_to_read_the_logs() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("wallops"))
        .args(["-v", "run", "scenarios/s10-the-great-bounce.scs"])
        .current_dir(super::desk::root())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_environment_says_what_to_log() {
    let lines = logged(&[], Some("wallops::sim=debug"));
    assert!(lines.iter().any(|line| line.contains("DEBUG wallops::sim: ")));
    assert_eq!(logged(&["-v"], Some("off")), Vec::<String>::new());
}
