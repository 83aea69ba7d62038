use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::stanza::element;
use crate::time::Time;

/// Sessions and their nicks.
struct Present(Vec<(Jid, &'static str)>);

impl Table for Present {
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
        others: Vec::new(),
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
        let code = status.and_then(|status| status.attr("code")).unwrap_or_default();
        let new = payloads[0].get_child("item", ns::MUC_USER).and_then(|item| item.attr("nick"));
        format!("{code}{}", new.map(|new| format!(" {new}")).unwrap_or_default())
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
    let log = [changed("Old"), gone("Old", "wiz", Some("New")), changed("New")];
    let (departures, changes, ..) = plan(&log, &[("wiz", "New")]);
    assert_eq!(departures, owned(&[("Old", "303 New")]));
    assert_eq!(changes, ["New"]);
}

#[test]
fn several_changes_of_nick_are_told_as_one_to_the_last() {
    let log =
        [gone("A", "wiz", Some("B")), changed("B"), gone("B", "wiz", Some("C")), changed("C")];
    let (departures, changes, ..) = plan(&log, &[("wiz", "C")]);
    assert_eq!(departures, owned(&[("A", "303 C"), ("B", "303 C")]));
    assert_eq!(changes, ["C"]);
}

#[test]
fn who_took_back_his_nick_has_not_changed_it() {
    let log =
        [gone("A", "wiz", Some("B")), changed("B"), gone("B", "wiz", Some("A")), changed("A")];
    let (departures, changes, ..) = plan(&log, &[("wiz", "A")]);
    assert_eq!(departures, owned(&[("B", "303 A")]));
    assert_eq!(changes, ["A"]);
}

#[test]
fn a_change_of_nick_of_who_has_left_since_is_leaving_and_coming() {
    let left = [gone("B", "wiz", None), changed("C")];
    let log: Vec<_> = [gone("A", "wiz", Some("B")), changed("B")].into_iter().chain(left).collect();
    let (departures, changes, ..) = plan(&log, &[("wiz", "C")]);
    assert_eq!(departures, owned(&[("A", ""), ("B", "307")]));
    assert_eq!(changes, ["C"]);
}

#[test]
fn two_who_exchange_their_nicks_leave_and_come() {
    let log = [
        gone("A", "wiz", Some("X")),
        changed("X"),
        gone("B", "troy", Some("A")),
        changed("A"),
        gone("X", "wiz", Some("B")),
        changed("B"),
    ];
    let (departures, changes, ..) = plan(&log, &[("wiz", "B"), ("troy", "A")]);
    assert_eq!(departures, owned(&[("A", ""), ("X", ""), ("B", "")]));
    assert_eq!(changes, ["X", "A", "B"].map(str::to_owned)[1..]);
}

#[test]
fn a_nick_taken_over_from_another_is_no_single_change_of_nick() {
    let log = [gone("New", "troy", None), gone("Old", "wiz", Some("New")), changed("New")];
    let (departures, ..) = plan(&log, &[("wiz", "New")]);
    assert_eq!(departures, owned(&[("New", "307"), ("Old", "")]));
}

#[test]
fn a_nick_that_somebody_else_had_meanwhile_goes_as_it_went_from_its_first_owner() {
    let kicked = gone("Brian", "phaedrus", None);
    let log = [kicked, changed("Brian"), gone("Brian", "wiz", Some("WiZ")), changed("WiZ")];
    let (departures, changes, ..) = plan(&log, &[("wiz", "WiZ")]);
    assert_eq!(departures, owned(&[("Brian", "307")]));
    assert_eq!(changes, ["WiZ"]);
}

#[test]
fn messages_are_told_in_order_with_their_numbers_and_the_subject_apart() {
    let log = [message("body"), changed("WiZ"), message("subject"), message("body")];
    let (.., messages, subject) = plan(&log, &[("wiz", "WiZ")]);
    assert_eq!(messages, [1, 4]);
    assert!(subject);
}

/// Something that may happen in a room of four nicks and four people.
#[derive(Clone, Debug)]
enum Deed {
    Enter(usize, usize),
    Leave(usize),
    Rename(usize, usize),
    Update(usize),
}

const NICKS: [&str; 4] = ["A", "B", "C", "D"];
const PEOPLE: [&str; 4] = ["ann", "bob", "cat", "dan"];

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..4_usize, 0..4_usize).prop_map(|(who, nick)| Deed::Enter(who, nick)),
        (0..4_usize).prop_map(Deed::Leave),
        (0..4_usize, 0..4_usize).prop_map(|(who, nick)| Deed::Rename(who, nick)),
        (0..4_usize).prop_map(Deed::Update),
    ]
}

/// Who has which nick, and what happened.
#[derive(Clone, Debug, Default)]
struct Room {
    nicks: BTreeMap<usize, usize>,
    log: Vec<Logged>,
}

impl Room {
    fn play(&mut self, deed: &Deed) {
        let free = |nicks: &BTreeMap<usize, usize>, nick| !nicks.values().any(|n| *n == nick);
        match *deed {
            Deed::Enter(who, nick) if !self.nicks.contains_key(&who) && free(&self.nicks, nick) => {
                self.nicks.insert(who, nick);
                self.log.push(changed(NICKS[nick]));
            }
            Deed::Leave(who) => {
                if let Some(nick) = self.nicks.remove(&who) {
                    self.log.push(gone(NICKS[nick], PEOPLE[who], None));
                }
            }
            Deed::Rename(who, nick) if free(&self.nicks, nick) => {
                if let Some(old) = self.nicks.get(&who).copied() {
                    self.nicks.insert(who, nick);
                    self.log.push(gone(NICKS[old], PEOPLE[who], Some(NICKS[nick])));
                    self.log.push(changed(NICKS[nick]));
                }
            }
            Deed::Update(who) => {
                if let Some(nick) = self.nicks.get(&who) {
                    self.log.push(changed(NICKS[*nick]));
                }
            }
            _ => {}
        }
    }

    fn owners(&self) -> BTreeMap<&'static str, &'static str> {
        self.nicks.iter().map(|(who, nick)| (NICKS[*nick], PEOPLE[*who])).collect()
    }
}

proptest! {
    #[test]
    fn whoever_follows_the_plan_has_the_rooms_roster_and_merges_nobody(
        before in vec(deed(), 0..12),
        after in vec(deed(), 0..12),
    ) {
        let mut room = Room::default();
        before.iter().for_each(|deed| room.play(deed));
        let known = room.owners();
        room.log.clear();
        after.iter().for_each(|deed| room.play(deed));
        let owners = room.owners();
        let table = Present(owners.iter().map(|(nick, who)| (jid(who), *nick)).collect());
        let plan = Plan::of((1..).zip(&room.log), &table);
        let mut followed: BTreeMap<&str, &str> = known.clone();
        for (nick, _) in &plan.departures {
            followed.remove(nick);
        }
        for nick in &plan.changes {
            if let Some(owner) = followed.get(nick) {
                prop_assert_eq!(owner, &owners[nick], "{} changes hands without a farewell", nick);
            }
            followed.insert(*nick, owners[nick]);
        }
        prop_assert_eq!(followed, owners);
        let departed = plan.departures.iter().filter(|(nick, _)| known.contains_key(nick));
        for (nick, payloads) in departed {
            let item = payloads[0].get_child("item", ns::MUC_USER).unwrap();
            if let Some(new) = item.attr("nick") {
                prop_assert!(plan.changes.contains(&new), "{} became {}, who comes", nick, new);
                prop_assert!(!known.contains_key(new), "{} was taken", new);
            }
        }
    }
}
