//! The user's acts: calling, ringing, answering, declining, hanging up, pressing keys.

use ahoy_calling::act::CallAct;
use ahoy_calling::call::Step as CallStep;
use ahoy_calling::place::{PhoneRefusal, UserCallFacts, may_user_call};
use ahoy_calling::simulated::{Behaviour, UserAct};
use ahoy_calling::{Call, CallState};
use ahoy_faults::{CallFacts, ProcessFault, Subject};
use ahoy_media::{CallPlan, LegNetwork, Side};
use ahoy_packet::dtmf::Digit;
use ahoy_sdp::{Keying, Offered, Policy, parse_answer};
use ahoy_store::{StoreError, TimerKind};
use ahoy_types::{CallId, Direction, MessageId, PhoneNumberId, WaId};
use ahoy_wire::Session;
use ahoy_wire::errors::{ErrorCode, WebhookError};
use ahoy_wire::webhook::{self, CallStatus};

use crate::account::ensure_user;
use crate::connect::announce;
use crate::effect::{ArmCall, Effect, UserEnd};
use crate::ledger::Step;
use crate::live::{PhoneHandle, UserLegKind};
use crate::messages::{payload_of_button, taken_by_phone};
use crate::perform::ring_event;
use crate::platform::Platform;
use crate::{call_log, faults, finish, outbox, sdp, simulated};

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

fn broken(e: StoreError) -> PhoneRefusal {
    PhoneRefusal::Internal(e.to_string())
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

    /// The user's phone rings for a business's call.
    pub async fn user_rings(&self, call: &CallId) -> Result<(), PhoneRefusal> {
        let call = call.clone();
        self.ledger().execute(move |step| rings(step, &call)).await
    }

    /// The user takes a business's call.
    pub async fn user_answers(&self, user: WaId, call: &CallId) -> Result<(), PhoneRefusal> {
        self.user_acts(user, call, UserAct::Answer).await
    }

    /// The user declines a business's call.
    pub async fn user_rejects(&self, user: WaId, call: &CallId) -> Result<(), PhoneRefusal> {
        self.user_acts(user, call, UserAct::Reject).await
    }

    /// The user hangs up, or gives up.
    pub async fn user_hangs_up(&self, user: WaId, call: &CallId) -> Result<(), PhoneRefusal> {
        self.user_acts(user, call, UserAct::HangUp).await
    }

    async fn user_acts(
        &self,
        user: WaId,
        call: &CallId,
        what: UserAct,
    ) -> Result<(), PhoneRefusal> {
        let id = call.clone();
        self.ledger()
            .execute(move |step| {
                let call = load(step, &id)?;
                if call.user != user {
                    return Err(PhoneRefusal::NoSuchCall(id.to_string()));
                }
                act(step, call, what)
            })
            .await
    }

    /// The SDP answer of the user's phone to the offer it was given.
    pub fn user_sdp(&self, user: WaId, call: &CallId, answer: &str) -> Result<(), PhoneRefusal> {
        let live = self.live_call_of(user, call)?;
        let Some(offer) = &live.user_offer else {
            return Err(PhoneRefusal::Invalid(
                "This call has no phone to connect.".into(),
            ));
        };
        let offered = Offered::read(offer.as_str())
            .map_err(|defects| PhoneRefusal::Internal(defects.to_string()))?;
        let policy = Policy {
            keying: Keying::Dtls,
            g711: Vec::new(),
        };
        let remote = parse_answer(answer, &offered, &policy)
            .map_err(|defects| PhoneRefusal::Invalid(format!("sdp: {defects}")))?;
        let Some(leg) = sdp::answered(&remote) else {
            return Err(PhoneRefusal::Invalid(
                "sdp: Opus over DTLS-SRTP is expected".into(),
            ));
        };
        self.media()
            .set_remote(ahoy_media::BridgeId(live.bridge), Side::User, leg);
        Ok(())
    }

    /// A simulated user presses keys.
    pub fn user_digits(
        &self,
        user: WaId,
        call: &CallId,
        digits: Vec<Digit>,
    ) -> Result<(), PhoneRefusal> {
        let live = self.live_call_of(user, call)?;
        if !live.connected {
            return Err(PhoneRefusal::Invalid(
                "The call is not connected yet.".into(),
            ));
        }
        if live.leg != UserLegKind::Simulated {
            return Err(PhoneRefusal::Invalid(
                "This call is on a real phone: press the keys there.".into(),
            ));
        }
        self.media()
            .send_digits(ahoy_media::BridgeId(live.bridge), digits);
        Ok(())
    }

    fn live_call_of(
        &self,
        user: WaId,
        call: &CallId,
    ) -> Result<crate::live::LiveCall, PhoneRefusal> {
        self.live()
            .get(call)
            .filter(|live| live.user == user)
            .ok_or_else(|| PhoneRefusal::NoSuchCall(call.to_string()))
    }

    /// A real phone of this user is there from now on. What rings already, rings there too.
    pub fn attach_phone(&self, user: WaId) -> PhoneHandle {
        let handle = self.attach(user);
        for (call, live) in self.live().phone_calls(user) {
            let blocked = self
                .read(|rows| rows.pair(live.number, user))
                .is_ok_and(|pair| pair.blocked());
            if !blocked
                && live.rings_user()
                && let Some(event) = ring_event(&call, &live)
            {
                self.live().tell_one(user, handle.id, event);
            }
        }
        // Without a message that waits nothing is written: most phones come back to none.
        if self
            .read(|rows| rows.undelivered(user, 1))
            .is_ok_and(|waiting| !waiting.is_empty())
        {
            self.spawn_job("messages for a phone", move |step| {
                taken_by_phone(step, user)
            });
        }
        handle
    }

    /// Makes the user known where numbers are created on first use.
    pub async fn meet_user(&self, user: WaId) -> Result<(), PhoneRefusal> {
        let create = self.config().create_users;
        self.ledger()
            .execute(move |step| {
                if !create && step.tx.user(user).map_err(broken)?.is_none() {
                    return Err(PhoneRefusal::NoSuchUser(user.to_string()));
                }
                ensure_user(step, user).map_err(broken)
            })
            .await
    }
}

pub(crate) fn load(step: &mut Step<'_>, id: &CallId) -> Result<Call, PhoneRefusal> {
    step.tx
        .call(id)
        .map_err(broken)?
        .ok_or_else(|| PhoneRefusal::NoSuchCall(id.to_string()))
}

/// The phone rings: RINGING once, and the simulated user's plans.
pub(crate) fn rings(step: &mut Step<'_>, id: &CallId) -> Result<(), PhoneRefusal> {
    let mut call = load(step, id)?;
    if call.ring(step.now)? != CallStep::Rings {
        return Ok(());
    }
    step.tx.put_call(&call).map_err(broken)?;
    call_log::note(step, id, CallAct::Ringing, None, None).map_err(broken)?;
    finish::publish_status(step, &call, CallStatus::Ringing).map_err(broken)
}

/// What a simulated user does about the ringing phone goes to the scheduler.
pub(crate) fn plan_answer(step: &mut Step<'_>, id: &CallId) -> Result<(), PhoneRefusal> {
    let call = load(step, id)?;
    let user = step.tx.user(call.user).map_err(broken)?;
    let Some((after, act)) = user.and_then(|u| u.behaviour).and_then(|b| b.when_rung()) else {
        return Ok(());
    };
    let kind = TimerKind::UserAct {
        call: id.clone(),
        act,
    };
    step.tx.add_timer(step.now + after, &kind).map_err(broken)?;
    step.effects.push(Effect::TimersChanged);
    Ok(())
}

/// The user does something about a call.
pub(crate) fn act(step: &mut Step<'_>, mut call: Call, what: UserAct) -> Result<(), PhoneRefusal> {
    let now = step.now;
    // A phone whose user does something about it has rung, even if it never said so.
    let unheard = call.direction == Direction::BusinessInitiated && call.rang_at.is_none();
    if unheard && call.state.live() {
        rings(step, &call.id.clone())?;
        call = load(step, &call.id)?;
    }
    match what {
        UserAct::Answer => {
            let answered = call.user_answers(now)?;
            call_log::note(step, &call.id, CallAct::Answer, None, None).map_err(broken)?;
            match answered {
                CallStep::Connected { .. } => finish::connected(step, &call).map_err(broken),
                _ => {
                    step.tx.delete_timers_of_call(&call.id).map_err(broken)?;
                    step.tx.put_call(&call).map_err(broken)?;
                    step.effects.push(Effect::AwaitMedia { call: call.id });
                    Ok(())
                }
            }
        }
        UserAct::Reject => {
            call.user_rejects(now)?;
            finish::ended(step, &call).map_err(broken)
        }
        UserAct::HangUp => {
            call.user_hangs_up(step.limits.without_media, now)?;
            finish::ended(step, &call).map_err(broken)
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
            holidays: step.limits.holidays,
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
    announce(step, &number, &call, Session::offer(drawn.offer), &limits).map_err(broken)?;
    Ok(call.id)
}

/// The business learns that a user called and that it could not be put through for want of payment
/// (`webhooks.md` §2.7).
fn tell_unpaid(step: &mut Step<'_>, number: PhoneNumberId, user: WaId) -> ahoy_store::Result<()> {
    ensure_user(step, user)?;
    let number = finish::number_of(step, number)?;
    let common = outbox::common_for(step.tx, &number, user)?;
    let error = WebhookError::new(
        ErrorCode::PaymentUserCall,
        "A user called this number, and the call was not put through: the account has no valid payment method.",
    );
    let body = webhook::failure(&common, error);
    outbox::publish(step, &number, "calls", None, &body)
}
