//! Servers with the real machines in them, joined without a network: what one sends the other
//! hears at once, and a dial succeeds or is refused as the test says.

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::dmuc::StaticSlave;
use crate::room::RoomConfig;

const ROOM: &str = "wallops@channel.avalon.irc";
const KILLRC: &str = "killrc.oulubox.irc";
const BIG_CHEESE: &str = "rubenro@vesa.yeggmaex.irc/shaver";
const EFCHEN: &str = "efchen@vesa.yeggmaex.irc/laptop";
const WUMPUS: &str = "argl@killrc.oulubox.irc/laptop";
const WIZ: &str = "squit@channel.avalon.irc/jupiter";

/// All of them; a session's number is a place here.
const CLIENTS: [&str; 4] = [BIG_CHEESE, EFCHEN, WUMPUS, WIZ];

/// The master's server, which serves its own users without a slave, and two with slaves.
struct Net {
    servers: BTreeMap<&'static str, Server>,
    now: Time,
    /// What arrived at each client.
    inboxes: BTreeMap<&'static str, Vec<Stanza>>,
    /// Stanzas between servers, as `from > to`.
    crossed: Vec<(String, Stanza)>,
    /// Domains that refuse streams.
    refusing: Vec<&'static str>,
}

fn slave(domain: &str) -> SlaveConfig {
    SlaveConfig { jid: jid(&format!("slave@{domain}")), ..with_slave().slaves.remove(0).config }
}

fn known(slave: &SlaveConfig) -> StaticSlave {
    StaticSlave {
        jid: slave.jid.clone(),
        rooms: slave.rooms.clone(),
        history_max: 20,
        at_start: true,
    }
}

impl Net {
    fn new() -> Self {
        let slaves = [OWN, KILLRC].map(slave);
        let mut master = with_service(ROOMS);
        if let Some(service) = &mut master.service {
            service.rooms = vec![RoomConfig::new(jid_bare(ROOM))];
            service.slaves = slaves.iter().map(known).collect();
        }
        let mut servers = BTreeMap::from([(ROOMS, Server::new(master))]);
        for (domain, slave) in [OWN, KILLRC].into_iter().zip(slaves) {
            let config =
                ServerConfig { domain: domain.to_owned(), slaves: vec![slave.into()], ..plain() };
            servers.insert(domain, Server::new(config));
        }
        let mut net = Net {
            servers,
            now: Time::XEP_EPOCH,
            inboxes: BTreeMap::new(),
            crossed: Vec::new(),
            refusing: Vec::new(),
        };
        net.wait(Duration::ZERO);
        for client in CLIENTS {
            net.inboxes.insert(client, Vec::new());
            let opened = Input::SessionOpened(Net::session(client), FullJid::new(client).unwrap());
            net.happen(net.home(client), opened);
            net.says(client, "<presence/>");
        }
        net
    }

    fn home(&self, client: &str) -> &'static str {
        let jid = jid(client);
        self.servers.keys().find(|domain| **domain == jid.domain().as_str()).unwrap()
    }

    fn session(client: &str) -> SessionId {
        let place = CLIENTS.iter().position(|one| *one == client).unwrap();
        SessionId(u32::try_from(place).unwrap())
    }

    /// Something happens at a server, and all that follows from it.
    fn happen(&mut self, domain: &'static str, input: Input) {
        let mut inputs = VecDeque::from([(domain, input)]);
        while let Some((at, input)) = inputs.pop_front() {
            let mut out = Vec::new();
            self.servers.get_mut(at).unwrap().step(self.now, input, &mut out);
            for output in out {
                match output {
                    Output::ToSession(session, stanza) => {
                        let client = CLIENTS[session.0 as usize];
                        self.inboxes.get_mut(client).unwrap().push(stanza);
                    }
                    Output::Dial(to) if self.refusing.contains(&&*to) => {
                        inputs.push_back((at, Input::PeerFailed(to, DialError::Refused)));
                    }
                    Output::Dial(to) => inputs.push_back((at, Input::PeerOpened(to))),
                    Output::ToPeer(to, stanza, _) => {
                        self.crossed.push((format!("{at} > {to}"), stanza.clone()));
                        let to = *self.servers.keys().find(|domain| ***domain == *to).unwrap();
                        inputs.push_back((to, Input::FromPeer(at.into(), stanza)));
                    }
                    Output::Note(_) | Output::Undeliverable(..) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn says(&mut self, client: &'static str, xml: &str) {
        let input = Input::FromSession(Self::session(client), xml.parse().unwrap());
        self.happen(self.home(client), input);
    }

    fn joins(&mut self, client: &'static str, nick: &str) {
        let x = "<x xmlns='http://jabber.org/protocol/muc'/>";
        self.says(client, &format!("<presence to='{ROOM}/{nick}'>{x}</presence>"));
    }

    fn wait(&mut self, span: Duration) {
        let until = self.now + span;
        loop {
            let deadlines =
                self.servers.iter().filter_map(|(at, one)| Some((one.deadline()?, *at)));
            let Some((due, at)) = deadlines.min().filter(|(due, _)| *due <= until) else { break };
            self.now = self.now.max(due);
            self.happen(at, Input::Timeout);
        }
        self.now = until;
    }

    /// What a client has received since the last look.
    fn look(&mut self, client: &str) -> Vec<Stanza> {
        std::mem::take(self.inboxes.get_mut(client).unwrap())
    }

    fn look_at_all(&mut self) -> [Vec<Stanza>; 4] {
        CLIENTS.map(|client| self.look(client))
    }

    fn everybody_joins() -> Self {
        let mut net = Net::new();
        net.joins(WIZ, "WiZ");
        net.joins(BIG_CHEESE, "BigCheese");
        net.joins(EFCHEN, "Efchen");
        net.joins(WUMPUS, "Wumpus");
        net.look_at_all();
        net.crossed.clear();
        net
    }
}

#[test]
fn a_line_is_heard_once_by_everybody_and_crosses_once_to_each_slave() {
    let mut net = Net::everybody_joins();
    net.says(
        BIG_CHEESE,
        &format!("<message to='{ROOM}' type='groupchat' id='1'><body>rotten</body></message>"),
    );
    for heard in net.look_at_all() {
        let [message] = &heard[..] else { panic!("{heard:#?}") };
        assert_eq!(message.from.as_deref(), Some(&jid(&format!("{ROOM}/BigCheese"))));
        assert_eq!(message.body().as_deref(), Some("rotten"));
    }
    let ways: Vec<&str> = net.crossed.iter().map(|(way, _)| way.as_str()).collect();
    assert_eq!(
        ways,
        [
            "vesa.yeggmaex.irc > channel.avalon.irc",
            "channel.avalon.irc > vesa.yeggmaex.irc",
            "channel.avalon.irc > killrc.oulubox.irc",
        ]
    );
}

#[test]
fn a_lost_connection_is_a_leave_for_everybody() {
    let mut net = Net::everybody_joins();
    net.happen(OWN, Input::SessionClosed(Net::session(BIG_CHEESE)));
    for client in [EFCHEN, WUMPUS, WIZ] {
        let seen = net.look(client);
        let [left] = &seen[..] else { panic!("{client}: {seen:#?}") };
        assert!(left.is_unavailable());
        assert_eq!(left.from.as_deref(), Some(&jid(&format!("{ROOM}/BigCheese"))));
    }
    assert_eq!(net.look(BIG_CHEESE), []);
}

#[test]
fn a_private_message_and_a_vcard_find_their_way_past_the_slaves() {
    let mut net = Net::everybody_joins();
    net.says(
        BIG_CHEESE,
        &format!("<message to='{ROOM}/Wumpus' type='chat' id='p'><body>psst</body></message>"),
    );
    let heard = net.look(WUMPUS);
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert_eq!(heard[0].from.as_deref(), Some(&jid(&format!("{ROOM}/BigCheese"))));

    let card = "<vCard xmlns='vcard-temp'><FN>Argl</FN></vCard>";
    net.says(WUMPUS, &format!("<iq type='set' id='s'>{card}</iq>"));
    let ask = "<vCard xmlns='vcard-temp'/>";
    net.says(BIG_CHEESE, &format!("<iq type='get' id='v' to='{ROOM}/Wumpus'>{ask}</iq>"));
    let heard = net.look(BIG_CHEESE);
    let [answer] = &heard[..] else { panic!("{heard:#?}") };
    let expected: Stanza =
        format!("<iq type='result' id='v' from='{ROOM}/Wumpus' to='{BIG_CHEESE}'>{card}</iq>")
            .parse()
            .unwrap();
    assert_eq!(*answer, expected);
}

#[test]
fn a_refused_stream_splits_the_slave_and_nothing_leaks_past_it() {
    let mut net = Net::everybody_joins();
    net.refusing = vec![ROOMS, OWN];
    net.happen(OWN, Input::PeerClosed(ROOMS.into()));
    let line = format!("<message to='{ROOM}' type='groupchat' id='1'><body>x</body></message>");
    net.says(BIG_CHEESE, &line);
    net.wait(Duration::from_millis(50));
    let heard = net.look(BIG_CHEESE);
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert!(heard[0].is_error());
    net.crossed.clear();
    net.refusing.clear();
    // The link is back, but the slave does not know it yet.
    net.says(BIG_CHEESE, &line);
    net.says(EFCHEN, &format!("<iq type='get' id='2' to='{ROOM}/WiZ'><x xmlns='y'/></iq>"));
    net.happen(OWN, Input::SessionClosed(Net::session(EFCHEN)));
    assert_eq!(net.crossed, [], "all of it waits at the slave or is refused there");
    let heard = net.look(BIG_CHEESE);
    assert!(heard.iter().any(Stanza::is_unavailable), "Efchen is seen to leave: {heard:#?}");
}

#[test]
fn a_slave_that_is_started_again_is_filled_again() {
    let mut net = Net::everybody_joins();
    net.happen(OWN, Input::CrashSlave(slave(OWN).jid));
    net.happen(OWN, Input::RestartSlave(slave(OWN).jid));
    net.wait(Duration::from_secs(120));
    net.look_at_all();
    net.joins(BIG_CHEESE, "BigCheese");
    let nicks: Vec<String> = net
        .look(BIG_CHEESE)
        .iter()
        .filter(|stanza| stanza.is_available())
        .filter_map(|stanza| Some(stanza.from.as_ref()?.resource()?.to_string()))
        .collect();
    assert_eq!(nicks, ["WiZ", "Wumpus", "BigCheese"], "the roster, and he himself last");
}
