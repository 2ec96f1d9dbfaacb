//! Conversation routing: rules of accounts and numbers, and threads.

use ahoy_calling::routing::{RoutingRules, Thread};
use ahoy_types::{BusinessId, PhoneNumberId, WaId};
use rusqlite::params;

use super::codec::{after, id, json, key, limit, many, one, run, to_json, unsigned};
use super::view::View;
use crate::{Page, Result, RoutingRows, RoutingScope, RoutingTx};

const fn node(of: RoutingScope) -> u64 {
    match of {
        RoutingScope::Account(waba) => waba.0,
        RoutingScope::Number(number) => number.0,
    }
}

impl RoutingRows for View<'_> {
    fn routing_rules(&mut self, of: RoutingScope) -> Result<Option<RoutingRules>> {
        let Some(key) = key(node(of)) else {
            return Ok(None);
        };
        one(
            self.0,
            "SELECT rules_json FROM routing WHERE node = ?1",
            [key],
            |row| json(row, 0),
        )
    }

    fn routing_names(&mut self, business: BusinessId) -> Result<bool> {
        let rules: Vec<RoutingRules> = many(
            self.0,
            "SELECT rules_json FROM routing ORDER BY node",
            [],
            |row| json(row, 0),
        )?;
        Ok(rules
            .iter()
            .any(|rules| rules.businesses().any(|named| named == business)))
    }

    fn thread(&mut self, number: PhoneNumberId, user: WaId) -> Result<Thread> {
        let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
            return Ok(Thread::default());
        };
        let found = one(
            self.0,
            "SELECT state_json FROM threads WHERE number = ?1 AND user = ?2",
            [number, user],
            |row| json(row, 0),
        )?;
        Ok(found.unwrap_or_default())
    }

    fn threads(&mut self, number: PhoneNumberId, page: Page<WaId>) -> Result<Vec<(WaId, Thread)>> {
        let first = after(page.after.map(WaId::as_u64));
        let (Some(number), Some(first)) = (key(number.0), first) else {
            return Ok(Vec::new());
        };
        many(
            self.0,
            "SELECT user, state_json FROM threads WHERE number = ?1 AND user > ?2 ORDER BY user LIMIT ?3",
            params![number, first, limit(page.limit)],
            |row| Ok((WaId::from_u64(unsigned(row, 0)?), json(row, 1)?)),
        )
    }
}

impl RoutingTx for View<'_> {
    fn put_routing_rules(&mut self, of: RoutingScope, rules: &RoutingRules) -> Result<()> {
        run(
            self.0,
            "INSERT INTO routing (node, rules_json) VALUES (?1, ?2)
             ON CONFLICT (node) DO UPDATE SET rules_json = excluded.rules_json",
            params![id(node(of))?, to_json(rules)?],
        )?;
        Ok(())
    }

    fn delete_routing_rules(&mut self, of: RoutingScope) -> Result<bool> {
        let Some(key) = key(node(of)) else {
            return Ok(false);
        };
        Ok(run(self.0, "DELETE FROM routing WHERE node = ?1", [key])? > 0)
    }

    fn put_thread(&mut self, number: PhoneNumberId, user: WaId, row: &Thread) -> Result<()> {
        run(
            self.0,
            "INSERT INTO threads (number, user, state_json) VALUES (?1, ?2, ?3)
             ON CONFLICT (number, user) DO UPDATE SET state_json = excluded.state_json",
            params![id(number.0)?, id(user.as_u64())?, to_json(row)?],
        )?;
        Ok(())
    }

    fn delete_threads(&mut self, number: PhoneNumberId) -> Result<()> {
        if let Some(key) = key(number.0) {
            run(self.0, "DELETE FROM threads WHERE number = ?1", [key])?;
        }
        Ok(())
    }
}
