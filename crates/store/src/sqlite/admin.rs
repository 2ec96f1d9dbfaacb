//! Objects as an administrator lists and changes them.

use ahoy_calling::account::{App, Business, Number, Token, Waba};
use ahoy_calling::admin::RoleGrant;
use ahoy_types::{AppId, BusinessId, PhoneNumberId, RuleTime, TokenHash, TokenId, WaId, WabaId};
use rusqlite::{Connection, Params, Row, params};

use super::accounts::{NUMBER, WABA, read_business, read_number, read_waba};
use super::apps::{APP, TOKEN, read_app, read_token};
use super::codec::{after, corrupt, id, key, limit, many, one, run, unsigned, word};
use super::view::View;
use crate::{AdminRows, AdminTx, Page, Picture, Result};

const GRANT: &str =
    "SELECT id, hash, name, role, business, issued_at, expires_at FROM role_grants ";

fn read_grant(row: &Row<'_>) -> Result<RoleGrant> {
    let hash: Vec<u8> = row.get(1)?;
    let business: Option<i64> = row.get(4)?;
    let expires_at: Option<i64> = row.get(6)?;
    Ok(RoleGrant {
        id: TokenId(unsigned(row, 0)?),
        hash: TokenHash(hash.try_into().map_err(|_| corrupt("a hash"))?),
        name: row.get(2)?,
        role: word(row, 3)?,
        business: match business {
            Some(_) => Some(BusinessId(unsigned(row, 4)?)),
            None => None,
        },
        issued_at: RuleTime(row.get(5)?),
        expires_at: expires_at.map(RuleTime),
    })
}

/// A page of one portfolio's rows, or of all.
fn page_of<T>(
    conn: &Connection,
    select: &str,
    of: Option<BusinessId>,
    since: Option<u64>,
    at_most: usize,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let Some(since) = after(since) else {
        return Ok(Vec::new());
    };
    let Some(business) = of else {
        let sql = format!("{select}WHERE id > ?1 ORDER BY id LIMIT ?2");
        return many(conn, &sql, params![since, limit(at_most)], read);
    };
    let Some(business) = key(business.0) else {
        return Ok(Vec::new());
    };
    let sql = format!("{select}WHERE business = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
    many(conn, &sql, params![business, since, limit(at_most)], read)
}

/// The row of an id, if it fits into a row at all.
fn by_id<T>(
    conn: &Connection,
    sql: &str,
    of: u64,
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    match key(of) {
        Some(key) => one(conn, sql, [key], read),
        None => Ok(None),
    }
}

/// Whether something was deleted.
fn gone(conn: &Connection, sql: &str, params: impl Params) -> Result<bool> {
    Ok(run(conn, sql, params)? > 0)
}

impl AdminRows for View<'_> {
    fn businesses(&mut self, page: Page<BusinessId>) -> Result<Vec<Business>> {
        let since = page.after.map(|id| id.0);
        let select = "SELECT id, name, contacts_json, contact_book FROM businesses ";
        page_of(self.0, select, None, since, page.limit, read_business)
    }
    fn wabas(&mut self, of: Option<BusinessId>, page: Page<WabaId>) -> Result<Vec<Waba>> {
        let since = page.after.map(|id| id.0);
        page_of(self.0, WABA, of, since, page.limit, read_waba)
    }
    fn numbers_of_business(
        &mut self,
        of: BusinessId,
        page: Page<PhoneNumberId>,
    ) -> Result<Vec<Number>> {
        let (Some(business), Some(since)) = (key(of.0), after(page.after.map(|id| id.0))) else {
            return Ok(Vec::new());
        };
        let sql = format!(
            "{NUMBER}WHERE waba IN (SELECT id FROM wabas WHERE business = ?1) AND id > ?2 ORDER BY id LIMIT ?3"
        );
        let params = params![business, since, limit(page.limit)];
        many(self.0, &sql, params, read_number)
    }
    fn apps(&mut self, of: Option<BusinessId>, page: Page<AppId>) -> Result<Vec<App>> {
        let since = page.after.map(|id| id.0);
        page_of(self.0, APP, of, since, page.limit, read_app)
    }
    fn tokens(&mut self, of: Option<BusinessId>, page: Page<TokenId>) -> Result<Vec<Token>> {
        let since = page.after.map(|id| id.0);
        page_of(self.0, TOKEN, of, since, page.limit, read_token)
    }
    fn token_by_id(&mut self, of: TokenId) -> Result<Option<Token>> {
        by_id(self.0, &format!("{TOKEN}WHERE id = ?1"), of.0, read_token)
    }
    fn subscribed_wabas(&mut self, app: AppId) -> Result<Vec<WabaId>> {
        let Some(app) = key(app.0) else {
            return Ok(Vec::new());
        };
        let sql = "SELECT waba FROM subscriptions WHERE app = ?1";
        many(self.0, sql, [app], |row| Ok(WabaId(unsigned(row, 0)?)))
    }
    fn role_grant(&mut self, hash: &TokenHash) -> Result<Option<RoleGrant>> {
        let sql = format!("{GRANT}WHERE hash = ?1");
        one(self.0, &sql, [hash.0.as_slice()], read_grant)
    }
    fn role_grant_by_id(&mut self, of: TokenId) -> Result<Option<RoleGrant>> {
        by_id(self.0, &format!("{GRANT}WHERE id = ?1"), of.0, read_grant)
    }
    fn role_grants(&mut self, page: Page<TokenId>) -> Result<Vec<RoleGrant>> {
        let since = page.after.map(|id| id.0);
        page_of(self.0, GRANT, None, since, page.limit, read_grant)
    }
    fn allow_listed(&mut self, number: PhoneNumberId, user: WaId) -> Result<bool> {
        let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
            return Ok(false);
        };
        let sql = "SELECT 1 FROM allow_list WHERE number = ?1 AND user = ?2";
        Ok(one(self.0, sql, [number, user], |_| Ok(()))?.is_some())
    }
    fn allow_list(&mut self, number: PhoneNumberId, page: Page<WaId>) -> Result<Vec<WaId>> {
        let since = after(page.after.map(WaId::as_u64));
        let (Some(number), Some(since)) = (key(number.0), since) else {
            return Ok(Vec::new());
        };
        let sql =
            "SELECT user FROM allow_list WHERE number = ?1 AND user > ?2 ORDER BY user LIMIT ?3";
        let params = params![number, since, limit(page.limit)];
        many(self.0, sql, params, |row| {
            Ok(WaId::from_u64(unsigned(row, 0)?))
        })
    }
    fn picture(&mut self, number: PhoneNumberId) -> Result<Option<Picture>> {
        let sql = "SELECT kind, body FROM pictures WHERE number = ?1";
        by_id(self.0, sql, number.0, |row| {
            Ok(Picture {
                kind: row.get(0)?,
                body: row.get(1)?,
            })
        })
    }
}

impl AdminTx for View<'_> {
    fn delete_business(&mut self, of: BusinessId) -> Result<bool> {
        let Some(key) = key(of.0) else {
            return Ok(false);
        };
        run(self.0, "DELETE FROM role_grants WHERE business = ?1", [key])?;
        gone(self.0, "DELETE FROM businesses WHERE id = ?1", [key])
    }
    fn delete_waba(&mut self, of: WabaId) -> Result<bool> {
        let Some(key) = key(of.0) else {
            return Ok(false);
        };
        run(self.0, "DELETE FROM subscriptions WHERE waba = ?1", [key])?;
        run(self.0, "DELETE FROM routing WHERE node = ?1", [key])?;
        gone(self.0, "DELETE FROM wabas WHERE id = ?1", [key])
    }
    fn delete_number(&mut self, of: PhoneNumberId) -> Result<bool> {
        let Some(key) = key(of.0) else {
            return Ok(false);
        };
        for sql in [
            "DELETE FROM number_overrides WHERE number = ?1",
            "DELETE FROM allow_list WHERE number = ?1",
            "DELETE FROM pictures WHERE number = ?1",
            "DELETE FROM routing WHERE node = ?1",
            "DELETE FROM threads WHERE number = ?1",
        ] {
            run(self.0, sql, [key])?;
        }
        gone(self.0, "DELETE FROM numbers WHERE id = ?1", [key])
    }
    fn delete_app(&mut self, of: AppId) -> Result<bool> {
        let Some(key) = key(of.0) else {
            return Ok(false);
        };
        for sql in [
            "DELETE FROM tokens WHERE app = ?1",
            "DELETE FROM subscriptions WHERE app = ?1",
            "DELETE FROM number_overrides WHERE app = ?1",
        ] {
            run(self.0, sql, [key])?;
        }
        gone(self.0, "DELETE FROM apps WHERE id = ?1", [key])
    }
    fn put_role_grant(&mut self, row: &RoleGrant) -> Result<()> {
        run(
            self.0,
            "INSERT INTO role_grants (id, hash, name, role, business, issued_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, name = excluded.name, role = excluded.role,
                 business = excluded.business, issued_at = excluded.issued_at, expires_at = excluded.expires_at",
            params![
                id(row.id.0)?,
                row.hash.0.as_slice(),
                row.name,
                row.role.as_str(),
                row.business.map(|b| id(b.0)).transpose()?,
                row.issued_at.0,
                row.expires_at.map(|t| t.0),
            ],
        )?;
        Ok(())
    }
    fn delete_role_grant(&mut self, of: TokenId) -> Result<bool> {
        let Some(key) = key(of.0) else {
            return Ok(false);
        };
        gone(self.0, "DELETE FROM role_grants WHERE id = ?1", [key])
    }
    fn put_allow_listed(&mut self, number: PhoneNumberId, user: WaId) -> Result<()> {
        run(
            self.0,
            "INSERT INTO allow_list (number, user) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [id(number.0)?, id(user.as_u64())?],
        )?;
        Ok(())
    }
    fn delete_allow_listed(&mut self, number: PhoneNumberId, user: WaId) -> Result<bool> {
        let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
            return Ok(false);
        };
        let sql = "DELETE FROM allow_list WHERE number = ?1 AND user = ?2";
        gone(self.0, sql, [number, user])
    }
    fn put_picture(&mut self, number: PhoneNumberId, row: &Picture) -> Result<()> {
        run(
            self.0,
            "INSERT INTO pictures (number, kind, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (number) DO UPDATE SET kind = excluded.kind, body = excluded.body",
            params![id(number.0)?, row.kind, row.body],
        )?;
        Ok(())
    }
    fn delete_picture(&mut self, number: PhoneNumberId) -> Result<bool> {
        let Some(key) = key(number.0) else {
            return Ok(false);
        };
        gone(self.0, "DELETE FROM pictures WHERE number = ?1", [key])
    }
}
