//! The functions of the language, in one table: name, how it may be called, and what it takes.

use super::time::Part;

/// A function with its overloads told apart at evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    LowerAscii,
    UpperAscii,
    Trim,
    IndexOf,
    Substring,
    Replace,
    Split,
    Join,
    Greatest,
    Least,
    ToBool,
    ToInt,
    ToUint,
    ToDouble,
    ToString,
    ToBytes,
    ToTimestamp,
    ToDuration,
    TypeOf,
    Dyn,
    Get(Part),
}

/// How a function may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `f(x)`
    Global,
    /// `x.f()`
    Method,
    /// Both
    Either,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) function: Function,
    pub(super) form: Form,
    /// How many arguments it takes, with the one before the dot.
    pub(super) least: usize,
    pub(super) most: usize,
}

const fn row(name: &'static str, function: Function, form: Form, least: usize, most: usize) -> Signature {
    Signature { name, function, form, least, most }
}

/// Any number of them.
const MANY: usize = usize::MAX;

/// All functions.
pub(super) const FUNCTIONS: [Signature; 35] = [
    row("size", Function::Size, Form::Either, 1, 1),
    row("contains", Function::Contains, Form::Method, 2, 2),
    row("startsWith", Function::StartsWith, Form::Method, 2, 2),
    row("endsWith", Function::EndsWith, Form::Method, 2, 2),
    row("matches", Function::Matches, Form::Either, 2, 2),
    row("lowerAscii", Function::LowerAscii, Form::Method, 1, 1),
    row("upperAscii", Function::UpperAscii, Form::Method, 1, 1),
    row("trim", Function::Trim, Form::Method, 1, 1),
    row("indexOf", Function::IndexOf, Form::Method, 2, 3),
    row("substring", Function::Substring, Form::Method, 2, 3),
    row("replace", Function::Replace, Form::Method, 3, 4),
    row("split", Function::Split, Form::Method, 2, 3),
    row("join", Function::Join, Form::Method, 1, 2),
    row("math.greatest", Function::Greatest, Form::Global, 1, MANY),
    row("math.least", Function::Least, Form::Global, 1, MANY),
    row("bool", Function::ToBool, Form::Global, 1, 1),
    row("int", Function::ToInt, Form::Global, 1, 1),
    row("uint", Function::ToUint, Form::Global, 1, 1),
    row("double", Function::ToDouble, Form::Global, 1, 1),
    row("string", Function::ToString, Form::Global, 1, 1),
    row("bytes", Function::ToBytes, Form::Global, 1, 1),
    row("timestamp", Function::ToTimestamp, Form::Global, 1, 1),
    row("duration", Function::ToDuration, Form::Global, 1, 1),
    row("type", Function::TypeOf, Form::Global, 1, 1),
    row("dyn", Function::Dyn, Form::Global, 1, 1),
    row("getFullYear", Function::Get(Part::FullYear), Form::Method, 1, 2),
    row("getMonth", Function::Get(Part::Month), Form::Method, 1, 2),
    row("getDate", Function::Get(Part::Date), Form::Method, 1, 2),
    row("getDayOfMonth", Function::Get(Part::DayOfMonth), Form::Method, 1, 2),
    row("getDayOfWeek", Function::Get(Part::DayOfWeek), Form::Method, 1, 2),
    row("getDayOfYear", Function::Get(Part::DayOfYear), Form::Method, 1, 2),
    row("getHours", Function::Get(Part::Hours), Form::Method, 1, 2),
    row("getMinutes", Function::Get(Part::Minutes), Form::Method, 1, 2),
    row("getSeconds", Function::Get(Part::Seconds), Form::Method, 1, 2),
    row("getMilliseconds", Function::Get(Part::Milliseconds), Form::Method, 1, 2),
];
