//! Who is who: portfolios, WABAs, numbers, apps, tokens, users.

use ahoy_types::{
    AppId, BusinessId, Country, PhoneNumberId, RuleTime, TokenHash, TokenId, WaId, WabaId,
};
use serde::{Deserialize, Serialize};

use crate::about::About;
use crate::calendar::Zone;
use crate::identity::{Client, Identity};
use crate::limits::Profile;
use crate::registration::Registration;
use crate::settings::CallingSettings;
use crate::simulated::Behaviour;
use crate::standing::Standing;

/// A business portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Business {
    /// Its id.
    pub id: BusinessId,
    /// Its name.
    pub name: String,
    /// Mail addresses of those who are told when the platform warns or restricts a number.
    pub contacts: Vec<String>,
    /// Whether it keeps a contact book (`rules.md` §8): numbers of users it once met stay visible to it.
    pub contact_book: bool,
}

/// A WhatsApp Business Account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waba {
    /// Its id.
    pub id: WabaId,
    /// The portfolio that owns it.
    pub business: BusinessId,
    /// Its name.
    pub name: String,
    /// What its charges are counted in, as ISO 4217 writes it.
    pub currency: String,
    /// Number of its time zone in the reference's list; `0` stands for none set.
    pub timezone_id: String,
    /// The clock by which its days and months are counted.
    pub zone: Zone,
}

impl Waba {
    /// An account that counts in US dollars, without a time zone.
    pub fn new(id: WabaId, business: BusinessId, name: impl Into<String>) -> Self {
        Self {
            id,
            business,
            name: name.into(),
            currency: "USD".to_owned(),
            timezone_id: "0".to_owned(),
            zone: Zone::utc(),
        }
    }
}

/// How many conversations a day a number may open (`graph-api.md` §7). The order is the order of size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessagingLimit {
    /// 250 a day.
    #[serde(rename = "TIER_250")]
    Tier250,
    /// 2,000 a day: from here on calling can be enabled.
    #[serde(rename = "TIER_2K")]
    Tier2k,
    /// 10,000 a day.
    #[serde(rename = "TIER_10K")]
    Tier10k,
    /// 100,000 a day.
    #[serde(rename = "TIER_100K")]
    Tier100k,
    /// No limit.
    TierUnlimited,
}

impl MessagingLimit {
    /// Every limit with its word on the wire.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("TIER_250", Self::Tier250),
        ("TIER_2K", Self::Tier2k),
        ("TIER_10K", Self::Tier10k),
        ("TIER_100K", Self::Tier100k),
        ("TIER_UNLIMITED", Self::TierUnlimited),
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tier250 => "TIER_250",
            Self::Tier2k => "TIER_2K",
            Self::Tier10k => "TIER_10K",
            Self::Tier100k => "TIER_100K",
            Self::TierUnlimited => "TIER_UNLIMITED",
        }
    }
}

/// A business phone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The node's id.
    pub id: PhoneNumberId,
    /// The WABA it belongs to.
    pub waba: WabaId,
    /// The number itself.
    pub number: WaId,
    /// The name shown on the user's phone.
    pub verified_name: String,
    /// Which limits hold for it.
    pub profile: Profile,
    /// Its messaging limit.
    pub messaging_limit: MessagingLimit,
    /// Whether the WABA can pay for calls.
    pub payment_valid: bool,
    /// Its calling settings.
    pub settings: CallingSettings,
    /// Whether it is registered.
    pub registration: Registration,
    /// Its public face.
    pub about: About,
    /// Warnings and restrictions.
    pub standing: Standing,
}

/// An app: the holder of tokens and receiver of webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its name.
    pub name: String,
    /// The key of every webhook signature.
    pub secret: String,
    /// The portfolio that owns it.
    pub business: BusinessId,
    /// Where its webhooks go, once set.
    pub callback: Option<Callback>,
    /// The webhook fields it asked for, sorted.
    pub fields: Vec<String>,
}

/// A callback address and the token its verification used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Absolute http or https URL.
    pub url: String,
    /// The verify token given with it.
    pub verify_token: String,
}

/// An app's subscription to a WABA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The WABA.
    pub waba: WabaId,
    /// The app.
    pub app: AppId,
    /// Where this WABA's webhooks go instead of the app's callback.
    pub callback: Option<Callback>,
}

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Calls, messages, media.
    WhatsappBusinessMessaging,
    /// Settings, WABAs, templates.
    WhatsappBusinessManagement,
}

impl Scope {
    /// Every scope with its word on the wire.
    pub const WORDS: [(&'static str, Self); 2] = [
        (
            "whatsapp_business_management",
            Self::WhatsappBusinessManagement,
        ),
        (
            "whatsapp_business_messaging",
            Self::WhatsappBusinessMessaging,
        ),
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhatsappBusinessMessaging => "whatsapp_business_messaging",
            Self::WhatsappBusinessManagement => "whatsapp_business_management",
        }
    }
}

/// An access token, stored by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id, for lists and revocation.
    pub id: TokenId,
    /// SHA-256 of the token.
    pub hash: TokenHash,
    /// What it is for.
    pub name: String,
    /// The app it was issued for.
    pub app: AppId,
    /// The portfolio whose objects it reaches.
    pub business: BusinessId,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it was issued.
    pub issued_at: RuleTime,
    /// When it ends; `None` never.
    pub expires_at: Option<RuleTime>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<RuleTime>,
}

/// A user of the platform: a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// The number.
    pub wa_id: WaId,
    /// The profile name; webhooks fall back to the number where there is none.
    pub name: Option<String>,
    /// The country, by number unless set.
    pub country: Option<Country>,
    /// How the simulated phone behaves; `None` for people with a real one.
    pub behaviour: Option<Behaviour>,
    /// What businesses see of the user.
    pub identity: Identity,
    /// What the user's phone is like.
    pub client: Client,
    /// When it was first seen.
    pub created_at: RuleTime,
}

impl User {
    /// The name webhooks carry.
    pub fn display_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.wa_id.to_string())
    }
}
