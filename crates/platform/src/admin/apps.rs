//! Apps: the holders of tokens and receivers of webhooks.

use ahoy_calling::account::App;
use ahoy_calling::admin::{self as rules, AdminRefusal, Administrator};
use ahoy_store::{Page, Rows};
use ahoy_types::{AppId, BusinessId};

use super::businesses::{business, scope};
use super::{Admin, Prefix, free_id, internal, random, random_id};
use crate::ledger::Step;

/// An app to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApp {
    /// Its id; a fresh one where there is none.
    pub id: Option<AppId>,
    /// The portfolio that owns it.
    pub business: BusinessId,
    /// Its name.
    pub name: String,
    /// The key of its webhook signatures; a fresh one where there is none.
    pub secret: Option<String>,
}

/// A change of an app: what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppPatch {
    /// New name.
    pub name: Option<String>,
    /// New secret; every webhook sent from now on is signed with it, and the old app token ends.
    pub secret: Option<String>,
}

/// An app, if this administrator may know it.
pub(super) fn app(
    rows: &mut dyn Rows,
    who: &Administrator,
    id: AppId,
) -> Result<App, AdminRefusal> {
    let found = rows.app(id).map_err(internal)?;
    found
        .filter(|app| who.sees(app.business))
        .ok_or_else(|| AdminRefusal::no_such("app", id))
}

/// 16 random bytes in hexadecimal, the form secrets have on the reference platform.
fn fresh_secret() -> Result<String, AdminRefusal> {
    Ok(random::<16>()?.iter().map(|b| format!("{b:02x}")).collect())
}

/// Live calls of numbers whose webhooks the app gets.
fn live_calls(step: &mut Step<'_>, app: AppId) -> Result<u32, AdminRefusal> {
    let mut live = 0;
    for waba in step.tx.subscribed_wabas(app).map_err(internal)? {
        let page = Page {
            after: None,
            limit: usize::MAX,
        };
        for number in step.tx.numbers_of(waba, page).map_err(internal)? {
            live += step.tx.live_calls_of(number.id).map_err(internal)?;
        }
    }
    Ok(live)
}

impl Admin {
    /// Apps by ascending id.
    ///
    /// # Errors
    /// No such business.
    pub fn apps(
        &self,
        of: Option<BusinessId>,
        page: Page<AppId>,
    ) -> Result<Vec<App>, AdminRefusal> {
        self.look(|rows, who| {
            let of = scope(rows, who, of)?;
            rows.apps(of, page).map_err(internal)
        })
    }

    /// An app.
    ///
    /// # Errors
    /// No such app.
    pub fn app(&self, id: AppId) -> Result<App, AdminRefusal> {
        self.look(|rows, who| app(rows, who, id))
    }

    /// Creates an app.
    ///
    /// # Errors
    /// No such business; an id that is taken; a field that will not do.
    pub async fn create_app(&self, new: NewApp) -> Result<App, AdminRefusal> {
        let name = rules::name("name", &new.name)?;
        let secret = match new.secret {
            Some(secret) => rules::secret(&secret)?,
            None => fresh_secret()?,
        };
        let fresh = random_id(Prefix::App)?;
        let row = self
            .change(move |step, who| {
                let business = business(step.tx, who, new.business)?.id;
                let id = AppId(free_id(step, new.id.map(|id| id.0), fresh)?);
                let row = App {
                    id,
                    name,
                    secret,
                    business,
                    callback: None,
                    fields: Vec::new(),
                };
                step.tx.put_app(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("create", "app", row.id);
        Ok(row)
    }

    /// Changes an app.
    ///
    /// # Errors
    /// No such app; a field that will not do.
    pub async fn change_app(&self, id: AppId, patch: AppPatch) -> Result<App, AdminRefusal> {
        let name = patch.name.map(|n| rules::name("name", &n)).transpose()?;
        let secret = patch.secret.map(|s| rules::secret(&s)).transpose()?;
        let row = self
            .change(move |step, who| {
                let mut row = app(step.tx, who, id)?;
                row.name = name.unwrap_or(row.name);
                row.secret = secret.unwrap_or(row.secret);
                step.tx.put_app(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("update", "app", id);
        Ok(row)
    }

    /// Deletes an app with its tokens, subscriptions and overrides. Webhooks still owed to it are given up in time.
    ///
    /// # Errors
    /// No such app; a conflict while a number it is subscribed to has live calls.
    pub async fn delete_app(&self, id: AppId) -> Result<(), AdminRefusal> {
        self.change(move |step, who| {
            app(step.tx, who, id)?;
            let live = live_calls(step, id)?;
            if live > 0 {
                return Err(AdminRefusal::Conflict(format!(
                    "app {id} gets the webhooks of {live} live calls: wait for their end"
                )));
            }
            step.tx.delete_app(id).map_err(internal)
        })
        .await?;
        self.audit("delete", "app", id);
        Ok(())
    }
}
