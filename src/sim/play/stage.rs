//! Time in a play: the setup before the epoch, waiting for quiet, and whole seconds.

use super::{ENTRIES_MAX, Play, PlayError, QUIET_MAX};
use crate::scenario::verbs::{HistoryLimits, RoomDeed};
use crate::scenario::{Client, Name, Span};
use crate::sim::network::Network;
use crate::sim::world::Action;
use crate::time::{Duration, Time};

impl<N: Network> Play<'_, N> {
    /// Everybody comes online who is from the start, enters the rooms in which he is, and the
    /// record begins at the epoch.
    pub(super) fn set_up(&mut self) -> Result<(), PlayError> {
        let epoch = self.scenario.tags.epoch;
        let header = self.header();
        self.network.world_mut().begin_record(header.clone());
        let cast = &self.scenario.cast;
        let online = |client: &Client| client.online || !client.joined.is_empty();
        for (name, _) in cast.clients.iter().filter(|(_, client)| online(client)) {
            if let Some(host) = self.client_host(name) {
                self.network.act(Action::Connect(host));
            }
        }
        if !self.network.run_until_quiet(epoch) {
            return Err(PlayError::NotReady);
        }
        for (name, client) in &cast.clients {
            for room in &client.joined {
                self.join_before(name, room, epoch)?;
            }
        }
        // What is still in flight then is keepalive.
        self.network.run_until(epoch);
        self.network.world_mut().begin_record(header);
        for view in self.views.values_mut() {
            view.start_over();
        }
        Ok(())
    }

    fn join_before(&mut self, name: &Name, room: &Name, epoch: Time) -> Result<(), PlayError> {
        // Who is in the room from the start has come in somehow, and knows its password.
        let password =
            self.scenario.cast.rooms.get(room).and_then(|room| room.config.password.clone());
        let joins = RoomDeed::Joins { nick: None, password, history: HistoryLimits::default() };
        self.room_deed(name, room, &joins);
        if !self.network.run_until_quiet(epoch) {
            return Err(PlayError::NotReady);
        }
        self.catch_up();
        let inside = self.nick_in(name, room).is_some();
        if inside {
            Ok(())
        } else {
            Err(PlayError::NotJoined { name: name.clone(), room: room.clone() })
        }
    }

    /// Everybody takes note of what he has received.
    pub(super) fn catch_up(&mut self) {
        for (name, client) in &self.scenario.cast.clients {
            let host = crate::sim::network::Host::Client(client.jid.clone());
            let world = self.network.world();
            let Some(client) = world.host(&host).and_then(|host| world.client(host)) else {
                continue;
            };
            if let Some(view) = self.views.get_mut(name) {
                view.catch_up(client.inbox());
                // Who has lost his server has lost his stream, though he may not know it yet.
                let has_server = world.server(client.server()).is_some_and(|one| one.is_up());
                if !client.is_online() || !has_server {
                    view.offline();
                }
            }
        }
    }

    /// Wait for the first whole second at which nothing is in flight. Where something begins at
    /// each of them, another instant will do after a while.
    pub(super) fn align(&mut self, span: Span) -> Result<(), PlayError> {
        let start = self.network.now();
        let limit = start + QUIET_MAX;
        loop {
            self.settle(span, limit)?;
            let now = self.network.now();
            if now == now.ceil_second() || now > start + WHOLE_SECONDS {
                return Ok(());
            }
            self.pass_until(now.ceil_second());
        }
    }

    /// Run until nothing is in flight.
    pub(super) fn settle(&mut self, span: Span, limit: Time) -> Result<(), PlayError> {
        loop {
            let next = self.pending.keys().next().copied().filter(|next| *next < limit);
            if self.network.run_until_quiet(next.unwrap_or(limit)) {
                self.catch_up();
                return Ok(());
            }
            if next.is_none() {
                return Err(PlayError::NeverQuiet(span));
            }
            self.end_pending();
        }
    }

    /// Run until this instant, however far it is, unless too much happens on the way.
    pub(super) fn wait_until(&mut self, span: Span, instant: Time) -> Result<(), PlayError> {
        while self.network.now() < instant {
            let slice = self.network.now() + Duration::from_secs(3600);
            self.pass_until(slice.min(instant));
            self.check_size(span)?;
        }
        Ok(())
    }

    /// The record must not grow without bounds.
    pub(super) fn check_size(&self, span: Span) -> Result<(), PlayError> {
        let record = self.network.world().recorder().transcript();
        match record.map_or(0, |record| record.entries.len()) {
            0..=ENTRIES_MAX => Ok(()),
            _ => Err(PlayError::TooMuch(span)),
        }
    }

    /// Run until this instant, with the ends of faults that end by themselves.
    pub(super) fn pass_until(&mut self, instant: Time) {
        while let Some(next) = self.pending.keys().next().copied().filter(|next| *next <= instant) {
            self.network.run_until(next);
            self.end_pending();
        }
        self.network.run_until(instant);
        self.catch_up();
    }

    fn end_pending(&mut self) {
        let now = self.network.now();
        while let Some(entry) = self.pending.first_entry().filter(|entry| *entry.key() <= now) {
            for fault in entry.remove() {
                self.network.act(Action::Fault(fault));
            }
        }
    }

    /// Run until nothing happens any more but keepalive: no machine is split or resyncing, no held
    /// link is to be released.
    pub(super) fn wait_until_quiet(&mut self, span: Span) -> Result<(), PlayError> {
        let limit = self.network.now() + QUIET_MAX;
        loop {
            self.align(span)?;
            if self.pending.is_empty() && !self.is_split_anywhere() {
                return Ok(());
            }
            let next = self.network.now() + Duration::from_secs(1);
            if next > limit {
                return Err(PlayError::NeverQuiet(span));
            }
            self.pass_until(next);
        }
    }
}

/// For how long a whole second is waited for at which nothing is in flight, before any instant will
/// do.
const WHOLE_SECONDS: Duration = Duration::from_secs(60);
