//! Calls of functions, as functions and as methods, and macros.

use super::{Parsed, Parser, problem};
use crate::core::cel::CompileProblem;
use crate::core::cel::ast::{Comprehension, Expr, MACROS, Macro, Node, Variable};
use crate::core::cel::functions::{FUNCTIONS, Form, Function};
use crate::core::cel::lexer::Symbol;
use crate::core::cel::regex::Pattern;
use crate::core::cel::value::Value;
use crate::core::policy::problem::did_you_mean;
use std::ops::Range;

impl Parser<'_> {
    pub(super) fn global_call(&mut self, name: &str, span: Range<usize>) -> Parsed<Expr> {
        self.expect(Symbol::Open)?;
        let (arguments, end) = self.expressions(Symbol::Close)?;
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
        self.call(name, &span, whole, arguments, Form::Global)
    }

    pub(super) fn method(&mut self, operand: Expr, name: &str, name_span: Range<usize>) -> Parsed<Expr> {
        if let Some((_, macro_)) = MACROS.iter().find(|(known, _)| *known == name) {
            return self.comprehension(operand, *macro_);
        }
        self.expect(Symbol::Open)?;
        let start = operand.span.start;
        let (mut arguments, end) = self.expressions(Symbol::Close)?;
        arguments.insert(0, operand);
        self.call(name, &name_span, start..end, arguments, Form::Method)
    }

    fn call(
        &mut self,
        name: &str,
        name_span: &Range<usize>,
        whole: Range<usize>,
        arguments: Vec<Expr>,
        form: Form,
    ) -> Parsed<Expr> {
        let below = arguments.iter().map(|argument| argument.depth).max().unwrap_or(0);
        let Some(signature) = FUNCTIONS.iter().find(|known| known.name == name) else {
            let known: Vec<&str> = FUNCTIONS
                .iter()
                .map(|signature| signature.name)
                .chain(MACROS.iter().map(|(name, _)| *name))
                .collect();
            let message = format!("no function is called `{name}`");
            let hint = Some(did_you_mean(name, &known));
            self.problems.push(CompileProblem { span: name_span.clone(), message, hint });
            return Self::at_depth(Node::Unknown, name_span.clone(), below);
        };
        if signature.form != Form::Either && signature.form != form {
            let hint = match signature.form {
                Form::Global => format!("write `{name}(x)`"),
                _ => format!("write `x.{name}(…)`"),
            };
            return problem(name_span.clone(), format!("`{name}` is not called this way"), Some(hint));
        }
        if !(signature.least..=signature.most).contains(&arguments.len()) {
            let own = usize::from(form == Form::Method);
            let (least, most) = (signature.least.saturating_sub(own), signature.most.saturating_sub(own));
            let count = if least == most { least.to_string() } else { format!("{least} to {most}") };
            let message =
                format!("`{name}` takes {count} argument(s), not {}", arguments.len().saturating_sub(own));
            return problem(whole, message, None);
        }
        if signature.function == Function::Matches
            && let [_, Expr { node: Node::Literal(Value::String(pattern)), span, .. }] = arguments.as_slice()
        {
            let pattern = Pattern::compile(pattern).map_err(|message| CompileProblem {
                span: span.clone(),
                message: format!("no regular expression: {message}"),
                hint: Some(
                    "the syntax is RE2's; in TOML write it in single quotes, where `\\` stays".to_owned(),
                ),
            })?;
            let text = arguments.into_iter().next();
            return match text {
                Some(text) => Self::at_depth(Node::Matches(text.into(), pattern), whole, below),
                None => problem(whole, "`matches` without a text", None),
            };
        }
        Self::at_depth(Node::Call(signature.function, arguments), whole, below)
    }

    fn comprehension(&mut self, range: Expr, macro_: Macro) -> Parsed<Expr> {
        self.expect(Symbol::Open)?;
        let (name, span) = self.name()?;
        if Variable::ALL.iter().any(|variable| variable.as_str() == name) {
            return problem(
                span,
                format!("`{name}` would hide the action's own"),
                Some("choose another name".to_owned()),
            );
        }
        self.expect(Symbol::Comma)?;
        self.locals.push(name.to_owned());
        let first = self.expression()?;
        let second =
            if macro_ == Macro::Map && self.eat(Symbol::Comma) { Some(self.expression()?) } else { None };
        self.locals.pop();
        let end = self.expect(Symbol::Close)?.end;
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
