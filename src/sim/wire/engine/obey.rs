//! What the machine commands.
//!
//! Commands are obeyed in order. Those that follow each other and write to different streams are
//! obeyed together; what is then emitted goes out in the order of the commands, as if each had been
//! obeyed alone.

use super::super::board::{Machine, Order};
use super::{Engine, Stamp};
use crate::sim::network::{Command, End, HostId, LinkState, StreamId};

impl<M: Machine> Engine<M> {
    pub(super) async fn obey_all(&mut self) {
        let mut last = None;
        while let Some(command) = self.board.next_command() {
            match command {
                Command::Send { stream, end, stanza } => {
                    if !self.joins(last, stream, end) {
                        let command = Command::Send { stream, end, stanza };
                        self.board.put_back(command);
                        self.flush(&mut last).await;
                        continue;
                    }
                    last = Some((stream, end));
                    self.stamp_now(stream, end, false);
                    self.board.write(stream, end, stanza);
                }
                Command::Close { stream, end, error, abrupt } => {
                    self.flush(&mut last).await;
                    self.stamp_now(stream, end, true);
                    let order = if abrupt { Order::Abort } else { Order::Close(error) };
                    last = Some((stream, end));
                    self.hang_up(stream, end, order);
                    self.flush(&mut last).await;
                }
                command => {
                    self.flush(&mut last).await;
                    self.obey(command).await;
                }
            }
            if self.stamps.len() >= BATCH_MAX {
                self.flush(&mut last).await;
            }
        }
        self.flush(&mut last).await;
    }

    /// Whether a stanza may be written together with those before: the order in which stanzas of
    /// different streams leave must not change, nor may chance treat two of them as one.
    fn joins(&self, last: Option<(StreamId, End)>, stream: StreamId, end: End) -> bool {
        if !self.stamps.contains_key(&(stream, end)) {
            return true;
        }
        let hosts =
            self.board.end_state(stream, end).zip(self.board.end_state(stream, end.other()));
        let jitters = hosts.is_some_and(|(from, to)| self.links.has_jitter(from.host, to.host));
        last == Some((stream, end)) && !jitters
    }

    /// Let what was written leave.
    async fn flush(&mut self, last: &mut Option<(StreamId, End)>) {
        if last.take().is_some() {
            self.tasks.settle().await;
            self.pump().await;
            self.stamps.clear();
        }
    }

    /// Settle when something that is sent now on this stream arrives. The last that an end sends
    /// need not arrive where the stream is over.
    fn stamp_now(&mut self, stream: StreamId, end: End, last: bool) {
        let rank = self.stamps.len();
        let Some(from) = self.board.end_state(stream, end).filter(|state| state.open) else {
            return;
        };
        let Some(to) = self.board.end_state(stream, end.other()) else { return };
        let is_up = self.links.state(from.host, to.host) == LinkState::Up;
        if (last && to.over) || to.lost || !is_up || self.off.contains(&to.host) {
            return;
        }
        let at = self.links.arrival(from.host, to.host, self.board.now());
        self.stamps
            .entry((stream, end))
            .and_modify(|stamp| stamp.at = at)
            .or_insert(Stamp { rank, at });
    }

    fn hang_up(&mut self, stream: StreamId, end: End, order: Order) {
        let is_dialling = self.board.end_state(stream, end).is_some_and(|state| !state.open);
        if is_dialling && end == End::Dialer {
            // What is still under way of the attempt finds nobody.
            self.cut_attempt(stream);
        }
        self.board.close(stream, end, order);
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Dial { stream, from, to } => self.dial(stream, from, to),
            Command::SetLink { from, to, state } => self.set_link(from, to, state).await,
            Command::SetDelay { from, to, delay } => {
                self.know_link(from, to);
                self.links.set_delay(from, to, delay);
            }
            Command::PowerOff(host) => self.power_off(host).await,
            Command::PowerOn(host) => self.power_on(host).await,
            Command::Send { .. } | Command::Close { .. } => {}
        }
        self.tasks.settle().await;
        self.pump().await;
    }

    fn dial(&mut self, stream: StreamId, from: HostId, to: HostId) {
        if self.board.dial(stream, from, to) {
            self.know_link(from, to);
            self.try_dial(stream, from, to);
        }
    }

    /// Have the dialler try, or leave it in the silence.
    pub(super) fn try_dial(&mut self, stream: StreamId, from: HostId, to: HostId) {
        let states = self.links.states(from, to);
        let answered =
            states.iter().all(|state| matches!(state, LinkState::Up | LinkState::Refused));
        if answered && !self.off.contains(&to) {
            self.board.call(stream);
        } else {
            self.board.stall(stream);
        }
    }
}

/// How many streams are written to together at most.
const BATCH_MAX: usize = 1024;
