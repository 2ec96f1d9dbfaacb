//! What only the sandbox may do: set the clock, users, grants; start over; look at deliveries.

use ahoy_calling::account::{Number, User};
use ahoy_calling::pair::Answer;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::simulated::Network;
use ahoy_calling::{Pair, Permission};
use ahoy_media::{BridgeId, Side};
use ahoy_store::{Attempt, Delivery, DeliveryFilter, Page, Result, StoreError};
use ahoy_types::{BusinessId, DeliveryId, PhoneNumberId, WaId};

use crate::account::ensure_user;
use crate::effect::Effect;
use crate::host::to_the_end;
use crate::ledger::Step;
use crate::platform::Platform;
use crate::seed::{self, Seed};
use crate::{finish, permission, simulated};

/// What the sandbox may set of a pair's permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Seven days.
    Temporary,
    /// Until revoked.
    Permanent,
    /// None.
    Revoke,
}

/// A refusal of the rules is the outcome of a job, not its failure.
pub(crate) fn or_log(result: std::result::Result<(), PhoneRefusal>) -> Result<()> {
    match result {
        Ok(()) => Ok(()),
        Err(PhoneRefusal::Internal(sentence)) => Err(StoreError(sentence)),
        Err(refusal) => {
            tracing::debug!(%refusal, "a simulated phone came too late");
            Ok(())
        }
    }
}

impl Platform {
    /// A user.
    pub fn user(&self, wa_id: WaId) -> Result<Option<User>> {
        self.read(|rows| rows.user(wa_id))
    }

    /// Users in the order they came.
    pub fn users(&self, limit: usize) -> Result<Vec<User>> {
        self.read(|rows| rows.users(limit))
    }

    /// Creates a user on first use and changes it. Another network holds for the user's live calls at once.
    pub async fn change_user(
        &self,
        wa_id: WaId,
        change: impl FnOnce(&mut User) + Send + 'static,
    ) -> Result<User> {
        let network = |user: &User| user.behaviour.as_ref().map(|b| b.network);
        let (before, user) = self
            .ledger()
            .execute(move |step| {
                ensure_user(step, wa_id)?;
                let user = step.tx.user(wa_id)?;
                let mut user = user.ok_or_else(|| StoreError(format!("user {wa_id} is gone")))?;
                let before = network(&user);
                change(&mut user);
                step.tx.put_user(&user)?;
                Ok::<_, StoreError>((before, user))
            })
            .await?;
        let after = network(&user);
        if before.unwrap_or_default() != after.unwrap_or_default() {
            self.network_changed(wa_id, &after.unwrap_or_default());
        }
        Ok(user)
    }

    fn network_changed(&self, user: WaId, network: &Network) {
        for (_, live) in self.live().all() {
            if live.user == user {
                let bridge = BridgeId(live.bridge);
                let network = simulated::network(user, network);
                self.media().set_network(bridge, Side::User, network);
            }
        }
    }

    /// A business number by its node id, else by its digits: wherever the sandbox takes a number, either will do.
    pub fn find_number(&self, text: &str) -> Result<Option<Number>> {
        self.read(|rows| {
            if let Ok(id) = text.parse::<PhoneNumberId>()
                && let Some(number) = rows.number(id)?
            {
                return Ok(Some(number));
            }
            match WaId::parse_loose(text) {
                Ok(digits) => rows.number_by_digits(digits),
                Err(_) => Ok(None),
            }
        })
    }

    /// Changes a number as no business could: whether it pays, say.
    pub async fn change_number(
        &self,
        id: PhoneNumberId,
        change: impl FnOnce(&mut Number) + Send + 'static,
    ) -> Result<Number> {
        self.change_number_and_parent(id, None, change).await
    }

    /// The same, and with it the portfolio above the one that owns the number, where `parent` says one (or none): users
    /// then have an id there too.
    pub async fn change_number_and_parent(
        &self,
        id: PhoneNumberId,
        parent: Option<Option<BusinessId>>,
        change: impl FnOnce(&mut Number) + Send + 'static,
    ) -> Result<Number> {
        self.ledger()
            .execute(move |step| {
                let mut number = finish::number_of(step, id)?;
                change(&mut number);
                step.tx.put_number(&number)?;
                if let Some(parent) = parent {
                    let waba = step.tx.waba(number.waba)?.ok_or_else(|| {
                        StoreError(format!("there is no account {}", number.waba))
                    })?;
                    step.tx.put_parent(waba.business, parent)?;
                }
                Ok(number)
            })
            .await
    }

    /// Every business number, for the phone's list.
    pub fn numbers(&self, limit: usize) -> Result<Vec<Number>> {
        self.read(|rows| rows.numbers(Page { after: None, limit }))
    }

    /// Sets a pair's permission directly, as the user can in the business's profile; the business is told.
    pub async fn set_permission(
        &self,
        number: PhoneNumberId,
        user: WaId,
        grant: Grant,
    ) -> Result<Permission> {
        self.ledger()
            .execute(move |step| {
                ensure_user(step, user)?;
                let row = finish::number_of(step, number)?;
                match grant {
                    Grant::Temporary => {
                        // The sandbox sets what it is told, even where a user's own temporary answer would not
                        // replace a permanent grant.
                        let mut pair = step.tx.pair(number, user)?;
                        pair.revoke();
                        step.tx.put_pair(number, user, &pair)?;
                        permission::answer_request(step, &row, user, Answer::Accept, None)
                    }
                    Grant::Permanent => permission::grant_from_profile(step, &row, user),
                    Grant::Revoke => permission::revoke(step, &row, user),
                }
            })
            .await
    }

    /// The state of a pair.
    pub fn pair(&self, number: PhoneNumberId, user: WaId) -> Result<Pair> {
        self.read(|rows| rows.pair(number, user))
    }

    /// Deliveries with their attempts, oldest first.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<(Delivery, Vec<Attempt>)>> {
        self.read(|rows| {
            let mut list = Vec::new();
            for delivery in rows.deliveries(filter)? {
                let attempts = rows.attempts(delivery.id)?;
                list.push((delivery, attempts));
            }
            Ok(list)
        })
    }

    /// One delivery with its attempts.
    pub fn delivery(&self, id: DeliveryId) -> Result<Option<(Delivery, Vec<Attempt>)>> {
        self.read(|rows| match rows.delivery(id)? {
            Some(delivery) => Ok(Some((delivery, rows.attempts(id)?))),
            None => Ok(None),
        })
    }

    /// Starts over: deletes everything, seeds anew, and ends the live calls without a word. Rule time goes on. Once
    /// begun it goes to its end even if nobody waits for it any more.
    pub async fn reset(&self, seed: &Seed) -> Result<()> {
        let platform = self.clone();
        let seed = seed.clone();
        let resetting = to_the_end(self.host().as_ref(), async move {
            let _turn = platform.timer_turn().lock().await;
            let job = move |step: &mut Step<'_>| {
                seed::plant(step, &seed)?;
                // In the order of commits: it meets the calls of before, and none of those placed from now on.
                step.effects
                    .extend([Effect::StartOver, Effect::TimersChanged]);
                Ok(())
            };
            platform.ledger().clear(job).await
        });
        resetting
            .await
            .unwrap_or_else(|| Err(StoreError("the reset broke off".into())))
    }
}
