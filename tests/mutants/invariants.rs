//! Machines that break an invariant which no statement of the XEP says in other words.

use wallops::dmuc::Change;

use super::Mutant;
use super::change::*;
use super::kit::{Class, ERIS, Item, MASTER, ROOM, Wrong};

const SILENCE: &str = "s09-silence.scs";

/// Who is behind another slave takes the nick of somebody whose slave the master loses.
fn gives_a_nick_away() -> Wrong {
    Box::new(|moment, items| {
        let mut notes = items.iter().filter_map(Item::note);
        if moment.host == MASTER && notes.any(|note| note.change == Change::Split) {
            for to in ["slave@eris.dclxvii.irc", "slave@killrc.oulubox.irc"] {
                moment.forge(&format!(
                    "<presence from='{ROOM}/Valdis' to='{to}' type='unavailable'><x \
                     xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' \
                     nick='BigCheese' role='participant'/><status code='303'/></x></presence>"
                ));
            }
        }
    })
}

/// Of what it tells of the past at once, the last is missing.
fn forgets_the_last() -> Wrong {
    Box::new(|moment, items| {
        let is_it = |item: &Item| item.class(moment.host) == Class::Down && late(&item.text());
        if let Some(place) = items.iter().rposition(is_it) {
            items.remove(place);
        }
    })
}

/// So many more of each.
fn multiplies(class: Class, which: Which, more: usize) -> Wrong {
    Box::new(move |moment, items| {
        let is_it = |item: &Item| item.class(moment.host) == class && which(&item.text());
        for item in std::mem::take(items) {
            let times = if is_it(&item) { more + 1 } else { 1 };
            items.extend(std::iter::repeat_n(item, times));
        }
    })
}

/// It is told again that somebody is there.
fn somebody(to: &str) -> String {
    format!(
        "<presence from='{ROOM}/Wumpus' to='{to}'><x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='participant'/></x></presence>"
    )
}

#[rustfmt::skip]
pub fn all() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("INV-NICK-HELD", "the nick of who is lost is given away", SILENCE, gives_a_nick_away()),
        Mutant::new("LIVE-CONV-HISTORY", "a newcomer is not told what was said last", "the-next-morning.scs",
            forgets_the_last()),
        Mutant::new("LIVE-LEAVE", "a slave keeps to itself that somebody leaves", "how-much-a-slave-keeps.scs", drops(Relay, unavailable)),
        Mutant::new("LIVE-AWAY-UNDONE", "a slave shows nobody who is away or back", "s05-a-day-of-chatter.scs",
            drops(Down, |text| available(text) && text.contains("<show>") && !text.contains("'110'"))),
        Mutant::new("LIVE-CALM", "the master pings twice", SILENCE, repeats(ToSlave, ping)),
        Mutant::new("COST-IDLE", "with each ping the master says who is there", SILENCE,
            adds(ToSlave, |text| ping(text) && attribute(text, "to").ends_with(ERIS), |text| Some(somebody(attribute(text, "to"))))),
        Mutant::new("COST-SPLIT", "the master pings who is lost again and again", SILENCE,
            while_split(multiplies(ToSlave, ping, 3))),
        Mutant::new("COST-STORE", "the master sends all that was said again and again", "s06-late-slave.scs",
            multiplies(ToSlave, |text| said(text) && text.contains("<history"), 20)),
    ]
}
