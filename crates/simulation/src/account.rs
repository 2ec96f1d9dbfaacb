//! Who is who in a story: one account, two numbers, two receivers, some users, and limits small enough to be met.

use std::sync::{Arc, OnceLock};

use ahoy_calling::account::{App, Callback, Subscription};
use ahoy_calling::limits::LimitTable;
use ahoy_calling::price::PriceList;
use ahoy_calling::simulated::{Audio, Behaviour, OnRing};
use ahoy_media::MediaConfig;
use ahoy_platform::{PHONE_MEDIA_WAIT, PlatformConfig, Seed};
use ahoy_store::StoreError;
use ahoy_types::AppId;

use crate::act::{USERS, name};
use crate::breach::Held;
use crate::world::{RECEIVERS, World, wa_id};

/// The limits of the stories: small, so that they are met.
pub fn limits() -> LimitTable {
    let mut table = LimitTable::default();
    table.sandbox.concurrent_calls = 3;
    table.sandbox.connects_per_day = 6;
    table.sandbox.connected_per_day = 2;
    table.sandbox.requests_per_day = 2;
    table.sandbox.requests_per_week = 3;
    table.production.concurrent_calls = 2;
    table.production.connects_per_day = 3;
    table.production.connected_per_day = 1;
    table
}

/// The price list, read once.
pub fn prices() -> Arc<PriceList> {
    static PRICES: OnceLock<Arc<PriceList>> = OnceLock::new();
    let read =
        || Arc::new(PriceList::published().unwrap_or_else(|e| panic!("the price list: {e}")));
    PRICES.get_or_init(read).clone()
}

pub(crate) fn config() -> PlatformConfig {
    PlatformConfig {
        limits: limits(),
        prices: prices(),
        create_users: false,
        phone_media_wait: PHONE_MEDIA_WAIT,
        media: MediaConfig::default(),
    }
}

impl World {
    /// The second receiver, which no seed knows of.
    pub(crate) fn add_receiver(&self) -> Held {
        let (app, subscription) = receiver_rows(RECEIVERS[1]);
        let mut store = self.disk.open()?;
        store.batch(&mut |batch| {
            batch.savepoint(&mut |tx| {
                tx.put_app(&app)?;
                tx.put_subscription(&subscription)?;
                Ok(true)
            })
        })?;
        Ok(())
    }

    /// Who is who.
    pub(crate) fn settle_down(&mut self) -> Held {
        let seed = Seed {
            users: (0..USERS).map(|u| (wa_id(u), name(u).to_owned())).collect(),
            numbers: Seed::default()
                .numbers
                .into_iter()
                .map(|mut number| {
                    number.calling = true;
                    number
                })
                .collect(),
            ..Seed::default()
        };
        let platform = self.platform()?;
        let planted = self.ask(async move {
            platform.plant(&seed).await?;
            let callback = callback(RECEIVERS[0]);
            platform
                .offer_callback(RECEIVERS[0], callback, OURS)
                .await?;
            for user in 0..USERS {
                let quiet = |user: &mut ahoy_calling::account::User| {
                    user.behaviour = Some(Behaviour {
                        on_ring: OnRing::Manual,
                        audio: Audio::Silence { silence: true },
                        ..Behaviour::default()
                    });
                };
                platform.change_user(wa_id(user), quiet).await?;
            }
            Ok::<_, StoreError>(())
        })?;
        planted.unwrap_or(Ok(()))?;
        self.authenticate()
    }
}

/// The verify token of the invented callbacks.
const OURS: &str = "invented";

fn callback(app: AppId) -> Callback {
    Callback {
        url: format!("https://receiver.example/{app}"),
        verify_token: OURS.into(),
    }
}

/// Rows of a receiver that is subscribed to everything.
fn receiver_rows(app: AppId) -> (App, Subscription) {
    let seed = Seed::default();
    let row = App {
        id: app,
        name: format!("Receiver {app}"),
        secret: seed.app_secret,
        business: seed.business,
        callback: Some(callback(app)),
        fields: [
            "account_settings_update",
            "account_update",
            "calls",
            "messages",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    let subscription = Subscription {
        waba: seed.waba,
        app,
        callback: None,
    };
    (row, subscription)
}
