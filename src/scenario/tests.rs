//! Scenarios as a whole.

mod mutations;
mod scansion;

use super::*;

fn find_cast(name: &str) -> Result<Source, String> {
    match name {
        "wallops" => Ok(Source::new("wallops.cast", CAST)),
        _ => Err("there is no such file".to_owned()),
    }
}

fn parsed(text: &str) -> Scenario {
    match parse(&Source::new("test.scs", text), &find_cast) {
        Ok(scenario) => scenario,
        Err(mistakes) => panic!("{mistakes}"),
    }
}

const CAST: &str = include_str!("../../scenarios/casts/wallops.cast");

const NETSPLIT: &str = r#"# BigCheese rides out a netsplit
# vesa loses the master. Its occupants stay, may leave, and are not heard elsewhere.

## spec: req.detect-loss, slave.split.trigger
## spec: slave.split.react-leave
## profile: core
## cast: wallops

-----

BigCheese says "Phaedrus, we're all having a truly rotten time."
Everybody hears BigCheese say "Phaedrus, we're all having a truly rotten time."
Exactly 4 stanzas cross between servers

cut vesa.yeggmaex.irc from channel.avalon.irc
WiZ says "vesa is gone again"
wait 2m
The master has split vesa
The slave vesa is split

Efchen leaves
BigCheese sees Efchen leave
Wumpus does not see Efchen leave

heal everything
wait until quiet
Wumpus sees Efchen leave
The roster is the same everywhere
BigCheese receives:
	<message from="wallops@channel.avalon.irc/WiZ" type="groupchat">
		<body>vesa is gone again</body>
		<delay xmlns="urn:xmpp:delay" stamp="{scansion:any}"/>
	</message>
"#;

#[test]
fn a_scenario_with_a_cast_of_its_own_file_is_read() {
    let scenario = parsed(NETSPLIT);
    assert_eq!(scenario.title, "BigCheese rides out a netsplit");
    let spec = ["req.detect-loss", "slave.split.trigger", "slave.split.react-leave"];
    assert_eq!(scenario.tags.spec, spec);
    assert_eq!(scenario.cast.clients.len(), 7);
    assert_eq!(scenario.cast.servers.len(), 4);
    assert_eq!(scenario.steps.len(), 16);
    assert_eq!(scenario.steps[3].span.line, 15);
    let Action::Network(verbs::NetworkChange::Cut(directions, manner)) = &scenario.steps[3].action
    else {
        panic!("not a cut")
    };
    assert_eq!((directions.len(), *manner), (2, verbs::Manner::Silently));
}

#[test]
fn a_room_marks_whom_it_has_lost_if_its_section_says_so() {
    let marks = |scenario: Scenario| scenario.cast.rooms["wallops"].config.grants.mark_away;
    assert!(!marks(parsed(NETSPLIT)));
    let wanted = NETSPLIT.replace("-----\n", "[Room] wallops\n\tmark-away: yes\n\n-----\n");
    assert!(marks(parsed(&wanted)));
}

#[test]
fn formatting_keeps_the_meaning_and_changes_nothing_twice() {
    for text in [NETSPLIT, CAST] {
        assert_eq!(formatted(text), text, "it ships in its canonical layout");
    }
    let untidy = NETSPLIT.replace('\t', "      ").replace(' ', "  ").replace("\"  ", "\" ");
    let untidy = untidy.replace("\n\n", "\n\n\n");
    let scenario = parsed(&untidy);
    assert_eq!(without_spans(parsed(&formatted(&untidy))), without_spans(scenario));
}

fn formatted(text: &str) -> String {
    format(&Source::new("test.scs", text)).unwrap()
}

/// With every place the same.
fn without_spans(mut scenario: Scenario) -> Scenario {
    let cast = &mut scenario.cast;
    cast.clients.values_mut().for_each(|client| client.span = Span::default());
    cast.rooms.values_mut().for_each(|room| room.span = None);
    cast.slaves.values_mut().for_each(|slave| slave.span = None);
    cast.servers.values_mut().for_each(|server| server.span = None);
    cast.links.iter_mut().for_each(|link| link.span = Span::default());
    blank(&mut scenario.steps);
    scenario
}

fn blank(steps: &mut [Step]) {
    for step in steps {
        step.span = Span::default();
        if let Action::Pause(verbs::Pause::Meanwhile(steps)) = &mut step.action {
            blank(steps);
        }
    }
}

#[test]
fn what_is_sent_has_its_jids_filled_in_and_no_wildcards() {
    let scenario = parsed(
        "## cast: wallops\n\n-----\n\nWiZ sends:\n\t<message to=\"${Troy's JID}\" \
         scansion:strict=\"true\"><body>${Troy's full JID}</body></message>\n\nTroy receives \
         nothing\n",
    );
    let Action::Raw { raw: verbs::Raw::Sends(sent), .. } = &scenario.steps[0].action else {
        panic!("nothing is sent")
    };
    let expected = "<message xmlns='jabber:client' to='troy@eris.dclxvii.irc'>\
        <body>troy@eris.dclxvii.irc/screwdriver</body></message>";
    assert_eq!(sent[..], [expected.parse::<crate::stanza::Element>().unwrap()]);
}

#[test]
fn everybody_else_is_everybody_but_whom_the_line_before_is_about() {
    let scenario = parsed(
        "## cast: wallops\n\n-----\n\nWiZ tells Troy \"psst\"\nTroy hears WiZ tell \"psst\" \
         privately\nEverybody else does not hear WiZ tell \"psst\" privately\n",
    );
    let Action::Perceive { who, not, .. } = &scenario.steps[2].action else { panic!("perceive") };
    assert_eq!((who, *not), (&Who::EverybodyElse(vec!["Troy".into()]), true));
}

#[test]
fn a_section_of_the_scenario_changes_that_of_its_cast() {
    let scenario = parsed(
        "## cast: wallops\n\n[Client] Efchen\n\tjoined: nowhere\n\tnick: Fish\n\n[Slave] vesa\n\t\
         created: later\n\n-----\n\nEfchen is not in the room\n",
    );
    let efchen = &scenario.cast.clients["Efchen"];
    assert_eq!((efchen.joined.len(), efchen.nick.as_str()), (0, "Fish"));
    assert_eq!(efchen.jid.as_str(), "msa@vesa.yeggmaex.irc/bicycle");
    let vesa = &scenario.cast.slaves["vesa"];
    assert!(!vesa.at_start && scenario.cast.slaves["eris"].at_start);
    assert_eq!(scenario.cast.clients.get_index_of("Efchen"), Some(6), "it keeps its place");
}
