//! Carrying out what committed decisions want done, in the order of their commits.

use ahoy_calling::{CallState, EndCause};
use ahoy_media::{BridgeId, CallSetup, EndReason, LocalUser, Networks, Side, UserLeg};
use ahoy_types::{AppId, CallId, DeliveryId, Direction, RuleTime};
use std::sync::OnceLock;
use std::time::Instant;
use tokio::sync::mpsc;

use crate::effect::{ArmCall, DeliveryJob, Effect, PhoneEvent, UserEnd};
use crate::inspector::CallStep;
use crate::ledger::Committed;
use crate::live::{LiveCall, UserLegKind};
use crate::platform::Platform;
use crate::{figures, finish, hold, media_events, sandbox, user};

impl Platform {
    /// Carries out effects until the ledger is gone.
    pub(crate) async fn run_effects(self, mut committed: mpsc::UnboundedReceiver<Committed>) {
        while let Some(Committed {
            effects,
            at,
            answer,
            pending,
        }) = committed.recv().await
        {
            for effect in effects {
                self.carry_out(effect, at);
            }
            answer();
            // What the effects began counts for itself by now.
            drop(pending);
        }
    }

    fn carry_out(&self, effect: Effect, at: Instant) {
        match effect {
            Effect::PutUnder { subject, faults } => self.put_under(subject, faults),
            Effect::Arm(arm) => self.arm(*arm),
            Effect::BusinessRemote { bridge, remote } => {
                self.live()
                    .set_takes_keys(bridge, remote.telephone_event.is_some());
                self.media()
                    .set_remote(BridgeId(bridge), Side::Business, remote);
            }
            Effect::OpenGate { bridge } => self.media().open_gate(BridgeId(bridge)),
            Effect::Ring { call } => self.ring(&call),
            Effect::AwaitMedia { call } => self.await_media(call),
            Effect::Connected { call, at } => self.connected(call, at),
            Effect::Ended {
                call,
                bridge,
                cause,
            } => {
                tracing::info!(%call, cause = cause.as_str(), "call ended");
                figures::ended(cause);
                self.end(call, bridge, cause);
            }
            Effect::Deliver { id, app, lane } => {
                let job = self.job(id, app, lane.clone(), at);
                if let Some(job) = self.live().hold(lane.as_ref(), job) {
                    self.hand_out(job);
                }
            }
            Effect::SendMail { id } => self.hand_to_mailer(id),
            Effect::Thread { user, number } => {
                let event = PhoneEvent::Thread {
                    phone_number_id: number,
                };
                self.live().tell(user, &event);
            }
            Effect::NumberChanged { from, to } => {
                self.live().tell(from, &PhoneEvent::NumberChanged { to });
            }
            Effect::TimersChanged => self.timers_changed().notify_one(),
            Effect::StartOver => {
                for (call, live) in self.live().all() {
                    self.end(call, live.bridge, EndCause::SetupLost);
                }
                self.forget_reports();
                if let Some(inspector) = self.inspecting() {
                    inspector.clear();
                }
            }
        }
    }

    fn arm(&self, arm: ArmCall) {
        tracing::info!(
            call = %arm.call, number = %arm.number, user = %arm.user, direction = arm.direction.as_str(),
            "call placed"
        );
        figures::placed(arm.direction);
        let bridge = BridgeId(arm.bridge);
        let live = LiveCall {
            bridge: arm.bridge,
            number: arm.number,
            business_name: arm.business_name,
            user: arm.user,
            direction: arm.direction,
            leg: arm.user_end.kind(),
            user_offer: arm.user_end.offer().map(str::to_owned),
            answered: false,
            connected: false,
            takes_keys: arm
                .business_remote
                .as_ref()
                .is_some_and(|remote| remote.telephone_event.is_some()),
        };
        let held = hold::waits_for_phone(&live).then(|| arm.call.clone());
        if let Some(inspector) = self.inspecting() {
            inspector.call_placed(&arm.call, &live);
        }
        let faults = self.media_faults(&arm.call, &live);
        // Known before it exists, so that whatever the media tells of it finds the call.
        self.live().add(arm.call, live);
        if let Some(call) = held {
            self.hold_webhooks(call);
        }
        let user = match arm.user_end {
            UserEnd::Phone { .. } => UserLeg::WebRtc,
            UserEnd::Simulated { sound } => UserLeg::Local(LocalUser { sound }),
        };
        // The worker takes commands before packets, so whatever the webhook brings back finds the legs there.
        let setup = CallSetup {
            plan: arm.plan,
            user,
            networks: Networks {
                user: arm.user_network,
                ..Networks::default()
            },
        };
        self.media().arm(bridge, setup);
        if let Some(faults) = faults {
            self.media().put_under(bridge, faults);
        }
        if let Some(remote) = arm.business_remote {
            self.media().set_remote(bridge, Side::Business, remote);
        }
    }

    fn ring(&self, call: &CallId) {
        let Some(live) = self.live().get(call) else {
            return;
        };
        self.note_step(call, &live, CallStep::Rings);
        match live.leg {
            UserLegKind::Phone => {
                let told = ring_event(call, &live)
                    .is_some_and(|event| self.live().tell(live.user, &event));
                if !told {
                    tracing::info!(%call, user = %live.user, "no phone of the user is there to ring");
                }
            }
            UserLegKind::Simulated => {
                let id = call.clone();
                self.spawn_job("ring", move |step| {
                    let job = user::rings(step, &id).and_then(|()| user::plan_answer(step, &id));
                    sandbox::or_log(job)
                });
            }
        }
    }

    /// Until a call is connected no gate is open and no watchdog of the media runs: this one stands in for the
    /// first of them, and like them it follows real time (`media.md` §10).
    fn await_media(&self, call: CallId) {
        tracing::info!(%call, "call answered, waiting for the business's media");
        self.live().set_answered(&call);
        if let Some(live) = self.live().get(&call) {
            self.media().answered(BridgeId(live.bridge), Side::User);
            self.note_step(&call, &live, CallStep::Answered);
        }
        let platform = self.clone();
        let patience = self.config().media.start_timeout;
        self.host().spawn(Box::pin(async move {
            tokio::select! {
                biased;
                () = platform.stopping() => return,
                () = platform.host().sleep(patience) => {}
            }
            platform.spawn_job("media start", move |step| match step.tx.call(&call)? {
                Some(found) if found.state == CallState::Answered => {
                    media_events::media_timed_out(step, &call, true)
                }
                _ => Ok(()),
            });
        }));
    }

    fn connected(&self, call: CallId, at: RuleTime) {
        tracing::info!(%call, "call accepted");
        self.live().set_connected(&call);
        let Some(live) = self.live().get(&call) else {
            return;
        };
        self.note_step(&call, &live, CallStep::Connected);
        if live.leg == UserLegKind::Simulated {
            let id = call.clone();
            self.spawn_job("hang-up plan", move |step| {
                finish::plan_hang_up(step, &id, at)
            });
        }
        let event = PhoneEvent::Connected { call_id: call };
        self.live().tell(live.user, &event);
    }

    fn end(&self, call: CallId, bridge: u64, cause: EndCause) {
        if let Some(live) = self.live().remove(&call) {
            let reason = reason(cause, live.direction);
            self.media().ended(BridgeId(bridge), reason);
            if let Some(inspector) = self.inspecting() {
                inspector.call_ended(&call, &live, cause);
            }
            self.release_webhooks(&call);
            // Its report is under way from now on.
            self.live().closing(bridge, self.quiet().begin());
            let event = PhoneEvent::Ended {
                call_id: call,
                cause: cause.as_str().to_owned(),
                connected: live.connected,
            };
            self.live().tell(live.user, &event);
        }
        self.media().close(BridgeId(bridge));
    }

    fn note_step(&self, call: &CallId, live: &LiveCall, step: CallStep) {
        if let Some(inspector) = self.inspecting() {
            inspector.call_step(call, live, step);
        }
    }

    /// A webhook for the edge that sends it.
    pub(crate) fn job(
        &self,
        id: DeliveryId,
        app: AppId,
        lane: Option<CallId>,
        since: Instant,
    ) -> DeliveryJob {
        DeliveryJob {
            id,
            app,
            lane,
            since,
            pending: self.quiet().begin_delivery(app),
            replay: None,
            started: OnceLock::new(),
        }
    }
}

/// A call's end as the story of its media tells it.
const fn reason(cause: EndCause, direction: Direction) -> EndReason {
    let called = match direction {
        Direction::UserInitiated => Side::Business,
        Direction::BusinessInitiated => Side::User,
    };
    match cause {
        EndCause::BusinessHungUp => EndReason::HungUp(Side::Business),
        EndCause::UserHungUp => EndReason::HungUp(Side::User),
        EndCause::BusinessRejected => EndReason::Rejected(Side::Business),
        EndCause::UserDeclined => EndReason::Rejected(Side::User),
        EndCause::Abandoned => EndReason::GaveUp(Side::User),
        EndCause::Cancelled => EndReason::GaveUp(Side::Business),
        EndCause::NoAnswer => EndReason::NoAnswer(called),
        EndCause::BusinessMediaTimeout | EndCause::NoMedia => EndReason::NoMedia(Side::Business),
        EndCause::UserMediaTimeout => EndReason::NoMedia(Side::User),
        EndCause::SetupLost | EndCause::RelayLost => EndReason::Lost,
    }
}

/// The ring of a real phone.
pub(crate) fn ring_event(call: &CallId, live: &LiveCall) -> Option<PhoneEvent> {
    Some(PhoneEvent::Ring {
        call_id: call.clone(),
        phone_number_id: live.number,
        name: live.business_name.clone(),
        sdp: live.user_offer.clone()?,
    })
}
