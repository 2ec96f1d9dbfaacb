//! How a number stands with the platform: warnings and restrictions (`rules.md` §6).

use serde::{Deserialize, Serialize};

/// The standing of a number; the default one is spotless.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {}
