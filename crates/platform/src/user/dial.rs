//! A user's call: what is drawn for it, whether it may be placed, and what is committed with it.

use ahoy_calling::act::CallAct;
use ahoy_calling::identity::NamedBy;
use ahoy_calling::place::{PhoneRefusal, UserCallFacts, may_user_call};
use ahoy_calling::simulated::Behaviour;
use ahoy_calling::{Call, CallState};
use ahoy_faults::{CallFacts, ProcessFault, Subject};
use ahoy_media::{CallPlan, LegNetwork};
use ahoy_types::{CallId, Direction, MessageId, PhoneNumberId, WaId};
use ahoy_wire::Session;
use ahoy_wire::errors::{ErrorCode, WebhookError};
use ahoy_wire::webhook;

use super::broken;
use crate::account::ensure_user;
use crate::connect::announce;
use crate::effect::{ArmCall, Effect, UserEnd};
use crate::ledger::Step;
use crate::live::UserLegKind;
use crate::messages::payload_of_button;
use crate::platform::Platform;
use crate::{call_log, faults, finish, identity, outbox, routing, sdp, simulated};

/// A user's call.
#[derive(Debug, Clone, Default)]
pub struct Dial {
    /// Payload of the call button that was pressed.
    pub cta_payload: Option<String>,
    /// Payload of the call link that was opened.
    pub deeplink_payload: Option<String>,
    /// The message whose call button was tapped: it must still work, and its payload counts.
    pub button: Option<MessageId>,
}

/// A user's call that was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled {
    /// Its id.
    pub id: CallId,
    /// Our SDP offer for the phone, where that is a real one.
    pub offer: Option<String>,
}

struct Drawn {
    id: CallId,
    bridge: u64,
    plan: CallPlan,
    offer: String,
    user_end: UserEnd,
    user_network: Option<LegNetwork>,
}

fn no_random(e: ahoy_calling::Refusal) -> PhoneRefusal {
    PhoneRefusal::Internal(e.to_string())
}

impl Platform {
    /// The user calls a business from this kind of phone.
    pub async fn user_calls(
        &self,
        user: WaId,
        number: PhoneNumberId,
        leg: UserLegKind,
        dial: Dial,
    ) -> Result<Dialled, PhoneRefusal> {
        let node = self
            .read(|rows| rows.number(number))
            .map_err(broken)?
            .ok_or_else(|| PhoneRefusal::NoSuchBusiness(number.to_string()))?;
        let plan = self.media().plan();
        let now = self.clock().now();
        let offer = sdp::offer(&plan.business, now, self.random16().map_err(no_random)?);
        let (user_end, user_network) = self.user_end(leg, user, &plan).await.map_err(no_random)?;
        let user_offer = user_end.offer().map(str::to_owned);
        let random = self.random16().map_err(no_random)?;
        let drawn = Drawn {
            id: CallId::new(user, node.number, Direction::UserInitiated, random),
            bridge: self.next_bridge(),
            plan,
            offer,
            user_end,
            user_network,
        };
        let create_users = self.config().create_users;
        let fault = self.process_fault(&CallFacts {
            call: None,
            number: node.id,
            user,
            direction: Direction::UserInitiated,
        });
        // A refusal that the business is told of is committed with its webhook.
        let id = self
            .ledger()
            .execute(move |step| {
                match place(step, number, user, create_users, dial, fault, drawn) {
                    Err(PhoneRefusal::Payment) => {
                        tell_unpaid(step, number, user).map_err(broken)?;
                        Ok(Err(PhoneRefusal::Payment))
                    }
                    other => other.map(Ok),
                }
            })
            .await??;
        Ok(Dialled {
            id,
            offer: user_offer,
        })
    }

    /// Draws up what stands at the user's end, and the network in between.
    pub(crate) async fn user_end(
        &self,
        leg: UserLegKind,
        user: WaId,
        plan: &CallPlan,
    ) -> Result<(UserEnd, Option<LegNetwork>), ahoy_calling::Refusal> {
        let behaviour = self.behaviour_of(user);
        let network = behaviour.as_ref().map(|b| b.network);
        let end = match leg {
            UserLegKind::Phone => UserEnd::Phone {
                offer: sdp::offer(&plan.user, self.clock().now(), self.random16()?),
            },
            UserLegKind::Simulated => UserEnd::Simulated {
                sound: self.sound_of(behaviour.unwrap_or_default().audio).await,
            },
        };
        Ok((end, network.and_then(|n| simulated::network(user, &n))))
    }

    /// How a user behaves, where anybody said so.
    fn behaviour_of(&self, user: WaId) -> Option<Behaviour> {
        match self.read(|rows| rows.user(user)) {
            Ok(known) => known?.behaviour,
            Err(e) => {
                tracing::warn!(%user, error = %e, "the user's behaviour cannot be read");
                None
            }
        }
    }
}

/// The decision about a user's call and everything that is committed with it.
fn place(
    step: &mut Step<'_>,
    number: PhoneNumberId,
    user: WaId,
    create_users: bool,
    dial: Dial,
    fault: Option<ProcessFault>,
    drawn: Drawn,
) -> Result<CallId, PhoneRefusal> {
    if step.draining || faults::refuses_new_calls(fault) {
        return Err(PhoneRefusal::Unavailable);
    }
    let number = finish::number_of(step, number).map_err(broken)?;
    let known = step.tx.user(user).map_err(broken)?;
    if !create_users && known.is_none() {
        return Err(PhoneRefusal::NoSuchUser(user.to_string()));
    }
    let client = known.map(|u| u.client).unwrap_or_default();
    let limits = step.limits.of(number.profile).clone();
    let busy = step
        .tx
        .live_call_of_pair(number.id, user)
        .map_err(broken)?
        .is_some();
    let live = step.tx.live_calls_of(number.id).map_err(broken)?;
    let live = faults::live_calls(live, fault);
    may_user_call(
        &UserCallFacts {
            number: &number,
            limits: &limits,
            client: &client,
            holidays: step.limits.readings.holiday,
            pair_busy: busy,
            live_calls: live,
        },
        step.now,
    )?;
    ensure_user(step, user).map_err(broken)?;
    let now = step.now;
    let mut pair = step.tx.pair(number.id, user).map_err(broken)?;
    if pair.blocked() {
        return Err(PhoneRefusal::Blocked);
    }
    pair.user_called(now);
    step.tx.put_pair(number.id, user, &pair).map_err(broken)?;
    let mut cta_payload = match &dial.button {
        Some(message) => payload_of_button(step, number.id, user, message)?,
        None => dial.cta_payload,
    };
    let mut deeplink_payload = dial.deeplink_payload;
    if !client.sends_payloads() {
        (cta_payload, deeplink_payload) = (None, None);
    }
    let call = Call {
        id: drawn.id.clone(),
        number: number.id,
        user,
        direction: Direction::UserInitiated,
        state: CallState::Ringing,
        bridge: drawn.bridge,
        placed_at: now,
        rang_at: None,
        answered_at: None,
        business_media_up: false,
        end: None,
        opaque: None,
        cta_payload,
        deeplink_payload,
        business_sdp: None,
        platform_sdp: drawn.offer.clone(),
        report: None,
    };
    step.tx.put_call(&call).map_err(broken)?;
    step.put_under_faults(Subject::Call(call.id.clone()));
    call_log::note(step, &call.id, CallAct::Connect, None, None).map_err(broken)?;
    step.effects.push(Effect::Arm(Box::new(ArmCall {
        call: call.id.clone(),
        bridge: drawn.bridge,
        plan: drawn.plan,
        number: number.id,
        business_name: number.verified_name.clone(),
        user,
        direction: Direction::UserInitiated,
        user_end: drawn.user_end,
        user_network: drawn.user_network,
        business_remote: None,
    })));
    identity::met(step, &number, user, NamedBy::Id).map_err(broken)?;
    announce(step, &number, &call, Session::offer(drawn.offer), &limits).map_err(broken)?;
    Ok(call.id)
}

/// The business learns that a user called and that it could not be put through for want of payment
/// (`webhooks.md` §2.7).
fn tell_unpaid(step: &mut Step<'_>, number: PhoneNumberId, user: WaId) -> ahoy_store::Result<()> {
    ensure_user(step, user)?;
    let number = finish::number_of(step, number)?;
    let common = outbox::common_for(step, &number, user)?;
    let error = WebhookError::new(
        ErrorCode::PaymentUserCall,
        "A user called this number, and the call was not put through: the account has no valid payment method.",
    );
    let body = webhook::failure(&common, error);
    routing::call_failure(step, &number, &body)
}
