//! What a command prints on standard output.
//!
//! The reader may be gone (`ahoy dev | head -1`): that ends no server and no call, so what it does not want is dropped, where
//! `println!` would panic. Any other failure, a full disk say, is told once, and the command ends with an exit status that says so.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether something that was to be printed is lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a line.
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}

/// Prints a text as it is.
macro_rules! say_text {
    ($($text:tt)*) => { $crate::say::text(format_args!($($text)*)) };
}

pub(crate) fn line(line: Arguments<'_>) {
    text(format_args!("{line}\n"));
}

pub(crate) fn text(text: Arguments<'_>) {
    let mut out = io::stdout().lock();
    let failed = out.write_fmt(text).and_then(|()| out.flush()).err();
    let Some(e) = failed.filter(|e| e.kind() != ErrorKind::BrokenPipe) else {
        return;
    };
    if !LOST.swap(true, Ordering::Relaxed) {
        let _ = writeln!(io::stderr(), "ahoy: standard output cannot be written: {e}");
    }
}

/// Whether something that was to be printed is lost, not counting what nobody wanted to read.
pub(crate) fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}
