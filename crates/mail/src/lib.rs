//! Mail to the contacts of businesses: takes what the platform hands out, gives it to a mail server, tells what came
//! of it.
//!
//! What is written to whom, and when it is tried again, is the platform's business (`ahoy_calling::notice`); here is
//! only SMTP.

use std::time::Duration;

use ahoy_calling::notice::MailOutcome;
use ahoy_platform::{MailJob, Platform};
use ahoy_store::Mail;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::{AsyncSmtpTransport, Error as SmtpError};
use lettre::{AsyncTransport, Tokio1Executor};
use serde::Deserialize;
use tokio::sync::mpsc;

/// How long the mail server may take for each of its answers, in real time.
const PATIENCE: Duration = Duration::from_secs(20);

/// How mail goes out: table `[mail]` of the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// `smtp://host:port` (plain text), `smtp://user:password@host:port?tls=required` (STARTTLS) or
    /// `smtps://user:password@host` (TLS from the start).
    pub server: String,
    /// The sender, as `Ahoy <ahoy@example.com>`.
    pub from: String,
}

/// The configuration cannot be used; the sentence names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailConfigError {
    /// Not the address of a mail server.
    #[error("mail.server: {0}")]
    Server(String),
    /// Not a mail address.
    #[error("mail.from: `{0}` is not a mail address: {1}")]
    From(String, String),
}

/// Sends mail.
pub struct Mailer {
    platform: Platform,
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Mailer {
    /// A mailer for this platform.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(platform: Platform, config: &MailConfig) -> Result<Self, MailConfigError> {
        let from = config
            .from
            .parse()
            .map_err(|e| MailConfigError::From(config.from.clone(), format!("{e}")))?;
        // The address may hold a password: it is not repeated.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&config.server)
            .map_err(|e| MailConfigError::Server(e.to_string()))?
            .timeout(Some(PATIENCE))
            .build();
        Ok(Self {
            platform,
            from,
            transport,
        })
    }

    /// Sends mail as it is handed out, one after another, until the platform is gone.
    pub async fn run(self, mut jobs: mpsc::UnboundedReceiver<MailJob>) {
        while let Some(job) = jobs.recv().await {
            let (outcome, note) = match self.platform.mail(job.id) {
                Ok(Some(mail)) => self.send(&mail).await,
                Ok(None) => continue,
                Err(e) => (MailOutcome::Failed, format!("it was not sent: {e}")),
            };
            if outcome != MailOutcome::Sent {
                tracing::warn!(mail = %job.id, note, "a mail was not taken");
            }
            self.platform.mail_attempted(job, outcome, note).await;
        }
    }

    async fn send(&self, mail: &Mail) -> (MailOutcome, String) {
        let message = match self.message(mail) {
            Ok(message) => message,
            Err(sentence) => return (MailOutcome::Refused, sentence),
        };
        match self.transport.send(message).await {
            Ok(response) => {
                let lines: Vec<&str> = response.message().collect();
                (
                    MailOutcome::Sent,
                    format!("{} {}", response.code(), lines.join(" ")),
                )
            }
            Err(e) => (outcome_of(&e), reason(&e)),
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, String> {
        let to = mail.recipient.as_deref().unwrap_or_default();
        let to: Mailbox = to
            .parse()
            .map_err(|e| format!("`{to}` is not a mail address: {e}"))?;
        Message::builder()
            .from(self.from.clone())
            .to(to)
            // The same on every attempt, so that a mail sent twice shows once.
            .message_id(Some(format!(
                "<{}.{}@{}>",
                mail.id,
                mail.created_at.0,
                self.from.email.domain()
            )))
            .subject(mail.subject.clone())
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.clone())
            .map_err(|e| format!("it cannot be written as a mail: {e}"))
    }
}

/// A refusal for good (SMTP 5xx) is not tried again; anything else is.
fn outcome_of(e: &SmtpError) -> MailOutcome {
    if e.is_permanent() {
        MailOutcome::Refused
    } else {
        MailOutcome::Failed
    }
}

/// The whole chain of causes.
fn reason(e: &SmtpError) -> String {
    let mut text = e.to_string();
    let mut cause = std::error::Error::source(e);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
