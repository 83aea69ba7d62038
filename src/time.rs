//! The time of a run.
//!
//! A [`Time`] is an instant, in microseconds; every clock of a run is one of these, handed in as an
//! argument. Nothing here reads the clock of the machine that runs the program.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;
pub use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

/// An instant of a run: microseconds since 1970-01-01T00:00:00Z.
///
/// Prints as XEP-0082 wants a `DateTime` in UTC: `1990-10-13T23:58:37Z`, with six decimals only
/// where the instant is not a whole second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// 1990-10-13T23:58:37Z, the stamp of the XEP's examples: the epoch of a run unless the
    /// scenario names another.
    pub const XEP_EPOCH: Time = Time(655_862_317_000_000);

    /// The instant that is `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The last whole second that is not after this instant.
    pub const fn floor_second(self) -> Self {
        Self(self.0.div_euclid(MICROS_PER_SECOND) * MICROS_PER_SECOND)
    }

    /// The first whole second that is not before this instant.
    pub const fn ceil_second(self) -> Self {
        Self(self.0.saturating_add(MICROS_PER_SECOND - 1)).floor_second()
    }

    /// How long ago `earlier` was; zero if it is later than this instant.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The day, `1990-10-13`.
    pub fn date(self) -> String {
        self.to_chrono().format("%Y-%m-%d").to_string()
    }

    /// The time of day with microseconds, `23:58:37.040000`.
    pub fn time_of_day(self) -> String {
        self.to_chrono().format("%H:%M:%S%.6f").to_string()
    }

    /// The time of day to the millisecond if that is exact, `23:58:37.040`.
    pub fn short_time_of_day(self) -> String {
        let time = self.time_of_day();
        time.strip_suffix("000").map_or(time.clone(), str::to_owned)
    }

    /// The same instant as chrono has it. Instants outside chrono's range (260,000 years) become
    /// the Unix epoch.
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = if self.0 % MICROS_PER_SECOND == 0 {
            SecondsFormat::Secs
        } else {
            SecondsFormat::Micros
        };
        f.write_str(&self.to_chrono().to_rfc3339_opts(format, true))
    }
}

/// Not an XEP-0082 `DateTime`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date and time as XEP-0082 writes it, such as 1990-10-13T23:58:37Z")]
pub struct ParseTimeError(String);

impl FromStr for Time {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text)
            .map(|instant| Self(instant.timestamp_micros()))
            .map_err(|_| ParseTimeError(text.to_owned()))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, span: Duration) -> Time {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Time(self.0.saturating_add(micros))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub<Duration> for Time {
    type Output = Time;

    fn sub(self, span: Duration) -> Time {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Time(self.0.saturating_sub(micros))
    }
}

const MICROS_PER_SECOND: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_time_are_far_from_everything() {
        let (first, last) = (Time::from_micros(i64::MIN), Time::from_micros(i64::MAX));
        assert!(last.since(first) > Duration::from_secs(1 << 40));
        assert_eq!(first.since(last), Duration::ZERO);
        assert!(last.ceil_second() <= last);
    }

    #[test]
    fn prints_as_the_xep_does() {
        assert_eq!(Time::XEP_EPOCH.to_string(), "1990-10-13T23:58:37Z");
        let later = Time::XEP_EPOCH + Duration::from_millis(40);
        assert_eq!(later.to_string(), "1990-10-13T23:58:37.040000Z");
        assert_eq!(later.time_of_day(), "23:58:37.040000");
        assert_eq!(later.short_time_of_day(), "23:58:37.040");
        assert_eq!(Time::from_micros(1).short_time_of_day(), "00:00:00.000001");
    }

    #[test]
    fn reads_what_it_prints_and_other_offsets() {
        for text in ["1990-10-13T23:58:37Z", "1990-10-13T23:58:37.040000Z"] {
            assert_eq!(text.parse::<Time>().map(|time| time.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("1990-10-14T01:58:37+02:00".parse(), Ok(Time::XEP_EPOCH));
        assert!("1990-10-13".parse::<Time>().is_err());
    }

    #[test]
    fn whole_seconds_round_both_ways_and_before_the_epoch() {
        let time = Time::from_micros(-1);
        assert_eq!(time.floor_second(), Time::from_micros(-1_000_000));
        assert_eq!(time.ceil_second(), Time::from_micros(0));
    }
}
