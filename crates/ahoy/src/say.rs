//! What a command prints on standard output.
//!
//! The reader may be gone (`ahoy dev | head -1`): that ends no server and no call, so what cannot be written is dropped, where `println!`
//! would panic.

use std::fmt::Arguments;
use std::io::Write as _;

/// Prints a line.
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}

/// Prints a text as it is.
macro_rules! say_text {
    ($($text:tt)*) => { $crate::say::text(format_args!($($text)*)) };
}

pub(crate) fn line(text: Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

pub(crate) fn text(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_fmt(text);
    let _ = out.flush();
}
