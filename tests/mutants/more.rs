//! Other ways of breaking a statement than the first one of the gallery.

use wallops::dmuc::Change;
use wallops::server::Input;

use super::Mutant;
use super::change::*;
use super::entering::nothing;
use super::kit::{
    BIGCHEESE, Class, Deaf, EFCHEN, ERIS, Item, MASTER, ROOM, VESA, Wrong, parse, text,
};

const TALK: &str = "s02-truly-rotten-time.scs";
const PAST: &str = "s01-bigcheese-enters.scs";
const LETTERS: &str = "private-messages-and-vcards.scs";
const EVERYBODY: &str = "s04-everybody-sees-everybody.scs";
const WHISPERS: &str = "s12-between-the-two-of-us.scs";
const QUIET: &str = "s13-one-way-down.scs";

pub fn all() -> Vec<Mutant> {
    let mut all = rooms();
    all.extend(traffic());
    all.extend(keepalive());
    all.extend(split());
    all
}

/// It sends them to somebody else.
fn redirects(class: Class, which: Which, to: &'static str) -> Wrong {
    Box::new(move |moment, items| {
        let is_it = |item: &mut Item| item.class(moment.host) == class && which(&item.text());
        let all: Vec<Item> = items.extract_if(.., is_it).collect();
        all.iter().for_each(|item| moment.forge(&with(&item.text(), "to", to)));
    })
}

/// Whoever has no voice is heard all the same, and not told that he has none.
fn gives_a_voice() -> Wrong {
    Box::new(|moment, items| {
        let refused = |item: &mut Item| {
            let text = item.text();
            item.class(moment.host) == Class::Down && text.contains("<forbidden ")
        };
        let refused = items.extract_if(.., refused).count();
        if refused > 0 {
            for to in [BIGCHEESE, EFCHEN] {
                moment.forge(&format!(
                    "<message from='{ROOM}/BigCheese' to='{to}' type='groupchat'><body>May \
                     I?</body></message>"
                ));
            }
        }
    })
}

/// Instead of the last of what there is, a newcomer is told the first.
fn shows_the_oldest() -> Wrong {
    Box::new(|moment, items| {
        let first = [
            ("Trillian", "01", "Honest! He did!!"),
            (
                "BlondeBoy",
                "30",
                "Was that \
            absolutely necessary????????",
            ),
        ];
        let host = moment.host;
        let is_it = |item: &&mut Item| {
            let text = item.text();
            item.class(host) == Class::Down && late(&text) && attribute(&text, "to") == BIGCHEESE
        };
        let his: Vec<&mut Item> = items.iter_mut().filter(is_it).collect();
        if his.len() == first.len() {
            for (item, (nick, second, said)) in his.into_iter().zip(first) {
                *item = item.with(parse(&format!(
                    "<message from='{ROOM}/{nick}' to='{BIGCHEESE}' type='groupchat'><body>{said}\
                     </body><delay xmlns='urn:xmpp:delay' from='{ROOM}' \
                     stamp='1990-01-23T19:50:{second}Z'/></message>"
                )));
            }
        }
    })
}

/// The line of a delay, and all else.
fn delay(text: &str) -> (String, String) {
    let (delay, rest): (Vec<_>, Vec<_>) =
        text.lines().partition(|line| line.trim_start().starts_with("<delay"));
    (delay.concat(), rest.join("\n"))
}

/// A slave takes what it is granted for something else.
fn hears(from: &'static str, to: &'static str) -> Deaf {
    Box::new(move |moment, input| match &input {
        Input::FromPeer(domain, stanza) if moment.host == VESA => {
            let text = text(stanza);
            match text.contains("<accept") {
                true => vec![Input::FromPeer(domain.clone(), parse(&text.replace(from, to)))],
                false => vec![input],
            }
        }
        _ => vec![input],
    })
}

/// Of so many only the last is sent.
fn thins(class: Class, which: Which, of: usize) -> Wrong {
    let mut count = 0;
    Box::new(move |moment, items| {
        items.retain(|item| {
            let is_it = item.class(moment.host) == class && which(&item.text());
            count += usize::from(is_it);
            !is_it || count % of == 0
        });
    })
}

/// Who was entered and has not asked for it is told what is said.
fn tells_the_unasked() -> Wrong {
    let mut unasked: Vec<String> = Vec::new();
    Box::new(move |moment, items| {
        let refused = items.iter().filter_map(Item::note);
        let refused = refused.filter(|note| note.change == Change::EnterRefused);
        unasked.extend(refused.map(|note| note.about.to_string()).filter(|user| user == BIGCHEESE));
        let said = items.iter().find(|item| {
            let text = item.text();
            moment.host == VESA && item.class(VESA) == Class::Down && live(&text)
        });
        if let Some(text) = said.map(Item::text) {
            unasked.drain(..).for_each(|to| moment.forge(&with(&text, "to", &to)));
        }
    })
}

/// Who is refused is told what is said.
fn tells_the_refused() -> Wrong {
    let mut refused: Vec<String> = Vec::new();
    Box::new(move |moment, items| {
        for item in items.iter().filter(|item| item.class(moment.host) == Class::Down) {
            let text = item.text();
            let to = attribute(&text, "to").to_owned();
            if text.starts_with("<presence") && text.contains("type='error'") {
                refused.push(to);
            } else if live(&text) && to == BIGCHEESE {
                refused.iter().for_each(|to| moment.forged.push(parse(&with(&text, "to", to))));
            }
        }
    })
}

#[rustfmt::skip]
fn rooms() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("slave.store.local-roster", "who was refused is told what is said", "s26-not-every-error-is-a-war.scs", tells_the_refused())
            .noticed_by(&["slave.fanout.only-local-leaves", "INV-ENTER"]),
        Mutant::new("slave.enter.unverified-no-effect", "who was entered unasked is told what is said", "s07-uninvited.scs", tells_the_unasked()),
        Mutant::new("create.negotiate-history", "a slave shows more than it may keep", "how-much-a-slave-keeps.scs",
            mixes_in(false, |own| format!("<message from='{ROOM}/Cerebus' to='{}' type='groupchat'><body>Who said that?</body>\
                <delay xmlns='urn:xmpp:delay' from='{ROOM}' stamp='1990-10-13T20:00:00.000000Z'/></message>", attribute(own, "to")))),
        Mutant::new("slave.enter.obey-history-limit", "a newcomer is told the oldest, and not the newest", "how-much-of-the-past.scs", shows_the_oldest()),
        Mutant::new("slave.enter.status-110", "everybody is told that it is himself", PAST,
            edits(Down, news, |text| text.replacen("<item ", "<status code='110'/><item ", 1)))
            .noticed_by(&["INV-ONE-110"]),
        Mutant::new("usecase.arrival.distributed", "an arrival is shown under another nick", PAST,
            edits(Down, |text| news(text) && text.contains("/BigCheese'") && attribute(text, "to").contains("squit"),
                |text| with(&text, "from", &format!("{ROOM}/WiZ"))))
            .noticed_by(&["slave.redistribute.keep-from"]),
        Mutant::new("slave.presence.nonanon", "a slave of an open room strips real JIDs", EVERYBODY,
            edits(Down, news, |text| without(&text, "jid"))),
    ]
}

#[rustfmt::skip]
fn traffic() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("scope.one-to-one-unaffected", "the master sends twice what is for one", LETTERS,
            repeats(ToUser, |text| text.contains("type='chat'"))),
        Mutant::new("scope.one-to-one-unaffected", "what is for one comes from another nick", LETTERS,
            edits(ToUser, |text| text.contains("type='chat'"), |text| with(&text, "from", &format!("{ROOM}/Troy")))),
        Mutant::new("slave.relay.all-kinds", "a slave forwards no queries", LETTERS,
            drops(Relay, |text| text.starts_with("<iq"))),
        Mutant::new("master.relay.identify-by-from", "the master knows nobody but slaves", TALK, Box::new(|moment, items| {
            let his = |text: &str| live(text) && text.contains("/BigCheese'");
            if moment.host == MASTER && items.iter().any(|item| his(&item.text())) {
                items.retain(|item| !his(&item.text()));
                moment.forge(&format!("<message from='{ROOM}' to='{BIGCHEESE}' type='error'><error type='modify'>\
                    <not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"));
            }
        })),
        Mutant::new("master.nonoccupant.reject", "what strangers say is for everybody", "s26-not-every-error-is-a-war.scs", Box::new(|moment, items| {
            let refused = |item: &mut Item| item.class(moment.host) == ToUser && item.text().contains("<not-acceptable ");
            if items.extract_if(.., refused).count() > 0 {
                for domain in [VESA, ERIS, "killrc.oulubox.irc"] {
                    moment.forge(&format!("<message from='{ROOM}/Trillian' to='slave@{domain}' type='groupchat'><body>May I?</body>\
                        <x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' from='{ROOM}/Trillian' stamp='{}'/></x></message>", moment.now));
                }
            }
        })),
        Mutant::new("master.broadcast.delay-in-dmuc", "the stamp is not in the element of XEP-0282", TALK,
            edits(ToSlave, live, |text| {
                let (delay, rest) = delay(&text);
                and(&rest, &delay)
            })),
        Mutant::new("master.broadcast.from-occupant", "what is said comes from a real JID", TALK,
            edits(ToSlave, |text| live(text) && text.contains("/BigCheese'"), |text| with(&text, "from", BIGCHEESE))),
        Mutant::new("master.broadcast.identical", "each copy has a stamp of its own", TALK,
            edits(ToSlave, |text| live(text) && attribute(text, "to").ends_with(VESA), |text| text.replace("000Z'/>", "500Z'/>"))),
        Mutant::new("master.broadcast.preserve-payload", "the master gives messages ids of its own", TALK,
            edits(ToSlave, live, |text| with(&text, "id", "mine"))),
        Mutant::new("slave.history.delay-top-level", "history has its stamp in the element of XEP-0282", PAST,
            edits(Down, late, |text| {
                let (delay, rest) = delay(&text);
                and(&rest, &format!("<x xmlns='urn:xmpp:tmp:dmuc:0'>{delay}</x>"))
            })),
    ]
}

#[rustfmt::skip]
fn keepalive() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("create.negotiate-keepalive", "the master pings more often than it has granted", "asked-more-often.scs",
            edits(ToSlave, |text| text.contains("<accept"), |text| text.replace("interval='60'", "interval='600'"))),
        Mutant::with_input("create.negotiate-keepalive", "a slave pings as it always has", "asked-more-often.scs",
            nothing(), hears("interval='60'", "interval='10'")),
        Mutant::new("keepalive.xep0199", "the master pings the server of a slave", "s05-a-day-of-chatter.scs",
            edits(ToSlave, ping, |text| with(&text, "to", attribute(&text, "to").split('@').next_back().unwrap_or_default()))),
        Mutant::new("keepalive.pong", "slaves answer pings with errors", "s05-a-day-of-chatter.scs",
            edits(Own, |text| text.starts_with("<iq") && text.contains("type='result'"),
                |text| and(&with(&text, "type", "error"), "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"))),
        Mutant::new("master.split.fast-ping", "the master pings who is lost no more often than others", "asked-more-often.scs",
            while_split(thins(ToSlave, ping, 12))),
    ]
}

#[rustfmt::skip]
fn split() -> Vec<Mutant> {
    use Class::*;
    let leaks = |stanza: &'static str| -> Wrong { Box::new(move |moment, items| {
        let alone = moment.is_alone(VESA) && moment.host == VESA;
        if alone && items.iter().any(|item| item.class(VESA) == Own) {
            moment.forge(stanza);
        }
    })};
    vec![
        Mutant::new("slave.intercept.all-kinds", "presence slips by a slave that is split", QUIET,
            leaks("<presence from='rubenro@vesa.yeggmaex.irc/shaver' to='wallops@channel.avalon.irc/BigCheese'><show>dnd</show></presence>")),
        Mutant::new("slave.intercept.all-kinds", "queries slip by a slave that is split", QUIET,
            leaks("<iq from='rubenro@vesa.yeggmaex.irc/shaver' id='slipped' to='wallops@channel.avalon.irc/WiZ' type='get'><vCard xmlns='vcard-temp'/></iq>")),
        Mutant::new("master.split.mark-away", "who is lost is shown as gone", "away-until-they-return.scs",
            while_split(edits(ToSlave, |text| news(text) && text.contains("<show>away"),
                |text| text.replacen("<presence ", "<presence type='unavailable' ", 1))))
            .noticed_by(&["master.split.mark-away", "master.split.keep-occupants", "INV-NO-VANISH"]),
        Mutant::new("slave.split.react-leave", "nobody sees his neighbour go during a split", "netsplit.scs",
            while_split(drops(Down, |text| unavailable(text) && !text.contains("'110'")))),
        Mutant::new("slave.split.local-chat", "who has no voice is heard during a split", "s12-without-a-voice.scs", while_split(gives_a_voice())),
        Mutant::new("slave.split.local-private", "what is for one comes to another during a split", WHISPERS,
            while_split(redirects(Down, |text| text.contains("psst"), BIGCHEESE))),
        Mutant::new("slave.split.local-private", "what is for one comes from a real JID during a split", WHISPERS,
            while_split(edits(Down, |text| text.contains("psst") && !text.contains("type='error'"), |text| with(&text, "from", BIGCHEESE)))),
        Mutant::new("slave.split.mark-away", "nobody is shown to be back after a split", "s12-they-are-all-away.scs",
            after_split(drops(Down, |text| news(text) && !text.contains("<show>") && !text.contains("'110'")))),
    ]
}
