//! Who may register for a domain, seen from who serves it already: one slave for each room and
//! domain (`docs/dmuc2-slave.md`, Trust).

use super::refusal::Refusal;
use crate::stanza::Jid;
use crate::time::{Duration, Time};

/// What a register is, seen from who is registered for its domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dmuc) enum Claim {
    /// Nobody is.
    First,
    /// The same process run says it again.
    Repeat,
    /// The slave was started again, or another one takes the place of one that is lost.
    Replacement,
}

/// Who is registered for a domain.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::dmuc) struct Present<'a> {
    /// Its address.
    pub jid: &'a Jid,
    /// Its process run; nothing if it was not registered but configured.
    pub instance: Option<&'a str>,
    /// Whether it is active: not split.
    pub active: bool,
}

/// Judge the register of `jid`, run `instance`. `replaced` is when somebody was replaced last for
/// this domain.
///
/// # Errors
///
/// [`Refusal::Conflict`] if another slave is active, if the domain's slave is configured, or if
/// the last replacement was a moment ago: two live processes would displace each other for ever.
pub(in crate::dmuc) fn claim(
    present: Option<&Present<'_>>,
    jid: &Jid,
    instance: &str,
    replaced: Option<Time>,
    now: Time,
) -> Result<Claim, Refusal> {
    let Some(present) = present else { return Ok(Claim::First) };
    let Some(known) = present.instance else { return Err(Refusal::Conflict) };
    let same = present.jid == jid;
    if same && known == instance {
        return Ok(Claim::Repeat);
    }
    if !same && present.active {
        return Err(Refusal::Conflict);
    }
    match replaced {
        Some(at) if now < at + REPLACEMENT_PAUSE => Err(Refusal::Conflict),
        _ => Ok(Claim::Replacement),
    }
}

/// How long after a replacement there is no other one.
pub(in crate::dmuc) const REPLACEMENT_PAUSE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::XEP_EPOCH;

    fn judge(
        present: Option<(&str, Option<&str>, bool)>,
        replaced: Option<u64>,
    ) -> Result<Claim, Refusal> {
        let jid = |jid: &str| Jid::new(jid).unwrap();
        let owner = present.map(|(owner, _, _)| jid(owner));
        let present = present.zip(owner.as_ref()).map(|((_, instance, active), jid)| Present {
            jid,
            instance,
            active,
        });
        let replaced = replaced.map(|seconds| NOW - Duration::from_secs(seconds));
        claim(present.as_ref(), &jid("slave@vesa.irc"), "2", replaced, NOW)
    }

    #[test]
    fn a_register_is_first_or_repeat_or_replacement_or_conflict() {
        let table = [
            (None, Ok(Claim::First)),
            (Some(("slave@vesa.irc", Some("2"), true)), Ok(Claim::Repeat)),
            (Some(("slave@vesa.irc", Some("2"), false)), Ok(Claim::Repeat)),
            (Some(("slave@vesa.irc", Some("1"), true)), Ok(Claim::Replacement)),
            (Some(("slave@vesa.irc", Some("1"), false)), Ok(Claim::Replacement)),
            (Some(("other@vesa.irc", Some("2"), true)), Err(Refusal::Conflict)),
            (Some(("other@vesa.irc", Some("1"), false)), Ok(Claim::Replacement)),
            (Some(("slave@vesa.irc", None, true)), Err(Refusal::Conflict)),
        ];
        for (present, claim) in table {
            assert_eq!(judge(present, None), claim, "{present:?}");
        }
    }

    #[test]
    fn there_is_one_replacement_in_ten_seconds() {
        let restarted = Some(("slave@vesa.irc", Some("1"), true));
        assert_eq!(judge(restarted, Some(9)), Err(Refusal::Conflict));
        assert_eq!(judge(restarted, Some(10)), Ok(Claim::Replacement));
        let repeat = Some(("slave@vesa.irc", Some("2"), true));
        assert_eq!(judge(repeat, Some(1)), Ok(Claim::Repeat));
    }
}
