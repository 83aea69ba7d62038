//! The usual ways of being wrong.

use super::kit::{Class, Item, Wrong, parse};

/// Which stanzas.
pub type Which = fn(&str) -> bool;

fn is(item: &Item, host: &str, class: Class, which: Which) -> bool {
    item.class(host) == class && which(&item.text())
}

/// It does not send them.
pub fn drops(class: Class, which: Which) -> Wrong {
    Box::new(move |moment, items| items.retain(|item| !is(item, moment.host, class, which)))
}

/// It sends them otherwise.
pub fn edits(class: Class, which: Which, edit: fn(String) -> String) -> Wrong {
    Box::new(move |moment, items| {
        for item in items.iter_mut().filter(|item| is(item, moment.host, class, which)) {
            *item = item.with(parse(&edit(item.text())));
        }
    })
}

/// It sends them twice.
pub fn repeats(class: Class, which: Which) -> Wrong {
    Box::new(move |moment, items| {
        let mut all = Vec::new();
        for item in items.drain(..) {
            if is(&item, moment.host, class, which) {
                all.push(item.clone());
            }
            all.push(item);
        }
        *items = all;
    })
}

/// It sends what it sends at once in another order.
pub fn sorts(class: Class, place: fn(&str) -> i32) -> Wrong {
    Box::new(move |moment, items| {
        let of = |item: &Item| item.class(moment.host) == class;
        let mut some: Vec<Item> = items.iter().filter(|item| of(item)).cloned().collect();
        some.sort_by_key(|item| place(&item.text()));
        let mut some = some.into_iter();
        for item in items.iter_mut().filter(|item| of(item)) {
            *item = some.next().unwrap();
        }
    })
}

/// For each of them it sends something else besides.
pub fn adds(class: Class, which: Which, add: fn(&str) -> Option<String>) -> Wrong {
    Box::new(move |moment, items| {
        let texts: Vec<String> = items
            .iter()
            .filter(|item| is(item, moment.host, class, which))
            .map(Item::text)
            .collect();
        for text in texts {
            if let Some(more) = add(&text) {
                moment.forge(&more);
            }
        }
    })
}

/// Into what it sends at once to a newcomer it puts something else, before or after his own
/// presence.
pub fn mixes_in(before: bool, make: fn(&str) -> String) -> Wrong {
    Box::new(move |moment, items| {
        let own = items.iter().position(|item| {
            is(item, moment.host, Class::Down, |text| available(text) && text.contains("'110'"))
        });
        let Some(own) = own else { return };
        let more = items[own].with(parse(&make(&items[own].text())));
        items.insert(if before { own } else { own + 1 }, more);
    })
}

/// Only while the slave of the host is alone, or the master has lost the slave of the addressee.
pub fn while_split(mut wrong: Wrong) -> Wrong {
    Box::new(move |moment, items| {
        let lost = ["vesa.yeggmaex.irc", "eris.dclxvii.irc", "killrc.oulubox.irc"];
        let lost = lost.into_iter().any(|domain| moment.has_lost(domain));
        if moment.is_alone(moment.host) || (moment.host == super::kit::MASTER && lost) {
            wrong(moment, items);
        }
    })
}

/// Once the slave of vesa and its master have found each other again.
pub fn after_split(mut wrong: Wrong) -> Wrong {
    let mut was_lost = false;
    Box::new(move |moment, items| {
        let vesa = super::kit::VESA;
        let lost = moment.is_alone(vesa) || moment.has_lost(vesa);
        was_lost |= lost;
        if was_lost && !lost {
            wrong(moment, items);
        }
    })
}

// What stanzas are.

pub fn said(text: &str) -> bool {
    text.starts_with("<message") && text.contains("type='groupchat'") && text.contains("<body>")
}

pub fn live(text: &str) -> bool {
    said(text) && !late(text)
}

/// Of the past: with a delay of its own, or marked.
pub fn late(text: &str) -> bool {
    said(text)
        && (text.contains("\n  <delay") || text.contains("<history") || text.contains("backfill"))
}

pub fn available(text: &str) -> bool {
    text.starts_with("<presence") && !head(text).contains("type=")
}

pub fn unavailable(text: &str) -> bool {
    text.starts_with("<presence") && head(text).contains("type='unavailable'")
}

pub fn enter(text: &str) -> bool {
    text.contains("<enter ")
}

pub fn leave(text: &str) -> bool {
    text.contains("<leave ")
}

/// A presence for all.
pub fn news(text: &str) -> bool {
    available(text) && !enter(text) && !text.contains("<state")
}

pub fn gone(text: &str) -> bool {
    unavailable(text) && !leave(text) && !text.contains("'303'")
}

pub fn ping(text: &str) -> bool {
    text.starts_with("<iq") && text.contains("<ping")
}

pub fn any(_: &str) -> bool {
    true
}

/// The start tag.
pub fn head(text: &str) -> &str {
    text.split('>').next().unwrap_or(text)
}

/// The value of an attribute of the start tag.
pub fn attribute<'a>(text: &'a str, name: &str) -> &'a str {
    let start = format!(" {name}='");
    let rest = head(text).split_once(&start).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split('\'').next()).unwrap_or_default()
}

/// With another value of an attribute of the start tag.
pub fn with(text: &str, name: &str, value: &str) -> String {
    let old = format!(" {name}='{}'", attribute(text, name));
    text.replacen(&old, &format!(" {name}='{value}'"), 1)
}

/// With something at the end.
pub fn and(text: &str, more: &str) -> String {
    let kind = text[1..].split([' ', '>', '/']).next().unwrap_or_default();
    if let Some(start) = text.trim_end().strip_suffix("/>").filter(|one| !one.contains('>')) {
        return format!("{start}>{more}</{kind}>");
    }
    let end = format!("</{kind}>");
    let (start, _) = text.rsplit_once(&end).unwrap_or((text, ""));
    format!("{start}{more}{end}")
}

/// Without any `name='…'`.
pub fn without(text: &str, name: &str) -> String {
    let start = format!(" {name}='");
    let mut parts = text.split(&start);
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        all += part.split_once('\'').map_or("", |(_, rest)| rest);
    }
    all
}
