//! The master alone: what it is sent, and what it answers, stanza by stanza.

mod accept;
mod failures;
mod netjoin;
mod security;

use super::*;
use crate::dmuc::{Output, Persistence, Service, ServiceConfig, ServiceInput};
use crate::room::{Affiliation, RoomConfig};
use crate::stanza::{BareJid, Element, FullJid, slave};

const ROOM: &str = "wallops@channel.avalon.irc";
const SLAVE: &str = "slave@vesa.yeggmaex.irc";
const ERIS: &str = "slave@eris.dclxvii.irc";
const RUBENRO: &str = "rubenro@vesa.yeggmaex.irc/shaver";
const MSA: &str = "msa@vesa.yeggmaex.irc/bicycle";
const SQUIT: &str = "squit@eris.dclxvii.irc/jupiter";
const OWNER: &str = "owner@channel.avalon.irc/desk";

/// A service with one room, and its clock.
pub(super) struct Stage {
    pub service: Service,
    pub now: Time,
    pub room: RoomConfig,
    ids: u32,
}

/// The service of a room.
pub(super) fn config(room: &RoomConfig) -> ServiceConfig {
    ServiceConfig {
        domain: "channel.avalon.irc".to_owned(),
        rooms: vec![room.clone()],
        creation: false,
        slaves: vec![],
        timers: Timers::default(),
        registration: true,
        identify: false,
        persistence: Persistence::Nothing,
    }
}

/// The room of the cast: its owner sits at the room's own host.
pub(super) fn room() -> RoomConfig {
    let mut room = RoomConfig::new(BareJid::new(ROOM).unwrap());
    let owner = FullJid::new(OWNER).unwrap().to_bare();
    room.affiliations.insert(owner, Affiliation::Owner);
    room.change_subject = true;
    room
}

impl Stage {
    pub fn new() -> Self {
        Self::of(room())
    }

    pub fn of(room: RoomConfig) -> Self {
        Self::that_keeps(room, Persistence::Nothing)
    }

    pub fn that_keeps(room: RoomConfig, persistence: Persistence) -> Self {
        let service = Service::new(ServiceConfig { persistence, ..config(&room) });
        Self { service, now: Time::XEP_EPOCH, room, ids: 0 }
    }

    /// What is sent when this stanza, as XML without `to`, comes.
    pub fn hear(&mut self, xml: &str) -> Vec<Stanza> {
        let mut element: Element = xml.parse().unwrap();
        if element.attr("to").is_none() {
            element = crate::stanza::attribute(element, "to", ROOM);
        }
        self.hear_stanza(Stanza::try_from(element).unwrap())
    }

    pub fn hear_stanza(&mut self, stanza: Stanza) -> Vec<Stanza> {
        self.step(ServiceInput::Stanza(stanza))
    }

    pub fn step(&mut self, input: ServiceInput) -> Vec<Stanza> {
        let mut out = Vec::new();
        self.service.step(self.now, input, &mut out);
        sent(out)
    }

    /// What is sent while time passes.
    pub fn wait(&mut self, seconds: u64) -> Vec<Stanza> {
        let end = self.now + Duration::from_secs(seconds);
        let mut out = Vec::new();
        while let Some(due) = self.service.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.service.step(self.now, ServiceInput::Timeout, &mut out);
        }
        self.now = end;
        sent(out)
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        format!("t{}", self.ids)
    }

    /// A slave registers, with these children.
    pub fn register(&mut self, slave: &str, instance: &str, children: &str) -> Vec<Stanza> {
        let id = self.id();
        self.hear(&format!(
            "<iq xmlns='jabber:client' from='{slave}' id='{id}' type='set'>\
             <register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='{instance}'>{children}\
             </register></iq>"
        ))
    }

    /// A slave registers and ends its late phase at once.
    pub fn register_done(&mut self, slave: &str) -> slave::Accept {
        let sent = self.register(slave, "1", "");
        let accept = accept_of(&sent);
        self.synced(slave, &accept.epoch, accept.seq, 0);
        accept
    }

    /// A slave says that everything late is submitted.
    pub fn synced(&mut self, slave: &str, epoch: &str, seq: u64, late: u64) -> Vec<Stanza> {
        let id = self.id();
        self.hear(&format!(
            "<iq xmlns='jabber:client' from='{slave}' id='{id}' type='set'>\
             <synced xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='{epoch}' seq='{seq}' late='{late}'/>\
             </iq>"
        ))
    }

    pub fn join(&mut self, who: &str, nick: &str) -> Vec<Stanza> {
        self.hear(&format!(
            "<presence xmlns='jabber:client' from='{who}' to='{ROOM}/{nick}'>\
             <x xmlns='http://jabber.org/protocol/muc'/></presence>"
        ))
    }

    pub fn leave(&mut self, who: &str, nick: &str) -> Vec<Stanza> {
        self.hear(&format!(
            "<presence xmlns='jabber:client' from='{who}' to='{ROOM}/{nick}' type='unavailable'/>"
        ))
    }

    /// Somebody says something; `late` is when the slave received it, if it is late.
    pub fn say(&mut self, who: &str, id: &str, late: Option<Time>) -> Vec<Stanza> {
        let x = late.map(|stamp| {
            format!(
                "<x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' from='{ROOM}/x' \
                 stamp='{stamp}'/></x>"
            )
        });
        self.hear(&format!(
            "<message xmlns='jabber:client' from='{who}' id='{id}' type='groupchat'>\
             <body>{id}</body>{}</message>",
            x.unwrap_or_default()
        ))
    }

    /// The owner kicks somebody.
    pub fn kick(&mut self, nick: &str) -> Vec<Stanza> {
        self.hear(&format!(
            "<iq xmlns='jabber:client' from='{OWNER}' id='kick' type='set'>\
             <query xmlns='http://jabber.org/protocol/muc#admin'>\
             <item nick='{nick}' role='none'><reason>wrong side</reason></item></query></iq>"
        ))
    }

    /// The slave's server answers with this error to something of this kind that the room sent.
    pub fn bounce(&mut self, slave: &str, kind: &str, id: &str, condition: &str) -> Vec<Stanza> {
        self.hear(&format!(
            "<{kind} xmlns='jabber:client' from='{slave}' id='{id}' type='error'>\
             <error type='wait'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>\
             </{kind}>"
        ))
    }

    /// The slave answers this ping with this position.
    pub fn pong(&mut self, slave: &str, id: &str, epoch: &str, seq: u64) -> Vec<Stanza> {
        self.hear(&format!(
            "<iq xmlns='jabber:client' from='{slave}' id='{id}' type='result'>\
             <at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='{epoch}' seq='{seq}'/></iq>"
        ))
    }

    /// The service crashes and starts again with what it kept.
    pub fn crash(&mut self, persistence: Persistence) {
        let disk = self.service.disk();
        self.now += Duration::from_secs(1);
        self.service =
            Service::recovered(ServiceConfig { persistence, ..config(&self.room) }, disk);
    }

    /// The owner sends this IQ.
    pub fn own(&mut self, query: &str) -> Vec<Stanza> {
        self.hear(&format!(
            "<iq xmlns='jabber:client' from='{OWNER}' id='own' type='set'>{query}</iq>"
        ))
    }

    pub fn nicks(&self) -> Vec<String> {
        let room = self.service.room(&self.room.jid).unwrap();
        room.roster().keys().cloned().collect()
    }
}

fn sent(out: Vec<Output>) -> Vec<Stanza> {
    let stanzas = out.into_iter().filter_map(|output| match output {
        Output::Send(stanza) => Some(stanza),
        Output::Note(_) => None,
    });
    stanzas.collect()
}

/// The accept among them.
pub(super) fn accept_of(sent: &[Stanza]) -> slave::Accept {
    let accept = sent.iter().find_map(|stanza| stanza.payload("accept", ns::SLAVE));
    slave::Accept::try_from(accept.unwrap_or_else(|| panic!("{sent:#?}")).clone()).unwrap()
}

/// The condition of the error that comes first, and its text.
pub(super) fn error_of(sent: &[Stanza]) -> (String, Option<String>) {
    let error = sent[0].payload("error", ns::CLIENT).unwrap_or_else(|| panic!("{sent:#?}"));
    let condition = error.children().next().map(|child| child.name().to_owned());
    let text = error.get_child("text", ns::STANZA_ERRORS).map(Element::text);
    (condition.unwrap_or_default(), text)
}

/// In one word or two, what each stanza to `to` is.
pub(super) fn told(sent: &[Stanza], to: &str) -> Vec<String> {
    let own = sent.iter().filter(|stanza| stanza.to.as_ref().is_some_and(|t| t.as_str() == to));
    own.map(word).collect()
}

fn word(stanza: &Stanza) -> String {
    let who = stanza.from.as_ref().and_then(|from| from.resource()).map(ToString::to_string);
    let who = who.unwrap_or_else(|| "room".to_owned());
    let dmuc = stanza.dmuc().unwrap_or_default();
    let gone = if stanza.is_unavailable() { "-" } else { "" };
    let place = |at: &slave::At| format!("{}{}", at.seq, if at.backfill { " late" } else { "" });
    if let Some(payload) = stanza.payloads.first().filter(|_| stanza.kind == Kind::Iq) {
        payload.name().to_owned()
    } else if stanza.kind == Kind::Iq {
        "result".to_owned()
    } else if let Some(at) = &dmuc.at {
        format!("{who}{gone} at {}", place(at))
    } else if let Some(enter) = &dmuc.enter {
        format!("{who} enter {}", enter.jid)
    } else if let Some(leave) = &dmuc.leave {
        format!("{who} leave {}", leave.jid)
    } else if dmuc.state.is_some() && stanza.kind == Kind::Message {
        format!("{who} subject")
    } else if dmuc.state.is_some() {
        format!("{who}{gone} state")
    } else if let Some(synced) = &dmuc.synced {
        format!("{who} synced {}", synced.seq)
    } else if dmuc.history.is_some() {
        format!("{who} history")
    } else {
        format!("{who}{gone}")
    }
}

/// The status codes of a presence.
pub(super) fn codes(stanza: &Stanza) -> Vec<String> {
    let x = stanza.payload("x", ns::MUC_USER);
    let codes = x.into_iter().flat_map(Element::children);
    let codes = codes.filter(|child| child.is("status", ns::MUC_USER));
    codes.filter_map(|child| child.attr("code").map(str::to_owned)).collect()
}
