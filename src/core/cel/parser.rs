//! Tokens to a resolved tree, by the grammar of the CEL specification.

use super::CompileProblem;
use super::ast::{Comprehension, Expr, Literal, MACROS, Macro, Node, Operator, Variable};
use super::functions::{FUNCTIONS, Form, Function};
use super::lexer::{Token, tokens};
use super::regex::Pattern;
use crate::core::policy::problem::did_you_mean;
use std::ops::Range;

/// How deep an expression may nest: evaluation recurses this far at most.
const MAX_DEPTH: usize = 96;

/// How long an expression may be, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

type Parsed<T> = Result<T, CompileProblem>;

pub(super) fn parse(source: &str) -> Result<Expr, Vec<CompileProblem>> {
    let single = |problem| vec![problem];
    if source.len() > MAX_LENGTH {
        let message = format!("a condition has at most {MAX_LENGTH} bytes");
        return Err(single(CompileProblem { span: 0..source.len(), message, hint: None }));
    }
    let tokens = tokens(source).map_err(single)?;
    let mut parser = Parser { tokens, at: 0, nesting: 0, locals: Vec::new(), problems: Vec::new() };
    let root = parser.expression().and_then(|root| parser.end().map(|()| root));
    match root {
        Ok(root) if parser.problems.is_empty() => Ok(root),
        Ok(_) => Err(parser.problems),
        Err(problem) => {
            parser.problems.push(problem);
            Err(parser.problems)
        }
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
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

impl Parser {
    fn peek(&self) -> (&Token, Range<usize>) {
        match self.tokens.get(self.at) {
            Some((token, span)) => (token, span.clone()),
            None => (&Token::End, 0..0),
        }
    }

    fn next(&mut self) -> (Token, Range<usize>) {
        let (token, span) = self.peek();
        let next = (token.clone(), span);
        self.at = self.at.saturating_add(1);
        next
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek().0, Token::Symbol(found) if *found == symbol);
        if found {
            self.at = self.at.saturating_add(1);
        }
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Parsed<Range<usize>> {
        let (token, span) = self.peek();
        let found = describe(token);
        if self.eat(symbol) {
            Ok(span)
        } else {
            problem(span, format!("expected `{symbol}`, found {found}"), None)
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
        if !self.eat("?") {
            return Ok(condition);
        }
        let then = self.or()?;
        self.expect(":")?;
        let otherwise = self.expression()?;
        let span = condition.span.start..otherwise.span.end;
        let below = condition.depth.max(then.depth).max(otherwise.depth);
        Self::at_depth(Node::Conditional(condition.into(), then.into(), otherwise.into()), span, below)
    }

    fn or(&mut self) -> Parsed<Expr> {
        self.chain("||", Self::and, Node::Or)
    }

    fn and(&mut self) -> Parsed<Expr> {
        self.chain("&&", Self::relation, Node::And)
    }

    /// `a && b && c` as one node: long lists of alternatives do not nest.
    fn chain(
        &mut self,
        symbol: &str,
        operand: fn(&mut Self) -> Parsed<Expr>,
        node: fn(Vec<Expr>) -> Node,
    ) -> Parsed<Expr> {
        let first = operand(self)?;
        let mut operands = vec![first];
        while self.eat(symbol) {
            operands.push(operand(self)?);
        }
        if operands.len() == 1
            && let Some(only) = operands.pop()
        {
            return Ok(only);
        }
        let span = operands.first().map_or(0, |first| first.span.start)
            ..operands.last().map_or(0, |last| last.span.end);
        let below = operands.iter().map(|operand| operand.depth).max().unwrap_or(0);
        Self::at_depth(node(operands), span, below)
    }

    fn relation(&mut self) -> Parsed<Expr> {
        self.binary(Self::sum, |token| match token {
            Token::Symbol("==") => Some(Operator::Equal),
            Token::Symbol("!=") => Some(Operator::NotEqual),
            Token::Symbol("<") => Some(Operator::Less),
            Token::Symbol("<=") => Some(Operator::LessEqual),
            Token::Symbol(">") => Some(Operator::Greater),
            Token::Symbol(">=") => Some(Operator::GreaterEqual),
            Token::Ident(word) if word == "in" => Some(Operator::In),
            _ => None,
        })
    }

    fn sum(&mut self) -> Parsed<Expr> {
        self.binary(Self::product, |token| match token {
            Token::Symbol("+") => Some(Operator::Add),
            Token::Symbol("-") => Some(Operator::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> Parsed<Expr> {
        self.binary(Self::unary, |token| match token {
            Token::Symbol("*") => Some(Operator::Multiply),
            Token::Symbol("/") => Some(Operator::Divide),
            Token::Symbol("%") => Some(Operator::Remainder),
            _ => None,
        })
    }

    fn binary(
        &mut self,
        operand: fn(&mut Self) -> Parsed<Expr>,
        operator: fn(&Token) -> Option<Operator>,
    ) -> Parsed<Expr> {
        let mut left = operand(self)?;
        while let Some(operator) = operator(self.peek().0) {
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
        for (symbol, node) in [("!", Node::Not as fn(Box<Expr>) -> Node), ("-", Node::Negate)] {
            if !self.eat(symbol) {
                continue;
            }
            // The smallest integer has no positive twin.
            if let (Token::Int(value), span) = self.peek()
                && symbol == "-"
                && let Some(negated) = 0_i64.checked_sub_unsigned(*value)
            {
                self.at = self.at.saturating_add(1);
                let literal = Self::make(Node::Literal(Literal::Int(negated)), start..span.end, &[])?;
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
            if self.eat(".") {
                let (name, name_span) = self.name()?;
                if matches!(self.peek().0, Token::Symbol("(")) {
                    operand = self.method(operand, &name, name_span)?;
                } else {
                    operand =
                        Self::at_depth(Node::Select(operand.into(), name), start..name_span.end, below)?;
                }
            } else if self.eat("[") {
                let index = self.expression()?;
                let end = self.expect("]")?.end;
                let below = below.max(index.depth);
                operand = Self::at_depth(Node::Index(operand.into(), index.into()), start..end, below)?;
            } else {
                return Ok(operand);
            }
        }
    }

    fn name(&mut self) -> Parsed<(String, Range<usize>)> {
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
                Ok(int) => literal(Literal::Int(int)),
                Err(_) => problem(span, "a number beyond 64 bits", None),
            },
            Token::Uint(value) => literal(Literal::Uint(value)),
            Token::Double(value) => literal(Literal::Double(value)),
            Token::String(text) => literal(Literal::String(text)),
            Token::Bytes => problem(span, "bytes are not built yet", Some("compare strings".to_owned())),
            Token::Ident(name) => self.identifier(&name, span),
            Token::Symbol("(") => {
                let mut inner = self.expression()?;
                inner.span = span.start..self.expect(")")?.end;
                Ok(inner)
            }
            Token::Symbol("[") => self.list(span.start),
            Token::Symbol("{") => self.map(span.start),
            other => problem(span, format!("expected a value, found {}", describe(&other)), None),
        }
    }

    fn identifier(&mut self, name: &str, span: Range<usize>) -> Parsed<Expr> {
        let literal = match name {
            "null" => Some(Literal::Null),
            "true" => Some(Literal::Bool(true)),
            "false" => Some(Literal::Bool(false)),
            _ => None,
        };
        if let Some(literal) = literal {
            return Self::make(Node::Literal(literal), span, &[]);
        }
        if matches!(self.peek().0, Token::Symbol("(")) {
            return self.global_call(name, span);
        }
        if let Some(slot) = self.locals.iter().rposition(|local| local == name) {
            return Self::make(Node::Local(slot), span, &[]);
        }
        let variable =
            Variable::ALL.into_iter().find(|variable| variable.as_str() == name).unwrap_or_else(|| {
                let known: Vec<&str> = Variable::ALL.iter().map(|variable| variable.as_str()).collect();
                let message = format!("nothing is called `{name}`");
                let hint = Some(did_you_mean(name, &known));
                self.problems.push(CompileProblem { span: span.clone(), message, hint });
                Variable::Args
            });
        Self::make(Node::Variable(variable), span, &[])
    }

    fn list(&mut self, start: usize) -> Parsed<Expr> {
        let (elements, end) = self.expressions("]")?;
        let below = elements.iter().map(|element| element.depth).max().unwrap_or(0);
        Self::at_depth(Node::List(elements), start..end, below)
    }

    fn map(&mut self, start: usize) -> Parsed<Expr> {
        let mut entries = Vec::new();
        let mut below = 0;
        loop {
            let (token, span) = self.peek();
            if matches!(token, Token::Symbol("}")) {
                self.at = self.at.saturating_add(1);
                return Self::at_depth(Node::Map(entries), start..span.end, below);
            }
            let key = self.expression()?;
            self.expect(":")?;
            let value = self.expression()?;
            below = below.max(key.depth).max(value.depth);
            entries.push((key, value));
            if !self.eat(",") {
                let end = self.expect("}")?.end;
                return Self::at_depth(Node::Map(entries), start..end, below);
            }
        }
    }

    /// Expressions with commas between them up to the closing symbol, a last comma allowed.
    fn expressions(&mut self, closing: &'static str) -> Parsed<(Vec<Expr>, usize)> {
        let mut all = Vec::new();
        loop {
            let end = self.peek().1.end;
            if self.eat(closing) {
                return Ok((all, end));
            }
            all.push(self.expression()?);
            if !self.eat(",") {
                return Ok((all, self.expect(closing)?.end));
            }
        }
    }

    fn global_call(&mut self, name: &str, span: Range<usize>) -> Parsed<Expr> {
        self.expect("(")?;
        let (arguments, end) = self.expressions(")")?;
        let whole = span.start..end;
        if name == "has" {
            return match <[Expr; 1]>::try_from(arguments) {
                Ok([Expr { node: Node::Select(operand, field), span, depth }]) => {
                    Self::at_depth(Node::Has(operand, field, span), whole, depth)
                }
                _ => {
                    problem(whole, "`has` takes one field", Some("for example `has(args.amount)`".to_owned()))
                }
            };
        }
        Self::call(name, &span, whole, arguments, Form::Global)
    }

    fn method(&mut self, operand: Expr, name: &str, name_span: Range<usize>) -> Parsed<Expr> {
        if let Some((_, macro_)) = MACROS.iter().find(|(known, _)| *known == name) {
            return self.comprehension(operand, *macro_);
        }
        self.expect("(")?;
        let start = operand.span.start;
        let mut arguments = vec![operand];
        let (rest, end) = self.expressions(")")?;
        arguments.extend(rest);
        Self::call(name, &name_span, start..end, arguments, Form::Method)
    }

    fn call(
        name: &str,
        name_span: &Range<usize>,
        whole: Range<usize>,
        arguments: Vec<Expr>,
        form: Form,
    ) -> Parsed<Expr> {
        let Some((_, function, allowed, count)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            let known: Vec<&str> = FUNCTIONS
                .iter()
                .map(|(name, ..)| *name)
                .chain(MACROS.iter().map(|(name, _)| *name))
                .collect();
            let message = format!("no function is called `{name}`");
            return problem(name_span.clone(), message, Some(did_you_mean(name, &known)));
        };
        if *allowed != Form::Either && *allowed != form {
            let hint = match allowed {
                Form::Global => format!("write `{name}(x)`"),
                _ => format!("write `x.{name}(…)`"),
            };
            return problem(name_span.clone(), format!("`{name}` is not called this way"), Some(hint));
        }
        if arguments.len() != *count {
            let own = usize::from(form == Form::Method);
            let message = format!(
                "`{name}` takes {} argument(s), not {}",
                count.saturating_sub(own),
                arguments.len().saturating_sub(own)
            );
            return problem(whole, message, None);
        }
        let below = arguments.iter().map(|argument| argument.depth).max().unwrap_or(0);
        if *function == Function::Matches
            && let Ok([text, Expr { node: Node::Literal(Literal::String(pattern)), span, .. }]) =
                <[Expr; 2]>::try_from(arguments.clone())
        {
            return match Pattern::compile(&pattern) {
                Ok(pattern) => Self::at_depth(Node::Matches(text.into(), pattern), whole, below),
                Err(message) => problem(
                    span,
                    format!("no regular expression: {message}"),
                    Some("the syntax is RE2's".to_owned()),
                ),
            };
        }
        Self::at_depth(Node::Call(*function, arguments), whole, below)
    }

    fn comprehension(&mut self, range: Expr, macro_: Macro) -> Parsed<Expr> {
        self.expect("(")?;
        let (name, span) = self.name()?;
        if Variable::ALL.iter().any(|variable| variable.as_str() == name) {
            return problem(
                span,
                format!("`{name}` would hide the action's own"),
                Some("choose another name".to_owned()),
            );
        }
        self.expect(",")?;
        self.locals.push(name);
        let first = self.expression()?;
        let second = if macro_ == Macro::Map && self.eat(",") { Some(self.expression()?) } else { None };
        self.locals.pop();
        let end = self.expect(")")?.end;
        let below = range.depth.max(first.depth).max(second.as_ref().map_or(0, |second| second.depth));
        let (predicate, transform) = match (macro_, second) {
            (Macro::Map, Some(second)) => (Some(first), Some(second)),
            (Macro::Map, None) => (None, Some(first)),
            _ => (Some(first), None),
        };
        let whole = range.span.start..end;
        let comprehension = Comprehension { macro_, range, predicate, transform };
        Self::at_depth(Node::Comprehension(comprehension.into()), whole, below)
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::Int(_) | Token::Uint(_) | Token::Double(_) => "a number".to_owned(),
        Token::String(_) => "a string".to_owned(),
        Token::Bytes => "bytes".to_owned(),
        Token::Ident(name) => format!("`{name}`"),
        Token::Symbol(symbol) => format!("`{symbol}`"),
        Token::End => "the end".to_owned(),
    }
}
