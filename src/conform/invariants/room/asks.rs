//! What somebody has asked the room for, and was not answered.

use std::collections::VecDeque;

use super::{NickId, push_bounded};
use crate::time::Time;

/// What one session has asked, oldest first: in this order it is answered, unless something is
/// lost.
#[derive(Clone, Debug, Default)]
pub(in crate::conform) struct Asks {
    queue: VecDeque<Ask>,
    /// What of it came back, whether that was to leave, and which id its error has, if that is
    /// known: an error is on its way for each.
    came_back: VecDeque<(bool, Option<String>)>,
    /// Whether the record tells what the master gets of it.
    heard: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conform) enum Ask {
    /// To be in the room, under another nick, or otherwise. `join`: to be told all there is;
    /// `content`: what he says of himself; `at`: when he asked; `way`: what became of it after
    /// that; `came`: when the master has got that.
    Be { nick: NickId, join: bool, content: u64, at: Time, way: Way, came: Option<Time> },
    /// To be out of it; when, and the entry. `returned`: that could not be delivered; `hung_up`:
    /// his server says it, his connection being over.
    Leave { at: Time, entry: usize, returned: bool, hung_up: bool },
}

/// What became of a wish to be in, as it was said first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::conform) enum Way {
    /// His server has it, as far as the record tells.
    #[default]
    Here,
    /// It was sent to the master.
    Sent,
    /// It was lost on its way to the master.
    Lost,
}

/// What being told that one is in answers.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::conform) struct Answered {
    pub join: bool,
    /// Whether he had asked to leave before, and was not told that he was out.
    pub left_before: bool,
}

impl Asks {
    pub fn push(&mut self, ask: Ask) {
        push_bounded(&mut self.queue, ask, ASKS_MAX);
    }

    /// His wish to be in under this nick is sent to the master as he has said it, and perhaps
    /// lost.
    pub fn go(&mut self, nick: NickId, says: (bool, u64), lost: bool) {
        let open = |ask: &Ask| matches!(ask, Ask::Be { way: Way::Here, came: None, .. });
        if let Some(Ask::Be { way, .. }) = self.find(nick, says, open) {
            *way = if lost { Way::Lost } else { Way::Sent };
        }
    }

    /// The master gets his wish to be in under this nick, a join perhaps, so that he is like this.
    /// His slave may have given him another one since. `said`: when he said so, if it is late.
    pub fn come(&mut self, nick: NickId, says: (bool, u64), now: Time, said: Option<Time>) {
        self.heard = true;
        let sent = |ask: &Ask| matches!(ask, Ask::Be { way: Way::Sent, came: None, .. });
        let open = |ask: &Ask| match ask {
            Ask::Be { at, came: None, .. } => said.is_none_or(|said| *at <= said),
            _ => false,
        };
        let live = said.is_none() && self.queue.iter().any(sent);
        let found = if live { self.find(nick, says, sent) } else { self.find(nick, says, open) };
        if let Some(Ask::Be { came, .. }) = found {
            *came = Some(now);
        }
    }

    /// The first such wish that says the same, or else is as much of a join, or else is for the
    /// same nick, or else any.
    fn find(
        &mut self,
        nick: NickId,
        (join, content): (bool, u64),
        such: impl Fn(&Ask) -> bool,
    ) -> Option<&mut Ask> {
        let find = |matches: &dyn Fn(&Ask) -> bool| {
            self.queue.iter().position(|ask| such(ask) && matches(ask))
        };
        let found = find(&|ask| ask.is_for(nick) && ask.is_join() == join && ask.says(content))
            .or_else(|| find(&|ask| ask.is_for(nick) && ask.is_join() == join))
            .or_else(|| find(&|ask| ask.is_for(nick)))
            .or_else(|| find(&|_| true));
        found.and_then(|found| self.queue.get_mut(found))
    }

    /// The master gets such a wish in his name, which he has not said.
    pub fn come_in_his_name(&mut self) {
        self.heard = true;
    }

    /// Whether the master has got a wish of his to be in.
    pub fn have_come(&self) -> bool {
        self.queue.iter().any(|ask| matches!(ask, Ask::Be { came: Some(_), .. }))
    }

    /// When the master got the last of them.
    pub fn last_come(&self) -> Option<Time> {
        let came = |ask: &Ask| match ask {
            Ask::Be { came, .. } => *came,
            Ask::Leave { .. } => None,
        };
        self.queue.iter().filter_map(came).max()
    }

    /// Something that he asked of a room that serves him itself could not be delivered: his server
    /// says so next, perhaps with this id. `leave`: to be out.
    pub fn come_back(&mut self, leave: bool, id: Option<String>) {
        push_bounded(&mut self.came_back, (leave, id), ASKS_MAX);
    }

    /// His connection is over, and with it the errors for it.
    pub fn hang_up(&mut self) {
        self.came_back.clear();
    }

    /// Whether he asks to be in the room.
    pub fn to_be_in(&self) -> bool {
        self.queue.iter().any(|ask| matches!(ask, Ask::Be { .. }))
    }

    /// Whether he asks for this nick.
    pub fn want(&self, nick: NickId) -> bool {
        self.queue.iter().any(|ask| ask.is_for(nick))
    }

    /// Whether he asks to be in the room, under this nick if one is given, and did not ask to leave
    /// after that.
    pub fn want_still(&self, nick: Option<NickId>) -> bool {
        let last = self.queue.iter().rev();
        let mut last = last.take_while(|ask| matches!(ask, Ask::Be { .. }));
        last.any(|ask| nick.is_none_or(|nick| ask.is_for(nick)))
    }

    /// How often he asks for all there is.
    pub fn joins(&self) -> usize {
        self.queue.iter().filter(|ask| ask.is_join()).count()
    }

    /// When he first asked to leave, and the entry.
    pub fn leave(&self) -> Option<(Time, usize)> {
        self.queue.iter().find_map(|ask| match ask {
            Ask::Leave { at, entry, .. } => Some((*at, *entry)),
            Ask::Be { .. } => None,
        })
    }

    /// How often he asks to leave.
    pub fn leaves(&self) -> usize {
        self.queue.iter().filter(|ask| matches!(ask, Ask::Leave { .. })).count()
    }

    /// Whether his server asks for him, his connection being over.
    pub fn hung_up(&self) -> bool {
        self.queue.iter().any(|ask| matches!(ask, Ask::Leave { hung_up: true, .. }))
    }

    /// Who is in is told of himself under this nick, for whatever reason. `admitted`: after he was
    /// let in once more, which `comes` with another nick too, in answer to what he has asked before
    /// he leaves, and after it; `may`: or perhaps so, by a slave alone; `sent`: when that was said,
    /// if it is known.
    pub fn told_in(
        &mut self,
        nick: NickId,
        (comes, admitted, again): (bool, bool, bool),
        may: bool,
        sent: Option<Time>,
    ) -> Answered {
        let leave = self.queue.iter().position(|ask| matches!(ask, Ask::Leave { .. }));
        let before = |position: usize| leave.is_none_or(|leave| position < leave);
        let answered = self.queue.iter().enumerate().position(|(position, ask)| {
            let admitted = if before(position) { admitted } else { again };
            // What he has asked is not answered by the master before it has got that.
            let open = self.heard && ask.has_not_come();
            let answers = before(position) && (may || (comes && !open) || !ask.is_join());
            let answers = answers || (admitted && ask.is_join() && !open);
            ask.is_for(nick) && answers && ask.had_come(sent)
        });
        let Some(position) = answered else { return Answered::default() };
        let join = self.queue[position].is_join();
        let mut index = 0;
        self.queue.retain(|ask| {
            index += 1;
            index > position + 1 || (!join && ask.is_join())
        });
        Answered { join, left_before: !before(position) }
    }

    /// Who is not in is told that he is. A slave that is `alone` tells a connection nothing of what
    /// was asked over the one before.
    pub fn told_first(&mut self, nick: NickId, alone: bool, sent: Option<Time>) -> Answered {
        let hung_up = |ask: &Ask| matches!(ask, Ask::Leave { hung_up: true, .. });
        let before = self.queue.iter().rposition(hung_up).filter(|_| alone);
        let find = |matches: &dyn Fn(&Ask) -> bool| {
            let mut asks = self.queue.iter().enumerate();
            let after = |position: usize| Some(position) > before;
            asks.position(|(at, ask)| after(at) && ask.had_come(sent) && matches(ask))
        };
        let join = find(&|ask| ask.is_for(nick) && ask.is_join());
        let answered = join.or_else(|| find(&|ask| ask.is_for(nick)));
        let Some(position) = answered else { return Answered::default() };
        let join = self.queue[position].is_join();
        self.queue.drain(..=position);
        Answered { join, left_before: false }
    }

    /// He is told that he is out, because he asked for it or because he was `expelled`.
    pub fn told_out(&mut self, expelled: bool) {
        let leave = self.queue.iter().position(|ask| matches!(ask, Ask::Leave { .. }));
        if let Some(position) = leave.filter(|_| !expelled) {
            self.queue.drain(..=position);
        }
    }

    /// His slave hears that a stay is over which his connection ended: nobody is told what he asked
    /// over that.
    pub fn answer_hung_up(&mut self) {
        let hung_up = |ask: &Ask| matches!(ask, Ask::Leave { hung_up: true, .. });
        if let Some(position) = self.queue.iter().position(hung_up) {
            self.queue.drain(..=position);
        }
    }

    /// He is refused this nick; or what could not be delivered is `returned` with its id, perhaps a
    /// leave, and whether it may have been lost on its way. `said`: how he has said to be is
    /// refused, as he is not in the room, and not to be in; that was under the nick he had then, if
    /// a slave has given him another since. `own`: the nick that he has there, if he is in.
    pub fn refused(
        &mut self,
        nick: NickId,
        returned: Option<(&str, bool)>,
        said: bool,
        own: Option<NickId>,
    ) {
        let (returned, sent) = (returned.map(|(id, _)| id), returned.is_none_or(|(_, sent)| sent));
        let is_it = |(_, id): &(bool, Option<String>)| id.is_none() || id.as_deref() == returned;
        if returned.is_some()
            && let Some(place) = self.came_back.iter().position(is_it)
            && let Some((leave, _)) = self.came_back.remove(place)
        {
            return self.returned(nick, leave, sent);
        }
        let plain = |ask: &Ask| matches!(ask, Ask::Be { join: false, .. });
        // What the master says it says of what it has got.
        let same = |ask: &Ask| ask.is_for(nick) && plain(ask);
        let came = self.queue.iter().position(|ask| same(ask) && !ask.has_not_come());
        let same = came.or_else(|| self.queue.iter().position(same));
        let before = || self.queue.iter().position(plain).filter(|_| own.is_none());
        // Who wants another nick than he has is refused it in the same words, if nicks are locked.
        // Nobody else is refused so what he asks: it was answered before, as far as he was told.
        let locked = own.is_some_and(|own| own != nick);
        if said && (same.is_some() || !locked) {
            same.or_else(before).map(|position| self.queue.remove(position));
            return;
        }
        let mut open = self.queue.iter_mut().take_while(|ask| !ask.is_for(nick));
        let leave = open.find_map(|ask| match ask {
            Ask::Leave { returned, .. } => Some(returned).filter(|returned| !**returned),
            Ask::Be { .. } => None,
        });
        if let Some(leave) = leave.filter(|_| returned.is_some()) {
            *leave = true;
            return;
        }
        self.returned(nick, false, sent);
    }

    /// What he asked comes to nothing: to be in under this nick, or to `leave`. What was lost on
    /// its way does not come back as what was never `sent`.
    fn returned(&mut self, nick: NickId, leave: bool, sent: bool) {
        if leave {
            let mut leaves = self.queue.iter_mut().filter_map(|ask| match ask {
                Ask::Leave { returned, .. } => Some(returned),
                Ask::Be { .. } => None,
            });
            if let Some(returned) = leaves.find(|returned| !**returned) {
                *returned = true;
            }
            return;
        }
        let may = |ask: &Ask| ask.is_for(nick) && (sent || !ask.was_lost());
        let found = self.queue.iter().position(may);
        let found = found.or_else(|| self.queue.iter().position(|ask| ask.is_for(nick)));
        found.map(|position| self.queue.remove(position));
    }
}

impl Ask {
    fn is_for(&self, nick: NickId) -> bool {
        matches!(self, Self::Be { nick: asked, .. } if *asked == nick)
    }

    fn says(&self, said: u64) -> bool {
        matches!(self, Self::Be { content, .. } if *content == said)
    }

    fn was_lost(&self) -> bool {
        matches!(self, Self::Be { way: Way::Lost, .. })
    }

    fn has_not_come(&self) -> bool {
        matches!(self, Self::Be { came: None, .. })
    }

    /// Whether the master had got it by this instant, if that is known.
    fn had_come(&self, sent: Option<Time>) -> bool {
        match self {
            Self::Be { came, .. } => sent.is_none_or(|sent| came.is_some_and(|came| came <= sent)),
            Self::Leave { .. } => false,
        }
    }

    fn is_join(&self) -> bool {
        matches!(self, Self::Be { join: true, .. })
    }
}

/// How many of them are remembered.
const ASKS_MAX: usize = 64;
