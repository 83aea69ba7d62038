//! The shape of bounces, against what Prosody 0.12.3 and ejabberd 23.01 were seen to send.

use super::*;

const OWN_NAME: &str = "killrc.oulubox.irc";

/// What comes back for the three stanzas of the captures when `domain` fails in this way, each
/// from the server with the user of that capture.
fn answers(flavour: Flavour, host: &str, error: Option<DialError>) -> Vec<Stanza> {
    let config = ServerConfig {
        domain: OWN_NAME.to_owned(),
        flavour,
        connect_timeout: flavour.connect_timeout(),
        ..plain()
    };
    let mut desk = desk(config);
    let name = host.trim_end_matches(".irc");
    let user = desk.open(&format!("u{name}@{OWN_NAME}/r"));
    let sent = [
        format!(
            "<message type='groupchat' to='room@{host}' id='m-{host}'><body>hi</body></message>"
        ),
        format!(
            "<presence to='room@{host}/nick' id='p-{host}'>\
             <x xmlns='http://jabber.org/protocol/muc'/></presence>"
        ),
        format!("<iq type='get' to='{host}' id='i-{host}'><ping xmlns='urn:xmpp:ping'/></iq>"),
    ];
    for xml in &sent {
        desk.says(user, xml);
    }
    let mut out = Vec::new();
    if let Some(error) = error {
        out = desk.step(Input::PeerFailed(host.into(), error));
    }
    out.extend(desk.wait(Duration::from_secs(30)));
    let undeliverable = out.iter().filter(|one| matches!(one, Output::Undeliverable(..))).count();
    assert_eq!(undeliverable, sent.len(), "each is recorded");
    let answers = out.into_iter().filter_map(|output| match output {
        Output::ToSession(id, stanza) => {
            assert_eq!(id, user);
            Some(stanza)
        }
        _ => None,
    });
    answers.collect()
}

fn check(flavour: Flavour, host: &str, error: Option<DialError>, expected: [&str; 3]) {
    let expected = expected.map(|xml| xml.parse::<Stanza>().unwrap());
    let answers = answers(flavour, host, error);
    assert_eq!(answers.len(), expected.len());
    for (answer, expected) in answers.iter().zip(&expected) {
        assert_eq!(answer, expected, "\n{answer}\n{expected}");
    }
}

#[test]
fn prosody_bounces_a_refused_stream_as_captured() {
    check(
        Flavour::Prosody,
        "refused.irc",
        Some(DialError::Refused),
        [
            "<message type='error' from='room@refused.irc' to='urefused@killrc.oulubox.irc/r' id='m-refused.irc'><error type='cancel' by='killrc.oulubox.irc'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Server-to-server connection failed: connection refused</text></error></message>",
            "<presence type='error' from='room@refused.irc/nick' to='urefused@killrc.oulubox.irc/r' id='p-refused.irc'><error type='cancel' by='killrc.oulubox.irc'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Server-to-server connection failed: connection refused</text></error></presence>",
            "<iq type='error' from='refused.irc' to='urefused@killrc.oulubox.irc/r' id='i-refused.irc'><error type='cancel' by='killrc.oulubox.irc'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Server-to-server connection failed: connection refused</text></error></iq>",
        ],
    );
}

#[test]
fn prosody_bounces_an_unknown_host_as_captured() {
    check(
        Flavour::Prosody,
        "nx.irc",
        Some(DialError::UnknownHost),
        [
            "<message type='error' from='room@nx.irc' to='unx@killrc.oulubox.irc/r' id='m-nx.irc'><error type='cancel' by='killrc.oulubox.irc'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Server-to-server connection failed: NXDomain in A lookup</text></error></message>",
            "<presence type='error' from='room@nx.irc/nick' to='unx@killrc.oulubox.irc/r' id='p-nx.irc'><error type='cancel' by='killrc.oulubox.irc'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Server-to-server connection failed: NXDomain in A lookup</text></error></presence>",
            "<iq type='error' from='nx.irc' to='unx@killrc.oulubox.irc/r' id='i-nx.irc'><error type='cancel' by='killrc.oulubox.irc'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Server-to-server connection failed: NXDomain in A lookup</text></error></iq>",
        ],
    );
}

#[test]
fn prosody_bounces_silence_as_captured() {
    check(
        Flavour::Prosody,
        "blackhole.irc",
        None,
        [
            "<message type='error' from='room@blackhole.irc' to='ublackhole@killrc.oulubox.irc/r' id='m-blackhole.irc'><error type='cancel' by='killrc.oulubox.irc'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Server-to-server connection failed: connection timeout</text></error></message>",
            "<presence type='error' from='room@blackhole.irc/nick' to='ublackhole@killrc.oulubox.irc/r' id='p-blackhole.irc'><error type='cancel' by='killrc.oulubox.irc'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Server-to-server connection failed: connection timeout</text></error></presence>",
            "<iq type='error' from='blackhole.irc' to='ublackhole@killrc.oulubox.irc/r' id='i-blackhole.irc'><error type='cancel' by='killrc.oulubox.irc'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Server-to-server connection failed: connection timeout</text></error></iq>",
        ],
    );
}

#[test]
fn ejabberd_bounces_a_refused_stream_as_captured() {
    check(
        Flavour::Ejabberd,
        "refused.irc",
        Some(DialError::Refused),
        [
            "<message xml:lang='en' to='urefused@killrc.oulubox.irc/r' from='room@refused.irc' type='error' id='m-refused.irc'><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Connection failed: connection refused</text></error><body>hi</body></message>",
            "<presence xml:lang='en' to='urefused@killrc.oulubox.irc/r' from='room@refused.irc/nick' type='error' id='p-refused.irc'><x xmlns='http://jabber.org/protocol/muc'/><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Connection failed: connection refused</text></error></presence>",
            "<iq xml:lang='en' to='urefused@killrc.oulubox.irc/r' from='refused.irc' type='error' id='i-refused.irc'><ping xmlns='urn:xmpp:ping'/><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Connection failed: connection refused</text></error></iq>",
        ],
    );
}

#[test]
fn ejabberd_bounces_an_unknown_host_as_captured() {
    check(
        Flavour::Ejabberd,
        "nx.irc",
        Some(DialError::UnknownHost),
        [
            "<message xml:lang='en' to='unx@killrc.oulubox.irc/r' from='room@nx.irc' type='error' id='m-nx.irc'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>DNS lookup failed: enoname</text></error><body>hi</body></message>",
            "<presence xml:lang='en' to='unx@killrc.oulubox.irc/r' from='room@nx.irc/nick' type='error' id='p-nx.irc'><x xmlns='http://jabber.org/protocol/muc'/><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>DNS lookup failed: enoname</text></error></presence>",
            "<iq xml:lang='en' to='unx@killrc.oulubox.irc/r' from='nx.irc' type='error' id='i-nx.irc'><ping xmlns='urn:xmpp:ping'/><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>DNS lookup failed: enoname</text></error></iq>",
        ],
    );
}

#[test]
fn ejabberd_bounces_silence_as_captured() {
    check(
        Flavour::Ejabberd,
        "blackhole.irc",
        None,
        [
            "<message xml:lang='en' to='ublackhole@killrc.oulubox.irc/r' from='room@blackhole.irc' type='error' id='m-blackhole.irc'><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Connection failed: timeout</text></error><body>hi</body></message>",
            "<presence xml:lang='en' to='ublackhole@killrc.oulubox.irc/r' from='room@blackhole.irc/nick' type='error' id='p-blackhole.irc'><x xmlns='http://jabber.org/protocol/muc'/><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Connection failed: timeout</text></error></presence>",
            "<iq xml:lang='en' to='ublackhole@killrc.oulubox.irc/r' from='blackhole.irc' type='error' id='i-blackhole.irc'><ping xmlns='urn:xmpp:ping'/><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Connection failed: timeout</text></error></iq>",
        ],
    );
}

#[test]
fn errors_and_results_are_recorded_but_never_bounced() {
    for flavour in [Flavour::Prosody, Flavour::Ejabberd] {
        let mut desk = desk(ServerConfig { flavour, ..plain() });
        let shaver = desk.open("rubenro@vesa.yeggmaex.irc/shaver");
        for xml in [
            "<message type='error' to='x@nx.irc'/>",
            "<presence type='error' to='x@nx.irc'/>",
            "<iq type='error' id='1' to='x@nx.irc'/>",
            "<iq type='result' id='1' to='x@nx.irc'/>",
        ] {
            desk.says(shaver, xml);
        }
        let mut out = desk.step(Input::PeerFailed("nx.irc".into(), DialError::UnknownHost));
        out.extend(desk.wait(Duration::from_millis(100)));
        assert_eq!(out.len(), 4);
        assert!(out.iter().all(|output| matches!(output, Output::Undeliverable(..))), "{out:#?}");
    }
}
