//! How a user shows up at a business (`rules.md` §8), and what the user's phone is like.

use serde::{Deserialize, Serialize};

/// What businesses get to see of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {}

/// What the user's phone is like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {}
