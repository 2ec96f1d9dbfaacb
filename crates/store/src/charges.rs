//! Charge records, tiers and the figures of analytics.

/// Reading them.
pub trait ChargeRows {}

/// Writing them.
pub trait ChargeTx: ChargeRows {}
