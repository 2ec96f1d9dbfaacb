//! Quality windows, notices and mail.

use super::view::View;
use crate::{QualityRows, QualityTx};

impl QualityRows for View<'_> {}

impl QualityTx for View<'_> {}
