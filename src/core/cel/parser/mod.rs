//! Tokens to a resolved tree, by the grammar of the CEL specification.

mod calls;

use super::CompileProblem;
use super::ast::{Expr, Node, Operator, Variable};
use super::functions::FUNCTIONS;
use super::lexer::{Symbol, Token, tokens};
use super::value::{Type, Value};
use crate::core::policy::problem::{did_you_mean, nearest};
use std::borrow::Cow;
use std::ops::Range;

/// How deep an expression may nest: evaluation recurses this far at most.
const MAX_DEPTH: usize = 96;

/// How long an expression may be, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

type Parsed<T> = Result<T, CompileProblem>;

/// Whoever has more to mend than this checks again afterwards.
const MAX_PROBLEMS: usize = 20;

/// Words that the language keeps for itself.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The tree, as far as there is one, and all problems. Without a problem of syntax there is a tree: in it stands
/// [`Node::Unknown`] for what nothing is called.
pub(super) fn parse(source: &str, names: &[&str]) -> (Option<Expr>, Vec<CompileProblem>) {
    if source.len() > MAX_LENGTH {
        let message = format!("a condition has at most {MAX_LENGTH} bytes");
        return (None, vec![CompileProblem { span: 0..source.len(), message, hint: None }]);
    }
    let tokens = match tokens(source) {
        Ok(tokens) => tokens,
        Err(problem) => return (None, vec![problem]),
    };
    let locals = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parser = Parser { tokens, at: 0, nesting: 0, locals, problems: Vec::new() };
    match parser.expression().and_then(|root| parser.end().map(|()| root)) {
        Ok(root) => (Some(root), parser.problems),
        Err(problem) => {
            parser.problems.push(problem);
            (None, parser.problems)
        }
    }
}

struct Parser<'s> {
    tokens: Vec<(Token<'s>, Range<usize>)>,
    at: usize,
    nesting: usize,
    /// Names of the enclosing comprehensions' variables, outermost first.
    locals: Vec<String>,
    /// Names that are not known: noted, so that all are told at once.
    problems: Vec<CompileProblem>,
}

fn problem<T>(span: Range<usize>, message: impl Into<String>, hint: Option<String>) -> Parsed<T> {
    Err(CompileProblem { span, message: message.into(), hint })
}

impl<'s> Parser<'s> {
    fn peek(&self) -> (&Token<'s>, Range<usize>) {
        match self.tokens.get(self.at) {
            Some((token, span)) => (token, span.clone()),
            None => (&Token::End, 0..0),
        }
    }

    fn token(&self) -> &Token<'s> {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn is(&self, symbol: Symbol) -> bool {
        matches!(self.token(), Token::Symbol(found) if *found == symbol)
    }

    fn next(&mut self) -> (Token<'s>, Range<usize>) {
        let (token, span) = self.peek();
        let next = (token.clone(), span);
        self.at = self.at.saturating_add(1);
        next
    }

    fn eat(&mut self, symbol: Symbol) -> bool {
        let found = self.is(symbol);
        if found {
            self.at = self.at.saturating_add(1);
        }
        found
    }

    fn expect(&mut self, symbol: Symbol) -> Parsed<Range<usize>> {
        let span = self.peek().1;
        if self.eat(symbol) {
            Ok(span)
        } else {
            problem(span, format!("expected `{}`, found {}", symbol.as_str(), describe(self.token())), None)
        }
    }

    fn end(&mut self) -> Parsed<()> {
        match self.peek() {
            (Token::End, _) => Ok(()),
            (token, span) => {
                problem(span, format!("expected an operator or the end, found {}", describe(token)), None)
            }
        }
    }

    fn make(node: Node, span: Range<usize>, below: &[&Expr]) -> Parsed<Expr> {
        Self::at_depth(node, span, below.iter().map(|expr| expr.depth).max().unwrap_or(0))
    }

    fn at_depth(node: Node, span: Range<usize>, below: usize) -> Parsed<Expr> {
        let depth = below.saturating_add(1);
        if depth > MAX_DEPTH {
            return problem(
                span,
                format!("nested more than {MAX_DEPTH} deep"),
                Some("split it into several criteria".to_owned()),
            );
        }
        Ok(Expr { node, span, depth })
    }

    fn expression(&mut self) -> Parsed<Expr> {
        self.nesting = self.nesting.saturating_add(1);
        if self.nesting > MAX_DEPTH {
            return problem(self.peek().1, format!("nested more than {MAX_DEPTH} deep"), None);
        }
        let expr = self.conditional();
        self.nesting = self.nesting.saturating_sub(1);
        expr
    }

    fn conditional(&mut self) -> Parsed<Expr> {
        let condition = self.or()?;
        if !self.eat(Symbol::Question) {
            return Ok(condition);
        }
        let then = self.or()?;
        self.expect(Symbol::Colon)?;
        let otherwise = self.expression()?;
        let span = condition.span.start..otherwise.span.end;
        let below = condition.depth.max(then.depth).max(otherwise.depth);
        Self::at_depth(Node::Conditional(condition.into(), then.into(), otherwise.into()), span, below)
    }

    fn or(&mut self) -> Parsed<Expr> {
        self.chain(Symbol::Or, Self::and, Node::Or)
    }

    fn and(&mut self) -> Parsed<Expr> {
        self.chain(Symbol::And, Self::relation, Node::And)
    }

    /// `a && b && c` as one node: long lists of alternatives do not nest.
    fn chain(
        &mut self,
        symbol: Symbol,
        operand: fn(&mut Self) -> Parsed<Expr>,
        node: fn(Vec<Expr>) -> Node,
    ) -> Parsed<Expr> {
        let first = operand(self)?;
        if !self.is(symbol) {
            return Ok(first);
        }
        let mut operands = Vec::with_capacity(2);
        operands.push(first);
        while self.eat(symbol) {
            operands.push(operand(self)?);
        }
        let span = operands.first().map_or(0, |first| first.span.start)
            ..operands.last().map_or(0, |last| last.span.end);
        let below = operands.iter().map(|operand| operand.depth).max().unwrap_or(0);
        Self::at_depth(node(operands), span, below)
    }

    fn relation(&mut self) -> Parsed<Expr> {
        self.binary(Self::sum, |token| match token {
            Token::Symbol(Symbol::Equal) => Some(Operator::Equal),
            Token::Symbol(Symbol::NotEqual) => Some(Operator::NotEqual),
            Token::Symbol(Symbol::Less) => Some(Operator::Less),
            Token::Symbol(Symbol::LessEqual) => Some(Operator::LessEqual),
            Token::Symbol(Symbol::Greater) => Some(Operator::Greater),
            Token::Symbol(Symbol::GreaterEqual) => Some(Operator::GreaterEqual),
            Token::Ident("in") => Some(Operator::In),
            _ => None,
        })
    }

    fn sum(&mut self) -> Parsed<Expr> {
        self.binary(Self::product, |token| match token {
            Token::Symbol(Symbol::Plus) => Some(Operator::Add),
            Token::Symbol(Symbol::Minus) => Some(Operator::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> Parsed<Expr> {
        self.binary(Self::unary, |token| match token {
            Token::Symbol(Symbol::Times) => Some(Operator::Multiply),
            Token::Symbol(Symbol::Slash) => Some(Operator::Divide),
            Token::Symbol(Symbol::Percent) => Some(Operator::Remainder),
            _ => None,
        })
    }

    fn binary(
        &mut self,
        operand: fn(&mut Self) -> Parsed<Expr>,
        operator: fn(&Token) -> Option<Operator>,
    ) -> Parsed<Expr> {
        let mut left = operand(self)?;
        while let Some(operator) = operator(self.token()) {
            self.at = self.at.saturating_add(1);
            let right = operand(self)?;
            let span = left.span.start..right.span.end;
            let below = left.depth.max(right.depth);
            left = Self::at_depth(Node::Binary(operator, left.into(), right.into()), span, below)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let start = self.peek().1.start;
        for (symbol, node) in
            [(Symbol::Not, Node::Not as fn(Box<Expr>) -> Node), (Symbol::Minus, Node::Negate)]
        {
            if !self.eat(symbol) {
                continue;
            }
            // The smallest integer has no positive twin.
            if let (Token::Int(value), span) = self.peek()
                && symbol == Symbol::Minus
                && let Some(negated) = 0_i64.checked_sub_unsigned(*value)
            {
                self.at = self.at.saturating_add(1);
                let literal = Self::make(Node::Literal(Value::Int(negated)), start..span.end, &[])?;
                return self.members(literal);
            }
            self.nesting = self.nesting.saturating_add(1);
            if self.nesting > MAX_DEPTH {
                return problem(self.peek().1, format!("nested more than {MAX_DEPTH} deep"), None);
            }
            let operand = self.unary()?;
            self.nesting = self.nesting.saturating_sub(1);
            let (span, below) = (start..operand.span.end, operand.depth);
            return Self::at_depth(node(operand.into()), span, below);
        }
        let primary = self.primary()?;
        self.members(primary)
    }

    fn members(&mut self, mut operand: Expr) -> Parsed<Expr> {
        loop {
            let (start, below) = (operand.span.start, operand.depth);
            if self.eat(Symbol::Dot) {
                let (name, name_span) = self.member()?;
                if self.is(Symbol::Open) {
                    operand = self.method(operand, name, name_span)?;
                } else {
                    operand = Self::at_depth(
                        Node::Select(operand.into(), name.to_owned()),
                        start..name_span.end,
                        below,
                    )?;
                }
            } else if self.eat(Symbol::OpenBracket) {
                let index = self.expression()?;
                let end = self.expect(Symbol::CloseBracket)?.end;
                let below = below.max(index.depth);
                operand = Self::at_depth(Node::Index(operand.into(), index.into()), start..end, below)?;
            } else {
                return Ok(operand);
            }
        }
    }

    /// What may stand behind a dot.
    fn member(&mut self) -> Parsed<(&'s str, Range<usize>)> {
        if let (Token::Quoted(name), span) = self.peek() {
            let quoted = (*name, span);
            self.at = self.at.saturating_add(1);
            return Ok(quoted);
        }
        self.name()
    }

    fn name(&mut self) -> Parsed<(&'s str, Range<usize>)> {
        match self.next() {
            (Token::Ident(name), span) => Ok((name, span)),
            (token, span) => problem(span, format!("expected a name, found {}", describe(&token)), None),
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let (token, span) = self.next();
        let literal = |literal| Self::make(Node::Literal(literal), span.clone(), &[]);
        match token {
            Token::Int(value) => match i64::try_from(value) {
                Ok(int) => literal(Value::Int(int)),
                Err(_) => problem(span, "a number beyond 64 bits", None),
            },
            Token::Uint(value) => literal(Value::Uint(value)),
            Token::Double(value) => literal(Value::Double(value)),
            Token::String(text) => literal(Value::String(Cow::Owned(text.into_owned()))),
            Token::Bytes(bytes) => literal(Value::Bytes(Cow::Owned(bytes))),
            Token::Ident(name) => self.identifier(name, span, true),
            // From the root: past the variables of comprehensions.
            Token::Symbol(Symbol::Dot) => {
                let (name, span) = self.name()?;
                self.identifier(name, span, false)
            }
            Token::Symbol(Symbol::Open) => {
                let mut inner = self.expression()?;
                inner.span = span.start..self.expect(Symbol::Close)?.end;
                Ok(inner)
            }
            Token::Symbol(Symbol::OpenBracket) => self.list(span.start),
            Token::Symbol(Symbol::OpenBrace) => self.map(span.start),
            other => problem(span, format!("expected a value, found {}", describe(&other)), None),
        }
    }

    fn identifier(&mut self, name: &str, span: Range<usize>, see_locals: bool) -> Parsed<Expr> {
        let literal = match name {
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        };
        if let Some(literal) = literal {
            return Self::make(Node::Literal(literal), span, &[]);
        }
        let variable = Variable::ALL.into_iter().find(|variable| variable.as_str() == name);
        // Nothing else begins with the name of a variable.
        if let Some(variable) = variable.filter(|_| self.locals.is_empty()) {
            return Self::make(Node::Variable(variable), span, &[]);
        }
        if let Some(found) = self.qualified(name, &span, see_locals) {
            return found;
        }
        if self.is(Symbol::Open) {
            return self.global_call(name, span);
        }
        if let Some(variable) = variable {
            return Self::make(Node::Variable(variable), span, &[]);
        }
        let (message, hint) = if RESERVED.contains(&name) {
            (format!("`{name}` is a word that CEL keeps for itself"), None)
        } else {
            let known: Vec<&str> = Variable::ALL.iter().map(|variable| variable.as_str()).collect();
            (format!("nothing is called `{name}`"), Some(self.meant(name, &known)))
        };
        let unknown = CompileProblem { span: span.clone(), message, hint };
        if self.problems.len() >= MAX_PROBLEMS {
            return Err(unknown);
        }
        self.problems.push(unknown);
        Self::make(Node::Unknown, span, &[])
    }

    /// The hint for a name that is none: quotes where a word was compared, else the nearest name.
    fn meant(&self, name: &str, known: &[&str]) -> String {
        let compared =
            |at: usize| matches!(self.tokens.get(at), Some((Token::Symbol(symbol), _)) if symbol.compares());
        let before = self.at.checked_sub(2).is_some_and(compared);
        match nearest(name, known.iter().copied()) {
            None if before => format!("a text stands in quotes: `'{name}'`"),
            None => format!("{}; the arguments are under `args`: `args.{name}`", did_you_mean(name, known)),
            Some(_) => did_you_mean(name, known),
        }
    }

    /// What the longest run of names with dots between them is: a variable of a comprehension, a type, or a function
    /// with a dot in its name. The tokens that it took are taken.
    fn qualified(&mut self, first: &str, span: &Range<usize>, see_locals: bool) -> Option<Parsed<Expr>> {
        let mut path = first.to_owned();
        let mut runs = vec![(path.clone(), span.end, self.at)];
        let mut at = self.at;
        while let (Some((Token::Symbol(Symbol::Dot), _)), Some((Token::Ident(next), end))) =
            (self.tokens.get(at), self.tokens.get(at.saturating_add(1)))
            && runs.len() < 4
        {
            path.push('.');
            path.push_str(next);
            at = at.saturating_add(2);
            runs.push((path.clone(), end.end, at));
        }
        for (path, end, after) in runs.into_iter().rev() {
            let whole = span.start..end;
            let called = matches!(self.tokens.get(after), Some((Token::Symbol(Symbol::Open), _)));
            let local = self.locals.iter().rposition(|local| *local == path).filter(|_| see_locals);
            let named = Type::ALL.into_iter().find(|known| known.name() == path);
            let function = path.contains('.') && FUNCTIONS.iter().any(|known| known.name == path);
            let found = match (local, named) {
                _ if called && function => {
                    self.at = after;
                    return Some(self.global_call(&path, whole));
                }
                (Some(slot), _) if !called => Node::Local(slot),
                (None, Some(named)) if !called => Node::Literal(Value::Type(named)),
                _ => continue,
            };
            self.at = after;
            return Some(Self::make(found, whole, &[]));
        }
        None
    }

    fn list(&mut self, start: usize) -> Parsed<Expr> {
        let (elements, end) = self.expressions(Symbol::CloseBracket)?;
        let below = elements.iter().map(|element| element.depth).max().unwrap_or(0);
        Self::at_depth(Node::List(elements), start..end, below)
    }

    fn map(&mut self, start: usize) -> Parsed<Expr> {
        let mut entries = Vec::new();
        let mut below = 0;
        loop {
            let (token, span) = self.peek();
            if matches!(token, Token::Symbol(Symbol::CloseBrace)) {
                self.at = self.at.saturating_add(1);
                return Self::at_depth(Node::Map(entries), start..span.end, below);
            }
            let key = self.expression()?;
            self.expect(Symbol::Colon)?;
            let value = self.expression()?;
            below = below.max(key.depth).max(value.depth);
            entries.push((key, value));
            if !self.eat(Symbol::Comma) {
                let end = self.expect(Symbol::CloseBrace)?.end;
                return Self::at_depth(Node::Map(entries), start..end, below);
            }
        }
    }

    /// Expressions with commas between them up to the closing symbol, a last comma allowed.
    fn expressions(&mut self, closing: Symbol) -> Parsed<(Vec<Expr>, usize)> {
        let mut all = Vec::new();
        loop {
            let end = self.peek().1.end;
            if self.eat(closing) {
                return Ok((all, end));
            }
            all.push(self.expression()?);
            if !self.eat(Symbol::Comma) {
                return Ok((all, self.expect(closing)?.end));
            }
        }
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::Int(_) | Token::Uint(_) | Token::Double(_) => "a number".to_owned(),
        Token::String(_) => "a string".to_owned(),
        Token::Bytes(_) => "bytes".to_owned(),
        Token::Quoted(name) => format!("`{name}` in backquotes"),
        Token::Ident(name) => format!("`{name}`"),
        Token::Symbol(symbol) => format!("`{}`", symbol.as_str()),
        Token::End => "the end".to_owned(),
    }
}
