//! Faults on request: the one seam between what the sandbox was asked for and what the platform does.
//!
//! [`Platform::allow_faults`] opens it, and only the sandbox calls that: without it every question below is answered by one
//! look at an empty cell. What a rule decides is decided in `ahoy_faults`; here the decision meets calls and webhooks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ahoy_calling::Refusal;
use ahoy_calling::readings::Readings;
use ahoy_faults::{
    Active, Attempt, Board, CallFacts, Heard, MediaOutcome, Plan, ProcessFault, Subject,
    WebhookOutcome,
};
use ahoy_media::{AlertFault, BridgeId, EventPacketFault, MediaFaults, Side};
use ahoy_store::Result;
use ahoy_types::{AppId, CallId, DeliveryId};
use serde_json::{Map, Value};
use tokio::sync::{Notify, watch};

use crate::business::sdp_refusal;
use crate::effect::DeliveryJob;
use crate::live::LiveCall;
use crate::outbox;
use crate::platform::Platform;
use crate::target::Target;

/// How long a webhook waits to be overtaken, in real time: an event that comes later than that overtakes nothing.
const OVERTAKE_WITHIN: Duration = Duration::from_secs(2);
/// How long the outcome of an overtaking webhook waits until the one it overtook is sent: longer than an attempt may take.
const SENT_WITHIN: Duration = Duration::from_secs(15);

tokio::task_local! {
    /// The faults of the request that is being handled.
    static UNDER: Arc<Active>;
}

/// Does `work` as part of a request that came with these faults: they hold for what it causes, and for nothing else.
pub async fn under<F: Future>(faults: Arc<Active>, work: F) -> F::Output {
    UNDER.scope(faults, work).await
}

/// The faults of the request that is being handled.
pub(crate) fn current() -> Option<Arc<Active>> {
    UNDER.try_with(Arc::clone).ok()
}

/// What there is where faults may be asked for.
#[derive(Default)]
pub(crate) struct FaultSeam {
    board: Arc<Board>,
    put_off: Mutex<BTreeMap<(AppId, CallId), PutOff>>,
}

/// A webhook that waits until it is overtaken.
struct PutOff {
    delivery: DeliveryId,
    overtaken: Arc<Notify>,
    /// Closed when it has been sent.
    sent: watch::Receiver<()>,
}

impl FaultSeam {
    // Nothing panics while the lock is held; a poisoned table is still a right one.
    fn put_off(&self) -> MutexGuard<'_, BTreeMap<(AppId, CallId), PutOff>> {
        self.put_off.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A webhook has been overtaken; it is sent before this is dropped.
#[must_use = "dropping it says that the webhook was sent"]
pub struct Overtaken {
    platform: Platform,
    key: (AppId, CallId),
    _sent: watch::Sender<()>,
}

impl Drop for Overtaken {
    fn drop(&mut self) {
        if let Some(seam) = self.platform.fault_seam().get() {
            seam.put_off().remove(&self.key);
        }
    }
}

impl Platform {
    /// Lets faults be asked for from now on. Only the sandbox does.
    pub fn allow_faults(&self) -> Arc<Board> {
        self.fault_seam()
            .get_or_init(FaultSeam::default)
            .board
            .clone()
    }

    /// What was asked to go wrong, where that is allowed at all.
    pub fn faults(&self) -> Option<&Arc<Board>> {
        self.fault_seam().get().map(|seam| &seam.board)
    }

    /// Reads a plan: the JSON of `PUT /faults`.
    ///
    /// # Errors
    /// One sentence that names the key and says what was expected.
    pub fn read_faults(&self, body: &Map<String, Value>) -> std::result::Result<Plan, String> {
        ahoy_faults::from_json(body, &|text| Some(self.find_number(text).ok()??.id))
    }

    /// Reads a plan: the header `Ahoy-Fault`.
    ///
    /// # Errors
    /// One sentence that names the key and says what was expected.
    pub fn read_fault_header(&self, text: &str) -> std::result::Result<Plan, String> {
        ahoy_faults::from_header(text, &|text| Some(self.find_number(text).ok()??.id))
    }

    /// Faults for everybody from now on, in place of those before.
    pub fn set_faults(&self, plan: Plan) -> Result<Arc<Active>> {
        let last = self.last_delivery()?;
        if plan.is_empty() {
            tracing::info!("no faults are on");
        } else {
            tracing::warn!(faults = plan.words().join(", "), "faults are on");
        }
        Ok(self.allow_faults().set(plan, last))
    }

    /// The faults the process begins with; a reset comes back to them.
    pub fn begin_with_faults(&self, plan: Plan) -> Result<()> {
        self.allow_faults().begin_with(plan, self.last_delivery()?);
        Ok(())
    }

    /// The faults of the beginning again.
    pub fn reset_faults(&self) -> Result<()> {
        if let Some(board) = self.faults() {
            board.start_over(self.last_delivery()?);
        }
        Ok(())
    }

    fn last_delivery(&self) -> Result<DeliveryId> {
        let last = self.read(|rows| rows.last_delivery())?;
        Ok(last.unwrap_or(DeliveryId(0)))
    }

    /// What happens to an attempt.
    pub(crate) fn webhook_faults(&self, target: &Target) -> WebhookOutcome {
        let Some(board) = self.faults() else {
            return WebhookOutcome::default();
        };
        let delivery = &target.delivery;
        let attempt = Attempt {
            delivery: delivery.id,
            attempt: delivery.attempts + 1,
            app: delivery.app,
            url: target.url.as_deref(),
            number: delivery.number,
            call: delivery.lane.as_ref(),
            field: &delivery.field,
            body: &delivery.body,
        };
        let call = delivery.lane.clone().map(Subject::Call);
        let subjects: Vec<Subject> = call
            .into_iter()
            .chain([Subject::Delivery(delivery.id)])
            .collect();
        board
            .over(&subjects)
            .iter()
            .fold(WebhookOutcome::default(), |all, faults| {
                all.and(faults.webhook(&attempt))
            })
    }

    /// The plans that decide about what is being asked for now.
    fn deciding(&self, call: Option<&CallId>) -> Vec<Arc<Active>> {
        let Some(board) = self.faults() else {
            return Vec::new();
        };
        let subject = call.map(|call| Subject::Call(call.clone()));
        let mut found = board.over(subject.as_slice());
        if let Some(own) = current()
            && !found.iter().any(|other| Arc::ptr_eq(other, &own))
        {
            found.push(own);
        }
        found
    }

    /// Whether a business's session description is to be read as one without a codec.
    pub(crate) fn codec_refused(&self, call: &CallFacts<'_>) -> bool {
        // Each is asked, so that each counts.
        let asked = self
            .deciding(call.call)
            .iter()
            .filter(|faults| faults.codec_refused(call))
            .count();
        asked > 0
    }

    /// What happens to a new call.
    pub(crate) fn process_fault(&self, call: &CallFacts<'_>) -> Option<ProcessFault> {
        let asked = self.deciding(None);
        asked
            .iter()
            .fold(None, |found, faults| faults.process(call).or(found))
    }

    /// What happens to the media of a call that is about to exist.
    pub(crate) fn media_faults(&self, call: &CallId, live: &LiveCall) -> Option<MediaFaults> {
        let board = self.faults()?;
        let facts = facts_of(call, live);
        let outcome = board
            .over(&[Subject::Call(call.clone())])
            .iter()
            .fold(MediaOutcome::default(), |all, faults| {
                all.and(faults.media(&facts))
            });
        (!outcome.is_none()).then(|| media(outcome))
    }

    /// A request under faults caused this.
    pub(crate) fn put_under(&self, subject: Subject, faults: Arc<Active>) {
        let Some(board) = self.faults() else {
            return;
        };
        if let Subject::Call(call) = &subject
            && let Some(live) = self.live().get(call)
        {
            let outcome = faults.media(&facts_of(call, &live));
            if !outcome.is_none() {
                self.media()
                    .put_under(BridgeId(live.bridge), media(outcome));
            }
        }
        board.put_under(subject, faults);
    }

    /// Waits until the call's next event has overtaken this one, for two seconds of real time at most. Empty if it keeps its
    /// place: it is about no call, or overtakes another one itself.
    pub async fn put_off(&self, job: &DeliveryJob) -> Option<Overtaken> {
        let seam = self.fault_seam().get()?;
        let key = (job.app, job.lane.clone()?);
        let (sender, sent) = watch::channel(());
        let overtaken = Arc::new(Notify::new());
        {
            let mut put_off = seam.put_off();
            if put_off.contains_key(&key) {
                return None;
            }
            let entry = PutOff {
                delivery: job.id,
                overtaken: overtaken.clone(),
                sent,
            };
            put_off.insert(key.clone(), entry);
        }
        let waiting = Overtaken {
            platform: self.clone(),
            key,
            _sent: sender,
        };
        let id = job.id;
        let let_go = self
            .ledger()
            .execute(move |step| outbox::let_overtake(step, id))
            .await;
        if let Err(e) = let_go {
            tracing::error!(delivery = %id, error = %e, "a webhook cannot be overtaken");
            return None;
        }
        tokio::select! {
            biased;
            () = overtaken.notified() => {}
            () = self.host().sleep(OVERTAKE_WITHIN) => {}
            () = self.stopping() => {}
        }
        Some(waiting)
    }

    /// This one has been sent. If it overtook another one, that one goes now, and before any later event of the call.
    pub(crate) async fn overtaken(&self, job: &DeliveryJob) {
        let (Some(seam), Some(lane)) = (self.fault_seam().get(), &job.lane) else {
            return;
        };
        let mut sent = {
            let put_off = seam.put_off();
            match put_off.get(&(job.app, lane.clone())) {
                Some(other) if other.delivery != job.id => {
                    other.overtaken.notify_one();
                    other.sent.clone()
                }
                _ => return,
            }
        };
        // Nothing is ever written to it: it ends when the other one has been sent.
        tokio::select! {
            biased;
            _ = sent.changed() => {}
            () = self.host().sleep(SENT_WITHIN) => {}
        }
    }
}

fn facts_of<'a>(call: &'a CallId, live: &LiveCall) -> CallFacts<'a> {
    CallFacts {
        call: Some(call),
        number: live.number,
        user: live.user,
        direction: live.direction,
    }
}

/// In the words of the relay.
fn media(outcome: MediaOutcome) -> MediaFaults {
    MediaFaults {
        seed: outcome.seed,
        loss_to_business: outcome.loss_to_business,
        loss_to_user: outcome.loss_to_user,
        no_ice: outcome.no_ice,
        no_dtls: outcome.no_dtls,
        dtls_late: outcome.dtls_late,
        only_heard_by: outcome.one_way.map(|heard| match heard {
            Heard::ToBusiness => Side::Business,
            Heard::ToUser => Side::User,
        }),
        event: outcome.event.map(|event| EventPacketFault {
            packet: event.packet,
            press: event.press,
            again: event.again,
        }),
        alert: outcome.alert.map(|alert| AlertFault {
            fatal: alert.fatal,
            after: alert.after,
        }),
    }
}

/// Whether no new call is taken.
pub(crate) fn refuses_new_calls(fault: Option<ProcessFault>) -> bool {
    fault == Some(ProcessFault::RefuseCalls)
}

/// How many calls the number has up, as the rules are to see it.
pub(crate) fn live_calls(live: u32, fault: Option<ProcessFault>) -> u32 {
    match fault {
        Some(ProcessFault::OverCapacity) => u32::MAX,
        _ => live,
    }
}

/// The refusal of a description without a codec, with what asked for it.
pub(crate) fn refusal_of_codec(defects: Option<ahoy_sdp::Defects>, readings: &Readings) -> Refusal {
    let found = defects.map_or_else(
        || "session.sdp: no codec in it can be used.".to_owned(),
        |defects| defects.to_string(),
    );
    let sentences = format!("{found} The fault `codec_refused` asked for this.");
    sdp_refusal(sentences, false, readings)
}
