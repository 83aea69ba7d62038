use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::dmuc::Change;
use crate::server::DialError;
use crate::stanza::{Jid, Type, arbitrary};

mod reading;

fn name() -> BoxedStrategy<Name> {
    prop_oneof![
        Just("vesa.yeggmaex.irc".to_owned()),
        Just("rubenro@vesa.yeggmaex.irc/shaver".to_owned()),
        Just("bigcheese@eris/Big \"Cheese\"".to_owned()),
        "[!#*<\\-\"\\\\, \\n\\ta-z/]{0,6}",
        arbitrary::text(),
    ]
    .prop_map(Name::from)
    .boxed()
}

fn jid() -> BoxedStrategy<Jid> {
    prop_oneof![Just("slave@vesa.yeggmaex.irc"), Just("a@b/with \"space\", \\ and ->"), Just("x")]
        .prop_map(|jid| Jid::new(jid).unwrap())
        .boxed()
}

fn span() -> BoxedStrategy<Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::from_millis(20)),
        Just(Duration::from_millis(1)),
        (0u64..2_000).prop_map(Duration::from_millis),
        (0u64..2_000).prop_map(Duration::from_secs),
        (0u64..1 << 50).prop_map(Duration::from_micros),
    ]
    .boxed()
}

fn fate() -> BoxedStrategy<Fate> {
    prop_oneof![Just(Fate::UnderWay), Just(Fate::Lost), span().prop_map(Fate::Delivered)].boxed()
}

fn link() -> BoxedStrategy<Link> {
    (name(), name(), any::<bool>())
        .prop_map(|(from, to, both_ways)| Link { from, to, both_ways })
        .boxed()
}

fn machine() -> BoxedStrategy<Machine> {
    let kinds: [fn(Name) -> Machine; 3] = [Machine::Server, Machine::Slave, Machine::Service];
    (name(), prop::sample::select(kinds.to_vec())).prop_map(|(name, kind)| kind(name)).boxed()
}

fn fault() -> BoxedStrategy<Fault> {
    let losses = prop::sample::select(vec![Loss::Silent, Loss::Refused, Loss::Reset]);
    prop_oneof![
        (link(), losses).prop_map(|(link, loss)| Fault::Cut(link, loss)),
        link().prop_map(Fault::Hold),
        (link(), span(), span()).prop_map(|(link, latency, jitter)| Fault::Slow {
            link,
            latency,
            jitter
        }),
        link().prop_map(Fault::Heal),
        Just(Fault::HealEverything),
        machine().prop_map(Fault::Crash),
        machine().prop_map(Fault::Restart),
    ]
    .boxed()
}

fn event() -> BoxedStrategy<StreamEvent> {
    let failed = [DialError::Refused, DialError::UnknownHost, DialError::Broken];
    prop_oneof![
        Just(StreamEvent::Opened),
        Just(StreamEvent::Closed),
        Just(StreamEvent::Broken),
        prop::sample::select(failed.to_vec()).prop_map(StreamEvent::Failed),
        name().prop_map(StreamEvent::Error),
    ]
    .boxed()
}

fn change() -> impl Strategy<Value = Change> {
    prop::sample::select(words::CHANGES.to_vec())
}

fn what() -> BoxedStrategy<What> {
    let line = prop_oneof![arbitrary::text(), "[\\\\nu{}\"2a\\x01\\n]{0,8}"];
    prop_oneof![
        (name(), name(), arbitrary::stanza(), span(), fate()).prop_map(
            |(from, to, stanza, waited, fate)| What::Hop(Hop { from, to, stanza, waited, fate })
        ),
        (name(), name(), arbitrary::stanza()).prop_map(|(at, to, stanza)| What::Undeliverable {
            at,
            to,
            stanza
        }),
        fault().prop_map(What::Fault),
        (name(), name(), event()).prop_map(|(from, to, event)| What::Stream { from, to, event }),
        (jid(), jid(), change()).prop_map(|(by, about, change)| What::Note(Note {
            by,
            about,
            change
        })),
        (any::<u32>(), line).prop_map(|(number, text)| What::Line { number, text: text.into() }),
    ]
    .boxed()
}

/// Any instant of the years 0 to 9999, most of them in one night.
fn time() -> BoxedStrategy<Time> {
    const NIGHT: i64 = 86_400_000_000;
    prop_oneof![
        4 => (0..NIGHT).prop_map(|after| Time::XEP_EPOCH + Duration::from_micros(after as u64)),
        1 => (-62_167_219_200_000_000i64..253_402_300_800_000_000).prop_map(Time::from_micros),
    ]
    .boxed()
}

fn header() -> BoxedStrategy<Header> {
    (arbitrary::text(), arbitrary::text(), arbitrary::text(), any::<u64>(), "[a-z]{0,5}", time())
        .prop_map(|(scenario, spec, profile, seed, network, epoch)| Header {
            scenario,
            spec,
            profile,
            seed,
            network,
            epoch,
        })
        .boxed()
}

/// Any record, with names and stanzas from anywhere.
pub(crate) fn transcript() -> BoxedStrategy<Transcript> {
    let entry = (time(), what()).prop_map(|(at, what)| Entry { at, what });
    (header(), vec(entry, 0..6))
        .prop_map(|(header, entries)| Transcript { header, entries })
        .boxed()
}

/// A stanza that says this.
fn says(text: &str) -> Stanza {
    let mut body = crate::stanza::element("body", crate::stanza::ns::CLIENT, &[]);
    body.append_text(text);
    Stanza::message(Type::Groupchat).with_payload(body)
}

/// A short record with a bit of everything.
pub(crate) fn sample() -> Transcript {
    let at = |millis| Time::XEP_EPOCH + Duration::from_millis(millis);
    let (vesa, channel): (Name, Name) = ("vesa.yeggmaex.irc".into(), "channel.avalon.irc".into());
    let (rubenro, jid) = ("rubenro@vesa.yeggmaex.irc/shaver".into(), |jid| Jid::new(jid).unwrap());
    let header = Header { scenario: "vesa splits".to_owned(), ..Header::default() };
    let mut sample = Transcript::new(header);
    sample.push(at(0), What::Line { number: 7, text: "BigCheese says \"hi\"".into() });
    let hop = sample.sent(at(0), rubenro, vesa.clone(), says("hi"));
    sample.delivered(hop, at(1));
    let hop = sample.sent(at(1), vesa.clone(), channel.clone(), says("hi"));
    sample.delivered(hop, at(901));
    let link = Link { from: vesa.clone(), to: channel.clone(), both_ways: true };
    sample.push(at(2_000), What::Fault(Fault::Cut(link, Loss::Silent)));
    let hop = Hop::new(channel.clone(), vesa.clone(), says("anybody?"));
    let waited = Duration::from_millis(160);
    let hop = sample.push(at(2_000), What::Hop(Hop { waited, ..hop }));
    sample.lost(hop);
    sample.push(
        at(90_000),
        What::Note(Note {
            by: jid("wallops@channel.avalon.irc"),
            about: jid("slave@vesa.yeggmaex.irc"),
            change: Change::Split,
        }),
    );
    let event = StreamEvent::Failed(DialError::Refused);
    let (from, to) = (vesa.clone(), channel.clone());
    sample.push(at(90_000), What::Stream { from, to, event });
    sample.push(at(90_001), What::Undeliverable { at: vesa, to: channel, stanza: says("so") });
    sample
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_reads_back_as_the_same_transcript(transcript in transcript()) {
        let text = transcript.to_string();
        let read = Transcript::read(&text);
        prop_assert_eq!(read, Ok(transcript), "{}", text);
    }

    #[test]
    fn the_line_ends_of_another_system_change_nothing(transcript in transcript()) {
        let text = transcript.to_string().replace('\n', "\r\n");
        prop_assert_eq!(Transcript::read(&text), Ok(transcript));
    }

    #[test]
    fn no_damage_makes_the_reader_panic(transcript in transcript(), at in 0.0..1.0, put in ".?") {
        let text = transcript.to_string();
        let at = (text.chars().count() as f64 * at) as usize;
        let damaged: String =
            text.chars().take(at).chain(put.chars()).chain(text.chars().skip(at + 1)).collect();
        if let Err(error) = Transcript::read(&damaged) {
            prop_assert!(damaged.is_char_boundary(error.offset));
        }
    }
}

#[test]
fn arrivals_come_in_the_order_in_which_they_arrived() {
    let mut record = Transcript::new(Header::default());
    let at = |millis| Time::XEP_EPOCH + Duration::from_millis(millis);
    let slow = record.sent(at(0), "a".into(), "c".into(), says("slow"));
    let fast = record.sent(at(1), "b".into(), "c".into(), says("fast"));
    let lost = record.sent(at(2), "b".into(), "c".into(), says("lost"));
    record.sent(at(3), "b".into(), "c".into(), says("under way"));
    let elsewhere = record.sent(at(4), "c".into(), "b".into(), says("elsewhere"));
    record.delivered(fast, at(21));
    record.delivered(slow, at(500));
    record.delivered(elsewhere, at(24));
    record.lost(lost);
    let said: Vec<_> = record
        .arrivals("c")
        .into_iter()
        .map(|(at, hop)| (at, hop.stanza.body().unwrap()))
        .collect();
    assert_eq!(said, [(at(21), "fast".to_owned()), (at(500), "slow".to_owned())]);
}
