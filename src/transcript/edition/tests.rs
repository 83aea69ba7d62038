use super::*;
use crate::transcript::Header;

/// A transcript of these stanzas, sent by vesa to channel.
fn transcript(stanzas: &[&str]) -> Transcript {
    let mut transcript = Transcript::new(Header::default());
    for stanza in stanzas {
        let stanza = stanza.parse().unwrap();
        transcript.sent(transcript.header.epoch, "vesa.irc".into(), "channel.irc".into(), stanza);
    }
    transcript
}

fn reworded(stanzas: &[&str]) -> Vec<String> {
    let stanzas = reword(transcript(stanzas)).transcript;
    stanzas.hops().map(|(_, _, hop)| hop.stanza.to_string()).collect()
}

#[test]
fn replicas_are_called_slaves_wherever_an_address_stands() {
    assert_eq!(
        reworded(&[
            "<presence from='w@channel.irc/a' to='replica@vesa.irc'/>",
            "<iq from='Replica@vesa.irc/r' to='w@channel.irc' type='result' via='replica@a.irc'/>",
            "<message><x xmlns='urn:xmpp:tmp:dmuc:0'>\
             <delay xmlns='urn:xmpp:delay' from='replica@vesa.irc/b'/></x>\
             <body>replica@vesa.irc, the replica of our primary</body></message>",
        ]),
        [
            "<presence from='w@channel.irc/a' to='slave@vesa.irc'/>",
            "<iq from='slave@vesa.irc/r' to='w@channel.irc' type='result' via='slave@a.irc'/>",
            "<message>\n  <x xmlns='urn:xmpp:tmp:dmuc:0'>\n    \
             <delay xmlns='urn:xmpp:delay' from='slave@vesa.irc/b'/>\n  </x>\n  \
             <body>replica@vesa.irc, the replica of our primary</body>\n</message>",
        ]
    );
}

#[test]
fn words_of_extensions_are_changed_in_the_namespaces_of_the_xep_only() {
    assert_eq!(
        reworded(&["<iq><primary xmlns='urn:xmpp:tmp:dmuc:0#replica' replica='primary' a='b'>\
                    <replica>primary</replica></primary>\
                    <primary xmlns='urn:b' replica='primary' var='urn:xmpp:tmp:dmuc:0#replica'/>\
                    </iq>"]),
        ["<iq>\n  <master xmlns='urn:xmpp:tmp:dmuc:0#slave' a='b' slave='master'>\n    \
          <slave>primary</slave>\n  </master>\n  \
          <primary xmlns='urn:b' replica='primary' var='urn:xmpp:tmp:dmuc:0#slave'/>\n</iq>"]
    );
}

#[test]
fn two_that_would_become_one_keep_their_names() {
    let both = [
        "<presence from='slave@vesa.irc' to='w@channel.irc'/>",
        "<presence from='replica@vesa.irc' to='w@channel.irc'/>",
        "<presence from='replica@killrc.irc' to='w@channel.irc'/>",
    ];
    let Reworded { transcript: result, kept, .. } = reword(transcript(&both));
    assert_eq!(kept, ["vesa.irc"]);
    let from: Vec<_> =
        result.hops().map(|(_, _, hop)| hop.stanza.from.clone().unwrap().to_string()).collect();
    assert_eq!(from, ["slave@vesa.irc", "replica@vesa.irc", "slave@killrc.irc"]);
}

#[test]
fn an_edition_is_known_by_its_words() {
    let edition = |stanza| Edition::detect(&transcript(&[stanza]));
    assert_eq!(edition("<presence to='slave@vesa.irc'/>"), Some(Edition::V0_1));
    assert_eq!(edition("<presence to='replica@vesa.irc'/>"), Some(Edition::V0_1_1));
    assert_eq!(edition("<iq><a xmlns='urn:xmpp:tmp:dmuc:0#replica'/></iq>"), Some(Edition::V0_1_1));
    assert_eq!(edition("<presence to='dmuc.vesa.irc'/>"), None);
    assert_eq!(edition("<presence from='replica@vesa.irc' to='slave@vesa.irc'/>"), None);
    for edition in Edition::ALL {
        assert_eq!(Edition::of_spec(edition.spec()), Some(edition));
    }
    assert_eq!(Edition::of_spec("0282"), None);
}

#[test]
fn what_names_nobody_by_these_words_stays_as_it_is() {
    let record = transcript(&["<message><body>replica</body></message>"]);
    let Reworded { transcript: result, kept, .. } = reword(record.clone());
    assert_eq!((result, kept), (record, vec![]));
}
