//! Mail to a business's contacts: owed in the transaction that causes it, sent after the commit, at least once.
//!
//! Without a mail server, or without contacts, it stays in the mailbox that sandbox and console show.

use ahoy_calling::account::Number;
use ahoy_calling::notice::{AfterMail, MailOutcome, after_mail};
use ahoy_store::{Mail, MailState, NewMail, Page, Result, StoreError, TimerKind};
use ahoy_types::MailId;
use tokio::sync::mpsc;

use crate::effect::Effect;
use crate::ledger::Step;
use crate::platform::Platform;
use crate::quiet::Pending;

/// How much of a mail server's answer is kept.
const NOTE_CHARS: usize = 300;

/// A mail handed to the mail edge for one attempt. It counts as under way until it is given back with
/// [`Platform::mail_attempted`], or dropped.
#[derive(Debug)]
pub struct MailJob {
    /// Which.
    pub id: MailId,
    pub(crate) pending: Pending,
}

/// Owes a mail to every contact of the business behind `number`.
pub(crate) fn notify(
    step: &mut Step<'_>,
    number: &Number,
    subject: &str,
    body: &str,
) -> Result<()> {
    let waba = step.tx.waba(number.waba)?;
    let business = match waba {
        Some(waba) => step.tx.business(waba.business)?,
        None => None,
    };
    let business = business
        .ok_or_else(|| StoreError(format!("number {} belongs to no business", number.id)))?;
    let mut recipients: Vec<Option<String>> = business.contacts.into_iter().map(Some).collect();
    if recipients.is_empty() {
        recipients.push(None);
    }
    for recipient in recipients {
        let goes_out = step.mail && recipient.is_some();
        let id = step.tx.add_mail(&NewMail {
            business: business.id,
            number: number.id,
            recipient,
            subject: subject.to_owned(),
            body: body.to_owned(),
            created_at: step.now,
            state: if goes_out {
                MailState::Sending
            } else {
                MailState::Kept
            },
        })?;
        if goes_out {
            step.effects.push(Effect::SendMail { id });
        }
    }
    Ok(())
}

/// A retry is due: hands the mail out again, or keeps it if there is no mail server any more.
pub(crate) fn due(step: &mut Step<'_>, id: MailId) -> Result<()> {
    hand_out(step, id, MailState::Retrying)
}

fn hand_out(step: &mut Step<'_>, id: MailId, only: MailState) -> Result<()> {
    let Some(mut row) = step.tx.mail(id)?.filter(|row| row.state == only) else {
        return Ok(());
    };
    row.next_due = None;
    row.state = if step.mail {
        MailState::Sending
    } else {
        MailState::Kept
    };
    step.tx.update_mail(&row)?;
    if step.mail {
        step.effects.push(Effect::SendMail { id });
    }
    Ok(())
}

fn attempted(step: &mut Step<'_>, id: MailId, outcome: &MailOutcome, note: &str) -> Result<()> {
    let Some(mut row) = step.tx.mail(id)? else {
        return Ok(());
    };
    if row.state != MailState::Sending {
        return Ok(());
    }
    row.attempts += 1;
    row.note = note.chars().take(NOTE_CHARS).collect();
    match after_mail(row.attempts, row.created_at, outcome, step.now) {
        AfterMail::Done => row.state = MailState::Sent,
        AfterMail::GivenUp => row.state = MailState::Failed,
        AfterMail::RetryAt(at) => {
            row.state = MailState::Retrying;
            row.next_due = Some(at);
            step.tx.add_timer(at, &TimerKind::MailRetry { mail: id })?;
            step.effects.push(Effect::TimersChanged);
        }
    }
    step.tx.update_mail(&row)
}

impl Platform {
    /// From now on mail goes out: the receiver hands it to whoever sends it, first of all what was in flight when
    /// the last run died.
    ///
    /// # Errors
    /// The store fails.
    pub async fn attach_mailer(&self) -> Result<mpsc::UnboundedReceiver<MailJob>> {
        let jobs = self.set_mailer();
        self.ledger()
            .execute(|step| {
                for id in step.tx.mails_sending()? {
                    hand_out(step, id, MailState::Sending)?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        Ok(jobs)
    }

    /// The mail of a job; `None` if it is gone (the sandbox started over).
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn mail(&self, id: MailId) -> Result<Option<Mail>> {
        self.read(|rows| rows.mail(id))
    }

    /// Mails, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn mails(&self, page: Page<MailId>) -> Result<Vec<Mail>> {
        self.read(|rows| rows.mails(page))
    }

    /// An attempt to send a mail is over; `note` is what the mail server said. An outcome that cannot be stored is
    /// lost, and the mail goes out again after the next start.
    pub async fn mail_attempted(&self, job: MailJob, outcome: MailOutcome, note: String) {
        let MailJob { id, pending } = job;
        tracing::debug!(mail = %id, ?outcome, note, "mail attempted");
        let stored = self
            .ledger()
            .execute(move |step| attempted(step, id, &outcome, &note))
            .await;
        if let Err(e) = stored {
            tracing::error!(mail = %id, error = %e, "the outcome of a mail cannot be stored");
        }
        drop(pending);
    }
}
