//! What an administrator may look at and change: businesses, accounts, numbers, apps, access tokens, roles.
//!
//! Another tenant's objects look non-existent to whoever is tied to one business. Each change is one decision of the
//! ledger and one line in the log.

mod apps;
mod bootstrap;
mod businesses;
mod call_logs;
mod mails;
mod numbers;
mod routing;
mod tokens;

pub use apps::{AppPatch, NewApp};
pub use bootstrap::bootstrap;
pub use businesses::{BusinessPatch, NewBusiness, NewWaba, WabaPatch};
pub use numbers::{NewNumber, NumberPatch};
pub use tokens::{NewRole, NewToken, expiry};

use ahoy_calling::admin::{AdminRefusal, Administrator};
use ahoy_store::{Result as StoreResult, Rows};
use ahoy_types::{AppId, BusinessId, PhoneNumberId, TokenHash, WabaId};

use crate::ledger::Step;
use crate::platform::Platform;

/// The first digits of generated ids, which have fifteen.
#[derive(Debug, Clone, Copy)]
enum Prefix {
    Number = 71,
    Waba = 72,
    Business = 73,
    Token = 74,
    Role = 75,
    App = 90,
}

/// What is left of an id behind its prefix.
const ID_TAIL: u64 = 10_000_000_000_000;

/// Somebody's hand on the objects they may know.
#[derive(Clone)]
pub struct Admin {
    platform: Platform,
    who: Administrator,
}

impl Platform {
    /// Who holds this admin token.
    ///
    /// # Errors
    /// Unauthorized for a token that is unknown or has ended.
    pub fn administrator(&self, token: &str) -> Result<Administrator, AdminRefusal> {
        let hash = TokenHash::of(token);
        let grant = self.read(|rows| rows.role_grant(&hash)).map_err(internal)?;
        let grant = grant.ok_or(AdminRefusal::Unauthorized("the admin token is not valid"))?;
        if grant.expires_at.is_some_and(|at| at <= self.clock().now()) {
            return Err(AdminRefusal::Unauthorized("the admin token has expired"));
        }
        Ok(Administrator {
            name: grant.name,
            role: grant.role,
            business: grant.business,
        })
    }

    /// The objects as this administrator may see and change them.
    pub fn admin(&self, who: Administrator) -> Admin {
        Admin {
            platform: self.clone(),
            who,
        }
    }
}

impl Admin {
    /// Who acts.
    pub const fn who(&self) -> &Administrator {
        &self.who
    }

    /// The platform behind it.
    pub const fn platform(&self) -> &Platform {
        &self.platform
    }

    fn look<T>(
        &self,
        work: impl FnOnce(&mut dyn Rows, &Administrator) -> Result<T, AdminRefusal>,
    ) -> Result<T, AdminRefusal> {
        self.platform
            .read(|rows| Ok(work(rows, &self.who)))
            .map_err(internal)?
    }

    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Step<'_>, &Administrator) -> Result<T, AdminRefusal> + Send + 'static,
    ) -> Result<T, AdminRefusal> {
        self.who.may_write()?;
        let who = self.who.clone();
        self.platform
            .ledger()
            .execute(move |step| work(step, &who))
            .await
    }

    /// The line a change leaves in the log.
    fn audit(&self, verb: &'static str, kind: &'static str, id: impl std::fmt::Display) {
        tracing::info!(
            by = self.who.name,
            role = self.who.role.as_str(),
            verb,
            kind,
            %id,
            "an administrator made a change"
        );
    }
}

fn internal(e: ahoy_store::StoreError) -> AdminRefusal {
    AdminRefusal::Internal(e.to_string())
}

fn invalid(sentence: impl Into<String>) -> AdminRefusal {
    AdminRefusal::Invalid(sentence.into())
}

fn random<const N: usize>() -> Result<[u8; N], AdminRefusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|e| AdminRefusal::Internal(format!("the system gives no random bytes: {e}")))?;
    Ok(bytes)
}

/// 32 random bytes in hexadecimal behind a word that tells what it is.
fn random_text(prefix: &str) -> Result<String, AdminRefusal> {
    let hex = random::<32>()?.into_iter().map(|b| format!("{b:02x}"));
    Ok(hex.fold(prefix.to_owned(), |text, byte| text + &byte))
}

fn random_id(prefix: Prefix) -> Result<u64, AdminRefusal> {
    Ok(prefix as u64 * ID_TAIL + u64::from_be_bytes(random()?) % ID_TAIL)
}

/// The id of a new object: the one asked for if it is free, else a fresh one. Ids of all kinds share one name space,
/// because a path names a node by its id alone.
fn free_id(step: &mut Step<'_>, asked: Option<u64>, fresh: u64) -> Result<u64, AdminRefusal> {
    let id = asked.unwrap_or(fresh);
    if id == 0 || i64::try_from(id).is_err() {
        return Err(invalid("id: 1 to 19 decimal digits are expected"));
    }
    if taken(step.tx, id).map_err(internal)? {
        return Err(AdminRefusal::Conflict(format!("id: {id} is taken already")));
    }
    Ok(id)
}

fn taken(rows: &mut dyn Rows, id: u64) -> StoreResult<bool> {
    Ok(rows.number(PhoneNumberId(id))?.is_some()
        || rows.waba(WabaId(id))?.is_some()
        || rows.business(BusinessId(id))?.is_some()
        || rows.app(AppId(id))?.is_some())
}
