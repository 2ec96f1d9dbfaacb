//! Entry after entry is laid over the seeded account.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;
use std::path::Path;

use ahoy_calling::account::{
    App, Business, Callback, MessagingLimit, Number, Scope, Subscription, Token, User, Waba,
};
use ahoy_calling::admin as rules;
use ahoy_calling::limits::{LimitTable, Profile};
use ahoy_calling::readings::HolidayRules;
use ahoy_calling::settings::{Asker, CallingSettings, SipPassword};
use ahoy_calling::simulated::Audio;
use ahoy_calling::template::{Status, Template, may_create};
use ahoy_platform::{Grant, Planting, draft_of};
use ahoy_types::{
    AppId, BusinessId, PhoneNumberId, RuleTime, TemplateId, TokenHash, TokenId, WaId, WabaId,
};
use ahoy_wire::Body;
use ahoy_wire::settings::SettingsChange;
use ahoy_wire::subscriptions::{FIELDS, SENT};
use ahoy_wire::templates::TemplateBody;
use serde_json::json;

use super::Checked;
use super::form::{
    AppEntry, BusinessEntry, CallbackEntry, NumberEntry, Permission, PermissionEntry,
    SubscriptionEntry, TemplateEntry, TokenEntry, UserEntry, WabaEntry,
};

/// First of the ids that tokens and templates of a seed file get.
const FIRST_TOKEN: u64 = 740_000_000_000_002;
const FIRST_TEMPLATE: u64 = 1_300_000_000_000_000;

/// The entries so far over the seeded account.
pub(super) struct Layer<'a> {
    pub(super) standard: Planting,
    pub(super) planting: &'a mut Planting,
    /// The seeded app: SIP servers are its own.
    pub(super) app: AppId,
    pub(super) folder: &'a Path,
}

/// Rows that entries name by an id.
trait Row: Clone + 'static {
    type Id: PartialEq + Display;
    fn id(&self) -> Self::Id;
    fn of(planting: &Planting) -> &[Self];
}

macro_rules! row {
    ($row:ty, $id:ident: $kind:ty, $rows:ident) => {
        impl Row for $row {
            type Id = $kind;
            fn id(&self) -> $kind {
                self.$id
            }
            fn of(planting: &Planting) -> &[Self] {
                &planting.$rows
            }
        }
    };
}
row!(Business, id: BusinessId, businesses);
row!(Waba, id: WabaId, wabas);
row!(App, id: AppId, apps);
row!(Number, id: PhoneNumberId, numbers);
row!(User, wa_id: WaId, users);

fn needed<T>(value: Option<T>, key: &str, what: &str) -> Checked<T> {
    value.ok_or_else(|| format!("{key}: {what} that the seeded account does not have needs it"))
}

fn distinct<T: Eq + Hash + Display>(list: &[T], key: &str) -> Checked<()> {
    let mut seen = HashSet::new();
    match list.iter().find(|item| !seen.insert(*item)) {
        Some(twice) => Err(format!("{key}: `{twice}` is named twice")),
        None => Ok(()),
    }
}

fn random_text() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn callback(entry: &CallbackEntry) -> Callback {
    Callback {
        url: entry.url.clone(),
        verify_token: entry.verify_token.clone(),
    }
}

impl Layer<'_> {
    /// What an entry begins with: nothing of this file may be named twice, what the seeded account has is changed.
    fn begun<R: Row>(&self, key: &str, id: R::Id) -> Checked<Option<R>> {
        if R::of(self.planting).iter().any(|row| row.id() == id) {
            return Err(format!("{key}: `{id}` is named twice"));
        }
        let mut standard = R::of(&self.standard).iter();
        Ok(standard.find(|row| row.id() == id).cloned())
    }

    /// The row an entry speaks of.
    fn known<R: Row>(&self, key: &str, id: R::Id) -> Checked<&R> {
        let mut all = R::of(self.planting).iter().chain(R::of(&self.standard));
        all.find(|row| row.id() == id)
            .ok_or_else(|| format!("{key}: there is no `{id}` in this file or the seeded account"))
    }

    pub(super) fn business(&mut self, entry: &BusinessEntry) -> Checked<()> {
        let before: Option<Business> = self.begun("id", entry.id)?;
        let name = entry
            .name
            .clone()
            .or(before.as_ref().map(|b| b.name.clone()));
        let contacts = entry.contacts.clone();
        self.planting.businesses.push(Business {
            id: entry.id,
            name: needed(name, "name", "a business")?,
            contact_book: (entry.contact_book)
                .or(before.as_ref().map(|b| b.contact_book))
                .unwrap_or(true),
            contacts: contacts.or(before.map(|b| b.contacts)).unwrap_or_default(),
        });
        Ok(())
    }

    pub(super) fn waba(&mut self, entry: &WabaEntry) -> Checked<()> {
        let before: Option<Waba> = self.begun("id", entry.id)?;
        let business = entry.business.or(before.as_ref().map(|w| w.business));
        let business = needed(business, "business", "an account")?;
        self.known::<Business>("business", business)?;
        let name = entry
            .name
            .clone()
            .or(before.as_ref().map(|w| w.name.clone()));
        let name = needed(name, "name", "an account")?;
        let mut waba = before.unwrap_or_else(|| Waba::new(entry.id, business, name.clone()));
        (waba.business, waba.name) = (business, name);
        if let Some(currency) = &entry.currency {
            waba.currency = rules::currency(currency).map_err(|e| e.to_string())?;
        }
        if let Some(zone) = &entry.timezone_id {
            waba.timezone_id = rules::timezone_id(zone).map_err(|e| e.to_string())?;
        }
        if let Some(zone) = &entry.time_zone {
            waba.zone = rules::time_zone(zone).map_err(|e| e.to_string())?;
        }
        self.planting.wabas.push(waba);
        Ok(())
    }

    pub(super) fn app(&mut self, entry: &AppEntry) -> Checked<()> {
        let before: Option<App> = self.begun("id", entry.id)?;
        let business = entry.business.or(before.as_ref().map(|a| a.business));
        let business = needed(business, "business", "an app")?;
        self.known::<Business>("business", business)?;
        let name = entry
            .name
            .clone()
            .or(before.as_ref().map(|a| a.name.clone()));
        let secret = entry
            .secret
            .clone()
            .or(before.as_ref().map(|a| a.secret.clone()));
        let fields = match &entry.fields {
            Some(fields) => {
                let other = fields.iter().find(|f| !FIELDS.contains(&f.as_str()));
                if let Some(other) = other {
                    let sent = SENT.join(", ");
                    return Err(format!(
                        "fields: `{other}` is none of {sent} and other webhook fields of an account"
                    ));
                }
                distinct(fields, "fields")?;
                fields.clone()
            }
            None => SENT.map(str::to_owned).to_vec(),
        };
        let own = entry.callback.as_ref().map(callback);
        self.planting.apps.push(App {
            id: entry.id,
            name: needed(name, "name", "an app")?,
            secret: needed(secret, "secret", "an app")?,
            business,
            callback: own.or(before.and_then(|a| a.callback)),
            fields,
        });
        Ok(())
    }

    pub(super) fn token(&mut self, entry: &TokenEntry) -> Checked<()> {
        if entry.token.is_empty() {
            return Err("token: it is empty".into());
        }
        let hash = TokenHash::of(&entry.token);
        let known = self.planting.tokens.iter().chain(&self.standard.tokens);
        if known.into_iter().any(|token| token.hash == hash) {
            return Err(format!("token: `{}` is taken", entry.token));
        }
        let app = self.known::<App>("app", entry.app)?;
        let business = app.business;
        let both = || Scope::WORDS.iter().map(|(_, scope)| *scope).collect();
        let n = self.planting.tokens.len() as u64;
        self.planting.tokens.push(Token {
            id: TokenId(FIRST_TOKEN + n),
            hash,
            name: entry
                .name
                .clone()
                .unwrap_or_else(|| "Of the seed file".into()),
            app: entry.app,
            business,
            scopes: entry.scopes.clone().unwrap_or_else(both),
            issued_at: RuleTime(0),
            expires_at: entry.expires_at,
            revoked_at: None,
        });
        Ok(())
    }

    pub(super) fn subscription(&mut self, entry: &SubscriptionEntry) -> Checked<()> {
        self.known::<Waba>("waba", entry.waba)?;
        self.known::<App>("app", entry.app)?;
        let twice = |s: &Subscription| s.waba == entry.waba && s.app == entry.app;
        if self.planting.subscriptions.iter().any(twice) {
            return Err(format!("app: `{}` is subscribed twice", entry.app));
        }
        self.planting.subscriptions.push(Subscription {
            waba: entry.waba,
            app: entry.app,
            callback: entry.callback.as_ref().map(callback),
        });
        Ok(())
    }

    pub(super) fn number(&mut self, entry: &NumberEntry) -> Checked<()> {
        let before: Option<Number> = self.begun("id", entry.id)?;
        let waba = entry.waba.or(before.as_ref().map(|n| n.waba));
        let waba = needed(waba, "waba", "a number")?;
        self.known::<Waba>("waba", waba)?;
        let digits = entry.number.or(before.as_ref().map(|n| n.number));
        let digits = needed(digits, "number", "a number")?;
        let others = self.planting.numbers.iter().chain(&self.standard.numbers);
        if let Some(other) = others
            .into_iter()
            .find(|n| n.number == digits && n.id != entry.id)
        {
            return Err(format!(
                "number: {digits} is the number of {} already",
                other.id
            ));
        }
        let name = entry.name.clone();
        let name = name.or(before.as_ref().map(|n| n.verified_name.clone()));
        let name = needed(name, "name", "a number")?;
        let mut row = before.unwrap_or_else(|| Number {
            id: entry.id,
            waba,
            number: digits,
            verified_name: String::new(),
            profile: Profile::Sandbox,
            messaging_limit: MessagingLimit::Tier2k,
            payment_valid: true,
            settings: CallingSettings::default(),
            registration: Default::default(),
            about: Default::default(),
            standing: Default::default(),
        });
        (row.waba, row.number, row.verified_name) = (waba, digits, name);
        row.profile = entry.profile.unwrap_or(row.profile);
        row.messaging_limit = entry.messaging_limit.unwrap_or(row.messaging_limit);
        row.payment_valid = entry.payment_valid.unwrap_or(row.payment_valid);
        if let Some(calling) = &entry.calling {
            row.settings = self.settings(&row, calling)?;
        }
        self.planting.numbers.push(row);
        Ok(())
    }

    /// Read and ruled on as if the business had sent them.
    fn settings(&self, number: &Number, calling: &toml::Table) -> Checked<CallingSettings> {
        let body = json!({ "calling": calling }).to_string();
        let change = Body::parse(Some("application/json"), body.as_bytes())
            .and_then(|body| SettingsChange::parse(&body))
            .map_err(|e| format!("calling: {}", e.details))?;
        let SettingsChange::Calling(patch) = change else {
            return Err("calling: settings of calls are expected".into());
        };
        let asker = Asker {
            app: self.app,
            password: SipPassword(random_text().map_err(|e| format!("calling: {e}"))?),
        };
        number
            .settings
            .patched(&patch, &asker, HolidayRules::Errors, RuleTime(0))
            .map_err(|e| format!("calling: {e}"))
    }

    pub(super) fn user(&mut self, entry: &UserEntry) -> Checked<()> {
        let before: Option<User> = self.begun("wa_id", entry.wa_id)?;
        let mut user = before.unwrap_or_else(|| User {
            wa_id: entry.wa_id,
            name: None,
            country: entry.wa_id.country(),
            behaviour: Some(Default::default()),
            identity: Default::default(),
            client: Default::default(),
            created_at: RuleTime(0),
        });
        if let Some(name) = &entry.name {
            user.name = Some(name.clone());
        }
        if let Some(country) = entry.country {
            user.country = Some(country);
        }
        if let Some(username) = &entry.username {
            user.identity.username = Some(username.clone()).filter(|u| !u.is_empty());
        }
        user.identity.hides_number = entry.hides_number.unwrap_or(user.identity.hides_number);
        if user.identity.hides_number && user.identity.username.is_none() {
            return Err("hides_number: only a user with a username can hide the number".into());
        }
        if let Some(behaviour) = &entry.behaviour {
            let mut behaviour = behaviour.clone();
            if let Audio::File { file, .. } = &mut behaviour.audio {
                *file = super::form::beside(self.folder, file);
            }
            user.behaviour = Some(behaviour);
        }
        self.planting.users.push(user);
        Ok(())
    }

    pub(super) fn permission(&mut self, entry: &PermissionEntry) -> Checked<()> {
        self.known::<Number>("number", entry.number)?;
        let pair =
            |(number, user, _): &(_, _, Grant)| *number == entry.number && *user == entry.user;
        if self.planting.permissions.iter().any(pair) {
            return Err(format!(
                "user: `{}` is named twice for this number",
                entry.user
            ));
        }
        let grant = match entry.permission {
            Permission::Temporary => Grant::Temporary,
            Permission::Permanent => Grant::Permanent,
        };
        self.planting
            .permissions
            .push((entry.number, entry.user, grant));
        Ok(())
    }

    /// Read, ruled on and reviewed as if the business had sent it.
    pub(super) fn template(&mut self, entry: &TemplateEntry) -> Checked<()> {
        self.known::<Waba>("waba", entry.waba)?;
        let body = json!(entry.body).to_string();
        let draft = Body::parse(Some("application/json"), body.as_bytes())
            .and_then(|body| TemplateBody::parse(&body))
            .map(draft_of)
            .map_err(|e| format!(": {}", e.details))?;
        let others = &self.planting.templates;
        let of_waba: Vec<Template> = others
            .iter()
            .filter(|t| t.waba == entry.waba)
            .cloned()
            .collect();
        let limits = LimitTable::default().templates;
        may_create(&draft, &of_waba, &limits).map_err(|e| format!(": {e}"))?;
        let id = TemplateId(FIRST_TEMPLATE + others.len() as u64);
        let mut template = Template::new(id, entry.waba, draft, RuleTime(0));
        template.reviewed(template.revision, &of_waba);
        if template.status != Status::Approved {
            return Err(format!(
                ": the review of `{}` ends with {}",
                template.draft.name,
                template.status.as_str()
            ));
        }
        self.planting.templates.push(template);
        Ok(())
    }
}
