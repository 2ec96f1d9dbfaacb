//! `ahoy demo | head -1`: the reader goes away, the work goes on.

use std::process::Stdio;

use crate::support::command;

#[test]
fn a_reader_that_goes_away_ends_no_call() {
    let mut demo = command(&["demo", "--seconds", "4"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(demo.stdout.take());
    let ended = demo.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{:?}: {said}", ended.status);
    assert!(!said.contains("panicked"), "{said}");
}
