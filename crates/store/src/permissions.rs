//! Business-scoped ids of users.

/// Reading them.
pub trait IdentityRows {}

/// Writing them.
pub trait IdentityTx: IdentityRows {}
