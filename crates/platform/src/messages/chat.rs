//! What the two do around messages: reading, typing, blocking, reporting.

use ahoy_calling::Refusal;
use ahoy_calling::account::Scope;
use ahoy_calling::message::{MessageStatus, Side};
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::quality::Feedback;
use ahoy_types::{MessageId, PhoneNumberId, WaId};

use super::request::broken;
use super::{arrive, put};
use crate::account::{Caller, ensure_user};
use crate::business::internal;
use crate::effect::Effect;
use crate::platform::Platform;
use crate::{finish, quality};

impl Platform {
    /// The business has read what the user wrote up to this message; with `typing` the user sees that it types, until
    /// it writes or the time for it is over.
    ///
    /// # Errors
    /// There is no such message of a user on this number.
    pub async fn mark_read(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        message: MessageId,
        typing: bool,
    ) -> Result<(), Refusal> {
        caller.need(Scope::WhatsappBusinessMessaging)?;
        let number = self.number_for(caller, number)?;
        self.ledger()
            .execute(move |step| {
                let found = step.tx.message(&message).map_err(internal)?;
                let Some(found) = found.filter(|m| m.number == number.id && m.from == Side::User)
                else {
                    return Err(Refusal::Invalid(format!(
                        "message_id: there is no message `{message}` of a user to this number"
                    )));
                };
                let user = found.user;
                let unread = step.tx.unread(number.id, user, Side::User, Some(&message));
                for mut message in unread.map_err(internal)? {
                    if message.advance(MessageStatus::Read) {
                        put(step, &message).map_err(internal)?;
                    }
                }
                if typing {
                    let lasts = step.limits.of(number.profile).typing;
                    let mut pair = step.tx.pair(number.id, user).map_err(internal)?;
                    pair.chat.typing_until = Some(step.now + lasts);
                    step.tx.put_pair(number.id, user, &pair).map_err(internal)?;
                    step.effects.push(Effect::Thread {
                        user,
                        number: number.id,
                    });
                }
                Ok(())
            })
            .await
    }

    /// The user opens the chat and sees what is in it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_opens_chat(
        &self,
        user: WaId,
        number: PhoneNumberId,
    ) -> Result<(), PhoneRefusal> {
        self.ledger()
            .execute(move |step| {
                let number = finish::number_of(step, number).map_err(broken)?;
                arrive::read_all(step, &number, user).map_err(broken)
            })
            .await
    }

    /// The user blocks the business, or no longer does. Blocking counts as negative feedback.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_blocks(
        &self,
        user: WaId,
        number: PhoneNumberId,
        blocked: bool,
    ) -> Result<(), PhoneRefusal> {
        self.ledger()
            .execute(move |step| {
                ensure_user(step, user).map_err(broken)?;
                let mut pair = step.tx.pair(number, user).map_err(broken)?;
                if !pair.block(blocked, step.now) {
                    return Ok(());
                }
                step.tx.put_pair(number, user, &pair).map_err(broken)?;
                step.effects.push(Effect::Thread { user, number });
                if blocked {
                    let number = finish::number_of(step, number).map_err(broken)?;
                    quality::feedback(step, &number, user, Feedback::Block, None)
                        .map_err(broken)?;
                }
                Ok(())
            })
            .await
    }

    /// The user reports the business: negative feedback.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_reports(
        &self,
        user: WaId,
        number: PhoneNumberId,
    ) -> Result<(), PhoneRefusal> {
        self.ledger()
            .execute(move |step| {
                ensure_user(step, user).map_err(broken)?;
                let mut pair = step.tx.pair(number, user).map_err(broken)?;
                pair.chat.reported_at = Some(step.now);
                step.tx.put_pair(number, user, &pair).map_err(broken)?;
                let number = finish::number_of(step, number).map_err(broken)?;
                quality::feedback(step, &number, user, Feedback::Report, None).map_err(broken)?;
                Ok(())
            })
            .await
    }
}
