//! Quality windows, notices and mail.

use ahoy_calling::quality::{Mark, Tally};
use ahoy_types::{BusinessId, Direction, MailId, PhoneNumberId, RuleTime, WaId};
use serde::{Deserialize, Serialize};

use crate::{Page, Result};

/// Where a mail is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// Stays in the mailbox: there was no mail server, or no contact to write to.
    Kept,
    /// Handed out for an attempt; due at once after a crash.
    Sending,
    /// Failed; a timer will hand it out again.
    Retrying,
    /// The mail server took it.
    Sent,
    /// Given up: refused for good, or tried for too long.
    Failed,
}

impl MailState {
    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Sending => "sending",
            Self::Retrying => "retrying",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// A mail about to be owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// The portfolio it is for.
    pub business: BusinessId,
    /// The business number it is about.
    pub number: PhoneNumberId,
    /// Whom it goes to; `None` where the portfolio has no contacts.
    pub recipient: Option<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// When it was committed.
    pub created_at: RuleTime,
    /// `Sending` or `Kept`.
    pub state: MailState,
}

/// A mail to one contact of a portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// The portfolio it is for.
    pub business: BusinessId,
    /// The business number it is about.
    pub number: PhoneNumberId,
    /// Whom it goes to; `None` where the portfolio has no contacts.
    pub recipient: Option<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// When it was committed.
    pub created_at: RuleTime,
    /// Where it is on its way.
    pub state: MailState,
    /// Attempts whose outcome is known.
    pub attempts: u32,
    /// When the next attempt is due, while `Retrying`.
    pub next_due: Option<RuleTime>,
    /// What the mail server last said, or why it could not be reached.
    pub note: String,
}

/// Reading them.
pub trait QualityRows {
    /// The marks of a number counted since this hour, that one included.
    fn tally(&mut self, number: PhoneNumberId, since: RuleTime) -> Result<Tally>;
    /// When this user's feedback on calls of this direction last counted.
    fn feedback_counted(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        direction: Direction,
    ) -> Result<Option<RuleTime>>;
    /// A mail.
    fn mail(&mut self, id: MailId) -> Result<Option<Mail>>;
    /// Mails by ascending id.
    fn mails(&mut self, page: Page<MailId>) -> Result<Vec<Mail>>;
    /// Mails in state `Sending` by ascending id: in flight when the process died.
    fn mails_sending(&mut self) -> Result<Vec<MailId>>;
}

/// Writing them.
pub trait QualityTx: QualityRows {
    /// Counts one mark in an hour.
    fn count_mark(&mut self, number: PhoneNumberId, hour: RuleTime, mark: Mark) -> Result<()>;
    /// Forgets every count of these marks of a number.
    fn forget_marks(&mut self, number: PhoneNumberId, marks: &[Mark]) -> Result<()>;
    /// This user's feedback on calls of this direction counted now.
    fn put_feedback_counted(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        direction: Direction,
        at: RuleTime,
    ) -> Result<()>;
    /// Deletes counts and feedback of before `before`, at most `limit` of each. Says how many of both together.
    fn prune_quality(&mut self, before: RuleTime, limit: u32) -> Result<u32>;
    /// Adds a mail.
    fn add_mail(&mut self, row: &NewMail) -> Result<MailId>;
    /// Updates state, attempts, due time and note of a mail; never its text or recipient.
    fn update_mail(&mut self, row: &Mail) -> Result<()>;
    /// Deletes finished mails (`Kept`, `Sent`, `Failed`) committed before `before`, at most `limit` of them. Says
    /// how many.
    fn prune_mails(&mut self, before: RuleTime, limit: u32) -> Result<u32>;
}
