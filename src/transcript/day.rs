//! The day of an entry, which the text of a transcript tells once for all that follow.

use crate::time::{Duration, Time};

/// A day.
#[derive(Clone, Debug, Default)]
pub(super) struct Day {
    date: String,
    /// When it begins, if that is an instant.
    begin: Option<Time>,
}

impl Day {
    /// The day of this instant.
    pub fn of(instant: Time) -> Self {
        let date = instant.date();
        Self { begin: begin(&date), date }
    }

    /// The day of this date, such as `1990-10-13`.
    pub fn named(date: &str) -> Option<Self> {
        Some(Self { begin: Some(begin(date)?), date: date.to_owned() })
    }

    /// Its instant at this time, such as `23:58:37.040000`.
    pub fn at(&self, time: &str) -> Option<Time> {
        let usual = || Some(self.begin? + since_midnight(time)?);
        usual().or_else(|| format!("{}T{time}Z", self.date).parse().ok())
    }
}

fn begin(date: &str) -> Option<Time> {
    format!("{date}T00:00:00Z").parse().ok()
}

/// How long after midnight this is, if it is written as usual.
fn since_midnight(time: &str) -> Option<Duration> {
    let number = |from: usize, end: usize| {
        let digits = time.as_bytes().get(from..end)?.iter();
        digits
            .map(|byte| byte.checked_sub(b'0').filter(|digit| *digit < 10))
            .try_fold(0, |number: u64, digit| Some(number * 10 + u64::from(digit?)))
    };
    let [hour, minute, second, micros] =
        [number(0, 2)?, number(3, 5)?, number(6, 8)?, number(9, 15)?];
    let separators = [(2, b':'), (5, b':'), (8, b'.')];
    let separated = separators.iter().all(|(at, one)| time.as_bytes().get(*at) == Some(one));
    let usual = separated && time.len() == 15 && hour < 24 && minute < 60 && second < 60;
    usual.then(|| Duration::from_micros(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_their_day() {
        for begin in ["1990-10-13", "2024-02-29", "0001-01-01", "1969-12-31"] {
            let day = Day::named(begin).unwrap_or_default();
            for time in ["00:00:00.000000", "23:59:59.999999", "07:08:09.000010"] {
                let instant = format!("{begin}T{time}Z").parse::<Time>().ok();
                assert!(instant.is_some());
                assert_eq!(day.at(time), instant);
                assert_eq!(instant.and_then(|at| Day::of(at).at(time)), instant);
            }
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        let day = Day::of(Time::XEP_EPOCH);
        for time in ["", "24:00:00.000000", "1:00:00.0000000", "00-00-00.000000", "0a:00:00.00000ä"]
        {
            assert_eq!(day.at(time), None, "{time}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for date in ["", "tomorrow", "1990-02-30", "1990-10-13T"] {
            assert!(Day::named(date).is_none(), "{date}");
        }
    }
}
