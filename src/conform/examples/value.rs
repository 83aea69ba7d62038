//! The values of attributes: printed ones, corrected ones, stamps, addresses of slaves.

use super::data::{Cast, Format, domain};
use super::run::Run;
use crate::time::Time;

/// The value of an attribute.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// What is printed.
    Printed(String),
    /// One of these, says this erratum; `printed` counts too if the erratum accepts either.
    Corrected { erratum: String, values: Vec<String>, printed: Option<String> },
    /// Any stamp, within the rules for stamps.
    Stamp(Time),
    /// The slave at the server of `domain`; its printed address.
    Slave { domain: String, printed: String },
    /// Absent, or anything of this format, says this erratum.
    Optional { erratum: String, format: Format, printed: Option<String> },
}

impl Value {
    /// A value as printed; `stamp` if it is a delay's stamp.
    pub fn new(value: &str, stamp: bool, cast: &Cast) -> Self {
        if stamp && let Ok(time) = value.parse() {
            return Value::Stamp(time);
        }
        if cast.slaves.iter().any(|slave| slave == value) {
            return Value::Slave { domain: domain(value).to_owned(), printed: value.to_owned() };
        }
        Value::Printed(value.to_owned())
    }

    /// How it is printed, or else the first that counts as right.
    pub fn least(&self) -> Option<String> {
        match self {
            Value::Printed(value) | Value::Slave { printed: value, .. } => Some(value.clone()),
            Value::Corrected { printed: Some(value), .. } => Some(value.clone()),
            Value::Corrected { values, .. } => values.first().cloned(),
            Value::Stamp(time) => Some(time.to_string()),
            Value::Optional { printed, .. } => printed.clone(),
        }
    }
}

/// How a value was accepted.
#[derive(Clone, Debug, Default)]
pub(super) struct Accepted {
    /// Because of this erratum.
    pub erratum: Option<String>,
    /// As this printed stamp, with this value.
    pub stamp: Option<(Time, Time)>,
}

impl Value {
    /// Whether this is a value that the example stands for, and how.
    pub fn accepts(&self, found: Option<&str>, run: &Run<'_>) -> Option<Accepted> {
        let as_printed = Some(Accepted::default());
        let after = |erratum: &String| Accepted { erratum: Some(erratum.clone()), stamp: None };
        match self {
            Value::Printed(_) | Value::Slave { .. } => {
                (found == self.wanted(run).as_deref()).then(Accepted::default)
            }
            Value::Corrected { printed: Some(printed), .. } if found == Some(printed) => as_printed,
            Value::Corrected { erratum, values, .. } => {
                values.iter().any(|value| found == Some(value)).then(|| after(erratum))
            }
            Value::Stamp(printed) => {
                let stamp = found.and_then(utc).map(|found| (*printed, found))?;
                Some(Accepted { erratum: None, stamp: Some(stamp) })
            }
            Value::Optional { printed, .. } if found == printed.as_deref() => as_printed,
            Value::Optional { erratum, format, .. } => {
                let fits = found.is_none_or(|value| match format {
                    Format::Number => value.parse::<u32>().is_ok(),
                    Format::Time => utc(value).is_some(),
                });
                fits.then(|| after(erratum))
            }
        }
    }

    /// What a report says was expected.
    pub fn wanted(&self, run: &Run<'_>) -> Option<String> {
        match self {
            Value::Slave { domain, .. } => run.slaves.get(domain).cloned().or(self.least()),
            _ => self.least(),
        }
    }
}

/// A stamp as XEP-0203 wants it: a `DateTime` of XEP-0082 in UTC, `Z` at its end.
fn utc(text: &str) -> Option<Time> {
    text.ends_with('Z').then(|| text.parse().ok()).flatten()
}
