//! `ahoy demo | head -1`: the reader goes away, the work goes on. What is lost for another reason is told.

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

#[cfg(target_os = "linux")]
#[test]
fn output_that_finds_no_room_is_an_error_said_once() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let ended = command(&["demo", "--seconds", "4"])
        .stdout(full.unwrap())
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(said.matches("standard output").count(), 1, "{said}");
}
