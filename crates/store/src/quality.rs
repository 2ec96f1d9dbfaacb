//! Quality windows, notices and mail.

/// Reading them.
pub trait QualityRows {}

/// Writing them.
pub trait QualityTx: QualityRows {}
