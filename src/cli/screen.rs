//! Standard output and standard error: colours where they are wanted, no panic where nobody reads.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::refusal::Refusal;
use super::verdict::Verdict;

/// Standard output, or standard error if the other is for something else ([`Screen::step_aside`]).
/// Colours that are written to it are left out unless it is a terminal, or as `NO_COLOR`,
/// `CLICOLOR` and `CLICOLOR_FORCE` say.
///
/// What goes wrong with it is kept until [`Screen::finish`], so that the many places that print
/// need not care. If the reader goes away (`wallops run … | head`), the rest is not for him.
pub(super) struct Screen {
    out: Box<dyn Write>,
    broken: Option<io::Error>,
}

impl Screen {
    pub fn new() -> Self {
        let out = BufWriter::new(AutoStream::auto(io::stdout().lock()));
        Self { out: Box::new(out), broken: None }
    }

    /// Print to standard error from now on, so that standard output has nothing but what is handed
    /// over by [`Screen::alone`].
    pub fn step_aside(&mut self) {
        self.flush();
        // Without a lock: others may have something to say there, too.
        self.out = Box::new(BufWriter::new(AutoStream::auto(io::stderr())));
    }

    /// Print this as it is to standard output, after [`Screen::step_aside`].
    pub fn alone(&mut self, text: &str) {
        self.flush();
        if self.broken.is_none() {
            let mut out = io::stdout().lock();
            self.broken = out.write_all(text.as_bytes()).and_then(|()| out.flush()).err();
        }
    }

    /// Print this as it is.
    pub fn text(&mut self, text: impl fmt::Display) {
        if self.broken.is_none() {
            self.broken = write!(self.out, "{text}").err();
        }
    }

    /// Print this and a line break.
    pub fn line(&mut self, text: impl fmt::Display) {
        self.text(format_args!("{text}\n"));
    }

    /// Hand over what is still kept back.
    pub fn flush(&mut self) {
        if self.broken.is_none() {
            self.broken = self.out.flush().err();
        }
    }

    /// The end: the verdict, unless printing it failed.
    pub fn finish(mut self, verdict: Verdict) -> Verdict {
        self.flush();
        match self.broken {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                complain(&Refusal::about("standard output", &error));
                verdict.max(Verdict::Wrong)
            }
            _ => verdict,
        }
    }
}

/// Say on standard error what is wrong with the input.
pub(super) fn complain(refusal: &Refusal) {
    let text = refusal.render(width(), in_colour(&io::stderr()));
    // Whoever closed standard error does not want to know.
    let _ = write!(io::stderr().lock(), "{text}");
}

/// Whether this stream shows colours.
pub(super) fn in_colour(stream: &impl anstream::stream::RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// How many columns a diagnostic may take.
fn width() -> usize {
    const WIDTH_MAX: u16 = 100;
    let terminal = if io::stderr().is_terminal() { terminal_width() } else { None };
    usize::from(terminal.map_or(WIDTH_MAX, |width| width.clamp(40, WIDTH_MAX)))
}

fn terminal_width() -> Option<u16> {
    comfy_table::Table::new().width()
}
