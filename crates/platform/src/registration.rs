//! A number's verification, registration and two-step PIN, its badge and its public profile, as the business changes them.

use ahoy_calling::Refusal;
use ahoy_calling::about::AboutPatch;
use ahoy_calling::account::{MessagingLimit, Number, Scope};
use ahoy_calling::limits::{Limits, Profile};
use ahoy_calling::registration::{Pin, Registration};
use ahoy_calling::verification::{CodeMethod, LANGUAGE_CHARS, SentCode, code_of};
use ahoy_store::Page;
use ahoy_types::{PhoneNumberId, RuleTime, WaId, WabaId};

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

    /// Asks for a code that shows that the number is the business's own. Nothing leaves this server: the sandbox shows the code,
    /// and elsewhere there is no way to send one.
    ///
    /// # Errors
    /// 136024: the number is verified, too many codes were asked for, or this server sends none; no such number.
    pub async fn request_code(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        method: CodeMethod,
        language: String,
    ) -> Result<(), Refusal> {
        if language.chars().count() > LANGUAGE_CHARS {
            return Err(Refusal::Invalid(format!(
                "language: at most {LANGUAGE_CHARS} characters are allowed"
            )));
        }
        // Where people's phones are not invented, numbers are verified by the operator.
        let sends = self.config().create_users;
        let random = self.random_node_id(0)?;
        self.act_on_number(caller, number, move |number, limits, now| {
            if !sends && !number.registration.verified {
                return Err(Refusal::NoCode(
                    "this server sends none; its operator verifies numbers (ahoy admin number)"
                        .to_owned(),
                ));
            }
            let fresh = SentCode {
                code: code_of(random),
                method,
                language,
                sent_at: now,
                wrong: 0,
            };
            number.registration.request_code(fresh, limits, now)
        })
        .await
    }

    /// Gives back the code that was sent. A wrong one is counted, though it is refused.
    ///
    /// # Errors
    /// A code that is wrong, expired or used; no such number.
    pub async fn verify_code(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        code: String,
    ) -> Result<(), Refusal> {
        self.act_on_number(caller, number, move |number, _, now| {
            number.registration.verify_code(&code, now)
        })
        .await
    }

    /// Adds a number to an account: neither verified nor registered, calling off. Its limits are those of the account's other
    /// numbers, production's for the first.
    ///
    /// # Errors
    /// A number or a name that will not do, or a number that is taken; on a server whose operator creates the numbers.
    pub async fn add_number(
        &self,
        caller: &Caller,
        waba: WabaId,
        number: WaId,
        name: &str,
    ) -> Result<PhoneNumberId, Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        let waba = self.waba_for(caller, waba)?.id;
        if !self.config().create_users {
            return Err(Refusal::Invalid(
                "phone_number: numbers of this server are created by its operator (ahoy admin number create)"
                    .to_owned(),
            ));
        }
        let name = ahoy_calling::admin::name("verified_name", name)
            .map_err(|refusal| Refusal::Invalid(refusal.to_string()))?;
        let fresh = 710_000_000_000_000 + self.random_node_id(0)? % 10_000_000_000_000;
        self.ledger()
            .execute(move |step| {
                if step
                    .tx
                    .number_by_digits(number)
                    .map_err(internal)?
                    .is_some()
                {
                    return Err(Refusal::Invalid(format!(
                        "phone_number: {} is taken already",
                        number.international()
                    )));
                }
                let of_account = Page {
                    after: None,
                    limit: 1,
                };
                let like = step.tx.numbers_of(waba, of_account).map_err(internal)?;
                let like = like.first();
                let row = Number {
                    id: PhoneNumberId(fresh),
                    waba,
                    number,
                    verified_name: name,
                    profile: like.map_or(Profile::Production, |number| number.profile),
                    messaging_limit: like.map_or(MessagingLimit::Tier250, |n| n.messaging_limit),
                    payment_valid: like.is_some_and(|number| number.payment_valid),
                    settings: Default::default(),
                    registration: Registration {
                        registered: false,
                        verified: false,
                        ..Default::default()
                    },
                    about: Default::default(),
                    standing: Default::default(),
                };
                step.tx.put_number(&row).map_err(internal)?;
                Ok(row.id)
            })
            .await
    }

    /// Asks for the badge of an official business account.
    ///
    /// # Errors
    /// The number cannot have it now; no such number.
    pub async fn ask_for_badge(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
    ) -> Result<(), Refusal> {
        self.act_on_number(caller, number, |number, _, now| number.ask_for_badge(now))
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
