//! A server's host: the machine, and the streams that it has.

use std::collections::{BTreeMap, BTreeSet};

use crate::dmuc::Slips;
use crate::server::{Domain, Input, Output, Server, ServerConfig, ServerDisk};
use crate::sim::network::StreamId;
use crate::time::Time;

/// A server's host.
#[derive(Debug)]
pub struct Node {
    config: ServerConfig,
    /// None while the host is down.
    server: Option<Box<Server>>,
    /// What it kept when it went down.
    disk: ServerDisk,
    /// The deadline under which the world has it listed.
    pub(super) deadline: Option<Time>,
    /// Outgoing streams, dialled or open.
    pub(super) outgoing: BTreeMap<Domain, StreamId>,
    /// Open streams that other servers dialled.
    pub(super) incoming: BTreeMap<Domain, BTreeSet<StreamId>>,
}

impl Node {
    pub(super) fn new(config: ServerConfig) -> Self {
        Self {
            server: Some(Box::new(Server::new(config.clone()))),
            config,
            disk: ServerDisk::default(),
            deadline: None,
            outgoing: BTreeMap::new(),
            incoming: BTreeMap::new(),
        }
    }

    /// How it is set up.
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// The machine, unless the host is down.
    pub fn server(&self) -> Option<&Server> {
        self.server.as_deref()
    }

    /// Whether it is running.
    pub fn is_up(&self) -> bool {
        self.server.is_some()
    }

    pub(super) fn machine_deadline(&self) -> Option<Time> {
        self.server.as_ref().and_then(|server| server.deadline())
    }

    pub(super) fn step(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        if let Some(server) = &mut self.server {
            server.step(now, input, out);
        }
    }

    pub(super) fn slip(&mut self, slips: Slips) {
        if let Some(server) = &mut self.server {
            server.slip(slips);
        }
    }

    pub(super) fn power_off(&mut self) {
        self.disk = self.server.take().map(|server| server.disk()).unwrap_or_default();
        self.outgoing.clear();
        self.incoming.clear();
    }

    pub(super) fn power_on(&mut self) {
        let disk = std::mem::take(&mut self.disk);
        self.server = Some(Box::new(Server::recovered(self.config.clone(), disk)));
    }

    pub(super) fn forget_outgoing(&mut self, stream: StreamId) -> Option<Domain> {
        let domain =
            self.outgoing.iter().find(|(_, known)| **known == stream).map(|(domain, _)| domain)?;
        let domain = domain.clone();
        self.outgoing.remove(&domain);
        Some(domain)
    }

    pub(super) fn forget_incoming(&mut self, from: &str, stream: StreamId) {
        if let Some(streams) = self.incoming.get_mut(from) {
            streams.remove(&stream);
            if streams.is_empty() {
                self.incoming.remove(from);
            }
        }
    }
}
