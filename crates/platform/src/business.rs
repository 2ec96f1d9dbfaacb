//! The business's acts on a call: pre_accept, accept, reject, terminate; and the look at a permission.

use ahoy_calling::account::{Number, Scope};
use ahoy_calling::act::CallAct;
use ahoy_calling::call::Step as CallStep;
use ahoy_calling::pair::{Permission, Usage};
use ahoy_calling::place::{ConnectFacts, RequestFacts, may_connect, may_request, may_take};
use ahoy_calling::readings::{FingerprintReading, Readings, SdpRefusal};
use ahoy_calling::{Call, Refusal, WithoutMedia, WrongState};
use ahoy_faults::CallFacts;
use ahoy_media::RemoteLeg;
use ahoy_sdp::{Fingerprints, Offered, Policy, parse_answer};
use ahoy_types::{AppId, CallId, Direction, PhoneNumberId, RuleTime, UserId, WaId};

use crate::account::Caller;
use crate::effect::Effect;
use crate::ledger::Step;
use crate::platform::Platform;
use crate::{account, call_log, faults, finish, identity, routing, sdp};

/// Whom a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// By number.
    Number(WaId),
    /// By business-scoped user id.
    UserId(UserId),
}

/// The answer of `call_permissions` in the rules' own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionView {
    /// The permission that holds.
    pub permission: Permission,
    /// Whether a request may be sent now.
    pub may_request: bool,
    /// Requests in 24 hours.
    pub requests_day: Usage,
    /// Requests in 7 days.
    pub requests_week: Usage,
    /// Whether a call may be placed now.
    pub may_call: bool,
    /// Connected calls in 24 hours.
    pub calls: Usage,
}

/// An act of the business that ends a call.
type EndingAct = fn(&mut Call, WithoutMedia, RuleTime) -> Result<(), WrongState>;

impl Platform {
    /// The business warms up its media for a user's call.
    pub async fn pre_accept(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        call: CallId,
        answer: String,
    ) -> Result<(), Refusal> {
        let remote = self.read_answer(caller, number, &call, &answer, "pre_accept")?;
        let (request, app) = (caller.request.clone(), caller.app);
        self.ledger()
            .execute(move |step| {
                let mut call = load_to_take(step, app, &call)?;
                if call.pre_accept(&answer, ahoy_sdp::same_sdp)? == CallStep::PreAccepted {
                    store(step, &call)?;
                    call_log::note_request(step, &call.id, CallAct::PreAccept, request)?;
                    step.effects.push(Effect::BusinessRemote {
                        bridge: call.bridge,
                        remote,
                    });
                }
                Ok(())
            })
            .await
    }

    /// The business takes a user's call.
    pub async fn accept(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        call: CallId,
        answer: String,
        opaque: Option<String>,
    ) -> Result<(), Refusal> {
        let remote = self.read_answer(caller, number, &call, &answer, "accept")?;
        let (request, app) = (caller.request.clone(), caller.app);
        self.ledger()
            .execute(move |step| {
                let mut call = load_to_take(step, app, &call)?;
                let now = step.now;
                let result = call.accept(&answer, opaque, ahoy_sdp::same_sdp, now)?;
                call_log::note_request(step, &call.id, CallAct::Accept, request)?;
                if result == (CallStep::Connected { new_sdp: true }) {
                    step.effects.push(Effect::BusinessRemote {
                        bridge: call.bridge,
                        remote,
                    });
                }
                finish::connected(step, &call).map_err(internal)
            })
            .await
    }

    /// The business declines a user's call.
    pub async fn reject(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        call: CallId,
    ) -> Result<(), Refusal> {
        let act: EndingAct = |call, _, now| call.reject(now);
        self.end_by_business(caller, number, call, (CallAct::Reject, act))
            .await
    }

    /// The business ends a call.
    pub async fn terminate(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        call: CallId,
    ) -> Result<(), Refusal> {
        self.end_by_business(caller, number, call, (CallAct::Terminate, Call::terminate))
            .await
    }

    async fn end_by_business(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        call: CallId,
        (what, act): (CallAct, EndingAct),
    ) -> Result<(), Refusal> {
        self.own_call(caller, number, &call)?;
        let (request, app) = (caller.request.clone(), caller.app);
        self.ledger()
            .execute(move |step| {
                let mut call = load(step, app, &call)?;
                act(&mut call, step.limits.without_media, step.now)?;
                call_log::note_request(step, &call.id, what, request)?;
                finish::ended(step, &call).map_err(internal)
            })
            .await
    }

    /// What the business may do with this user now.
    pub fn call_permissions(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        recipient: &Recipient,
    ) -> Result<PermissionView, Refusal> {
        caller.need(Scope::WhatsappBusinessMessaging)?;
        let number = self.number_for(caller, number)?;
        if !number.settings.status.on() {
            return Err(Refusal::CallingDisabled);
        }
        let user = self.resolve(&number, recipient)?;
        let table = &self.config().limits;
        let limits = table.of(number.profile);
        let now = self.clock().now();
        let (pair, known, allow_listed) = self
            .read(|rows| {
                let (pair, known) = (rows.pair(number.id, user)?, rows.user(user)?);
                Ok((pair, known, account::reachable(rows, &number, user)?))
            })
            .map_err(internal)?;
        let callable = identity::callable(known.as_ref(), self.config().create_users);
        let permission = if callable {
            pair.permission(now)
        } else {
            Permission::None
        };
        let asks = RequestFacts {
            number: &number,
            limits,
            no_business_calls: &table.no_business_calls,
            pair: &pair,
            allow_listed,
        };
        let calls = ConnectFacts {
            number: &number,
            limits,
            no_business_calls: &table.no_business_calls,
            pair: &pair,
            allow_listed,
            callable,
            // What is going on this moment is no matter of the permission.
            pair_busy: false,
            live_calls: 0,
            connects: 0,
        };
        Ok(PermissionView {
            permission,
            may_request: callable && may_request(&asks, now).is_ok(),
            requests_day: pair.request_usage_day(limits, now),
            requests_week: pair.request_usage_week(limits, now),
            may_call: may_connect(&calls, now).is_ok(),
            calls: pair.call_usage(limits, now),
        })
    }

    /// The call, if it is one of this number and the number is the caller's.
    fn own_call(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        id: &CallId,
    ) -> Result<Call, Refusal> {
        caller.need(Scope::WhatsappBusinessMessaging)?;
        let number = self.number_for(caller, number)?;
        self.may_call(caller, &number)?;
        if number.settings.sip.status.on() {
            return Err(Refusal::SipEnabled);
        }
        let call = self.read(|rows| rows.call(id)).map_err(internal)?;
        // The same sentence for a call of somebody else: ids must not be found out by trying.
        call.filter(|c| c.number == number.id)
            .ok_or_else(|| unknown_call(id))
    }

    fn read_answer(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        id: &CallId,
        answer: &str,
        act: &'static str,
    ) -> Result<RemoteLeg, Refusal> {
        let call = self.own_call(caller, number, id)?;
        let number = self.number_for(caller, number)?;
        let readings = &self.config().limits.readings;
        let policy = policy_of(&number, readings);
        let refuse = |defects: ahoy_sdp::Defects| defective(&defects, readings);
        // A business-initiated call has no offer of ours; the state machine refuses it with a better sentence.
        let remote = match call.direction {
            Direction::UserInitiated => {
                let offered = Offered::read(call.platform_sdp.as_str()).map_err(refuse)?;
                let facts = CallFacts {
                    call: Some(id),
                    number: call.number,
                    user: call.user,
                    direction: call.direction,
                };
                if self.codec_refused(&facts) {
                    let unusable = sdp::without_codecs(answer);
                    let refused = parse_answer(&unusable, &offered, &policy);
                    return Err(faults::refusal_of_codec(refused.err(), readings));
                }
                parse_answer(answer, &offered, &policy).map_err(refuse)?
            }
            Direction::BusinessInitiated => {
                return Err(WrongState::Direction { act }.into());
            }
        };
        sdp::answered(&remote).ok_or_else(|| sdp_refusal(NO_OPUS_OVER_DTLS.into(), false, readings))
    }
}

/// A description from which no media leg can be made.
pub(crate) const NO_OPUS_OVER_DTLS: &str =
    "session.sdp: this number takes DTLS-SRTP with Opus only";

/// What a number's SDP must look like.
pub(crate) fn policy_of(_number: &Number, readings: &Readings) -> Policy {
    Policy {
        keying: ahoy_sdp::Keying::Dtls,
        g711: Vec::new(),
        fingerprints: match readings.fingerprints {
            FingerprintReading::Sha256Only => Fingerprints::Sha256Only,
            FingerprintReading::Any => Fingerprints::Any,
        },
    }
}

/// The refusal of a business's description.
pub(crate) fn sdp_refusal(
    sentences: String,
    other_fingerprint: bool,
    readings: &Readings,
) -> Refusal {
    Refusal::Sdp(SdpRefusal {
        sentences,
        other_fingerprint,
        reading: readings.sdp_defect,
    })
}

/// The refusal of a business's description for these defects.
pub(crate) fn defective(defects: &ahoy_sdp::Defects, readings: &Readings) -> Refusal {
    sdp_refusal(defects.to_string(), defects.other_fingerprint(), readings)
}

pub(crate) fn internal(e: ahoy_store::StoreError) -> Refusal {
    Refusal::Internal(e.to_string())
}

fn unknown_call(id: &CallId) -> Refusal {
    Refusal::Invalid(format!(
        "call_id: there is no call `{id}` on this phone number"
    ))
}

/// A call, if this app may still act on it.
fn load(step: &mut Step<'_>, app: AppId, id: &CallId) -> Result<Call, Refusal> {
    let call = step.tx.call(id).map_err(internal)?;
    let call = call.ok_or_else(|| unknown_call(id))?;
    routing::must_call_now(step, call.number, app)?;
    Ok(call)
}

/// A call that the business may go on with.
fn load_to_take(step: &mut Step<'_>, app: AppId, id: &CallId) -> Result<Call, Refusal> {
    let call = load(step, app, id)?;
    may_take(&finish::number_of(step, call.number).map_err(internal)?)?;
    Ok(call)
}

fn store(step: &mut Step<'_>, call: &Call) -> Result<(), Refusal> {
    step.tx.put_call(call).map_err(internal)
}
