//! The head: title, description and tags.

use super::ast::{Matching, Profile, Span, Tags};
use super::lines::{Item, TextLine};
use super::mistake::Wrong;
use super::sections::Placed;
use super::values;
use super::words::{nearest, ticked};

/// What the comments before the cast say.
#[derive(Default)]
pub(super) struct Head {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) tags: Tags,
    /// Whether there is a tag `profile`.
    pub(super) has_profile: bool,
    /// The place of the tag `cast`: of its value, if it has one.
    pub(super) cast: Option<Span>,
}

/// Read the head of a file, up to the line of dashes. Title and description end where the first
/// section begins; tags may stand between sections.
pub(super) fn head(items: &[Item<'_>], flaws: &mut Vec<Placed>) -> Head {
    let mut head = Head::default();
    let mut in_cast = false;
    let mut seen: Vec<&str> = Vec::new();
    let mut description: Vec<&str> = Vec::new();
    let mut titled = false;
    for item in items {
        let line = match item {
            Item::Comment(line) => line,
            Item::Block(_) => {
                in_cast = true;
                continue;
            }
            Item::Blank => continue,
            Item::Dashes(_) => break,
        };
        if let Some(tag) = line.text.strip_prefix("##") {
            read_tag(&mut head, line, tag, &mut seen, flaws);
        } else if let Some(comment) = line.text.strip_prefix('#').filter(|_| !in_cast) {
            if titled {
                description.push(comment.trim());
            } else {
                head.title = comment.trim().to_owned();
                titled = true;
            }
        }
    }
    head.description = description.join("\n");
    head
}

fn read_tag<'a>(
    head: &mut Head,
    line: &TextLine<'_>,
    tag: &'a str,
    seen: &mut Vec<&'a str>,
    flaws: &mut Vec<Placed>,
) {
    let (name, value) = match tag.split_once(':') {
        Some((name, value)) => (name.trim(), value.trim()),
        None => (tag.trim(), ""),
    };
    let at = |part: &str| {
        let start = line.text.find(part).unwrap_or_default();
        line.span(start, start + part.len())
    };
    if !TAGS.contains(&name) {
        let meant = nearest(name, TAGS);
        // The rest of the file can be judged only with the cast that was meant.
        if meant.as_deref() == Some("cast") && head.cast.is_none() {
            let start = line.text.len() - value.len();
            head.cast = Some(line.span(start, line.text.len()));
            head.tags.cast = cast_name(value).ok();
        }
        let wrong = Wrong::UnknownTag {
            found: name.to_owned(),
            meant,
            known: TAGS.iter().map(|tag| ticked(tag)).collect(),
        };
        flaws.push((wrong, at(name), 0));
    } else if value.is_empty() {
        head.has_profile |= name == "profile";
        if name == "cast" {
            head.cast = Some(line.whole());
        }
        flaws.push((Wrong::NoTagValue { tag: name.to_owned() }, line.whole(), 0));
    } else if seen.contains(&name) && name != "spec" {
        flaws.push((Wrong::Twice { what: format!("the tag `{name}`") }, at(name), 0));
    } else {
        seen.push(name);
        let start = line.text.len() - value.len();
        let span = line.span(start, line.text.len());
        head.has_profile |= name == "profile";
        if name == "cast" {
            head.cast = Some(span);
        }
        if let Err(wrong) = set_tag(&mut head.tags, name, value) {
            flaws.push((wrong, span, 0));
        }
    }
}

fn set_tag(tags: &mut Tags, name: &str, value: &str) -> Result<(), Wrong> {
    let parts = || value.split(',').map(str::trim).filter(|part| !part.is_empty());
    match name {
        "spec" => tags.spec.extend(parts().map(str::to_owned)),
        "profile" => tags.profile = profile(value)?,
        "cast" => tags.cast = Some(cast_name(value)?),
        "epoch" => tags.epoch = values::stamp(value)?,
        "seed" => tags.seed = values::large_number(value)?,
        "match" => tags.matching = matching(value)?,
        _ => tags.examples = parts().map(example).collect::<Result<_, _>>()?,
    }
    Ok(())
}

fn profile(value: &str) -> Result<Profile, Wrong> {
    let profile = Profile::ALL.into_iter().find(|profile| profile.name() == value);
    profile.ok_or_else(|| values::bad(value, "`core`, `muc` or `full`", ""))
}

fn matching(value: &str) -> Result<Matching, Wrong> {
    match value {
        "skip" => Ok(Matching::Skip),
        "exact" => Ok(Matching::Exact),
        _ => Err(values::bad(value, "`skip` or `exact`", "")),
    }
}

fn example(value: &str) -> Result<u32, Wrong> {
    let number = values::number(value).ok().filter(|number| (1..=EXAMPLES).contains(number));
    number.ok_or_else(|| values::bad(value, "the number of an example (1 to 20)", ""))
}

/// A name without anything that could lead out of the directory of casts.
fn cast_name(value: &str) -> Result<String, Wrong> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if value.chars().all(plain) {
        Ok(value.to_owned())
    } else {
        Err(values::bad(value, "the name of a cast, without directory and extension", ""))
    }
}

const TAGS: [&str; 7] = ["spec", "profile", "cast", "epoch", "seed", "examples", "match"];

/// How many examples XEP-0282 has.
const EXAMPLES: u32 = 20;
