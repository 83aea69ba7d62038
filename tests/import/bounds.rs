//! No text makes an importer panic, or take more time and memory than its length allows.

use proptest::prelude::*;
use wallops::transcript::import::{Format, ImportOptions, import};

use super::{ejabberd, notices, prosody, read, tshark};

fn sample(format: Format) -> &'static str {
    match format {
        Format::Prosody => prosody::LOG,
        Format::Ejabberd => ejabberd::LOG,
        Format::Tshark => tshark::CAPTURE,
        Format::Own | Format::Plain => {
            "1990-10-13T23:58:37Z vesa.irc channel.irc <presence><x/></presence>\n"
        }
    }
}

fn format() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_damage_makes_it_panic(
        format in format(),
        damages in prop::collection::vec((0.0..1.0, 0usize..40, "\\PC{0,3}|[<>'\"\\\\\n\t0-9]{0,4}"), 1..4),
    ) {
        let mut text: Vec<char> = sample(format).chars().collect();
        for (at, length, put) in damages {
            let at = (text.len() as f64 * at) as usize;
            let end = (at + length).min(text.len());
            text.splice(at..end, put.chars());
        }
        let text: String = text.into_iter().collect();
        Format::detect(&text);
        if let Err(error) = import(&text, format, &ImportOptions::default()) {
            prop_assert!(text.is_char_boundary(error.offset));
        }
    }

    #[test]
    fn no_order_of_lines_makes_it_panic(format in format(), seed in any::<u64>()) {
        let mut lines: Vec<&str> = sample(format).split_inclusive('\n').collect();
        let mut state = seed | 1;
        for at in (1..lines.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            lines.swap(at, (state >> 33) as usize % (at + 1));
        }
        let _ = import(&lines.concat(), format, &ImportOptions::default());
    }
}

#[test]
fn the_start_of_every_text_is_read_or_refused_with_its_place() {
    for format in [Format::Prosody, Format::Ejabberd, Format::Tshark] {
        let sample = sample(format);
        let whole = read(sample, format).unwrap().transcript.entries.len();
        let mut most = 0;
        for end in (0..sample.len()).step_by(97).filter(|end| sample.is_char_boundary(*end)) {
            if let Ok(imported) = read(&sample[..end], format) {
                most = most.max(imported.transcript.entries.len());
                assert!(most <= whole, "{format} {end}");
            }
        }
        assert!(most > whole / 2, "{format}");
    }
}

/// Texts of some megabytes that are as bad as can be thought of.
#[test]
fn long_texts_take_no_longer_than_they_are_long() {
    let time = "1990-10-13T23:58:37Z";
    let prosody = "Nov 25 13:49:26 s2sin1a\tdebug\tRECV: <presence";
    let ejabberd = "2026-11-25 13:49:56.249985+00:00 [notice] <0.1.0> (tcp|<0.1.0>) Send XML on \
                    stream = <<\"";
    let columns = "frame.time_epoch\ttcp.stream\ttcp.srcport\ttcp.dstport\ttcp.seq\ttcp.payload\n";
    let many = |line: &str| line.repeat((1 << 20) / line.len());
    let mut texts = vec![
        many("\n"),
        many("a"),
        many("\t"),
        many("<a>"),
        many("#"),
        many("x\n"),
        many("1990-10-13T23:58:37Z "),
        format!("{time} a.b c.d <presence>{}", many("\n1990-10-13T23:58:37Z a.b\n")),
        many(&format!("{time} a.b c.d <presence/>\n")),
        many(&format!("{prosody}\n")),
        many(&format!("{prosody}/>\n")),
        prosody.to_owned() + &many("\n\t<a>"),
        many("Nov 25 13:49:26 s2sin1a\tdebug\tSending[s2sout]: <presence id='1'>\n"),
        many(&format!("{ejabberd}<presence/>\">>\n")),
        many(&format!("{ejabberd}\n")),
        ejabberd.to_owned() + &many("\\"),
        ejabberd.to_owned() + &many("\" \""),
        many(&format!("{columns}1\t1\t1\t2\t1\t3c\n")),
        columns.to_owned() + &many("1\t1\t1\t2\t1\t3c\n"),
        columns.to_owned() + "1\t1\t1\t2\t1\t" + &many("3c61"),
    ];
    let mut streams = String::from(columns);
    let mut gaps = String::from(columns);
    for number in 0..40_000 {
        // <presence a='
        streams += &format!("1\t{number}\t1\t2\t1\t3c70726573656e636520613d27\n");
        gaps += &format!("1\t1\t1\t2\t{}\t3c70726573656e63652f3e\n", 1 + 2 * number);
    }
    texts.extend([streams, gaps]);
    #[allow(clippy::disallowed_types, reason = "what is measured is the importer itself")]
    let start = std::time::Instant::now();
    for text in &texts {
        for format in Format::ALL {
            let _ = read(text, format);
        }
        Format::detect(text);
    }
    // What takes the square of the length takes hours.
    assert!(start.elapsed().as_secs() < 300, "{:?}", start.elapsed());
}

#[test]
fn too_many_notices_are_counted() {
    let bad = "Nov 25 13:49:26 s2sin1a\tdebug\tRECV: <presence/>\n".repeat(20_000);
    let good = "Nov 25 13:49:26 s2sin1a\tdebug\tRECV: <presence from='a@b/c' to='d@e'/>\n";
    let imported = read(&(bad + good), Format::Prosody).unwrap();
    assert_eq!(imported.notices.len(), 10_001);
    let last = imported.notices.last().unwrap().to_string();
    assert!(last.ends_with("left out: 10001 notices more than are shown"), "{last}");
}

#[test]
fn too_many_streams_are_refused() {
    let stream = |number: usize| format!("Nov 25 13:49:26 c2s{number}\tdebug\tRECV: <presence/>\n");
    let error = read(&(0..10_001).map(stream).collect::<String>(), Format::Prosody).unwrap_err();
    assert_eq!(error, "line 10001, column 1: one more stream; expected at most 10000 at once");
}

#[test]
fn of_many_lines_that_are_moved_one_note_tells() {
    let line = |second: u32| {
        format!("1990-10-13T23:58:{second:02}Z vesa.irc channel.irc <presence id='{second}'/>\n")
    };
    let text: String = line(30) + &(1..20).map(line).collect::<String>();
    let imported = read(&text, Format::Plain).unwrap();
    let told = "line 2: moved: its time is before that of line 1, and so with 18 more entries until \
                line 20";
    assert_eq!(notices(&imported), [told]);
}
