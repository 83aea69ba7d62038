//! What failed, for the pages of GitHub: workflow commands that it shows beside the lines.

use std::fmt;

/// Something at a line of a file.
#[derive(Debug)]
pub(super) struct Annotation {
    /// Whether it only warns.
    pub warns: bool,
    /// The file, as it was named; empty if it is about none.
    pub file: String,
    /// The line, from 1; 0 if there is none.
    pub line: usize,
    /// The column, from 1; 0 if it is about the line, or about none.
    pub column: usize,
    /// What fails.
    pub title: String,
    /// What that means.
    pub message: String,
}

/// Whether this runs where somebody reads them.
pub(super) fn are_wanted() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| !value.is_empty())
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { warns, file, line, column, title, message } = self;
        let command = if *warns { "warning" } else { "error" };
        write!(f, "::{command} ")?;
        if !file.is_empty() {
            write!(f, "file={},", property(file))?;
        }
        for (name, number) in [("line", line), ("col", column)] {
            if *number > 0 {
                write!(f, "{name}={number},")?;
            }
        }
        write!(f, "title={}::{}", property(title), data(message))
    }
}

/// Text as the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as the value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_command_is_escaped() {
        let annotation = Annotation {
            warns: false,
            file: "a,b:c.scs".to_owned(),
            line: 3,
            column: 0,
            title: "100%: no".to_owned(),
            message: "one\ntwo: 50%, ::error".to_owned(),
        };
        let expected = "::error file=a%2Cb%3Ac.scs,line=3,title=100%25%3A no::\
                        one%0Atwo: 50%25, ::error";
        assert_eq!(annotation.to_string(), expected);
        let placed = Annotation { file: "a.scs".to_owned(), column: 7, ..annotation };
        assert!(placed.to_string().starts_with("::error file=a.scs,line=3,col=7,title="));
        let nowhere = Annotation { file: String::new(), line: 0, column: 0, ..placed };
        assert!(nowhere.to_string().starts_with("::error title=100%25%3A no::"), "{nowhere}");
    }
}
