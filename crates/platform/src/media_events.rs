//! What the media workers tell: legs that came up, watchdogs that fired, reports of calls that ended.

use std::sync::Arc;
use std::time::Duration;

use ahoy_media::{BridgeId, CallReport, MediaEvent, Side};
use ahoy_store::Result;
use ahoy_types::{CallId, Direction};
use tokio::sync::mpsc;

use crate::finish;
use crate::host::off_thread;
use crate::inspector::Concerns;
use crate::ledger::Step;
use crate::platform::Platform;
use crate::quiet::Pending;

/// Ended calls that wait to be listened to, at most: as many as whose sound is kept.
const UNHEARD: usize = crate::reports::KEPT;
/// After listening for long: the end of the platform waits for this.
const LONGEST_REST: Duration = Duration::from_millis(200);

/// What becomes of the sound of an ended call before its report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listening {
    Yes,
    /// There is none.
    Needless,
    /// There is no time for it.
    No,
}

/// Whether those who listen keep up.
#[derive(Debug, Default)]
struct Ears {
    behind: bool,
}

impl Ears {
    /// The next call, behind which `waiting` others wait.
    fn next(&mut self, sound: bool, waiting: usize) -> Listening {
        let was_behind = std::mem::replace(&mut self.behind, waiting >= UNHEARD);
        if self.behind && !was_behind {
            tracing::warn!("calls end faster than what their users heard can be listened to");
        }
        match (sound, self.behind) {
            (false, _) => Listening::Needless,
            (true, false) => Listening::Yes,
            (true, true) => Listening::No,
        }
    }
}

/// A call whose media has ended and whose report is to be written.
struct Ended {
    call: CallId,
    report: Arc<CallReport>,
    concerns: Option<Concerns>,
    pending: Option<Pending>,
}

impl Platform {
    /// Takes the media's events in order, until the engine is gone.
    pub(crate) async fn run_media_events(self, mut events: mpsc::UnboundedReceiver<MediaEvent>) {
        let (reports, ended) = mpsc::unbounded_channel();
        self.host()
            .spawn(Box::pin(self.clone().write_reports(ended)));
        while let Some(event) = events.recv().await {
            self.media_event(event, &reports);
        }
    }

    fn media_event(&self, event: MediaEvent, reports: &mpsc::UnboundedSender<Ended>) {
        match event {
            MediaEvent::LegUp {
                bridge,
                side: Side::Business,
                ..
            } => {
                // Only business-initiated calls wait for the business's media before ACCEPTED.
                if let Some((call, live)) = self.live().by_bridge(bridge.0)
                    && live.direction == Direction::BusinessInitiated
                {
                    self.spawn_job("media up", move |step| business_media_up(step, &call));
                }
            }
            MediaEvent::LegUp {
                bridge,
                side: Side::User,
                ..
            } => {
                if let Some((call, _)) = self.live().by_bridge(bridge.0) {
                    self.release_webhooks(&call);
                }
            }
            MediaEvent::Timeout { bridge, side, .. } => {
                if let Some((call, _)) = self.live().by_bridge(bridge.0) {
                    self.spawn_job("media timeout", move |step| {
                        media_timed_out(step, &call, side == Side::Business)
                    });
                }
            }
            MediaEvent::Step { bridge, entry } => {
                if let Some(inspector) = self.inspecting()
                    && let Some(concerns) = self.live().concerns(bridge.0)
                {
                    inspector.media_step(concerns, entry);
                }
            }
            MediaEvent::Closed { bridge, report } => self.closed(bridge, report, reports),
            _ => {}
        }
    }

    /// Writes the reports of ended calls. That asks what was heard, and hearing takes decoding: one call after the other and at most
    /// half the time, so that a thousand calls that end together leave the cores to those that go on. Where calls end faster
    /// than that, the longest waiting is written without it.
    async fn write_reports(self, mut ended: mpsc::UnboundedReceiver<Ended>) {
        let mut ears = Ears::default();
        while let Some(Ended {
            call,
            mut report,
            concerns,
            pending,
        }) = ended.recv().await
        {
            let begin = self.host().instant();
            let sound = report.recording.as_ref().is_some_and(|r| r.size() > 0);
            let listening = ears.next(sound, ended.len());
            if listening == Listening::No {
                Arc::make_mut(&mut report).recording = None;
            }
            let written = off_thread(self.host().as_ref(), move || {
                let report = CallReport::clone(&report).listened();
                let json = serde_json::to_string(&report).map_err(|e| e.to_string())?;
                Ok((report, json))
            });
            let broken = || Err("hearing it broke off".to_owned());
            match written.await.unwrap_or_else(broken) {
                Ok((report, json)) => {
                    let verdict = self.last_verdict(&call, report.verdict.clone());
                    tracing::info!(%call, verdict, "media of a call ended");
                    // Told once it was listened to, so that everybody reads the same verdict.
                    if let (Some(inspector), Some(concerns)) = (self.inspecting(), &concerns) {
                        inspector.media_closed(concerns, &report, &verdict);
                    }
                    self.spawn_job("media report", move |step| step.tx.put_report(&call, &json));
                }
                Err(error) => tracing::error!(%call, error, "a media report cannot be written"),
            }
            drop(pending);
            let stopping = *self.stop_signal().borrow();
            if listening == Listening::Yes && !ended.is_empty() && !stopping {
                let took = self.host().instant().saturating_duration_since(begin);
                self.host().sleep(took.min(LONGEST_REST)).await;
            }
        }
    }

    fn closed(&self, bridge: BridgeId, report: CallReport, reports: &mpsc::UnboundedSender<Ended>) {
        let Some(call) = self.live().call_of_bridge(bridge.0) else {
            return;
        };
        let concerns = self.live().concerns(bridge.0);
        let report = Arc::new(report);
        // Kept before the bridge is forgotten: whoever asks in between must find one or the other.
        self.keep_report(call.clone(), report.clone());
        let pending = self.live().remove_bridge(bridge.0).and_then(|(_, p)| p);
        // After the platform's end nobody writes any more.
        let _ = reports.send(Ended {
            call,
            report,
            concerns,
            pending,
        });
    }
}

fn business_media_up(step: &mut Step<'_>, id: &CallId) -> Result<()> {
    // None where the sandbox has started over meanwhile.
    let Some(mut call) = step.tx.call(id)? else {
        return Ok(());
    };
    if call.end.is_some() || call.business_media_up {
        return Ok(());
    }
    match call.business_media_is_up() {
        ahoy_calling::call::Step::Connected { .. } => finish::connected(step, &call),
        _ => step.tx.put_call(&call),
    }
}

/// A side was silent for too long.
pub(crate) fn media_timed_out(step: &mut Step<'_>, id: &CallId, business: bool) -> Result<()> {
    let Some(mut call) = step.tx.call(id)? else {
        return Ok(());
    };
    if call.media_timed_out(business, step.now) {
        finish::ended(step, &call)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_waiting_is_not_listened_to_where_too_many_wait() {
        let mut ears = Ears::default();
        assert_eq!(ears.next(true, UNHEARD - 1), Listening::Yes);
        // However fast calls end, those that wait with their sound stay as many.
        for _ in 0..3 {
            assert_eq!(ears.next(true, UNHEARD), Listening::No);
        }
        assert_eq!(ears.next(false, UNHEARD), Listening::Needless);
        assert_eq!(ears.next(true, UNHEARD - 1), Listening::Yes);
        assert_eq!(ears.next(false, 0), Listening::Needless);
    }
}
