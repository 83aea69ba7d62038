//! The lines of a file, and which of them belong together.

use super::ast::Span;

/// A line without its line break and without whitespace at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextLine<'a> {
    /// From 1.
    pub(super) number: u32,
    /// Bytes before it in the file.
    pub(super) offset: usize,
    /// What it says, with its indentation.
    pub(super) text: &'a str,
    /// How many characters of its indentation were cut off.
    pub(super) cut: usize,
}

/// What a file is made of.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    /// One or more lines with nothing on them.
    Blank,
    /// A line that begins with `#`, `//` or `--`.
    Comment(TextLine<'a>),
    /// Five dashes or more: the end of the cast.
    Dashes(TextLine<'a>),
    /// Anything else, with the indented lines below it.
    Block(Block<'a>),
}

/// A line and the indented lines below it.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    /// The line; itself indented only if nothing is above it.
    pub(super) line: TextLine<'a>,
    /// The lines of its body, first and last of them indented; between them may be blank lines and
    /// comments.
    pub(super) body: Vec<TextLine<'a>>,
}

impl<'a> TextLine<'a> {
    /// The whitespace before its text.
    pub(super) fn indent(&self) -> &'a str {
        &self.text[..self.text.len() - self.text.trim_start_matches(INDENT).len()]
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn is_comment(&self) -> bool {
        ["#", "//", "--"].iter().any(|mark| self.text.starts_with(mark))
    }

    fn is_dashes(&self) -> bool {
        self.text.len() >= 5 && self.text.bytes().all(|byte| byte == b'-')
    }

    /// The place of the bytes from `start` to `end` of the text.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let column = self.cut + self.text[..start].chars().count() + 1;
        Span {
            line: self.number,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            offset: self.offset + start,
            len: end - start,
        }
    }

    /// The place of the line without its indentation.
    pub(super) fn whole(&self) -> Span {
        self.span(self.indent().len(), self.text.len())
    }

    /// The line without its first bytes, which are whitespace.
    pub(super) fn without(&self, indent: usize) -> TextLine<'a> {
        let text = self.text.get(indent..).unwrap_or_default();
        // Whitespace of one byte each.
        let gone = self.text.len() - text.len();
        TextLine { number: self.number, offset: self.offset + gone, text, cut: self.cut + gone }
    }
}

/// The lines of a text. A byte order mark is no part of the first.
pub(super) fn lines(text: &str) -> Vec<TextLine<'_>> {
    let mut offset = 0;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let mark = if number == 1 && line.starts_with(MARK) { MARK.len_utf8() } else { 0 };
        let text = line[mark..].trim_end();
        lines.push(TextLine { number, offset: offset + mark, text, cut: 0 });
        offset += line.len();
    }
    lines
}

/// Put lines together. Only the first line of dashes is one; later ones are comments.
pub(super) fn items<'a>(lines: &[TextLine<'a>]) -> Vec<Item<'a>> {
    let mut items: Vec<Item<'a>> = Vec::new();
    // Blank lines and comments that belong to a body if an indented line follows.
    let mut waiting: Vec<TextLine<'a>> = Vec::new();
    let mut dashes_seen = false;
    for line in lines {
        if line.is_dashes() && !dashes_seen {
            dashes_seen = true;
            settle(&mut items, &mut waiting);
            items.push(Item::Dashes(*line));
        } else if line.is_blank() || line.is_comment() {
            waiting.push(*line);
        } else if let Some(Item::Block(block)) = items.last_mut()
            && !line.indent().is_empty()
        {
            block.body.append(&mut waiting);
            block.body.push(*line);
        } else {
            settle(&mut items, &mut waiting);
            items.push(Item::Block(Block { line: *line, body: Vec::new() }));
        }
    }
    settle(&mut items, &mut waiting);
    items
}

fn settle<'a>(items: &mut Vec<Item<'a>>, waiting: &mut Vec<TextLine<'a>>) {
    for line in waiting.drain(..) {
        match (line.is_blank(), items.last()) {
            (true, Some(Item::Blank)) => {}
            (true, _) => items.push(Item::Blank),
            (false, _) => items.push(Item::Comment(line)),
        }
    }
}

impl<'a> Block<'a> {
    /// The body without the indentation that all its lines have in common; comments become blank.
    pub(super) fn dedented(&self) -> Vec<TextLine<'a>> {
        let blank = |line: &TextLine<'a>, dedented: TextLine<'a>| {
            if line.is_comment() { line.without(line.text.len()) } else { dedented }
        };
        let dedented = self.dedented_with_comments();
        self.body.iter().zip(dedented).map(|(line, dedented)| blank(line, dedented)).collect()
    }

    /// Like [`Block::dedented`], with comments as they are.
    pub(super) fn dedented_with_comments(&self) -> Vec<TextLine<'a>> {
        let apart = |line: &&TextLine<'a>| line.is_blank() || line.is_comment();
        let mut common: Option<&str> = None;
        for line in self.body.iter().filter(|line| !apart(line)) {
            let indent = line.indent();
            common = Some(common.map_or(indent, |common| common_start(common, indent)));
        }
        let common = common.map_or(0, str::len);
        let dedent = |line| if apart(&line) { *line } else { line.without(common) };
        self.body.iter().map(dedent).collect()
    }
}

fn common_start<'a>(a: &'a str, b: &str) -> &'a str {
    let len = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    &a[..len]
}

const INDENT: [char; 2] = ['\t', ' '];
const MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<String> {
        let lines = lines(text);
        let describe = |item: Item<'_>| match item {
            Item::Blank => "blank".to_owned(),
            Item::Comment(line) => format!("comment {}", line.number),
            Item::Dashes(line) => format!("dashes {}", line.number),
            Item::Block(block) => format!("block {} +{}", block.line.number, block.body.len()),
        };
        items(&lines).into_iter().map(describe).collect()
    }

    #[test]
    fn blank_lines_and_comments_inside_a_body_do_not_end_it() {
        let text = "a:\n\t<x/>\n\n# why\n\t<y/>\n\n# after\nb\n";
        assert_eq!(shape(text), ["block 1 +4", "blank", "comment 7", "block 8 +0"]);
    }

    #[test]
    fn only_the_first_line_of_dashes_separates() {
        let text = "// vim\n[Client] A\n\tjid: a@b\n-----\nA connects\n---------\n";
        let expected = ["comment 1", "block 2 +1", "dashes 4", "block 5 +0", "comment 6"];
        assert_eq!(shape(text), expected);
    }

    #[test]
    fn the_indentation_that_all_lines_share_is_no_part_of_a_body() {
        let lines = lines("a\n\t  <x>\n\n\t\t<y/>\n\t  </x>\r\n");
        let Some(Item::Block(block)) = items(&lines).pop() else { panic!("no block") };
        let body: Vec<_> = block.dedented().iter().map(|line| line.text).collect();
        assert_eq!(body, ["  <x>", "", "\t<y/>", "  </x>"]);
    }
}
