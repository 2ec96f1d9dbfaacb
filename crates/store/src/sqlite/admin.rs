//! Objects as an administrator lists and changes them.

use super::view::View;
use crate::{AdminRows, AdminTx};

impl AdminRows for View<'_> {}

impl AdminTx for View<'_> {}
