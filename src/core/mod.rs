//! The pure part: knows no clock, no randomness, no input or output, no JavaScript and no wire format.
//!
//! Whatever depends on time takes a [`time::Millis`], whatever is random takes its bytes, so that every
//! behaviour here can be replayed to the letter.

pub mod action;
pub mod backtest;
pub mod canonical;
pub mod capacity;
pub mod case;
pub mod cel;
pub mod decimal;
pub mod desk;
pub mod economics;
pub mod gate;
pub mod groups;
pub mod id;
pub mod insights;
pub mod json;
pub mod key;
pub mod label;
pub mod ledger;
pub mod number;
pub mod order;
pub mod outbox;
pub mod permit;
pub mod pointer;
pub mod policy;
pub mod sample;
mod scan;
pub mod secret;
pub mod statistics;
pub mod time;
pub mod verdict;
