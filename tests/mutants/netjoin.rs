//! Wrong netjoins. What breaks is no statement of the XEP, which leaves the netjoin open, but an
//! invariant.

use super::Mutant;
use super::change::*;
use super::kit::{Class, Item, MASTER, VESA, Wrong, parse};

fn state(text: &str) -> bool {
    text.contains("<state")
}

fn backfill(text: &str) -> bool {
    said(text) && text.contains("backfill")
}

/// After its own word that somebody was expelled the master lets him in again.
fn admits_the_expelled() -> Wrong {
    Box::new(|moment, items| {
        let expelled = items.iter().map(Item::text).find(|text| {
            unavailable(text) && text.contains("'301'") && attribute(text, "to").ends_with(VESA)
        });
        if let Some(text) = expelled.filter(|_| moment.host == MASTER) {
            let text = text
                .replace(" type='unavailable'", "")
                .replace("role='none'", "role='participant'");
            moment.forged.push(parse(
                &text.replace("<status code='301'/>", "").replace("<leave ", "<enter "),
            ));
        }
    })
}

#[rustfmt::skip]
pub fn all() -> Vec<Mutant> {
    use Class::*;
    const ONE_WAY: &str = "s13-one-way-down.scs";
    vec![
        Mutant::new("NJ-m1", "the master goes on without state", "found-said-in-two-runs-of-a-room.scs", drops(ToSlave, state)).noticed_by(&["LIVE-CONV-ROSTER", "LIVE-NO-SILENT-LOSS", "INV-EXPELLED", "INV-GAPLESS", "master.split.resync", "INV-JUSTIFIED"]),
        Mutant::new("NJ-m2", "what was missed is told twice", ONE_WAY, repeats(Down, late)).noticed_by(&["INV-NO-DUP"]),
        Mutant::new("NJ-m5", "the slave's roster wins", "s14-kicked.scs",
            drops(Down, |text| unavailable(text) && text.contains("'307'"))).noticed_by(&["slave.leave.forward", "INV-EXPELLED", "LIVE-CONV-ROSTER", "INV-NO-ESCALATION"]),
        Mutant::new("NJ-m6", "roles that a slave has given survive", "s12-everything-granted.scs",
            edits(ToSlave, |text| news(text) && !text.contains("'moderator'"), |text| text.replace("role='participant'", "role='moderator'"))).noticed_by(&["INV-NO-ESCALATION"]),
        Mutant::new("NJ-m7", "who was banned meanwhile is let in again", "s14-banned.scs", admits_the_expelled()).noticed_by(&["master.enter.presence-to-all-first"]),
        Mutant::new("NJ-m8", "two people have one nick", "s05-a-day-of-chatter.scs",
            drops(Down, |text| unavailable(text) && text.contains("'303'"))).noticed_by(&["INV-NICK-UNIQUE", "LIVE-CONV-ROSTER"]),
        Mutant::new("NJ-m9", "what was said during the split is told again", "s12-talking-in-the-dark.scs", repeats(Down, said)).noticed_by(&["INV-NO-DUP"]),
        Mutant::new("NJ-m10", "what got lost on the way is not told again", "s11-lost-in-the-middle.scs", drops(ToSlave, backfill)).noticed_by(&["LIVE-NO-SILENT-LOSS", "INV-GAPLESS", "LIVE-CONV-HISTORY"]),
        Mutant::new("NJ-m11", "late messages may say when they were sent", "s16-split-riding.scs",
            edits(ToSlave, backfill, |text| text.replace("stamp='1990-10-13", "stamp='1989-10-13"))).noticed_by(&["INV-STAMP"]),
        Mutant::new("NJ-m13", "who is gone is not taken out", "s19-cut-after-accept.scs",
            drops(Down, |text| unavailable(text) && !text.contains("'110'"))).noticed_by(&["LIVE-CONV-ROSTER", "slave.fanout.all-local-leaves"]),
        Mutant::new("NJ-m14", "marks of absence stay", "s05-a-day-of-chatter.scs",
            drops(Down, |text| news(text) && !text.contains("<show>") && !text.contains("'110'"))).noticed_by(&["LIVE-AWAY-UNDONE", "LIVE-CONV-ROSTER"]),
        Mutant::new("NJ-m15", "who left during the split is a ghost", "how-much-a-slave-keeps.scs", drops(Relay, unavailable)).noticed_by(&["LIVE-CONV-ROSTER", "LIVE-LEAVE"]),
        Mutant::new("NJ-m17", "a late message becomes two", "s20-hidden-again.scs", repeats(ToSlave, backfill)).noticed_by(&["INV-NO-DUP", "INV-TOTAL-ORDER", "COST-BROADCAST"]),
        Mutant::new("NJ-m19", "state has real JIDs for a slave without moderators", "away-until-they-return.scs",
            edits(ToSlave, |text| available(text) && state(text) && attribute(text, "to").ends_with(VESA) && !text.contains(" jid="),
                |text| text.replacen("<item ", "<item jid='squit@eris.dclxvii.irc/jupiter' ", 1))).noticed_by(&["INV-JID-SLAVE"]),
    ]
}
