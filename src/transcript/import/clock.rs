//! The times of a log whose lines do not name the year, or not even the day.

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::ImportOptions;
use crate::time::{Duration, Time};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Tells instants from what a log writes of them.
pub(super) struct Clock {
    /// The day of the last line.
    day: NaiveDate,
    /// The instant of the last line, if there was one.
    last: Option<Time>,
    /// Whether somebody said on which day the log begins.
    dated: bool,
}

/// When something was, as far as its line tells.
enum Told<'a> {
    /// `2026-11-25T13:49:26Z`, with or without its zone, with a space in place of the `T`.
    Whole(&'a str),
    /// `Nov 25 13:49:26`
    Yearless { month: u32, day: u32, time: NaiveTime },
    /// `13:49:26`
    TimeOfDay(NaiveTime),
}

impl Clock {
    pub fn new(options: &ImportOptions) -> Self {
        // A leap year, so that every day can be told.
        let default = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
        let day = options.date.map_or(default, |date| date.to_chrono().date_naive());
        Self { day, last: None, dated: options.date.is_some() }
    }

    /// How long the time at the start of a line is, if there is one.
    pub fn length(line: &str) -> Option<usize> {
        told(line).map(|(length, _)| length)
    }

    /// The instant that the start of this line tells, and what had to be supplied for it, at the
    /// first line for which that was necessary.
    ///
    /// # Errors
    ///
    /// What is expected instead.
    pub fn at(&mut self, line: &str) -> Result<(Time, Option<String>), String> {
        let Some((_, told)) = told(line) else {
            return Err("a time".to_owned());
        };
        let supplied = |what: &str| format!("the log names no {what}; {} is taken", self.day);
        let (at, supplied) = match told {
            Told::Whole(text) => (whole(text).ok_or("a time")?, None),
            Told::Yearless { month, day, time } => {
                let supplied = supplied("year").replace("-01-01", "");
                let new_year = self.last.is_some() && month < self.day.month();
                let year = self.day.year() + i32::from(new_year);
                let date = NaiveDate::from_ymd_opt(year, month, day)
                    .ok_or_else(|| format!("a day that there is in {year}"))?;
                self.day = date;
                (instant(date, time), Some(supplied))
            }
            Told::TimeOfDay(time) => {
                let supplied = supplied("day");
                let at = instant(self.day, time);
                // Somewhat back is out of order; far back is the next day.
                let half_a_day = Duration::from_secs(12 * 60 * 60);
                if self.last.is_some_and(|last| last.since(at) > half_a_day) {
                    self.day = self.day.succ_opt().unwrap_or(self.day);
                }
                (instant(self.day, time), Some(supplied))
            }
        };
        self.last = Some(at);
        let first = supplied.is_some() && !self.dated;
        self.dated |= first;
        Ok((at, supplied.filter(|_| first)))
    }
}

fn instant(day: NaiveDate, time: NaiveTime) -> Time {
    Time::from_micros(day.and_time(time).and_utc().timestamp_micros())
}

/// The time at the start of a line, and its length.
fn told(line: &str) -> Option<(usize, Told<'_>)> {
    let end_of_word = |from: usize| {
        let rest = line.get(from..)?;
        Some(from + rest.find([' ', '\t', '\n', '\r']).unwrap_or(rest.len()))
    };
    let first = end_of_word(0)?;
    if let Some(month) = MONTHS.iter().position(|month| *month == &line[..first]) {
        let day_at = first + line[first..].len() - line[first..].trim_start().len();
        let day_end = end_of_word(day_at)?;
        let day = line[day_at..day_end].parse().ok()?;
        let time_at = day_end + 1;
        let end = end_of_word(time_at)?;
        let time = line.get(time_at..end)?.parse().ok()?;
        return Some((end, Told::Yearless { month: u32::try_from(month).ok()? + 1, day, time }));
    }
    if let Ok(time) = line[..first].parse() {
        return Some((first, Told::TimeOfDay(time)));
    }
    [Some(first), end_of_word(first + 1)]
        .into_iter()
        .flatten()
        .find(|end| whole(&line[..*end]).is_some())
        .map(|end| (end, Told::Whole(&line[..end])))
}

/// A date and a time, in UTC unless it says otherwise.
fn whole(text: &str) -> Option<Time> {
    const LONGEST: usize = 40;
    if text.len() > LONGEST || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let text = text.replacen(' ', "T", 1);
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}
