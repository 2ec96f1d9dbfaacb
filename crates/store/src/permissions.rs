//! Who users are to businesses: ids, acquaintances, and users who change their number.

use ahoy_calling::identity::Acquaintance;
use ahoy_types::{BusinessId, PhoneNumberId, UserId, WaId};

use crate::Result;

/// An id that a portfolio was shown of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownId {
    /// The portfolio.
    pub business: BusinessId,
    /// The user.
    pub user: WaId,
    /// Whether it saw the id as the portfolio above the number's own.
    pub parent: bool,
    /// The id.
    pub id: UserId,
}

/// Reading them.
pub trait IdentityRows {
    /// The id under which a portfolio knows a user, as the owner of a number or as the one above, if it was ever shown one.
    fn user_id(&mut self, business: BusinessId, user: WaId, parent: bool)
    -> Result<Option<UserId>>;
    /// The user behind an id that a portfolio was shown.
    fn user_by_id(&mut self, business: BusinessId, id: &UserId) -> Result<Option<WaId>>;
    /// Every id of a user, by portfolio.
    fn ids_of_user(&mut self, user: WaId) -> Result<Vec<ShownId>>;
    /// The portfolio above this one.
    fn parent_of(&mut self, business: BusinessId) -> Result<Option<BusinessId>>;
    /// What one number of a business knows of a user; `None` where the two never met.
    fn acquaintance(&mut self, number: PhoneNumberId, user: WaId) -> Result<Option<Acquaintance>>;
    /// What a portfolio knows of a user, all its numbers together.
    fn acquaintance_of(&mut self, business: BusinessId, user: WaId) -> Result<Acquaintance>;
    /// The business numbers that know a user, by id.
    fn numbers_that_know(&mut self, user: WaId) -> Result<Vec<PhoneNumberId>>;
    /// How many people gave this number up.
    fn former_holders(&mut self, number: WaId) -> Result<u32>;
}

/// Writing them.
pub trait IdentityTx: IdentityRows {
    /// Remembers the id under which a portfolio knows a user, or replaces it.
    fn put_user_id(&mut self, row: &ShownId) -> Result<()>;
    /// Sets the portfolio above this one, or takes it away.
    fn put_parent(&mut self, business: BusinessId, parent: Option<BusinessId>) -> Result<()>;
    /// Sets what a number of a business knows of a user.
    fn put_acquaintance(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        row: &Acquaintance,
    ) -> Result<()>;
    /// The user `from` has the number `to` from now on: all that is the user's goes along, but for the ids, which name nobody
    /// any more. Nobody may have had `to`.
    fn move_user(&mut self, from: WaId, to: WaId) -> Result<()>;
}
