//! Business-scoped ids of users.

use ahoy_types::{BusinessId, UserId, WaId};
use rusqlite::params;

use super::codec::{corrupt, id, key, one, run, unsigned};
use super::view::View;
use crate::{IdentityRows, IdentityTx, Result};

impl IdentityRows for View<'_> {
    fn user_id(&mut self, business: BusinessId, user: WaId) -> Result<Option<UserId>> {
        let (Some(business), Some(user)) = (key(business.0), key(user.as_u64())) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT user_id FROM user_ids WHERE business = ?1 AND user = ?2",
            [business, user],
            |row| {
                let text: String = row.get(0)?;
                text.parse().map_err(|_| corrupt(&text))
            },
        )
    }

    fn user_by_id(&mut self, business: BusinessId, id: &UserId) -> Result<Option<WaId>> {
        let Some(business) = key(business.0) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT user FROM user_ids WHERE business = ?1 AND user_id = ?2",
            params![business, id.as_str()],
            |row| Ok(WaId::from_u64(unsigned(row, 0)?)),
        )
    }

    fn parent_of(&mut self, business: BusinessId) -> Result<Option<BusinessId>> {
        let Some(business) = key(business.0) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT parent FROM business_parents WHERE business = ?1",
            [business],
            |row| Ok(BusinessId(unsigned(row, 0)?)),
        )
    }
}

impl IdentityTx for View<'_> {
    fn put_user_id(&mut self, business: BusinessId, user: WaId, user_id: &UserId) -> Result<()> {
        run(
            self.0,
            "INSERT INTO user_ids (business, user, user_id) VALUES (?1, ?2, ?3)
             ON CONFLICT (business, user) DO UPDATE SET user_id = excluded.user_id",
            params![id(business.0)?, id(user.as_u64())?, user_id.as_str()],
        )?;
        Ok(())
    }

    fn put_parent(&mut self, business: BusinessId, parent: Option<BusinessId>) -> Result<()> {
        let business = id(business.0)?;
        match parent {
            Some(parent) => run(
                self.0,
                "INSERT INTO business_parents (business, parent) VALUES (?1, ?2)
                 ON CONFLICT (business) DO UPDATE SET parent = excluded.parent",
                [business, id(parent.0)?],
            )?,
            None => run(
                self.0,
                "DELETE FROM business_parents WHERE business = ?1",
                [business],
            )?,
        };
        Ok(())
    }
}
