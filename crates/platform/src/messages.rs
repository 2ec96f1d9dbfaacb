//! Messages both ways (`graph-api.md` §5): what the business sends, what users write and tap, how far each has come,
//! and the thread a user sees.

mod arrive;
mod chat;
mod request;
mod send;
mod template;
mod thread;
mod user;

use ahoy_calling::message::{Message, MessageKind, Notice, Side};
use ahoy_store::{Result, StoreError};
use ahoy_types::{MessageId, PhoneNumberId, WaId};

use crate::effect::Effect;
use crate::ledger::Step;
use crate::live::UserLegKind;
use crate::platform::{Platform, random};

pub(crate) use arrive::taken_by_phone;
pub(crate) use request::answer_planned;
pub use send::{OutgoingMessage, SentMessage};
pub use thread::{ThreadEntry, ThreadView};
pub(crate) use user::payload_of_button;

/// Most characters a user writes at once.
pub const MAX_USER_TEXT: usize = 4096;

/// What takes a message at the user's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    /// A phone of the sandbox: it is always there.
    Simulated,
    /// A real phone that is there: it takes the message, and tells when its page shows it.
    Phone,
    /// A real phone that is not there: it takes the message when it comes.
    Away,
}

impl Platform {
    pub(crate) fn device(&self, user: WaId) -> std::result::Result<Device, ahoy_calling::Refusal> {
        if self.live().has_phone(user) {
            return Ok(Device::Phone);
        }
        Ok(match self.user_leg(user)? {
            UserLegKind::Simulated => Device::Simulated,
            UserLegKind::Phone => Device::Away,
        })
    }
}

pub(crate) fn new_id(step: &Step<'_>, user: WaId) -> Result<MessageId> {
    let random = random(step.host).map_err(|e| StoreError(e.to_string()))?;
    Ok(MessageId::new(user, random))
}

/// The platform says something to the user; the business never sees it.
pub(crate) fn notice(
    step: &mut Step<'_>,
    number: PhoneNumberId,
    user: WaId,
    notice: Notice,
) -> Result<()> {
    let kind = MessageKind::System { notice };
    let message = Message::new(
        new_id(step, user)?,
        number,
        user,
        Side::Platform,
        kind,
        step.now,
    );
    put(step, &message)
}

/// Writes a message and tells the user's phones that the thread is another one now.
pub(crate) fn put(step: &mut Step<'_>, message: &Message) -> Result<()> {
    step.tx.put_message(message)?;
    step.effects.push(Effect::Thread {
        user: message.user,
        number: message.number,
    });
    Ok(())
}
