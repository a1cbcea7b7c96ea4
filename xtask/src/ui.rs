//! What the commands say: plain lines, colour only on a terminal.

use std::io::{IsTerminal as _, Write as _};

fn paint(code: &str, text: &str) -> String {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// A result, for people and pipes.
pub(crate) fn line(text: &str) {
    // A closed pipe is the reader's business.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A step that takes a while, said before it begins.
pub(crate) fn step(text: &str) {
    let _ = writeln!(std::io::stderr(), "{} {text}", paint("36", "▸"));
}

/// What went wrong.
pub(crate) fn error(text: &str) {
    let _ = writeln!(std::io::stderr(), "{} {text}", paint("31", "error:"));
}
