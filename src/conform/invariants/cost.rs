//! What crosses between servers: COST-BROADCAST, COST-JOIN, COST-LEAVE; and, for COST-CAST, what
//! everything that happened has cost, and would have cost in a plain room.

mod audience;

use self::audience::Audience;
use super::Invariant;
use super::findings::Findings;
use super::reading::Reading;
use super::room::{Class, Fact, NickId, Occupant, Room, Side};
use super::steps::{Happening, Step};
use crate::stanza::{Kind, Type, ns};
use crate::time::Time;

/// What something has cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The entry in which the master tells of it first.
    pub entry: usize,
    /// What it was.
    pub of: CostOf,
    /// How many stanzas crossed between servers.
    pub distributed: usize,
    /// How many would have in a plain room.
    pub plain: usize,
}

/// What costs something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostOf {
    /// A message to everybody.
    Message,
    /// A presence of somebody who is in the room.
    Presence,
    /// Somebody's entering.
    Join,
    /// Somebody's leaving.
    Leave,
}

/// What the master tells at this instant.
#[derive(Debug, Default)]
pub(super) struct Costs {
    tallies: Vec<Tally>,
    /// Whose LEAVE was sent, and the departure is not told to all yet; or it was before.
    leaves: Vec<(NickId, String)>,
    /// Whether this instant is not to be judged: somebody is being told what there is.
    muddled: bool,
    /// Under which nicks somebody asks to be in the room.
    asked: Vec<NickId>,
    /// Under which nicks somebody leaves.
    left: Vec<NickId>,
    /// Whether an admin decides on somebody, or on the room.
    decided: bool,
}

#[derive(Debug)]
struct Tally {
    entry: usize,
    of: CostOf,
    /// Whose it is: nick, and for a message id and content.
    nick: NickId,
    message: Option<(std::sync::Arc<str>, u64)>,
    audience: Audience,
    /// How many ENTERs or LEAVEs there were for his own slave, and how many there should be.
    own: (usize, usize),
    plain: usize,
    /// What was sent of it.
    copies: Vec<usize>,
    /// Whether its cause crossed to the master.
    crossed: bool,
    /// Whether nothing is said of what it should cost.
    free: bool,
    /// Whether a LEAVE that comes after the departure, as it should not, belongs to it.
    owes_leave: bool,
}

impl Invariant for Costs {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        let muddled = std::mem::take(&mut self.muddled);
        let late = std::mem::take(&mut self.leaves);
        let left = std::mem::take(&mut self.left);
        let (asked, decided) = (std::mem::take(&mut self.asked), std::mem::take(&mut self.decided));
        for mut tally in self.tallies.drain(..) {
            let owed = tally.owes_leave && late.iter().any(|(nick, _)| *nick == tally.nick);
            tally.own.0 += usize::from(owed);
            // What is done about one nick at one instant looks alike.
            let like = |nicks: &[NickId]| nicks.iter().filter(|nick| **nick == tally.nick).count();
            let several = decided || like(&asked) > 1 || like(&left) > 1;
            let muddled = muddled || (several && tally.of != CostOf::Message);
            let (copies, due) = tally.audience.counts();
            let (sent, expected) = (copies + tally.own.0, due + tally.own.1);
            let distributed = sent + usize::from(tally.crossed);
            let Tally { entry, of, plain, .. } = tally;
            if let Some(costs) = &mut findings.costs {
                costs.push(Cost { entry, of, distributed, plain });
            }
            let free = tally.free || tally.is_stray(room);
            if muddled || free || sent == expected || !is_settled(room) {
                continue;
            }
            let id = match of {
                CostOf::Message | CostOf::Presence => "COST-BROADCAST",
                CostOf::Join => "COST-JOIN",
                CostOf::Leave => "COST-LEAVE",
            };
            let more = sent > expected;
            let what = format!("the master sends {sent} stanzas to other servers");
            let expected = format!("{expected}: one for each slave and direct occupant");
            let given = findings.given(&room.domain).into_iter();
            let causes: Vec<_> = given.chain(tally.copies).collect();
            findings.shown_if(more).push(id, &room.domain, entry, what, &expected, &causes);
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, _: &mut Findings) {
        if let Happening::Came(passage) = &step.what {
            if *passage.hop.to == *room.domain {
                self.came(&passage.reading, room);
            }
            return;
        }
        let Happening::Left(passage) = &step.what else { return };
        let by_master = *passage.hop.from == *room.domain;
        if !by_master {
            return;
        }
        self.muddled |= room.slaves.iter().any(|slave| slave.master == Side::Unknown);
        for fact in facts {
            self.begin(step.entry, fact, room);
        }
        let reading = &passage.reading;
        let dmuc = reading.dmuc.unwrap_or_default();
        self.muddled |= dmuc.state || dmuc.synced || dmuc.history && dmuc.enter.is_none();
        let crosses = matches!(passage.class, Class::ToSlave(_) | Class::ToUser(_));
        let stale = room.is_stale(passage);
        // What waited for a stream may be of now, and is not counted.
        self.muddled |= stale && crosses;
        if stale
            || !crosses
            || (matches!(passage.class, Class::ToUser(_)) && reading.delay.is_some())
            || reading.stanza.type_ == Type::Error
            || reading.stanza.kind == Kind::Iq
        {
            return;
        }
        let nick = reading.nick.and_then(|nick| room.known_nick(nick));
        let said = reading.stanza.is_groupchat();
        let private = reading.stanza.kind == Kind::Message && !said;
        if private {
            return;
        }
        let key = said.then(|| (room.log.id(reading), reading.content));
        if let Class::ToUser(Some(user)) = passage.class {
            // Who asks for all there is gets it besides, from a master that serves him itself.
            let asks = room.asking.iter().any(|(_, asking)| *asking == user);
            if asks && !said && !reading.has(110) {
                let told = self.tallies.iter_mut().filter(|one| Some(one.nick) == nick);
                return told.for_each(|one| one.free = true);
            }
        }
        if let (Some(nick), Some(session)) = (nick, dmuc.leave) {
            return self.leaves.push((nick, session.to_owned()));
        }
        let mut tallies = self.tallies.iter_mut().rev();
        if let Some(tally) = tallies.find(|one| Some(one.nick) == nick && one.message == key) {
            tally.copies.push(step.entry);
            match dmuc.enter {
                Some(_) => tally.own.0 += 1,
                None => tally.audience.tell(passage, room),
            }
        }
    }
}

impl Costs {
    /// Something comes to the master.
    fn came(&mut self, reading: &Reading<'_>, room: &Room) {
        let stanza = reading.stanza;
        let decides = [ns::MUC_ADMIN, ns::MUC_OWNER].map(|of| stanza.has_payload("query", of));
        self.decided |= stanza.type_ == Type::Set && decides.contains(&true);
        let nick = reading.to_nick.filter(|_| stanza.is_available());
        self.asked.extend(nick.and_then(|nick| room.known_nick(nick)));
        let nick = reading.to_nick.filter(|_| stanza.is_unavailable());
        self.left.extend(nick.and_then(|nick| room.known_nick(nick)));
    }

    fn begin(&mut self, entry: usize, fact: &Fact, room: &Room) {
        match fact {
            Fact::Logged(number) => {
                let Some(event) = room.log.event(*number) else { return };
                let Some(nick) = event.nick.filter(|_| !event.late) else { return };
                let author = room.log.origin(event).map(|said| &room.users[said.user]);
                let remote = author.is_some_and(|author| author.domain != room.domain);
                let message = Some((event.id.clone(), event.content));
                self.tallies.push(Tally {
                    message,
                    crossed: remote,
                    plain: usize::from(remote) + remotes(room),
                    free: event.said.is_none(),
                    ..Tally::new(entry, CostOf::Message, nick, Audience::of(room), 0)
                });
            }
            Fact::Arrived(nick) => {
                let Some(occupant) = room.occupants.get(nick) else { return };
                let Some(newcomer) = occupant.sessions.first().map(|user| &room.users[*user])
                else {
                    return;
                };
                let remote = newcomer.domain != room.domain;
                let slave = newcomer.slave.filter(|slave| is_told(room, *slave));
                let moderates = occupant.privileges.moderates() && !room.open;
                let hidden = room.is_hidden(&room.nicks[*nick]);
                // His slave is told of everybody again, and of who came at the same instant.
                self.muddled |= moderates;
                let kept = room.log.events().filter(|(_, event)| event.kept);
                let history = kept.count().min(room.config.history_max);
                let rest = usize::from(remote) * (room.occupants.len() + history + 2);
                let others = remotes(room) - usize::from(remote);
                let audience = Audience::of(room).without(*nick, room);
                let own = usize::from(slave.is_some());
                self.tallies.push(Tally {
                    crossed: remote,
                    plain: rest + others,
                    free: moderates || hidden || (remote && slave.is_none()),
                    ..Tally::new(entry, CostOf::Join, *nick, audience, own)
                });
            }
            Fact::Departed { nick, occupant } => self.leave(entry, *nick, occupant, room),
            Fact::Restated { .. } | Fact::Renamed(_) => self.muddled = true,
            Fact::Updated(nick) => {
                let Some(occupant) = room.occupants.get(nick) else { return };
                let session = occupant.sessions.first().map(|user| &room.users[*user]);
                let remote = session.is_some_and(|user| user.domain != room.domain);
                self.tallies.push(Tally {
                    crossed: remote,
                    plain: usize::from(remote) + remotes(room),
                    // A rejoin is told to him once more.
                    free: true,
                    ..Tally::new(entry, CostOf::Presence, *nick, Audience::default(), 0)
                });
            }
            _ => {}
        }
    }
}

impl Costs {
    fn leave(&mut self, entry: usize, nick: NickId, occupant: &Occupant, room: &Room) {
        let [session] = occupant.sessions[..] else { return };
        let gone = &room.users[session];
        let via = gone.via.filter(|slave| is_told(room, *slave));
        let remote = gone.domain != room.domain;
        let (own, others) = std::mem::take(&mut self.leaves)
            .into_iter()
            .partition::<Vec<_>, _>(|(left, _)| *left == nick);
        self.leaves = others;
        let several = own.windows(2).any(|two| two[0] != two[1]);
        self.tallies.push(Tally {
            own: (own.len(), usize::from(via.is_some())),
            crossed: remote,
            plain: 2 * usize::from(remote) + remotes(room),
            free: (remote && gone.via.is_none()) || several,
            owes_leave: own.is_empty() && via.is_some(),
            ..Tally::new(entry, CostOf::Leave, nick, Audience::of(room), 0)
        });
    }
}

impl Tally {
    /// Whether it is of copies under the wrong nick, which are no news of their own.
    fn is_stray(&self, room: &Room) -> bool {
        let like = self.message.iter().flat_map(|(id, content)| room.log.like(id, *content));
        let mut like = like.filter_map(|number| room.log.event(*number));
        like.any(|event| event.stray && event.nick == Some(self.nick))
    }

    fn new(entry: usize, of: CostOf, nick: NickId, audience: Audience, own: usize) -> Self {
        let (message, own, plain, crossed) = (None, (0, own), 0, false);
        let (free, owes_leave, copies) = (false, false, Vec::new());
        Self { entry, of, nick, message, audience, own, plain, copies, crossed, free, owes_leave }
    }
}

/// Whether the record tells of every slave whether it is served.
fn is_settled(room: &Room) -> bool {
    room.health.is_smooth()
        && room.doubtful.is_empty()
        && room.users.iter().all(|user| !user.inside || user.nick.is_some())
        && room.slaves.iter().all(|slave| {
            !matches!(slave.master, Side::Syncing | Side::Unknown)
                && slave.synced != room.now
                && !slave.lame
        })
}

fn is_told(room: &Room, slave: usize) -> bool {
    room.slaves[slave].master == Side::Active
}

/// How many sessions there are elsewhere.
fn remotes(room: &Room) -> usize {
    let sessions = room.occupants.values().flat_map(|occupant| &occupant.sessions);
    sessions.filter(|user| room.users[**user].domain != room.domain).count()
}
