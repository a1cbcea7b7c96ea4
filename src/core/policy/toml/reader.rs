//! From text to tables, line by line: what is wrong with one line is told, and the next one is read.

use super::super::document::Value;
use super::{Fault, How, Item, Key, MAX_DEPTH, MAX_PROBLEMS, Part, Path, Table};
use crate::core::json::Text;
use crate::core::number::Number;
use crate::core::scan::end_of;
use std::ops::Range;

type Read<T> = Result<T, Fault>;

/// What a key of other characters needs.
const QUOTES: &str = "other characters than letters, digits, `_` and `-` need quotes: `\"get_*\"`";

/// Reads a document as far as it can be read.
pub(super) fn read(text: &str, faults: &mut Vec<Fault>) -> Table {
    let mut reader = Reader { text, at: 0, depth: 0, faults };
    let mut root = Table::new(How::ByHeader);
    // Where pairs go; nowhere after a header that was refused.
    let mut header: Option<Vec<Key>> = Some(Vec::new());
    // A byte order mark is no part of the document.
    reader.eat("\u{feff}");
    while reader.at < text.len() && reader.faults.len() < MAX_PROBLEMS {
        if let Err(fault) = reader.line(&mut root, &mut header) {
            reader.faults.push(fault);
            reader.depth = 0;
            reader.take_while(|byte| byte != b'\n');
        }
        reader.eat("\n");
    }
    root
}

struct Reader<'t, 'f> {
    text: &'t str,
    at: usize,
    /// Levels of arrays, inline tables and keys around this place.
    depth: usize,
    faults: &'f mut Vec<Fault>,
}

fn fault<T>(span: Range<usize>, message: impl Into<String>, hint: &str) -> Read<T> {
    let hint = (!hint.is_empty()).then(|| hint.to_owned());
    Err(Fault { span, message: message.into(), hint })
}

impl<'t> Reader<'t, '_> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at = self.at.saturating_add(character.len_utf8());
        Some(character)
    }

    /// The byte that stands here: cheaper than its character.
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.byte() == text.bytes().next() && (text.len() == 1 || self.rest().starts_with(text));
        if found {
            self.at = self.at.saturating_add(text.len());
        }
        found
    }

    /// The bytes of this kind, as [`end_of`] wants them.
    #[expect(clippy::inline_always, reason = "optimised for size, it would be called for every byte")]
    #[inline(always)]
    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'t str {
        let start = self.at;
        self.at = end_of(self.text, start, keep);
        self.text.get(start..self.at).unwrap_or("")
    }

    fn blanks(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
    }

    /// What stands here is not what has to.
    fn expected<T>(&self, what: &str, hint: &str) -> Read<T> {
        let (length, found) = match self.peek() {
            None => (0, "the end".to_owned()),
            Some('\n' | '\r') => (0, "the end of the line".to_owned()),
            Some(other) => (other.len_utf8(), format!("`{other}`")),
        };
        fault(self.at..self.at.saturating_add(length), format!("expected {what}, found {found}"), hint)
    }

    fn line(&mut self, root: &mut Table, header: &mut Option<Vec<Key>>) -> Read<()> {
        self.blanks();
        match self.byte() {
            None | Some(b'\n' | b'#' | b'\r') => {}
            Some(b'[') => {
                *header = None;
                *header = self.header(root)?;
            }
            Some(_) => {
                self.depth = header.as_ref().map_or(0, Vec::len);
                let (path, item) = self.pair()?;
                self.depth = 0;
                if let Some(header) = header
                    && let Some(table) = root.descend(header, How::Implicitly, self.faults)
                {
                    table.insert(path, item, self.faults);
                }
            }
        }
        self.end_of_line()
    }

    fn end_of_line(&mut self) -> Read<()> {
        self.blanks();
        self.comment()?;
        if self.byte() == Some(b'\r') && self.rest().starts_with("\r\n") {
            self.bump();
        }
        match self.byte() {
            None | Some(b'\n') => Ok(()),
            Some(_) => self.expected("the end of the line", ""),
        }
    }

    fn comment(&mut self) -> Read<()> {
        if !self.eat("#") {
            return Ok(());
        }
        self.take_while(|byte| byte == b'\t' || !byte.is_ascii_control());
        match self.peek() {
            None | Some('\n' | '\r') => Ok(()),
            Some(_) => self.expected("no control character in a comment", ""),
        }
    }

    /// The path of a header, where it opened a table.
    fn header(&mut self, root: &mut Table) -> Read<Option<Vec<Key>>> {
        let start = self.at;
        self.eat("[");
        let is_array = self.eat("[");
        let path = self.path()?;
        let close = if is_array { "]]" } else { "]" };
        if !self.eat(close) {
            let is_name =
                self.peek().is_some_and(|character| !character.is_ascii_control() && character != ']');
            let hint = if is_name { QUOTES } else { "" };
            return self.expected(&format!("`{close}`"), hint);
        }
        Ok(root.open(&path, is_array, start..self.at, self.faults).then(|| path.into_keys()))
    }

    fn pair(&mut self) -> Read<(Path, Item)> {
        let path = self.path()?;
        if !self.eat("=") {
            return self.expected("`=`", "a line is `key = value`, or a `[table]`");
        }
        self.blanks();
        let outer = self.depth;
        self.depth = outer.saturating_add(path.parents.len()).saturating_add(1);
        let item = self.value()?;
        self.depth = outer;
        Ok((path, item))
    }

    /// Keys with dots between them, and the blanks around them.
    fn path(&mut self) -> Read<Path> {
        let mut parents = Vec::new();
        loop {
            self.blanks();
            let start = self.at;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            let name = match self.byte() {
                Some(b'"') => self.basic_string()?.into(),
                Some(b'\'') => self.literal_string()?.into(),
                _ => Text::new(self.take_while(plain)),
            };
            if self.at == start {
                return self.expected("a key", QUOTES);
            }
            if self.depth.saturating_add(parents.len()) >= MAX_DEPTH {
                return fault(start..self.at, "nested too deep", "");
            }
            let key = Key { name, span: start..self.at };
            self.blanks();
            if !self.eat(".") {
                return Ok(Path { parents, last: key });
            }
            parents.push(key);
        }
    }

    fn value(&mut self) -> Read<Item> {
        let start = self.at;
        if self.depth > MAX_DEPTH {
            return fault(start..start, "nested too deep", "");
        }
        let text = |text: String| Part::Scalar(Value::String(text));
        let part = match self.byte() {
            Some(b'"') if self.rest().starts_with("\"\"\"") => text(self.long_string('"')?),
            Some(b'\'') if self.rest().starts_with("'''") => text(self.long_string('\'')?),
            Some(b'"') => text(self.basic_string()?),
            Some(b'\'') => text(self.literal_string()?),
            Some(b'[') => self.deeper(Self::array)?,
            Some(b'{') => self.deeper(Self::inline_table)?,
            _ => Part::Scalar(self.word()?),
        };
        Ok(Item { part, span: start..self.at })
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Read<Part>) -> Read<Part> {
        self.depth = self.depth.saturating_add(1);
        let part = read(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(part)
    }

    /// Blanks, comments and new lines between the parts of an array or inline table.
    fn gap(&mut self) -> Read<()> {
        loop {
            self.blanks();
            self.comment()?;
            if !self.eat("\n") && !self.eat("\r\n") {
                return Ok(());
            }
        }
    }

    /// What stands behind a part of an array or inline table: whether another may follow.
    fn between(&mut self, close: &str) -> Read<bool> {
        self.gap()?;
        let more = self.eat(",");
        self.gap()?;
        if self.eat(close) {
            return Ok(false);
        }
        if more { Ok(true) } else { self.expected(&format!("`,` or `{close}`"), "") }
    }

    fn array(&mut self) -> Read<Part> {
        self.eat("[");
        let mut items = Vec::new();
        self.gap()?;
        let mut more = !self.eat("]");
        while more {
            items.push(self.value()?);
            more = self.between("]")?;
        }
        Ok(Part::Array(items))
    }

    fn inline_table(&mut self) -> Read<Part> {
        self.eat("{");
        let mut table = Table::new(How::Inline);
        self.gap()?;
        let mut more = !self.eat("}");
        while more {
            let (path, item) = self.pair()?;
            table.insert(path, item, self.faults);
            more = self.between("}")?;
        }
        Ok(Part::Table(table))
    }

    fn literal_string(&mut self) -> Read<String> {
        let start = self.at;
        self.eat("'");
        let stands = |byte: u8| byte == b'\t' || (byte != b'\'' && !byte.is_ascii_control());
        let text = self.take_while(stands);
        if self.eat("'") { Ok(text.to_owned()) } else { self.unclosed(start, "'") }
    }

    fn basic_string(&mut self) -> Read<String> {
        let start = self.at;
        self.eat("\"");
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|byte| {
                byte == b'\t' || (!matches!(byte, b'"' | b'\\') && !byte.is_ascii_control())
            }));
            if self.eat("\"") {
                return Ok(text);
            }
            if self.byte() != Some(b'\\') {
                return self.unclosed(start, "\"");
            }
            text.push(self.escape()?);
        }
    }

    fn unclosed<T>(&self, start: usize, quote: &str) -> Read<T> {
        match self.peek() {
            None | Some('\n' | '\r') => {
                let hint = format!("close it with `{quote}`, or use three of them for several lines");
                fault(start..self.at, "a string without its end", &hint)
            }
            Some(_) => self.expected("no control character in a string", ""),
        }
    }

    /// The text between three quotes, without the new line that it begins with. Up to two quotes may stand before the
    /// closing ones. Only double quotes have escapes.
    fn long_string(&mut self, quote: char) -> Read<String> {
        let start = self.at;
        let closing: String = std::iter::repeat_n(quote, 3).collect();
        self.eat(&closing);
        if !self.eat("\n") {
            self.eat("\r\n");
        }
        let mut text = String::new();
        loop {
            if self.eat(&closing) {
                for _ in 0..2 {
                    if self.peek() == Some(quote) {
                        text.extend(self.bump());
                    }
                }
                return Ok(text);
            }
            match self.peek() {
                None => {
                    let hint = format!("close it with `{closing}`");
                    return fault(start..start.saturating_add(3), "a string without its end", &hint);
                }
                Some('\\') if quote == '"' => {
                    if !self.continues() {
                        text.push(self.escape()?);
                    }
                }
                Some(control)
                    if control.is_ascii_control()
                        && !matches!(control, '\t' | '\n')
                        && !self.rest().starts_with("\r\n") =>
                {
                    return self.expected("no control character in a string", "");
                }
                Some(_) => text.extend(self.bump()),
            }
        }
    }

    /// A backslash at the end of a line takes it, and the blanks that the next lines begin with.
    fn continues(&mut self) -> bool {
        let after = self.rest().strip_prefix('\\').unwrap_or("").trim_start_matches([' ', '\t']);
        let is_one = after.starts_with('\n') || after.starts_with("\r\n");
        if is_one {
            self.eat("\\");
            self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
            while self.eat("\r\n") {
                self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
            }
        }
        is_one
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
        self.eat("\\");
        let digits = match self.bump() {
            Some('b') => return Ok('\u{8}'),
            Some('t') => return Ok('\t'),
            Some('n') => return Ok('\n'),
            Some('f') => return Ok('\u{c}'),
            Some('r') => return Ok('\r'),
            Some('e') => return Ok('\u{1b}'),
            Some(itself @ ('"' | '\\')) => return Ok(itself),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        let code = self.rest().get(..digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let Some(character) = character.filter(|_| digits > 0) else {
            let hint = "in single quotes a backslash is itself: `'\\d+'`; in double quotes write `\\\\`";
            return fault(start..self.at, "an escape that TOML does not know", hint);
        };
        self.at = self.at.saturating_add(digits);
        Ok(character)
    }

    /// What stands without quotes: a truth value, a number or a date.
    fn word(&mut self) -> Read<Value> {
        let start = self.at;
        let stands = |byte: u8| !b" \t\n\r,]}#=\"'".contains(&byte);
        let mut word = self.take_while(stands);
        if word.is_empty() {
            return self.expected("a value", "a text stands in quotes");
        }
        if is_date(word) && self.rest().starts_with(' ') && is_date(self.rest().trim_start_matches(' ')) {
            // The time of day may stand behind a blank.
            self.bump();
            self.take_while(stands);
            word = self.text.get(start..self.at).unwrap_or("");
        }
        if let Some(value) = scalar(word) {
            return Ok(value);
        }
        if word.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
            let hint = "numbers are written like `500`, `0.95` and `1_000`; everything else stands in quotes";
            return fault(start..self.at, format!("`{word}` is no number"), hint);
        }
        let hint = match word.to_ascii_lowercase().as_str() {
            truth @ ("true" | "false") => format!("write `{truth}`"),
            _ => format!("a text stands in quotes: `\"{word}\"`"),
        };
        fault(start..self.at, format!("`{word}` is no value"), &hint)
    }
}

/// Whether it begins as a date or a time of day does: no key of a policy is one.
fn is_date(word: &str) -> bool {
    let begins = |shape: &str| {
        let fits = |(byte, expected): (u8, u8)| {
            if expected == b'0' { byte.is_ascii_digit() } else { byte == expected }
        };
        word.len() >= shape.len() && word.bytes().zip(shape.bytes()).all(fits)
    };
    begins("0000-00-00") || begins("00:00")
}

fn scalar(word: &str) -> Option<Value> {
    let beyond = Value::Other("a number beyond what can be compared");
    match word.strip_prefix(['+', '-']).unwrap_or(word) {
        "true" | "false" if !word.starts_with(['+', '-']) => return Some(Value::Bool(word == "true")),
        "inf" | "nan" => return Some(beyond),
        _ if is_date(word) => return Some(Value::Other("a date")),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = word.strip_prefix(prefix) {
            let plain = without_underscores(digits, radix)?;
            let digits_only = plain.chars().all(|digit| digit.is_digit(radix));
            let value = i64::from_str_radix(&plain, radix).map_or(beyond, |int| Value::Number(int.into()));
            return digits_only.then_some(value);
        }
    }
    let plain = without_underscores(word.strip_prefix('+').unwrap_or(word), 10)?;
    match Number::parse(&plain) {
        Some(number) => Some(Value::Number(number)),
        None => is_number(&plain).then_some(beyond),
    }
}

/// An underscore stands between two digits.
fn without_underscores(text: &str, radix: u32) -> Option<String> {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(|byte| char::from(*byte).is_digit(radix));
    let bytes = text.as_bytes();
    let between = |at: usize| {
        is_digit(at.checked_sub(1).and_then(|before| bytes.get(before)))
            && is_digit(bytes.get(at.saturating_add(1)))
    };
    let stands = text.match_indices('_').all(|(at, _)| between(at));
    (stands && !text.is_empty()).then(|| text.replace('_', ""))
}

/// Whether it is a number, however large.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits(whole) && digits(fraction) && digits(exponent) && (whole.len() == 1 || !whole.starts_with('0'))
}
