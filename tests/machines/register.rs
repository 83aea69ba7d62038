//! Every statement of XEP-0282 is looked at by a test, which names it.
//!
//! The list is the register of the XEP's statements, in its order. A test that looks at one has its
//! id in its documentation.

use std::collections::BTreeSet;
use std::path::Path;

#[rustfmt::skip]
const STATEMENTS: &[&str] = &[
    // A: introduction and architecture
    "arch.single-root", "slave.submit.no-local-echo", "master.fanout.one-copy-per-slave",
    "master.fanout.includes-origin-slave", "slave.fanout.all-local-leaves",
    "slave.fanout.only-local-leaves", "slave.redistribute.keep-from",
    "slave.redistribute.rewrite-to", "slave.same-security-domain", "scope.broadcast-only",
    "scope.one-to-one-unaffected", "scope.one-to-one-may-share-path",
    // B: the six requirements
    "req.transparency", "req.detect-loss", "req.remain-in-instance", "req.leave-while-split",
    "req.resync-on-reconnect", "req.improve-broadcast",
    // C: terminology
    "slave.jid.opaque", "slave.registered-before-traffic",
    // D: slave requirements
    "slave.intercept.all-kinds", "slave.intercept.directed-presence", "slave.store.room-roster",
    "slave.store.local-roster", "slave.store.history", "slave.store.history-not-desired",
    // E: creating a slave
    "create.negotiate-keepalive", "create.negotiate-history", "create.slave-consent",
    // F: initial room roster
    "master.roster.sent-on-create", "master.roster.complete-once",
    "master.roster.remote-only-at-create", "master.roster.format",
    "master.roster.no-jid-at-create", "master.roster.jid-for-later-moderator",
    "master.roster.before-enter", "slave.roster.silent-store",
    // G: initial room history
    "master.history.may-send", "slave.history.store-initial", "slave.history.deliver-on-enter",
    "master.history.addressing",
    // H: ENTER
    "master.enter.presence-to-all-first", "master.enter.to-affected-slave-only",
    "master.enter.format", "master.enter.history-limit", "slave.enter.obey-history-limit",
    "slave.enter.verify-directed-presence", "slave.enter.unverified-no-effect",
    "slave.enter.add-to-distribution", "slave.enter.send-roster", "slave.enter.own-presence-last",
    "slave.enter.history-after-roster", "slave.enter.to-full-jid", "slave.enter.only-new-user",
    "slave.enter.status-110", "slave.enter.subject", "master.enter.refusal-is-direct",
    "slave.enter.none-before-enter", "master.enter.adjacent",
    // I: LEAVE
    "master.leave.before-broadcast", "master.leave.to-affected-slave-only", "master.leave.format",
    "slave.leave.remove", "slave.leave.forward", "master.leave.announce-all",
    "slave.leave.roster-updated", "slave.leave.implicit",
    // J: presence update
    "master.presence.to-all-slaves", "master.presence.item",
    "master.presence.no-jid-without-moderators", "master.presence.jid-with-moderators",
    "slave.presence.strip-jid", "slave.presence.keep-jid-for-moderators",
    "slave.presence.nonanon", "slave.presence.store", "slave.presence.no-dmuc-to-user",
    "slave.presence.self-110",
    // K: slave forwards stanzas
    "slave.relay.may", "slave.relay.from-unmodified", "slave.relay.to-unmodified",
    "slave.relay.payload-unmodified", "slave.relay.strip-forged-dmuc", "slave.relay.all-kinds",
    "slave.relay.non-participants", "master.relay.identify-by-from", "master.nonoccupant.reject",
    "slave.relay.fifo",
    // L: message broadcast
    "master.broadcast.delay-in-dmuc", "master.broadcast.delay-attributes",
    "master.broadcast.copy-to-each", "master.broadcast.from-occupant",
    "master.broadcast.identical", "master.broadcast.preserve-payload",
    "slave.broadcast.save-then-send", "slave.broadcast.strip-dmuc",
    "slave.broadcast.no-delay-live", "slave.broadcast.each-local-user",
    "slave.history.master-timestamp", "slave.history.delay-top-level", "slave.history.delay-from",
    "slave.history.order",
    // M: keepalive
    "master.keepalive.ping-when-idle", "master.keepalive.each-slave",
    "slave.keepalive.ping-when-quiet", "slave.keepalive.longer-than-master",
    "keepalive.traffic-suppresses", "keepalive.xep0199", "keepalive.pong",
    // N: netsplit
    "split.detect.by-bounce", "master.split.trigger", "master.split.trigger-scope",
    "master.split.stop-broadcast", "master.split.only-affected", "master.split.fast-ping",
    "master.split.fast-ping-ends", "master.split.resync", "master.split.mark-away",
    "master.split.keep-occupants", "slave.split.trigger", "slave.split.sees-user-bounces",
    "slave.split.app-errors-not-split", "slave.split.stop-submitting",
    "slave.split.react-presence", "slave.split.react-leave", "slave.split.local-chat",
    "slave.split.local-private", "slave.split.local-enter", "slave.split.local-kick",
    "slave.split.mark-away", "slave.split.rejoin-answer", "split.no-error-reply",
    "split.stale-bounce",
    // O: netjoin
    "netjoin.defined",
    // P: use cases
    "usecase.join.reaches-master", "usecase.arrival.distributed", "usecase.join.sequence",
    "usecase.msg.full-cycle",
    // Q: security and schema
    "security.channel-overtake", "ns.exact", "schema.valid",
];

/// Of these statements the machines do a part; the rest is the server's or the network's and is
/// tested there.
const SHARED: &[(&str, &str)] = &[
    ("arch.single-root", "that no stanza goes elsewhere is routing"),
    ("slave.intercept.all-kinds", "what is intercepted at all the server decides"),
    ("slave.intercept.directed-presence", "after a restart the server's memory is asked"),
    ("slave.leave.implicit", "the server says goodbye for a lost session"),
    ("slave.relay.may", "a server without a slave routes by itself"),
    ("keepalive.xep0199", "that a ping never reaches a user is routing"),
    ("split.no-error-reply", "bounces are made by servers"),
];

/// The ids that are named in the documentation of this directory's tests.
fn named() -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines");
    let mut named = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in source.lines().filter_map(|line| line.trim().strip_prefix("/// ")) {
            let quoted = line.split('`').skip(1).step_by(2);
            named.extend(quoted.filter(|text| is_id(text)).map(str::to_owned));
        }
    }
    named
}

/// Whether a quotation looks like an id: words of small letters, digits and hyphens with points
/// between.
fn is_id(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word.chars().all(|c| c.is_ascii_lowercase() || "-0123456789".contains(c))
    };
    text.contains('.') && text.split('.').all(word)
}

#[test]
fn every_statement_is_looked_at_by_a_test() {
    let named = named();
    let missing: Vec<_> = STATEMENTS.iter().filter(|id| !named.contains(**id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(STATEMENTS.iter().collect::<BTreeSet<_>>().len(), STATEMENTS.len());
}

#[test]
fn no_test_names_a_statement_that_there_is_not() {
    let strange: Vec<_> =
        named().into_iter().filter(|id| !STATEMENTS.contains(&id.as_str())).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert!(SHARED.iter().all(|(id, reason)| STATEMENTS.contains(id) && !reason.is_empty()));
}
