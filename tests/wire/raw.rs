//! Machines simpler than a world, and peers that speak raw bytes.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wallops::sim::network::{Command, Delay, End, Happening, Host, HostId, StreamId};
use wallops::sim::wire::board::Machine;
use wallops::sim::wire::sockets::{CLIENT_PORT, SERVER_PORT, Sockets};
use wallops::sim::wire::{SimulatedSockets, Wire};
use wallops::stanza::{FullJid, Stanza};
use wallops::time::Time;

pub const A: HostId = HostId(0);
pub const B: HostId = HostId(1);
pub const ALICE: HostId = HostId(2);
/// A machine on which nothing runs but what a test starts.
pub const RAW: HostId = HostId(3);

pub const START: Time = Time::XEP_EPOCH;

pub fn after(millis: u64) -> Time {
    START + Duration::from_millis(millis)
}

/// A machine that remembers what happened and does as the test says.
#[derive(Debug, Default)]
pub struct Log {
    pub happenings: Vec<(Time, Happening)>,
    /// Close the stream that a stanza arrives on, with this stream error.
    pub refuse: Option<&'static str>,
}

impl Machine for Log {
    fn step(&mut self, now: Time, happening: Happening, out: &mut Vec<Command>) {
        if let (Some(_), Happening::Received(stream, end, _)) = (self.refuse, &happening) {
            let (stream, end) = (*stream, *end);
            out.push(Command::Close { stream, end, error: self.refuse, abrupt: false });
        }
        self.happenings.push((now, happening));
    }

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn usual_delay(&self, _: HostId, _: HostId) -> Delay {
        Delay::fixed(Duration::from_millis(10))
    }
}

pub fn network() -> Wire<Log> {
    seeded(1)
}

pub fn seeded(seed: u64) -> Wire<Log> {
    let hosts = vec![
        Host::Server("a.example".to_owned()),
        Host::Server("b.example".to_owned()),
        Host::Client(FullJid::new("alice@a.example/x").unwrap()),
        Host::Client(FullJid::new("raw@elsewhere.example/x").unwrap()),
    ];
    Wire::carrying(Log::default(), hosts, START, seed, Vec::new())
}

pub fn dial(network: &mut Wire<Log>, stream: u32, from: HostId, to: HostId) {
    command(network, Command::Dial { stream: StreamId(stream), from, to });
}

pub fn send(network: &mut Wire<Log>, stream: u32, end: End, stanza: &str) {
    let stanza: Stanza = stanza.parse().unwrap();
    command(network, Command::Send { stream: StreamId(stream), end, stanza });
}

pub fn command(network: &mut Wire<Log>, command: Command) {
    network.prompt(|_, _, out| out.push(command));
}

/// Streams 0 from b.example to a.example and 1 from alice to a.example, both open.
pub fn busy_network() -> Wire<Log> {
    let mut network = network();
    dial(&mut network, 0, B, A);
    dial(&mut network, 1, ALICE, A);
    network.run_to(after(1000));
    let opened =
        [(after(80), Happening::Opened(StreamId(0))), (after(100), Happening::Opened(StreamId(1)))];
    assert_eq!(network.machine().happenings, opened);
    network.machine_mut().happenings.clear();
    network
}

/// Send stanzas on the streams of a [`busy_network`]; they all arrive, and nothing else happened.
pub fn assert_unharmed(network: &mut Wire<Log>) {
    let message =
        "<message from='x@b.example' to='alice@a.example'><body>still here</body></message>";
    send(network, 0, End::Dialer, message);
    send(network, 1, End::Dialer, message);
    send(network, 1, End::Acceptor, message);
    network.run_to_quiet(network.now() + Duration::from_secs(60));
    let received: Vec<_> = network.machine().happenings.iter().map(|(_, h)| h.clone()).collect();
    let message: Stanza = message.parse().unwrap();
    let ends = [(0, End::Acceptor), (1, End::Acceptor), (1, End::Dialer)];
    let expected =
        ends.map(|(stream, end)| Happening::Received(StreamId(stream), end, message.clone()));
    assert_eq!(received, expected);
}

pub type Heard = Rc<RefCell<String>>;

/// A connection that speaks what it is told, and notes what it hears.
pub struct Raw {
    socket: <SimulatedSockets as Sockets>::Stream,
    pub heard: Heard,
}

impl Raw {
    pub async fn connect(sockets: &SimulatedSockets, to: HostId, port: u16, heard: Heard) -> Self {
        let (socket, _) = sockets.connect(to, port).await.unwrap();
        Self { socket, heard }
    }

    pub async fn accept(sockets: &SimulatedSockets, port: u16, heard: Heard) -> Self {
        let listener = sockets.listen(port).await.unwrap();
        let (socket, _) = sockets.accept(&listener).await.unwrap();
        Self { socket, heard }
    }

    pub async fn say(&mut self, text: &[u8]) -> io::Result<()> {
        self.socket.write_all(text).await
    }

    /// Listen until this was heard, or the end.
    pub async fn hear(&mut self, text: &str) {
        let from = self.heard.borrow().len();
        while !self.heard.borrow()[from..].contains(text) {
            let mut bytes = [0; 4096];
            match self.socket.read(&mut bytes).await {
                Ok(0) => {
                    self.heard.borrow_mut().push_str("[end]");
                    return;
                }
                Ok(count) => {
                    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                    self.heard.borrow_mut().push_str(&text);
                }
                Err(error) => {
                    self.heard.borrow_mut().push_str(&format!("[{:?}]", error.kind()));
                    return;
                }
            }
        }
    }

    /// Be a server that opens a stream to a.example.
    pub async fn negotiate_as_server(&mut self) {
        self.say(SERVER_HEADER.as_bytes()).await.unwrap();
        self.hear("</stream:features>").await;
        self.say(&auth("EXTERNAL", "Yi5leGFtcGxl")).await.unwrap();
        self.hear("<success").await;
        self.say(SERVER_HEADER.as_bytes()).await.unwrap();
        self.hear("features").await;
    }

    /// Be alice, who opens a stream to a.example.
    pub async fn negotiate_as_client(&mut self) {
        self.say(CLIENT_HEADER.as_bytes()).await.unwrap();
        self.hear("</stream:features>").await;
        self.say(&auth("PLAIN", "AGFsaWNlAHBlbmNpbA==")).await.unwrap();
        self.hear("<success").await;
        self.say(CLIENT_HEADER.as_bytes()).await.unwrap();
        self.hear("</stream:features>").await;
        self.say(BIND.as_bytes()).await.unwrap();
        self.hear("</iq>").await;
    }
}

pub const SERVER_HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:server' \
    xmlns:stream='http://etherx.jabber.org/streams' from='b.example' to='a.example' version='1.0'>";

pub const CLIENT_HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' to='a.example' version='1.0'>";

pub const BIND: &str = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
    <resource>y</resource></bind></iq>";

pub fn auth(mechanism: &str, response: &str) -> Vec<u8> {
    let namespace = "urn:ietf:params:xml:ns:xmpp-sasl";
    format!("<auth xmlns='{namespace}' mechanism='{mechanism}'>{response}</auth>").into_bytes()
}

/// Which side of a.example a raw peer speaks to, and how far it negotiates before it says what is
/// to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// A server's very first bytes.
    NewServer,
    /// A client's very first bytes.
    NewClient,
    /// A server with an established stream.
    Server,
    /// A client with an established stream.
    Client,
}

/// Say something to a.example. What is heard from then on, to the end of the connection.
pub fn say(network: &mut Wire<Log>, who: As, bytes: &[u8]) -> String {
    let heard = Heard::default();
    let (noted, bytes) = (Rc::clone(&heard), bytes.to_vec());
    let (host, port) = match who {
        As::NewServer | As::Server => (B, SERVER_PORT),
        As::NewClient | As::Client => (ALICE, CLIENT_PORT),
    };
    network.start_on(host, move |sockets| async move {
        let mut raw = Raw::connect(&sockets, A, port, noted).await;
        match who {
            As::Server => raw.negotiate_as_server().await,
            As::Client => raw.negotiate_as_client().await,
            As::NewServer | As::NewClient => {}
        }
        raw.heard.borrow_mut().clear();
        // The peer may cut it short.
        let _ = raw.say(&bytes).await;
        raw.hear("nothing that could be heard").await;
        std::future::pending::<()>().await;
    });
    network.run_to_quiet(after(600_000));
    heard.take()
}
