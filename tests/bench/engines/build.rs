//! Writes the chains of ifs that a person would write by hand: one function for each policy.

#[path = "src/workload.rs"]
#[allow(dead_code)]
mod workload;

use std::fmt::Write as _;

fn main() {
    println!("cargo::rerun-if-changed=src/workload.rs");
    let mut chains = String::new();
    for count in [12, 100, 1000] {
        writeln!(
            chains,
            "pub fn chain_{count}(a: &Typed<'_>, r: &[regex::Regex], out: &mut Vec<usize>) {{\nlet _ = r;"
        )
        .unwrap();
        for rule in workload::rules(count) {
            chains.push_str(&rule.rust());
        }
        chains.push_str("}\n");
    }
    let folder = std::env::var("OUT_DIR").unwrap();
    std::fs::write(std::path::Path::new(&folder).join("chains.rs"), chains).unwrap();
}
