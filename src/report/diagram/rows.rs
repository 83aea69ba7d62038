//! Rows and bands of a diagram, entry by entry.

use std::collections::{BTreeMap, BTreeSet};

use super::bands::Bands;
use super::hosts::{Hosts, Only};
use super::{Arrow, Band, DiagramError, End, Item, Lane, Options, Row, label};
use crate::dmuc::Note;
use crate::report::plain;
use crate::stanza::{Element, Stanza, ns};
use crate::time::{Duration, Time};
use crate::transcript::{Entry, Fate, Hop, Transcript, What};

/// Within this time a host that sends something to several has sent it to all.
const AT_ONCE: Duration = Duration::from_millis(5);

/// How long a line of a scenario, a fault or a note is at most, in characters.
const TEXT_MAX: usize = 240;

/// Rows and bands of a transcript in these columns.
pub(super) fn draw(
    transcript: &Transcript,
    hosts: &Hosts,
    lanes: &[Lane],
    only: Option<&Only>,
    options: &Options,
) -> Result<(Vec<Row>, Vec<Band>), DiagramError> {
    let index: BTreeMap<&str, usize> =
        lanes.iter().enumerate().map(|(index, lane)| (&*lane.host, index)).collect();
    let lane_of = |name: &str| hosts.host_of(name).and_then(|host| index.get(&**host).copied());
    let mut drawing = Drawing {
        hosts,
        lane_of: &lane_of,
        bands: Bands::new(&lane_of),
        rows: Vec::new(),
        line: None,
        day: transcript.header.epoch.date(),
        is_filtered: only.is_some(),
        rows_max: options.rows_max,
    };
    let entries = &transcript.entries;
    let kept = |at: usize| entries.get(at).is_some_and(|entry| hosts.concerns(entry, only));
    let mut splits = options.splits.iter().peekable();
    let mut at = 0;
    while let Some(entry) = entries.get(at) {
        let run = match &entry.what {
            What::Hop(_) if !options.unfold => fan_out(entries, at),
            _ => 1,
        };
        while let Some((_, note)) = splits.next_if(|(shows, _)| *shows < at + run) {
            drawing.inferred(note);
        }
        let indexes: Vec<usize> = (at..at + run).filter(|index| kept(*index)).collect();
        drawing.entries(entries, &indexes)?;
        at += run;
    }
    let Drawing { bands, rows, .. } = drawing;
    let bands = bands.finish(rows.len());
    Ok((rows, bands))
}

struct Drawing<'a, F> {
    hosts: &'a Hosts,
    lane_of: &'a F,
    bands: Bands<&'a F>,
    rows: Vec<Row>,
    /// A line of the scenario below which nothing stands yet.
    line: Option<Row>,
    day: String,
    is_filtered: bool,
    rows_max: usize,
}

impl<F: Fn(&str) -> Option<usize>> Drawing<'_, F> {
    /// These entries of one instant: one, or a fan-out.
    fn entries(&mut self, entries: &[Entry], indexes: &[usize]) -> Result<(), DiagramError> {
        let [first, ..] = indexes else { return Ok(()) };
        let entry = &entries[*first];
        self.new_day(entry.at)?;
        match &entry.what {
            What::Line { number, text } => {
                let text = plain::short(text, TEXT_MAX);
                self.line(entry.at, Item::Line { entry: *first, number: *number, text })
            }
            What::Fault(fault) => {
                let text = network_text(entry);
                self.bands.fault(fault, self.next_row(), &text);
                self.network(*first, entry, text)
            }
            What::Stream { .. } => self.network(*first, entry, network_text(entry)),
            What::Note(note) => {
                let text = plain::short(&note.in_short(&self.hosts.short), TEXT_MAX);
                self.bands.note(note, self.next_row(), &text);
                let lane = (self.lane_of)(note.by.as_str());
                self.push(entry.at, Item::Note { entry: *first, lane, text })
            }
            What::Hop(_) | What::Undeliverable { .. } => self.stanzas(entries, indexes),
        }
    }

    /// A machine would say this of a split now, if it said anything.
    fn inferred(&mut self, note: &Note) {
        let text = format!("{}, as it seems", note.in_short(&self.hosts.short));
        self.bands.note(note, self.next_row(), &plain::short(&text, TEXT_MAX));
    }

    fn network(&mut self, index: usize, entry: &Entry, text: String) -> Result<(), DiagramError> {
        let concerned = self.hosts.concerned(entry);
        let lanes = concerned.into_iter().filter_map(|host| (self.lane_of)(host)).collect();
        self.push(entry.at, Item::Network { entry: index, lanes, text })
    }

    /// Stanzas that one host sent at one instant: an arrow for each way in which they fared.
    fn stanzas(&mut self, entries: &[Entry], indexes: &[usize]) -> Result<(), DiagramError> {
        let mut fared: Vec<(End, Vec<Arrow>)> = Vec::new();
        for index in indexes {
            let Some(arrow) = self.arrow(*index, &entries[*index]) else { continue };
            match fared.iter_mut().find(|(end, _)| *end == arrow.end) {
                Some((_, arrows)) => arrows.push(arrow),
                None => fared.push((arrow.end, vec![arrow])),
            }
        }
        let Some(at) = indexes.first().map(|index| entries[*index].at) else { return Ok(()) };
        fared.into_iter().try_for_each(|(_, arrows)| self.push(at, Item::Stanzas(arrows)))
    }

    fn arrow(&self, index: usize, entry: &Entry) -> Option<Arrow> {
        let (from, to, stanza, end, fate) = match &entry.what {
            What::Hop(hop) => {
                let fate = unusual_fate(hop).unwrap_or_default();
                (&hop.from, &hop.to, &hop.stanza, end_of(hop), fate)
            }
            What::Undeliverable { at, to, stanza } => {
                (at, to, stanza, End::Undeliverable, "undeliverable".to_owned())
            }
            _ => return None,
        };
        let names = &self.hosts.short;
        let short = |name: &str| match crate::transcript::is_client(name) {
            true => names.jid(name),
            false => names.domain(name).to_owned(),
        };
        let label = label::of(from, stanza, self.hosts);
        let route = format!("{} → {}", short(from), short(to));
        let what = stanza.describe(names);
        Some(Arrow {
            entry: index,
            from: (self.lane_of)(from)?,
            to: (self.lane_of)(to)?,
            end,
            class: entry.class(),
            label: if fate.is_empty() { label } else { format!("{label}, {fate}") },
            tip: label::tip(&entry.at.short_time_of_day(), &route, &fate, &what),
        })
    }

    fn new_day(&mut self, at: Time) -> Result<(), DiagramError> {
        let date = at.date();
        if date == self.day {
            return Ok(());
        }
        self.day.clone_from(&date);
        self.push(at, Item::Day(date))
    }

    /// A line of the scenario. If not everything is drawn, it waits until something is to be drawn
    /// below it.
    fn line(&mut self, at: Time, what: Item) -> Result<(), DiagramError> {
        if !self.is_filtered {
            return self.push(at, what);
        }
        self.line = Some(Row { at, is_later: true, what });
        Ok(())
    }

    /// The row that what comes now will stand in.
    fn next_row(&self) -> usize {
        self.rows.len() + usize::from(self.line.is_some())
    }

    fn push(&mut self, at: Time, what: Item) -> Result<(), DiagramError> {
        if self.next_row() >= self.rows_max {
            return Err(DiagramError::TooLong(self.rows_max));
        }
        for mut row in self.line.take().into_iter().chain([Row { at, is_later: true, what }]) {
            row.is_later = self.rows.last().is_none_or(|last| last.at != row.at);
            self.rows.push(row);
        }
        Ok(())
    }
}

fn network_text(entry: &Entry) -> String {
    plain::short(entry.headline().trim_start_matches("! "), TEXT_MAX)
}

/// How a stanza fared, if that is unusual. Where it took no time, as in the logs of others, nobody
/// knows how long it took.
fn unusual_fate(hop: &Hop) -> Option<String> {
    hop.unusual_fate().filter(|_| hop.fate != Fate::Delivered(Duration::ZERO))
}

fn end_of(hop: &Hop) -> End {
    match hop.fate {
        Fate::Delivered(_) if unusual_fate(hop).is_none() => End::Arrived,
        Fate::Delivered(_) => End::Late,
        Fate::UnderWay => End::UnderWay,
        Fate::Lost => End::Lost,
    }
}

/// How many entries from this one on are one stanza to several: they leave one host at one instant,
/// or as soon after as a real one writes them, are from one, say the same, and each is to somebody
/// else.
fn fan_out(entries: &[Entry], at: usize) -> usize {
    let Some((first, leaves)) = entries.get(at).and_then(hop_of) else { return 1 };
    let mut told = BTreeSet::from([(&first.to, &first.stanza.to)]);
    let rest = entries[at + 1..].iter();
    let others = rest.take_while(|entry| {
        hop_of(entry).is_some_and(|(hop, when)| {
            when < leaves + AT_ONCE
                && hop.from == first.from
                && says_the_same(&first.stanza, &hop.stanza)
                && told.insert((&hop.to, &hop.stanza.to))
        })
    });
    1 + others.count()
}

fn hop_of(entry: &Entry) -> Option<(&Hop, Time)> {
    match &entry.what {
        What::Hop(hop) => Some((hop, entry.at)),
        _ => None,
    }
}

/// Whether two stanzas are one but for what each reader may see of who it is from. What makes or
/// ends an occupant of a slave is told apart.
fn says_the_same(one: &Stanza, other: &Stanza) -> bool {
    one.kind == other.kind
        && one.type_ == other.type_
        && one.from == other.from
        && (std::sync::Arc::ptr_eq(&one.payloads, &other.payloads)
            || (said(one).eq(said(other)) && told_to_slaves(one).eq(told_to_slaves(other))))
}

fn said(stanza: &Stanza) -> impl Iterator<Item = &Element> {
    let for_readers =
        |payload: &&Element| payload.is("x", ns::MUC_USER) || payload.is("x", ns::DMUC);
    stanza.payloads.iter().filter(move |payload| !for_readers(payload))
}

fn told_to_slaves(stanza: &Stanza) -> impl Iterator<Item = &Element> {
    let elements = stanza.payload("x", ns::DMUC).into_iter().flat_map(Element::children);
    elements.filter(|element| matches!(element.name(), "enter" | "leave"))
}
