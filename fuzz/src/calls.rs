//! Requests of MCP's clients: nothing that a forgiving server would take for a call is forwarded unless it was let
//! through.
#![no_main]

#[path = "../../tests/support/server.rs"]
mod server;

use holdpoint::wire::call::Fate;
use holdpoint::wire::mcp::sent::{Headers, Sent};
use holdpoint::wire::notice::{Notice, Why};

// The bits of the first byte say which calls run.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((bits, body)) = data.split_first() else { return };
    let Ok(sent) = Sent::read(body, &Headers::default()) else { return };
    let runs = |at: usize| bits >> (at % 8) & 1 == 1;
    let notice = |kind: &str| {
        Fate::Notice(Notice { id: "hp_a".to_owned(), kind: kind.to_owned(), why: Why::Unavailable })
    };
    let calls = sent.calls().iter().enumerate();
    let fates: Vec<Fate> =
        calls.map(|(at, call)| if runs(at) { Fate::Run } else { notice(&call.call.kind) }).collect();
    let forwarded = sent.rewritten(&fates).unwrap_or_default();
    let expected = fates.iter().filter(|fate| **fate == Fate::Run).count();
    assert_eq!(server::calls(&forwarded).len(), expected, "a call has leaked, or was lost");
});
