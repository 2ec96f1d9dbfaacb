//! Business-scoped ids of users.

use super::view::View;
use crate::{IdentityRows, IdentityTx};

impl IdentityRows for View<'_> {}

impl IdentityTx for View<'_> {}
