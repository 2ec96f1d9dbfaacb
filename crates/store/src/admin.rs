//! Objects as an administrator lists and changes them.

use ahoy_calling::account::{App, Business, Number, Token, Waba};
use ahoy_calling::admin::RoleGrant;
use ahoy_types::{AppId, BusinessId, PhoneNumberId, TokenHash, TokenId, WaId, WabaId};

use crate::{Page, Result};

/// A number's profile picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its media type.
    pub kind: String,
    /// The file.
    pub body: Vec<u8>,
}

/// Reading them. Lists go by ascending id.
pub trait AdminRows {
    /// Portfolios.
    fn businesses(&mut self, page: Page<BusinessId>) -> Result<Vec<Business>>;
    /// WABAs, of one portfolio or all.
    fn wabas(&mut self, of: Option<BusinessId>, page: Page<WabaId>) -> Result<Vec<Waba>>;
    /// Numbers of all WABAs of a portfolio.
    fn numbers_of_business(
        &mut self,
        of: BusinessId,
        page: Page<PhoneNumberId>,
    ) -> Result<Vec<Number>>;
    /// Apps, of one portfolio or all.
    fn apps(&mut self, of: Option<BusinessId>, page: Page<AppId>) -> Result<Vec<App>>;
    /// Access tokens, of one portfolio or all, revoked and expired ones included.
    fn tokens(&mut self, of: Option<BusinessId>, page: Page<TokenId>) -> Result<Vec<Token>>;
    /// An access token by its id.
    fn token_by_id(&mut self, id: TokenId) -> Result<Option<Token>>;
    /// The WABAs an app is subscribed to.
    fn subscribed_wabas(&mut self, app: AppId) -> Result<Vec<WabaId>>;
    /// A role by the hash of its admin token.
    fn role_grant(&mut self, hash: &TokenHash) -> Result<Option<RoleGrant>>;
    /// A role by its id.
    fn role_grant_by_id(&mut self, id: TokenId) -> Result<Option<RoleGrant>>;
    /// Roles.
    fn role_grants(&mut self, page: Page<TokenId>) -> Result<Vec<RoleGrant>>;
    /// Whether a user is on a number's allow-list.
    fn allow_listed(&mut self, number: PhoneNumberId, user: WaId) -> Result<bool>;
    /// A number's allow-list by ascending number of the user.
    fn allow_list(&mut self, number: PhoneNumberId, page: Page<WaId>) -> Result<Vec<WaId>>;
    /// A number's picture.
    fn picture(&mut self, number: PhoneNumberId) -> Result<Option<Picture>>;
}

/// Writing them. What is deleted takes along what hangs on it alone; whoever deletes looks first for what must not go.
pub trait AdminTx: AdminRows {
    /// Deletes a portfolio and the roles tied to it; says whether it was there.
    fn delete_business(&mut self, id: BusinessId) -> Result<bool>;
    /// Deletes a WABA and the subscriptions to it; says whether it was there.
    fn delete_waba(&mut self, id: WabaId) -> Result<bool>;
    /// Deletes a number, its overrides, allow-list and picture; says whether it was there. Its calls stay.
    fn delete_number(&mut self, id: PhoneNumberId) -> Result<bool>;
    /// Deletes an app, its tokens, subscriptions and overrides; says whether it was there.
    fn delete_app(&mut self, id: AppId) -> Result<bool>;
    /// Creates or replaces a role.
    fn put_role_grant(&mut self, row: &RoleGrant) -> Result<()>;
    /// Deletes a role; says whether it was there.
    fn delete_role_grant(&mut self, id: TokenId) -> Result<bool>;
    /// Puts a user on a number's allow-list.
    fn put_allow_listed(&mut self, number: PhoneNumberId, user: WaId) -> Result<()>;
    /// Takes a user off a number's allow-list; says whether they were on it.
    fn delete_allow_listed(&mut self, number: PhoneNumberId, user: WaId) -> Result<bool>;
    /// Sets a number's picture.
    fn put_picture(&mut self, number: PhoneNumberId, row: &Picture) -> Result<()>;
    /// Takes a number's picture away; says whether there was one.
    fn delete_picture(&mut self, number: PhoneNumberId) -> Result<bool>;
}
