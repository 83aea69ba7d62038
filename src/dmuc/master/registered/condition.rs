//! Which condition of an error means what (`docs/dmuc2-slave.md`, Conditions).

use crate::stanza::Condition;
use crate::time::Duration;

/// What an error in answer to a ping says of the slave.
#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    /// The way to it is cut.
    Link,
    /// Its host is there, it is not; for how long its occupants are kept.
    Gone(Duration),
    /// It is there and does not know pings.
    Alive,
}

/// What an error in answer to a ping means.
pub(super) fn class(condition: Option<&Condition>) -> Class {
    match condition {
        Some(
            Condition::ServiceUnavailable
            | Condition::RecipientUnavailable
            | Condition::ItemNotFound,
        ) => Class::Gone(GONE_GRACE),
        Some(Condition::Gone { .. } | Condition::Redirect { .. }) => Class::Gone(Duration::ZERO),
        Some(Condition::FeatureNotImplemented) => Class::Alive,
        _ => Class::Link,
    }
}

/// Whether an error says that a server could not be reached.
pub(super) fn is_link(condition: Option<&Condition>) -> bool {
    matches!(condition, Some(Condition::RemoteServerNotFound | Condition::RemoteServerTimeout))
}

/// \[G\] For how long the host may answer that there is no such slave before its occupants are
/// removed: they would be there without hearing anything.
const GONE_GRACE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_of_the_table_has_its_class() {
        let gone = |condition| match class(Some(&condition)) {
            Class::Gone(grace) => Some(grace.as_secs()),
            Class::Link | Class::Alive => None,
        };
        assert_eq!(gone(Condition::ServiceUnavailable), Some(30));
        assert_eq!(gone(Condition::RecipientUnavailable), Some(30));
        assert_eq!(gone(Condition::ItemNotFound), Some(30));
        assert_eq!(gone(Condition::Gone { new_address: None }), Some(0));
        assert_eq!(gone(Condition::Redirect { new_address: None }), Some(0));
        let link = [
            Condition::RemoteServerNotFound,
            Condition::RemoteServerTimeout,
            Condition::InternalServerError,
            Condition::ResourceConstraint,
            Condition::NotAllowed,
        ];
        for condition in link {
            assert!(matches!(class(Some(&condition)), Class::Link), "{condition:?}");
        }
        assert!(matches!(class(None), Class::Link));
        assert!(matches!(class(Some(&Condition::FeatureNotImplemented)), Class::Alive));
    }
}
