//! Conditions in CEL, the Common Expression Language, by an engine of our own (google/cel-spec).
//!
//! Compiled once per policy, evaluated against an action without a copy of it. Evaluation is total: it ends
//! within a work budget with a value or an error, and the gate counts every error as a match.
//!
//! One extension: arithmetic that mixes int and double converts to double, because JSON has one number type.
//! Not built yet: bytes, timestamps and durations, `type`, messages.

mod ast;
mod calls;
mod eval;
mod functions;
mod lexer;
mod parser;
mod regex;
mod value;

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

/// Why a condition has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A field or key that is not there.
    #[error("`{0}` is missing")]
    Missing(String),
    /// An operator or function met types that it is not made for.
    #[error("`{0}` does not go with {1}")]
    Types(String, String),
    /// Beyond 64 bits.
    #[error("`{0}` is out of range")]
    Range(String),
    /// Division by zero.
    #[error("`{0}` divides by zero")]
    ZeroDivision(String),
    /// A pattern, made while evaluating, that is none.
    #[error("`{0}` is no regular expression")]
    Pattern(String),
    /// More work than [`WORK_BUDGET`].
    #[error("it takes more work than a condition may")]
    Budget,
}

/// Compiles an expression; all of its problems, where it has any.
pub fn compile(source: &str) -> Result<Program, Vec<CompileProblem>> {
    parser::parse(source).map(|root| Program { source: source.to_owned(), root })
}

impl Program {
    /// Whether the condition holds.
    pub fn matches(&self, input: &Input<'_>) -> Result<bool, EvalError> {
        eval::Evaluator::new(&self.source, input, None).boolean(&self.root)
    }

    /// The fields that the condition reads for this action, as pointers into the action, each once and in the
    /// order of reading. At most 32.
    pub fn fields_read(&self, input: &Input<'_>) -> Vec<Pointer> {
        let trace = eval::Trace::default();
        // Its value is known already; this run is for what it reads.
        let _ = eval::Evaluator::new(&self.source, input, Some(&trace)).boolean(&self.root);
        trace.into_pointers()
    }

    /// Evaluates to a JSON value; for tests and tools.
    pub fn value(&self, input: &Input<'_>) -> Result<Json, EvalError> {
        eval::Evaluator::new(&self.source, input, None).eval(&self.root).map(|value| value.to_json())
    }

    /// The fields whose absence lets an action pass by `has(x) && …`, wherever that decides.
    pub fn guarded_fields(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.guards(&self.root, &mut found);
        found
    }

    fn guards<'p>(&'p self, expr: &'p ast::Expr, found: &mut Vec<&'p str>) {
        match &expr.node {
            ast::Node::Or(operands) => operands.iter().for_each(|operand| self.guards(operand, found)),
            ast::Node::And(operands) => {
                for operand in operands {
                    if let ast::Node::Has(_, _, field) = &operand.node {
                        found.extend(self.source.get(field.clone()));
                    }
                    self.guards(operand, found);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
