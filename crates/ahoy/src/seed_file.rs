//! The file of `ahoy dev --seed` (`docs/seed.md`): what a fresh data folder holds beside the seeded account.

mod form;
mod layer;
#[cfg(test)]
mod tests;

use std::path::Path;

use ahoy_platform::{Planting, Platform, Seed};
use anyhow::Context;

use form::File;
use layer::Layer;

/// A mistake: where it is, and what it is.
type Checked<T> = Result<T, String>;

/// Reads the file and lays it over the seeded account.
pub(crate) fn read(path: &Path, seed: &mut Seed) -> anyhow::Result<()> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the seed file {shown} cannot be read"))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    seed.file = parse(&text, folder, seed)
        .map_err(|mistake| anyhow::anyhow!("in the seed file {shown}: {mistake}"))?;
    Ok(())
}

/// Looks whether the platform can play every user of the file.
pub(crate) async fn check(platform: &Platform, seed: &Seed) -> anyhow::Result<()> {
    for (n, user) in seed.file.users.iter().enumerate() {
        if let Some(behaviour) = &user.behaviour {
            let checked = platform.check_behaviour(behaviour).await;
            checked.map_err(|e| anyhow::anyhow!("in the seed file: users[{n}].behaviour.{e}"))?;
        }
    }
    Ok(())
}

fn parse(text: &str, folder: &Path, seed: &Seed) -> Checked<Planting> {
    let file: File = serde_path_to_error::deserialize(toml::Deserializer::new(text))
        .map_err(|e| located(text, &e))?;
    let mut planting = Planting::default();
    let mut layer = Layer {
        standard: seed.rows(),
        planting: &mut planting,
        app: seed.app,
        folder,
    };
    all("businesses", &file.businesses, |e| layer.business(e))?;
    all("wabas", &file.wabas, |e| layer.waba(e))?;
    all("apps", &file.apps, |e| layer.app(e))?;
    all("tokens", &file.tokens, |e| layer.token(e))?;
    all("subscriptions", &file.subscriptions, |e| {
        layer.subscription(e)
    })?;
    all("numbers", &file.numbers, |e| layer.number(e))?;
    all("users", &file.users, |e| layer.user(e))?;
    all("permissions", &file.permissions, |e| layer.permission(e))?;
    all("templates", &file.templates, |e| layer.template(e))?;
    Ok(planting)
}

/// What cannot be read: its place in the file, line included.
fn located(text: &str, e: &serde_path_to_error::Error<toml::de::Error>) -> String {
    let line = e.inner().span().map(|span| {
        let before = text.get(..span.start).unwrap_or(text);
        format!("line {}: ", before.matches('\n').count() + 1)
    });
    let path = e.path().to_string();
    let place = if path == "." {
        String::new()
    } else {
        format!("{path}: ")
    };
    let what = e.inner().message();
    let what = if what.contains("untagged enum Audio") {
        "{ tone_hz = 660 }, { file = \"…\" } or { silence = true } is expected"
    } else {
        what
    };
    format!("{}{place}{what}", line.unwrap_or_default())
}

fn all<T>(list: &str, entries: &[T], mut each: impl FnMut(&T) -> Checked<()>) -> Checked<()> {
    for (n, entry) in entries.iter().enumerate() {
        each(entry).map_err(|mistake| {
            // A mistake of one key begins with its name, one of the whole entry with a colon.
            let dot = if mistake.starts_with(':') { "" } else { "." };
            format!("{list}[{n}]{dot}{mistake}")
        })?;
    }
    Ok(())
}
