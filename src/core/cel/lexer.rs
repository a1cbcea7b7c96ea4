//! Text to tokens, by the lexis of the CEL specification.

use super::CompileProblem;
use crate::core::number::nearest_f64;
use std::ops::Range;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Int(u64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes,
    Ident(String),
    Symbol(&'static str),
    End,
}

/// Two-character symbols first: the longest match counts.
const SYMBOLS: [&str; 25] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}",
    ".", ",", "?", ":", "=",
];

pub(super) fn tokens(source: &str) -> Result<Vec<(Token, Range<usize>)>, CompileProblem> {
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
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

impl Lexer<'_> {
    fn rest(&self) -> &str {
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

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let taken: String = self.rest().chars().take_while(|character| keep(*character)).collect();
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

    fn token(&mut self) -> Result<Token, CompileProblem> {
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(Token::End) };
        if first.is_ascii_digit()
            || (first == '.' && self.rest().chars().nth(1).is_some_and(|next| next.is_ascii_digit()))
        {
            return self.number();
        }
        if let Some(prefix) = self.string_prefix() {
            return self.string(&prefix);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            return Ok(Token::Ident(
                self.take_while(|character| character.is_ascii_alphanumeric() || character == '_'),
            ));
        }
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol)) {
            self.at = self.at.saturating_add(symbol.len());
            return match *symbol {
                "=" => Err(self.problem(start, "`=` is no operator", "compare with `==`")),
                symbol => Ok(Token::Symbol(symbol)),
            };
        }
        self.bump();
        let hint = match first {
            '&' => "write `&&`",
            '|' => "write `||`",
            '“' | '”' | '‘' | '’' => "write straight quotes",
            _ => "",
        };
        Err(self.problem(start, format!("`{first}` has no meaning here"), hint))
    }

    fn number(&mut self) -> Result<Token, CompileProblem> {
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
        let mut text = self.take_while(|character| character.is_ascii_digit());
        let mut double = false;
        let mut ahead = self.rest().chars();
        if ahead.next() == Some('.') && ahead.next().is_some_and(|next| next.is_ascii_digit()) {
            self.bump();
            text.push('.');
            text.push_str(&self.take_while(|character| character.is_ascii_digit()));
            double = true;
        }
        let exponent: String = {
            let mut characters = self.rest().chars().peekable();
            let mut exponent = String::new();
            if let Some(e) = characters.next_if(|character| matches!(character, 'e' | 'E')) {
                exponent.push(e);
                exponent.extend(characters.next_if(|character| matches!(character, '+' | '-')));
                exponent.extend(characters.take_while(char::is_ascii_digit));
            }
            exponent
        };
        if exponent.ends_with(|last: char| last.is_ascii_digit()) {
            self.at = self.at.saturating_add(exponent.len());
            text.push_str(&exponent);
            double = true;
        }
        if double {
            return nearest_f64(&text).map(Token::Double).ok_or_else(|| unreadable(self));
        }
        let value = text.parse().map_err(|_| unreadable(self))?;
        Ok(self.int_or_uint(value))
    }

    fn int_or_uint(&mut self, value: u64) -> Token {
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
        matches!(quote, '"' | '\'').then(|| prefix.to_ascii_lowercase())
    }

    fn string(&mut self, prefix: &str) -> Result<Token, CompileProblem> {
        let start = self.at;
        self.at = self.at.saturating_add(prefix.len());
        let raw = prefix.contains('r');
        let quote = self.bump().unwrap_or('"');
        let triple: String = std::iter::repeat_n(quote, 2).collect();
        let closing = if self.rest().starts_with(&triple) {
            self.at = self.at.saturating_add(2);
            std::iter::repeat_n(quote, 3).collect()
        } else {
            quote.to_string()
        };
        let mut text = String::new();
        loop {
            if self.rest().starts_with(&closing) {
                self.at = self.at.saturating_add(closing.len());
                let bytes = prefix.contains('b');
                return Ok(if bytes { Token::Bytes } else { Token::String(text) });
            }
            match self.bump() {
                None => {
                    return Err(self.problem(
                        start,
                        "a string without its end",
                        "close it with the quote that opened it",
                    ));
                }
                Some('\n' | '\r') if closing.len() == 1 => {
                    return Err(self.problem(
                        start,
                        "a string without its end on this line",
                        "use three quotes for several lines",
                    ));
                }
                Some('\\') if !raw => text.push(self.escape()?),
                Some(other) => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Result<char, CompileProblem> {
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
            'a' => return Ok('\u{7}'),
            'b' => return Ok('\u{8}'),
            'f' => return Ok('\u{c}'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'v' => return Ok('\u{b}'),
            '\\' | '?' | '"' | '\'' | '`' => return Ok(letter),
            'x' | 'X' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='3' => {
                self.at = self.at.saturating_sub(1);
                (3, 8)
            }
            _ => return Err(unknown(self)),
        };
        let code: String = self.rest().chars().take(digits).collect();
        self.at = self.at.saturating_add(code.len());
        let value = Some(&code)
            .filter(|code| code.len() == digits)
            .and_then(|code| u32::from_str_radix(code, radix).ok());
        value.and_then(char::from_u32).ok_or_else(|| unknown(self))
    }
}
