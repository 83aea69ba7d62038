//! Logs, with the time of the run that writes them: what `-v` and `RUST_LOG` ask for.

use std::fmt;
use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::screen;
use crate::sim::clock;

/// From now on, log to standard error: nothing, or as often as `-v` was given, or what `RUST_LOG`
/// asks for.
pub(super) fn start(verbose: u8) {
    let level = match verbose {
        0 => "off",
        1 => "wallops=debug",
        _ => "wallops=trace",
    };
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(directives) if !directives.trim().is_empty() => EnvFilter::builder()
            .with_default_directive(tracing_subscriber::filter::LevelFilter::OFF.into())
            .parse_lossy(directives),
        _ => EnvFilter::new(level),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(screen::in_colour(&io::stderr()))
        .with_timer(RunTime)
        .log_internal_errors(false)
        .finish();
    // There is one already only if somebody calls the program's main from inside his own; his
    // logs are then his.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The simulated time of the run on this thread; as many blanks where nothing runs.
struct RunTime;

impl FormatTime for RunTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        match clock::now() {
            Some(now) => write!(writer, "{}", now.time_of_day()),
            None => write!(writer, "{:15}", ""),
        }
    }
}
