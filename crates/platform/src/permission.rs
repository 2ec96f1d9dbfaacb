//! Call permissions: asking, answering, granting, revoking (`rules.md` §3), and the webhook each of them brings
//! (`webhooks.md` §3.1).

use ahoy_calling::account::Number;
use ahoy_calling::identity::NamedBy;
use ahoy_calling::message::Notice;
use ahoy_calling::pair::{Answer, Streak, grants_callback};
use ahoy_calling::place::RequestFacts;
use ahoy_calling::{Call, EndCause, Pair, Permission, Refusal, place};
use ahoy_store::{Result, StoreError};
use ahoy_types::{CallId, Direction, MessageId, WaId};
use ahoy_wire::webhook::{self, PermissionReply};

use crate::business::internal;
use crate::ledger::Step;
use crate::platform::random;
use crate::{account, identity, messages, outbox, routing};

/// Why the webhook is sent.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// The user's hand: answering this request (`wamid.…`), or in the business's profile.
    User(Option<&'a str>),
    /// The platform: a call of the user's lets the business call back.
    Callback(Option<&'a CallId>),
    /// The platform: too many calls in a row were not answered, this one last.
    Streak(&'a CallId),
}

/// May the business ask the user for permission now?
pub(crate) fn may_request(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
) -> std::result::Result<(), Refusal> {
    let pair = step.tx.pair(number.id, user).map_err(internal)?;
    let allow_listed = account::reachable(step.tx, number, user).map_err(internal)?;
    let facts = RequestFacts {
        number,
        limits: step.limits.of(number.profile),
        no_business_calls: &step.limits.no_business_calls,
        pair: &pair,
        allow_listed,
    };
    place::may_request(&facts, step.now)
}

/// A permission request was sent: it counts.
pub(crate) fn note_request(step: &mut Step<'_>, number: &Number, user: WaId) -> Result<()> {
    let now = step.now;
    change(step, number, user, |pair| pair.requested(now))
}

/// The user answers the request `request`, or says the same in the business's profile.
pub(crate) fn answer_request(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
    answer: Answer,
    request: Option<String>,
) -> Result<Permission> {
    let (limits, now) = (step.limits.of(number.profile).clone(), step.now);
    let held = change(step, number, user, |pair| pair.answer(answer, &limits, now))?;
    publish(step, number, user, held, Source::User(request.as_deref()))?;
    Ok(held)
}

/// A user's call lets the business call back for a while; `call` is that call, or none where the user chose to be
/// called back instead of calling. What is permanent stays so, silently.
pub(crate) fn grant_automatic(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
    call: Option<&CallId>,
) -> Result<()> {
    let (limits, now) = (step.limits.of(number.profile).clone(), step.now);
    let held = change(step, number, user, |pair| {
        pair.grant_temporary(&limits, now)
    })?;
    match held {
        Permission::Temporary { .. } => publish(step, number, user, held, Source::Callback(call)),
        Permission::Permanent | Permission::None => Ok(()),
    }
}

/// The user lets the business call until revoked, in the business's profile.
pub(crate) fn grant_from_profile(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
) -> Result<Permission> {
    let before = step.tx.pair(number.id, user)?.permission(step.now);
    if before == Permission::Permanent {
        return Ok(before);
    }
    answer_request(step, number, user, Answer::AcceptPermanent, None)
}

/// The user takes the permission back, in the business's profile. Where there is none, nothing happens.
pub(crate) fn revoke(step: &mut Step<'_>, number: &Number, user: WaId) -> Result<Permission> {
    if step.tx.pair(number.id, user)?.permission(step.now) == Permission::None {
        return Ok(Permission::None);
    }
    answer_request(step, number, user, Answer::Reject, None)
}

/// A call was connected or has ended: a user's call may let the business call back.
///
/// Connected calls count when they are, missed ones when they end; a call that the platform lost before it was
/// connected lets nobody do anything.
pub(crate) fn after_user_call(step: &mut Step<'_>, number: &Number, call: &Call) -> Result<()> {
    let counts = match (call.answered_at, call.end) {
        (Some(_), None) => true,
        (None, Some(end)) => end.cause != EndCause::SetupLost,
        _ => false,
    };
    if call.direction != Direction::UserInitiated || !counts {
        return Ok(());
    }
    let user = step.tx.user(call.user)?;
    let client = user.map(|u| u.client).unwrap_or_default();
    if grants_callback(&number.settings, &client) {
        grant_automatic(step, number, call.user, Some(&call.id))?;
    }
    Ok(())
}

/// The user did not answer a business's call: after some in a row the user is asked to review the permission, after
/// some more it is gone.
pub(crate) fn after_unanswered(step: &mut Step<'_>, number: &Number, call: &Call) -> Result<()> {
    let (limits, now) = (step.limits.of(number.profile).clone(), step.now);
    let streak = change(step, number, call.user, |pair| {
        pair.call_unanswered(&limits, now)
    })?;
    match streak {
        Streak::Counted => Ok(()),
        Streak::Nudge => messages::notice(step, number.id, call.user, Notice::ReviewPermission),
        Streak::Revoked => {
            messages::notice(step, number.id, call.user, Notice::PermissionRevoked)?;
            let source = Source::Streak(&call.id);
            publish(step, number, call.user, Permission::None, source)
        }
    }
}

fn change<T>(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
    change: impl FnOnce(&mut Pair) -> T,
) -> Result<T> {
    let mut pair = step.tx.pair(number.id, user)?;
    let before = pair.clone();
    let answer = change(&mut pair);
    if pair != before {
        step.tx.put_pair(number.id, user, &pair)?;
    }
    Ok(answer)
}

/// Tells the business what holds from now on.
fn publish(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
    held: Permission,
    source: Source<'_>,
) -> Result<()> {
    // A call's own events and what it leads to keep their order.
    let (automatic, context, lane) = match source {
        Source::User(request) => (false, request.map(str::to_owned), None),
        Source::Callback(call) => (true, call.map(CallId::to_string), call),
        Source::Streak(call) => (true, None, Some(call)),
    };
    let reply = PermissionReply {
        id: message_id(step, user)?.to_string(),
        timestamp: step.now,
        permission: match held {
            Permission::None => webhook::Permission::Rejected,
            Permission::Temporary { expires } => webhook::Permission::Temporary(expires),
            Permission::Permanent => webhook::Permission::Permanent,
        },
        automatic,
        context,
    };
    identity::met(step, number, user, NamedBy::Id)?;
    let common = outbox::common_for(step, number, user)?;
    let body = webhook::permission_reply(&common, &reply);
    routing::permission_reply(step, number, lane, &body)
}

fn message_id(step: &Step<'_>, user: WaId) -> Result<MessageId> {
    let random = random(step.host).map_err(|e| StoreError(e.to_string()))?;
    Ok(MessageId::new(user, random))
}
