//! Streams of Messages: no call leaves whose verdict forbids it, wherever the bytes are split.
#![no_main]

mod check;
#[path = "../../tests/support/client.rs"]
#[allow(dead_code)]
mod client;
#[path = "../../tests/support/replay.rs"]
#[allow(dead_code)]
mod replay;

use holdpoint::wire::anthropic::Stream;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check::check(
    data,
    || Box::new(Stream::new(false)),
    client::message_calls
));
