//! Server-sent events (WHATWG HTML, section 9.2), read so that no client could read them differently.
//!
//! Events keep their bytes, so that what proceeds passes as it came. Lines that are neither comments nor one of
//! the four known fields are refused: the standard ignores them, but a client that does not (a byte order mark
//! in the middle, say) would see an event where none was gated.

use crate::core::json::Json;

/// The longest event, in bytes, and the most that is kept back of one stream.
pub const MAX_BYTES: usize = 32 << 20;

/// One event, a comment, or blank lines: everything up to and with a blank line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its bytes, with the line ends that they came with.
    pub raw: Vec<u8>,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its data; `None` where there is none.
    pub data: Option<String>,
    /// Whether it has an id, behind which a client can have the stream begin again.
    pub has_id: bool,
}

/// Why bytes are no stream of events that every client reads in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// Not UTF-8.
    #[error("a line is not UTF-8")]
    Utf8,
    /// A line beside the data that some clients read as several.
    #[error("a line holds control characters or line separators")]
    Separators,
    /// An event with more than one line of data, which some clients read one by one.
    #[error("an event has more than one line of data")]
    Lines,
    /// A line that is neither a comment nor one of the four fields.
    #[error("a line is neither a comment nor `data`, `event`, `id` or `retry`")]
    Line,
    /// More than [`MAX_BYTES`] without a blank line.
    #[error("an event has more than 32 MiB")]
    TooLarge,
}

/// Turns bytes, wherever they are split, into events.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// How much of `bytes` was taken already.
    taken: usize,
    /// How far the event that is being read goes.
    read: usize,
    /// Up to where there is no line end behind `read`.
    scanned: usize,
    name: Option<String>,
    data: Option<String>,
    has_id: bool,
    begun: bool,
    /// Whether it reads as the standard says, and no stricter.
    lenient: bool,
}

impl Decoder {
    /// For streams in which nothing is gated: lines of data are joined, unknown fields ignored.
    pub fn lenient() -> Self {
        Self { lenient: true, ..Self::default() }
    }

    /// Takes what came.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), SseError> {
        if self.taken > 0 {
            self.bytes.drain(..self.taken);
            self.read = self.read.saturating_sub(self.taken);
            self.scanned = self.scanned.saturating_sub(self.taken);
            self.taken = 0;
        }
        if self.bytes.len().saturating_add(bytes.len()) > MAX_BYTES {
            return Err(SseError::TooLarge);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The next event that is whole.
    pub fn next_event(&mut self) -> Result<Option<Event>, SseError> {
        self.step(false)
    }

    /// What is left when nothing more comes. A client may read it as an event although no blank line ends it.
    pub fn rest(&mut self) -> Result<Option<Event>, SseError> {
        if let Some(event) = self.step(true)? {
            return Ok(Some(event));
        }
        let left = self.bytes.get(self.taken..).unwrap_or_default().to_vec();
        if left.is_empty() {
            return Ok(None);
        }
        let line = self.bytes.get(self.read..).unwrap_or_default().to_vec();
        self.line(&line)?;
        self.taken = self.bytes.len();
        self.read = self.taken;
        self.scanned = self.taken;
        // Whatever follows is not to be read as a part of it.
        let ends_line = left.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r'));
        let raw = [left.as_slice(), if ends_line { b"\n" } else { b"\n\n" }].concat();
        Ok(Some(self.event(raw)))
    }

    fn event(&mut self, raw: Vec<u8>) -> Event {
        let (name, data) = (self.name.take(), self.data.take());
        Event { raw, name, data, has_id: std::mem::take(&mut self.has_id) }
    }

    fn step(&mut self, at_end: bool) -> Result<Option<Event>, SseError> {
        while let Some((line, next)) = self.next_line(at_end) {
            let text = self.bytes.get(self.read..line).unwrap_or_default().to_vec();
            self.read = next;
            self.scanned = next;
            if text.is_empty() {
                let raw = self.bytes.get(self.taken..next).unwrap_or_default().to_vec();
                self.taken = next;
                return Ok(Some(self.event(raw)));
            }
            self.line(&text)?;
        }
        Ok(None)
    }

    /// Where the line that begins at `read` ends, and where the next one begins.
    fn next_line(&mut self, at_end: bool) -> Option<(usize, usize)> {
        let rest = self.bytes.get(self.scanned..).unwrap_or_default();
        let Some(found) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            self.scanned = self.bytes.len();
            return None;
        };
        let end = self.scanned.saturating_add(found);
        self.scanned = end;
        let after = end.saturating_add(1);
        match (self.bytes.get(end), self.bytes.get(after)) {
            (Some(b'\r'), Some(b'\n')) => Some((end, after.saturating_add(1))),
            // The other half of the line end may still be on its way.
            (Some(b'\r'), None) if !at_end => None,
            _ => Some((end, after)),
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), SseError> {
        let line = std::str::from_utf8(line).map_err(|_| SseError::Utf8)?;
        let line = if self.begun { line } else { line.strip_prefix('\u{feff}').unwrap_or(line) };
        self.begun = true;
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        // Inside JSON such characters stand between quotes, where they part nothing.
        let parts = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
        if field != "data" && !self.lenient && line.contains(parts) {
            return Err(SseError::Separators);
        }
        match field {
            // A comment, or the byte order mark on a line of its own.
            "" | "retry" => Ok(()),
            "id" => {
                self.has_id = true;
                Ok(())
            }
            "event" => {
                self.name = Some(value.to_owned());
                Ok(())
            }
            "data" => match &mut self.data {
                Some(data) if self.lenient => {
                    data.push('\n');
                    data.push_str(value);
                    Ok(())
                }
                Some(_) => Err(SseError::Lines),
                None => {
                    self.data = Some(value.to_owned());
                    Ok(())
                }
            },
            _ if self.lenient => Ok(()),
            _ => Err(SseError::Line),
        }
    }
}

/// Writes an event of one line.
pub fn write(name: Option<&str>, data: &str, out: &mut Vec<u8>) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(data.as_bytes());
    out.extend_from_slice(b"\n\n");
}

/// Writes a comment: every client ignores it, and stays patient.
pub fn comment(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b": ");
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\n\n");
}

/// The data of an event that was kept back.
pub fn data_of(raw: &[u8]) -> Option<String> {
    let mut decoder = Decoder::default();
    decoder.push(raw).ok()?;
    decoder.rest().ok()??.data
}

/// The event itself, where its data is JSON.
pub fn json_of(raw: &[u8]) -> Option<Json> {
    Json::parse(data_of(raw)?.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]]) -> Result<Vec<(String, Option<String>)>, SseError> {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for chunk in chunks {
            decoder.push(chunk)?;
            while let Some(event) = decoder.next_event()? {
                events.push(event);
            }
        }
        while let Some(event) = decoder.rest()? {
            events.push(event);
        }
        Ok(events
            .into_iter()
            .map(|event| (String::from_utf8_lossy(&event.raw).into_owned(), event.data))
            .collect())
    }

    fn data(text: &str) -> Vec<Option<String>> {
        read(&[text.as_bytes()]).unwrap().into_iter().map(|(_, data)| data).collect()
    }

    #[test]
    fn events_end_with_a_blank_line_of_any_kind() {
        let some = |text: &str| Some(text.to_owned());
        for (text, expected) in [
            ("data: a\n\ndata: b\n\n", vec![some("a"), some("b")]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", vec![some("a"), some("b")]),
            ("data: a\r\rdata: b\r\r", vec![some("a"), some("b")]),
            ("\u{feff}data: a\n\n", vec![some("a")]),
            (": a comment\n\n", vec![None]),
            ("event: x\nid: 1\nretry: 2\ndata: a\n\n", vec![some("a")]),
            ("data: a", vec![some("a")]),
            ("data: a\n", vec![some("a")]),
            ("data: a\r", vec![some("a")]),
            ("\n\n", vec![None, None]),
            ("", vec![]),
        ] {
            assert_eq!(data(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_end_without_a_blank_line_gets_one() {
        for text in ["data: a", "data: a\n", ": x"] {
            let whole = read(&[text.as_bytes()]).unwrap();
            assert_eq!(
                whole.iter().map(|(raw, _)| raw.as_str()).collect::<String>(),
                format!("{}\n\n", text.trim())
            );
        }
    }

    #[test]
    fn the_bytes_are_kept_and_it_does_not_matter_where_they_are_split() {
        let text = "\u{feff}: hé\r\ndata: é\r\n\r\nid: 𝄞\rdata:b\r\r\n\ndata: c\n\nid: 7\n\n";
        let whole = read(&[text.as_bytes()]).unwrap();
        assert_eq!(whole.iter().map(|(raw, _)| raw.as_str()).collect::<String>(), text);
        for at in 0..=text.len() {
            let (left, right) = text.as_bytes().split_at(at);
            assert_eq!(read(&[left, right]).unwrap(), whole, "split at {at}");
        }
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(read(&bytes).unwrap(), whole);
    }

    #[test]
    fn what_clients_could_read_differently_is_refused() {
        for (text, error) in [
            ("data: a\n\n\u{feff}data: b\n\n", SseError::Line),
            ("DATA: a\n\n", SseError::Line),
            (" data: a\n\n", SseError::Line),
            ("data : a\n\n", SseError::Line),
            ("{\"choices\":[]}\n\n", SseError::Line),
            (": x\u{2028}data: {}\n\n", SseError::Separators),
            ("id: x\u{b}data: {}\n\n", SseError::Separators),
            ("event: x\u{85}data: {}\n\n", SseError::Separators),
            ("data: [\ndata: {}\ndata: ]\n\n", SseError::Lines),
        ] {
            assert_eq!(read(&[text.as_bytes()]), Err(error), "{text:?}");
        }
        assert_eq!(read(&[b"data: \xff\n\n"]), Err(SseError::Utf8));
        assert_eq!(Decoder::default().push(&vec![b'a'; MAX_BYTES + 1]), Err(SseError::TooLarge));
    }

    #[test]
    fn where_nothing_is_gated_it_reads_as_the_standard_says() {
        let mut decoder = Decoder::lenient();
        decoder.push(b"hm: x\nid: 1\ndata: {\ndata: }\n\n").unwrap();
        let event = decoder.next_event().unwrap().unwrap();
        assert_eq!((event.data.as_deref(), event.has_id), (Some("{\n}"), true));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut out = Vec::new();
        write(Some("x"), "{}", &mut out);
        comment("waiting", &mut out);
        assert_eq!(out, b"event: x\ndata: {}\n\n: waiting\n\n");
        assert_eq!(data_of(b"event: x\ndata: {}\n\n").as_deref(), Some("{}"));
        assert_eq!(data_of(b"data: {}").as_deref(), Some("{}"));
        assert_eq!(data_of(b": x\n\n"), None);
    }
}
