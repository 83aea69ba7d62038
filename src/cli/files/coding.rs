//! What is not UTF-8: what it is instead, and what of it can be read.

use std::io::{self, BufRead, Read};

use crate::cli::refusal::Refusal;
use crate::transcript::import::{Format, Notice, Remark};

/// What shows of a text by its bytes.
#[derive(Debug, Default)]
pub(in crate::cli) struct Look {
    /// How it begins.
    start: Vec<u8>,
    /// Whether there is nothing but white space.
    pub blank: bool,
    /// Whether there is a byte that no text has.
    nul: bool,
    /// Where it is not UTF-8: the line, the column, and the byte.
    wrong: Option<(usize, usize, u8)>,
}

impl Look {
    /// Look at a text.
    pub fn at(mut source: impl Read) -> io::Result<Self> {
        let mut look = Self { blank: true, ..Self::default() };
        let (mut line, mut column, mut held) = (1, 1, Vec::new());
        loop {
            let have = held.len();
            held.resize(have + CHUNK, 0);
            let read = source.read(&mut held[have..])?;
            held.truncate(have + read);
            if look.start.len() < START {
                look.start.extend(held[have..].iter().take(START));
            }
            look.nul |= memchr::memchr(0, &held[have..]).is_some();
            let (valid, cut) = match std::str::from_utf8(&held) {
                Ok(text) => (text.len(), true),
                Err(error) => (error.valid_up_to(), error.error_len().is_none()),
            };
            if look.wrong.is_none() {
                let text = std::str::from_utf8(&held[..valid]).unwrap_or_default();
                look.blank &= text.trim().is_empty();
                line += memchr::memchr_iter(b'\n', text.as_bytes()).count();
                let begins = text.rfind('\n').map(|newline| newline + 1);
                column = if begins.is_some() { 1 } else { column };
                column += text[begins.unwrap_or(0)..].chars().count();
                // It may have been cut within its last character, after others of that line.
                let ends = read == 0 && (column == 1 || !cut);
                if !cut || ends {
                    look.wrong = held.get(valid).map(|byte| (line, column, *byte));
                }
            }
            if read == 0 {
                return Ok(look);
            }
            held.drain(..if look.wrong.is_some() { held.len() } else { valid });
        }
    }

    /// Whether all of it is text.
    pub fn is_text(&self) -> bool {
        self.wrong.is_none()
    }

    /// Whether it may be the log of a server some lines of which cannot be read; anything else
    /// whoever writes it can correct.
    pub fn may_have_odd_lines(&self) -> bool {
        !self.nul
    }

    /// Why this file is refused: where it is not UTF-8, and what may help.
    pub fn refusal(&self, name: &str) -> Refusal {
        for (start, wrong, help) in KNOWN {
            if self.start.starts_with(start) {
                return Refusal::about(name, format_args!("{wrong}, and no text in UTF-8"))
                    .with_help(help);
            }
        }
        let (line, column, byte) = self.wrong.unwrap_or_default();
        let wrong = format!("line {line}, column {column}: not UTF-8: the byte 0x{byte:02x}");
        let help = match self.nul {
            true => "it is no text: transcripts, logs and what tshark prints are",
            false => {
                "if it is in ISO 8859-1, `iconv -f ISO-8859-1 -t UTF-8 FILE` makes UTF-8 of it"
            }
        };
        Refusal::about(name, wrong).with_help(help)
    }
}

/// Why these bytes are refused.
pub(super) fn refusal(name: &str, bytes: &[u8]) -> Refusal {
    Look::at(bytes).unwrap_or_default().refusal(name)
}

/// The log of a server, with nothing on the lines that are not UTF-8; none if it is something else,
/// which whoever writes it can correct.
pub(super) fn server_log(bytes: &[u8]) -> Option<(String, Vec<Notice>)> {
    let mut lines = Lines::new(bytes);
    let mut text = String::with_capacity(bytes.len());
    lines.read_to_string(&mut text).ok()?;
    let is_one = matches!(Format::detect(&text), Some(Format::Prosody | Format::Ejabberd));
    (is_one && !bytes.contains(&0)).then(|| (text, lines.left_out()))
}

/// Reads a text with nothing on the lines that are not UTF-8.
pub(in crate::cli) struct Lines<R> {
    source: R,
    line: Vec<u8>,
    /// How much of it was read.
    at: usize,
    /// Its number, from 1.
    number: usize,
    notices: Vec<Notice>,
    /// The last line that is left out, if it is not among those of which that is told.
    last: Option<usize>,
}

impl<R: BufRead> Lines<R> {
    pub fn new(source: R) -> Self {
        Self { source, line: Vec::new(), at: 0, number: 0, notices: Vec::new(), last: None }
    }

    /// The lines that are left out.
    pub fn left_out(self) -> Vec<Notice> {
        let mut notices = self.notices;
        let about = "so are lines before it of which nothing is said here".to_owned();
        notices.extend(self.last.map(|line| Notice { line, remark: Remark::LeftOut, about }));
        notices
    }

    fn next(&mut self) -> io::Result<()> {
        (self.at, self.number) = (0, self.number + 1);
        self.line.clear();
        self.source.by_ref().take(LINE_MAX).read_until(b'\n', &mut self.line)?;
        if let Err(error) = std::str::from_utf8(&self.line) {
            let byte = self.line.get(error.valid_up_to()).copied().unwrap_or_default();
            let about = format!("it is not UTF-8: the byte 0x{byte:02x}");
            match self.notices.len() < NOTICES_MAX {
                true => {
                    let line = self.number;
                    self.notices.push(Notice { line, remark: Remark::LeftOut, about });
                }
                false => self.last = Some(self.number),
            }
            self.line.clear();
            self.line.push(b'\n');
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            self.next()?;
        }
        let mut rest = self.line.get(self.at..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

/// How many bytes are read at once.
const CHUNK: usize = 1 << 16;

/// By how many bytes it shows what else a file is.
const START: usize = 8;

/// How long a line may be.
const LINE_MAX: u64 = 256 << 20;

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
