//! What happened in a run, row by row: in the margin the arrow, beside it the words, and below them
//! the stanza for whoever opens the row.

use std::collections::BTreeMap;
use std::fmt::Write;

use maud::{Markup, html};

use super::picture::Picture;
use crate::conform::judgement::Verdict;
use crate::report::diagram::{Arrow, Band, Diagram, End, Item, Lane, Row, Why};
use crate::report::{Run, plain};
use crate::stanza::Stanza;
use crate::transcript::{Class, Entry};

/// How wide a column is in the margin.
const LANE: usize = 26;
/// Where arrows are within a row.
const MIDDLE: usize = 11;
/// How long the text of a stanza is at most, in characters.
const STANZA_MAX: usize = 8_192;
/// How long it is at most in words from where to where a stanza goes, in characters.
const ROUTE_MAX: usize = 120;
/// A text that is longer than so many bytes is told once, and then referred to.
const SHARED_MIN: usize = 240;

pub(super) fn transcript(index: usize, run: &Run, picture: &Picture) -> Markup {
    let diagram = &picture.diagram;
    let width = diagram.lanes.len() * LANE;
    let mut writer = Writer { index, run, diagram, marks: marks(run), told: BTreeMap::new() };
    html! {
        div class="diagram" role="region" tabindex="0"
            aria-label={"What happened in " (plain::clean(run.title()))}
            style={"--w:" (width) "px"} {
            div class="heads" aria-hidden="true" {
                @for (lane, x) in diagram.lanes.iter().zip(1usize..) { (head(lane, x)) }
            }
            ol data-h=(names(&diagram.lanes)) {
                @for (number, row) in diagram.rows.iter().enumerate() {
                    @let left_out = picture.left_before(row);
                    @if left_out > 0 {
                        li class="gap" { (left_out) " entries are not shown here" }
                    }
                    (writer.row(number))
                }
            }
        }
    }
}

/// What is found at each entry: the verdict, the number of the finding, and the words.
fn marks(run: &Run) -> BTreeMap<usize, Vec<(Verdict, usize)>> {
    let mut marks: BTreeMap<usize, Vec<(Verdict, usize)>> = BTreeMap::new();
    for (number, finding) in run.judgement.findings.iter().enumerate() {
        let row = run.judgement.row(finding.requirement);
        let verdict = row.map_or(Verdict::Fail, |row| row.verdict);
        marks.entry(finding.entry).or_default().push((verdict, number));
    }
    marks
}

/// The names of the columns, for the filter: a line for each, with what it may be called.
fn names(lanes: &[Lane]) -> String {
    let calls = lanes.iter().map(|lane| {
        let calls = [&*lane.label, &*lane.detail, &*lane.host].map(|name| plain::short(name, 200));
        calls.join("\t")
    });
    calls.collect::<Vec<_>>().join("\n")
}

fn head(lane: &Lane, x: usize) -> Markup {
    html! {
        span class=(if lane.is_client { "client" } else { "server" })
            style={"left:" (x * LANE - LANE) "px"} title=(plain::short(&lane.host, 200)) {
            (plain::short(&lane.label, 24))
        }
    }
}

struct Writer<'a> {
    index: usize,
    run: &'a Run,
    diagram: &'a Diagram,
    marks: BTreeMap<usize, Vec<(Verdict, usize)>>,
    /// The entries at which long payloads were told in full.
    told: BTreeMap<String, usize>,
}

impl Writer<'_> {
    fn row(&mut self, number: usize) -> Markup {
        let row = &self.diagram.rows[number];
        let time = row.is_later.then(|| row.at.short_time_of_day());
        match &row.what {
            Item::Day(date) => html! { li class="day" { (date) } },
            Item::Line { entry, number: line, text } => html! {
                li class="line" id=(self.id(*entry)) {
                    (self.margin(number, "")) time { (time.unwrap_or_default()) }
                    b { (line) ": " (text) } (self.findings(&[*entry]))
                }
            },
            Item::Network { entry, lanes, text } => html! {
                li class="network" id=(self.id(*entry)) data-h=(list(lanes)) {
                    (self.margin(number, &network_path(lanes, self.diagram.lanes.len())))
                    time { (time.unwrap_or_default()) }
                    span { (text) } (self.findings(&[*entry]))
                }
            },
            Item::Note { entry, lane, text } => html! {
                li class="note" id=(self.id(*entry)) data-h=(list(lane.as_slice())) {
                    (self.margin(number, &lane.map(note_path).unwrap_or_default()))
                    time { (time.unwrap_or_default()) }
                    span { (text) } (self.findings(&[*entry]))
                }
            },
            Item::Stanzas(arrows) => self.stanzas(number, row, arrows),
        }
    }

    fn id(&self, entry: usize) -> String {
        format!("s{}e{entry}", self.index)
    }

    fn stanzas(&mut self, number: usize, row: &Row, arrows: &[Arrow]) -> Markup {
        let Some(first) = arrows.first() else { return html! {} };
        let mut lanes: Vec<usize> = arrows.iter().map(|arrow| arrow.to).collect();
        lanes.push(first.from);
        lanes.sort_unstable();
        lanes.dedup();
        let path = arrows_path(arrows);
        let time = if row.is_later { row.at.short_time_of_day() } else { String::new() };
        let entries: Vec<usize> = arrows.iter().map(|arrow| arrow.entry).collect();
        html! {
            li class=(class_of(first)) id=(self.id(first.entry)) data-h=(list(&lanes)) {
                (self.margin(number, &path)) time { (time) }
                details {
                    summary {
                        span class="route" { (self.route(arrows)) ": " }
                        @if arrows.len() > 1 { b { "×" (arrows.len()) } " " }
                        (first.label)
                    }
                    @if arrows.len() > 1 { (self.fan_out(arrows)) } @else { (self.stanza(first)) }
                }
                (self.findings(&entries))
            }
        }
    }

    /// In words what the margin draws, for those who do not see it.
    fn route(&self, arrows: &[Arrow]) -> String {
        let label =
            |lane: usize| self.diagram.lanes.get(lane).map_or("", |lane| &lane.label).to_owned();
        let to = match arrows {
            [] => return String::new(),
            [arrow] => label(arrow.to),
            many => many.iter().map(|arrow| label(arrow.to)).collect::<Vec<_>>().join(", "),
        };
        plain::short(&format!("{} to {to}", label(arrows[0].from)), ROUTE_MAX)
    }

    /// Each receiver of a fan-out, and his copy where it is not that of the first.
    fn fan_out(&mut self, arrows: &[Arrow]) -> Markup {
        let mut parts = Vec::new();
        for (place, arrow) in arrows.iter().enumerate() {
            let same = place > 0 && self.payloads(arrow) == self.payloads(&arrows[0]);
            let anchor = (place > 0).then(|| self.id(arrow.entry));
            parts.push(html! {
                li id=[anchor] {
                    (arrow.tip)
                    @if same { " " small { "with the same content" } } @else { (self.stanza(arrow)) }
                }
            });
        }
        html! { ol { @for part in parts { (part) } } }
    }

    fn entry(&self, arrow: &Arrow) -> Option<&Entry> {
        self.run.entry(arrow.entry)
    }

    fn payloads(&self, arrow: &Arrow) -> Option<&[crate::stanza::Element]> {
        Some(self.entry(arrow)?.stanza()?.payloads.as_slice())
    }

    /// A stanza in full; if its content is long and was shown before, a word of where.
    fn stanza(&mut self, arrow: &Arrow) -> Markup {
        let Some(stanza) = self.entry(arrow).and_then(Entry::stanza).cloned() else {
            return html! {};
        };
        let text = plain::cut(&stanza.to_string(), STANZA_MAX);
        let content = text.split_once('\n').map_or("", |(_, content)| content);
        if content.len() < SHARED_MIN {
            return html! { pre { (text) } };
        }
        if let Some(before) = self.told.get(content) {
            let header = Stanza { payloads: crate::stanza::Payloads::default(), ..stanza };
            let header = plain::cut(&header.to_string(), STANZA_MAX);
            return html! {
                pre { (header) }
                p { "with the content of " (super::run::entry_link(self.index, *before)) }
            };
        }
        self.told.insert(content.to_owned(), arrow.entry);
        html! { pre { (text) } }
    }

    fn findings(&self, entries: &[usize]) -> Markup {
        let marks = entries.iter().filter_map(|entry| self.marks.get(entry)).flatten();
        let told = marks.filter_map(|(verdict, number)| {
            Some((verdict, number, self.run.judgement.findings.get(*number)?))
        });
        html! {
            @for (verdict, number, finding) in told {
                p class={"finding " (verdict.name())} data-r=(super::run::ids(finding)) {
                    a href={"#s" (self.index) "f" (number)} {
                        (super::sign(*verdict)) " " (finding.named())
                    }
                    ": expected: " (plain::short(&finding.expected, 400))
                }
            }
        }
    }

    /// What is in the margin of a row: bands as high as the row is, and an arrow.
    fn margin(&self, row: usize, path: &str) -> Markup {
        let bands = self.diagram.bands.iter().filter(|band| band.first <= row && row < band.end);
        let bands: Vec<&Band> = bands.collect();
        html! {
            @if !bands.is_empty() || !path.is_empty() {
                svg aria-hidden="true" {
                    @for band in bands { (shade(band)) }
                    @if !path.is_empty() { path d=(path) {} }
                }
            }
        }
    }
}

fn shade(band: &Band) -> Markup {
    let (class, inset) = match band.why {
        Why::Cut => ("cut", 1),
        Why::Held => ("held", 3),
        Why::Split => ("split", 6),
        Why::Down => ("down", 9),
    };
    // How wide it is is said by its class.
    html! { rect class=(class) x=(band.lane * LANE + inset) {} }
}

fn x_of(lane: usize) -> usize {
    lane * LANE + LANE / 2
}

fn arrows_path(arrows: &[Arrow]) -> String {
    let mut path = String::new();
    for arrow in arrows {
        write_arrow(&mut path, arrow);
    }
    path
}

fn write_arrow(path: &mut String, arrow: &Arrow) {
    let (start, stop, y) = (x_of(arrow.from), x_of(arrow.to), MIDDLE);
    if start == stop {
        let _ = write!(path, "M{start} {}h8v8h-6", y - 4);
        return;
    }
    let head = if stop > start { "m-5-4l5 4-5 4" } else { "m5-4l-5 4 5 4" };
    // Writing into a string does not fail.
    let _ = match arrow.end {
        End::Arrived | End::Late => write!(path, "M{start} {y}H{stop}{head}"),
        End::UnderWay => write!(path, "M{start} {y}H{}", start.midpoint(stop)),
        End::Lost => cross(path, start, start.midpoint(stop), y),
        End::Undeliverable => {
            let near = if stop > start { start + LANE / 2 } else { start - LANE / 2 };
            cross(path, start, near, y)
        }
    };
}

fn cross(path: &mut String, start: usize, end: usize, y: usize) -> std::fmt::Result {
    write!(path, "M{start} {y}H{end}m-4-4l8 8m-8 0l8-8")
}

fn network_path(lanes: &[usize], all: usize) -> String {
    let first = lanes.iter().min().map_or(0, |lane| x_of(*lane));
    let last = lanes.iter().max().map_or(all * LANE, |lane| x_of(*lane));
    format!("M{first} {MIDDLE}H{last}")
}

fn note_path(lane: usize) -> String {
    format!("M{} {MIDDLE}l4-4 4 4-4 4z", x_of(lane) - 4)
}

fn list(lanes: &[usize]) -> String {
    lanes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn class_of(arrow: &Arrow) -> &'static str {
    match (arrow.class, arrow.end) {
        (_, End::Undeliverable) => "undelivered",
        (_, End::Lost) => "lost",
        (Class::Message, _) => "message",
        (Class::Presence, _) => "presence",
        (Class::Iq, _) => "iq",
        _ => "error",
    }
}
