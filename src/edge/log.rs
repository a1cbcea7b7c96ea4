//! One line a request: what was asked for by its route, and how it was answered. No ids, no keys, no arguments,
//! nothing that a caller wrote.

use super::incoming::Incoming;
use crate::core::json::Json;
use crate::wire::problem::Code;
use crate::wire::route::{self, Route};

/// The line.
pub(crate) fn line(incoming: &Incoming, status: u16, code: Option<Code>) -> String {
    let (route, method) = match route::find(&incoming.method, &incoming.path) {
        Route::Own(row, _) => (row.path, row.method),
        Route::Proxied(..) => ("/to/{upstream}", "ANY"),
        Route::OtherMethod | Route::None => ("none", "ANY"),
    };
    Json::object([
        ("route", route.into()),
        ("method", method.into()),
        ("status", i64::from(status).into()),
        ("code", code.map(|code| code.parts().0).into()),
    ])
    .to_string()
}

/// Writes a line.
pub(crate) fn write(line: &str) {
    worker::console_log!("{line}");
}

/// Writes that something failed which no answer says. Fixed words only.
pub(crate) fn failure(what: &'static str) {
    worker::console_error!("{what}");
}
