//! `wallops explore`: play random schedules, and find the smallest scenario that goes wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;

use super::args;
use super::check::counted;
use super::files::{self, Script};
use super::refusal::Refusal;
use super::screen::Screen;
use super::style::{self, paint};
use super::verdict::Verdict;
use crate::explore::{self, Bounds, Flaw, Schedule};

/// How many schedules are played between two looks at the clock.
const BATCH: u64 = 256;

/// How many schedules are played to shrink one.
const SHRINK_PLAYS: usize = 4_000;

/// How many schedules are played if nothing is said.
const SCHEDULES: u64 = 1_000;

/// Play schedules until there are enough of them, or of findings, or until time is up.
pub(super) fn explore(arguments: &args::Explore, screen: &mut Screen) -> Result<Verdict, Refusal> {
    if !arguments.paths.is_empty() {
        return judge(&arguments.paths, screen);
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.jobs.map_or(0, usize::from))
        .build()
        .map_err(|error| Refusal::about("--jobs", error))?;
    let mut hunt = Hunt::new(arguments);
    while let Some(seeds) = hunt.next_seeds() {
        let (bounds, bar) = (&hunt.bounds, &hunt.bar);
        let wrong: Vec<_> = pool.install(|| {
            let flaws = seeds.into_par_iter().filter_map(|seed| {
                let schedule = Schedule::draw(seed, bounds);
                let flaws = schedule.flaws();
                bar.inc(1);
                flaws.into_iter().next().map(|flaw| (schedule, flaw))
            });
            flaws.collect()
        });
        for (schedule, flaw) in wrong {
            hunt.found(schedule, flaw, &arguments.out, screen)?;
        }
    }
    hunt.bar.finish_and_clear();
    let played = counted(usize::try_from(hunt.played).unwrap_or(usize::MAX), "schedule");
    let seeds = format!("seeds {} to {}", arguments.seed, hunt.next.saturating_sub(1));
    if hunt.findings.is_empty() {
        screen.line(paint(style::GOOD, format!("nothing found: {played}, {seeds}")));
        return Ok(Verdict::Well);
    }
    let findings = hunt.findings.values().map(|number| format!("{number}")).collect::<Vec<_>>();
    let what = counted(findings.len(), "finding");
    screen.line(paint(style::BAD, format!("{what}: {played}, {seeds}")));
    for (rule, number) in &hunt.findings {
        screen.line(format!("  {number:5}  {rule}"));
    }
    Ok(Verdict::Failed)
}

/// A hunt in progress.
struct Hunt<'a> {
    arguments: &'a args::Explore,
    bounds: Bounds,
    /// The seed that comes next.
    next: u64,
    played: u64,
    watch: Watch,
    /// How many schedules broke each rule.
    findings: BTreeMap<String, usize>,
    bar: ProgressBar,
}

impl<'a> Hunt<'a> {
    fn new(arguments: &'a args::Explore) -> Self {
        let bounds = Bounds {
            profile: arguments.profile,
            slaves: arguments.slaves.clone(),
            people: arguments.people,
            actions: arguments.actions,
        };
        Self {
            arguments,
            bounds,
            next: arguments.seed,
            played: 0,
            watch: Watch::start(),
            findings: BTreeMap::new(),
            bar: progress(limit(arguments)),
        }
    }

    /// The seeds of the next batch.
    fn next_seeds(&mut self) -> Option<std::ops::Range<u64>> {
        let in_time = self.in_time();
        let left = limit(self.arguments).map_or(BATCH, |limit| limit - self.played);
        let batch = left.min(BATCH).min(u64::MAX - self.next);
        if batch == 0 || !in_time || self.findings.len() >= self.arguments.findings.max(1) {
            return None;
        }
        let seeds = self.next..self.next + batch;
        self.next = seeds.end;
        self.played += batch;
        Some(seeds)
    }

    fn in_time(&self) -> bool {
        let minutes = self.arguments.minutes;
        minutes.is_none_or(|minutes| self.watch.minutes() < f64::from(minutes))
    }

    /// A schedule goes wrong: shrink it, unless another was wrong in the same way.
    fn found(
        &mut self,
        schedule: Schedule,
        flaw: Flaw,
        out: &Path,
        screen: &mut Screen,
    ) -> Result<(), Refusal> {
        let number = self.findings.entry(flaw.rule.clone()).or_default();
        *number += 1;
        if *number > 1 || self.findings.len() > self.arguments.findings.max(1) {
            return Ok(());
        }
        let watch = Watch::start();
        let go_on = || watch.minutes() < SHRINK_MINUTES;
        let small = schedule.shrink(&flaw.rule, SHRINK_PLAYS, &go_on);
        let flaw = small.flaws().into_iter().find(|other| other.rule == flaw.rule).unwrap_or(flaw);
        let path = out.join(format!("seed-{}.scs", schedule.seed));
        let comment = flaw.to_string().replace('\n', " ");
        let text = small.text().replacen("\n\n", &format!("\n# {comment}\n\n"), 1);
        files::write(&path, &text)?;
        screen.line(format!("{}  seed {}: {flaw}", paint(style::BAD, "found"), schedule.seed));
        let command = format!("wallops explore {}", path.display());
        screen.line(format!("       {}", paint(style::TITLE, command)));
        screen.flush();
        Ok(())
    }
}

/// For how many minutes a schedule is shrunk at most.
const SHRINK_MINUTES: f64 = 2.0;

/// How many schedules are played at most.
fn limit(arguments: &args::Explore) -> Option<u64> {
    let usual = if arguments.minutes.is_some() { None } else { Some(SCHEDULES) };
    arguments.schedules.or(usual)
}

/// Judge scenarios as schedules are judged.
fn judge(paths: &[PathBuf], screen: &mut Screen) -> Result<Verdict, Refusal> {
    let mut verdict = Verdict::Well;
    for script in Script::read_all(paths)? {
        let flaws = explore::flaws(&script.scenario, script.source.text());
        let (style, word) =
            if flaws.is_empty() { (style::GOOD, "well") } else { (style::BAD, "wrong") };
        screen.line(format!("{}  {}", paint(style, word), script.path.display()));
        for flaw in &flaws {
            screen.line(format!("       {flaw}"));
        }
        verdict = verdict.max(Verdict::well_if(flaws.is_empty()));
    }
    Ok(verdict)
}

/// A bar on standard error if that is a terminal, and nothing otherwise.
fn progress(schedules: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(schedules, ProgressDrawTarget::stderr());
    let template = match schedules {
        Some(_) => "{pos} of {len} schedules {wide_bar}",
        None => "{pos} schedules, {elapsed}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Time that really passes: how long somebody wants to wait is no matter of a run.
#[allow(clippy::disallowed_types, reason = "no run depends on it")]
struct Watch(std::time::Instant);

impl Watch {
    #[allow(clippy::disallowed_types, reason = "no run depends on it")]
    fn start() -> Self {
        Self(std::time::Instant::now())
    }

    fn minutes(&self) -> f64 {
        self.0.elapsed().as_secs_f64() / 60.0
    }
}
