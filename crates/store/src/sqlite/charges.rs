//! Charge records, tiers and the figures of analytics.

use super::view::View;
use crate::{ChargeRows, ChargeTx};

impl ChargeRows for View<'_> {}

impl ChargeTx for View<'_> {}
