//! Holdpoint puts a person between an AI and what it does.
//!
//! Rooms, and arrows that go one way (a test checks them):
//!
//! - [`core`]: the gate, the life of a case, the ledger. Pure: time and randomness come in as arguments.
//! - [`wire`]: bytes to core and back, one file per format. Pure as well.
//! - `edge`: the Worker and its Durable Objects, the only part that touches the platform.
//! - `preview`: the same gate for browsers and Node, as the npm package has it.

pub mod core;
#[cfg(all(target_arch = "wasm32", feature = "edge"))]
mod edge;
// Everything that is exported becomes a method of the Worker: never both in one build.
#[cfg(all(target_arch = "wasm32", feature = "preview", not(feature = "edge")))]
pub mod preview;
pub mod wire;
