//! A call that an AI makes in its answer, and what becomes of it: the same for every dialect.

use super::notice::Notice;
use super::token_scores::TokenScores;
use crate::core::action::Confidence;
use crate::core::json::{Json, Object};

/// A call in an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The tool's name.
    pub kind: String,
    /// Its arguments, or why they are no action's.
    pub args: Result<Object, String>,
    /// What an edit can put into it.
    pub carries: Carries,
    /// How sure the model was of each part, where the upstream tells.
    pub scores: Option<TokenScores>,
    /// How sure the AI says it is, where that stands beside the call.
    pub confidence: Confidence,
    /// Whom or what it concerns, where that stands beside the call.
    pub subject: Option<String>,
    /// What else says what it does: shown with it, and a call that says something else there is another call.
    pub beside: Object,
}

/// What a call can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Any arguments.
    Arguments,
    /// One text, as `input`.
    Input,
    /// Nothing: not a call that anybody knows. It may only be taken out.
    Nothing,
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It runs as it stands.
    Run,
    /// It runs with these arguments.
    RunWith(Object),
    /// It is taken out, and this stands in its place.
    Notice(Notice),
}

impl Fate {
    /// The notice, where that is its fate.
    pub fn notice(&self) -> Option<&Notice> {
        match self {
            Self::Notice(notice) => Some(notice),
            Self::Run | Self::RunWith(_) => None,
        }
    }
}

impl Call {
    /// Whether it can carry these arguments: a custom tool takes one text, any other whatever a person wrote.
    pub fn can_carry(&self, args: &Object) -> bool {
        match self.carries {
            Carries::Arguments => true,
            Carries::Input => {
                args.len() == 1 && args.get("input").is_some_and(|input| input.as_str().is_some())
            }
            Carries::Nothing => false,
        }
    }

    /// A call of which nothing else is said.
    pub(super) fn new(kind: String, args: Result<Object, String>, carries: Carries) -> Self {
        Self {
            kind,
            args,
            carries,
            scores: None,
            confidence: Confidence::None,
            subject: None,
            beside: Object::new(),
        }
    }

    /// A call of a shape that is not known: blocked, whatever it says.
    pub fn unknown(kind: &str) -> Self {
        Self::broken(kind, "the call has a shape that is not known")
    }

    /// A call that cannot be read.
    pub fn broken(kind: &str, why: &str) -> Self {
        let kind = if kind.is_empty() { "unknown" } else { kind };
        Self::new(kind.to_owned(), Err(why.to_owned()), Carries::Nothing)
    }

    /// A call of a function with its arguments as JSON text.
    pub fn of_function(name: Option<&Json>, arguments: Option<&Json>) -> Self {
        let args = match arguments {
            Some(Json::String(text)) => match Json::parse(text.as_bytes()) {
                Ok(Json::Object(args)) => Ok(args),
                Ok(other) => Err(format!("the arguments are {}, not an object", other.type_name())),
                Err(error) => Err(format!("the arguments are not strict JSON: {error}")),
            },
            _ => Err("the arguments are no string".to_owned()),
        };
        Self::named(name, args, Carries::Arguments)
    }

    /// A call with its arguments as an object.
    pub fn of_object(name: Option<&Json>, arguments: Option<&Json>) -> Self {
        let args = match arguments {
            Some(Json::Object(args)) => Ok(args.clone()),
            Some(other) => Err(format!("the arguments are {}, not an object", other.type_name())),
            None => Err("the call has no arguments".to_owned()),
        };
        Self::named(name, args, Carries::Arguments)
    }

    /// A call of a custom tool, which takes one text.
    pub fn of_custom_tool(name: Option<&Json>, input: Option<&Json>) -> Self {
        let args = input.and_then(Json::as_str).map(|input| {
            let mut args = Object::new();
            args.set("input", input);
            args
        });
        Self::named(name, args.ok_or_else(|| "the call has no input".to_owned()), Carries::Input)
    }

    fn named(name: Option<&Json>, args: Result<Object, String>, carries: Carries) -> Self {
        match name.and_then(Json::as_str).filter(|name| !name.is_empty()) {
            Some(name) => Self::new(name.to_owned(), args, carries),
            None => Self::broken("", "the call has no name"),
        }
    }
}
