//! Objects as an administrator lists and changes them.

/// Reading them.
pub trait AdminRows {}

/// Writing them.
pub trait AdminTx: AdminRows {}
