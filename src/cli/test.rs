//! `wallops test`: play scenarios on both networks and judge them.

mod judge;
mod report;
mod requirements;
mod table;
#[cfg(test)]
mod tests;
mod told;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;

use self::judge::{Judge, Judged};
use super::annotations;
use super::args;
use super::expected::Expected;
use super::files::Script;
use super::refusal::Refusal;
use super::screen::Screen;
use super::stage::Net;
use super::verdict::Verdict;

/// Judge some scenarios, and print a table, a summary and what failed.
pub(super) fn test(arguments: &args::Test, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let scripts = Script::read_all_tagged(&arguments.paths)?;
    let read = scripts.iter().map(|script| &script.path);
    super::report::prepare(&arguments.reports, read, screen)?;
    let nets = arguments.net.map_or(Net::ALL.to_vec(), |net| vec![net]);
    if arguments.accept && !nets.contains(&Net::Event) {
        return Err(Refusal::about("--accept", "snapshots are of the event network")
            .with_help("leave out `--net wire`"));
    }
    let judge = Judge {
        nets,
        accept: arguments.accept,
        snapshots: arguments.snapshots.clone(),
        expected: Expected::read(scripts.iter().map(|script| &script.path))?,
    };
    let judged = judge_all(&judge, &scripts, arguments.jobs)?;
    screen.line(table::table(&judge, &judged));
    screen.line("");
    screen.text(report::report(&judge, &judged));
    let summary = report::Summary::of(&judged);
    screen.line(&summary);
    if annotations::are_wanted() {
        let annotations = judged.iter().flat_map(requirements::annotations);
        annotations.for_each(|annotation| screen.line(annotation));
    }
    if !arguments.reports.report.is_empty() {
        let runs = judged.iter().map(told::run).collect();
        super::report::write(runs, &arguments.reports, screen)?;
    }
    Ok(summary.verdict())
}

/// Judge scenarios, so many at a time. The order of what comes back is that of the scenarios.
fn judge_all<'a>(
    judge: &Judge,
    scripts: &'a [Script],
    jobs: Option<u16>,
) -> Result<Vec<Judged<'a>>, Refusal> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.map_or(0, usize::from))
        .build()
        .map_err(|error| Refusal::about("--jobs", error))?;
    let progress = progress(scripts.len());
    let judged = pool.install(|| {
        let judged = scripts.par_iter().map(|script| {
            let judged = judge.judge(script);
            progress.inc(1);
            judged
        });
        judged.collect::<Result<Vec<_>, Refusal>>()
    });
    progress.finish_and_clear();
    judged
}

/// A bar on standard error if that is a terminal, and nothing otherwise.
fn progress(scenarios: usize) -> ProgressBar {
    let length = u64::try_from(scenarios).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{pos} of {len} scenarios {wide_bar}") {
        bar.set_style(style);
    }
    bar
}
