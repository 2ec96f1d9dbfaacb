//! What the media workers tell: legs that came up, watchdogs that fired, reports of calls that ended.

use std::sync::Arc;

use ahoy_media::{BridgeId, MediaEvent, Side};
use ahoy_store::Result;
use ahoy_types::{CallId, Direction};
use tokio::sync::mpsc;

use crate::finish;
use crate::ledger::Step;
use crate::platform::Platform;

impl Platform {
    /// Takes the media's events in order, until the engine is gone.
    pub(crate) async fn run_media_events(self, mut events: mpsc::UnboundedReceiver<MediaEvent>) {
        while let Some(event) = events.recv().await {
            self.media_event(event);
        }
    }

    fn media_event(&self, event: MediaEvent) {
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
            MediaEvent::Closed { bridge, report } => self.closed(bridge, report),
            _ => {}
        }
    }

    fn closed(&self, bridge: BridgeId, report: ahoy_media::CallReport) {
        if let Some(inspector) = self.inspecting()
            && let Some(concerns) = self.live().concerns(bridge.0)
        {
            inspector.media_closed(&concerns, &report);
        }
        let Some(call) = self.live().call_of_bridge(bridge.0) else {
            return;
        };
        tracing::info!(call = %call, verdict = %report.verdict, "media of a call ended");
        let report = Arc::new(report);
        // Kept before the bridge is forgotten: whoever asks in between must find one or the other.
        self.keep_report(call.clone(), report.clone());
        let pending = self.live().remove_bridge(bridge.0).and_then(|(_, p)| p);
        let platform = self.clone();
        // Writing the report asks what was heard, and hearing takes decoding.
        self.host().spawn_blocking(Box::new(move || {
            match serde_json::to_string(&*report) {
                Ok(json) => {
                    platform
                        .spawn_job("media report", move |step| step.tx.put_report(&call, &json));
                }
                Err(e) => tracing::error!(error = %e, "a media report cannot be written"),
            }
            drop(pending);
        }));
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
