//! The same input gives the same output, byte for byte, in every process.

use super::desk::{Desk, root, run};

#[test]
fn every_scenario_gives_the_same_transcript_in_two_processes() {
    let desk = Desk::new();
    let mut number = 0;
    for entry in std::fs::read_dir(root().join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "scs") {
            continue;
        }
        number += 1;
        for net in ["event", "wire"] {
            let transcript = |name: &str| {
                let file = desk.path(name);
                let (path, file) = (path.to_str().unwrap(), file.to_str().unwrap());
                run(&["run", path, "--net", net, "--write", file]).ends_with(0);
                desk.read(name)
            };
            assert_eq!(transcript("first.txt"), transcript("second.txt"), "{}", path.display());
        }
    }
    assert!(number > 0);
}

#[test]
fn it_does_not_matter_how_many_scenarios_are_played_at_a_time() {
    let out = |jobs: &str| run(&["test", "--jobs", jobs]).ends_with(0).out();
    assert_eq!(out("1"), out("4"));
}
