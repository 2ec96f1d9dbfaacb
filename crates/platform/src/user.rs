//! The user's acts: calling (in `dial`), ringing, answering, declining, hanging up, pressing keys.

mod dial;

use ahoy_calling::Call;
use ahoy_calling::act::CallAct;
use ahoy_calling::call::Step as CallStep;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::simulated::UserAct;
use ahoy_media::Side;
use ahoy_packet::dtmf::Digit;
use ahoy_sdp::{Keying, Offered, Policy, parse_answer};
use ahoy_store::{StoreError, TimerKind};
use ahoy_types::{CallId, Direction, WaId};
use ahoy_wire::webhook::CallStatus;

pub use dial::{Dial, Dialled};

use crate::account::ensure_user;
use crate::effect::Effect;
use crate::ledger::Step;
use crate::live::{PhoneHandle, UserLegKind};
use crate::messages::taken_by_phone;
use crate::perform::ring_event;
use crate::platform::Platform;
use crate::{call_log, finish, sdp};

fn broken(e: StoreError) -> PhoneRefusal {
    PhoneRefusal::Internal(e.to_string())
}

impl Platform {
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
            fingerprints: ahoy_sdp::Fingerprints::Any,
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
        let known = self.read(|rows| rows.call(call)).map_err(broken)?;
        let known = known
            .filter(|call| call.user == user)
            .ok_or_else(|| PhoneRefusal::NoSuchCall(call.to_string()))?;
        known.user_presses_keys()?;
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
        if !live.takes_keys {
            return Err(PhoneRefusal::NoKeys);
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
