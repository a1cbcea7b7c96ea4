//! The house: arrows between its rooms go one way, and every file says what it is.

#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What cargo built is nobody's.
                folders.extend(Some(path).filter(|path| !path.ends_with("target")));
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found
}

/// Lines of code of a folder's files that mention one of these.
fn mentions(folder: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(folder, ".rs") {
        for (at, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            if words.iter().any(|word| code.contains(word)) {
                found.push(format!("{}:{}: {}", path.display(), at + 1, line.trim()));
            }
        }
    }
    found
}

const PLATFORM: [&str; 8] =
    ["worker::", "js_sys", "wasm_bindgen", "getrandom", "std::time", "std::env::var", "std::fs", "std::net"];

#[test]
fn arrows_go_from_edge_and_preview_to_wire_to_core() {
    assert_eq!(mentions("src/core", &["crate::wire", "crate::edge", "crate::preview"]), Vec::<String>::new());
    assert_eq!(mentions("src/wire", &["crate::edge", "crate::preview"]), Vec::<String>::new());
    assert_eq!(mentions("src/edge", &["crate::preview"]), Vec::<String>::new());
    let preview = fs::read_to_string(root().join("src/preview.rs")).unwrap();
    for word in ["crate::edge", "worker::", "js_sys", "getrandom"] {
        assert!(!preview.contains(word), "src/preview.rs mentions {word}");
    }
}

#[test]
fn core_and_wire_touch_no_platform() {
    assert_eq!(mentions("src/core", &PLATFORM), Vec::<String>::new());
    assert_eq!(mentions("src/wire", &PLATFORM), Vec::<String>::new());
}

#[test]
fn one_place_reads_the_clock_and_one_speaks_to_the_database() {
    let clocks = mentions("src/edge", &["Date::now", "getrandom::"]);
    assert!(clocks.iter().all(|line| line.contains("clock.rs")), "{clocks:?}");
    let statements = mentions("src/edge", &["transactionSync", "js_name = toArray"]);
    assert!(
        !statements.is_empty() && statements.iter().all(|line| line.contains("sql.rs")),
        "{statements:?}"
    );
}

#[test]
fn what_belongs_to_the_platform_is_a_dependency_of_the_platform_alone() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (everywhere, platform) =
        manifest.split_once("[target.'cfg(target_arch = \"wasm32\")'.dependencies]").unwrap();
    for name in ["worker", "js-sys", "wasm-bindgen", "getrandom"] {
        assert!(
            !everywhere.lines().any(|line| line.starts_with(&format!("{name} ="))),
            "{name} is a dependency everywhere"
        );
        let line = platform.lines().find(|line| line.starts_with(&format!("{name} ="))).unwrap();
        assert!(line.contains("optional = true"), "{line}");
    }
}

#[test]
fn every_file_says_what_it_is() {
    for folder in ["src", "xtask/src", "tests"] {
        for path in files(folder, ".rs") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("//! "), "{} has no heading", path.display());
        }
    }
    for path in files("www", ".js") {
        assert!(fs::read_to_string(&path).unwrap().starts_with("//"), "{} has no heading", path.display());
    }
}

#[test]
fn pages_make_no_html_from_text() {
    for path in files("www", ".js") {
        let text = fs::read_to_string(&path).unwrap();
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "DOMParser",
        ] {
            assert!(!text.contains(way), "{} uses {way}", path.display());
        }
    }
    for path in files("www", ".html") {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains("style=") && !text.contains("onclick") && !text.contains("<style"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_dependency_is_accounted_for() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let document = fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let mut in_dependencies = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies]");
        } else if let (true, Some((name, _))) = (in_dependencies, line.split_once(" = ")) {
            assert!(
                line.starts_with('#') || document.contains(&format!("`{name}`")),
                "docs/dependencies.md does not say why {name} is there"
            );
        }
    }
}

#[test]
fn every_figure_in_the_documents_is_filled_in() {
    for path in files("docs", ".md") {
        let text = fs::read_to_string(&path).unwrap();
        let open = |word: &str| word.len() > 2 && word.starts_with('@') && word.ends_with('@');
        let left: Vec<&str> = text.split([' ', '\n', '|']).filter(|word| open(word)).collect();
        assert_eq!(left, Vec::<&str>::new(), "{}", path.display());
    }
}

#[test]
fn every_test_that_the_contract_names_exists() {
    let text = fs::read_to_string(root().join("tests/contract.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        <[&str; 3]>::try_from(cells).ok().filter(|[_, file, _]| file.contains('.'))
    });
    let mut count = 0;
    for [sentence, file, test] in rows {
        let found = fs::read_to_string(root().join("tests").join(file)).unwrap_or_default();
        assert!(found.contains(test), "{sentence}: {file} has no test `{test}`");
        count += 1;
    }
    assert!(count > 100, "{count} rows");
}
