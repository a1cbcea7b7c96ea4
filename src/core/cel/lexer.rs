//! Text to tokens, by the lexis of the CEL specification.

use super::CompileProblem;
use crate::core::number::nearest_f64;
use crate::core::scan::end_of;
use std::borrow::Cow;
use std::ops::Range;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'s> {
    Int(u64),
    Uint(u64),
    Double(f64),
    String(Cow<'s, str>),
    Bytes(Vec<u8>),
    Ident(&'s str),
    /// A name in backquotes: a member whose name is no identifier.
    Quoted(&'s str),
    Symbol(Symbol),
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Equal,
    NotEqual,
    LessEqual,
    GreaterEqual,
    And,
    Or,
    Less,
    Greater,
    Not,
    Plus,
    Minus,
    Times,
    Slash,
    Percent,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Dot,
    Comma,
    Question,
    Colon,
}

/// Two-character symbols first: the longest match counts.
const SYMBOLS: [(&str, Symbol); 24] = [
    ("==", Symbol::Equal),
    ("!=", Symbol::NotEqual),
    ("<=", Symbol::LessEqual),
    (">=", Symbol::GreaterEqual),
    ("&&", Symbol::And),
    ("||", Symbol::Or),
    ("<", Symbol::Less),
    (">", Symbol::Greater),
    ("!", Symbol::Not),
    ("+", Symbol::Plus),
    ("-", Symbol::Minus),
    ("*", Symbol::Times),
    ("/", Symbol::Slash),
    ("%", Symbol::Percent),
    ("(", Symbol::Open),
    (")", Symbol::Close),
    ("[", Symbol::OpenBracket),
    ("]", Symbol::CloseBracket),
    ("{", Symbol::OpenBrace),
    ("}", Symbol::CloseBrace),
    (".", Symbol::Dot),
    (",", Symbol::Comma),
    ("?", Symbol::Question),
    (":", Symbol::Colon),
];

impl Symbol {
    /// Whether it compares two values.
    pub(super) fn compares(self) -> bool {
        matches!(
            self,
            Self::Equal | Self::NotEqual | Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual
        )
    }

    /// As it is written.
    pub(super) fn as_str(self) -> &'static str {
        SYMBOLS.iter().find(|(_, symbol)| *symbol == self).map_or("", |(text, _)| text)
    }
}

pub(super) fn tokens(source: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, CompileProblem> {
    let mut lexer = Lexer { source, at: 0 };
    // Most tokens are a name, an operator or a number with a blank behind it.
    let mut tokens = Vec::with_capacity(source.len().div_ceil(4));
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let token = lexer.token()?;
        let end = token == Token::End;
        tokens.push((token, start..lexer.at));
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at = self.at.saturating_add(character.len_utf8());
        Some(character)
    }

    /// The bytes of this kind, as [`end_of`] wants them.
    #[expect(clippy::inline_always, reason = "optimised for size, it would be called for every byte")]
    #[inline(always)]
    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'s str {
        let start = self.at;
        self.at = end_of(self.source, start, keep);
        self.source.get(start..self.at).unwrap_or("")
    }

    fn problem(&self, start: usize, message: impl Into<String>, hint: &str) -> CompileProblem {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        CompileProblem { span: start..self.at.max(start.saturating_add(1)), message: message.into(), hint }
    }

    /// The byte so many behind this one.
    fn ahead(&self, bytes: usize) -> Option<u8> {
        self.source.as_bytes().get(self.at.saturating_add(bytes)).copied()
    }

    fn skip_blank(&mut self) {
        loop {
            self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c'));
            if self.ahead(0) != Some(b'/') || self.ahead(1) != Some(b'/') {
                return;
            }
            self.take_while(|byte| byte != b'\n');
        }
    }

    fn token(&mut self) -> Result<Token<'s>, CompileProblem> {
        let Some(first) = self.ahead(0) else { return Ok(Token::End) };
        match first {
            b'0'..=b'9' => return self.number(),
            b'.' if self.has_digit(1) => return self.number(),
            b'"' | b'\'' => return self.string(""),
            b'r' | b'R' | b'b' | b'B' => {
                if let Some(prefix) = self.string_prefix() {
                    return self.string(&prefix);
                }
            }
            b'`' => return self.quoted_name(),
            _ => {}
        }
        if first.is_ascii_alphabetic() || first == b'_' {
            return Ok(Token::Ident(self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_')));
        }
        let second = self.ahead(1);
        let is_it = |(text, _): &&(&str, Symbol)| match text.as_bytes() {
            [one] => *one == first,
            [one, two] => *one == first && Some(*two) == second,
            _ => false,
        };
        match SYMBOLS.iter().find(is_it) {
            Some((text, symbol)) => {
                self.at = self.at.saturating_add(text.len());
                Ok(Token::Symbol(*symbol))
            }
            None => Err(self.no_symbol()),
        }
    }

    fn no_symbol(&mut self) -> CompileProblem {
        let start = self.at;
        let first = self.bump().unwrap_or_default();
        let hint = match first {
            '=' => return self.problem(start, "`=` is no operator", "compare with `==`"),
            '&' => "write `&&`",
            '|' => "write `||`",
            '“' | '”' | '‘' | '’' => "write straight quotes",
            _ => "",
        };
        self.problem(start, format!("`{first}` has no meaning here"), hint)
    }

    fn number(&mut self) -> Result<Token<'s>, CompileProblem> {
        let start = self.at;
        let unreadable = |lexer: &Self| {
            lexer.problem(start, "a number beyond 64 bits", "write it with a fraction to make it a double")
        };
        if self.ahead(0) == Some(b'0') && matches!(self.ahead(1), Some(b'x' | b'X')) {
            self.at = self.at.saturating_add(2);
            let digits = self.take_while(|byte| byte.is_ascii_hexdigit());
            let value = u64::from_str_radix(digits, 16).map_err(|_| unreadable(self))?;
            return Ok(self.int_or_uint(value));
        }
        let mut is_double = false;
        self.digits();
        if self.ahead(0) == Some(b'.') && self.has_digit(1) {
            self.bump();
            self.digits();
            is_double = true;
        }
        if matches!(self.ahead(0), Some(b'e' | b'E')) {
            let digits = if matches!(self.ahead(1), Some(b'+' | b'-')) { 2 } else { 1 };
            if self.has_digit(digits) {
                self.at = self.at.saturating_add(digits);
                self.digits();
                is_double = true;
            }
        }
        let text = self.source.get(start..self.at).unwrap_or("");
        if is_double {
            return nearest_f64(text).map(Token::Double).ok_or_else(|| unreadable(self));
        }
        let value = text.parse().map_err(|_| unreadable(self))?;
        Ok(self.int_or_uint(value))
    }

    fn digits(&mut self) {
        self.take_while(|byte| byte.is_ascii_digit());
    }

    fn has_digit(&self, bytes: usize) -> bool {
        self.ahead(bytes).is_some_and(|byte| byte.is_ascii_digit())
    }

    fn int_or_uint(&mut self, value: u64) -> Token<'s> {
        if matches!(self.peek(), Some('u' | 'U')) {
            self.bump();
            Token::Uint(value)
        } else {
            Token::Int(value)
        }
    }

    /// `r`, `b` or both, where a quote follows them.
    fn string_prefix(&self) -> Option<String> {
        let prefix: String = self
            .rest()
            .chars()
            .take_while(|character| matches!(character, 'r' | 'R' | 'b' | 'B'))
            .take(2)
            .collect();
        let quote = self.rest().get(prefix.len()..)?.chars().next()?;
        let prefix = prefix.to_ascii_lowercase();
        (matches!(quote, '"' | '\'') && !matches!(prefix.as_str(), "rr" | "bb")).then_some(prefix)
    }

    fn string(&mut self, prefix: &str) -> Result<Token<'s>, CompileProblem> {
        let start = self.at;
        self.at = self.at.saturating_add(prefix.len());
        let (raw, is_bytes) = (prefix.contains('r'), prefix.contains('b'));
        let quote = if self.bump() == Some('\'') { '\'' } else { '"' };
        let triple = if quote == '"' { "\"\"\"" } else { "'''" };
        let is_long = self.rest().starts_with(triple.get(1..).unwrap_or(""));
        let closing = if is_long { triple } else { triple.get(2..).unwrap_or("") };
        if is_long {
            self.at = self.at.saturating_add(2);
        }
        let mut text = Cow::Borrowed(&[][..]);
        let mut utf8 = [0; 4];
        loop {
            let plain = if quote == '"' {
                self.take_while(|byte| !matches!(byte, b'"' | b'\\' | b'\n' | b'\r'))
            } else {
                self.take_while(|byte| !matches!(byte, b'\'' | b'\\' | b'\n' | b'\r'))
            };
            append(&mut text, plain.as_bytes());
            if self.rest().starts_with(closing) {
                self.at = self.at.saturating_add(closing.len());
                return match (is_bytes, text) {
                    (true, text) => Ok(Token::Bytes(text.into_owned())),
                    (false, text) => text_of(text)
                        .map(Token::String)
                        .ok_or_else(|| self.problem(start, "a string that is no text", "")),
                };
            }
            match self.bump() {
                None => {
                    return Err(self.problem(
                        start,
                        "a string without its end",
                        "close it with the quote that opened it",
                    ));
                }
                Some('\n' | '\r') if !is_long => {
                    return Err(self.problem(
                        start,
                        "a string without its end on this line",
                        "use three quotes for several lines",
                    ));
                }
                Some('\\') if !raw => match self.escape(is_bytes)? {
                    Escape::Byte(byte) => text.to_mut().push(byte),
                    Escape::Char(character) => {
                        text.to_mut().extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
                    }
                },
                Some(other) => text.to_mut().extend_from_slice(other.encode_utf8(&mut utf8).as_bytes()),
            }
        }
    }

    /// What an escape stands for; in bytes `\x41` and `\101` are one byte, and `\u` is none.
    fn escape(&mut self, bytes: bool) -> Result<Escape, CompileProblem> {
        let start = self.at.saturating_sub(1);
        let unknown = |lexer: &Self| {
            lexer.problem(
                start,
                "an escape that CEL does not know",
                "write `\\\\` for a backslash, or put `r` before the string",
            )
        };
        let letter = self.bump().ok_or_else(|| unknown(self))?;
        let (digits, radix) = match letter {
            'a' => return Ok(Escape::Char('\u{7}')),
            'b' => return Ok(Escape::Char('\u{8}')),
            'f' => return Ok(Escape::Char('\u{c}')),
            'n' => return Ok(Escape::Char('\n')),
            'r' => return Ok(Escape::Char('\r')),
            't' => return Ok(Escape::Char('\t')),
            'v' => return Ok(Escape::Char('\u{b}')),
            '\\' | '?' | '"' | '\'' | '`' => return Ok(Escape::Char(letter)),
            'x' | 'X' => (2, 16),
            'u' if !bytes => (4, 16),
            'U' if !bytes => (8, 16),
            '0'..='3' => {
                self.at = self.at.saturating_sub(1);
                (3, 8)
            }
            _ => return Err(unknown(self)),
        };
        let code: String = self.rest().chars().take(digits).collect();
        self.at = self.at.saturating_add(code.len());
        let value = Some(&code)
            .filter(|code| code.len() == digits && code.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|code| u32::from_str_radix(code, radix).ok());
        let escape = match value {
            Some(value) if bytes => u8::try_from(value).ok().map(Escape::Byte),
            Some(value) => char::from_u32(value).map(Escape::Char),
            None => None,
        };
        escape.ok_or_else(|| unknown(self))
    }

    fn quoted_name(&mut self) -> Result<Token<'s>, CompileProblem> {
        let start = self.at;
        self.bump();
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b' ');
        let name = self.take_while(plain);
        if name.is_empty() || self.bump() != Some('`') {
            let hint = "between backquotes stand letters, digits, `_`, `.`, `-`, `/` and blanks; else write `x[\"…\"]`";
            return Err(self.problem(start, "no member's name", hint));
        }
        Ok(Token::Quoted(name))
    }
}

/// Nearly all strings stand in the source as they are: they are not copied.
fn append<'s>(text: &mut Cow<'s, [u8]>, more: &'s [u8]) {
    if text.is_empty() {
        *text = Cow::Borrowed(more);
    } else {
        text.to_mut().extend_from_slice(more);
    }
}

fn text_of(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

enum Escape {
    Byte(u8),
    Char(char),
}
