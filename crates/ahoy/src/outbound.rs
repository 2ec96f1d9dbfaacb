//! The client of what tenants cause, as the configuration has it.

use ahoy_outbound::{Outbound, Policy, certificates};
use anyhow::Context as _;

use crate::config::FileConfig;

/// In a sandbox requests go everywhere, unless `[outbound]` asks for the policy of production.
pub(crate) fn client(file: &FileConfig, sandbox: bool) -> anyhow::Result<Outbound> {
    let policy = match &file.outbound {
        Some(table) => Policy::public_and(table).context("in the configuration")?,
        None if sandbox => Policy::anywhere(),
        None => Policy::public(),
    };
    let trusted = match &file.webhook_ca {
        Some(path) => certificates(path).context("--webhook-ca")?,
        None => Vec::new(),
    };
    Ok(Outbound::new(policy, trusted)?)
}
