//! The Model Context Protocol over Streamable HTTP, in both of its eras (2025-03-26 to 2025-11-25, and 2026-07-28).
//!
//! Here the calls stand in the request, not in the answer: what a client sends is read by [`sent`], and nothing of it
//! leaves before its calls were gated. Everything else passes. What is said in place of an answer is written by
//! [`said`], what the upstream answers is read by [`returned`], and the headers that repeat arguments are made anew
//! by [`mirrored`] where a person edited those.

pub mod mirrored;
pub mod returned;
pub mod said;
pub mod sent;
pub mod session;

/// From this version of the protocol on there are no sessions, and each result says of which type it is.
const MODERN: &str = "2026-07-28";

/// The method of calls.
const CALL: &str = "tools/call";
