//! `docs/rules-checklist.md` is only worth something while every test it names is there.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

#[test]
fn every_test_in_the_checklist_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let list = fs::read_to_string(root.join("docs/rules-checklist.md")).unwrap();
    let mut missing = Vec::new();
    let mut named = 0;
    for line in list.lines().filter(|line| line.starts_with("- [x] ")) {
        let mut file = None;
        let mut from_python = false;
        let mut tests = 0;
        for word in line.split('`').skip(1).step_by(2) {
            let (path, test) = match word.split_once("::") {
                Some((path, test)) => (path, Some(test)),
                None => (word, None),
            };
            if !path.is_empty() {
                let place = match path.strip_prefix("behaviour/") {
                    Some(rest) => format!("crates/platform/tests/behaviour/{rest}"),
                    None if path.starts_with("interop/") => path.to_owned(),
                    None => format!("crates/{path}"),
                };
                let place = root.join(place);
                if !path.contains('/') || !place.exists() {
                    // Backticks are for words of the wire, too; only what looks like a test must be one.
                    if test.is_some() || path.ends_with(".rs") || path.ends_with(".py") {
                        missing.push(word.to_owned());
                    }
                    continue;
                }
                tests += 1;
                from_python = path.ends_with(".py");
                file = fs::read_to_string(&place).ok();
            }
            if let Some(test) = test {
                let text = file.as_deref().unwrap_or_default();
                let keyword = if from_python { "def" } else { "fn" };
                if !text.contains(&format!("{keyword} {test}(")) {
                    missing.push(word.to_owned());
                }
            }
        }
        if tests == 0 {
            missing.push(format!("a test in: {line}"));
        }
        named += tests;
    }
    assert!(named > 50, "the checklist is empty");
    assert!(missing.is_empty(), "not there: {missing:#?}");
}
