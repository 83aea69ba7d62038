//! `wallops completions` and `wallops man`.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Arguments;
use super::refusal::Refusal;
use super::screen::Screen;
use super::verdict::Verdict;

/// Print completions for a shell.
pub(super) fn completions(shell: Shell, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "wallops", &mut script);
    screen.text(String::from_utf8_lossy(&script));
    Ok(Verdict::Well)
}

/// Print the manual page, or write one for each command.
pub(super) fn man(directory: Option<&Path>, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let command = Arguments::command();
    let Some(directory) = directory else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        rendered.map_err(|error| Refusal::about("the manual page", &error))?;
        screen.text(String::from_utf8_lossy(&page));
        return Ok(Verdict::Well);
    };
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(command, directory))
        .map_err(|error| Refusal::about(directory.display(), &error))?;
    screen.line(format_args!("The manual pages are in {}.", directory.display()));
    Ok(Verdict::Well)
}
