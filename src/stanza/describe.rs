//! A stanza in one line, for the terminal: its kind, its addresses with short names, its type, and
//! a word or two for each payload. Not made to be read back.

mod affairs;
mod payload;

use std::collections::{BTreeMap, BTreeSet};

use super::{Jid, Stanza};

/// Short names: domains by their first label, as far as that tells them apart.
#[derive(Clone, Debug, Default)]
pub struct ShortNames(BTreeMap<String, String>);

impl ShortNames {
    /// Short names for these domains. Every other one keeps its full name.
    pub fn of<'a>(domains: impl IntoIterator<Item = &'a str>) -> Self {
        let domains: BTreeSet<&str> = domains.into_iter().collect();
        let mut by_label: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for domain in &domains {
            let label = domain.split('.').next().unwrap_or(domain);
            by_label.entry(label).or_default().push(domain);
        }
        let unique = by_label.into_iter().filter_map(|(label, domains)| match domains[..] {
            [domain] => Some((domain.to_owned(), label.to_owned())),
            _ => None,
        });
        Self(unique.collect())
    }

    /// A domain, shortened.
    pub fn domain<'a>(&'a self, domain: &'a str) -> &'a str {
        self.0.get(domain).map_or(domain, String::as_str)
    }

    /// A JID with its domain shortened. What is not a JID stays as it is.
    pub fn jid(&self, jid: &str) -> String {
        Jid::new(jid).map_or_else(|_| jid.to_owned(), |jid| self.of_jid(&jid))
    }

    fn of_jid(&self, jid: &Jid) -> String {
        let mut out = String::new();
        if let Some(node) = jid.node() {
            out.push_str(node.as_str());
            out.push('@');
        }
        out.push_str(self.domain(jid.domain().as_str()));
        if let Some(resource) = jid.resource() {
            out.push('/');
            out.push_str(resource.as_str());
        }
        out
    }
}

impl Stanza {
    /// The stanza in one line:
    /// `presence wallops@channel/BigCheese -> slave@vesa  enter rubenro@vesa/shaver history≤20`.
    pub fn describe(&self, names: &ShortNames) -> String {
        let mut out = self.kind.name().to_owned();
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => {
                out.push_str(&format!(" {} -> {}", names.of_jid(from), names.of_jid(to)));
            }
            (Some(from), None) => out.push_str(&format!(" {} ->", names.of_jid(from))),
            (None, Some(to)) => out.push_str(&format!(" -> {}", names.of_jid(to))),
            (None, None) => {}
        }
        let content = self.content_words(names);
        if !content.is_empty() {
            out.push_str("  ");
            out.push_str(&content);
        }
        // Control characters would break the line, or speak to the terminal.
        out.replace(char::is_control, " ")
    }

    /// The same without its kind and its addresses: its type and its payloads.
    pub fn describe_content(&self, names: &ShortNames) -> String {
        self.content_words(names).replace(char::is_control, " ")
    }

    fn content_words(&self, names: &ShortNames) -> String {
        let payloads = self.payloads.iter().filter_map(|payload| payload::describe(payload, names));
        let words = self.type_.as_str().map(str::to_owned).into_iter().chain(payloads);
        words.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests;
