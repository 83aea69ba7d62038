//! What servers host, as scenarios set it up: slaves that register, two of one domain, disks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, Outcome, play_event};

fn find_cast(name: &str) -> Result<Source, String> {
    assert_eq!(name, "wallops");
    Ok(Source::new("wallops.cast", include_str!("../scenarios/casts/wallops.cast")))
}

/// Play these lines with the wallops cast and these sections in profile full.
fn played(sections: &str, script: &str) -> Outcome {
    let head = "# A test\n## cast: wallops\n## profile: full\n";
    let text = format!("{head}\n{sections}\n-----\n{script}");
    let scenario = parse(&Source::new("test.scs", &text), &find_cast)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let options = Options { source: text.into(), ..Options::default() };
    play_event(&scenario, &options).unwrap()
}

/// What was expected and did not come.
fn failures(sections: &str, script: &str) -> Vec<String> {
    let outcome = played(sections, script);
    outcome.failures.iter().map(|one| format!("line {}: {}", one.span.line, one.found)).collect()
}

const NOTHING: [String; 0] = [];

#[test]
fn slaves_register_for_who_is_joined_and_have_positions() {
    let script = "The slave vesa is registered\nThe slave vesa is active in wallops\n\
        The master has the slave vesa\nWiZ says \"one\"\n\
        The position of vesa is that of the master\nThe slave vesa is not registering\n";
    assert_eq!(failures("", script), NOTHING);
    assert_eq!(failures("", "The position of the master is 1000\n").len(), 1);
    assert_eq!(failures("", "The slave vesa is not registered\n").len(), 1);
}

#[test]
fn no_slave_speaks_of_registration_where_it_is_configured() {
    let quiet = "Nothing crosses between servers since the beginning\n";
    let script = "Efchen leaves\nEfchen joins wallops\n\
        Exactly no iqs with register cross between servers since the beginning\n";
    let sections = "[Slave] vesa\n\tregistration: static\n";
    assert_eq!(failures(sections, script), NOTHING);
    assert_eq!(failures("", quiet), NOTHING, "the setup is not recorded");
}

#[test]
fn a_slave_that_comes_later_takes_over_and_goes_when_it_is_told() {
    let later = "[Slave] vesa\n\tcreated: later\n";
    let script = "The master has no slave vesa\nWiZ says \"one\"\n\
        Everybody hears WiZ say \"one\"\nThe slave vesa registers\nThe slave vesa is active\n\
        WiZ says \"two\"\nEverybody hears WiZ say \"two\"\n\
        Exactly 4 stanzas cross between servers\n\
        The slave vesa deregisters\nThe master has no slave vesa\n\
        WiZ says \"three\"\nEverybody hears WiZ say \"three\"\n\
        Exactly 5 stanzas cross between servers\n\
        The master deregisters the slave eris\nThe master has no slave eris\n\
        WiZ says \"four\"\nEverybody hears WiZ say \"four\"\n";
    assert_eq!(failures(later, script), NOTHING);
}

#[test]
fn an_offer_makes_a_slave_register_that_does_not_serve_the_room() {
    let script = "The slave vesa deregisters\nwait 20s\nThe master offers vesa a slave\n\
        The master has the slave vesa\n\
        Exactly one iq with offer crosses from channel to vesa\n";
    assert_eq!(failures("", script), NOTHING);
    // Nobody is there to take the offer.
    let later = "[Slave] vesa\n\tcreated: later\n";
    let script = "The master offers vesa a slave\nThe master has no slave vesa\n\
        channel.avalon.irc receives:\n\t<iq type=\"error\"/>\n";
    assert_eq!(failures(later, script), NOTHING);
}

#[test]
fn of_two_slaves_of_a_domain_one_serves_the_room() {
    let twin = "[Slave] twin\n\tjid: twin@vesa.yeggmaex.irc\n\trooms: wallops\n\
                \tcreated: later\n";
    let script = "The slave twin registers\nThe master has no slave twin\n\
        The master has the slave vesa\nWiZ says \"one\"\nEverybody hears WiZ say \"one\"\n\
        The slave vesa deregisters\nwait 20s\nThe slave twin registers\n\
        The master has the slave twin\nThe master has no slave vesa\n\
        WiZ says \"two\"\nEverybody hears WiZ say \"two\"\n\
        twin@vesa receives:\n\t<message><body>two</body></message>\n\
        crash the slave twin\nThe slave twin is not registered\n";
    assert_eq!(failures(twin, script), NOTHING);
}

#[test]
fn a_slave_with_a_disk_keeps_its_people_and_one_without_loses_them() {
    let script = |expected: &str| {
        format!(
            "crash the slave vesa\nWiZ says \"one\"\nrestart the slave vesa\nwait until quiet\n\
             Efchen {expected} the room\nThe roster is the same everywhere\n"
        )
    };
    let disk = "[Slave] vesa\n\tpersistent: yes\n";
    let late = "Efchen hears WiZ say \"one\" late\n";
    assert_eq!(failures(disk, &(script("is in") + late)), NOTHING);
    assert_eq!(failures("", &script("is not in")), NOTHING);
}

#[test]
fn what_survives_of_a_room_is_what_its_server_says() {
    let script = |expected: &str| {
        format!(
            "WiZ says \"one\"\nWumpus grants Troy member\ncrash channel.avalon.irc\nwait 5s\n\
             restart channel.avalon.irc\nThe room exists\n{expected}"
        )
    };
    for (survives, expected) in [
        ("everything", "The affiliation of Troy is member\nThe role of Troy is moderator\n"),
        ("rooms", "The affiliation of Troy is member\nThe role of Troy is none\n"),
        ("nothing", "The affiliation of Troy is none\nThe role of Troy is none\n"),
    ] {
        let server = format!("[Server] channel.avalon.irc\n\tsurvives: {survives}\n");
        assert_eq!(failures(&server, &script(expected)), NOTHING, "{survives}");
    }
}
