//! A binary as Erlang writes it: `<<"text">>`, `<<"text"/utf8>>`, or numbers, on one line or many.

use crate::stanza::ReadError;

/// The bytes of the binary that `text` starts with.
///
/// # Errors
///
/// Where `text` is none.
pub(super) fn binary(text: &str) -> Result<Vec<u8>, ReadError> {
    let mut reader = Reader { text, at: 0 };
    reader.expect("<<")?;
    let mut bytes = Vec::new();
    loop {
        reader.skip_space();
        if reader.eat(">>") {
            return Ok(bytes);
        }
        if reader.eat("\"") {
            reader.string(&mut bytes)?;
        } else {
            bytes.push(reader.byte()?);
        }
        reader.skip_space();
        reader.eat(",");
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn eat(&mut self, word: &str) -> bool {
        let here = self.rest().starts_with(word);
        self.at += if here { word.len() } else { 0 };
        here
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn expect(&mut self, word: &str) -> Result<(), ReadError> {
        if self.eat(word) { Ok(()) } else { Err(self.error(format!("`{word}`"))) }
    }

    fn error(&self, expected: impl Into<String>) -> ReadError {
        let found = match self.rest().chars().next() {
            None => "the end of the record".to_owned(),
            Some(character) => format!("{character:?}"),
        };
        ReadError::at(self.text, self.at, found, expected)
    }

    fn byte(&mut self) -> Result<u8, ReadError> {
        let rest = self.rest();
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let byte = rest[..digits].parse();
        let byte = byte.map_err(|_| self.error("a string, a byte or `>>`"))?;
        self.at += digits;
        Ok(byte)
    }

    /// The rest of a string. Without `/utf8` after it, each character stands for a byte.
    fn string(&mut self, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
        let mut characters = Vec::new();
        loop {
            let Some(character) = self.rest().chars().next() else {
                return Err(self.error("`\"`"));
            };
            self.at += character.len_utf8();
            match character {
                '"' => break,
                '\\' => characters.push(self.escaped()?),
                _ => characters.push(character),
            }
        }
        let text = || characters.iter().collect::<String>().into_bytes();
        let each = || characters.iter().map(|c| u8::try_from(u32::from(*c)).ok()).collect();
        let utf8 = self.eat("/utf8");
        let each: Option<Vec<u8>> = if utf8 { None } else { each() };
        // Some versions write the text itself although each character should be a byte.
        bytes.extend(each.filter(|bytes| std::str::from_utf8(bytes).is_ok()).unwrap_or_else(text));
        Ok(())
    }

    /// The character after a backslash.
    fn escaped(&mut self) -> Result<char, ReadError> {
        const NAMED: [(char, char); 9] = [
            ('n', '\n'),
            ('r', '\r'),
            ('t', '\t'),
            ('s', ' '),
            ('b', '\u{8}'),
            ('v', '\u{B}'),
            ('f', '\u{C}'),
            ('e', '\u{1B}'),
            ('d', '\u{7F}'),
        ];
        let Some(character) = self.rest().chars().next() else {
            return Err(self.error("a character after `\\`"));
        };
        if self.eat("x{") {
            let rest = self.rest();
            let digits = rest.find('}').unwrap_or(rest.len());
            let number = u32::from_str_radix(rest.get(..digits).unwrap_or_default(), 16);
            let character = number.ok().and_then(char::from_u32);
            let character = character.ok_or_else(|| self.error("a character's number and `}`"))?;
            self.at += digits;
            self.expect("}")?;
            return Ok(character);
        }
        if character.is_digit(8) {
            let rest = self.rest();
            let digits = rest.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte));
            let digits = digits.count();
            let number = u32::from_str_radix(&rest[..digits], 8).ok().and_then(char::from_u32);
            let number = number.ok_or_else(|| self.error("a character's number"))?;
            self.at += digits;
            return Ok(number);
        }
        self.at += character.len_utf8();
        let named = NAMED.iter().find(|(name, _)| *name == character);
        Ok(named.map_or(character, |(_, meaning)| *meaning))
    }
}
