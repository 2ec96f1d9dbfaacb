//! `ahoy admin token bootstrap`: the first admin token, straight into the data folder of a server that does not run.

use ahoy_store::sqlite::SqliteStore;
use anyhow::Context;

use super::args::Bootstrap;
use crate::config::FileConfig;
use crate::data::DataFolder;

pub(super) fn run(args: &Bootstrap) -> anyhow::Result<String> {
    let file = match &args.config {
        Some(path) => FileConfig::read(path)?,
        None => FileConfig::default(),
    };
    let path = args.data.clone().or(file.data);
    let data = DataFolder::kept(path.unwrap_or_else(|| ".ahoy".into()));
    let mut store = SqliteStore::open(&data.database()).with_context(|| {
        format!(
            "the data folder {}; a server that runs gives admin tokens with `ahoy admin role create`",
            data.path().display()
        )
    })?;
    let token = ahoy_platform::admin::bootstrap(&mut store, &args.name)
        .map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    Ok(token)
}
