//! Streams of Responses: no call leaves whose verdict forbids it, wherever the bytes are split.
#![no_main]

#[path = "../../tests/support/client.rs"]
#[allow(dead_code)]
mod client;
mod replay;

use holdpoint::wire::asked::Asked;
use holdpoint::wire::openai_responses::Stream;

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::check(
    data,
    || Box::new(Stream::new(&Asked { may_call: true, ..Asked::default() })),
    client::response_calls
));
