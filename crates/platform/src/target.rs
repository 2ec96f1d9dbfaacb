//! Where a webhook goes: the callback of its number, of its account, or of its app.

use ahoy_calling::account::Callback;
use ahoy_faults::WebhookOutcome;
use ahoy_store::{Delivery, Result, Rows};
use ahoy_types::{DeliveryId, WabaId};

use crate::effect::DeliveryJob;
use crate::figures;
use crate::platform::Platform;

/// Where one delivery goes at the moment it is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The delivery, body included.
    pub delivery: Delivery,
    /// The callback, by override of the number, else of the WABA, else of the app; `None` where none is set.
    pub url: Option<String>,
    /// The key of the signature.
    pub app_secret: String,
    /// What the sandbox was asked to do to this attempt.
    pub faults: WebhookOutcome,
}

/// Where a delivery goes now.
pub(crate) fn target(rows: &mut dyn Rows, id: DeliveryId) -> Result<Option<Target>> {
    let Some(delivery) = rows.delivery(id)? else {
        return Ok(None);
    };
    let Some(app) = rows.app(delivery.app)? else {
        // The app was deleted meanwhile: nobody takes it any more, and it is given up like any other.
        return Ok(Some(Target {
            delivery,
            url: None,
            app_secret: String::new(),
            faults: WebhookOutcome::default(),
        }));
    };
    let url = callback(rows, &delivery, app.callback)?;
    Ok(Some(Target {
        delivery,
        url,
        app_secret: app.secret,
        faults: WebhookOutcome::default(),
    }))
}

/// Where a delivery goes: by override of the number, else of the account, else of the app.
fn callback(
    rows: &mut dyn Rows,
    delivery: &Delivery,
    of_app: Option<Callback>,
) -> Result<Option<String>> {
    let by_number = rows.number_override(delivery.number, delivery.app)?;
    if let Some(by_number) = by_number {
        return Ok(Some(by_number.callback.url));
    }
    let by_account = waba_override(rows, delivery)?;
    Ok(by_account.or(of_app.map(|c| c.url)))
}

fn waba_override(rows: &mut dyn Rows, delivery: &Delivery) -> Result<Option<String>> {
    // What is about an account has the account in the number's place.
    let waba = match rows.number(delivery.number)? {
        Some(number) => number.waba,
        None => WabaId(delivery.number.0),
    };
    let own = rows
        .subscriptions(waba)?
        .into_iter()
        .find(|s| s.app == delivery.app);
    Ok(own.and_then(|s| s.callback).map(|c| c.url))
}

impl Platform {
    /// Where a delivery goes, its body, and the key of its signature; `None` if it is gone (the sandbox started
    /// over): then the job can be dropped.
    ///
    /// # Errors
    /// The store cannot be read. The attempt has failed then and must be reported as [`ahoy_calling::delivery::Outcome::NoAnswer`].
    pub fn delivery_target(&self, job: &DeliveryJob) -> Result<Option<Target>> {
        let mut target = self.read(|rows| target(rows, job.id))?;
        if let Some(target) = target.as_mut().filter(|_| job.replay.is_none()) {
            target.faults = self.webhook_faults(target);
        }
        if target.as_ref().is_some_and(|t| t.delivery.attempts == 0) {
            figures::delay(job.since.elapsed());
        }
        if let (Some(inspector), Some(target)) = (self.inspecting(), &target) {
            let started = inspector.webhook_started(target, job.replay.is_some());
            // One attempt a job: it is set once.
            let _ = job.started.set(started);
        }
        Ok(target)
    }

    /// The callback a delivery would go to now, before there is a place for its attempt; `None` if there is none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn delivery_callback(&self, job: &DeliveryJob) -> Result<Option<String>> {
        self.read(|rows| Ok(target(rows, job.id)?.and_then(|target| target.url)))
    }
}
