//! Who of several apps on one number gets what, calls, and answers (`rules.md` §12). The rules are in
//! [`ahoy_calling::routing`]; here they meet the rows, inside the transaction that causes a webhook.

use ahoy_calling::Call;
use ahoy_calling::Refusal;
use ahoy_calling::account::{Number, Scope};
use ahoy_calling::message::{Message, MessageKind};
use ahoy_calling::routing::{Audience, Control, Handover, HandoverKind, Role, Routing};
use ahoy_store::{Result, RoutingScope, Rows, StoreError};
use ahoy_types::{AppId, BusinessId, CallId, Direction, PhoneNumberId, WaId};
use ahoy_wire::webhook::{self, HANDOVERS, HandoverEvent, STANDBY};

use crate::account::Caller;
use crate::business::{Recipient, internal};
use crate::ledger::Step;
use crate::platform::Platform;
use crate::{finish, outbox};

mod set;

pub use set::{RoutingRefusal, RoutingView, ThreadOwner};
pub(crate) use set::{rules_of, set_rules};

/// What holds on a number; `None` where every app gets everything.
pub(crate) fn of(rows: &mut dyn Rows, number: &Number) -> Result<Option<Routing>> {
    let own = rows.routing_rules(RoutingScope::Number(number.id))?;
    let account = rows.routing_rules(RoutingScope::Account(number.waba))?;
    if own.is_none() && account.is_none() {
        return Ok(None);
    }
    let waba = rows
        .waba(number.waba)?
        .ok_or_else(|| StoreError(format!("number {} belongs to no account", number.id)))?;
    Ok(Routing::of(waba.business, account.as_ref(), own.as_ref()))
}

/// The business whose app this is: the one that has roles.
fn business_of(rows: &mut dyn Rows, app: AppId) -> Result<BusinessId> {
    let app = rows.app(app)?;
    // An app that was deleted meanwhile has no roles.
    Ok(app.map_or(BusinessId(0), |app| app.business))
}

/// Refuses whoever may not act on the number's calls.
pub(crate) fn must_call(
    rows: &mut dyn Rows,
    number: &Number,
    app: AppId,
) -> std::result::Result<(), Refusal> {
    let Some(routing) = of(rows, number).map_err(internal)? else {
        return Ok(());
    };
    let business = business_of(rows, app).map_err(internal)?;
    if routing.is_call_primary(business) {
        Ok(())
    } else {
        Err(Refusal::NotCallPrimary)
    }
}

/// The same once more in the transaction: roles may have changed since.
pub(crate) fn must_call_now(
    step: &mut Step<'_>,
    number: PhoneNumberId,
    app: AppId,
) -> std::result::Result<(), Refusal> {
    let number = finish::number_of(step, number).map_err(internal)?;
    must_call(step.tx, &number, app)
}

/// Whether apps of this business get the number's call webhooks, if they are subscribed to them.
pub(crate) fn gets_calls(
    rows: &mut dyn Rows,
    number: &Number,
    business: BusinessId,
) -> Result<bool> {
    let routing = of(rows, number)?;
    Ok(routing.is_none_or(|routing| routing.is_call_primary(business)))
}

/// An event of a call.
pub(crate) fn call_event(
    step: &mut Step<'_>,
    number: &Number,
    call: &Call,
    end: bool,
    body: &[u8],
) -> Result<()> {
    let copied = end && call.direction == Direction::BusinessInitiated;
    to_call_primary(step, number, copied, Some(&call.id), body)
}

/// An event of a call that never came to be.
pub(crate) fn call_failure(step: &mut Step<'_>, number: &Number, body: &[u8]) -> Result<()> {
    to_call_primary(step, number, false, None, body)
}

fn to_call_primary(
    step: &mut Step<'_>,
    number: &Number,
    copied: bool,
    lane: Option<&CallId>,
    body: &[u8],
) -> Result<()> {
    const FIELD: &str = "calls";
    let Some(routing) = of(step.tx, number)? else {
        return outbox::publish_to_all(step, number, FIELD, lane, body);
    };
    let Some(Audience { main, copies }) = routing.call_event(copied) else {
        return Ok(());
    };
    for business in std::iter::once(main).chain(copies) {
        outbox::publish_to(step, number, business, FIELD, lane, body)?;
    }
    Ok(())
}

/// What a user lets the business do with calls changed.
pub(crate) fn permission_reply(
    step: &mut Step<'_>,
    number: &Number,
    lane: Option<&CallId>,
    body: &[u8],
) -> Result<()> {
    match of(step.tx, number)? {
        None => outbox::publish_to_all(step, number, MESSAGES, lane, body),
        Some(routing) => match routing.permission_reply() {
            Some(audience) => message_to(step, number, &audience, lane, body),
            None => Ok(()),
        },
    }
}

const MESSAGES: &str = "messages";

/// A webhook of the field `messages`, with its copies on `standby`.
fn message_to(
    step: &mut Step<'_>,
    number: &Number,
    audience: &Audience,
    lane: Option<&CallId>,
    body: &[u8],
) -> Result<()> {
    outbox::publish_to(step, number, audience.main, MESSAGES, lane, body)?;
    if audience.copies.is_empty() {
        return Ok(());
    }
    let copy = webhook::standby_copy(body)
        .ok_or_else(|| StoreError("a webhook of ours cannot be read".into()))?;
    for business in &audience.copies {
        outbox::publish_to(step, number, *business, STANDBY, lane, &copy)?;
    }
    Ok(())
}

/// A user wrote, out of an advertisement or not.
pub(crate) fn inbound(
    step: &mut Step<'_>,
    number: &Number,
    message: &Message,
    advertisement: bool,
    body: &[u8],
) -> Result<()> {
    let Some(routing) = of(step.tx, number)? else {
        return outbox::publish_to_all(step, number, MESSAGES, None, body);
    };
    let answered = match &message.context {
        Some(id) => step.tx.message(id)?,
        None => None,
    };
    let answers = answered.as_ref().map(template_of);
    let mut thread = step.tx.thread(number.id, message.user)?;
    let entry = thread.entry(advertisement, answers, step.now);
    let owner = thread.user_wrote(&routing, entry, step.now);
    step.tx.put_thread(number.id, message.user, &thread)?;
    match owner {
        Some(owner) => message_to(step, number, &routing.seen_by(owner), None, body),
        None => Ok(()),
    }
}

/// The category of the template a message is.
fn template_of(message: &Message) -> Option<&str> {
    match &message.kind {
        MessageKind::Template(template) => Some(template.category.as_str()),
        _ => None,
    }
}

/// How far a message of the business has come: for whoever sent it.
pub(crate) fn message_status(
    step: &mut Step<'_>,
    number: &Number,
    message: &Message,
    body: &[u8],
) -> Result<()> {
    let Some(routing) = of(step.tx, number)? else {
        return outbox::publish_to_all(step, number, MESSAGES, None, body);
    };
    let sender = match message.app {
        Some(app) => step.tx.app(app)?.map(|app| app.business),
        None => None,
    };
    let main = match sender {
        Some(sender) => Some(sender),
        None => told(step, number, message.user, &routing)?,
    };
    match main {
        Some(main) => message_to(step, number, &routing.seen_by(main), None, body),
        None => Ok(()),
    }
}

/// What the platform says of a user, in a message of its own: another number, another id.
pub(crate) fn system_message(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
    body: &[u8],
) -> Result<()> {
    let Some(routing) = of(step.tx, number)? else {
        return outbox::publish_to_all(step, number, MESSAGES, None, body);
    };
    match told(step, number, user, &routing)? {
        Some(main) => message_to(step, number, &routing.seen_by(main), None, body),
        None => Ok(()),
    }
}

fn told(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
    routing: &Routing,
) -> Result<Option<BusinessId>> {
    let thread = step.tx.thread(number.id, user)?;
    Ok(thread.told(routing, step.now))
}

/// A message of this app is about to go out: whose thread is it afterwards, and who watches? `sent` is the request's body.
///
/// # Errors
/// Another business owns the thread.
pub(crate) fn outbound(
    step: &mut Step<'_>,
    number: &Number,
    message: &Message,
    app: AppId,
    sent: Option<serde_json::Value>,
) -> std::result::Result<(), Refusal> {
    let Some(routing) = of(step.tx, number).map_err(internal)? else {
        return Ok(());
    };
    let sender = business_of(step.tx, app).map_err(internal)?;
    let user = message.user;
    let before = step.tx.thread(number.id, user).map_err(internal)?;
    let mut thread = before.clone();
    if let Some(category) = template_of(message) {
        thread.template_sent(category, step.now);
    } else if message.request().is_none() {
        let reading = step.limits.readings.foreign_threads;
        let handover = thread.service_message(&routing, sender, reading, step.now);
        if let Some(handover) = handover.map_err(|_| Refusal::ForeignThread)? {
            let why = "The escalation partner wrote to the user.".to_owned();
            tell(step, number, user, handover, Some(why)).map_err(internal)?;
        }
    }
    if thread != before {
        step.tx
            .put_thread(number.id, user, &thread)
            .map_err(internal)?;
    }
    let watchers = routing.seen_by(sender).copies;
    if let (Some(sent), false) = (sent, watchers.is_empty()) {
        let common = outbox::common_for(step, number, user).map_err(internal)?;
        let echo = webhook::echo(&common, &message.id, step.now, sent);
        for business in watchers {
            outbox::publish_to(step, number, business, STANDBY, None, &echo).map_err(internal)?;
        }
    }
    Ok(())
}

/// Whoever gained or lost a thread learns of it.
fn tell(
    step: &mut Step<'_>,
    number: &Number,
    user: WaId,
    handover: Handover,
    metadata: Option<String>,
) -> Result<()> {
    let common = outbox::common_for(step, number, user)?;
    let event = HandoverEvent {
        timestamp: step.now,
        passed: handover.kind == HandoverKind::Passed,
        control: webhook::Control {
            previous_owner_role: Some(handover.previous.as_str().to_owned()),
            new_owner_role: Some(handover.new.as_str().to_owned()),
            metadata,
        },
    };
    let body = webhook::handover(&common, &event);
    outbox::publish_to(step, number, handover.told, HANDOVERS, None, &body)
}

impl Platform {
    /// Whether the caller may act on this number's calls.
    ///
    /// # Errors
    /// [`Refusal::NotCallPrimary`] where the number has routing and another business is primary for calls.
    pub fn may_call(&self, caller: &Caller, number: &Number) -> std::result::Result<(), Refusal> {
        self.read(|rows| Ok(must_call(rows, number, caller.app)))
            .map_err(internal)?
    }

    /// The roles of the caller's business on a number, and whether it gets copies: nothing where there is no routing.
    ///
    /// # Errors
    /// The number is not the caller's.
    pub fn routing_roles(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
    ) -> std::result::Result<(Vec<Role>, bool), Refusal> {
        let number = self.number_for(caller, number)?;
        self.read(|rows| {
            let Some(routing) = of(rows, &number)? else {
                return Ok((Vec::new(), false));
            };
            let business = business_of(rows, caller.app)?;
            Ok((routing.roles_of(business), routing.is_standby(business)))
        })
        .map_err(internal)
    }

    /// The caller passes, releases or takes a thread.
    ///
    /// # Errors
    /// The number has no routing, the user is not on the platform, or the thread is not the caller's to give or take.
    pub async fn thread_control(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        recipient: &Recipient,
        control: Control,
        metadata: Option<String>,
    ) -> std::result::Result<(), Refusal> {
        caller.need(Scope::WhatsappBusinessMessaging)?;
        let number = self.number_for(caller, number)?;
        let user = self.resolve(&number, recipient)?;
        let app = caller.app;
        self.ledger()
            .execute(move |step| {
                let routing = of(step.tx, &number).map_err(internal)?.ok_or_else(|| {
                    Refusal::Invalid("this phone number has no conversation routing".into())
                })?;
                if step.tx.user(user).map_err(internal)?.is_none() {
                    return Err(Refusal::Invalid(
                        "to: this number has no conversation with the recipient".into(),
                    ));
                }
                let asker = business_of(step.tx, app).map_err(internal)?;
                let before = step.tx.thread(number.id, user).map_err(internal)?;
                let mut thread = before.clone();
                let handover = thread.control(&routing, asker, control, step.now)?;
                if thread != before {
                    step.tx
                        .put_thread(number.id, user, &thread)
                        .map_err(internal)?;
                }
                match handover {
                    Some(handover) => {
                        tell(step, &number, user, handover, metadata).map_err(internal)
                    }
                    None => Ok(()),
                }
            })
            .await
    }
}
