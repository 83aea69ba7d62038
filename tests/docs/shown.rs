//! Examples in a document: a marker that says where the stanzas are found, and a block with them.
//!
//! ```text
//! <!-- netsplit.scs: vesa.yeggmaex.irc -> channel.avalon.irc, "presence" "unavailable", 1 -->
//! ```
//!
//! names a scenario, a hop, texts that the stanza holds, and how many stanzas are shown from the
//! first that does. `*` stands for any host. `<!-- file NAME -->` shows a file of `docs` instead.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, play_event};
use wallops::stanza::write_stanza;
use wallops::transcript::Transcript;

/// A piece of a document.
pub enum Shown<'a> {
    /// What stands between the examples.
    Text(&'a str),
    /// A marker; the block after it is not looked at, but made anew.
    Example {
        /// The line.
        marker: &'a str,
    },
}

/// A document in pieces that make it up again.
pub fn pieces(text: &str) -> Vec<Shown<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("<!-- ") {
        let (before, from) = rest.split_at(start);
        let Some(end) = from.find("-->\n```xml\n") else { break };
        let marker = &from[..end + 3];
        let block = &from[end + 4 + "```xml\n".len()..];
        let close = block.find("```\n").expect("an example ends");
        pieces.push(Shown::Text(before));
        pieces.push(Shown::Example { marker });
        rest = &block[close + 4..];
    }
    pieces.push(Shown::Text(rest));
    pieces
}

/// The runs of the scenarios that are asked for, each made once.
#[derive(Default)]
pub struct Stage {
    runs: BTreeMap<String, Transcript>,
}

impl Stage {
    /// The stanzas that a marker asks for.
    pub fn find(&mut self, marker: &str) -> String {
        let inner = marker.trim_start_matches("<!-- ").trim_end_matches("-->").trim();
        if let Some(file) = inner.strip_prefix("file ") {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
            return fs::read_to_string(path).expect("the file");
        }
        let (scenario, rest) = inner.split_once(": ").expect("a scenario");
        let (hop, rest) = rest.split_once(',').expect("a hop");
        let (texts, count) = rest.rsplit_once(',').expect("how many");
        let (from, to) = hop.split_once(" -> ").expect("from whom to whom");
        let texts: Vec<_> = texts.split('"').skip(1).step_by(2).collect();
        let count: usize = count.trim().parse().expect("a number");
        let run = self.runs.entry(scenario.to_owned()).or_insert_with(|| play(scenario));
        let of = |wanted: &str, name: &str| wanted.trim() == "*" || wanted.trim() == name;
        let all = run.hops().filter(|(_, _, hop)| of(from, &hop.from) && of(to, &hop.to));
        let all = all.map(|(_, _, hop)| {
            let mut text = String::new();
            write_stanza(&mut text, &hop.stanza, 0);
            text
        });
        let holds = |text: &String| texts.iter().all(|wanted| text.contains(wanted));
        let found: Vec<_> = all.skip_while(|text| !holds(text)).take(count).collect();
        assert_eq!(found.len(), count, "{marker}");
        found.iter().map(|text| format!("{}\n", text.trim_end())).collect()
    }
}

fn play(scenario: &str) -> Transcript {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let find_cast = |name: &str| {
        let path = directory.join("casts").join(format!("{name}.cast"));
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        Ok(Source::new(name, &text))
    };
    let text = fs::read_to_string(directory.join(scenario))
        .unwrap_or_else(|error| panic!("{scenario}: {error}"));
    let parsed = parse(&Source::new(scenario, &text), &find_cast).unwrap();
    let outcome = play_event(&parsed, &Options { source: text.into(), ..Options::default() });
    outcome.unwrap().transcript
}
