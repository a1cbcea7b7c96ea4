//! Conditions in CEL, the Common Expression Language, by an engine of our own (google/cel-spec).
//!
//! Compiled once per policy, evaluated against an action without a copy of it. Evaluation is total: it ends
//! within a work budget with a value or an error, and the gate counts every error as a match.
//!
//! One extension: arithmetic that mixes int and double converts to double, because JSON has one number type.
//! Left out: messages of protocol buffers, and time zones by name.

mod ast;
mod calls;
mod certain;
mod eval;
mod fold;
mod functions;
mod lexer;
mod parser;
mod print;
mod quick;
mod reading;
mod regex;
mod search;
mod strings;
mod time;
mod value;

pub(crate) use quick::{Opening, Required};
pub(crate) use reading::Found;
pub use reading::{Reading, Shared};

use super::json::{Json, Object};
use super::pointer::Pointer;
use std::ops::Range;

/// What one condition may cost: a node of the expression costs 1, work over long values more.
pub const WORK_BUDGET: u64 = 100_000;

/// A compiled condition.
#[derive(Debug, Clone)]
pub struct Program {
    source: String,
    root: ast::Expr,
    quick: quick::Quick,
}

/// What is wrong with an expression, and where in it (bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileProblem {
    /// The bytes of the expression that are meant.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

/// What a condition sees of an action.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// `kind`
    pub kind: &'a str,
    /// `args`
    pub args: &'a Object,
    /// `confidence`, as given; 0 where none was
    pub confidence: f64,
    /// `subject`; reading it where there is none is an error
    pub subject: Option<&'a str>,
    /// `source`
    pub source: &'a Object,
    /// `context`
    pub context: &'a Object,
}

/// Why a condition has no value, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError {
    /// What went wrong.
    pub kind: EvalErrorKind,
    /// The bytes of the expression that went wrong.
    pub span: Range<usize>,
}

/// What can go wrong. [`Program::explain`] says it in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvalErrorKind {
    /// A field or key that is not there.
    Missing,
    /// An operator or function met types that it is not made for: these.
    Types(Kinds),
    /// Beyond 64 bits, or beyond what the type holds.
    Range,
    /// Division by zero.
    ZeroDivision,
    /// A text that does not say what it should: a pattern, a number, a time.
    Unreadable,
    /// One key twice in a map.
    RepeatedKey,
    /// A name that nothing has.
    Unknown,
    /// More work than [`WORK_BUDGET`].
    Budget,
}

/// The types of up to three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds([Option<value::Type>; 3]);

impl std::fmt::Display for Kinds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, kind) in self.0.iter().flatten().enumerate() {
            formatter.write_str(if at == 0 { "" } else { " and " })?;
            formatter.write_str(kind.described())?;
        }
        Ok(())
    }
}

/// Compiles an expression; all of its problems, where it has any.
pub fn compile(source: &str) -> Result<Program, Vec<CompileProblem>> {
    let (root, problems) = parser::parse(source, &[]);
    match root {
        Some(root) if problems.is_empty() => Ok(Program::of(source, root, 0)),
        _ => Err(problems),
    }
}

/// Compiles an expression over these names beside the action's own, as the language does without its type checker:
/// what nothing is called is an error only where it is reached. For the language's conformance cases.
pub fn compile_unchecked(source: &str, names: &[&str]) -> Result<Program, Vec<CompileProblem>> {
    let (root, problems) = parser::parse(source, names);
    root.map(|root| Program::of(source, root, names.len())).ok_or(problems)
}

impl Program {
    fn of(source: &str, mut root: ast::Expr, declared: usize) -> Self {
        fold::fold(&mut root, declared);
        Self { source: source.to_owned(), root, quick: quick::Quick::Unknown }
    }

    /// The test that the condition begins with, where conditions can be found by it.
    pub(crate) fn opening(&self, shared: &Shared) -> Option<Opening<'_>> {
        self.quick.opening(shared)
    }

    /// Whether the condition holds.
    pub fn matches(&self, input: &Input<'_>) -> Result<bool, EvalError> {
        eval::Evaluator::new(input, None).boolean(&self.root)
    }

    /// The fields that the condition reads for this action, as pointers into the action, each once and in the
    /// order of reading. At most 32.
    pub fn fields_read(&self, input: &Input<'_>) -> Vec<Pointer> {
        let trace = eval::Trace::default();
        // Its value is known already; this run is for what it reads.
        let _ = eval::Evaluator::new(input, Some(&trace)).boolean(&self.root);
        trace.into_pointers()
    }

    /// The value with its type, as the language's conformance cases write it; for tests and tools.
    pub fn value(&self, input: &Input<'_>) -> Result<Json, EvalError> {
        self.value_with(input, &[])
    }

    /// As [`Self::value`], with the values of the names that it was compiled with.
    pub fn value_with(&self, input: &Input<'_>, values: &[&Program]) -> Result<Json, EvalError> {
        let evaluator = eval::Evaluator::new(input, None);
        for value in values {
            evaluator.declare(evaluator.eval(&value.root)?);
        }
        evaluator.eval(&self.root).map(|value| value.tagged())
    }

    /// The condition as it was understood: with constants computed and every operation in parentheses.
    pub fn printed(&self) -> String {
        print::print(&self.root)
    }

    /// An error of this condition in words.
    pub fn explain(&self, error: &EvalError) -> String {
        let part = self.source.get(error.span.clone()).unwrap_or("");
        match error.kind {
            EvalErrorKind::Missing => format!("`{part}` is missing"),
            EvalErrorKind::Types(kinds) => format!("`{part}` does not go with {kinds}"),
            EvalErrorKind::Range => format!("`{part}` is out of range"),
            EvalErrorKind::ZeroDivision => format!("`{part}` divides by zero"),
            EvalErrorKind::Unreadable => format!("`{part}` cannot be read as what it should be"),
            EvalErrorKind::RepeatedKey => format!("`{part}` has one key twice"),
            EvalErrorKind::Unknown => format!("nothing is called `{part}`"),
            EvalErrorKind::Budget => "it takes more work than a condition may".to_owned(),
        }
    }

    /// The fields whose absence lets an action pass by `has(x) && …`, wherever that decides.
    pub fn guarded_fields(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.guards(&self.root, &mut found);
        found
    }

    fn guards<'p>(&'p self, expr: &'p ast::Expr, found: &mut Vec<&'p str>) {
        // Not within `||`: what passes one side may be caught by the other.
        if let ast::Node::And(operands) = &expr.node {
            for operand in operands {
                if let ast::Node::Has(_, _, field) = &operand.node {
                    found.extend(self.source.get(field.clone()));
                }
                self.guards(operand, found);
            }
        }
    }
}

#[cfg(test)]
mod tests;
