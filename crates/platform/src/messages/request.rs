//! Permission requests as messages: asking the rules, and what the user does with the card.

use ahoy_calling::Refusal;
use ahoy_calling::account::Number;
use ahoy_calling::message::{Answer, CardState, Message};
use ahoy_calling::place::PhoneRefusal;
use ahoy_store::Result;
use ahoy_types::{MessageId, PhoneNumberId, WaId};

use super::{arrive, put};
use crate::ledger::Step;
use crate::platform::Platform;
use crate::{finish, permission, sandbox};

/// Requests looked at when an older one is to expire: more never stand open at once under any limit in use.
const OPEN_AT_MOST: usize = 200;

/// May the business ask this user now?
pub(super) fn may(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
) -> std::result::Result<(), Refusal> {
    permission::may_request(step, number, user)
}

/// A request goes out: it counts.
pub(super) fn note(step: &mut Step<'_>, number: &Number, user: WaId) -> Result<()> {
    permission::note_request(step, number, user)
}

/// The user answers this request: older ones in the chat expire, and the permission follows.
pub(super) fn answer(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
    id: &MessageId,
    answer: Answer,
) -> std::result::Result<(), PhoneRefusal> {
    let mut message = of_chat(step, number.id, user, id)?;
    let lasts = step.limits.of(number.profile).request_card;
    let Some(card) = message.request_mut() else {
        return Err(PhoneRefusal::Gone(
            "This message asks for no permission.".into(),
        ));
    };
    card.take(answer, lasts, step.now)
        .map_err(|e| PhoneRefusal::Gone(e.to_string()))?;
    put(step, &message).map_err(broken)?;
    overtake(step, number.id, user, id).map_err(broken)?;
    arrive::read_all(step, number, user).map_err(broken)?;
    let context = Some(id.to_string());
    permission::answer_request(step, number, user, answer, context).map_err(broken)?;
    Ok(())
}

/// Requests older than this one can no longer be answered.
fn overtake(
    step: &mut Step<'_>,
    number: PhoneNumberId,
    user: WaId,
    newer: &MessageId,
) -> Result<()> {
    let now = step.now;
    let all = step.tx.requests_of_pair(number, user, OPEN_AT_MOST)?;
    let older = all.into_iter().skip_while(|m| m.id != *newer).skip(1);
    for mut message in older {
        if let Some(card) = message.request_mut()
            && card.open(now)
        {
            card.expires = Some(now);
            put(step, &message)?;
        }
    }
    Ok(())
}

/// What a simulated user had in mind to answer; too late is no failure.
pub(crate) fn answer_planned(
    step: &mut Step<'_>,
    id: &MessageId,
    answer_given: Answer,
) -> Result<()> {
    let Some(message) = step.tx.message(id)? else {
        return Ok(());
    };
    let number = finish::number_of(step, message.number)?;
    if step.tx.pair(number.id, message.user)?.blocked() {
        return Ok(());
    }
    let answered = answer(step, &number, message.user, id, answer_given);
    sandbox::or_log(answered)
}

/// A message of this chat.
pub(super) fn of_chat(
    step: &mut Step<'_>,
    number: PhoneNumberId,
    user: WaId,
    id: &MessageId,
) -> std::result::Result<Message, PhoneRefusal> {
    let found = step.tx.message(id).map_err(broken)?;
    found
        .filter(|m| m.number == number && m.user == user)
        .ok_or_else(|| PhoneRefusal::NoSuchMessage(id.to_string()))
}

pub(super) fn broken(e: ahoy_store::StoreError) -> PhoneRefusal {
    PhoneRefusal::Internal(e.to_string())
}

impl Platform {
    /// The user answers the request named, else the newest one that can be answered. Says whether there was one.
    ///
    /// # Errors
    /// The request named is not there, has expired or has that answer already.
    pub async fn user_answers_request(
        &self,
        user: WaId,
        number: PhoneNumberId,
        message: Option<MessageId>,
        given: Answer,
    ) -> std::result::Result<bool, PhoneRefusal> {
        self.ledger()
            .execute(move |step| {
                let number = finish::number_of(step, number).map_err(broken)?;
                let id = match message {
                    Some(id) => id,
                    None => match newest_open(step, &number, user).map_err(broken)? {
                        Some(id) => id,
                        None => return Ok(false),
                    },
                };
                answer(step, &number, user, &id, given)?;
                Ok(true)
            })
            .await
    }
}

fn newest_open(step: &mut Step<'_>, number: &Number, user: WaId) -> Result<Option<MessageId>> {
    let now = step.now;
    let all = step.tx.requests_of_pair(number.id, user, OPEN_AT_MOST)?;
    let open = all.into_iter().find(|m| {
        m.request()
            .is_some_and(|card| card.state(now) == CardState::Open)
    });
    Ok(open.map(|m| m.id))
}
