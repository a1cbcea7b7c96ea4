//! The loop that every reader of text spends its time in.

/// Where the bytes of this kind end, from `start` on. What is kept has to be ASCII alone, or all of what is not ASCII,
/// so that no character is cut.
#[expect(clippy::inline_always, reason = "optimised for size, it would be called for every byte")]
#[inline(always)]
pub(crate) fn end_of(text: &str, start: usize, is_one: impl Fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes();
    let mut end = start;
    while bytes.get(end).is_some_and(|byte| is_one(*byte)) {
        end = end.wrapping_add(1);
    }
    end
}
