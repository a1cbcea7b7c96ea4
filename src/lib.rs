//! Holdpoint puts a person between an AI and what it does.
//!
//! Three rooms, and arrows that go one way (a test checks them):
//!
//! - [`core`]: the gate, the life of a case, the ledger. Pure: time and randomness come in as arguments.
//! - [`wire`]: bytes to core and back, one file per format. Pure as well.
//! - `edge`: the Worker and its Durable Objects, the only part that touches the platform.

pub mod core;
#[cfg(all(target_arch = "wasm32", feature = "edge"))]
mod edge;
pub mod wire;
