//! What is not UTF-8: what it is instead, and what of it can be read.

use crate::cli::refusal::Refusal;
use crate::transcript::import::{Format, Notice, Remark};

/// Why this file is refused: where it is not UTF-8, and what may help.
pub(super) fn refusal(name: &str, bytes: &[u8]) -> Refusal {
    for (start, wrong, help) in KNOWN {
        if bytes.starts_with(start) {
            return Refusal::about(name, format_args!("{wrong}, and no text in UTF-8"))
                .with_help(help);
        }
    }
    let start = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) => error.valid_up_to(),
    };
    let (before, byte) = (&bytes[..start], bytes.get(start).copied().unwrap_or_default());
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    let wrong = format!("line {line}, column {column}: not UTF-8: the byte 0x{byte:02x}");
    let help = match bytes.contains(&0) {
        true => "it is no text: transcripts, logs and what tshark prints are",
        false => "if it is in ISO 8859-1, `iconv -f ISO-8859-1 -t UTF-8 FILE` makes UTF-8 of it",
    };
    Refusal::about(name, wrong).with_help(help)
}

/// The log of a server, with nothing on the lines that are not UTF-8; none if it is something else,
/// which whoever writes it can correct.
pub(super) fn server_log(bytes: &[u8]) -> Option<(String, Vec<Notice>)> {
    let (mut text, mut notices) = (String::with_capacity(bytes.len()), Vec::new());
    let mut last = None;
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(error) => {
                let byte = line.get(error.valid_up_to()).copied().unwrap_or_default();
                let about = format!("it is not UTF-8: the byte 0x{byte:02x}");
                let notice = Notice { line: index + 1, remark: Remark::LeftOut, about };
                match notices.len() < NOTICES_MAX {
                    true => notices.push(notice),
                    false => last = Some(notice),
                }
                text.push('\n');
            }
        }
    }
    notices.extend(last.map(|Notice { line, remark, .. }| {
        let about = "so are lines before it of which nothing is said here".to_owned();
        Notice { line, remark, about }
    }));
    let is_one = matches!(Format::detect(&text), Some(Format::Prosody | Format::Ejabberd));
    (is_one && !bytes.contains(&0)).then_some((text, notices))
}

/// Of how many lines it is told that they are left out.
const NOTICES_MAX: usize = 1_000;

/// What else files begin with: bytes, what they are, and what makes text of them.
const KNOWN: [(&[u8], &str, &str); 6] = [
    (b"\x1f\x8b", "it is compressed with gzip", "`gunzip` makes a text of it"),
    (b"\xff\xfe", "it is in UTF-16", "`iconv -f UTF-16 -t UTF-8 FILE` makes UTF-8 of it"),
    (b"\xfe\xff", "it is in UTF-16", "`iconv -f UTF-16 -t UTF-8 FILE` makes UTF-8 of it"),
    (b"\xd4\xc3\xb2\xa1", "it is a capture", CAPTURE),
    (b"\xa1\xb2\xc3\xd4", "it is a capture", CAPTURE),
    (b"\x0a\x0d\x0d\x0a", "it is a capture", CAPTURE),
];

const CAPTURE: &str = "docs/importing.md has the command by which tshark prints it";
