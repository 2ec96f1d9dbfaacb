//! Phone numbers, their allow-lists and pictures.

use ahoy_calling::about::{AboutPatch, NameStatus, PICTURE_BYTES};
use ahoy_calling::account::{MessagingLimit, Number};
use ahoy_calling::admin::{self as rules, AdminRefusal, Administrator};
use ahoy_calling::limits::Profile;
use ahoy_calling::registration::Registration;
use ahoy_store::{Page, Picture, Result as StoreResult, Rows};
use ahoy_types::{BusinessId, PhoneNumberId, WaId, WabaId};

use super::businesses::{scope, waba};
use super::{Admin, Prefix, free_id, internal, invalid, random, random_id};
use crate::platform::Platform;

/// A number to be created. Calling is off until the business switches it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNumber {
    /// Its node id; a fresh one where there is none.
    pub id: Option<PhoneNumberId>,
    /// The account.
    pub waba: WabaId,
    /// The number itself.
    pub number: WaId,
    /// The name on the user's phone.
    pub name: String,
    /// Which limits hold for it.
    pub profile: Profile,
    /// Its messaging limit.
    pub messaging_limit: MessagingLimit,
    /// Whether somebody pays for its calls.
    pub payment_valid: bool,
    /// Whether it is registered already.
    pub registered: bool,
    /// Whether it is shown to be the business's own.
    pub verified: bool,
}

/// A change of a number: what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberPatch {
    /// New name.
    pub name: Option<String>,
    /// New state of the name.
    pub name_status: Option<NameStatus>,
    /// New badge.
    pub official: Option<bool>,
    /// New limits.
    pub profile: Option<Profile>,
    /// New messaging limit.
    pub messaging_limit: Option<MessagingLimit>,
    /// New state of the payment.
    pub payment_valid: Option<bool>,
    /// New state of the verification.
    pub verified: Option<bool>,
    /// New public profile.
    pub about: AboutPatch,
}

pub(super) fn number(
    rows: &mut dyn Rows,
    who: &Administrator,
    id: PhoneNumberId,
) -> Result<Number, AdminRefusal> {
    let none = || AdminRefusal::no_such("number", id);
    let number = rows.number(id).map_err(internal)?.ok_or_else(none)?;
    match waba(rows, who, number.waba) {
        Ok(_) => Ok(number),
        Err(AdminRefusal::NoSuch { .. }) => Err(none()),
        Err(other) => Err(other),
    }
}

impl Platform {
    /// A number's profile picture, which is public like its name.
    pub fn picture(&self, number: PhoneNumberId) -> StoreResult<Option<Picture>> {
        self.read(|rows| rows.picture(number))
    }
}

impl Admin {
    /// Numbers by ascending id: of an account, of a business, or all.
    ///
    /// # Errors
    /// No such account or business.
    pub fn numbers(
        &self,
        of: (Option<BusinessId>, Option<WabaId>),
        page: Page<PhoneNumberId>,
    ) -> Result<Vec<Number>, AdminRefusal> {
        self.look(|rows, who| {
            let business = scope(rows, who, of.0)?;
            match (of.1, business) {
                (Some(id), of) => {
                    let waba = waba(rows, who, id)?;
                    if of.is_some_and(|of| of != waba.business) {
                        return Err(AdminRefusal::no_such("waba", id));
                    }
                    rows.numbers_of(id, page)
                }
                (None, Some(business)) => rows.numbers_of_business(business, page),
                (None, None) => rows.numbers(page),
            }
            .map_err(internal)
        })
    }

    /// A number.
    ///
    /// # Errors
    /// No such number.
    pub fn number(&self, id: PhoneNumberId) -> Result<Number, AdminRefusal> {
        self.look(|rows, who| number(rows, who, id))
    }

    /// Creates a number.
    ///
    /// # Errors
    /// No such account; an id or number that is taken; a field that will not do.
    pub async fn create_number(&self, new: NewNumber) -> Result<Number, AdminRefusal> {
        let name = rules::name("name", &new.name)?;
        let fresh = random_id(Prefix::Number)?;
        let row = self
            .change(move |step, who| {
                let waba = waba(step.tx, who, new.waba)?.id;
                let known = step.tx.number_by_digits(new.number).map_err(internal)?;
                if known.is_some() {
                    return Err(AdminRefusal::Conflict(format!(
                        "number: {} is taken already",
                        new.number.international()
                    )));
                }
                let id = PhoneNumberId(free_id(step, new.id.map(|id| id.0), fresh)?);
                let row = Number {
                    id,
                    waba,
                    number: new.number,
                    verified_name: name,
                    profile: new.profile,
                    messaging_limit: new.messaging_limit,
                    payment_valid: new.payment_valid,
                    settings: Default::default(),
                    registration: Registration {
                        registered: new.registered,
                        verified: new.verified,
                        ..Default::default()
                    },
                    about: Default::default(),
                    standing: Default::default(),
                };
                step.tx.put_number(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("create", "number", row.id);
        Ok(row)
    }

    /// Changes a number.
    ///
    /// # Errors
    /// No such number; a field that will not do.
    pub async fn change_number(
        &self,
        id: PhoneNumberId,
        patch: NumberPatch,
    ) -> Result<Number, AdminRefusal> {
        let name = patch.name.map(|n| rules::name("name", &n)).transpose()?;
        let row = self
            .change(move |step, who| {
                let mut row = number(step.tx, who, id)?;
                row.about = row
                    .about
                    .patched(patch.about)
                    .map_err(|refusal| invalid(refusal.to_string()))?;
                row.verified_name = name.unwrap_or(row.verified_name);
                row.about.name_status = patch.name_status.unwrap_or(row.about.name_status);
                row.about.official = patch.official.unwrap_or(row.about.official);
                row.profile = patch.profile.unwrap_or(row.profile);
                row.messaging_limit = patch.messaging_limit.unwrap_or(row.messaging_limit);
                row.payment_valid = patch.payment_valid.unwrap_or(row.payment_valid);
                row.registration.verified = patch.verified.unwrap_or(row.registration.verified);
                step.tx.put_number(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("update", "number", id);
        Ok(row)
    }

    /// Deletes a number with its overrides, allow-list and picture. Its calls stay in the books.
    ///
    /// # Errors
    /// No such number; a conflict while it has live calls.
    pub async fn delete_number(&self, id: PhoneNumberId) -> Result<(), AdminRefusal> {
        self.change(move |step, who| {
            number(step.tx, who, id)?;
            let live = step.tx.live_calls_of(id).map_err(internal)?;
            if live > 0 {
                return Err(AdminRefusal::Conflict(format!(
                    "number {id} has {live} live calls: wait for their end"
                )));
            }
            step.tx.delete_number(id).map_err(internal)
        })
        .await?;
        self.audit("delete", "number", id);
        Ok(())
    }

    /// A number's allow-list by ascending number of the user.
    ///
    /// # Errors
    /// No such number.
    pub fn allow_list(
        &self,
        id: PhoneNumberId,
        page: Page<WaId>,
    ) -> Result<Vec<WaId>, AdminRefusal> {
        self.look(|rows, who| {
            number(rows, who, id)?;
            rows.allow_list(id, page).map_err(internal)
        })
    }

    /// Puts a user on a number's allow-list, or takes them off; says whether that changed it.
    ///
    /// # Errors
    /// No such number.
    pub async fn allow(
        &self,
        id: PhoneNumberId,
        user: WaId,
        allowed: bool,
    ) -> Result<bool, AdminRefusal> {
        let changed = self
            .change(move |step, who| {
                number(step.tx, who, id)?;
                let before = step.tx.allow_listed(id, user).map_err(internal)?;
                if allowed {
                    step.tx.put_allow_listed(id, user).map_err(internal)?;
                } else {
                    step.tx.delete_allow_listed(id, user).map_err(internal)?;
                }
                Ok(before != allowed)
            })
            .await?;
        if changed {
            self.audit(if allowed { "allow" } else { "disallow" }, "number", id);
        }
        Ok(changed)
    }

    /// Sets a number's profile picture: JPEG, PNG or WebP.
    ///
    /// # Errors
    /// No such number; a file of another kind or too large.
    pub async fn set_picture(
        &self,
        id: PhoneNumberId,
        body: Vec<u8>,
    ) -> Result<Number, AdminRefusal> {
        if body.len() > PICTURE_BYTES {
            return Err(invalid(format!(
                "picture: {} bytes are too many, at most {PICTURE_BYTES} are allowed",
                body.len()
            )));
        }
        let kind = rules::picture_kind(&body)
            .ok_or_else(|| invalid("picture: a JPEG, PNG or WebP file is expected"))?;
        let tag = random::<8>()?.iter().map(|b| format!("{b:02x}")).collect();
        let picture = Picture {
            kind: kind.to_owned(),
            body,
        };
        let row = self
            .change(move |step, who| {
                let mut row = number(step.tx, who, id)?;
                row.about.picture = Some(tag);
                step.tx.put_picture(id, &picture).map_err(internal)?;
                step.tx.put_number(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("set the picture of", "number", id);
        Ok(row)
    }

    /// Takes a number's profile picture away.
    ///
    /// # Errors
    /// No such number.
    pub async fn remove_picture(&self, id: PhoneNumberId) -> Result<Number, AdminRefusal> {
        let row = self
            .change(move |step, who| {
                let mut row = number(step.tx, who, id)?;
                row.about.picture = None;
                step.tx.delete_picture(id).map_err(internal)?;
                step.tx.put_number(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("remove the picture of", "number", id);
        Ok(row)
    }
}
