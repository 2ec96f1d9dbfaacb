//! A user changes the number (`webhooks.md` §3.5): all that is the user's goes along, ids do not, and every business that
//! knows the user is told.

use ahoy_calling::account::{Number, User};
use ahoy_calling::message::{Message, MessageKind, MessageStatus, Side};
use ahoy_store::{Result, StoreError};
use ahoy_types::{PhoneNumberId, WaId};
use ahoy_wire::webhook::{self, ContactCard, UserChanged};

use super::{card, owner};
use crate::effect::Effect;
use crate::ledger::Step;
use crate::messages::{new_id, put};
use crate::platform::Platform;
use crate::{finish, outbox, routing};

/// Why a user cannot have another number: a sentence for the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberRefusal {
    /// Nobody has it.
    #[error("there is no user {0}")]
    NoSuchUser(WaId),
    /// The new number is somebody's, the user's own included.
    #[error("wa_id: {0} is the number of {1}")]
    Taken(WaId, &'static str),
    /// A call is going on.
    #[error("user {0} is in a call: the number can be changed when it is over")]
    InCall(WaId),
    /// The store failed.
    #[error("{0}")]
    Internal(String),
}

impl From<StoreError> for NumberRefusal {
    fn from(e: StoreError) -> Self {
        Self::Internal(e.to_string())
    }
}

impl Platform {
    /// The user `from` has the number `to` from now on. Permissions, chats and calls stay the user's; ids are others, and the
    /// former ones name nobody any more. Every business number that knows the user gets a system message: both numbers where it
    /// may see them, the two ids otherwise. A phone that is there under the former number is told, and ends.
    ///
    /// # Errors
    /// There is no such user, the number is taken, or the user is in a call.
    pub async fn change_number_of_user(
        &self,
        from: WaId,
        to: WaId,
    ) -> std::result::Result<User, NumberRefusal> {
        self.ledger()
            .execute(move |step| change(step, from, to))
            .await
    }
}

/// What a business number knew of the user before.
struct Known {
    number: Number,
    before: ContactCard,
}

fn change(step: &mut Step<'_>, from: WaId, to: WaId) -> std::result::Result<User, NumberRefusal> {
    let Some(mut user) = step.tx.user(from)? else {
        return Err(NumberRefusal::NoSuchUser(from));
    };
    if step.tx.user(to)?.is_some() {
        return Err(NumberRefusal::Taken(to, "a user"));
    }
    if step.tx.number_by_digits(to)?.is_some() {
        return Err(NumberRefusal::Taken(to, "a business"));
    }
    if step.tx.live_calls()?.iter().any(|call| call.user == from) {
        return Err(NumberRefusal::InCall(from));
    }
    let knowing = known(step, from)?;
    step.tx.move_user(from, to)?;
    // A country that was set by hand stays, one that followed the number goes on following it.
    if user.country == from.country() {
        user.country = to.country();
    }
    user.wa_id = to;
    step.tx.put_user(&user)?;
    for known in &knowing {
        tell(step, known, from, to)?;
    }
    step.effects.push(Effect::NumberChanged { from, to });
    Ok(user)
}

fn known(step: &mut Step<'_>, user: WaId) -> Result<Vec<Known>> {
    let mut list = Vec::new();
    for id in step.tx.numbers_that_know(user)? {
        // A number that was deleted since knows nobody.
        if let Some(number) = number(step, id)? {
            let business = owner(step.tx, &number)?;
            let before = card(step.tx, business, user, step.now)?;
            list.push(Known { number, before });
        }
    }
    Ok(list)
}

fn number(step: &mut Step<'_>, id: PhoneNumberId) -> Result<Option<Number>> {
    match step.tx.number(id)? {
        Some(_) => finish::number_of(step, id).map(Some),
        None => Ok(None),
    }
}

fn tell(step: &mut Step<'_>, known: &Known, from: WaId, to: WaId) -> Result<()> {
    let number = &known.number;
    let id = new_id(step, to)?;
    let kind = MessageKind::NumberChanged { from, to };
    let mut message = Message::new(id.clone(), number.id, to, Side::User, kind, step.now);
    message.status = MessageStatus::Delivered;
    put(step, &message)?;
    let common = outbox::common_for(step, number, to)?;
    let event = UserChanged {
        id,
        timestamp: step.now,
        previous_number: Some(from),
        previous_user_id: known.before.user_id.clone(),
        previous_parent_user_id: known.before.parent_user_id.clone(),
    };
    let body = webhook::user_changed(&common, &event);
    routing::system_message(step, number, to, &body)
}
