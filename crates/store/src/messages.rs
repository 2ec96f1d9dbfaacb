//! Messages, their cards and the media they carry.

/// Reading them.
pub trait MessageRows {}

/// Writing them.
pub trait MessageTx: MessageRows {}
