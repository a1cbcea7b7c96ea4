//! Bytes to core and back: one folder per dialect, and one each for what the API, the problem documents and the
//! objects behind the Worker say. Pure, like the core.

pub mod access;
pub mod answer;
pub mod anthropic;
pub mod api;
pub mod asked;
pub mod call;
pub mod capacity;
pub mod criterion;
pub mod desk;
pub mod export;
pub mod figure_shapes;
pub mod form;
pub mod insights;
pub mod label;
pub mod made;
pub mod mapped;
pub mod notice;
pub mod office;
pub mod openai_chat;
pub mod openai_responses;
pub mod openapi;
mod operations;
pub mod policy_schema;
pub mod preview;
pub mod problem;
pub mod record;
pub mod route;
pub mod shape;
pub mod shapes;
pub mod sse;
pub mod suite;
pub mod tally;
pub mod token_scores;
pub mod trial;
pub mod upstream;
pub mod webhook;
