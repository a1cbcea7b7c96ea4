//! The forms of answer that are gated, each with its reader.

use super::answer::{AnswerError, AnswerStream, WholeAnswer};
use super::asked::Asked;
use super::openai_chat;
use super::problem::Problem;

/// A form of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `OpenAI`'s Chat Completions.
    Chat,
}

impl Form {
    /// Reads a request for it.
    pub fn asked(self, body: &[u8]) -> Result<Asked, Problem> {
        match self {
            Self::Chat => openai_chat::asked(body).map_err(|error| Problem::malformed(&error)),
        }
    }

    /// Reads an answer that came as a whole. What has another shape is refused: it could hide a call.
    pub fn whole(self, body: &[u8], asked: &Asked) -> Result<Box<dyn WholeAnswer>, AnswerError> {
        Ok(match self {
            Self::Chat => Box::new(openai_chat::Answer::parse(body, asked.structured)?),
        })
    }

    /// Reads an answer that comes as a stream.
    pub fn stream(self, asked: &Asked) -> Box<dyn AnswerStream> {
        match self {
            Self::Chat => Box::new(openai_chat::Stream::new(asked.structured)),
        }
    }
}
