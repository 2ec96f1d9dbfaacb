//! The first syllable on a real phone: the webhooks of a user's call wait until the phone can hear.
//!
//! A simulated user hears from the moment the call exists. A real phone has ICE and DTLS to do, which takes it some tenths
//! of a second; a business that accepts at once would speak to nobody meanwhile. So what tells the business of the call
//! stays here until the user's media is up, the call is over, the phone is gone, or the longest
//! wait has passed.
//!
//! The row in the store says all the while that the webhook is being sent: after a crash it is due at once.

use std::time::Duration;

use ahoy_types::{CallId, Direction, WaId};

use crate::effect::DeliveryJob;
use crate::live::{LiveCall, UserLegKind};
use crate::platform::Platform;

/// The longest wait unless configured otherwise: a phone that takes longer most likely has no media to wait for, and
/// its user hears it ring.
pub const PHONE_MEDIA_WAIT: Duration = Duration::from_secs(1);

/// Whether the webhooks of this new call wait for the user's media.
pub(crate) fn waits_for_phone(call: &LiveCall) -> bool {
    call.leg == UserLegKind::Phone && call.direction == Direction::UserInitiated
}

impl Platform {
    /// Holds the webhooks of a call from now on, but no longer than configured.
    pub(crate) fn hold_webhooks(&self, call: CallId) {
        self.live().begin_hold(call.clone());
        let platform = self.clone();
        let longest = self.config().phone_media_wait;
        self.host().spawn(Box::pin(async move {
            tokio::select! {
                biased;
                () = platform.stopping() => {}
                () = platform.host().sleep(longest) => {}
            }
            platform.release_webhooks(&call);
        }));
    }

    /// Hands out what was held of a call, and holds nothing of it any more.
    pub(crate) fn release_webhooks(&self, call: &CallId) {
        for job in self.live().end_hold(call) {
            self.hand_out(DeliveryJob {
                since: self.host().instant(),
                ..job
            });
        }
    }

    /// The user's last phone is gone: nobody is left to wait for.
    pub(crate) fn release_webhooks_of_phone(&self, user: WaId) {
        if self.live().has_phone(user) {
            return;
        }
        for (call, _) in self.live().phone_calls(user) {
            self.release_webhooks(&call);
        }
    }

    /// Gives a webhook to the edge that sends it.
    pub(crate) fn hand_out(&self, job: DeliveryJob) {
        // Where nobody takes webhooks any more the platform is stopping; the outbox keeps this one.
        let _ = self.webhooks().send(job);
    }
}
