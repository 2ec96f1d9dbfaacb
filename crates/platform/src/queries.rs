//! Looks at calls: what a user's phone lists, what was heard.

use std::sync::Arc;

use ahoy_calling::{Call, CallState};
use ahoy_media::{BridgeId, CallReport};
use ahoy_store::Result;
use ahoy_types::{CallId, PhoneNumberId, RuleTime, WaId};
use serde::Serialize;
use serde_json::Value;

use crate::platform::Platform;

/// A call as the sandbox and the phone show it (`contract.md` §3).
#[derive(Debug, Clone, Serialize)]
pub struct CallView {
    /// The call.
    pub id: CallId,
    /// The business number's node.
    pub phone_number_id: PhoneNumberId,
    /// The user.
    pub wa_id: WaId,
    /// `USER_INITIATED` or `BUSINESS_INITIATED`.
    pub direction: ahoy_types::Direction,
    /// `ringing`, `connected` or `ended`.
    pub state: &'static str,
    /// When it was placed, Unix seconds of rule time.
    pub placed_at: i64,
    /// When it was picked up.
    pub start_time: Option<i64>,
    /// When it ended.
    pub end_time: Option<i64>,
    /// `end_time` less `start_time`, in seconds.
    pub duration: Option<u64>,
    /// `COMPLETED` or `FAILED`, once it has ended.
    pub status: Option<ahoy_calling::EndStatus>,
    /// Why it ended.
    pub end_cause: Option<&'static str>,
    /// The error of a failed call.
    pub error_code: Option<u32>,
    /// What the user heard ([`ahoy_media::Heard`]); null where a real phone heard it.
    pub heard: Option<Value>,
    /// The media timeline with its verdict.
    pub media: Option<Value>,
}

impl CallView {
    fn of(call: &Call) -> Self {
        let ending = call.ending();
        let secs = |t: RuleTime| t.secs();
        Self {
            id: call.id.clone(),
            phone_number_id: call.number,
            wa_id: call.user,
            direction: call.direction,
            state: match call.state {
                CallState::Ringing | CallState::PreAccepted => "ringing",
                CallState::Answered | CallState::Connected => "connected",
                CallState::Ended => "ended",
            },
            placed_at: call.placed_at.secs(),
            start_time: call.answered_at.map(secs),
            end_time: call.end.map(|e| secs(e.at)),
            duration: ending.and_then(|e| e.duration).map(|d| d.0),
            status: ending.map(|e| e.status),
            end_cause: call.end.map(|e| e.cause.as_str()),
            error_code: ending.and_then(|e| e.error_code),
            heard: None,
            media: None,
        }
    }
}

impl Platform {
    /// Calls of a user, oldest first, without their media.
    pub fn calls_of_user(&self, user: WaId, limit: usize) -> Result<Vec<CallView>> {
        let calls = self.read(|rows| rows.calls_of_user(user, limit))?;
        Ok(calls.iter().map(CallView::of).collect())
    }

    /// Calls between a user and a business, oldest first, without their media.
    pub fn calls_of_pair(
        &self,
        number: PhoneNumberId,
        user: WaId,
        limit: usize,
    ) -> Result<Vec<CallView>> {
        let calls = self.read(|rows| rows.calls_of_pair(number, user, limit))?;
        Ok(calls.iter().map(CallView::of).collect())
    }

    /// One call of a user with what was heard and the media timeline so far.
    pub async fn call_of_user(&self, user: WaId, id: &CallId) -> Result<Option<CallView>> {
        let Some(call) = self.read(|rows| rows.call(id))?.filter(|c| c.user == user) else {
            return Ok(None);
        };
        let mut view = CallView::of(&call);
        view.media = match self.report_of(&call).await {
            Some(report) => off_thread(move || serde_json::to_value(&*report).ok()).await,
            None => call
                .report
                .as_deref()
                .and_then(|json| serde_json::from_str(json).ok()),
        };
        // The report is of the media alone; webhooks may fail long after it was written.
        if let Some(verdict) = view
            .media
            .as_mut()
            .and_then(|media| media.get_mut("verdict"))
        {
            let of_media = verdict.as_str().unwrap_or_default();
            *verdict = self.verdict_with_webhooks(id, of_media)?.into();
        }
        view.heard = view
            .media
            .as_mut()
            .and_then(Value::as_object_mut)
            .and_then(|media| media.remove("heard"))
            .filter(|heard| !heard.is_null());
        Ok(Some(view))
    }

    /// What was in the user's ear, as WAV; `None` when the call is unknown or its audio is no longer kept.
    pub async fn heard_wav(&self, user: WaId, id: &CallId, rate: u32) -> Result<Option<Vec<u8>>> {
        let Some(call) = self.read(|rows| rows.call(id))?.filter(|c| c.user == user) else {
            return Ok(None);
        };
        let recording = self
            .report_of(&call)
            .await
            .and_then(|r| r.recording.clone());
        Ok(off_thread(move || recording.and_then(|r| r.wav(rate).ok())).await)
    }

    /// The media report: of the running bridge, or of the ended call while it is kept.
    async fn report_of(&self, call: &Call) -> Option<Arc<CallReport>> {
        if let Some(live) = self.live().get(&call.id)
            && let Some(report) = self.media().report(BridgeId(live.bridge)).await
        {
            return Some(Arc::new(report));
        }
        loop {
            // Made before the look: it hears of what is kept from here on.
            let news = self.report_news();
            if let Some(report) = self.kept_report(&call.id) {
                return Some(report);
            }
            // A call that has just ended: the media's last word is on its way, and whoever was told of the end may ask at once.
            if call.end.is_none() || !self.live().has_bridge(&call.id) {
                return self.kept_report(&call.id);
            }
            tokio::select! {
                () = news => {}
                () = self.stopping() => return None,
            }
        }
    }
}

/// Decoding takes milliseconds a minute of sound: not on the threads that serve requests.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Option<T> + Send + 'static,
) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok().flatten()
}
