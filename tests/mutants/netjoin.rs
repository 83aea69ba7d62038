//! Wrong netjoins. What breaks is no statement of the XEP, which leaves the netjoin open, but an
//! invariant.

use std::cell::RefCell;
use std::rc::Rc;

use wallops::dmuc::{Change, Slip};

use super::Mutant;
use super::change::*;
use super::entering::{drop_delay, farewell, nothing};
use super::kit::{BIGCHEESE, Class, Deaf, EFCHEN, Item, MASTER, Moment, VESA, Wrong, parse, text};
use wallops::server::Input;

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
            let text =
                text.replace(" type='unavailable'", "").replace("'none'/>", "'participant'/>");
            let enter = text.replace("<status code='301'/>", "").replace("<leave ", "<enter ");
            let lines = enter.lines().filter(|line| !line.contains("<enter "));
            let arrival = lines.filter(|line| !line.contains("'110'")).collect::<Vec<_>>();
            moment.forge(&arrival.join("\n"));
            moment.forge(&enter);
        }
    })
}

/// A slave does not take these in.
fn ignores(which: Which) -> Deaf {
    Box::new(move |moment, input| match &input {
        Input::FromPeer(_, stanza) if moment.host == VESA && which(&text(stanza)) => vec![],
        _ => vec![input],
    })
}

/// A slave takes these of a sync in after its end.
fn hears_last(which: Which) -> Deaf {
    let mut held = None;
    Box::new(move |moment, input| {
        let Input::FromPeer(_, stanza) = &input else { return vec![input] };
        let text = text(stanza);
        if moment.host != VESA {
            return vec![input];
        }
        if text.contains("<accept") {
            held = Some(Vec::new());
        }
        match &mut held {
            Some(late) if which(&text) => {
                late.push(input);
                vec![]
            }
            Some(_) if text.contains("<synced") => {
                std::iter::once(input).chain(held.take().into_iter().flatten()).collect()
            }
            _ => vec![input],
        }
    })
}

/// Whether a master tells this to the slave of vesa.
fn is_for_vesa(item: &Item, moment: &Moment<'_>) -> bool {
    item.class(moment.host) == Class::ToSlave && attribute(&item.text(), "to").ends_with(VESA)
}

/// Whether a master accepts the slave of vesa.
fn accepts(item: &Item, moment: &Moment<'_>) -> bool {
    is_for_vesa(item, moment) && item.text().contains("<accept")
}

/// After its first accept a master waits with the state until it has told something else.
fn dawdles() -> Wrong {
    let (mut begun, mut held) = (false, Vec::<Item>::new());
    Box::new(move |moment, items| {
        if moment.host != MASTER {
            return;
        }
        let accept = items.iter().position(|item| accepts(item, moment));
        if let Some(accept) = accept.filter(|_| !std::mem::replace(&mut begun, true)) {
            let mut rest = items.split_off(accept + 1);
            held = rest.extract_if(.., |item| is_for_vesa(item, moment)).collect();
            items.append(&mut rest);
        } else if items.iter().any(|item| is_for_vesa(item, moment) && live(&item.text())) {
            items.append(&mut held);
        }
    })
}

/// A master waits with the state until it is asked for it again, and then tells both states.
fn tells_two_at_once() -> Wrong {
    let mut held: Option<Vec<Item>> = None;
    Box::new(move |moment, items| {
        let accept = items.iter().position(|item| accepts(item, moment));
        let Some(accept) = accept else { return };
        let mut rest = items.split_off(accept + 1);
        let state: Vec<_> = rest.extract_if(.., |item| is_for_vesa(item, moment)).collect();
        match held.take() {
            None => held = Some(state),
            Some(first) => {
                let pairs = first.into_iter().zip(state);
                items.extend(pairs.flat_map(|(one, other)| [one, other]));
            }
        }
        items.append(&mut rest);
    })
}

/// What users of vesa have said comes back to it from the master, and they are told it once more.
fn shows_again() -> Deaf {
    Box::new(|moment, input| {
        let Input::FromPeer(_, stanza) = &input else { return vec![input] };
        let text = text(stanza);
        let own = text.contains("/BigCheese'") || text.contains("/Efchen'");
        if moment.host == VESA && said(&text) && own {
            for to in [BIGCHEESE, EFCHEN] {
                let copy = with(&text, "to", to);
                let (mut kept, mut inside) = (Vec::new(), false);
                for line in copy.lines() {
                    inside |= line.contains("<x xmlns='urn:xmpp:tmp:dmuc:0'>");
                    if !inside {
                        kept.push(line);
                    }
                    inside &= !line.contains("</x>");
                }
                moment.forge(&kept.join("\n"));
            }
        }
        vec![input]
    })
}

/// Only at the instant at which vesa has all that it missed.
fn at_the_end_of_a_sync(mut wrong: Wrong) -> Wrong {
    Box::new(move |moment, items| {
        let synced = |item: &Item| item.note().is_some_and(|note| note.change == Change::Synced);
        if moment.host == VESA && items.iter().any(synced) {
            wrong(moment, items);
        }
    })
}

/// When a slave says that all is told that was late, it tells as well what it told before and what
/// has not come back live since.
fn says_late_again() -> (Wrong, Deaf) {
    let told: Rc<RefCell<Vec<Item>>> = Rc::default();
    let known = told.clone();
    let is_late = |item: &Item| item.class(VESA) == Class::Relay && item.text().contains("<delay ");
    let says = move |moment: &mut Moment<'_>, items: &mut Vec<Item>| {
        if moment.host != VESA {
            return;
        }
        let mut told = told.borrow_mut();
        let now: Vec<Item> = items.iter().filter(|item| is_late(item)).cloned().collect();
        if let Some(end) = items.iter().position(|item| item.text().contains(" late='")) {
            let is_new = |item: &&Item| now.iter().all(|one| one.text() != item.text());
            let again: Vec<Item> = told.iter().filter(is_new).cloned().collect();
            items[end] = items[end].with(parse(&late_by(&items[end].text(), again.len(), 0)));
            items.splice(end..end, again);
            told.clear();
        }
        told.extend(now);
    };
    let hears = move |moment: &mut Moment<'_>, input: Input| {
        if let Input::FromPeer(_, stanza) = &input
            && moment.host == VESA
        {
            // What it is told of the past it forgets again.
            let live = !text(stanza).contains("backfill");
            let is_it = |item: &Item| item.stanza().is_some_and(|told| told.id == stanza.id);
            known.borrow_mut().retain(|item| !live || !is_it(item));
        }
        vec![input]
    };
    (Box::new(says), Box::new(hears))
}

/// With so much more, or less, of what was late.
fn late_by(text: &str, more: usize, less: usize) -> String {
    let count = text.split(" late='").nth(1).and_then(|rest| rest.split('\'').next());
    let count: usize = count.and_then(|count| count.parse().ok()).unwrap_or_default();
    let new = (count + more).saturating_sub(less);
    text.replace(&format!(" late='{count}'"), &format!(" late='{new}'"))
}

/// A slave does not tell the master who left meanwhile, and says that there is so much less.
fn forgets_leaves() -> Wrong {
    let mut forgotten = 0;
    Box::new(move |moment, items| {
        if moment.host != VESA {
            return;
        }
        let all = items.len();
        items.retain(|item| item.class(VESA) != Class::Relay || !unavailable(&item.text()));
        forgotten += all - items.len();
        for item in items.iter_mut().filter(|item| item.text().contains(" late='")) {
            *item = item.with(parse(&late_by(&item.text(), 0, forgotten)));
            forgotten = 0;
        }
    })
}

/// The first of them is lost.
fn loses_one(class: Class, which: Which) -> Wrong {
    let mut lost = false;
    Box::new(move |moment, items| {
        items.retain(|item| {
            let first = !lost && item.class(moment.host) == class && which(&item.text());
            lost |= first;
            !first
        });
    })
}

#[rustfmt::skip]
pub fn all() -> Vec<Mutant> {
    use Class::*;
    const ONE_WAY: &str = "s13-one-way-down.scs";
    let inside = |row, wrong, scenario, slip| {
        Mutant::new(row, wrong, scenario, nothing()).with_slip(slip)
    };
    let (again, known) = says_late_again();
    vec![
        Mutant::new("NJ-m1", "the master goes on without state", "found-said-in-two-runs-of-a-room.scs", drops(ToSlave, state)).noticed_by(&["LIVE-CONV-ROSTER", "LIVE-NO-SILENT-LOSS", "INV-EXPELLED", "INV-GAPLESS", "master.split.resync", "INV-JUSTIFIED"]),
        Mutant::new("NJ-m2", "what was missed is told twice", ONE_WAY, repeats(Down, late)).noticed_by(&["INV-NO-DUP"]),
        Mutant::new("NJ-m3", "the slave shows what was missed as live", ONE_WAY, edits(Down, late, |text| drop_delay(&text))).noticed_by(&["INV-STAMP"]),
        Mutant::with_input("NJ-m4", "what is late goes up before the slave knows who is out", "s14-kicked-and-all-told-anew.scs", nothing(), hears_last(unavailable)).noticed_by(&["INV-EXPELLED"]),
        Mutant::with_input("NJ-m5", "the slave's roster wins", "s14-kicked-and-all-told-anew.scs", nothing(), ignores(unavailable)).noticed_by(&["INV-EXPELLED", "LIVE-CONV-ROSTER"]),
        Mutant::new("NJ-m6", "roles that a slave has given survive", "s12-everything-granted.scs",
            edits(ToSlave, |text| news(text) && !text.contains("'moderator'"), |text| text.replace("role='participant'", "role='moderator'"))).noticed_by(&["INV-NO-ESCALATION"]),
        Mutant::new("NJ-m7", "who was banned meanwhile is let in again", "s14-banned.scs", admits_the_expelled()).noticed_by(&["INV-EXPELLED"]),
        Mutant::new("NJ-m8", "who has the nick of somebody elsewhere is not given another", "s15-spartacus-came-first.scs",
            after_split(drops(Down, |text| text.contains("'303'") || text.contains("/Spartacus~2'")))).noticed_by(&["INV-NICK-UNIQUE"]),
        Mutant::with_input("NJ-m9", "what a slave has shown itself it shows again", "s12-talking-in-the-dark.scs", nothing(), shows_again()).noticed_by(&["INV-NO-DUP"]),
        inside("NJ-m10", "a sync that broke off is not taken up where it did", "s19-cut-in-a-difference.scs", Slip::BrokenOff).noticed_by(&["LIVE-NO-SILENT-LOSS", "INV-GAPLESS", "LIVE-CONV-HISTORY"]),
        Mutant::new("NJ-m11", "late messages may say when they were sent", "s16-split-riding.scs",
            edits(ToSlave, backfill, |text| text.replace("stamp='1990-10-13", "stamp='1989-10-13"))).noticed_by(&["INV-STAMP"]),
        inside("NJ-m12", "positions of another run are trusted", "s22-another-log.scs", Slip::AnyRun).noticed_by(&["INV-GAPLESS", "LIVE-NO-SILENT-LOSS", "LIVE-CONV-HISTORY", "LIVE-CONV-ROSTER"]),
        Mutant::new("NJ-m13", "who is gone is not taken out", "s19-cut-in-the-middle.scs",
            at_the_end_of_a_sync(drops(Down, |text| unavailable(text) && !text.contains("'110'")))).noticed_by(&["LIVE-CONV-ROSTER"]),
        Mutant::new("NJ-m13", "who is there is taken out", "s19-cut-in-the-middle.scs", at_the_end_of_a_sync(Box::new(|moment, _| {
            moment.forge(&farewell("BigCheese", BIGCHEESE));
        }))).noticed_by(&["INV-STAY", "req.remain-in-instance", "LIVE-CONV-ROSTER"]),
        Mutant::new("NJ-m14", "the marks that a slave has made stay", "s12-they-are-all-away.scs",
            after_split(drops(Down, |text| news(text) && !text.contains("<show>") && !text.contains("'110'")))).noticed_by(&["LIVE-AWAY-UNDONE"]),
        Mutant::new("NJ-m14", "the marks that the master has made stay", "away-until-they-return.scs",
            edits(ToSlave, |text| news(text) && text.contains("/BigCheese'") && !text.contains("<show>"),
                |text| text.replacen('>', "><show>away</show>", 1))).noticed_by(&["LIVE-AWAY-UNDONE"]),
        Mutant::new("NJ-m15", "who left during the split is a ghost", "nobody-is-marked-for-ever.scs", forgets_leaves()).noticed_by(&["LIVE-CONV-ROSTER", "LIVE-LEAVE", "LIVE-QUEUE-EMPTY"]),
        inside("NJ-m16", "users are moved into another room", "s23-another-room.scs", Slip::AnyRoom).noticed_by(&["INV-ENTER"]),
        Mutant::with_input("NJ-m17", "what was late before a cut is said again after it", "s19-cut-on-the-way-back.scs", again, known).with_slip(Slip::LateAnew).noticed_by(&["INV-NO-DUP"]),
        Mutant::new("NJ-m18", "what is live overtakes what was missed", "s19-news-after-the-past.scs", dawdles()).with_slip(Slip::LiveInSync).noticed_by(&["INV-TOTAL-ORDER"]),
        Mutant::new("NJ-m19", "state has real JIDs for a slave without moderators", "away-until-they-return.scs",
            edits(ToSlave, |text| available(text) && state(text) && attribute(text, "to").ends_with(VESA) && !text.contains(" jid="),
                |text| text.replacen("<item ", "<item jid='squit@eris.dclxvii.irc/jupiter' ", 1))).noticed_by(&["INV-JID-SLAVE"]),
        Mutant::new("NJ-m20", "two syncs are told at once", "s20-hidden-again.scs", tells_two_at_once()).noticed_by(&["INV-NO-DUP"]),
        inside("NJ-m21", "the position of a full sync counts from accept on", "s19-cut-in-the-middle.scs", Slip::PositionAtAccept).noticed_by(&["INV-GAPLESS", "LIVE-NO-SILENT-LOSS", "LIVE-CONV-HISTORY", "LIVE-CONV-ROSTER"]),
        inside("NJ-m22", "what is new goes up before what is late", "s25-talking-on.scs", Slip::NothingHeld).noticed_by(&["INV-FIFO"]),
        Mutant::new("NJ-m23", "nobody counts what is late", "s25-talking-on.scs", loses_one(Relay, |text| unavailable(text) && text.contains("urn:xmpp:tmp:dmuc:0"))).with_slip(Slip::NothingCounted).noticed_by(&["LIVE-QUEUE-EMPTY", "LIVE-LEAVE", "LIVE-CONV-ROSTER"]),
        inside("NJ-m24", "two visits in one split are submitted as two", "found-out-and-in-again.scs", Slip::TwoVisits).noticed_by(&["INV-AFTER-LEAVE"]),
        inside("NJ-m25", "his own arrival is taken for somebody else's", "found-entering-an-open-room-alone.scs", Slip::NeverOwn).noticed_by(&["INV-ONE-110"]),
        inside("NJ-m25", "somebody else's arrival is taken for his own", "s15-spartacus-came-first.scs", Slip::AlwaysOwn).noticed_by(&["INV-NICK-UNIQUE", "LIVE-CONV-ROSTER"]),
        inside("NJ-m26", "what comes of a sync that was given up is shown", "s24-a-sync-too-late.scs", Slip::GivenUp).noticed_by(&["INV-NO-DUP", "INV-GAPLESS"]),
        inside("NJ-m27", "what was lost is said again after what was said later", "s11-lost-on-the-way-up.scs", Slip::SaidAgain).noticed_by(&["INV-FIFO"]),
    ]
}
