//! Portfolios and their accounts.

use ahoy_calling::account::{Business, Waba};
use ahoy_calling::admin::{self as rules, AdminRefusal, Administrator};
use ahoy_store::{Page, Rows};
use ahoy_types::{BusinessId, WabaId};

use super::{Admin, Prefix, free_id, internal, random_id};

/// A portfolio to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBusiness {
    /// Its id; a fresh one where there is none.
    pub id: Option<BusinessId>,
    /// Its name.
    pub name: String,
    /// Mail addresses of those whom warnings reach.
    pub contacts: Vec<String>,
    /// Whether it keeps a contact book.
    pub contact_book: bool,
}

/// A change of a portfolio: what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BusinessPatch {
    /// New name.
    pub name: Option<String>,
    /// All addresses whom warnings reach from now on.
    pub contacts: Option<Vec<String>>,
    /// Whether it keeps a contact book.
    pub contact_book: Option<bool>,
}

/// An account to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWaba {
    /// Its id; a fresh one where there is none.
    pub id: Option<WabaId>,
    /// The portfolio.
    pub business: BusinessId,
    /// Its name.
    pub name: String,
    /// Its currency; US dollars where there is none.
    pub currency: Option<String>,
    /// Number of its time zone; none where there is none.
    pub timezone_id: Option<String>,
    /// Its clock, by an IANA name; UTC where there is none.
    pub time_zone: Option<String>,
}

/// A change of an account: what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WabaPatch {
    /// New name.
    pub name: Option<String>,
    /// New currency.
    pub currency: Option<String>,
    /// New number of its time zone.
    pub timezone_id: Option<String>,
    /// New clock.
    pub time_zone: Option<String>,
}

/// A portfolio, if this administrator may know it.
pub(super) fn business(
    rows: &mut dyn Rows,
    who: &Administrator,
    id: BusinessId,
) -> Result<Business, AdminRefusal> {
    let found = rows.business(id).map_err(internal)?;
    found
        .filter(|business| who.sees(business.id))
        .ok_or_else(|| AdminRefusal::no_such("business", id))
}

/// An account, if this administrator may know it.
pub(super) fn waba(
    rows: &mut dyn Rows,
    who: &Administrator,
    id: WabaId,
) -> Result<Waba, AdminRefusal> {
    let found = rows.waba(id).map_err(internal)?;
    found
        .filter(|waba| who.sees(waba.business))
        .ok_or_else(|| AdminRefusal::no_such("waba", id))
}

/// The business a list is about: the one asked for, else the administrator's own, else all.
pub(super) fn scope(
    rows: &mut dyn Rows,
    who: &Administrator,
    asked: Option<BusinessId>,
) -> Result<Option<BusinessId>, AdminRefusal> {
    match asked {
        Some(id) => Ok(Some(business(rows, who, id)?.id)),
        None => Ok(who.business),
    }
}

/// The one row whose presence forbids a deletion.
const FIRST: usize = 1;

impl Admin {
    /// Portfolios by ascending id.
    ///
    /// # Errors
    /// The store's.
    pub fn businesses(&self, page: Page<BusinessId>) -> Result<Vec<Business>, AdminRefusal> {
        self.look(|rows, who| match who.business {
            None => rows.businesses(page).map_err(internal),
            Some(own) if page.after.is_some_and(|after| after >= own) => Ok(Vec::new()),
            Some(own) => Ok(rows.business(own).map_err(internal)?.into_iter().collect()),
        })
    }

    /// A portfolio.
    ///
    /// # Errors
    /// No such business.
    pub fn business(&self, id: BusinessId) -> Result<Business, AdminRefusal> {
        self.look(|rows, who| business(rows, who, id))
    }

    /// Creates a portfolio.
    ///
    /// # Errors
    /// Forbidden to all but admins; an id that is taken; a name that will not do.
    pub async fn create_business(&self, new: NewBusiness) -> Result<Business, AdminRefusal> {
        self.who().must_be_admin("create businesses")?;
        let name = rules::name("name", &new.name)?;
        let contacts = rules::contacts(new.contacts)?;
        let fresh = random_id(Prefix::Business)?;
        let row = self
            .change(move |step, _| {
                let id = BusinessId(free_id(step, new.id.map(|id| id.0), fresh)?);
                let row = Business {
                    id,
                    name,
                    contacts,
                    contact_book: new.contact_book,
                };
                step.tx.put_business(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("create", "business", row.id);
        Ok(row)
    }

    /// Changes a portfolio.
    ///
    /// # Errors
    /// No such business; a name that will not do.
    pub async fn change_business(
        &self,
        id: BusinessId,
        patch: BusinessPatch,
    ) -> Result<Business, AdminRefusal> {
        let name = patch.name.map(|n| rules::name("name", &n)).transpose()?;
        let contacts = patch.contacts.map(rules::contacts).transpose()?;
        let row = self
            .change(move |step, who| {
                let mut row = business(step.tx, who, id)?;
                row.name = name.unwrap_or(row.name);
                row.contacts = contacts.unwrap_or(row.contacts);
                row.contact_book = patch.contact_book.unwrap_or(row.contact_book);
                step.tx.put_business(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("update", "business", id);
        Ok(row)
    }

    /// Deletes a portfolio and the roles tied to it.
    ///
    /// # Errors
    /// Forbidden to all but admins; a conflict while it has accounts or apps, or a part in somebody's conversation routing.
    pub async fn delete_business(&self, id: BusinessId) -> Result<(), AdminRefusal> {
        self.who().must_be_admin("delete businesses")?;
        self.change(move |step, who| {
            business(step.tx, who, id)?;
            let wabas = Page {
                after: None,
                limit: FIRST,
            };
            let apps = Page {
                after: None,
                limit: FIRST,
            };
            let held = !step.tx.wabas(Some(id), wabas).map_err(internal)?.is_empty()
                || !step.tx.apps(Some(id), apps).map_err(internal)?.is_empty();
            if held {
                return Err(AdminRefusal::Conflict(format!(
                    "business {id} still has accounts or apps: delete these first"
                )));
            }
            if step.tx.routing_names(id).map_err(internal)? {
                return Err(AdminRefusal::Conflict(format!(
                    "business {id} has a part in conversation routing: take it out of the rules first"
                )));
            }
            step.tx.delete_business(id).map_err(internal)
        })
        .await?;
        self.audit("delete", "business", id);
        Ok(())
    }

    /// Accounts by ascending id.
    ///
    /// # Errors
    /// No such business.
    pub fn wabas(
        &self,
        of: Option<BusinessId>,
        page: Page<WabaId>,
    ) -> Result<Vec<Waba>, AdminRefusal> {
        self.look(|rows, who| {
            let of = scope(rows, who, of)?;
            rows.wabas(of, page).map_err(internal)
        })
    }

    /// An account.
    ///
    /// # Errors
    /// No such account.
    pub fn waba(&self, id: WabaId) -> Result<Waba, AdminRefusal> {
        self.look(|rows, who| waba(rows, who, id))
    }

    /// Creates an account.
    ///
    /// # Errors
    /// No such business; an id that is taken; a field that will not do.
    pub async fn create_waba(&self, new: NewWaba) -> Result<Waba, AdminRefusal> {
        let name = rules::name("name", &new.name)?;
        let currency = new.currency.map(|c| rules::currency(&c)).transpose()?;
        let zone = new
            .timezone_id
            .map(|z| rules::timezone_id(&z))
            .transpose()?;
        let clock = new.time_zone.map(|z| rules::time_zone(&z)).transpose()?;
        let fresh = random_id(Prefix::Waba)?;
        let row = self
            .change(move |step, who| {
                let business = business(step.tx, who, new.business)?.id;
                let id = WabaId(free_id(step, new.id.map(|id| id.0), fresh)?);
                let mut row = Waba::new(id, business, name);
                row.currency = currency.unwrap_or(row.currency);
                row.timezone_id = zone.unwrap_or(row.timezone_id);
                row.zone = clock.unwrap_or(row.zone);
                step.tx.put_waba(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("create", "waba", row.id);
        Ok(row)
    }

    /// Changes an account.
    ///
    /// # Errors
    /// No such account; a field that will not do.
    pub async fn change_waba(&self, id: WabaId, patch: WabaPatch) -> Result<Waba, AdminRefusal> {
        let name = patch.name.map(|n| rules::name("name", &n)).transpose()?;
        let currency = patch.currency.map(|c| rules::currency(&c)).transpose()?;
        let zone = patch
            .timezone_id
            .map(|z| rules::timezone_id(&z))
            .transpose()?;
        let clock = patch.time_zone.map(|z| rules::time_zone(&z)).transpose()?;
        let row = self
            .change(move |step, who| {
                let mut row = waba(step.tx, who, id)?;
                row.name = name.unwrap_or(row.name);
                row.currency = currency.unwrap_or(row.currency);
                row.timezone_id = zone.unwrap_or(row.timezone_id);
                if let Some(clock) = clock
                    && clock != row.zone
                {
                    step.tx.resum_days(id, &clock).map_err(internal)?;
                    row.zone = clock;
                }
                step.tx.put_waba(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("update", "waba", id);
        Ok(row)
    }

    /// Deletes an account and the subscriptions to it.
    ///
    /// # Errors
    /// No such account; a conflict while it has numbers.
    pub async fn delete_waba(&self, id: WabaId) -> Result<(), AdminRefusal> {
        self.change(move |step, who| {
            waba(step.tx, who, id)?;
            let page = Page {
                after: None,
                limit: FIRST,
            };
            if !step.tx.numbers_of(id, page).map_err(internal)?.is_empty() {
                return Err(AdminRefusal::Conflict(format!(
                    "waba {id} still has phone numbers: delete these first"
                )));
            }
            step.tx.delete_waba(id).map_err(internal)
        })
        .await?;
        self.audit("delete", "waba", id);
        Ok(())
    }
}
