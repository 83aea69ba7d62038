//! Stanzas as a test expects them: XML in which an attribute may be left open.
//!
//! The value `*` stands for any value, `$name` for one that is the same wherever it is named, and
//! `$name+2` for the number that is 2 more. Children are compared with children of the same name,
//! in order; what is not expected is a fault.

use std::collections::BTreeMap;

use wallops::stanza::{Element, Stanza};

use crate::cast::xml;
use crate::record::text;

/// The values of names.
pub type Names = BTreeMap<String, String>;

/// Whether `actual` is as `expected` says; what is different otherwise.
pub fn differs(expected: &str, actual: &Stanza, names: &mut Names) -> Option<String> {
    compare(&Element::from(&xml(expected)), &Element::from(actual), names).err()
}

/// All of them, in this order, and nothing else.
#[track_caller]
pub fn assert_all(actual: &[Stanza], expected: &[&str], names: &mut Names) {
    let story = || actual.iter().map(text).collect::<Vec<_>>().join("\n  ");
    for (index, wanted) in expected.iter().enumerate() {
        let Some(stanza) = actual.get(index) else {
            panic!("missing: {wanted}\nall that was sent:\n  {}", story());
        };
        if let Some(fault) = differs(wanted, stanza, names) {
            panic!("{fault}\nexpected: {wanted}\nactual: {}\nall:\n  {}", text(stanza), story());
        }
    }
    let rest: Vec<_> = actual.iter().skip(expected.len()).map(text).collect();
    assert!(rest.is_empty(), "not expected:\n  {}\nall:\n  {}", rest.join("\n  "), story());
}

fn compare(expected: &Element, actual: &Element, names: &mut Names) -> Result<(), String> {
    if (expected.name(), expected.ns()) != (actual.name(), actual.ns()) {
        return Err(format!("<{}/> in place of <{}/>", actual.name(), expected.name()));
    }
    let inside = actual.name().to_owned();
    for ((_, name), value) in actual.attrs() {
        if expected.attr(name.as_str()).is_none() {
            return Err(format!("attribute {name}={value:?} of <{inside}/> is not expected"));
        }
    }
    for ((_, name), value) in expected.attrs() {
        let got = actual.attr(name.as_str()).ok_or(format!("<{inside}/> has no {name}"))?;
        fits(value, got, names).map_err(|fault| format!("{name} of <{inside}/>: {fault}"))?;
    }
    if expected.text().trim() != actual.text().trim() {
        return Err(format!("the text {:?} of <{inside}/>", actual.text()));
    }
    let mut left: Vec<_> = actual.children().collect();
    for child in expected.children() {
        let place = left.iter().position(|other| other.is(child.name(), child.ns().as_str()));
        let place = place.ok_or(format!("<{inside}/> without <{}/>", child.name()))?;
        compare(child, left.remove(place), names)?;
    }
    match left.first() {
        Some(child) => Err(format!("<{}/> in <{inside}/> is not expected", child.name())),
        None => Ok(()),
    }
}

fn fits(expected: &str, actual: &str, names: &mut Names) -> Result<(), String> {
    let Some(name) = expected.strip_prefix('$') else {
        return if expected == "*" || expected == actual {
            Ok(())
        } else {
            Err(format!("{actual:?} in place of {expected:?}"))
        };
    };
    let (name, more) = name.split_once('+').unwrap_or((name, "0"));
    let wanted = match names.get(name) {
        None => {
            names.insert(name.to_owned(), actual.to_owned());
            return Ok(());
        }
        Some(value) if more == "0" => value.clone(),
        Some(value) => {
            let sum = value.parse::<u64>().unwrap() + more.parse::<u64>().unwrap();
            sum.to_string()
        }
    };
    let fault = format!("{actual:?} in place of {wanted:?} (${name})");
    if wanted == actual { Ok(()) } else { Err(fault) }
}

/// The text with its names replaced by their values.
pub fn filled(text: &str, names: &Names) -> String {
    let mut filled = text.to_owned();
    // Longer names first: one may begin with another.
    let mut known: Vec<_> = names.iter().collect();
    known.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    for (name, value) in known {
        for more in (1..10).rev() {
            let sum = format!("${name}+{more}");
            if filled.contains(&sum) {
                let value = value.parse::<u64>().unwrap() + more;
                filled = filled.replace(&sum, &value.to_string());
            }
        }
        filled = filled.replace(&format!("${name}"), value);
    }
    filled
}

#[test]
fn a_name_stands_for_one_value() {
    let mut names = Names::new();
    let one = xml("<iq type='get' id='x7' from='a@b' to='c@d'><at xmlns='q' seq='4'/></iq>");
    let pattern = "<iq type='get' id='$i' from='a@b' to='*'><at xmlns='q' seq='$n'/></iq>";
    assert_eq!(differs(pattern, &one, &mut names), None);
    let next = "<iq type='get' id='$i' from='a@b' to='c@d'><at xmlns='q' seq='$n+1'/></iq>";
    assert!(differs(next, &one, &mut names).unwrap().contains("\"5\""));
    assert_eq!(filled("$i $n+1", &names), "x7 5");
    let more = "<iq type='get' id='$i' from='a@b' to='c@d'/>";
    assert!(differs(more, &one, &mut names).unwrap().contains("not expected"));
}
