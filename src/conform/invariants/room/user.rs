//! A user, and what he was told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::asks::{Answered, Ask, Asks};
use super::coming::Coming;
use super::doubt::Doubt;
use super::slave::Print;
use super::{NickId, Occupant, Privileges, SlaveId, UserId};
use crate::conform::invariants::reading::{bare_of, domain_of};
use crate::time::Time;

/// A session of somebody.
#[derive(Clone, Debug)]
pub(in crate::conform) struct User {
    pub jid: String,
    pub bare: String,
    pub domain: String,
    /// The slave of his domain, if it has one.
    pub slave: Option<SlaveId>,
    /// The slave through which the master serves him.
    pub via: Option<SlaveId>,
    /// In which stay the master surely serves him itself.
    pub direct: Option<u32>,
    pub online: bool,
    /// Whether the record has anything that he and his server tell one another.
    pub seen: bool,
    /// Whether he was told that he is in the room, and not that he is out.
    pub inside: bool,
    /// Whether he was in it once, and is out.
    pub was_inside: bool,
    /// His nick, as he was told.
    pub nick: Option<NickId>,
    /// Whether he asked to leave while his slave was down, which never hears of it.
    pub left_unseen: bool,
    /// The nick that he asked for last, unless he took it back or was refused.
    pub asked: Option<NickId>,
    /// All nicks that he has ever asked for, or had.
    pub named: BTreeSet<NickId>,
    /// What he asked and was not answered.
    pub asks: Asks,
    /// Whether being told last that he is in may have been of a stay that he has left.
    pub(super) doubt: Option<Doubt>,
    /// Whether an ENTER for this stay reached his slave, or the master serves him itself.
    pub entered: bool,
    /// ENTERs and LEAVEs that he has not been told of yet.
    pub coming: Coming,
    /// The slave to which the last of these ENTERs came.
    pub let_in_via: Option<SlaveId>,
    /// Whether the record tells what comes for him.
    tracked: bool,
    /// When such an ENTER came last.
    pub entered_at: Time,
    /// Whether he had a connection that is over: his server has said so to whom it had told of him.
    pub disconnected: bool,
    /// Whether the room may still tell him that a stay of his is over which his connection ended.
    pub hung_up: bool,
    /// Whether the master that served him itself has forgotten him since.
    pub forgotten: bool,
    /// Since when it knows him.
    pub known: Time,
    /// The last of all stays when it forgot him: of their ends nobody tells him.
    pub void: u32,
    /// Who is in the room, as he was told.
    pub view: BTreeMap<NickId, Seen>,
    /// Presences that came for him from a master that serves him itself, and are not told yet: of
    /// when they were sent.
    pub passing: VecDeque<(NickId, Print)>,
    /// The same of messages: what they say.
    pub heard_itself: VecDeque<u64>,
    /// What his own last presence says.
    pub own: Option<u64>,
    /// Whether his slave, or his server, was told that he is out.
    pub dismissed: bool,
    /// When his slave was told so last.
    pub dismissed_at: Option<Time>,
    /// Whether a master that serves him itself knows that he has left, and has yet to tell him so.
    pub ending: bool,
    /// Whether the master has said that he is gone when his slave was lost to it.
    pub gone_unheard: bool,
    /// When the master told him itself that he is out, while his slave was down.
    pub removed_at: Option<Time>,
    /// When he was told that he is in.
    pub since: Time,
    /// How often he has asked for all there is in this stay.
    pub joins: usize,
    /// What he may do while he is between two nicks: he was told to have given up the one.
    pub renaming: Option<Privileges>,
    /// Whether something between him and a master that serves him itself was lost: nobody promises
    /// that it is noticed.
    pub unsure: bool,
    /// Whether he is being told what there is: he is in, and waits for history and subject.
    pub in_burst: bool,
    /// Whether he may be a moderator for all that is known: he was there before the record began,
    /// and nobody has said since what he is.
    pub trusted: bool,
}

/// Somebody, as a user sees him.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::conform) struct Seen {
    pub privileges: Privileges,
    pub content: u64,
    /// Which stay of the nick's owner he is shown, if the record tells.
    pub stay: u32,
    /// His real JID, if it was shown.
    pub jid: Option<String>,
    /// Whether what he may do is a guess: it was shown before the record began.
    pub guess: bool,
}

impl Seen {
    pub fn of(occupant: &Occupant) -> Self {
        let Occupant { privileges, content, stay, .. } = occupant;
        Self { privileges: *privileges, content: *content, stay: *stay, jid: None, guess: false }
    }
}

impl User {
    pub fn new(jid: &str, slave: Option<SlaveId>) -> Self {
        Self {
            jid: jid.to_owned(),
            bare: bare_of(jid).to_owned(),
            domain: domain_of(jid).to_owned(),
            slave,
            via: None,
            direct: None,
            online: true,
            seen: false,
            inside: false,
            was_inside: false,
            nick: None,
            asked: None,
            named: BTreeSet::new(),
            left_unseen: false,
            asks: Asks::default(),
            doubt: None,
            entered: false,
            coming: Coming::default(),
            let_in_via: None,
            tracked: false,
            entered_at: Time::from_micros(i64::MIN),
            disconnected: false,
            hung_up: false,
            forgotten: false,
            void: 0,
            known: Time::from_micros(i64::MIN),
            view: BTreeMap::new(),
            passing: VecDeque::new(),
            heard_itself: VecDeque::new(),
            own: None,
            dismissed: false,
            dismissed_at: None,
            ending: false,
            gone_unheard: false,
            removed_at: None,
            since: Time::from_micros(i64::MIN),
            joins: 0,
            renaming: None,
            unsure: false,
            in_burst: false,
            trusted: false,
        }
    }

    /// The master serves him through this slave.
    pub fn serve_via(&mut self, slave: SlaveId) {
        (self.via, self.direct) = (Some(slave), None);
    }

    /// He is out of the room.
    pub fn exit(&mut self) {
        self.was_inside |= self.inside;
        self.inside = false;
        self.doubt = None;
        self.coming.take(false);
        self.entered = self.coming.begins();
        (self.nick, self.renaming, self.left_unseen) = (None, None, false);
        self.view.clear();
        self.in_burst = false;
        self.unsure = false;
        self.forgotten = false;
        (self.gone_unheard, self.ending) = (false, false);
        self.void = 0;
    }

    /// He is told that he is out, because he asked for it or because he was `expelled`; perhaps of
    /// a stay before that which begins with what comes next.
    pub fn told_out(&mut self, expelled: bool) {
        let hung_up = self.hung_up && !self.inside;
        // What the master does not say his slave says, which knows that he has asked for it.
        let unsaid = !expelled && self.asks.leaves() > self.coming.grants();
        let before = (hung_up || unsaid) && self.coming.begins_first();
        if before {
            self.coming.take_past();
        }
        let next = before.then(|| std::mem::take(&mut self.coming));
        self.exit();
        if let Some(next) = next {
            (self.coming, self.entered) = (next, true);
        }
    }

    /// An ENTER for him came, or a master that serves him itself lets him in, if it has got that he
    /// wants to be in: of what he is it tells him in the same words.
    pub fn let_in(&mut self, now: Time, entry: usize, nick: NickId, via: Option<SlaveId>) {
        let ends = self.coming.ends_before(entry);
        (self.tracked, self.doubt) = (true, None);
        self.entered |= self.inside && !ends;
        (self.entered_at, self.dismissed, self.gone_unheard) = (now, false, false);
        // Who has asked for nothing is told nothing by it.
        let asks = via.map_or(self.asks.have_come(), |_| self.asks.to_be_in());
        if !self.inside || ends || asks {
            self.coming.push_in(entry, nick);
        }
    }

    /// What lets him in has waited for a stream since his wish to be in came: the master may have
    /// forgotten him meanwhile.
    pub fn was_let_in_as_he_asked(&mut self) {
        self.entered_at = self.asks.last_come().unwrap_or(self.entered_at);
    }

    /// Whether he was let in last before this instant, as far as the record tells.
    pub fn was_let_in_before(&self, instant: Time) -> bool {
        self.tracked && self.entered_at <= instant
    }

    /// A LEAVE for him came, and what all are told, or he is told himself that he is out.
    /// `expelled`: not because he has asked for it.
    pub fn let_out(&mut self, entry: usize, expelled: bool) {
        (self.tracked, self.doubt) = (true, None);
        // Who has no connection any more is told nothing, unless he has one again when it comes.
        if self.online || self.inside || self.is_of_before() {
            self.coming.push_out(entry, expelled);
        }
    }

    /// He is told that he is in under this nick: what that answers. `alone`: perhaps by a slave
    /// that has lost its master; `tracked`: whether the record tells what that slave gets; `sent`:
    /// when a master that serves him itself has said it.
    pub fn told_in(
        &mut self,
        nick: NickId,
        (alone, tracked): (bool, bool),
        sent: Option<Time>,
        now: Time,
    ) -> Answered {
        let comes = self.coming.begins_first_as(nick) && !self.is_let_in_later();
        // Who is told his new nick is not told that he is let in.
        let admitted = comes && self.renaming.is_none();
        let may = alone || !(tracked || self.tracked);
        // If it says after that that he is out, as often as he has asked for it, what he has asked
        // after that is not answered yet.
        let leaves = self.asks.leaves() > self.coming.grants();
        let again = self.was_told_in_doubt(now);
        let before = self.before_he_is_in(now);
        let let_in = (comes, admitted, admitted && leaves);
        let answered = match self.inside {
            // What he was told before at this instant was none then.
            true if again => Answered { join: true, left_before: true },
            true => self.asks.told_in(nick, let_in, may, sent),
            false => self.asks.told_first(nick, alone, sent),
        };
        self.doubt = before.filter(|_| answered.left_before);
        if self.entered {
            // What lets him in under another nick is told after this.
            self.coming.take_first_in_as(nick);
        } else {
            self.entered = self.coming.take(true);
        }
        answered
    }

    /// Whether a master that serves him itself has told him on its way that he is out, and then as
    /// often as he asks to be in that he is in: it answers that, and nothing before does.
    fn is_let_in_later(&self) -> bool {
        let later = self.coming.begins_again();
        self.via.is_none() && later > 0 && self.asks.joins() <= later
    }

    /// Whether an ENTER for him came, for this stay or another that he is to be told of.
    pub fn is_let_in(&self) -> bool {
        self.entered || self.coming.begins()
    }

    /// When he asked to leave, and the entry, until he is told that he is out.
    pub fn leaving(&self) -> Option<(Time, usize)> {
        self.asks.leave()
    }

    /// Whether his stay is over, because he asked to leave or was removed, and no end of it comes.
    pub fn is_out_untold(&self) -> bool {
        let over = self.leaving().is_some() || self.dismissed || self.gone_unheard;
        self.inside && over && !self.coming.ends()
    }

    /// His connection is over.
    pub fn hang_up(&mut self, now: Time, entry: usize) {
        let stays = self.inside || self.asks.to_be_in();
        self.asks.hang_up();
        self.hung_up |= stays;
        self.disconnected |= self.online;
        if self.via.is_none() {
            // What is on its way to him from a master that serves him itself is of before.
            let mut coming = std::mem::take(&mut self.coming);
            coming.pass();
            self.exit();
            self.coming = coming;
        } else {
            self.exit();
        }
        if stays {
            // His server says so for him; what he asked before is answered before.
            self.asks.push(Ask::Leave { at: now, entry, returned: false, hung_up: true });
        }
        self.passing.clear();
        self.heard_itself.clear();
        self.joins = 0;
        self.online = false;
        self.was_inside = false;
        self.asked = None;
        self.own = None;
    }

    /// Whether his connection ended the stay of which his slave hears that it is over: nobody is
    /// told, and it is not the end of what comes for the next connection.
    pub fn is_gone_already(&self) -> bool {
        self.hung_up && !self.inside && !self.coming.begins()
    }

    /// Whether a room that serves him itself may still tell him what was for a stay of his over
    /// which his connection ended.
    pub fn is_of_before(&self) -> bool {
        self.hung_up && !self.inside && self.via.is_none()
    }

    /// Whether he is told of such a stay, although he asks to be in again: its end has to come, or
    /// nothing of the next has been sent to him. A slave that is `alone` may let him in itself.
    pub fn is_told_of_before(&self, alone: bool) -> bool {
        let ended = !self.coming.ends() && !self.coming.is_past();
        let begun = !self.tracked || self.coming.begins();
        self.is_of_before() && !((alone || (ended && begun)) && self.asks.want_still(None))
    }

    /// Nobody is connected to be told this of what came for him.
    pub fn miss(&mut self, out: bool) {
        match out {
            true => drop(self.coming.take(false)),
            false => self.coming.take_first_in(),
        }
    }

    /// Which of these is what he is told now.
    pub fn passing(&self, nick: NickId, told: &Print) -> Option<usize> {
        self.passing.iter().position(|(of, print)| *of == nick && print.looks_like(told))
    }

    /// He is told it; what came before is not told any more. When it was sent, if it was for him.
    pub fn passed_on(&mut self, nick: NickId, told: &Print) -> Option<Time> {
        let place = self.passing(nick, told)?;
        let last = self.passing.drain(..=place).next_back();
        last.map(|(_, print)| print.at)
    }

    /// He is told what a message says; what came before is not told any more.
    pub fn heard(&mut self, content: u64) {
        let place = self.heard_itself.iter().position(|said| *said == content);
        self.heard_itself.drain(..place.map_or(0, |place| place + 1));
    }

    /// What he may do, as he was told.
    pub fn privileges(&self) -> Option<Privileges> {
        self.view.get(&self.nick?).map(|seen| seen.privileges).or(self.renaming)
    }
}

/// A user of the room by his number.
pub(in crate::conform) fn is_one_of(users: &[UserId], user: UserId) -> bool {
    users.contains(&user)
}
