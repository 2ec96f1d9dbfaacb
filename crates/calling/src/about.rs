//! What a number says about itself and whether it is registered (`graph-api.md` §7).

use serde::{Deserialize, Serialize};

/// The public face of a number, beyond its verified name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct About {}

/// Whether a number is registered with the platform; numbers are born registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registration {
    /// Whether it is.
    pub registered: bool,
}

impl Default for Registration {
    fn default() -> Self {
        Self { registered: true }
    }
}
