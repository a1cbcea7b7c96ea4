//! The functions of the language, in one table: name, how it may be called, and what it takes.

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
    ToInt,
    ToDouble,
    ToString,
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

/// Name, function, form, and the number of arguments with the one before the dot.
pub(super) const FUNCTIONS: [(&str, Function, Form, usize); 11] = [
    ("size", Function::Size, Form::Either, 1),
    ("contains", Function::Contains, Form::Method, 2),
    ("startsWith", Function::StartsWith, Form::Method, 2),
    ("endsWith", Function::EndsWith, Form::Method, 2),
    ("matches", Function::Matches, Form::Either, 2),
    ("lowerAscii", Function::LowerAscii, Form::Method, 1),
    ("upperAscii", Function::UpperAscii, Form::Method, 1),
    ("trim", Function::Trim, Form::Method, 1),
    ("int", Function::ToInt, Form::Global, 1),
    ("double", Function::ToDouble, Form::Global, 1),
    ("string", Function::ToString, Form::Global, 1),
];
