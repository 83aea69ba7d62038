//! The one canonical layout of a scenario or a cast.
//!
//! Only whitespace and punctuation that mean nothing change: words, texts, bodies and comments stay
//! as they are, so that a scenario means the same before and after. Indentation is one tab; there
//! is one space between words, one empty line at most between lines, and one around each section
//! and the line of dashes; bodies keep their inner indentation.

use super::gaps::Gaps;
use super::lines::{Block, Item, TextLine, items};
use super::mistake::{Mistakes, Wrong};
use super::parse::{checked_lines, halves, mistakes};
use super::sections::{Placed, sections};
use super::source::Source;
use super::token::{TokenKind, tokens};

/// The text in its canonical layout. Formatting that again changes nothing.
///
/// # Errors
///
/// What keeps it from being laid out: lines of which it is not clear what they are. Names are not
/// looked up.
pub fn format(source: &Source) -> Result<String, Mistakes> {
    let lines = checked_lines(source)?;
    let items = items(&lines);
    let mut flaws: Vec<Placed> = Vec::new();
    let (cast, script) = halves(&items, &mut flaws);
    sections(&cast, 0, &mut flaws, &mut Gaps::default());
    for block in script {
        check(block, false, &mut flaws);
    }
    if !flaws.is_empty() {
        return Err(mistakes(flaws, source, None));
    }
    let mut layout = Layout::default();
    let dashes = items.iter().position(|item| matches!(item, Item::Dashes(_)));
    let (head, script) = items.split_at(dashes.unwrap_or(items.len()));
    layout.head(head);
    layout.script(script);
    Ok(layout.text)
}

/// `inside` a `meanwhile` there is no other, and so no depth to get lost in.
fn check(block: &Block<'_>, inside: bool, flaws: &mut Vec<Placed>) {
    if !block.line.indent().is_empty() {
        flaws.push((Wrong::Indented, block.line.span(0, block.line.indent().len()), 0));
    }
    match tokens(&block.line) {
        Err((wrong, span)) => flaws.push((wrong, span, 0)),
        Ok(_) if begins_a_line(&sentence(block)) => {}
        Ok(_) => {
            let found = Some(block.line.text.trim().to_owned());
            let expected = vec!["a name or a verb".to_owned()];
            let wrong = Wrong::Unexpected { found, meant: None, expected };
            flaws.push((wrong, block.line.whole(), 0));
        }
    }
    if is_meanwhile(block) && inside {
        flaws.push((Wrong::NotAtOneInstant, block.line.whole(), 0));
    } else if is_meanwhile(block) {
        for item in items(&block.dedented_with_comments()) {
            if let Item::Block(inner) = item {
                check(&inner, true, flaws);
            }
        }
    }
}

/// Whether a line that was laid out is still one: without its first colons it could be a comment,
/// or nothing.
fn begins_a_line(text: &str) -> bool {
    let line = TextLine { number: 1, offset: 0, text, cut: 0 };
    !line.is_blank() && !line.is_comment()
}

/// A text that grows line by line.
#[derive(Default)]
struct Layout {
    text: String,
    /// Whether an empty line is to come before the next line.
    gap: bool,
    /// Whether the last line was a comment.
    commented: bool,
}

impl Layout {
    fn line(&mut self, line: &str) {
        if self.gap && !self.text.is_empty() {
            self.text.push('\n');
        }
        self.gap = false;
        self.commented = false;
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn comment(&mut self, line: &str) {
        self.line(line);
        self.commented = true;
    }

    fn head_comment(&mut self, text: &str) {
        self.line(&head_comment(text));
        // A tag is about the whole scenario, not about the section that follows.
        self.commented = !text.starts_with("##");
    }

    fn head(&mut self, items: &[Item<'_>]) {
        for item in items {
            match item {
                Item::Blank => self.gap = true,
                Item::Comment(line) => self.head_comment(line.text),
                Item::Block(block) => self.section(block),
                Item::Dashes(_) => {}
            }
        }
    }

    fn section(&mut self, block: &Block<'_>) {
        self.gap |= !self.commented;
        self.line(&spaced(block.line.text));
        for line in block.body.iter().filter(|line| !line.is_blank()) {
            match line.text.split_once(':') {
                _ if line.is_comment() => self.comment(line.text),
                Some((key, value)) => self.line(&format!("\t{}: {}", key.trim(), value.trim())),
                None => self.line(&format!("\t{}", line.text.trim())),
            }
        }
        self.gap = true;
    }

    fn script(&mut self, items: &[Item<'_>]) {
        for item in items {
            match item {
                Item::Blank => self.gap = true,
                Item::Comment(line) => self.comment(line.text),
                Item::Block(block) => self.block(block, ""),
                Item::Dashes(_) => {
                    self.gap = true;
                    self.line("-----");
                    self.gap = true;
                }
            }
        }
    }

    fn block(&mut self, block: &Block<'_>, indent: &str) {
        self.line(&format!("{indent}{}", sentence(block)));
        if is_meanwhile(block) {
            for item in items(&block.dedented_with_comments()) {
                match item {
                    Item::Blank => self.gap = true,
                    Item::Comment(line) | Item::Dashes(line) => {
                        self.comment(&format!("{indent}\t{}", line.text));
                    }
                    Item::Block(inner) => self.block(&inner, &format!("{indent}\t")),
                }
            }
            return;
        }
        for line in block.dedented_with_comments() {
            match (line.is_blank(), is_margin_comment(&line)) {
                (true, _) => self.line(""),
                (false, true) => self.comment(line.text),
                (false, false) => self.line(&format!("{indent}\t{}", line.text)),
            }
        }
    }
}

/// A line of the script with single spaces, without colons that mean nothing, and with one before a
/// body.
fn sentence(block: &Block<'_>) -> String {
    let mut text = String::new();
    for token in tokens(&block.line).unwrap_or_default() {
        match token.kind {
            TokenKind::Colon => continue,
            TokenKind::Comma => {}
            TokenKind::Word(_) | TokenKind::Text(_) if text.is_empty() => {}
            TokenKind::Word(_) | TokenKind::Text(_) => text.push(' '),
        }
        text.push_str(token.text);
    }
    if !block.body.is_empty() && !is_meanwhile(block) {
        text.push(':');
    }
    text
}

fn is_meanwhile(block: &Block<'_>) -> bool {
    let word = block.line.text.trim_end_matches(':').trim_end();
    word == "meanwhile" || word == "Meanwhile"
}

/// A comment at the left margin within a body; one of a dedented line is text of the body.
fn is_margin_comment(line: &TextLine<'_>) -> bool {
    line.is_comment() && line.cut == 0
}

/// `#title` as `# title`, `##seed:1` as `## seed: 1`.
fn head_comment(text: &str) -> String {
    if let Some(tag) = text.strip_prefix("##") {
        let tag = tag.trim();
        return match tag.split_once(':') {
            Some((key, value)) => format!("## {}: {}", key.trim(), value.trim()),
            None => format!("## {tag}"),
        };
    }
    match text.strip_prefix('#').map(str::trim) {
        Some("") => "#".to_owned(),
        Some(comment) => format!("# {comment}"),
        None => text.to_owned(),
    }
}

/// With single spaces.
fn spaced(text: &str) -> String {
    let heading = text.replacen(']', "] ", 1);
    heading.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(text: &str) -> String {
        format(&Source::new("test.scs", text)).expect("it can be laid out")
    }

    #[test]
    fn a_scenario_gets_its_canonical_layout() {
        let untidy = "\n\n#  Title\n#\n##seed:1\n[Client]   WiZ\n    jid:squit@eris.example\n\n    \
            nick :  Wiz\n[Room] wallops\n  jid: wallops@channel.example\n--------\nWiz  ,Troy and  X \
            say   \"a  b\"\n\n\n\nWiz receives:  nothing\n# why\nWiz sends\n      <message>\n   \
            \n        <body>x</body>\n// inside\n      </message>\n\nmeanwhile:\n    Wiz connects:\n\
            \n    # one\n# two\n    Troy sends\n      <presence/>\n\n";
        let tidy = "# Title\n#\n## seed: 1\n\n[Client] WiZ\n\tjid: squit@eris.example\n\tnick: Wiz\n\
            \n[Room] wallops\n\tjid: wallops@channel.example\n\n-----\n\nWiz, Troy and X say \"a  b\"\
            \n\nWiz receives nothing\n# why\nWiz sends:\n\t<message>\n\n\t  <body>x</body>\n\
            // inside\n\t</message>\n\nmeanwhile\n\tWiz connects\n\n\t# one\n\t# two\n\tTroy sends:\n\
            \t\t<presence/>\n";
        assert_eq!(formatted(untidy), tidy);
        assert_eq!(formatted(tidy), tidy);
    }

    #[test]
    fn what_cannot_be_laid_out_is_refused() {
        for text in ["", "-----\n\tWiz connects", "-----\nWiz says \"x", "Wiz connects", "[Client"]
        {
            assert!(format(&Source::new("test.scs", text)).is_err(), "{text}");
        }
    }
}
