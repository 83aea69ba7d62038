//! A diagram as a picture that scales: one SVG file, readable by programs that read aloud, in the
//! colours of the reader's desktop.

use maud::{Markup, PreEscaped, html};

use super::{Arrow, Band, Diagram, End, Item, Lane, Row, Why};
use crate::report::plain;

/// Where the first column begins; to the left of it stand the times.
const LEFT: usize = 112;
const LANE_WIDTH: usize = 132;
const RIGHT: usize = 24;
const TITLE_HEIGHT: usize = 52;
const HEAD_HEIGHT: usize = 44;
/// After how many rows the names of the columns are told again.
const HEAD_EVERY: usize = 40;
/// So that even a diagram of few hosts has room for labels.
const WIDTH_MIN: usize = 1_000;
/// How wide a character of a label is at most, unless it is of an unusual script.
const CHARACTER: usize = 7;
/// How many characters fit below the name of a column.
const DETAIL_MAX: usize = 24;

impl Diagram {
    /// The diagram as an SVG document.
    pub fn svg(&self) -> String {
        let places = Places::of(self);
        let (width, height) = (places.width, places.height);
        let title = plain::clean(&self.title);
        let svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc"
                width=(width) height=(height) viewBox={"0 0 " (width) " " (height)} {
                title id="title" { (title) }
                desc id="desc" { (self.description()) }
                style { (PreEscaped(STYLE)) }
                rect class="page" width=(width) height=(height) {}
                text class="title" x="16" y="24" { (title) }
                text class="quiet" x="16" y="42" { (plain::clean(&self.how)) }
                @for band in &self.bands { (places.band(band)) }
                @for index in 0..self.lanes.len() { (places.lifeline(index)) }
                @for y in &places.heads { (places.head(&self.lanes, *y)) }
                @for (row, y) in self.rows.iter().zip(&places.rows) { (places.row(row, *y)) }
            }
        };
        svg.into_string() + "\n"
    }

    /// What a reader hears who does not see the picture.
    fn description(&self) -> String {
        let count = |is: fn(&Item) -> bool| self.rows.iter().filter(|row| is(&row.what)).count();
        let arrows = count(|item| matches!(item, Item::Stanzas(_)));
        let lines = count(|item| matches!(item, Item::Line { .. }));
        let hosts: Vec<&str> = self.lanes.iter().map(|lane| &*lane.label).collect();
        let text = format!(
            "Sequence diagram, time downwards: {arrows} arrows between {} hosts ({}), {lines} \
             lines of the scenario, {} shaded bands for splits and faults.",
            hosts.len(),
            hosts.join(", "),
            self.bands.len(),
        );
        plain::short(&text, 1_000)
    }
}

/// Where everything stands.
struct Places {
    width: usize,
    height: usize,
    /// The tops of the rows.
    rows: Vec<usize>,
    /// The tops of what names the columns.
    heads: Vec<usize>,
    bottom: usize,
}

impl Places {
    fn of(diagram: &Diagram) -> Self {
        let width = (LEFT + diagram.lanes.len() * LANE_WIDTH + RIGHT).max(WIDTH_MIN);
        let mut y = TITLE_HEIGHT + HEAD_HEIGHT;
        let mut heads = vec![TITLE_HEIGHT];
        let mut rows = Vec::with_capacity(diagram.rows.len());
        for (index, row) in diagram.rows.iter().enumerate() {
            if index > 0 && index % HEAD_EVERY == 0 {
                heads.push(y + 4);
                y += HEAD_HEIGHT + 8;
            }
            rows.push(y);
            y += height_of(&row.what);
        }
        Self { width, height: y + RIGHT, rows, heads, bottom: y }
    }

    /// The middle of a column.
    fn x(lane: usize) -> usize {
        LEFT + lane * LANE_WIDTH + LANE_WIDTH / 2
    }

    fn band(&self, band: &Band) -> Markup {
        let top = self.rows.get(band.first).copied().unwrap_or(self.bottom);
        let end = self.rows.get(band.end).copied().unwrap_or(self.bottom);
        let (class, half) = match band.why {
            Why::Cut => ("cut", LANE_WIDTH / 2 - 2),
            Why::Held => ("held", LANE_WIDTH / 2 - 8),
            Why::Split => ("split", LANE_WIDTH / 4),
            Why::Down => ("down", LANE_WIDTH / 8),
        };
        html! {
            rect class={"band " (class)} x=(Self::x(band.lane) - half) y=(top) width=(half * 2)
                height=(end.saturating_sub(top)) rx="4" {
                title { (band.text) }
            }
        }
    }

    fn lifeline(&self, lane: usize) -> Markup {
        let top = TITLE_HEIGHT + HEAD_HEIGHT - 4;
        html! { path class="life" d={"M" (Self::x(lane)) " " (top) "V" (self.bottom)} {} }
    }

    fn head(&self, lanes: &[Lane], y: usize) -> Markup {
        let width = LANE_WIDTH - 12;
        html! {
            @for (index, lane) in lanes.iter().enumerate() {
                g class=(if lane.is_client { "head client" } else { "head server" }) {
                    title { (plain::clean(&lane.host)) }
                    rect x=(Self::x(index) - width / 2) y=(y) width=(width) height="36" rx="6" {}
                    text class="name" x=(Self::x(index)) y=(y + 16) {
                        (plain::short(&lane.label, DETAIL_MAX * 3 / 4))
                    }
                    text class="detail" x=(Self::x(index)) y=(y + 29) {
                        (plain::short(&lane.detail, DETAIL_MAX))
                    }
                }
            }
        }
    }

    fn row(&self, row: &Row, y: usize) -> Markup {
        let base = match row.what {
            Item::Day(_) | Item::Line { .. } => y + 20,
            _ => y + height_of(&row.what) - 8,
        };
        let time = if matches!(row.what, Item::Line { .. }) { base } else { base + 4 };
        html! {
            @if row.is_later && !matches!(row.what, Item::Day(_)) {
                text class="time" x=(LEFT - 10) y=(time) { (row.at.short_time_of_day()) }
            }
            @match &row.what {
                Item::Day(date) => text class="line" x="16" y=(base) { (date) },
                Item::Line { number, text, .. } => {
                    rect class="line" x=(LEFT) y=(y + 6) width=(self.width - LEFT - RIGHT)
                        height="20" rx="3" {}
                    text class="line" x=(LEFT + 8) y=(y + 20) {
                        title { "line " (number) ": " (text) }
                        (number) ": " (fitting(text, self.width - LEFT - RIGHT))
                    }
                },
                Item::Stanzas(arrows) => (self.arrows(arrows, base)),
                Item::Network { lanes, text, .. } => (self.network(lanes, text, base)),
                Item::Note { lane, text, .. } => {
                    @let x = lane.map_or(LEFT, Self::x);
                    circle class="note" cx=(x) cy=(base) r="3.5" {}
                    (self.text("note", x, base + 4, text, text))
                },
            }
        }
    }

    fn network(&self, lanes: &[usize], text: &str, base: usize) -> Markup {
        let first = lanes.iter().min().map_or(LEFT, |lane| Self::x(*lane));
        let last = lanes.iter().max().map_or(self.width - RIGHT, |lane| Self::x(*lane));
        html! {
            path class="network" d={"M" (first) " " (base) "H" (last)} {}
            (self.text("network", first, base - 4, text, text))
        }
    }

    /// One arrow, or one with a head at each of several columns.
    fn arrows(&self, arrows: &[Arrow], base: usize) -> Markup {
        let Some(first) = arrows.first() else { return html! {} };
        let mut ends: Vec<usize> = arrows.iter().map(|arrow| arrow.to).collect();
        ends.sort_unstable();
        ends.dedup();
        let left = left_end(first, &ends);
        let label = match arrows.len() {
            1 => first.label.clone(),
            many => format!("×{many} {}", first.label),
        };
        let tip = match arrows.len() {
            1 => first.tip.clone(),
            many => format!("{} and {} more", first.tip, many - 1),
        };
        let class = format!("arrow {} {}", class_of(first), end_class(first.end));
        html! {
            g class=(class) {
                title { (tip) }
                @for end in ends { (stroke(first.from, end, first.end, base)) }
                @if arrows.len() > 1 { circle cx=(Self::x(first.from)) cy=(base) r="3" {} }
                (self.text("label", left, base - 4, &label, ""))
            }
        }
    }

    /// A text that begins a little to the right of here, or ends at the right edge.
    fn text(&self, class: &str, x: usize, y: usize, text: &str, tip: &str) -> Markup {
        let shown = fitting(text, self.width - LEFT - RIGHT);
        let room = self.width.saturating_sub(RIGHT + shown.chars().count() * CHARACTER);
        let x = (x + 8).min(room).max(LEFT);
        html! {
            text class=(class) x=(x) y=(y) {
                @if !tip.is_empty() { title { (tip) } }
                (shown)
            }
        }
    }
}

/// Where the leftmost line of an arrow ends.
fn left_end(arrow: &Arrow, ends: &[usize]) -> usize {
    let start = Places::x(arrow.from);
    let last = ends.iter().map(|end| Places::x(*end)).min().unwrap_or(start);
    start.min(match arrow.end {
        End::Arrived | End::Late => last,
        End::UnderWay | End::Lost => start.midpoint(last),
        End::Undeliverable => start.saturating_sub(LANE_WIDTH / 3).max(last),
    })
}

/// The line of an arrow and what is at its end.
fn stroke(from: usize, to: usize, end: End, y: usize) -> Markup {
    let (start, stop) = (Places::x(from), Places::x(to));
    if from == to {
        let loops = format!("M{start} {}h24v8h-22", y - 8);
        return html! { path d=(loops) {} };
    }
    let rightwards = stop > start;
    // One step back from a point of the line.
    let back = |x: usize, by: usize| if rightwards { x - by } else { x + by };
    let tip = back(stop, 2);
    let path = match end {
        End::Arrived | End::Late => {
            let wing = back(tip, 7);
            format!("M{start} {y}H{tip}M{wing} {}L{tip} {y}L{wing} {}", y - 4, y + 4)
        }
        End::UnderWay => format!("M{start} {y}H{}", back(stop, LANE_WIDTH / 4)),
        End::Lost => {
            // It breaks off between its ends.
            let cross = start.midpoint(stop);
            format!("M{start} {y}H{cross}{}", cross_at(cross, y))
        }
        End::Undeliverable => {
            let bar = if rightwards { start + LANE_WIDTH / 3 } else { start - LANE_WIDTH / 3 };
            format!("M{start} {y}H{bar}M{bar} {}v12{}", y - 6, cross_at(bar, y))
        }
    };
    html! { path d=(path) {} }
}

fn cross_at(x: usize, y: usize) -> String {
    format!("M{} {}l10 10M{} {}l10 -10", x - 5, y - 5, x - 5, y + 5)
}

fn height_of(item: &Item) -> usize {
    match item {
        Item::Day(_) | Item::Line { .. } => 34,
        Item::Stanzas(_) | Item::Network { .. } => 25,
        Item::Note { .. } => 20,
    }
}

/// As much of a text as there is room for.
fn fitting(text: &str, width: usize) -> String {
    plain::short(text, width / CHARACTER)
}

fn class_of(arrow: &Arrow) -> &'static str {
    use crate::transcript::Class;
    match arrow.class {
        Class::Message => "message",
        Class::Presence => "presence",
        Class::Iq => "iq",
        Class::Error => "error",
        _ => "gone",
    }
}

fn end_class(end: End) -> &'static str {
    match end {
        End::Arrived => "arrived",
        End::Late => "late",
        End::UnderWay => "underway",
        End::Lost => "lost",
        End::Undeliverable => "undeliverable",
    }
}

const STYLE: &str = include_str!("diagram.css");
