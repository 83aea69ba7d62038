//! The tokens of a line: words, quoted texts, commas and the colon.

use super::ast::Span;
use super::lines::TextLine;
use super::mistake::Wrong;

/// One token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) span: Span,
    pub(super) kind: TokenKind<'a>,
    /// As it is written.
    pub(super) text: &'a str,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind<'a> {
    /// Anything without whitespace that is nothing else.
    Word(&'a str),
    /// What stands between quotes, without its escapes.
    Text(String),
    /// `,` at either end of a word.
    Comma,
    /// `:` at the end of a word.
    Colon,
}

/// The tokens of a line.
///
/// # Errors
///
/// What is wrong with its first bad token, and where.
pub(super) fn tokens<'a>(line: &TextLine<'a>) -> Result<Vec<Token<'a>>, (Wrong, Span)> {
    let column = line.span(0, 0).column;
    let mut scan = Scan { line: *line, at: 0, column, tokens: Vec::new() };
    while let Some(c) = scan.peek() {
        match c {
            ' ' | '\t' => scan.skip(c.len_utf8()),
            '"' => scan.quoted()?,
            ',' => scan.push(1, TokenKind::Comma),
            c if c.is_control() => {
                return Err((Wrong::ControlCharacter(c), scan.span(c.len_utf8())));
            }
            _ => scan.word(),
        }
    }
    Ok(scan.tokens)
}

struct Scan<'a> {
    line: TextLine<'a>,
    at: usize,
    column: u32,
    tokens: Vec<Token<'a>>,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        &self.line.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The place of the next `len` bytes.
    fn span(&self, len: usize) -> Span {
        let offset = self.line.offset + self.at;
        Span { line: self.line.number, column: self.column, offset, len }
    }

    fn skip(&mut self, len: usize) {
        let columns = self.rest()[..len].chars().count();
        self.column = self.column.saturating_add(u32::try_from(columns).unwrap_or(u32::MAX));
        self.at += len;
    }

    fn push(&mut self, len: usize, kind: TokenKind<'a>) {
        let text = &self.rest()[..len];
        self.tokens.push(Token { span: self.span(len), kind, text });
        self.skip(len);
    }

    fn word(&mut self) {
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || c.is_control() || c == '"');
        let word = &rest[..end.unwrap_or(rest.len())];
        let (stem, mark) = if let Some(stem) = word.strip_suffix(',') {
            (stem, Some(TokenKind::Comma))
        } else if let Some(stem) = word.strip_suffix(':') {
            (stem, Some(TokenKind::Colon))
        } else {
            (word, None)
        };
        if !stem.is_empty() {
            self.push(stem.len(), TokenKind::Word(stem));
        }
        if let Some(mark) = mark {
            self.push(1, mark);
        } else if stem.is_empty() {
            // A space of Unicode that is neither blank nor tab.
            self.skip(self.peek().map_or(0, char::len_utf8));
        }
    }

    fn quoted(&mut self) -> Result<(), (Wrong, Span)> {
        let rest = self.rest();
        let mut text = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.push(at + 1, TokenKind::Text(text));
                    return Ok(());
                }
                '\\' => {
                    let Some((_, escaped)) = chars.next() else { break };
                    let Some(meant) = unescape(escaped) else {
                        self.skip(at);
                        return Err((
                            Wrong::UnknownEscape(escaped),
                            self.span(1 + escaped.len_utf8()),
                        ));
                    };
                    text.push(meant);
                }
                c if c.is_control() && c != '\t' => {
                    self.skip(at);
                    return Err((Wrong::ControlCharacter(c), self.span(c.len_utf8())));
                }
                c => text.push(c),
            }
        }
        Err((Wrong::UnterminatedText, self.span(rest.len())))
    }
}

fn unescape(c: char) -> Option<char> {
    match c {
        '"' | '\\' => Some(c),
        'n' => Some('\n'),
        't' => Some('\t'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind<'_>> {
        let line = TextLine { number: 1, offset: 0, text, cut: 0 };
        tokens(&line).expect("tokens").into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn commas_and_colons_at_the_end_of_a_word_are_tokens_and_others_are_not() {
        use TokenKind::{Colon, Comma, Word};
        let words = [Word("A"), Comma, Word("B's"), Word("1990-01-23T19:50:01Z"), Colon];
        assert_eq!(kinds("A, B's 1990-01-23T19:50:01Z:"), words);
        assert_eq!(kinds("a: b"), [Word("a"), Colon, Word("b")]);
    }

    #[test]
    fn quotes_may_be_escaped() {
        let text = TokenKind::Text("say \"a\\b\"\n".to_owned());
        assert_eq!(kinds(r#""say \"a\\b\"\n""#), [text]);
    }
}
