//! What decisions tell: rates with their intervals, estimates over what nobody looked at, patterns, edits, pace.
//!
//! Counts are doubles throughout: they are merged by adding, and weighted ones are no whole numbers. Nothing here
//! knows where its numbers come from; times and labels are arguments.

pub mod bins;
pub mod edits;
pub mod pattern;
pub mod proportion;
pub mod special;
pub mod stamping;
pub mod weighted;
