//! Business-scoped ids of users.

use ahoy_types::{BusinessId, UserId, WaId};

use crate::Result;

/// Reading them.
pub trait IdentityRows {
    /// The id under which a portfolio knows a user, if it was ever shown one.
    fn user_id(&mut self, business: BusinessId, user: WaId) -> Result<Option<UserId>>;
    /// The user behind an id that a portfolio was shown.
    fn user_by_id(&mut self, business: BusinessId, id: &UserId) -> Result<Option<WaId>>;
    /// The portfolio above this one.
    fn parent_of(&mut self, business: BusinessId) -> Result<Option<BusinessId>>;
}

/// Writing them.
pub trait IdentityTx: IdentityRows {
    /// Remembers the id under which a portfolio knows a user, or replaces it.
    fn put_user_id(&mut self, business: BusinessId, user: WaId, id: &UserId) -> Result<()>;
    /// Sets the portfolio above this one, or takes it away.
    fn put_parent(&mut self, business: BusinessId, parent: Option<BusinessId>) -> Result<()>;
}
