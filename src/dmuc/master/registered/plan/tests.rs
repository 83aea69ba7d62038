use super::*;
use crate::stanza::element;
use crate::time::Time;

/// Sessions and their nicks.
struct Present(Vec<(Jid, &'static str)>);

impl Table for Present {
    fn nick_of(&self, session: &Jid) -> Option<&str> {
        self.0.iter().find(|(jid, _)| jid == session).map(|(_, nick)| *nick)
    }

    fn has(&self, nick: &str) -> bool {
        self.0.iter().any(|(_, taken)| *taken == nick)
    }

    fn owns(&self, nick: &str, session: &Jid) -> bool {
        self.0.iter().any(|(jid, taken)| *taken == nick && jid.to_bare() == session.to_bare())
    }
}

fn jid(node: &str) -> Jid {
    Jid::new(&format!("{node}@vesa.yeggmaex.irc/home")).unwrap()
}

fn gone(nick: &str, node: &str, new: Option<&str>) -> Logged {
    let item = Item { role: Some(Role::None), nick: new, ..Item::default() };
    let codes: &[u16] = if new.is_some() { &[303] } else { &[307] };
    Logged::Gone(Gone {
        nick: nick.to_owned(),
        session: Arc::new(jid(node)),
        via: None,
        farewell: Arc::new(vec![item.element(codes)]),
        renamed: new.is_some(),
    })
}

fn changed(nick: &str) -> Logged {
    Logged::Changed(nick.to_owned())
}

fn message(name: &str) -> Logged {
    Logged::Message(StoredMessage {
        from: Arc::new(jid("room")),
        id: None,
        lang: None,
        payloads: Arc::new(vec![element(name, ns::CLIENT, &[])]),
        stamp: Time::XEP_EPOCH,
    })
}

/// Departures with their codes, changes, numbers of messages, whether the subject changed.
type Told = (Vec<(String, String)>, Vec<String>, Vec<u64>, bool);

fn plan(log: &[Logged], present: &[(&str, &'static str)]) -> Told {
    let table = Present(present.iter().map(|(node, nick)| (jid(node), *nick)).collect());
    let plan = Plan::of((1..).zip(log), &table);
    let code = |payloads: &Payloads| {
        let status = payloads[0].get_child("status", ns::MUC_USER);
        status.and_then(|status| status.attr("code")).unwrap_or_default().to_owned()
    };
    (
        plan.departures.iter().map(|(nick, how)| ((*nick).to_owned(), code(how))).collect(),
        plan.changes.iter().map(|nick| (*nick).to_owned()).collect(),
        plan.messages.iter().map(|(seq, _)| *seq).collect(),
        plan.subject,
    )
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(nick, code)| ((*nick).to_owned(), (*code).to_owned())).collect()
}

#[test]
fn of_each_nick_only_the_net_effect_is_told() {
    let log = [changed("WiZ"), changed("WiZ"), gone("Troy", "troy", None), changed("WiZ")];
    let (departures, changes, ..) = plan(&log, &[("wiz", "WiZ")]);
    assert_eq!(departures, owned(&[("Troy", "307")]));
    assert_eq!(changes, ["WiZ"]);
}

#[test]
fn who_left_and_came_back_has_not_left() {
    let log = [gone("WiZ", "wiz", None), changed("WiZ")];
    let (departures, changes, ..) = plan(&log, &[("wiz", "WiZ")]);
    assert!(departures.is_empty());
    assert_eq!(changes, ["WiZ"]);
}

#[test]
fn a_nick_that_changed_hands_departs_before_it_arrives() {
    let log = [gone("WiZ", "wiz", None), changed("WiZ")];
    let (departures, changes, ..) = plan(&log, &[("other", "WiZ")]);
    assert_eq!(departures, owned(&[("WiZ", "307")]));
    assert_eq!(changes, ["WiZ"]);
}

#[test]
fn a_single_change_of_nick_is_told_as_one() {
    let log = [gone("Old", "wiz", Some("New")), changed("New")];
    let (departures, changes, ..) = plan(&log, &[("wiz", "New")]);
    assert_eq!(departures, owned(&[("Old", "303")]));
    assert_eq!(changes, ["New"]);
}

#[test]
fn two_changes_of_nick_are_leaving_and_coming() {
    let log =
        [gone("A", "wiz", Some("B")), changed("B"), gone("B", "wiz", Some("C")), changed("C")];
    let (departures, changes, ..) = plan(&log, &[("wiz", "C")]);
    assert_eq!(departures, owned(&[("A", ""), ("B", "")]));
    assert_eq!(changes, ["C"]);
}

#[test]
fn a_nick_taken_over_from_another_is_no_single_change_of_nick() {
    let log = [gone("New", "troy", None), gone("Old", "wiz", Some("New")), changed("New")];
    let (departures, ..) = plan(&log, &[("wiz", "New")]);
    assert_eq!(departures, owned(&[("New", "307"), ("Old", "")]));
}

#[test]
fn messages_are_told_in_order_with_their_numbers_and_the_subject_apart() {
    let log = [message("body"), changed("WiZ"), message("subject"), message("body")];
    let (.., messages, subject) = plan(&log, &[("wiz", "WiZ")]);
    assert_eq!(messages, [1, 4]);
    assert!(subject);
}
