//! The forms of answer that are gated, each with its reader.

use super::answer::{AnswerError, AnswerStream, WholeAnswer};
use super::asked::Asked;
use super::problem::Problem;
use super::{openai_chat, openai_responses};

/// A form of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `OpenAI`'s Chat Completions.
    Chat,
    /// `OpenAI`'s Responses.
    Responses,
    /// The same, of an answer that the upstream keeps.
    StoredResponse,
}

impl Form {
    /// Reads a request for it.
    pub fn asked(self, query: &str, body: &[u8]) -> Result<Asked, Problem> {
        match self {
            Self::Chat => openai_chat::asked(body).map_err(|error| Problem::malformed(&error)),
            Self::Responses => openai_responses::asked(body),
            Self::StoredResponse => openai_responses::asked_again(query),
        }
    }

    /// Reads an answer that came as a whole. What has another shape is refused: it could hide a call.
    pub fn whole(self, body: &[u8], asked: &Asked) -> Result<Box<dyn WholeAnswer>, AnswerError> {
        Ok(match self {
            Self::Chat => Box::new(openai_chat::Answer::parse(body, asked.structured)?),
            Self::Responses | Self::StoredResponse => {
                Box::new(openai_responses::Answer::parse(body, asked.structured)?)
            }
        })
    }

    /// Reads an answer that comes as a stream.
    pub fn stream(self, asked: &Asked) -> Box<dyn AnswerStream> {
        match self {
            Self::Chat => Box::new(openai_chat::Stream::new(asked.structured)),
            Self::Responses | Self::StoredResponse => Box::new(openai_responses::Stream::new(asked)),
        }
    }
}
