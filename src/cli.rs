//! The command line: arguments, files, exit codes, colours.
//!
//! Every command loads what it works on, calls the library, and prints what came of it. It decides
//! nothing about the protocol, about scenarios or about transcripts; and nothing else in wallops
//! reads files, prints, or ends the process.
//!
//! What is asked for goes to standard output, what is wrong with the input and logs to standard
//! error.

mod against_plain;
mod annotations;
mod args;
mod check;
mod complete;
mod coverage;
mod diagram;
mod diff;
mod examples;
mod expected;
mod explain;
mod explore;
mod failure;
mod files;
mod format;
mod judge;
mod log;
mod refusal;
mod report;
mod run;
mod screen;
mod snapshot;
mod stage;
mod style;
mod test;
mod verdict;

use std::process::ExitCode;

use clap::Parser;

use self::args::{Arguments, Command};
use self::refusal::Refusal;
use self::screen::Screen;
use self::verdict::Verdict;

/// Do what the arguments of the process ask for.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no mistakes. That nobody reads them is none either.
            let _ = error.print();
            return if error.use_stderr() { Verdict::Wrong } else { Verdict::Well }.into();
        }
    };
    log::start(arguments.verbose);
    let mut screen = Screen::new();
    let verdict = obey(&arguments.command, &mut screen).unwrap_or_else(|refusal| {
        if annotations::are_wanted() {
            refusal.annotations().iter().for_each(|annotation| screen.line(annotation));
        }
        screen.flush();
        screen::complain(&refusal);
        Verdict::Wrong
    });
    screen.finish(verdict).into()
}

fn obey(command: &Command, screen: &mut Screen) -> Result<Verdict, Refusal> {
    match command {
        Command::Run(run) => run::run(run, screen),
        Command::Test(test) => test::test(test, screen),
        Command::Examples(examples) => examples::examples(examples, screen),
        Command::Check(check) => check::check(check, screen),
        Command::Format(format) => format::format(format, screen),
        Command::Diff(diff) => diff::diff(diff, screen),
        Command::Diagram(diagram) => diagram::diagram(diagram, screen),
        Command::Report(report) => report::report(report, screen),
        Command::Judge(judge) => judge::judge(judge, screen),
        Command::Coverage(coverage) => coverage::coverage(coverage, screen),
        Command::Explain(explain) => explain::explain(explain, screen),
        Command::Explore(explore) => explore::explore(explore, screen),
        Command::Completions { shell } => complete::completions(*shell, screen),
        Command::Man { directory } => complete::man(directory.as_deref(), screen),
    }
}
