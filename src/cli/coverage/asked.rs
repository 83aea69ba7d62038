//! What coverage is asked of: scenarios, and perhaps only some requirements.

use std::path::{Path, PathBuf};

use crate::cli::files;
use crate::cli::judge::asked::nearest_id;
use crate::cli::refusal::Refusal;
use crate::conform::requirements::Requirement;

/// Which scenarios are to be played, and which requirements are wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub paths: Vec<PathBuf>,
    /// All if there are none.
    pub ids: Vec<&'static str>,
}

impl Asked {
    /// What these words name: each a file or a directory, or else requirements.
    pub fn read(words: &[PathBuf]) -> Result<Self, Refusal> {
        let (mut paths, mut ids, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        for word in words {
            let looks_like_one = word.extension().is_some_and(|extension| extension == "scs")
                || word.components().count() > 1;
            let id = word.to_str().filter(|id| !id.is_empty());
            match id.filter(|_| !word.exists() && !looks_like_one) {
                // Whether it can be read is found out by reading it.
                None => paths.push(word.clone()),
                Some(id) => match Requirement::named(id).as_slice() {
                    [] => refusals.push(Some(unknown(id))),
                    named => ids.extend(named.iter().map(|one| one.id)),
                },
            }
        }
        if !refusals.is_empty() {
            return Err(Refusal::all(refusals));
        }
        if paths.is_empty() {
            paths.push(PathBuf::from("scenarios"));
        }
        Ok(Self { paths, ids })
    }

    /// Whether this requirement is wanted.
    pub fn wants(&self, id: &str) -> bool {
        self.ids.is_empty() || self.ids.contains(&id)
    }
}

/// A word that names nothing, and what it may have been meant to be.
fn unknown(word: &str) -> Refusal {
    let wrong = "no requirement has such an id, and there is no such file or directory";
    let help = match files::nearest_to(Path::new(word)) {
        Some(meant) => format!("did you mean `{}`?", meant.display()),
        None => nearest_id(word),
    };
    Refusal::about(word.escape_debug(), wrong).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_read_and_other_words_are_ids() {
        let words = ["src", "slave.leave.forward", "elsewhere/own.scs", "own.scs"];
        let asked = Asked::read(&words.map(PathBuf::from)).unwrap();
        let paths = ["src", "elsewhere/own.scs", "own.scs"].map(PathBuf::from);
        assert_eq!(asked, Asked { paths: paths.to_vec(), ids: vec!["slave.leave.forward"] });
    }
}
