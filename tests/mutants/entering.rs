//! Wrong machines for what the XEP says of slaves, of creating them, of ENTER and of LEAVE.

use wallops::server::Input;

use super::Mutant;
use super::change::*;
use super::kit::{BIGCHEESE, Class, EFCHEN, ERIS, Item, MASTER, Moment, ROOM, VESA, parse, text};

const BURST: &str = "s01-bigcheese-enters.scs";
const TALK: &str = "s02-truly-rotten-time.scs";
const LEAVING: &str = "s03-departures.scs";
const REGISTERED: &str = "s06-late-slave.scs";
const LETTERS: &str = "private-messages-and-vcards.scs";

fn presence(nick: &str, to: &str, more: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{to}'{more}><x \
         xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/>\
         </x></presence>"
    )
}

fn own(nick: &str, to: &str) -> String {
    and_code(&presence(nick, to, ""), 110)
}

pub fn farewell(nick: &str, to: &str) -> String {
    let text = presence(nick, to, " type='unavailable'").replace("participant", "none");
    and_code(&and_code(&text, 110), 333)
}

fn and_code(text: &str, code: u16) -> String {
    text.replacen("</x>", &format!("<status code='{code}'/></x>"), 1)
}

fn message(nick: &str, to: &str) -> String {
    format!(
        "<message from='{ROOM}/{nick}' to='{to}' type='groupchat'><body>Who said that?</body>\
         </message>"
    )
}

fn past(nick: &str, to: &str) -> String {
    let delay = format!(
        "<delay xmlns='urn:xmpp:delay' from='{ROOM}' stamp='1990-10-13T20:00:00.000000Z'/>"
    );
    and(&message(nick, to), &delay)
}

fn first_of(text: &str) -> bool {
    available(text) && text.contains("/WiZ'") && !enter(text)
}

/// Until the first ENTER.
fn before_enter(mut wrong: impl FnMut(&mut Vec<Item>, usize) + 'static) -> super::kit::Wrong {
    let mut entered = false;
    Box::new(move |moment, items| {
        let to = |item: &Item| {
            item.class(moment.host) == Class::ToSlave
                && attribute(&item.text(), "to").ends_with(VESA)
        };
        let end = items.iter().position(|item| enter(&item.text())).unwrap_or(items.len());
        if moment.host == MASTER && !entered {
            entered = end < items.len();
            let mut place = 0;
            while place < items.len().min(end) {
                let before = items.len();
                if to(&items[place]) && available(&items[place].text()) {
                    wrong(items, place);
                }
                place += if items.len() < before { 0 } else { 1 + items.len() - before };
            }
        }
    })
}

/// On what comes to a slave.
fn hears(which: Which, add: fn(&str) -> String) -> super::kit::Deaf {
    Box::new(move |moment: &mut Moment<'_>, input: Input| {
        if let Input::FromPeer(_, stanza) = &input
            && moment.host == VESA
            && which(&text(stanza))
        {
            moment.forge(&add(&text(stanza)));
        }
        vec![input]
    })
}

pub fn nothing() -> super::kit::Wrong {
    Box::new(|_, _| {})
}

pub fn all() -> Vec<Mutant> {
    let mut all = architecture();
    all.extend(creating());
    all.extend(entering());
    all.extend(newcomers());
    all.extend(leaving());
    all
}

#[rustfmt::skip]
fn architecture() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("arch.single-root", "a slave tells another slave what it is told", TALK,
            adds(Down, live, |text| text.contains(EFCHEN)
                .then(|| with(text, "to", "slave@eris.dclxvii.irc")))),
        Mutant::new("slave.submit.no-local-echo", "a slave shows at once what its user says", TALK,
            adds(Relay, live, |text| attribute(text, "from").contains("rubenro")
                .then(|| with(&with(text, "from", &format!("{ROOM}/BigCheese")), "to", EFCHEN)))),
        Mutant::new("master.fanout.one-copy-per-slave", "the master sends each slave two copies",
            TALK, repeats(ToSlave, live)),
        Mutant::new("master.fanout.includes-origin-slave", "the author's slave gets no copy", TALK,
            drops(ToSlave, |text| live(text) && text.contains("/BigCheese'")
                && attribute(text, "to").ends_with(VESA))),
        Mutant::new("slave.fanout.all-local-leaves", "a slave forgets one of its occupants", TALK,
            drops(Down, |text| live(text) && attribute(text, "to") == EFCHEN)),
        Mutant::new("slave.fanout.only-local-leaves", "a slave tells who has left what is said",
            "s10-the-great-bounce.scs", tells_who_left()),
        Mutant::new("slave.redistribute.keep-from", "a slave changes who it is from", TALK,
            edits(Down, live, |text| with(&text, "from", &format!("{ROOM}/Trillian")))),
        Mutant::new("slave.redistribute.rewrite-to", "a slave leaves its own address in it", TALK,
            edits(Down, live, |text| with(&text, "to", "slave@vesa.yeggmaex.irc"))),
        Mutant::new("slave.same-security-domain", "the master enters somebody of another domain",
            BURST, edits(ToSlave, enter, |text| text.replace(BIGCHEESE, "squit@eris.dclxvii.irc/jupiter"))),
        Mutant::new("scope.broadcast-only", "the master sends a slave what is for one", LETTERS,
            adds(ToUser, |text| text.contains("type='chat'"),
                |text| Some(with(text, "to", "slave@killrc.oulubox.irc")))),
        Mutant::new("scope.one-to-one-unaffected", "the master loses what is for one", LETTERS,
            drops(ToUser, |text| text.starts_with("<message") && !said(text))),
        Mutant::new("scope.one-to-one-may-share-path", "a slave changes what is for one", LETTERS,
            edits(Relay, |text| text.contains("type='chat'"),
                |text| text.replace("</body>", "!</body>"))),
        Mutant::new("req.transparency", "a slave leaves its element in what users get", TALK,
            edits(Down, live, |text| and(&text, "<x xmlns='urn:xmpp:tmp:dmuc:0'/>"))),
        Mutant::new("req.improve-broadcast", "the master sends users copies besides", TALK,
            adds(ToSlave, live, |text| attribute(text, "to").ends_with(VESA)
                .then(|| with(text, "to", BIGCHEESE)))),
        Mutant::new("slave.registered-before-traffic", "the master sends slaves what they did not ask for",
            "s06-mixed-company.scs", adds(ToUser, available, |text| {
                let text = with(text, "to", "slave@vesa.yeggmaex.irc");
                Some(and(&text, "<x xmlns='urn:xmpp:tmp:dmuc:0'/>"))
            })),
        Mutant::new("slave.store.local-roster", "a slave tells the first of its occupants only", TALK,
            drops(Down, |text| live(text) && attribute(text, "to").contains("valdis"))),
        Mutant::new("slave.store.history", "a slave keeps nothing of what is said", BURST,
            drops(Down, late)),
        Mutant::new("slave.store.history-not-desired", "a slave keeps what it should not",
            "a-slave-without-a-memory.scs",
            mixes_in(false, |own| past("WiZ", attribute(own, "to")))),
    ]
}

#[rustfmt::skip]
fn creating() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("create.negotiate-keepalive", "the master grants shorter pauses than were asked for",
            "a-stale-bounce.scs", edits(ToSlave, |text| text.contains("<accept"),
                |text| text.replace("<keepalive interval='", "<keepalive interval='0"). replace("interval='060'", "interval='1'"))),
        Mutant::new("create.negotiate-history", "the master wants more to be kept than a slave will",
            "a-stale-bounce.scs", edits(ToSlave, |text| text.contains("<accept"),
                |text| text.replace(" maxstanzas='", " maxstanzas='9"))),
        Mutant::with_input("create.slave-consent", "a slave takes a room from a stranger",
            "s01-bigcheese-enters.scs", nothing(),
            hears(|text| text.contains("to='slave@"), |_| own("Trillian", BIGCHEESE))),
        Mutant::new("master.roster.sent-on-create", "a new slave is not told of everybody", BURST,
            before_enter(|items, place| {
                if first_of(&items[place].text()) { items.remove(place); }
            })),
        Mutant::new("master.roster.complete-once", "a new slave is told of somebody twice", BURST,
            before_enter(|items, place| {
                if first_of(&items[place].text()) { items.insert(place, items[place].clone()); }
            })),
        Mutant::new("master.roster.remote-only-at-create", "a new slave is told of itself", BURST,
            before_enter(|items, place| {
                if first_of(&items[place].text()) {
                    let text = presence("vesa", "slave@vesa.yeggmaex.irc", "");
                    items.insert(place, items[place].with(parse(&text)));
                }
            })),
        Mutant::new("master.roster.format", "the roster has no roles", REGISTERED,
            edits(ToSlave, |text| available(text) && text.contains("<state"), |text| without(&text, "role"))),
        Mutant::new("master.roster.no-jid-at-create", "the roster has real JIDs", BURST,
            before_enter(|items, place| {
                let text = without(&items[place].text(), "jid").replacen("<item ", "<item jid='squit@eris.dclxvii.irc/jupiter' ", 1);
                items[place] = items[place].with(parse(&text));
            })),
        Mutant::new("master.roster.jid-for-later-moderator", "a moderator is not shown who is there",
            "how-much-a-slave-keeps.scs", edits(Down, available, |text| match text.contains("'110'") {
                true => text,
                false => without(&text, "jid"),
            })),
        Mutant::new("master.roster.before-enter", "the roster comes after the ENTER", BURST,
            before_enter(|items, place| {
                if !items[place].text().contains("/BigCheese'") { items.remove(place); }
            })),
        Mutant::with_input("slave.roster.silent-store", "a slave shows the roster to who waits", "s21-the-room-forgets.scs",
            nothing(), hears(|text| available(text) && !enter(text),
                |text| with(text, "to", BIGCHEESE))),
        Mutant::new("master.history.may-send", "initial history has no stamps", BURST,
            edits(ToSlave, |text| text.contains("<history/>"), |text| drop_delay(&text))),
        Mutant::new("master.history.addressing", "initial history comes from the room", BURST,
            edits(ToSlave, |text| text.contains("<history/>"), |text| with(&text, "from", ROOM))),
        Mutant::new("slave.history.store-initial", "a slave forgets initial history", BURST, drops(Down, late)),
        Mutant::with_input("slave.history.deliver-on-enter", "a slave shows initial history at once", "s21-the-room-forgets.scs",
            nothing(), hears(|text| text.contains("<history/>"), |_| past("WiZ", BIGCHEESE))),
    ]
}

pub fn drop_delay(text: &str) -> String {
    let kept: Vec<&str> = text.lines().filter(|line| !line.contains("<delay")).collect();
    kept.join("\n")
}

#[rustfmt::skip]
fn entering() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("master.enter.presence-to-all-first", "ENTER is sent before anybody is told", BURST,
            sorts(ToSlave, |text| i32::from(!enter(text)))),
        Mutant::new("master.enter.to-affected-slave-only", "ENTER goes to another slave as well", BURST,
            adds(ToSlave, enter, |text| Some(with(text, "to", "slave@eris.dclxvii.irc")))),
        Mutant::new("master.enter.format", "ENTER has a bare JID", BURST,
            edits(ToSlave, enter, |text| text.replace(BIGCHEESE, "rubenro@vesa.yeggmaex.irc"))),
        Mutant::new("master.enter.history-limit", "ENTER says nothing of the limit", BURST,
            edits(ToSlave, enter, |text| {
                let kept: Vec<&str> = text.lines().filter(|line| !line.contains("<history")).collect();
                kept.join("\n")
            })),
        Mutant::new("master.enter.adjacent", "something comes between presence and ENTER", BURST,
            Box::new(|moment, items| {
                let place = items.iter().position(|item| enter(&item.text()));
                if let Some(place) = place.filter(|_| moment.host == MASTER) {
                    let text = presence("WiZ", "slave@vesa.yeggmaex.irc", "");
                    items.insert(place, items[place].with(parse(&text)));
                }
            })),
        Mutant::new("master.enter.refusal-is-direct", "who is refused is entered as well", "s15-not-let-in.scs",
            adds(ToUser, |text| text.starts_with("<presence") && text.contains("type='error'"), |text| {
                let to = attribute(text, "to").to_owned();
                let domain = to.split(['@', '/']).nth(1)?.to_owned();
                let enter = format!("<x xmlns='urn:xmpp:tmp:dmuc:0'><enter jid='{to}'/></x>");
                let nick = attribute(text, "from").split('/').nth(1)?.to_owned();
                Some(and(&presence(&nick, &format!("slave@{domain}"), ""), &enter))
            })),
        Mutant::new("slave.enter.none-before-enter", "a slave lets somebody in by itself", BURST,
            adds(Relay, |text| text.contains("protocol/muc'"), |text|
                Some(own(attribute(text, "to").split('/').nth(1)?, attribute(text, "from"))))),
        Mutant::new("usecase.join.reaches-master", "a slave keeps a join to itself", "a-slave-without-a-memory.scs",
            drops(Relay, |text| text.contains("protocol/muc'"))),
    ]
}

#[rustfmt::skip]
fn newcomers() -> Vec<Mutant> {
    use Class::*;
    let unasked = || enters_the_unasked();
    vec![
        Mutant::new("slave.enter.verify-directed-presence", "a slave enters who has not asked", "s07-uninvited.scs", unasked()),
        Mutant::new("slave.intercept.directed-presence", "a slave does not look for presence", "s07-uninvited.scs", unasked()),
        Mutant::new("slave.enter.unverified-no-effect", "a slave tells who has not asked", "s07-uninvited.scs", unasked()),
        Mutant::new("slave.enter.obey-history-limit", "a slave shows more than it may", "how-much-of-the-past.scs",
            mixes_in(false, |own| past("WiZ", attribute(own, "to")))),
        Mutant::new("slave.enter.add-to-distribution", "who has entered hears nothing", "a-slave-without-a-memory.scs",
            drops(Down, |text| (live(text) || news(text) && !text.contains("'110'"))
                && attribute(text, "to") == BIGCHEESE)),
        Mutant::new("slave.enter.send-roster", "a slave forgets somebody", BURST, drops(Down, first_of)),
        Mutant::new("slave.store.room-roster", "a slave knows who came, and not who was there", BURST,
            drops(Down, |text| available(text) && text.contains("/Wumpus'"))),
        Mutant::new("slave.enter.own-presence-last", "his own presence comes first", BURST,
            sorts(Down, |text| i32::from(!(available(text) && text.contains("'110'"))))),
        Mutant::new("slave.enter.history-after-roster", "history comes first", BURST,
            sorts(Down, |text| i32::from(!late(text)))),
        Mutant::new("slave.enter.to-full-jid", "what a newcomer is told goes to his bare JID", BURST,
            edits(Down, any, |text| {
                let bare = attribute(&text, "to").split('/').next().unwrap_or_default().to_owned();
                with(&text, "to", &bare)
            })),
        Mutant::new("slave.enter.only-new-user", "a newcomer's neighbours are told everything again", BURST,
            adds(Down, |text| first_of(text) && attribute(text, "to") == EFCHEN,
                |text| Some(with(text, "to", BIGCHEESE)))),
        Mutant::new("slave.enter.status-110", "a newcomer is not told that it is himself", BURST,
            edits(Down, available, |text| text.replace("<status code='110'/>", ""))),
        Mutant::new("slave.enter.subject", "a newcomer is told no subject", BURST,
            drops(Down, |text| text.contains("<subject"))),
        Mutant::new("usecase.join.sequence", "the subject comes first", BURST,
            sorts(Down, |text| i32::from(!text.contains("<subject")))),
        Mutant::new("slave.leave.roster-updated", "a newcomer is told of somebody who is out", BURST,
            mixes_in(true, |own| presence("Ghost", attribute(own, "to"), ""))),
        Mutant::new("slave.presence.store", "a newcomer is told how somebody was once", "s04-everybody-sees-everybody.scs",
            edits(Down, |text| available(text) && text.contains("<show>"), |text| text.replace("<show>away</show>", ""))),
    ]
}

/// A slave says that it has refused an ENTER, and enters him all the same.
fn enters_the_unasked() -> super::kit::Wrong {
    Box::new(|moment, items| {
        let refused = items.iter().filter_map(Item::note);
        let refused = refused.filter(|note| note.change == wallops::dmuc::Change::EnterRefused);
        let users: Vec<String> = refused.map(|note| note.about.to_string()).collect();
        for user in users.iter().filter(|user| user.contains('/')) {
            moment.forge(&own("Trillian", user));
        }
    })
}

/// Who was told that he is out goes on to be told what is said.
fn tells_who_left() -> super::kit::Wrong {
    let mut out: Vec<String> = Vec::new();
    Box::new(move |moment, items| {
        for item in items.iter().filter(|item| item.class(moment.host) == Class::Down) {
            let text = item.text();
            let to = attribute(&text, "to").to_owned();
            if unavailable(&text) && text.contains("'110'") {
                out.push(to);
            } else if live(&text) {
                let domain = to.split(['@', '/']).nth(1).unwrap_or_default();
                for other in out.iter().filter(|other| other.contains(domain) && **other != to) {
                    moment.forged.push(parse(&with(&text, "to", other)));
                }
            }
        }
    })
}

#[rustfmt::skip]
fn leaving() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("master.leave.before-broadcast", "all are told before the LEAVE", LEAVING,
            sorts(ToSlave, |text| i32::from(leave(text)))),
        Mutant::new("master.leave.to-affected-slave-only", "LEAVE goes to another slave as well", LEAVING,
            adds(ToSlave, leave, |text| (!attribute(text, "to").ends_with(ERIS))
                .then(|| with(text, "to", "slave@eris.dclxvii.irc")))),
        Mutant::new("master.leave.format", "LEAVE is no unavailable presence", LEAVING,
            edits(ToSlave, leave, |text| text.replacen(" type='unavailable'", "", 1))),
        Mutant::new("slave.leave.remove", "who has left is told what is said", "s10-the-great-bounce.scs", tells_who_left()),
        Mutant::new("slave.leave.forward", "nobody says goodbye", LEAVING,
            drops(Down, |text| unavailable(text) && text.contains("'110'"))),
        Mutant::new("master.leave.announce-all", "the slave of who left is not told", LEAVING,
            drops(ToSlave, |text| gone(text) && attribute(text, "to").ends_with("killrc.oulubox.irc"))),
        Mutant::new("master.leave.announce-all", "nobody is told who left", LEAVING,
            drops(ToSlave, gone)),
        Mutant::new("slave.leave.implicit", "nobody tells the room that a connection is lost", LEAVING,
            drops(Relay, unavailable)),
        Mutant::new("req.remain-in-instance", "a slave that is split removes everybody", "s09-silence.scs",
            Box::new(|moment, items| {
                let split = items.iter().filter_map(Item::note)
                    .any(|note| note.change == wallops::dmuc::Change::Split && moment.host == VESA);
                if split {
                    moment.forge(&farewell("BigCheese", BIGCHEESE));
                }
            })),
    ]
}
