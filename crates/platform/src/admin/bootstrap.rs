//! The first admin token, written straight into the store while no server runs on it.

use ahoy_calling::admin::{AdminRefusal, Role, name};
use ahoy_store::{Store, StoreError};

use super::internal;
use super::tokens::grant;
use crate::clock::Clock;
use crate::timers::CLOCK_KEY;

/// Gives the role admin to whoever has the data folder; answers the admin token, which is stored by its hash alone.
///
/// # Errors
/// A name that will not do; the store's.
pub fn bootstrap(store: &mut dyn Store, whose: &str) -> Result<String, AdminRefusal> {
    let whose = name("name", whose)?;
    let mut mark = None;
    store
        .reader()
        .and_then(|mut reader| {
            reader.read(&mut |rows| {
                mark = rows.meta(CLOCK_KEY)?;
                Ok(())
            })
        })
        .map_err(internal)?;
    let clock = Clock::default();
    if let Some(mark) = mark {
        clock.restore(&mark).ok_or_else(|| {
            internal(StoreError(format!(
                "the clock's mark `{mark}` cannot be read"
            )))
        })?;
    }
    let (row, token) = grant(whose, Role::Admin, clock.now())?;
    store
        .batch(&mut |batch| {
            batch.savepoint(&mut |tx| {
                tx.put_role_grant(&row)?;
                Ok(true)
            })
        })
        .map_err(internal)?;
    Ok(token)
}
