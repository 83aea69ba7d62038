//! Wrong machines for what the XEP says of presence, of what slaves forward, of messages, of
//! keepalive, of splits and netjoins.

use wallops::dmuc::Change;
use wallops::server::Input;

use super::Mutant;
use super::change::*;
use super::kit::{
    BIGCHEESE, Class, EFCHEN, ERIS, Item, MASTER, ROOM, VESA, Wrong, says_split, text,
};

const TALK: &str = "s02-truly-rotten-time.scs";
const SEEN: &str = "s04-who-sees-whom.scs";
const EVERYBODY: &str = "s04-everybody-sees-everybody.scs";
const LETTERS: &str = "private-messages-and-vcards.scs";
const PAST: &str = "s01-bigcheese-enters.scs";
const DAY: &str = "s05-a-day-of-chatter.scs";
const SILENCE: &str = "s09-silence.scs";
const NETSPLIT: &str = "netsplit.scs";
const BOUNCE: &str = "s10-the-great-bounce.scs";
const STALE: &str = "a-stale-bounce.scs";

pub fn all() -> Vec<Mutant> {
    let mut all = presence();
    all.extend(forwards());
    all.extend(broadcast());
    all.extend(keepalive());
    all.extend(at_master());
    all.extend(at_slave());
    all.extend(rest());
    all
}

const JID: &str = "<item jid='squit@eris.dclxvii.irc/jupiter' ";

#[rustfmt::skip]
fn presence() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("master.presence.to-all-slaves", "a slave is not told", SEEN,
            drops(ToSlave, |text| news(text) && attribute(text, "to").ends_with(ERIS))),
        Mutant::new("master.presence.item", "presence has no role", SEEN,
            edits(ToSlave, news, |text| without(&text, "role"))),
        Mutant::new("master.presence.no-jid-without-moderators", "every slave is sent real JIDs", SEEN,
            edits(ToSlave, |text| news(text) && attribute(text, "to").ends_with(VESA) && !text.contains(" jid="),
                |text| text.replacen("<item ", JID, 1))),
        Mutant::new("master.presence.jid-with-moderators", "no slave is sent real JIDs", SEEN,
            edits(ToSlave, news, |text| without(&text, "jid"))),
        Mutant::new("slave.presence.strip-jid", "everybody is shown real JIDs", SEEN,
            edits(Down, |text| news(text) && attribute(text, "to").contains("valdis") && !text.contains("'110'"),
                |text| without(&text, "jid").replacen("<item ", JID, 1))),
        Mutant::new("slave.presence.keep-jid-for-moderators", "moderators are not shown real JIDs", SEEN,
            edits(Down, |text| news(text) && !text.contains("'110'"), |text| without(&text, "jid"))),
        Mutant::new("slave.presence.nonanon", "an open room shows no real JIDs", EVERYBODY,
            edits(ToSlave, news, |text| without(&text, "jid"))),
        Mutant::new("slave.presence.no-dmuc-to-user", "a slave leaves its element in presence", SEEN,
            edits(Down, available, |text| and(&text, "<x xmlns='urn:xmpp:tmp:dmuc:0'/>"))),
        Mutant::new("slave.presence.self-110", "nobody is told that it is himself", SEEN,
            edits(Down, available, |text| text.replace("<status code='110'/>", ""))),
        Mutant::new("usecase.arrival.distributed", "an arrival is not shown to everybody", PAST,
            drops(Down, |text| news(text) && attribute(text, "to").contains("valdis"))),
    ]
}

#[rustfmt::skip]
fn forwards() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("slave.relay.may", "a slave forwards everything twice", TALK, repeats(Relay, live)),
        Mutant::new("slave.relay.from-unmodified", "a slave forwards under a bare JID", TALK,
            edits(Relay, live, |text| {
                let bare = attribute(&text, "from").split('/').next().unwrap_or_default().to_owned();
                with(&text, "from", &bare)
            })),
        Mutant::new("slave.relay.to-unmodified", "a private message goes to the room", LETTERS,
            edits(Relay, |text| text.contains("type='chat'"), |text| with(&text, "to", ROOM))),
        Mutant::new("slave.relay.payload-unmodified", "a slave changes what is said", TALK,
            edits(Relay, live, |text| text.replace("</body>", "!</body>"))),
        Mutant::new("slave.relay.strip-forged-dmuc", "a slave forwards its own element", TALK,
            edits(Relay, live, |text| and(&text, "<x xmlns='urn:xmpp:tmp:dmuc:0'/>"))),
        Mutant::new("slave.relay.all-kinds", "a slave forwards no presence", SEEN,
            drops(Relay, |text| available(text) && !text.contains("protocol/muc'"))),
        Mutant::new("slave.relay.non-participants", "a slave forwards for occupants only", "s08-everything-but-chat.scs",
            drops(Relay, |text| text.starts_with("<message"))),
        Mutant::new("master.relay.identify-by-from", "the master takes one for another", TALK,
            edits(ToSlave, |text| live(text) && text.contains("/BigCheese'"), |text| text.replace("/BigCheese'", "/Efchen'"))),
        Mutant::new("master.nonoccupant.reject", "strangers are not answered", "s26-not-every-error-is-a-war.scs",
            drops(ToUser, |text| text.starts_with("<message") && text.contains("type='error'"))),
        Mutant::new("slave.relay.fifo", "a slave forwards the second first", "one-after-the-other.scs", overtakes()),
        Mutant::new("master.split.trigger-scope", "a private message that comes back is a split", "the-letter-that-came-back.scs",
            Box::new(|moment, items| {
                let back = items.iter().any(|item| matches!(&item.0,
                    wallops::server::Output::Undeliverable(_, stanza) if text(stanza).contains("type='chat'")));
                if back && moment.host == MASTER {
                    items.push(says_split(ROOM, "slave@vesa.yeggmaex.irc"));
                    items.push(says_split(ROOM, "slave@eris.dclxvii.irc"));
                    items.push(says_split(ROOM, "slave@killrc.oulubox.irc"));
                }
            })),
    ]
}

/// What one says is held back until he says something else.
fn overtakes() -> Wrong {
    let mut held: Option<Item> = None;
    Box::new(move |moment, items| {
        for place in 0..items.len() {
            let item = &items[place];
            if item.class(moment.host) != Class::Relay || !said(&item.text()) {
                continue;
            }
            match held.take() {
                Some(first) => return items.insert(place + 1, first),
                None => {
                    held = Some(items.remove(place));
                    return;
                }
            }
        }
    })
}

#[rustfmt::skip]
fn broadcast() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("master.broadcast.delay-in-dmuc", "the master does not stamp", TALK,
            edits(ToSlave, live, |text| {
                let kept: Vec<&str> = text.lines().filter(|line| !line.contains("<delay")).collect();
                kept.join("\n")
            })),
        Mutant::new("master.broadcast.delay-attributes", "the master stamps in local time", TALK,
            edits(ToSlave, live, |text| text.replace("Z'/>", "+02:00'/>"))),
        Mutant::new("master.broadcast.copy-to-each", "a slave is left out", TALK,
            drops(ToSlave, |text| live(text) && attribute(text, "to").ends_with(ERIS))),
        Mutant::new("master.broadcast.from-occupant", "what is said is no groupchat", TALK,
            edits(ToSlave, live, |text| with(&text, "type", "chat"))),
        Mutant::new("master.broadcast.identical", "each copy says something else", TALK,
            edits(ToSlave, |text| live(text) && attribute(text, "to").ends_with(VESA), |text| and(&text, "<thread>1</thread>"))),
        Mutant::new("master.broadcast.preserve-payload", "the master changes what is said", TALK,
            edits(ToSlave, live, |text| text.replace("</body>", "?</body>"))),
        Mutant::new("slave.broadcast.save-then-send", "a slave forgets what it has distributed", NETSPLIT,
            drops(Down, |text| late(text) && text.contains("absolutely necessary"))),
        Mutant::new("slave.broadcast.strip-dmuc", "a slave leaves its element in messages", TALK,
            edits(Down, live, |text| and(&text, "<x xmlns='urn:xmpp:tmp:dmuc:0'/>"))),
        Mutant::new("slave.broadcast.no-delay-live", "what is said now looks late", TALK,
            edits(Down, live, |text| and(&text, "<delay xmlns='urn:xmpp:delay' stamp='1990-10-13T23:58:37Z'/>"))),
        Mutant::new("slave.broadcast.each-local-user", "the author does not hear himself", TALK,
            drops(Down, |text| live(text) && text.contains("/BigCheese'") && attribute(text, "to") == BIGCHEESE)),
        Mutant::new("slave.history.master-timestamp", "a slave stamps with its own clock", PAST,
            edits(Down, late, |text| text.replace("stamp='1990", "stamp='1991"))),
        Mutant::new("slave.history.delay-top-level", "history looks like now", PAST,
            edits(Down, late, |text| {
                let kept: Vec<&str> = text.lines().filter(|line| !line.contains("<delay")).collect();
                kept.join("\n")
            })),
        Mutant::new("slave.history.delay-from", "history shows who it is from", PAST,
            edits(Down, late, |text| {
                text.replacen("<delay xmlns='urn:xmpp:delay' from='wallops@channel.avalon.irc'",
                    "<delay xmlns='urn:xmpp:delay' from='rubenro@vesa.yeggmaex.irc/shaver'", 1)
            })),
        Mutant::new("slave.history.order", "the newest comes first", PAST, Box::new(|moment, items| {
            let late: Vec<usize> = (0..items.len())

                                   .filter(|place| {
                    let item = &items[*place];
                    item.class(moment.host) == Down && late(&item.text())
                })
                .collect();
            for (one, other) in late.iter().zip(late.iter().rev()).take(late.len() / 2) {
                items.swap(*one, *other);
            }
        })),
        Mutant::new("usecase.msg.full-cycle", "a message costs more than it has to", TALK,
            adds(ToSlave, live, |text| attribute(text, "to").ends_with(VESA).then(|| with(text, "to", EFCHEN)))),
    ]
}

#[rustfmt::skip]
fn keepalive() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("master.keepalive.ping-when-idle", "the master never pings", DAY, drops(ToSlave, ping)),
        Mutant::new("master.keepalive.each-slave", "the master forgets to ping one slave", DAY,
            drops(ToSlave, |text| ping(text) && attribute(text, "to").ends_with(ERIS))),
        Mutant::new("slave.keepalive.ping-when-quiet", "slaves never ping", "s13-one-way-down.scs", drops(Own, ping)),
        Mutant::new("slave.keepalive.longer-than-master", "slaves ping as often as the master", DAY,
            adds(Down, live, |text| attribute(text, "to").contains("vesa").then(|| format!(
                "<iq from='slave@vesa.yeggmaex.irc' id='more' to='{ROOM}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>")))),
        Mutant::new("keepalive.traffic-suppresses", "the master pings whatever happens", DAY,
            adds(ToSlave, live, |text| Some(format!(
                "<iq from='{ROOM}' id='more' to='{}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>", attribute(text, "to"))))),
        Mutant::new("keepalive.xep0199", "a ping has something else in it", DAY,
            edits(ToSlave, ping, |text| and(&text, "<x xmlns='urn:example:more'/>"))),
        Mutant::new("keepalive.pong", "slaves do not answer pings", DAY,
            drops(Own, |text| text.starts_with("<iq") && text.contains("type='result'"))),
        Mutant::new("req.detect-loss", "nobody says that the other is lost", SILENCE, keeps_quiet(true, true)),
    ]
}

/// What machines say of splits is not said.
fn keeps_quiet(master: bool, slave: bool) -> Wrong {
    Box::new(move |moment, items| {
        let quiet = if moment.host == MASTER { master } else { slave };
        items.retain(|item| {
            !(quiet && item.note().is_some_and(|note| note.change == Change::Split))
        });
    })
}

#[rustfmt::skip]
fn at_master() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("split.detect.by-bounce", "nobody looks at errors", BOUNCE, keeps_quiet(true, true)),
        Mutant::new("master.split.trigger", "the master does not look at errors", BOUNCE, keeps_quiet(true, false)),
        Mutant::new("master.split.stop-broadcast", "the master goes on into the void", "s12-talking-in-the-dark.scs", Box::new(|moment, items| {
            if moment.host == MASTER && moment.has_lost(VESA)

                                   && let Some(item) = items.iter().find(|item| live(&item.text()))
            {
                moment.forge(&with(&item.text(), "to", "slave@vesa.yeggmaex.irc"));
            }
        })),
        Mutant::new("master.split.only-affected", "a split stops everything", "s10-the-great-bounce.scs",
            while_split(drops(ToSlave, |text| live(text) && attribute(text, "to").ends_with(ERIS)))),
        Mutant::new("master.split.fast-ping", "the master does not ping who is lost", "away-until-they-return.scs", while_split(drops(ToSlave, ping))),
        Mutant::new("master.split.fast-ping-ends", "the master goes on pinging fast", "s22-it-remembers-everything.scs",
            adds(ToSlave, live, |text| Some(format!(
                "<iq from='{ROOM}' id='more' to='{}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>", attribute(text, "to"))))),
        Mutant::new("master.split.resync", "the master goes on as if nothing had been", "found-closed-to-the-public-meanwhile.scs", resumes()),
        Mutant::new("req.resync-on-reconnect", "who was lost is not told what he missed", "found-closed-to-the-public-meanwhile.scs", resumes()),
        Mutant::new("master.split.mark-away", "who is away loses his voice", "away-until-they-return.scs",
            edits(ToSlave, |text| news(text) && text.contains("<show>away"), |text| text.replace("role='participant'", "role='visitor'"))),
        Mutant::new("master.split.keep-occupants", "who is lost is removed", SILENCE, Box::new(|moment, items| {
            let lost = items.iter().filter_map(Item::note)
                .any(|note| note.change == Change::Split && moment.host == MASTER);
            if lost {
                for to in ["slave@eris.dclxvii.irc", "slave@killrc.oulubox.irc"] {
                    moment.forge(&format!(
                        "<presence from='{ROOM}/BigCheese' to='{to}' type='unavailable'><x \
                         xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='none'/></x></presence>"));
                }
            }
        })),
        Mutant::with_input("split.stale-bounce", "old errors begin splits", STALE,
            says_split_when(), Box::new(|_, input| vec![input])),
    ]
}

/// The state that a resync sends is left out.
fn resumes() -> Wrong {
    Box::new(|moment, items| {
        let found = items.iter().any(|item| {
            item.note()
                .is_some_and(|note| matches!(note.change, Change::Resyncing | Change::Synced))
        });
        if found && moment.host == MASTER {
            items.retain(|item| {
                item.class(MASTER) != Class::ToSlave || item.text().starts_with("<iq")
            });
        }
    })
}

/// The master takes a slave for lost that has answered it.
fn says_split_when() -> Wrong {
    let mut done = false;
    Box::new(move |moment, items| {
        let late = moment.now.to_string().contains("23:58:44.02");
        if moment.host == MASTER && late && !done {
            done = true;
            items.push(says_split(ROOM, "slave@vesa.yeggmaex.irc"));
        }
    })
}

#[rustfmt::skip]
fn at_slave() -> Vec<Mutant> {
    use Class::*;
    let shouts = || -> Wrong { Box::new(|moment, items| {
        let alone = moment.is_alone(VESA) && moment.host == VESA;
        if alone && items.iter().any(|item| item.class(VESA) == Own) {
            moment.forge(&format!("<message from='{BIGCHEESE}' to='{ROOM}' type='groupchat'><body>Hello?</body></message>"));
        }
    })};
    vec![
        Mutant::new("slave.split.trigger", "a slave does not look at errors", BOUNCE, keeps_quiet(false, true)),
        Mutant::new("slave.split.sees-user-bounces", "a slave does not look at errors for its users", BOUNCE, keeps_quiet(false, true)),
        Mutant::with_input("slave.split.app-errors-not-split", "a slave takes a refusal for a split",
            "s26-not-every-error-is-a-war.scs", Box::new(|moment, items| {
                let refused = items.iter().any(|item| item.class(moment.host) == Down && item.text().contains("type='error'"));
                if refused && moment.host != MASTER {
                    items.push(says_split(&format!("slave@{}", moment.host), ROOM));
                }
            }), Box::new(|_, input: Input| vec![input])),
        Mutant::new("slave.split.stop-submitting", "a slave goes on forwarding", "s13-one-way-down.scs", shouts()),
        Mutant::new("slave.intercept.all-kinds", "messages slip by a slave that is split", "s13-one-way-down.scs", shouts()),
        Mutant::new("slave.split.react-presence", "presence is lost during a split", "nobody-is-marked-for-ever.scs", while_split(drops(Down, available))),
        Mutant::new("slave.split.react-leave", "nobody says goodbye during a split", "netsplit.scs", while_split(drops(Down, unavailable))),
        Mutant::new("req.leave-while-split", "nobody can leave during a split", "netsplit.scs", while_split(drops(Down, unavailable))),
        Mutant::new("slave.split.local-chat", "what is said during a split is lost", "s12-talking-in-the-dark.scs",
            while_split(drops(Down, |text| text.starts_with("<message")))),
        Mutant::new("slave.split.local-private", "private messages are lost during a split", "s12-between-the-two-of-us.scs",
            while_split(drops(Down, |text| text.starts_with("<message")))),
        Mutant::new("slave.split.local-enter", "who enters during a split becomes a moderator", "s12-everything-granted.scs",
            while_split(edits(Down, |text| available(text) && text.contains("'110'"), |text| text.replace("role='participant'", "role='moderator'")))),
        Mutant::new("slave.split.local-kick", "a slave kicks by itself", "s12-talking-in-the-dark.scs",
            while_split(adds(Down, live, |text| Some(format!(
                "<presence from='{ROOM}/Efchen' to='{}' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>\
                 <item affiliation='none' role='none'/><status code='307'/></x></presence>", attribute(text, "to")))))),
        Mutant::new("slave.split.mark-away", "who is lost is shown as gone", "s12-they-are-all-away.scs",
            while_split(edits(Down, |text| available(text) && text.contains("<show>"),
                |text| text.replacen("<presence ", "<presence type='unavailable' ", 1)))),
        Mutant::new("slave.split.rejoin-answer", "nobody is answered during a split", "s12-not-granted.scs",
            while_split(drops(Down, |text| text.starts_with("<iq") || text.contains("'110'")))),
    ]
}

#[rustfmt::skip]
fn rest() -> Vec<Mutant> {
    use Class::*;
    vec![
        Mutant::new("split.no-error-reply", "errors are answered with errors", LETTERS,
            adds(Down, |text| text.contains("type='error'"), |text| {
                let (from, to) = (attribute(text, "from"), attribute(text, "to"));
                Some(with(&with(text, "from", to), "to", from))
            })),
        Mutant::new("netjoin.defined", "a netjoin never ends", "s22-in-another-order.scs",
            drops(ToSlave, |text| text.contains("<synced"))),
        Mutant::new("security.channel-overtake", "a netjoin makes moderators", "s12-they-are-all-away.scs",
            edits(ToSlave, |text| news(text) && text.contains("<show>away"),
                |text| text.replace("role='participant'", "role='moderator'"))),
        Mutant::new("ns.exact", "the master speaks another namespace", PAST,
            edits(ToSlave, enter, |text| text.replace("urn:xmpp:tmp:dmuc:0'", "urn:xmpp:dmuc:0'"))),
        Mutant::new("schema.valid", "there is something else in XEP-0282's element", PAST,
            edits(ToSlave, enter, |text| text.replace("</x>", "<more/></x>"))),
    ]
}
