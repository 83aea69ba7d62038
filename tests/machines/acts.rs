//! What clients do, in words.

use crate::cast::*;
use crate::stage::Stage;

impl Stage {
    /// He asks to enter under his own nick.
    pub fn join(&mut self, who: &str) -> String {
        self.join_as(who, nick(who))
    }

    pub fn join_as(&mut self, who: &str, nick: &str) -> String {
        self.join_with(who, nick, "")
    }

    /// With something inside `{muc}x`.
    pub fn join_with(&mut self, who: &str, nick: &str, inside: &str) -> String {
        let id = self.id("j");
        let muc = format!("<x xmlns='http://jabber.org/protocol/muc'>{inside}</x>");
        self.send(who, &format!("<presence id='{id}' to='{ROOM}/{nick}'>{muc}</presence>"));
        id
    }

    pub fn leave(&mut self, who: &str) {
        let nick = self.nick_of(who);
        let id = self.id("l");
        let to = format!("{ROOM}/{nick}");
        self.send(who, &format!("<presence id='{id}' to='{to}' type='unavailable'/>"));
    }

    /// The nick by which he is in the room, or by which he would be.
    pub fn nick_of(&mut self, who: &str) -> String {
        let client = self.client(who);
        let known = client.nick().to_owned();
        if known.is_empty() { nick(who).to_owned() } else { known }
    }

    pub fn say(&mut self, who: &str, body: &str) -> String {
        let id = self.id("m");
        let body = format!("<body>{body}</body>");
        self.send(
            who,
            &format!("<message id='{id}' to='{ROOM}' type='groupchat'>{body}</message>"),
        );
        id
    }

    pub fn set_subject(&mut self, who: &str, subject: &str) -> String {
        let id = self.id("s");
        let subject = format!("<subject>{subject}</subject>");
        let message =
            format!("<message id='{id}' to='{ROOM}' type='groupchat'>{subject}</message>");
        self.send(who, &message);
        id
    }

    /// His availability changes.
    pub fn show(&mut self, who: &str, show: &str) -> String {
        let nick = self.nick_of(who);
        let id = self.id("p");
        let show = format!("<show>{show}</show>");
        self.send(who, &format!("<presence id='{id}' to='{ROOM}/{nick}'>{show}</presence>"));
        id
    }

    pub fn rename(&mut self, who: &str, nick: &str) -> String {
        let id = self.id("n");
        self.send(who, &format!("<presence id='{id}' to='{ROOM}/{nick}'/>"));
        id
    }

    pub fn whisper(&mut self, who: &str, to: &str, body: &str) -> String {
        let id = self.id("w");
        let body = format!("<body>{body}</body>");
        self.send(
            who,
            &format!("<message id='{id}' to='{ROOM}/{to}' type='chat'>{body}</message>"),
        );
        id
    }

    /// The owner submits these fields of the configuration form.
    pub fn configure(&mut self, who: &str, fields: &[(&str, &str)]) -> String {
        let id = self.id("c");
        let form_type = ("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig");
        let mut form = String::new();
        for (var, value) in [form_type].iter().chain(fields) {
            let values: String =
                value.split(' ').map(|value| format!("<value>{value}</value>")).collect();
            form.push_str(&format!("<field var='{var}'>{values}</field>"));
        }
        let form = format!("<x xmlns='jabber:x:data' type='submit'>{form}</x>");
        let query = format!("<query xmlns='http://jabber.org/protocol/muc#owner'>{form}</query>");
        self.send(who, &format!("<iq id='{id}' to='{ROOM}' type='set'>{query}</iq>"));
        id
    }

    /// The owner destroys the room; `inside` is what `<destroy/>` has in it.
    pub fn destroy(&mut self, who: &str, attributes: &str, inside: &str) -> String {
        let id = self.id("d");
        let destroy = format!("<destroy {attributes}>{inside}</destroy>");
        let query =
            format!("<query xmlns='http://jabber.org/protocol/muc#owner'>{destroy}</query>");
        self.send(who, &format!("<iq id='{id}' to='{ROOM}' type='set'>{query}</iq>"));
        id
    }

    /// An IQ of `{muc#admin}` with this item.
    pub fn admin(&mut self, who: &str, item: &str) -> String {
        let id = self.id("a");
        let query = format!("<query xmlns='http://jabber.org/protocol/muc#admin'>{item}</query>");
        self.send(who, &format!("<iq id='{id}' to='{ROOM}' type='set'>{query}</iq>"));
        id
    }

    /// The creator of a room accepts it as it is (XEP-0045 §10.1.2).
    pub fn accept_room(&mut self, who: &str) -> String {
        let id = self.id("o");
        let form = "<x xmlns='jabber:x:data' type='submit'/>";
        let query = format!("<query xmlns='http://jabber.org/protocol/muc#owner'>{form}</query>");
        self.send(who, &format!("<iq id='{id}' to='{ROOM}' type='set'>{query}</iq>"));
        id
    }

    pub fn kick(&mut self, who: &str, nick: &str) -> String {
        self.admin(who, &format!("<item nick='{nick}' role='none'><reason>Avaunt!</reason></item>"))
    }

    pub fn ban(&mut self, who: &str, jid: &str) -> String {
        self.admin(who, &format!("<item affiliation='outcast' jid='{}'/>", bare(jid)))
    }

    pub fn set_role(&mut self, who: &str, nick: &str, role: &str) -> String {
        self.admin(who, &format!("<item nick='{nick}' role='{role}'/>"))
    }

    pub fn set_affiliation(&mut self, who: &str, jid: &str, affiliation: &str) -> String {
        self.admin(who, &format!("<item affiliation='{affiliation}' jid='{}'/>", bare(jid)))
    }

    /// A ping to an occupant's address.
    pub fn ping(&mut self, who: &str, nick: &str) -> String {
        let id = self.id("q");
        let ping = "<ping xmlns='urn:xmpp:ping'/>";
        self.send(who, &format!("<iq id='{id}' to='{ROOM}/{nick}' type='get'>{ping}</iq>"));
        id
    }
}
