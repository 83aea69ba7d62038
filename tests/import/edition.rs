//! Transcripts in the words of version 0.1.1.

use wallops::transcript::Transcript;
use wallops::transcript::edition::{Edition, Reworded, reword};

use super::plain::shipped;

/// A run in the words of 0.1.1, as somebody else would have written it.
fn renamed(transcript: &Transcript) -> Transcript {
    let text = transcript.to_string();
    let text = text.replace("slave@", "replica@").replace("tmp:dmuc:0#slave", "tmp:dmuc:0#replica");
    Transcript::read(&text.replacen("spec: 0282@0.1\n", "spec: 0282@0.1.1\n", 1)).unwrap()
}

#[test]
fn every_run_is_the_same_after_renaming_there_and_back() {
    let mut told = 0;
    for run in shipped() {
        let theirs = renamed(&run);
        let Reworded { transcript, kept, .. } = reword(theirs.clone());
        assert_eq!(transcript, run, "{}", run.header.scenario);
        assert_eq!(kept, [""; 0]);
        if theirs != run {
            told += usize::from(Edition::detect(&theirs) == Some(Edition::V0_1_1));
        }
        assert_ne!(Edition::detect(&run), Some(Edition::V0_1_1), "{}", run.header.scenario);
    }
    assert!(told > 30, "{told}");
}
