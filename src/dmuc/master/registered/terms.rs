//! What a slave asks for, and what it is granted (`docs/dmuc2-slave.md`, Negotiation).

use super::refusal::Refusal;
use crate::dmuc::Timers;
use crate::room::Grants;
use crate::stanza::slave::{EnterRole, HistoryLimits, Keepalive, Policy, Register};
use crate::time::Duration;

/// What a slave was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dmuc) struct Terms {
    /// Keepalive, in seconds.
    pub keepalive: Keepalive,
    /// How much history it stores, and how much it is told late.
    pub history: HistoryLimits,
    /// What it may do while split; nothing else.
    pub policy: Policy,
}

impl Terms {
    /// What is granted of what is asked: never less often pinged than the room bears, never more
    /// history than it gives, and of the policies those that both want. What is not asked for at
    /// all is as the room has it, but for policies.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotAcceptable`] if the demands are out of range.
    pub fn negotiated(asked: &Register, grants: &Grants, timers: &Timers) -> Result<Self, Refusal> {
        let interval_max = seconds(timers.expiry);
        let interval = match &asked.keepalive {
            Some(keepalive) if keepalive.interval > interval_max => {
                let text = format!(
                    "a keepalive interval of {} to {interval_max} seconds",
                    grants.keepalive_min
                );
                return Err(Refusal::NotAcceptable(text));
            }
            Some(keepalive) => keepalive.interval.max(grants.keepalive_min).max(1),
            None => seconds(timers.master_idle).max(grants.keepalive_min),
        };
        let keepalive = Keepalive {
            interval,
            timeout: Some(seconds(timers.pong_timeout)),
            split: Some(seconds(timers.split_ping).min(interval.saturating_sub(1).max(1))),
        };
        let history = match &asked.history {
            Some(history) => HistoryLimits {
                maxstanzas: history.maxstanzas.min(grants.history.maxstanzas),
                maxbytes: [history.maxbytes, grants.history.maxbytes].into_iter().flatten().min(),
            },
            None => grants.history,
        };
        let policy = asked.policy.map(|policy| both(policy, grants.policy)).unwrap_or_default();
        Ok(Self { keepalive, history, policy })
    }

    /// The timers that follow from what was granted.
    pub fn timers(&self, timers: &Timers) -> Timers {
        let master_idle = Duration::from_secs(self.keepalive.interval.into());
        let split_ping = self.keepalive.split.map_or(timers.split_ping, |split| {
            timers.split_ping.min(Duration::from_secs(split.into()))
        });
        Timers { master_idle, slave_idle: master_idle * 3 / 2, split_ping, ..*timers }
    }
}

fn both(asked: Policy, allowed: Policy) -> Policy {
    let local_enter = asked.local_enter && allowed.local_enter;
    Policy {
        local_chat: asked.local_chat && allowed.local_chat,
        local_private: asked.local_private && allowed.local_private,
        local_enter,
        local_nick: asked.local_nick && allowed.local_nick,
        local_kick: asked.local_kick && allowed.local_kick,
        mark_away: asked.mark_away && allowed.mark_away,
        // The role is the master's to give.
        enter_role: if local_enter { allowed.enter_role } else { EnterRole::default() },
    }
}

/// Whole seconds, at least one.
fn seconds(period: Duration) -> u32 {
    u32::try_from(period.as_secs()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(children: &str) -> Register {
        let xml = format!(
            "<register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='9f2c'>{children}</register>"
        );
        Register::try_from(xml.parse::<crate::stanza::Element>().unwrap()).unwrap()
    }

    fn negotiated(children: &str, grants: &Grants) -> Result<Terms, Refusal> {
        Terms::negotiated(&register(children), grants, &Timers::default())
    }

    #[test]
    fn the_interval_is_what_is_asked_but_never_below_the_rooms_minimum() {
        for (asked, granted) in [(60, 60), (1, 10), (0, 10), (3600, 3600)] {
            let asked = format!("<keepalive interval='{asked}'/>");
            let terms = negotiated(&asked, &Grants::default()).unwrap();
            let keepalive = Keepalive { interval: granted, timeout: Some(20), split: Some(5) };
            assert_eq!(terms.keepalive, keepalive);
        }
    }

    #[test]
    fn a_longer_interval_than_the_expiry_is_not_acceptable_and_the_range_is_told() {
        let refusal = negotiated("<keepalive interval='3601'/>", &Grants::default());
        let text = "a keepalive interval of 10 to 3600 seconds".to_owned();
        assert_eq!(refusal, Err(Refusal::NotAcceptable(text)));
    }

    #[test]
    fn the_interval_of_a_split_is_shorter_than_that_of_keepalive() {
        let grants = Grants { keepalive_min: 1, ..Grants::default() };
        let terms = negotiated("<keepalive interval='4'/>", &grants).unwrap();
        assert_eq!(terms.keepalive.split, Some(3));
        assert_eq!(terms.timers(&Timers::default()).split_ping, Duration::from_secs(3));
    }

    #[test]
    fn of_history_the_lesser_is_granted() {
        let table = [
            ("<history maxstanzas='200' maxbytes='262144'/>", 100, Some(65_536)),
            ("<history maxstanzas='20' maxbytes='1000'/>", 20, Some(1000)),
            ("<history maxstanzas='0'/>", 0, Some(65_536)),
            ("", 100, Some(65_536)),
        ];
        for (asked, maxstanzas, maxbytes) in table {
            let terms = negotiated(asked, &Grants::default()).unwrap();
            assert_eq!(terms.history, HistoryLimits { maxstanzas, maxbytes }, "{asked}");
        }
    }

    #[test]
    fn of_the_policies_those_are_granted_that_are_asked_for_and_allowed() {
        let allowed = Policy {
            local_chat: true,
            local_enter: true,
            local_kick: true,
            enter_role: EnterRole::Participant,
            ..Policy::default()
        };
        let grants = Grants { policy: allowed, ..Grants::default() };
        let asked = "<policy local-chat='true' local-private='true' local-enter='true'/>";
        let terms = negotiated(asked, &grants).unwrap();
        let granted = Policy { local_kick: false, ..allowed };
        assert_eq!(terms.policy, granted);
        let without = negotiated("<policy local-kick='true'/>", &grants).unwrap();
        let granted = Policy { local_kick: true, ..Policy::default() };
        assert_eq!(without.policy, granted, "the role goes with local-enter only");
        assert_eq!(negotiated("", &grants).unwrap().policy, Policy::default());
    }
}
