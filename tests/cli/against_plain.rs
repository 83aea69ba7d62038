//! `wallops run --against-plain`.

use super::desk::Desk;

const HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"";

#[test]
fn what_nobody_can_tell_from_a_plain_room_is_0() {
    Desk::with(HEARD)
        .run(&["run", "--against-plain", "scenarios/own.scs"])
        .ends_with(0)
        .prints("  argl@killrc.oulubox.irc/laptop: 1 stanza, the same\n")
        .prints("same: 7 people\n");
}

#[test]
fn what_somebody_can_tell_from_a_plain_room_is_1_and_is_shown_to_whom() {
    let desk = Desk::with("Efchen leaves\nEfchen joins wallops\nEfchen is in the room");
    let forgetful = "[Slave] vesa\n\thistory-max: 1\n\n-----";
    let text = desk.read("scenarios/own.scs").replace("-----", forgetful);
    desk.put("scenarios/own.scs", text);
    desk.run(&["run", "--against-plain", "scenarios/own.scs"])
        .ends_with(1)
        .prints("  argl@killrc.oulubox.irc/laptop: 2 stanzas, the same\n")
        .prints("  msa@vesa.yeggmaex.irc/bicycle: 10 stanzas with slaves, 13 without\n")
        .prints("    -  <body>Honest! He did!!</body>\n")
        .prints("differs: 1 of 7 people\n");
}

#[test]
fn a_fault_and_a_forger_have_nothing_to_be_compared_with() {
    let forged =
        "slave@vesa sends:\n\t<message to=\"wallops@channel.avalon.irc\" type=\"error\"/>\n";
    let asked = "WiZ sends:\n\t<iq to=\"wallops@channel.avalon.irc\" type=\"set\" id=\"r\">\n\
                 \t\t<register xmlns=\"urn:xmpp:tmp:dmuc:0#slave\"/>\n\t</iq>\n";
    for (script, why) in [
        ("cut vesa from channel\n", "    this is a fault: "),
        ("meanwhile\n\tcrash the slave vesa\n\n", "    this is a fault: "),
        (forged, "    this is sent by a machine: "),
        (asked, "    this asks what only a room with slaves knows: "),
    ] {
        Desk::with(&format!("{script}{HEARD}"))
            .run(&["run", "--against-plain", "scenarios/own.scs"])
            .ends_with(3)
            .prints("unsupported  scenarios/own.scs:")
            .prints(why);
    }
}

#[test]
fn one_run_is_not_compared_with_itself() {
    for other in ["--plain", "--xml"] {
        Desk::with(HEARD).run(&["run", "--against-plain", other, "scenarios/own.scs"]).ends_with(2);
    }
}
