//! The forms of answer that are gated, each with its reader.

use super::answer::{AnswerError, AnswerStream, WholeAnswer};
use super::asked::Asked;
use super::mapped::Map;
use super::problem::Problem;
use super::{anthropic, mapped, openai_chat, openai_responses};
use crate::core::policy::glob::Glob;

/// A form of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `OpenAI`'s Chat Completions.
    Chat,
    /// `OpenAI`'s Responses.
    Responses,
    /// The same, of an answer that the upstream keeps.
    StoredResponse,
    /// Anthropic's Messages.
    Messages,
    /// What an app's own endpoint answers.
    Mapped,
}

/// What an upstream's configuration says of the forms of its answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Means {
    /// The types of tools that it may execute by itself, ungated.
    pub server_tools: Vec<Glob>,
    /// Where the actions are in its answers, where it speaks an app's own JSON.
    pub map: Option<Map>,
}

impl Form {
    /// Reads a request for it. What the upstream would do on its own, where nobody could stop it, is refused, unless it is
    /// configured for that.
    pub fn asked(self, means: &Means, query: &str, body: &[u8]) -> Result<Asked, Problem> {
        match self {
            Self::Chat => openai_chat::asked(body).map_err(|error| Problem::malformed(&error)),
            Self::Responses => openai_responses::asked(body),
            Self::StoredResponse => openai_responses::asked_again(query),
            Self::Messages => anthropic::asked(body, &means.server_tools),
            // What an app sends to its own endpoint is its own affair.
            Self::Mapped => Ok(Asked::default()),
        }
    }

    /// Reads an answer that came as a whole. What has another shape is refused: it could hide a call.
    pub fn whole(
        self,
        means: &Means,
        body: &[u8],
        asked: &Asked,
    ) -> Result<Box<dyn WholeAnswer>, AnswerError> {
        Ok(match self {
            Self::Chat => Box::new(openai_chat::Answer::parse(body, asked.structured)?),
            Self::Responses | Self::StoredResponse => {
                Box::new(openai_responses::Answer::parse(body, asked.structured)?)
            }
            Self::Messages => Box::new(anthropic::Answer::parse(body, asked.structured)?),
            Self::Mapped => {
                let map = means.map.as_ref().ok_or(AnswerError::Shape("its upstream has no map"))?;
                Box::new(mapped::Answer::parse(body, map)?)
            }
        })
    }

    /// Reads an answer that comes as a stream; `None` where this form has none.
    pub fn stream(self, asked: &Asked) -> Option<Box<dyn AnswerStream>> {
        Some(match self {
            Self::Chat => Box::new(openai_chat::Stream::new(asked.structured)),
            Self::Responses | Self::StoredResponse => Box::new(openai_responses::Stream::new(asked)),
            Self::Messages => Box::new(anthropic::Stream::new(asked.structured)),
            Self::Mapped => return None,
        })
    }
}
