//! What the transcript takes for granted about the networks.

use wallops::sim::network::{CLIENT_LATENCY, SERVER_LATENCY};
use wallops::stanza::Stanza;
use wallops::time::Time;
use wallops::transcript::{Header, Transcript};

#[test]
fn the_usual_delays_of_the_networks_are_not_mentioned() {
    let stanza: Stanza = "<presence/>".parse().unwrap();
    for (from, to, latency) in [
        ("vesa.irc", "channel.irc", SERVER_LATENCY),
        ("rubenro@vesa.irc/shaver", "vesa.irc", CLIENT_LATENCY),
        ("vesa.irc", "rubenro@vesa.irc/shaver", CLIENT_LATENCY),
    ] {
        let mut record = Transcript::new(Header::default());
        let hop = record.sent(Time::XEP_EPOCH, from.into(), to.into(), stanza.clone());
        record.delivered(hop, Time::XEP_EPOCH + latency);
        let text = record.to_string();
        assert!(text.ends_with(&format!("  {from} -> {to}\n  <presence/>\n")), "{text}");
    }
}
