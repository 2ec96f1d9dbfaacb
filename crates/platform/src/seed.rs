//! What a fresh data folder of `dev` and `demo` holds (`contract.md` §2).

use ahoy_calling::account::{
    App, Business, Callback, MessagingLimit, Number, Scope, Subscription, Token, User, Waba,
};
use ahoy_calling::limits::Profile;
use ahoy_calling::settings::{CallingSettings, Switch};
use ahoy_calling::simulated::Behaviour;
use ahoy_store::Result;
use ahoy_types::{AppId, BusinessId, PhoneNumberId, TokenHash, TokenId, WaId, WabaId};

use crate::ledger::Step;
use crate::platform::Platform;

/// Key of the mark that a store was planted.
pub(crate) const SEEDED_KEY: &str = "seeded";
/// Id of the seeded access token.
const TOKEN_ID: TokenId = TokenId(740_000_000_000_001);
/// The webhook fields the seeded app is subscribed to: every one there is.
const EVERY_FIELD: [&str; 5] = [
    "account_settings_update",
    "account_update",
    "calls",
    "message_template_status_update",
    "messages",
];

/// A seeded business number.
#[derive(Debug, Clone)]
pub struct SeedNumber {
    /// Node id.
    pub id: PhoneNumberId,
    /// The number.
    pub number: WaId,
    /// The name on the user's phone.
    pub name: String,
    /// Its limits.
    pub profile: Profile,
    /// Whether it takes calls from the start.
    pub calling: bool,
}

/// The seeded account.
#[derive(Debug, Clone)]
pub struct Seed {
    /// App id.
    pub app: AppId,
    /// App secret.
    pub app_secret: String,
    /// Access token with both permissions, never expiring.
    pub token: String,
    /// Portfolio.
    pub business: BusinessId,
    /// WABA.
    pub waba: WabaId,
    /// Numbers.
    pub numbers: Vec<SeedNumber>,
    /// Simulated users with their names.
    pub users: Vec<(WaId, String)>,
}

impl Default for Seed {
    fn default() -> Self {
        let number = |id, digits, name: &str, profile, calling| SeedNumber {
            id: PhoneNumberId(id),
            number: WaId::from_u64(digits),
            name: name.to_owned(),
            profile,
            calling,
        };
        Self {
            app: AppId(900_100_200_300),
            app_secret: "ahoy-dev-secret".into(),
            token: "ahoy-dev-token".into(),
            business: BusinessId(730_000_000_000_001),
            waba: WabaId(720_000_000_000_001),
            numbers: vec![
                number(
                    710_000_000_000_001,
                    442_079_460_000,
                    "Harbour Café",
                    Profile::Sandbox,
                    true,
                ),
                number(
                    710_000_000_000_002,
                    442_079_460_001,
                    "Harbour Café (production rules)",
                    Profile::Production,
                    false,
                ),
            ],
            users: vec![
                (WaId::from_u64(447_700_900_001), "Ana".into()),
                (WaId::from_u64(447_700_900_002), "Ben".into()),
            ],
        }
    }
}

impl Platform {
    /// Plants the seed into a store that has none yet; what is there stays.
    pub async fn plant(&self, seed: &Seed) -> Result<()> {
        let seed = seed.clone();
        self.ledger().execute(move |step| plant(step, &seed)).await
    }

    /// Points the app to a callback that needs no verification because it runs in this very process, unless a
    /// client has set its own.
    pub async fn offer_callback(&self, app: AppId, callback: Callback, ours: &str) -> Result<bool> {
        let ours = ours.to_owned();
        self.ledger()
            .execute(move |step| {
                let Some(mut row) = step.tx.app(app)? else {
                    return Ok(false);
                };
                // A callback with the agent's own verify token is a former run's agent: it moved to a new port.
                let free = row.callback.as_ref().is_none_or(|c| c.verify_token == ours);
                if free {
                    row.callback = Some(callback);
                    step.tx.put_app(&row)?;
                }
                Ok(free)
            })
            .await
    }
}

/// The rows of the seed.
pub(crate) fn plant(step: &mut Step<'_>, seed: &Seed) -> Result<()> {
    if step.tx.meta(SEEDED_KEY)?.is_some() {
        return Ok(());
    }
    let now = step.now;
    step.tx.put_business(&Business {
        id: seed.business,
        name: "Harbour Café Ltd".into(),
        contacts: vec!["owner@harbour.example".into()],
    })?;
    step.tx
        .put_waba(&Waba::new(seed.waba, seed.business, "Harbour Café"))?;
    step.tx.put_app(&App {
        id: seed.app,
        name: "Harbour Voice".into(),
        secret: seed.app_secret.clone(),
        business: seed.business,
        callback: None,
        fields: EVERY_FIELD.map(str::to_owned).to_vec(),
    })?;
    step.tx.put_token(&Token {
        id: TOKEN_ID,
        hash: TokenHash::of(&seed.token),
        name: "Seeded token".into(),
        app: seed.app,
        business: seed.business,
        scopes: vec![
            Scope::WhatsappBusinessManagement,
            Scope::WhatsappBusinessMessaging,
        ],
        issued_at: now,
        expires_at: None,
        revoked_at: None,
    })?;
    step.tx.put_subscription(&Subscription {
        waba: seed.waba,
        app: seed.app,
        callback: None,
    })?;
    for number in &seed.numbers {
        let status = if number.calling {
            Switch::Enabled
        } else {
            Switch::Disabled
        };
        step.tx.put_number(&Number {
            id: number.id,
            waba: seed.waba,
            number: number.number,
            verified_name: number.name.clone(),
            profile: number.profile,
            messaging_limit: MessagingLimit::Tier2k,
            payment_valid: true,
            settings: CallingSettings {
                status,
                ..Default::default()
            },
            registration: Default::default(),
            about: Default::default(),
            standing: Default::default(),
        })?;
    }
    for (wa_id, name) in &seed.users {
        step.tx.put_user(&User {
            wa_id: *wa_id,
            name: Some(name.clone()),
            country: wa_id.country(),
            behaviour: Some(Behaviour::default()),
            identity: Default::default(),
            client: Default::default(),
            created_at: now,
        })?;
    }
    step.tx.put_meta(SEEDED_KEY, "1")
}
