//! What is late, and what is settled by what.

use super::*;

const NOW: Time = Time::XEP_EPOCH;

fn relayed(who: &str, xml: &str) -> Entry {
    let mut stanza: Stanza = xml.parse().unwrap();
    stanza.from = Some(Arc::new(Jid::new(who).unwrap()));
    Entry::new(stanza, NOW, Some(&"BigCheese".to_owned()), Status::Relayed(NOW))
}

fn said(who: &str, id: &str) -> Entry {
    let to = "wallops@channel.avalon.irc";
    relayed(who, &format!("<message id='{id}' to='{to}' type='groupchat'><body/></message>"))
}

fn presence(type_: &str, nick: &str) -> Entry {
    let to = format!("wallops@channel.avalon.irc/{nick}");
    relayed(CHEESE, &format!("<presence to='{to}'{type_}/>"))
}

fn ids(entries: &[Entry]) -> Vec<&str> {
    entries.iter().filter_map(|entry| entry.stanza.id.as_deref()).collect()
}

const CHEESE: &str = "rubenro@vesa.yeggmaex.irc/shaver";
const EFCHEN: &str = "msa@vesa.yeggmaex.irc/bicycle";

#[test]
fn the_answer_to_a_message_shows_that_older_ones_of_the_session_are_lost() {
    let mut outbox = Outbox::default();
    for (who, id) in [(CHEESE, "a"), (EFCHEN, "b"), (CHEESE, "c"), (CHEESE, "d")] {
        outbox.push(said(who, id));
    }
    let session = Jid::new(CHEESE).unwrap();
    assert_eq!(ids(&outbox.take_older(&session, Some(&"c".into()), |_| true)), ["a"]);
    assert!(outbox.take_older(&session, Some(&"x".into()), |_| true).is_empty());
    assert_eq!(ids(&outbox.take(|_| true)), ["b", "c", "d"]);
}

#[test]
fn the_answer_to_a_leave_settles_the_presence_before_it_only() {
    let mut outbox = Outbox::default();
    outbox.push(presence("", "BigCheese"));
    outbox.push(said(CHEESE, "a"));
    outbox.push(presence(" type='unavailable'", "BigCheese"));
    outbox.push(presence("", "SmallCheese"));
    let session = Jid::new(CHEESE).unwrap();
    let left = outbox.take_settled(&session, |entry| entry.what == What::Leave);
    assert!(left.is_some());
    let rest: Vec<_> = outbox.iter().map(|entry| entry.what).collect();
    assert_eq!(rest, [What::Message, What::Presence]);
}

#[test]
fn who_gets_another_nick_asks_under_the_new_one() {
    let mut outbox = Outbox::default();
    outbox.push(presence("", "BigCheese").late());
    outbox.push(presence("", "SmallCheese").late());
    let new = Arc::new(Jid::new("wallops@channel.avalon.irc/BigCheese~2").unwrap());
    outbox.retarget(&Jid::new(CHEESE).unwrap(), "BigCheese", &new);
    let to: Vec<_> = outbox.iter().filter_map(|entry| entry.stanza.to.clone()).collect();
    assert_eq!(to[0], new);
    assert_eq!(to[1].resource().map(|nick| nick.as_str()), Some("SmallCheese"));
}

#[test]
fn of_each_visit_one_join_is_late() {
    let join = || {
        let muc = "<x xmlns='http://jabber.org/protocol/muc'/>";
        let to = "wallops@channel.avalon.irc/BigCheese";
        relayed(CHEESE, &format!("<presence to='{to}'>{muc}</presence>"))
    };
    let mut outbox = Outbox::default();
    for entry in [join(), presence("", "BigCheese"), presence(" type='unavailable'", "")] {
        outbox.push(entry);
    }
    for entry in [join(), presence("", "BigCheese"), join(), presence("", "SmallCheese")] {
        outbox.push(entry);
    }
    outbox.requeue();
    let late: Vec<_> = outbox.iter().map(|entry| is_join(&entry.stanza)).collect();
    assert_eq!(late, [true, false, false, true, false]);
}

#[test]
fn a_thousand_late_stanzas_are_enough_and_what_is_under_way_does_not_count() {
    let mut outbox = Outbox::default();
    for _ in 0..STANZAS_MAX {
        outbox.push(said(CHEESE, "a"));
    }
    assert!(!outbox.is_full());
    outbox.requeue();
    assert!(outbox.is_full());
}

#[test]
fn of_two_without_an_id_the_one_comes_back_that_went_there() {
    let mut outbox = Outbox::default();
    for nick in ["BigCheese", "SmallCheese", "SmallCheese"] {
        outbox.push(presence("", nick));
    }
    let session = Jid::new(CHEESE).unwrap();
    let back = |nick: &str| {
        let from = format!("wallops@channel.avalon.irc/{nick}");
        let error: Stanza = format!("<presence from='{from}' type='error'/>").parse().unwrap();
        error
    };
    assert!(outbox.mark_bounced(&session, &back("SmallCheese")));
    assert!(!outbox.mark_bounced(&session, &back("Cheese")));
    let bounced = |outbox: &Outbox| outbox.iter().map(|entry| entry.bounced).collect::<Vec<_>>();
    assert_eq!(bounced(&outbox), [false, true, false]);
    assert!(outbox.mark_bounced(&session, &back("SmallCheese")));
    assert_eq!(bounced(&outbox), [false, true, true]);
    assert!(outbox.mark_bounced(&session, &back("SmallCheese")));
}
