//! Text to tokens, by the lexis of the CEL specification.

use super::CompileProblem;
use crate::core::number::nearest_f64;
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

    fn take_while(&mut self, keep: fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let taken = rest.find(|character| !keep(character)).and_then(|end| rest.get(..end)).unwrap_or(rest);
        self.at = self.at.saturating_add(taken.len());
        taken
    }

    fn problem(&self, start: usize, message: impl Into<String>, hint: &str) -> CompileProblem {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        CompileProblem { span: start..self.at.max(start.saturating_add(1)), message: message.into(), hint }
    }

    fn skip_blank(&mut self) {
        loop {
            self.take_while(|character| matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{c}'));
            if !self.rest().starts_with("//") {
                return;
            }
            self.take_while(|character| character != '\n');
        }
    }

    fn token(&mut self) -> Result<Token<'s>, CompileProblem> {
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(Token::End) };
        if first.is_ascii_digit()
            || (first == '.' && self.rest().chars().nth(1).is_some_and(|next| next.is_ascii_digit()))
        {
            return self.number();
        }
        if matches!(first, '"' | '\'' | 'r' | 'R' | 'b' | 'B')
            && let Some(prefix) = self.string_prefix()
        {
            return self.string(&prefix);
        }
        if first == '`' {
            return self.quoted_name();
        }
        if first.is_ascii_alphabetic() || first == '_' {
            return Ok(Token::Ident(
                self.take_while(|character| character.is_ascii_alphanumeric() || character == '_'),
            ));
        }
        let rest = self.rest();
        let is_it =
            |(text, _): &&(&str, Symbol)| text.starts_with(first) && (text.len() == 1 || rest.starts_with(*text));
        if let Some((text, symbol)) = SYMBOLS.iter().find(is_it) {
            self.at = self.at.saturating_add(text.len());
            return Ok(Token::Symbol(*symbol));
        }
        self.bump();
        if first == '=' {
            return Err(self.problem(start, "`=` is no operator", "compare with `==`"));
        }
        let hint = match first {
            '&' => "write `&&`",
            '|' => "write `||`",
            '“' | '”' | '‘' | '’' => "write straight quotes",
            _ => "",
        };
        Err(self.problem(start, format!("`{first}` has no meaning here"), hint))
    }

    fn number(&mut self) -> Result<Token<'s>, CompileProblem> {
        let start = self.at;
        let unreadable = |lexer: &Self| {
            lexer.problem(start, "a number beyond 64 bits", "write it with a fraction to make it a double")
        };
        if let Some(digits) = self.rest().strip_prefix("0x").or_else(|| self.rest().strip_prefix("0X")) {
            let digits: String = digits.chars().take_while(char::is_ascii_hexdigit).collect();
            self.at = self.at.saturating_add(2).saturating_add(digits.len());
            let value = u64::from_str_radix(&digits, 16).map_err(|_| unreadable(self))?;
            return Ok(self.int_or_uint(value));
        }
        let digit = |character: char| character.is_ascii_digit();
        self.take_while(digit);
        let mut is_double = false;
        if self.rest().strip_prefix('.').is_some_and(|fraction| fraction.starts_with(digit)) {
            self.bump();
            self.take_while(digit);
            is_double = true;
        }
        if let Some(exponent) = self.rest().strip_prefix(['e', 'E']) {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if unsigned.starts_with(digit) {
                self.at = self.source.len().saturating_sub(unsigned.len());
                self.take_while(digit);
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

    fn int_or_uint(&mut self, value: u64) -> Token<'s> {
        if matches!(self.peek(), Some('u' | 'U')) {
            self.bump();
            Token::Uint(value)
        } else {
            Token::Int(value)
        }
    }

    /// `r`, `b` or both, where a quote follows them; empty for a plain string.
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
                self.take_while(|character| !matches!(character, '"' | '\\' | '\n' | '\r'))
            } else {
                self.take_while(|character| !matches!(character, '\'' | '\\' | '\n' | '\r'))
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
        let plain = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-' | '/' | ' ')
        };
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
