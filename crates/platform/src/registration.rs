//! A number's registration, its two-step PIN and its public profile, as the business changes them.

use ahoy_calling::Refusal;
use ahoy_calling::about::AboutPatch;
use ahoy_calling::account::{Number, Scope};
use ahoy_calling::limits::Limits;
use ahoy_calling::registration::Pin;
use ahoy_types::{PhoneNumberId, RuleTime};

use crate::account::Caller;
use crate::business::internal;
use crate::platform::Platform;

impl Platform {
    /// Registers a number (133005, 133006, 133008, 133016). A wrong PIN is noted, though it is refused.
    ///
    /// # Errors
    /// The refusals above; a PIN that is not six digits; no such number.
    pub async fn register(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        pin: &str,
    ) -> Result<(), Refusal> {
        let pin = Pin::parse(number, pin)?;
        self.act_on_number(caller, number, move |number, limits, now| {
            number.registration.register(&pin, limits, now)
        })
        .await
    }

    /// Takes a number off the platform (133010, 133016). Its live calls go on to their end.
    ///
    /// # Errors
    /// The refusals above; no such number.
    pub async fn deregister(&self, caller: &Caller, number: PhoneNumberId) -> Result<(), Refusal> {
        self.act_on_number(caller, number, |number, limits, now| {
            number.registration.deregister(limits, now)
        })
        .await
    }

    /// Sets the PIN of a number's two-step verification.
    ///
    /// # Errors
    /// A PIN that is not six digits; no such number.
    pub async fn set_pin(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        pin: &str,
    ) -> Result<(), Refusal> {
        let pin = Pin::parse(number, pin)?;
        self.act_on_number(caller, number, move |number, _, _| {
            number.registration.set_pin(pin);
            Ok(())
        })
        .await
    }

    async fn act_on_number(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        act: impl FnOnce(&mut Number, &Limits, RuleTime) -> Result<(), Refusal> + Send + 'static,
    ) -> Result<(), Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        let id = self.number_for(caller, number)?.id;
        self.ledger()
            .execute(move |step| {
                let number = step.tx.number(id).map_err(internal)?;
                let mut number = number.ok_or_else(|| Refusal::NoSuchObject(id.to_string()))?;
                let limits = step.limits.of(number.profile).clone();
                let outcome = act(&mut number, &limits, step.now);
                step.tx.put_number(&number).map_err(internal)?;
                // A refusal is an outcome here: what it noted stays.
                Ok::<_, Refusal>(outcome)
            })
            .await?
    }

    /// Lays a change over a number's public profile.
    ///
    /// # Errors
    /// A sentence for a line that will not do; no such number.
    pub async fn change_profile(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        patch: AboutPatch,
    ) -> Result<(), Refusal> {
        let id = self.number_for(caller, number)?.id;
        self.ledger()
            .execute(move |step| {
                let number = step.tx.number(id).map_err(internal)?;
                let mut number = number.ok_or_else(|| Refusal::NoSuchObject(id.to_string()))?;
                number.about = number.about.patched(patch)?;
                step.tx.put_number(&number).map_err(internal)
            })
            .await
    }
}
