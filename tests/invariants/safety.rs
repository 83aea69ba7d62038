//! Records in which an invariant of safety is broken.

use crate::stage::Run;

const BREATH: &str = "meanwhile:\n\tBigCheese says \"one\"\n\tBigCheese says \"two\"\n";
const VOICES: &str = "meanwhile:\n\tBigCheese says \"one\"\n\tWiZ says \"two\"\n";

#[test]
fn an_author_is_heard_in_another_order_than_he_spoke() {
    let mut run = Run::script("core", BREATH);
    let (one, two) = (run.find("killrc", "argl", &["one"]), run.find("killrc", "argl", &["two"]));
    run.swap(one, two);
    run.breaks(&["INV-FIFO", "INV-TOTAL-ORDER"]);
}

#[test]
fn two_people_hear_two_others_in_different_orders() {
    let mut run = Run::script("core", VOICES);
    let (one, two) = (run.find("killrc", "argl", &["one"]), run.find("killrc", "argl", &["two"]));
    run.swap(one, two);
    run.breaks(&["INV-TOTAL-ORDER"]);
}

#[test]
fn somebody_hears_the_second_of_two_messages_only() {
    let mut run = Run::script("full", BREATH);
    let one = run.find("killrc", "argl", &["one"]);
    run.remove(one);
    run.breaks(&["INV-GAPLESS"]);
}

#[test]
fn one_slave_is_told_something_else_than_the_others() {
    let mut run = Run::of("s14-kicked");
    let copy = run.find("channel", "eris", &["Efchen", "seq='10'"]);
    run.edit(copy, " id='relayed-", " id='other-");
    run.breaks(&["INV-SAME-COPY"]);
}

#[test]
fn somebody_hears_a_message_twice() {
    let mut run = Run::of("s02-truly-rotten-time");
    let message = run.find("killrc", "argl", &["rotten"]);
    run.repeat(message);
    run.breaks(&["INV-NO-DUP"]);
}

#[test]
fn who_has_never_asked_is_told_who_is_in_the_room() {
    let mut run = Run::of("s14-kicked");
    let presence = run.find("killrc", "argl", &["Efchen", "participant"]);
    run.repeat(presence);
    run.edit(presence + 1, "argl@killrc.oulubox.irc/laptop", "marvin@killrc.oulubox.irc/brain");
    run.hop(presence + 1).to = "marvin@killrc.oulubox.irc/brain".into();
    run.edit(presence + 1, " jid='msa@vesa.yeggmaex.irc/bicycle'", "");
    run.breaks(&["INV-ENTER"]);
}

#[test]
fn who_has_left_is_told_who_leaves_after_him() {
    let mut run = Run::of("s03-departures");
    let presence = run.find("killrc", "argl", &["Phaedrus", "unavailable"]);
    run.repeat(presence);
    run.edit(presence + 1, "argl@killrc.oulubox.irc/laptop", "valdis@killrc.oulubox.irc/desktop");
    run.hop(presence + 1).to = "valdis@killrc.oulubox.irc/desktop".into();
    run.edit(presence + 1, " jid='phaedrus@killrc.oulubox.irc/phone'", "");
    run.breaks(&["INV-AFTER-LEAVE"]);
}

#[test]
fn presence_of_another_says_that_it_is_ones_own() {
    let mut run = Run::of("s08-everything-but-chat");
    let presence = run.find("killrc", "argl", &["Phaedrus", "participant"]);
    run.edit(presence, "</x>", "<status code='110'/></x>");
    run.breaks(&["INV-ONE-110"]);
}

#[test]
fn a_newcomer_is_told_history_before_he_is_in() {
    let mut run = Run::of("s14-kicked");
    let own = run.find("vesa", "msa", &["Efchen", "participant", "110"]);
    run.swap(own, own + 1);
    run.breaks(&["INV-JOIN-ORDER"]);
}

#[test]
fn a_slave_without_moderators_is_told_a_jid() {
    let mut run = Run::of("s14-kicked");
    let copy = run.find("channel", "vesa", &["Efchen", "seq='10'"]);
    run.edit(copy, "<item ", "<item jid='msa@vesa.yeggmaex.irc/bicycle' ");
    run.breaks(&["INV-JID-SLAVE"]);
}

#[test]
fn a_slave_is_told_a_jid_in_a_room_that_shows_them_no_more() {
    let mut run = Run::of("s20-hidden-again");
    let copy = run.find("channel", "vesa", &["WiZ", "hiding"]);
    run.edit(copy, "<item ", "<item jid='squit@eris.dclxvii.irc/jupiter' ");
    run.breaks(&["INV-JID-SLAVE"]);
}

#[test]
fn a_slave_is_told_a_jid_in_a_room_that_somebody_wanted_to_show_them() {
    let lines = "Troy configures whois anyone\nWiZ is away \"hiding\"\nwait until quiet";
    let mut run = Run::script("full", lines);
    let copy = run.find("channel", "vesa", &["WiZ", "hiding"]);
    run.edit(copy, "<item ", "<item jid='squit@eris.dclxvii.irc/jupiter' ");
    run.breaks(&["INV-JID-SLAVE"]);
}

#[test]
fn a_participant_is_told_a_jid() {
    let mut run = Run::of("s14-kicked");
    let copy = run.find("killrc", "valdis", &["Efchen", "participant"]);
    run.edit(copy, "<item ", "<item jid='msa@vesa.yeggmaex.irc/bicycle' ");
    run.breaks(&["INV-JID-USER"]);
}

#[test]
fn a_user_gets_an_element_that_is_for_slaves() {
    let mut run = Run::of("s02-truly-rotten-time");
    let message = run.find("killrc", "argl", &["rotten"]);
    run.edit(message, "</body>", "</body><x xmlns='urn:xmpp:tmp:dmuc:0'/>");
    run.breaks(&["INV-TRANSPARENT"]);
}

#[test]
fn a_slave_serves_somebody_of_another_domain() {
    let mut run = Run::of("s02-truly-rotten-time");
    let message = run.find("eris", "squit", &["rotten"]);
    run.hop(message).from = "killrc.oulubox.irc".into();
    run.breaks(&["INV-DOMAIN"]);
}

#[test]
fn the_master_broadcasts_to_a_slave_that_is_split() {
    let mut run = Run::of("s14-kicked");
    let ping = run.nth(4, "channel", "vesa", &["ping"]);
    run.add(
        ping,
        "<presence from='wallops@channel.avalon.irc/WiZ' to='slave@vesa.yeggmaex.irc'>\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='admin' role='moderator'/></x></presence>",
    );
    run.breaks(&["INV-QUIET-M"]);
}

#[test]
fn a_slave_that_is_split_relays() {
    let mut run = Run::of("s14-kicked");
    let ping = run.nth(5, "vesa", "channel", &["ping"]);
    run.add(
        ping,
        "<iq from='msa@vesa.yeggmaex.irc/bicycle' id='q' to='wallops@channel.avalon.irc' \
         type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    run.breaks(&["INV-QUIET-S"]);
}

const ENTER: &str = "<presence from='wallops@channel.avalon.irc/BigCheese' \
    to='slave@killrc.oulubox.irc'><x xmlns='urn:xmpp:tmp:dmuc:0'>\
    <enter jid='spartacus@killrc.oulubox.irc/sword'/></x>\
    <x xmlns='http://jabber.org/protocol/muc#user'>\
    <item affiliation='none' role='participant'/><status code='110'/></x></presence>";

#[test]
fn a_nick_is_given_to_a_second_person() {
    let mut run = Run::of("s02-truly-rotten-time");
    let message = run.nth(1, "channel", "killrc", &["groupchat"]);
    run.add(message, ENTER);
    run.breaks(&["COST-JOIN", "INV-NICK-UNIQUE"]);
}

#[test]
fn the_nick_of_somebody_behind_a_split_is_given_away() {
    let mut run = Run::of("s14-kicked");
    let event = run.find("channel", "killrc", &["Efchen", "unavailable"]);
    run.add(event, ENTER);
    run.breaks(&["INV-NICK-HELD"]);
}

#[test]
fn somebody_is_made_a_moderator_whom_nobody_has_made_one() {
    let mut run = Run::of("s14-kicked");
    let ping = run.find("channel", "killrc", &["ping"]);
    run.add(
        ping,
        "<presence from='wallops@channel.avalon.irc/Valdis' to='slave@killrc.oulubox.irc'>\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='moderator'/></x></presence>",
    );
    run.breaks(&["INV-NO-ESCALATION"]);
}

#[test]
fn a_slave_shows_somebody_as_a_moderator_who_is_none() {
    let mut run = Run::of("s14-kicked");
    let presence = run.find("killrc", "valdis", &["Efchen", "participant"]);
    run.edit(presence, "participant", "moderator");
    run.breaks(&["INV-NO-ESCALATION"]);
}

#[test]
fn who_was_kicked_is_heard_once_more() {
    let mut run = Run::of("s08-everything-but-chat");
    let said = run.find("channel", "killrc", &["subject"]);
    run.add(
        said,
        "<message from='wallops@channel.avalon.irc/BigMac' to='slave@killrc.oulubox.irc' \
         type='groupchat'><body>Ha</body></message>",
    );
    run.breaks(&["INV-AUTH", "INV-EXPELLED"]);
}

#[test]
fn somebody_is_removed_without_a_reason() {
    let mut run = Run::of("s02-truly-rotten-time");
    let message = run.nth(1, "channel", "killrc", &["groupchat"]);
    run.add(
        message,
        "<presence from='wallops@channel.avalon.irc/Valdis' to='slave@killrc.oulubox.irc' \
         type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='none'/></x></presence>",
    );
    run.breaks(&["COST-LEAVE", "INV-NO-VANISH"]);
}

#[test]
fn somebody_is_told_that_he_is_out_because_of_a_split() {
    let mut run = Run::of("s14-kicked");
    let said = run.find("vesa", "msa", &["Who knows"]);
    let told = run.find("vesa", "msa", &["unavailable", "110"]);
    run.remove(told);
    run.add(
        said,
        "<presence from='wallops@channel.avalon.irc/Efchen' to='msa@vesa.yeggmaex.irc/bicycle' \
         type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='none'/><status code='333'/><status code='110'/></x>\
         </presence>",
    );
    run.breaks(&["INV-STAY"]);
}

#[test]
fn a_slave_tells_what_nobody_has_said() {
    let mut run = Run::of("s02-truly-rotten-time");
    let message = run.nth(1, "killrc", "argl", &["groupchat"]);
    run.add(
        message,
        "<message from='wallops@channel.avalon.irc/WiZ' to='argl@killrc.oulubox.irc/laptop' \
         type='groupchat'><body>I am a slave's invention</body></message>",
    );
    run.breaks(&["INV-JUSTIFIED"]);
}

#[test]
fn history_has_another_time() {
    let mut run = Run::of("s14-kicked");
    let message = run.find("vesa", "msa", &["Honest"]);
    run.edit(message, "19:50:01", "19:50:02");
    run.breaks(&["INV-HISTORY-TRUE"]);
}

#[test]
fn the_master_stamps_a_message_with_a_time_to_come() {
    let mut run = Run::of("s02-truly-rotten-time");
    for slave in ["killrc", "eris", "vesa"] {
        let copy = run.find("channel", slave, &["rotten"]);
        run.edit(copy, "23:58:37.021", "23:58:47.021");
    }
    run.breaks(&["INV-STAMP"]);
}

#[test]
fn an_error_is_answered_by_an_error() {
    let mut run = Run::of("s08-everything-but-chat");
    let error = run.find("channel", "killrc", &["phaedrus", "type='error'"]);
    let id = run.hop(error).stanza.id.clone().unwrap();
    let later = run.find("killrc", "phaedrus", &["type='error'"]);
    run.repeat(later);
    let hop = run.hop(later + 1);
    hop.to = "channel.avalon.irc".into();
    hop.stanza = format!(
        "<iq from='phaedrus@killrc.oulubox.irc/phone' id='{id}' to='wallops@channel.avalon.irc' \
         type='error'/>"
    )
    .parse()
    .unwrap();
    run.breaks(&["INV-NO-ERROR-LOOP"]);
}

#[test]
fn a_message_comes_from_a_server_that_is_not_its_authors() {
    let mut run = Run::of("s02-truly-rotten-time");
    let relayed = run.find("vesa", "channel", &["rotten"]);
    run.hop(relayed).from = "eris.dclxvii.irc".into();
    run.breaks(&["INV-AUTH"]);
}
