//! Everything a store holds, as one document: what the sandbox exports and imports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::StoreError;

/// Every row of every table. Tables and columns have the names of the schema (`migrations/`); rows come in the order
/// of their primary key. Bytes are base64; what a column keeps as JSON is JSON here too.
///
/// Two dumps of equal stores are equal, to the last byte when they are written out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dump {
    /// The version of the schema.
    pub schema: u32,
    /// Rows by table.
    pub tables: BTreeMap<String, Vec<Map<String, Value>>>,
}

/// A store keeps what it has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceError {
    /// The dump is none, or not of this program: one clause that names the place.
    #[error("{0}")]
    Invalid(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
