//! The mailbox: what the contacts of businesses were or would have been written.

use ahoy_calling::admin::AdminRefusal;
use ahoy_store::{Mail, Page};
use ahoy_types::{BusinessId, MailId};

use super::businesses::scope;
use super::{Admin, internal};

/// Mails read at a time where not all of them are wanted.
const STRIDE: usize = 500;

impl Admin {
    /// Mails by ascending id.
    ///
    /// # Errors
    /// No such business.
    pub fn mails(
        &self,
        of: Option<BusinessId>,
        page: Page<MailId>,
    ) -> Result<Vec<Mail>, AdminRefusal> {
        self.look(|rows, who| {
            let Some(business) = scope(rows, who, of)? else {
                return rows.mails(page).map_err(internal);
            };
            // The store knows mails by their id alone; finished ones are let go of after a month, so there are few.
            let mut kept = Vec::new();
            let mut after = page.after;
            while kept.len() < page.limit {
                let stride = Page {
                    after,
                    limit: STRIDE,
                };
                let mails = rows.mails(stride).map_err(internal)?;
                let Some(last) = mails.last() else { break };
                after = Some(last.id);
                kept.extend(mails.into_iter().filter(|mail| mail.business == business));
            }
            kept.truncate(page.limit);
            Ok(kept)
        })
    }

    /// A mail.
    ///
    /// # Errors
    /// No such mail.
    pub fn mail(&self, id: MailId) -> Result<Mail, AdminRefusal> {
        self.look(|rows, who| {
            let found = rows.mail(id).map_err(internal)?;
            found
                .filter(|mail| who.sees(mail.business))
                .ok_or_else(|| AdminRefusal::no_such("mail", id))
        })
    }
}
