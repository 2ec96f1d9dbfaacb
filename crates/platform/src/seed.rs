//! What a fresh data folder of `dev` and `demo` holds (`contract.md` §2).

use ahoy_calling::account::{
    App, Business, Callback, MessagingLimit, Number, Scope, Subscription, Token, User, Waba,
};
use ahoy_calling::limits::Profile;
use ahoy_calling::settings::{CallingSettings, Switch};
use ahoy_calling::simulated::Behaviour;
use ahoy_calling::template::Template;
use ahoy_store::Result;
use ahoy_types::{AppId, BusinessId, PhoneNumberId, RuleTime, TokenHash, TokenId, WaId, WabaId};
use ahoy_wire::subscriptions::SENT;

use crate::ledger::Step;
use crate::platform::Platform;
use crate::sandbox::Grant;
use crate::{account, finish};

/// Key of the mark that a store was planted.
pub(crate) const SEEDED_KEY: &str = "seeded";
/// Id of the seeded access token.
const TOKEN_ID: TokenId = TokenId(740_000_000_000_001);
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
    /// What is laid over all this: a row with the id of another one takes its place.
    pub file: Planting,
}

/// Rows to be planted. Instants at which something came to be are those of the planting.
#[derive(Debug, Clone, Default)]
pub struct Planting {
    /// Portfolios.
    pub businesses: Vec<Business>,
    /// Accounts.
    pub wabas: Vec<Waba>,
    /// Apps.
    pub apps: Vec<App>,
    /// Access tokens.
    pub tokens: Vec<Token>,
    /// Subscriptions of apps to accounts.
    pub subscriptions: Vec<Subscription>,
    /// Numbers.
    pub numbers: Vec<Number>,
    /// Users.
    pub users: Vec<User>,
    /// What users let numbers do; nobody is told of it.
    pub permissions: Vec<(PhoneNumberId, WaId, Grant)>,
    /// Templates.
    pub templates: Vec<Template>,
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
            file: Planting::default(),
        }
    }
}

impl Platform {
    /// Plants the seed into a store that has none yet, and says whether it did; what is there stays.
    pub async fn plant(&self, seed: &Seed) -> Result<bool> {
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

impl Seed {
    /// The numbers, those of the file among them.
    pub fn all_numbers(&self) -> Vec<Number> {
        let mut all = self.rows().numbers;
        all.retain(|row| self.file.numbers.iter().all(|other| other.id != row.id));
        all.extend(self.file.numbers.iter().cloned());
        all
    }

    /// The users, those of the file among them.
    pub fn all_users(&self) -> Vec<User> {
        let mut all = self.rows().users;
        all.retain(|row| self.file.users.iter().all(|other| other.wa_id != row.wa_id));
        all.extend(self.file.users.iter().cloned());
        all
    }

    /// The rows of the seeded account, without those of the file.
    pub fn rows(&self) -> Planting {
        let number = |number: &SeedNumber| {
            let status = if number.calling {
                Switch::Enabled
            } else {
                Switch::Disabled
            };
            Number {
                id: number.id,
                waba: self.waba,
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
            }
        };
        let user = |(wa_id, name): &(WaId, String)| User {
            wa_id: *wa_id,
            name: Some(name.clone()),
            country: wa_id.country(),
            behaviour: Some(Behaviour::default()),
            identity: Default::default(),
            client: Default::default(),
            created_at: RuleTime::default(),
        };
        Planting {
            businesses: vec![Business {
                id: self.business,
                name: "Harbour Café Ltd".into(),
                contacts: vec!["owner@harbour.example".into()],
                contact_book: true,
            }],
            wabas: vec![Waba::new(self.waba, self.business, "Harbour Café")],
            apps: vec![App {
                id: self.app,
                name: "Harbour Voice".into(),
                secret: self.app_secret.clone(),
                business: self.business,
                callback: None,
                fields: SENT.map(str::to_owned).to_vec(),
            }],
            tokens: vec![Token {
                id: TOKEN_ID,
                hash: TokenHash::of(&self.token),
                name: "Seeded token".into(),
                app: self.app,
                business: self.business,
                scopes: vec![
                    Scope::WhatsappBusinessManagement,
                    Scope::WhatsappBusinessMessaging,
                ],
                issued_at: RuleTime::default(),
                expires_at: None,
                revoked_at: None,
            }],
            subscriptions: vec![Subscription {
                waba: self.waba,
                app: self.app,
                callback: None,
            }],
            numbers: self.numbers.iter().map(number).collect(),
            users: self.users.iter().map(user).collect(),
            permissions: self.first_callable().into_iter().collect(),
            templates: Vec::new(),
        }
    }

    /// The second customer has let the first number call: an outgoing call has somebody to ring from the first minute on.
    fn first_callable(&self) -> Option<(PhoneNumberId, WaId, Grant)> {
        let (number, (user, _)) = (self.numbers.first()?, self.users.get(1)?);
        Some((number.id, *user, Grant::Permanent))
    }
}

/// Plants the seed unless that was done before; says whether it did.
pub(crate) fn plant(step: &mut Step<'_>, seed: &Seed) -> Result<bool> {
    if step.tx.meta(SEEDED_KEY)?.is_some() {
        return Ok(false);
    }
    put(step, seed.rows())?;
    put(step, seed.file.clone())?;
    step.tx.put_meta(SEEDED_KEY, "1")?;
    Ok(true)
}

fn put(step: &mut Step<'_>, rows: Planting) -> Result<()> {
    let now = step.now;
    for row in &rows.businesses {
        step.tx.put_business(row)?;
    }
    for row in &rows.wabas {
        step.tx.put_waba(row)?;
    }
    for row in &rows.apps {
        step.tx.put_app(row)?;
    }
    for mut row in rows.tokens {
        row.issued_at = now;
        step.tx.put_token(&row)?;
    }
    for row in &rows.subscriptions {
        step.tx.put_subscription(row)?;
    }
    for row in &rows.numbers {
        step.tx.put_number(row)?;
    }
    for mut row in rows.users {
        row.created_at = now;
        step.tx.put_user(&row)?;
    }
    for mut row in rows.templates {
        row.created_at = now;
        step.tx.put_template(&row)?;
    }
    for (number, user, grant) in rows.permissions {
        account::ensure_user(step, user)?;
        let row = finish::number_of(step, number)?;
        let limits = step.limits.of(row.profile);
        let mut pair = step.tx.pair(number, user)?;
        match grant {
            Grant::Temporary => drop(pair.grant_temporary(limits, now)),
            Grant::Permanent => pair.grant_permanent(),
            Grant::Revoke => pair.revoke(),
        }
        step.tx.put_pair(number, user, &pair)?;
    }
    Ok(())
}
