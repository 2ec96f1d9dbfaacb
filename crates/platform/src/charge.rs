//! What an ended call leaves behind: its charge, the month's volume, the figures of analytics (`rules.md` §7).

use std::sync::Arc;

use ahoy_calling::Call;
use ahoy_calling::account::{Number, Waba};
use ahoy_calling::analytics::{Cell, Figures};
use ahoy_calling::calendar::Month;
use ahoy_calling::price::{Billable, Micros, Price, PriceList};
use ahoy_store::{Charge, Result, StoreError};
use ahoy_types::{BusinessId, CallId};
use ahoy_wire::webhook::{self, TierUpdate};

use crate::ledger::Step;
use crate::outbox;
use crate::platform::Platform;

/// Charges an ended call and counts it. In the transaction that ends it, so that no call is charged twice or never.
pub(crate) fn settle(step: &mut Step<'_>, number: &Number, call: &Call) -> Result<()> {
    let waba = step
        .tx
        .waba(number.waba)?
        .ok_or_else(|| StoreError(format!("number {} belongs to no account", number.id)))?;
    let cost = match Billable::of(call, &waba.zone) {
        Some(billable) => charge(step, number, &waba, call, &billable)?,
        None => Micros::default(),
    };
    let Some(figures) = Figures::of(call, cost) else {
        return Ok(());
    };
    let cell = Cell {
        start: call.placed_at,
        number: Some(number.id),
        country: call.user.country(),
        direction: call.direction,
        figures,
    };
    step.tx.add_call_sums(waba.id, &waba.zone, number.id, &cell)
}

fn charge(
    step: &mut Step<'_>,
    number: &Number,
    waba: &Waba,
    call: &Call,
    billable: &Billable,
) -> Result<Micros> {
    let business = waba.business;
    let month = billable.month();
    let market = step.prices.market(billable.country);
    let before = step.tx.month_volume(business, &market, month)?;
    let price = step.prices.price(billable, before, Some(&waba.currency));
    step.tx.add_volume(business, &market, month, price.volume)?;
    step.tx.add_charge(&Charge {
        call: call.id.clone(),
        business,
        market: price.market.to_string(),
        month,
        tier: price.tier.to_string(),
        pulses: price.pulses,
        currency: price.currency.to_string(),
        per_minute: price.per_minute,
        cost: price.cost,
    })?;
    if price.tier_reached {
        tell_tier(step, number, &price, month)?;
    }
    Ok(price.cost)
}

/// The business is told that its calls cost less from now on.
fn tell_tier(step: &mut Step<'_>, number: &Number, price: &Price, month: Month) -> Result<()> {
    let body = webhook::tier_update(&TierUpdate {
        at: step.now,
        from_minute: price.tier.from_minute(),
        to_minute: price.tier.to_minute,
        month: month.to_string(),
        region: price.market.to_string(),
    });
    outbox::publish_to_all(step, number, "account_update", None, &body)
}

impl Platform {
    /// The price list.
    pub fn prices(&self) -> &Arc<PriceList> {
        &self.config().prices
    }

    /// What a call cost, if it was charged.
    pub fn charge(&self, call: &CallId) -> Result<Option<Charge>> {
        self.read(|rows| rows.charge(call))
    }

    /// Minutes of a month, market and portfolio that were charged, a started one counted.
    pub fn minutes_charged(&self, business: BusinessId, market: &str, month: Month) -> Result<u64> {
        let volume = self.read(|rows| rows.month_volume(business, market, month))?;
        Ok(volume.0.div_ceil(60))
    }
}
