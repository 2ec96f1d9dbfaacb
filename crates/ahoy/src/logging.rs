//! Logs go to standard error, so that standard output stays for what was asked for.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging; a filter that cannot be read is named and replaced by the default.
pub(crate) fn start(filter: &str, json: bool) {
    let (filter, complaint) = match EnvFilter::try_new(filter) {
        Ok(filter) => (filter, None),
        Err(e) => (
            EnvFilter::new("warn"),
            Some(format!("--log `{filter}`: {e}")),
        ),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_writer(std::io::stderr);
    if json {
        builder.json().init();
    } else {
        builder.with_target(false).init();
    }
    if let Some(complaint) = complaint {
        tracing::warn!("{complaint}; warnings only are logged");
    }
}
