//! Who users are to businesses.

use ahoy_calling::identity::Acquaintance;
use ahoy_types::{BusinessId, PhoneNumberId, RuleTime, UserId, WaId};
use rusqlite::{Row, params};

use super::codec::{corrupt, id, key, many, one, run, unsigned};
use super::view::View;
use crate::permissions::ShownId;
use crate::{IdentityRows, IdentityTx, Result, StoreError};

fn read_id(row: &Row<'_>, column: usize) -> Result<UserId> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| corrupt(&text))
}

fn read_acquaintance(row: &Row<'_>) -> Result<Acquaintance> {
    Ok(Acquaintance {
        met_at: row.get::<_, Option<i64>>(0)?.map(RuleTime),
        in_book: row.get::<_, Option<bool>>(1)?.unwrap_or_default(),
    })
}

impl IdentityRows for View<'_> {
    fn user_id(
        &mut self,
        business: BusinessId,
        user: WaId,
        parent: bool,
    ) -> Result<Option<UserId>> {
        let (Some(business), Some(user)) = (key(business.0), key(user.as_u64())) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT user_id FROM user_ids WHERE business = ?1 AND user = ?2 AND parent = ?3",
            params![business, user, parent],
            |row| read_id(row, 0),
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

    fn ids_of_user(&mut self, user: WaId) -> Result<Vec<ShownId>> {
        let Some(key) = key(user.as_u64()) else {
            return Ok(Vec::new());
        };
        many(
            self.0,
            "SELECT business, parent, user_id FROM user_ids INDEXED BY user_ids_of_user WHERE user = ?1 ORDER BY business, parent",
            [key],
            |row| {
                Ok(ShownId {
                    business: BusinessId(unsigned(row, 0)?),
                    user,
                    parent: row.get(1)?,
                    id: read_id(row, 2)?,
                })
            },
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

    fn acquaintance(&mut self, number: PhoneNumberId, user: WaId) -> Result<Option<Acquaintance>> {
        let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT met_at, in_book FROM acquaintances WHERE user = ?1 AND number = ?2",
            [user, number],
            read_acquaintance,
        )
    }

    fn acquaintance_of(&mut self, business: BusinessId, user: WaId) -> Result<Acquaintance> {
        let (Some(business), Some(user)) = (key(business.0), key(user.as_u64())) else {
            return Ok(Acquaintance::default());
        };
        let found = one(
            self.0,
            "SELECT MAX(a.met_at), MAX(a.in_book) FROM acquaintances a
             CROSS JOIN numbers n ON n.id = a.number CROSS JOIN wabas w ON w.id = n.waba
             WHERE a.user = ?1 AND w.business = ?2",
            [user, business],
            read_acquaintance,
        )?;
        Ok(found.unwrap_or_default())
    }

    fn numbers_that_know(&mut self, user: WaId) -> Result<Vec<PhoneNumberId>> {
        let Some(user) = key(user.as_u64()) else {
            return Ok(Vec::new());
        };
        many(
            self.0,
            "SELECT number FROM acquaintances WHERE user = ?1 ORDER BY number",
            [user],
            |row| Ok(PhoneNumberId(unsigned(row, 0)?)),
        )
    }

    fn former_holders(&mut self, number: WaId) -> Result<u32> {
        let Some(number) = key(number.as_u64()) else {
            return Ok(0);
        };
        let found = one(
            self.0,
            "SELECT count FROM former_holders WHERE number = ?1",
            [number],
            |row| Ok(row.get(0)?),
        )?;
        Ok(found.unwrap_or_default())
    }
}

/// What names a user by the number: all of it goes along when the number changes. A number's own rows are found through the
/// numbers there are.
const OF_USER: &[&str] = &[
    "UPDATE users SET wa_id = ?2 WHERE wa_id = ?1",
    "UPDATE calls SET user = ?2 WHERE user = ?1",
    "UPDATE acquaintances SET user = ?2 WHERE user = ?1",
    "UPDATE pairs SET user = ?2 WHERE user = ?1 AND number IN (SELECT id FROM numbers)",
    "UPDATE threads SET user = ?2 WHERE user = ?1 AND number IN (SELECT id FROM numbers)",
    "UPDATE messages SET user = ?2 WHERE user = ?1 AND number IN (SELECT id FROM numbers)",
    "UPDATE quality_feedback SET user = ?2 WHERE user = ?1 AND number IN (SELECT id FROM numbers)",
];

/// What names a number and not its user: the ids of whoever had it are gone, and a test number may reach the number.
#[cfg(test)]
const OF_NUMBER: &[&str] = &["user_ids", "allow_list"];

impl IdentityTx for View<'_> {
    fn put_user_id(&mut self, row: &ShownId) -> Result<()> {
        run(
            self.0,
            "INSERT INTO user_ids (business, user, parent, user_id) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (business, user, parent) DO UPDATE SET user_id = excluded.user_id",
            params![
                id(row.business.0)?,
                id(row.user.as_u64())?,
                row.parent,
                row.id.as_str()
            ],
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

    fn put_acquaintance(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        row: &Acquaintance,
    ) -> Result<()> {
        run(
            self.0,
            "INSERT INTO acquaintances (user, number, met_at, in_book) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user, number) DO UPDATE SET met_at = excluded.met_at, in_book = excluded.in_book",
            params![
                id(user.as_u64())?,
                id(number.0)?,
                row.met_at.map(|at| at.0),
                row.in_book
            ],
        )?;
        Ok(())
    }

    fn move_user(&mut self, from: WaId, to: WaId) -> Result<()> {
        let (old, new) = (id(from.as_u64())?, id(to.as_u64())?);
        let mut moved = OF_USER.iter();
        // Users first: it must be there.
        if let Some(users) = moved.next()
            && run(self.0, users, [old, new])? != 1
        {
            return Err(StoreError(format!("there is no user {from}")));
        }
        for statement in moved {
            run(self.0, statement, [old, new])?;
        }
        run(self.0, "DELETE FROM user_ids WHERE user = ?1", [old])?;
        run(
            self.0,
            "INSERT INTO former_holders (number, count) VALUES (?1, 1)
             ON CONFLICT (number) DO UPDATE SET count = count + 1",
            [old],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sqlite::SqliteStore;

    /// Tables of a later release that name users have to be added to the list, or say here why not.
    #[test]
    fn no_table_that_names_users_is_left_behind() {
        let store = SqliteStore::temporary().unwrap();
        let mut statement = store
            .conn
            .prepare(
                "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
                 WHERE t.type = 'table' AND c.name IN ('user', 'wa_id')",
            )
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut count = 0;
        while let Some(row) = rows.next().unwrap() {
            let (table, column): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
            if OF_NUMBER.contains(&table.as_str()) {
                continue;
            }
            let statement = format!("UPDATE {table} SET {column} = ?2");
            assert!(
                OF_USER.iter().any(|s| s.starts_with(&statement)),
                "{table}.{column} stays behind when a user changes the number"
            );
            count += 1;
        }
        assert_eq!(count, OF_USER.len());
    }
}
