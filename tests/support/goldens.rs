//! Reading goldens: the folders of cases, and what becomes of a call, a line each.

use holdpoint::core::json::Json;
use holdpoint::wire::call::Fate;
use holdpoint::wire::notice::{Notice, Why};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of cases under `tests/wire/`.
pub(crate) fn cases(of: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(of);
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

/// Whether goldens are to be written.
pub(crate) fn printing() -> bool {
    std::env::var("HOLDPOINT_PRINT").is_ok()
}

/// A file of a case.
pub(crate) fn read(case: &Path, name: &str) -> String {
    fs::read_to_string(case.join(name)).unwrap_or_else(|error| panic!("{}/{name}: {error}", case.display()))
}

/// Compares with a file of a case, or writes it.
pub(crate) fn is_golden(case: &Path, name: &str, text: &str) {
    if printing() {
        fs::write(case.join(name), text).unwrap();
    }
    assert_eq!(text, read(case, name).trim_end(), "{}/{name}", case.display());
}

/// What becomes of a call.
pub(crate) fn fate(line: &str) -> Fate {
    let words: Vec<&str> = line.splitn(5, ' ').collect();
    let object = |text: &str| Json::parse(text.as_bytes()).unwrap().as_object().unwrap().clone();
    match words.as_slice() {
        ["run"] => Fate::Run,
        ["run", ..] => Fate::RunWith(object(&line[4..])),
        ["notice", id, kind, word, why] => {
            let why = match *word {
                "rejected" => Why::Rejected((*why).to_owned()),
                "blocked" => Why::Blocked((*why).to_owned()),
                other => panic!("`{other}` is no reason"),
            };
            Fate::Notice(Notice { id: (*id).to_owned(), kind: (*kind).to_owned(), why })
        }
        _ => panic!("a fate is `run`, `run {{…}}` or `notice ID KIND WORD WHY`, not {line}"),
    }
}
