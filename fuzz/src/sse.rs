//! Server-sent events: the bytes are kept, and it does not matter where they are split.
#![no_main]

use holdpoint::wire::sse::{Decoder, Event, SseError};

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Event>, SseError> {
    let (mut decoder, mut events) = (Decoder::default(), Vec::new());
    for chunk in chunks {
        decoder.push(chunk)?;
        while let Some(event) = decoder.next_event()? {
            events.push(event);
        }
    }
    while let Some(event) = decoder.rest()? {
        events.push(event);
    }
    Ok(events)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((size, text)) = data.split_first() else { return };
    let whole = read(std::iter::once(text));
    assert_eq!(whole, read(text.chunks(usize::from(*size).max(1))));
    if let Ok(events) = whole {
        let raw: Vec<u8> = events.iter().flat_map(|event| event.raw.clone()).collect();
        assert!(raw.starts_with(text) && raw.len() <= text.len() + 2, "only a missing blank line is added");
    }
});
