//! Scripts of scansion, with all the habits that they have, mean here what they mean there.

use super::verbs::Raw;
use super::*;
use crate::stanza::Jid;

const SCRIPT: &str = r##"// vim: noexpandtab
# Two phones and a balcony
# The second comment describes.
## version: 1
[Client] Romeo
    jid: romeo@localhost/mK0dD6Ha
    password: rose

[Client] Juliet's phone
	password:	petal
	jid: juliet@localhost
	resource: phone
	connect_host: 127.0.0.1
	connect_port: 5222

---------

Romeo connects
Juliet's phone connects:

-- Juliet's phone disconnects

# Act 1, scene 1

Romeo sends
	<iq type="set" id="a1" to="${Juliet's phone's full JID}"/>

	<presence to='room@conference.localhost/Romeo'>
		<x xmlns='http://jabber.org/protocol/muc'/>
	</presence>

Juliet's phone receives:
    <iq from="${Romeo's JID}" id='{scansion:capture:id}'>
        <query xmlns="jabber:iq:private" scansion:strict='false'/>
    </iq>

Juliet's phone sends:
	<iq type="result" id="${id}"/>

Romeo receives: nothing

Romeo disconnects
# recording ended on a summer night
"##;

fn script() -> Scenario {
    parsed(&SCRIPT.replace("## version: 1\n", ""))
}

#[test]
fn names_with_apostrophes_and_resources_are_people() {
    let scenario = script();
    assert_eq!(scenario.title, "Two phones and a balcony");
    assert_eq!(scenario.description, "The second comment describes.");
    let jids: Vec<_> = scenario.cast.clients.values().map(|client| client.jid.as_str()).collect();
    assert_eq!(jids, ["romeo@localhost/mK0dD6Ha", "juliet@localhost/phone"]);
    assert!(scenario.cast.clients.values().all(|client| !client.online), "they connect first");
}

#[test]
fn bodies_may_have_several_stanzas_wildcards_and_jids_of_others() {
    let scenario = script();
    let raw: Vec<_> = scenario
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Raw { raw, .. } => Some(raw),
            _ => None,
        })
        .collect();
    let [Raw::Sends(sent), Raw::Receives(expected), Raw::Sends(answer), Raw::ReceivesNothing] =
        raw[..]
    else {
        panic!("{raw:?}")
    };
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].attr("to"), Some("juliet@localhost/phone"));
    assert_eq!(expected[0].0.attr("from"), Some("romeo@localhost"));
    assert_eq!(expected[0].0.attr("id"), Some("{scansion:capture:id}"));
    assert_eq!(answer[0].attr("id"), Some("${id}"));
}

#[test]
fn hosts_follow_from_jids() {
    let cast = script().cast;
    let domains: Vec<_> = cast.servers.keys().map(|domain| &**domain).collect();
    assert_eq!(domains, ["localhost", "conference.localhost"]);
    assert!(cast.services["conference.localhost"].creation);
    let slaves: Vec<_> = cast.slaves.values().map(|slave| slave.jid.clone()).collect();
    assert_eq!(slaves, [Jid::new("slave@localhost").unwrap()]);
}

#[test]
fn a_script_that_speaks_of_a_room_need_not_cast_it() {
    let scenario = parsed(
        "[Client] Romeo\n\tjid: romeo@localhost\n\n-----\n\nRomeo joins \
         room@conference.localhost\nRomeo says \"O\"\nRomeo hears Romeo say \"O\"\n",
    );
    let room = &scenario.cast.rooms["room@conference.localhost"];
    assert!(!room.exists, "who enters first creates it");
    assert!(scenario.cast.services.contains_key("conference.localhost"));
}
