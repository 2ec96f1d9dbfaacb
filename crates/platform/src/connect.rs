//! The business places a call; and what every new call, either direction, announces.

use ahoy_calling::account::{Number, Scope};
use ahoy_calling::act::CallAct;
use ahoy_calling::identity::NamedBy;
use ahoy_calling::limits::{DAY_WINDOW, Limits};
use ahoy_calling::place::{ConnectFacts, may_connect};
use ahoy_calling::{Call, CallState, Refusal};
use ahoy_faults::{CallFacts, ProcessFault};
use ahoy_media::{CallPlan, LegNetwork, RemoteLeg};
use ahoy_sdp::parse_offer;
use ahoy_store::TimerKind;
use ahoy_types::{CallId, Direction, PhoneNumberId, WaId};
use ahoy_wire::Session;
use ahoy_wire::webhook::{self, ConnectEvent};

use crate::account::{Caller, ensure_user};
use crate::business::{NO_OPUS_OVER_DTLS, Recipient, defective, internal, policy_of, sdp_refusal};
use crate::effect::{ArmCall, Effect, UserEnd};
use crate::ledger::Step;
use crate::platform::Platform;
use crate::{account, call_log, faults, finish, identity, outbox, routing, sdp};

/// A new business-initiated call.
#[derive(Debug, Clone)]
pub struct ConnectRequest {
    /// Whom to call.
    pub recipient: Recipient,
    /// The business's SDP offer.
    pub sdp: String,
    /// `biz_opaque_callback_data`.
    pub opaque: Option<String>,
}

struct Drawn {
    id: CallId,
    bridge: u64,
    plan: CallPlan,
    answer: String,
    remote: RemoteLeg,
    user_end: UserEnd,
    user_network: Option<LegNetwork>,
    /// The id of the answer, for the log.
    request: Option<String>,
    named: NamedBy,
}

impl Platform {
    /// Places a business-initiated call; answers its id once it is committed together with its connect webhook.
    pub async fn connect(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        request: ConnectRequest,
    ) -> Result<CallId, Refusal> {
        caller.need(Scope::WhatsappBusinessMessaging)?;
        let number = self.number_for(caller, number)?;
        self.may_call(caller, &number)?;
        let user = self.resolve(&number, &request.recipient)?;
        if user == number.number {
            return Err(Refusal::Invalid("to: a number cannot call itself".into()));
        }
        let readings = &self.config().limits.readings;
        let policy = policy_of(&number, readings);
        let refuse = |defects: ahoy_sdp::Defects| defective(&defects, readings);
        let facts = CallFacts {
            call: None,
            number: number.id,
            user,
            direction: Direction::BusinessInitiated,
        };
        if self.codec_refused(&facts) {
            let refused = parse_offer(&sdp::without_codecs(&request.sdp), &policy);
            let refused = refused.and_then(|offer| ahoy_sdp::choose(&offer, &policy));
            return Err(faults::refusal_of_codec(refused.err(), readings));
        }
        let offer = parse_offer(&request.sdp, &policy).map_err(refuse)?;
        let choice = ahoy_sdp::choose(&offer, &policy)
            .map_err(refuse)?
            .with_setup(&offer, sdp::setup(readings.setup));
        let drawn = {
            let plan = self.media().plan();
            let now = self.clock().now();
            let (answer, remote) =
                sdp::answer(&plan.business, now, self.random16()?, &offer, &choice);
            let remote =
                remote.ok_or_else(|| sdp_refusal(NO_OPUS_OVER_DTLS.into(), false, readings))?;
            let leg = self.user_leg(user)?;
            let (user_end, user_network) = self.user_end(leg, user, &plan).await?;
            let id = CallId::new(
                user,
                number.number,
                Direction::BusinessInitiated,
                self.random16()?,
            );
            Drawn {
                id,
                bridge: self.next_bridge(),
                plan,
                answer,
                remote,
                user_end,
                user_network,
                request: caller.request.clone(),
                named: identity::named(&request.recipient),
            }
        };
        let create_users = self.config().create_users;
        let fault = self.process_fault(&facts);
        let node = number.id;
        let opaque = request.opaque;
        let app = caller.app;
        let offer_text = request.sdp;
        self.ledger()
            .execute(move |step| {
                routing::must_call_now(step, node, app)?;
                place(
                    step,
                    node,
                    user,
                    create_users,
                    (opaque, offer_text),
                    fault,
                    drawn,
                )
            })
            .await
    }
}

/// The decision about a business's call and everything that is committed with it.
fn place(
    step: &mut Step<'_>,
    number: PhoneNumberId,
    user: WaId,
    create_users: bool,
    (opaque, offer): (Option<String>, String),
    fault: Option<ProcessFault>,
    drawn: Drawn,
) -> Result<CallId, Refusal> {
    if step.draining || faults::refuses_new_calls(fault) {
        return Err(Refusal::Unavailable);
    }
    let number = finish::number_of(step, number).map_err(internal)?;
    let limits = step.limits.of(number.profile).clone();
    let now = step.now;
    let pair = step.tx.pair(number.id, user).map_err(internal)?;
    let known = step.tx.user(user).map_err(internal)?;
    let busy = step
        .tx
        .live_call_of_pair(number.id, user)
        .map_err(internal)?
        .is_some();
    let live = step.tx.live_calls_of(number.id).map_err(internal)?;
    let live = faults::live_calls(live, fault);
    let allow_listed = account::reachable(step.tx, &number, user).map_err(internal)?;
    let connects = step
        .tx
        .connects_since(number.id, now - DAY_WINDOW, limits.connects_per_day)
        .map_err(internal)?;
    may_connect(
        &ConnectFacts {
            number: &number,
            limits: &limits,
            no_business_calls: &step.limits.no_business_calls,
            pair: &pair,
            allow_listed,
            callable: identity::callable(known.as_ref(), create_users),
            pair_busy: busy,
            live_calls: live,
            connects,
        },
        now,
    )?;
    ensure_user(step, user).map_err(internal)?;
    let call = Call {
        id: drawn.id.clone(),
        number: number.id,
        user,
        direction: Direction::BusinessInitiated,
        state: CallState::Ringing,
        bridge: drawn.bridge,
        placed_at: now,
        rang_at: None,
        answered_at: None,
        business_media_up: false,
        end: None,
        opaque,
        cta_payload: None,
        deeplink_payload: None,
        business_sdp: Some(offer),
        platform_sdp: drawn.answer.clone(),
        report: None,
    };
    step.tx.put_call(&call).map_err(internal)?;
    call_log::note_request(step, &call.id, CallAct::Connect, drawn.request)?;
    step.effects.push(Effect::Arm(Box::new(ArmCall {
        call: call.id.clone(),
        bridge: drawn.bridge,
        plan: drawn.plan,
        number: number.id,
        business_name: number.verified_name.clone(),
        user,
        direction: Direction::BusinessInitiated,
        user_end: drawn.user_end,
        user_network: drawn.user_network,
        business_remote: Some(drawn.remote),
    })));
    identity::met(step, &number, user, drawn.named).map_err(internal)?;
    let session = Session::answer(drawn.answer);
    announce(step, &number, &call, session, &limits).map_err(internal)?;
    // At a user who has the business blocked nothing rings, and the business is not told why.
    if !pair.blocked() {
        step.effects.push(Effect::Ring {
            call: call.id.clone(),
        });
    }
    Ok(call.id)
}

/// The connect webhook and the ring time-out, both directions.
pub(crate) fn announce(
    step: &mut Step<'_>,
    number: &Number,
    call: &Call,
    session: Session,
    limits: &Limits,
) -> ahoy_store::Result<()> {
    let timeout = TimerKind::RingTimeout {
        call: call.id.clone(),
    };
    step.tx
        .add_timer(step.now + limits.ring_timeout, &timeout)?;
    let common = outbox::common(step, number, call)?;
    let body = webhook::connect(
        &common,
        &ConnectEvent {
            call_id: call.id.clone(),
            direction: call.direction,
            timestamp: step.now,
            session,
            biz_opaque_callback_data: call.opaque.clone(),
            deeplink_payload: call.deeplink_payload.clone(),
            cta_payload: call.cta_payload.clone(),
        },
    );
    routing::call_event(step, number, call, false, &body)?;
    step.effects.push(Effect::TimersChanged);
    Ok(())
}
