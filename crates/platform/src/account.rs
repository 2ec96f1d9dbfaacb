//! Who asks, what they may see, and the objects that are theirs: tokens, apps, subscriptions, settings, users.

use ahoy_calling::Refusal;
use ahoy_calling::account::{App, Business, Callback, Number, Scope, Subscription, User, Waba};
use ahoy_calling::limits::Profile;
use ahoy_calling::media::MediaFile;
use ahoy_calling::simulated::Behaviour;
use ahoy_calling::template::Template;
use ahoy_store::{NumberOverride, Page, Result as StoreResult, Rows};
use ahoy_types::{
    AppId, BusinessId, MediaId, PhoneNumberId, RuleTime, TemplateId, TokenHash, WaId, WabaId,
};

use ahoy_wire::webhook::proof_fits;

use crate::business::internal;
use crate::ledger::Step;
use crate::platform::Platform;

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The app the token belongs to.
    pub app: AppId,
    /// The portfolio whose objects it reaches.
    pub business: BusinessId,
    /// What it allows; an app token allows nothing but the app's own edges.
    pub scopes: Vec<Scope>,
    /// Whether it is an app token (`APPID|SECRET`).
    pub app_token: bool,
    /// When it was issued.
    pub issued_at: RuleTime,
    /// When it ends; `None` never.
    pub expires_at: Option<RuleTime>,
    /// The id that the answer to this request carries, for the log of calls; the edge sets it.
    pub request: Option<String>,
}

impl Caller {
    /// Refuses a token that lacks the permission.
    pub fn need(&self, scope: Scope) -> Result<(), Refusal> {
        if self.scopes.contains(&scope) {
            Ok(())
        } else {
            Err(Refusal::MissingScope(scope.as_str()))
        }
    }
}

/// Why a token is no good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Nobody issued it, or the secret of an app token is wrong.
    #[error("the access token is not valid")]
    Unknown,
    /// It has ended.
    #[error("the access token expired at {}", .0.secs())]
    Expired(RuleTime),
    /// It was taken back.
    #[error("the access token was revoked at {}", .0.secs())]
    Revoked(RuleTime),
    /// The store failed.
    #[error("{0}")]
    Internal(String),
}

/// What an id of the Graph stands for, as far as the caller may know.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A business portfolio.
    Business(Business),
    /// A phone number.
    Number(Box<Number>),
    /// A WABA.
    Waba(Waba),
    /// An app.
    App(App),
    /// A message template.
    Template(Template),
    /// A media file whose time is not over.
    Media(MediaFile),
}

/// A callback whose verification GET was answered rightly; only whoever asked it can make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified(pub Callback);

impl Platform {
    /// Who this token belongs to.
    pub fn authenticate(&self, token: &str) -> Result<Caller, AuthError> {
        let broken = |e: ahoy_store::StoreError| AuthError::Internal(e.to_string());
        if let Some((id, secret)) = token.split_once('|') {
            let id: AppId = id.parse().map_err(|_| AuthError::Unknown)?;
            let app = self
                .read(|rows| rows.app(id))
                .map_err(broken)?
                .ok_or(AuthError::Unknown)?;
            // Hashes are compared, so that the time it takes tells nothing about the secret.
            if TokenHash::of(&app.secret) != TokenHash::of(secret) {
                return Err(AuthError::Unknown);
            }
            return Ok(Caller {
                app: app.id,
                business: app.business,
                scopes: Vec::new(),
                app_token: true,
                issued_at: RuleTime(0),
                expires_at: None,
                request: None,
            });
        }
        let hash = TokenHash::of(token);
        let token = self
            .read(|rows| rows.token(&hash))
            .map_err(broken)?
            .ok_or(AuthError::Unknown)?;
        if let Some(at) = token.revoked_at {
            return Err(AuthError::Revoked(at));
        }
        match token.expires_at {
            Some(at) if at <= self.clock().now() => Err(AuthError::Expired(at)),
            expires_at => Ok(Caller {
                app: token.app,
                business: token.business,
                scopes: token.scopes,
                app_token: false,
                issued_at: token.issued_at,
                expires_at,
                request: None,
            }),
        }
    }

    /// The object behind an id, if it is the caller's.
    pub fn node(&self, caller: &Caller, id: u64) -> Result<Option<Node>, Refusal> {
        let now = self.clock().now();
        let found = self
            .read(|rows| {
                if let Some(number) = rows.number(PhoneNumberId(id))? {
                    let owner = rows.waba(number.waba)?.map(|w| w.business);
                    return Ok(owner.map(|o| (o, Node::Number(Box::new(number)))));
                }
                if let Some(waba) = rows.waba(WabaId(id))? {
                    return Ok(Some((waba.business, Node::Waba(waba))));
                }
                if let Some(business) = rows.business(BusinessId(id))? {
                    return Ok(Some((business.id, Node::Business(business))));
                }
                if let Some(app) = rows.app(AppId(id))? {
                    return Ok(Some((app.business, Node::App(app))));
                }
                if let Some(template) = rows.template(TemplateId(id))? {
                    let owner = rows.waba(template.waba)?.map(|w| w.business);
                    return Ok(owner.map(|o| (o, Node::Template(template))));
                }
                let Some(file) = rows.media(MediaId(id))?.filter(|file| file.there(now)) else {
                    return Ok(None);
                };
                let owner = match rows.number(file.number)? {
                    Some(number) => rows.waba(number.waba)?.map(|w| w.business),
                    None => None,
                };
                Ok(owner.map(|o| (o, Node::Media(file))))
            })
            .map_err(internal)?;
        Ok(found.and_then(|(owner, node)| (owner == caller.business).then_some(node)))
    }

    /// A number, if it is the caller's.
    pub fn number_for(&self, caller: &Caller, id: PhoneNumberId) -> Result<Number, Refusal> {
        match self.node(caller, id.0)? {
            Some(Node::Number(number)) => Ok(*number),
            _ => Err(Refusal::NoSuchObject(id.to_string())),
        }
    }

    /// A WABA, if it is the caller's.
    pub fn waba_for(&self, caller: &Caller, id: WabaId) -> Result<Waba, Refusal> {
        match self.node(caller, id.0)? {
            Some(Node::Waba(waba)) => Ok(waba),
            _ => Err(Refusal::NoSuchObject(id.to_string())),
        }
    }

    /// An app, if it is the caller's own.
    pub fn app_for(&self, caller: &Caller, id: AppId) -> Result<App, Refusal> {
        match self.node(caller, id.0)? {
            Some(Node::App(app)) if app.id == caller.app => Ok(app),
            _ => Err(Refusal::NoSuchObject(id.to_string())),
        }
    }

    /// Whether this is the app-secret proof of the caller's token (`graph-api.md` §1.2).
    ///
    /// # Errors
    /// The store cannot be read, or the caller's app is gone.
    pub fn proof_fits(&self, caller: &Caller, token: &str, proof: &str) -> Result<bool, AuthError> {
        let app = self
            .read(|rows| rows.app(caller.app))
            .map_err(|e| AuthError::Internal(e.to_string()))?
            .ok_or(AuthError::Unknown)?;
        Ok(proof_fits(&app.secret, token, proof))
    }

    /// Numbers of a WABA by ascending id.
    pub fn numbers_of(
        &self,
        caller: &Caller,
        waba: WabaId,
        page: Page<PhoneNumberId>,
    ) -> Result<Vec<Number>, Refusal> {
        self.waba_for(caller, waba)?;
        self.read(|rows| rows.numbers_of(waba, page))
            .map_err(internal)
    }

    /// Sets an app's callback and webhook fields.
    pub async fn subscribe_fields(
        &self,
        caller: &Caller,
        app: AppId,
        callback: Verified,
        fields: Vec<String>,
    ) -> Result<(), Refusal> {
        self.app_for(caller, app)?;
        self.change_app(app, move |app| {
            app.callback = Some(callback.0);
            app.fields = fields;
            app.fields.sort();
            app.fields.dedup();
        })
        .await
    }

    /// Takes fields away from an app's subscription; without a list, all of it goes.
    pub async fn unsubscribe_fields(
        &self,
        caller: &Caller,
        app: AppId,
        fields: Option<Vec<String>>,
    ) -> Result<(), Refusal> {
        self.app_for(caller, app)?;
        self.change_app(app, move |app| match fields {
            Some(gone) => app.fields.retain(|f| !gone.contains(f)),
            None => {
                app.fields.clear();
                app.callback = None;
            }
        })
        .await
    }

    async fn change_app(
        &self,
        id: AppId,
        change: impl FnOnce(&mut App) + Send + 'static,
    ) -> Result<(), Refusal> {
        self.ledger()
            .execute(move |step| {
                let app = step.tx.app(id).map_err(internal)?;
                let mut app = app.ok_or_else(|| Refusal::NoSuchObject(id.to_string()))?;
                change(&mut app);
                step.tx.put_app(&app).map_err(internal)
            })
            .await
    }

    /// Subscribes the caller's app to a WABA, with an override or without.
    pub async fn subscribe_waba(
        &self,
        caller: &Caller,
        waba: WabaId,
        callback: Option<Verified>,
    ) -> Result<(), Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        self.waba_for(caller, waba)?;
        let row = Subscription {
            waba,
            app: caller.app,
            callback: callback.map(|v| v.0),
        };
        self.ledger()
            .execute(move |step| step.tx.put_subscription(&row).map_err(internal))
            .await
    }

    /// Ends the caller's app's subscription to a WABA.
    pub async fn unsubscribe_waba(&self, caller: &Caller, waba: WabaId) -> Result<(), Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        self.waba_for(caller, waba)?;
        let app = caller.app;
        self.ledger()
            .execute(move |step| step.tx.delete_subscription(waba, app).map_err(internal))
            .await
            .map(|_| ())
    }

    /// Apps subscribed to a WABA, with their overrides.
    pub fn subscriptions(
        &self,
        caller: &Caller,
        waba: WabaId,
    ) -> Result<Vec<(App, Subscription)>, Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        self.waba_for(caller, waba)?;
        self.read(|rows| {
            let mut list = Vec::new();
            for subscription in rows.subscriptions(waba)? {
                if let Some(app) = rows.app(subscription.app)? {
                    list.push((app, subscription));
                }
            }
            Ok(list)
        })
        .map_err(internal)
    }

    /// Sets or removes the caller's app's override on a number.
    pub async fn override_number(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        callback: Option<Verified>,
    ) -> Result<(), Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        let number = self.number_for(caller, number)?.id;
        let app = caller.app;
        self.ledger()
            .execute(move |step| match callback {
                Some(Verified(callback)) => step
                    .tx
                    .put_number_override(&NumberOverride {
                        number,
                        app,
                        callback,
                    })
                    .map_err(internal),
                None => step
                    .tx
                    .delete_number_override(number, app)
                    .map(|_| ())
                    .map_err(internal),
            })
            .await
    }

    /// Where a number's webhooks go: by its own override, the WABA's, the app's callback, in that order of use.
    pub fn webhook_configuration(
        &self,
        caller: &Caller,
        number: &Number,
    ) -> Result<[Option<String>; 3], Refusal> {
        let app = caller.app;
        self.read(|rows| {
            let of_number = rows
                .number_override(number.id, app)?
                .map(|o| o.callback.url);
            let of_waba = rows
                .subscriptions(number.waba)?
                .into_iter()
                .find(|s| s.app == app)
                .and_then(|s| s.callback)
                .map(|c| c.url);
            let of_app = rows.app(app)?.and_then(|a| a.callback).map(|c| c.url);
            Ok([of_number, of_waba, of_app])
        })
        .map_err(internal)
    }
}

/// Whether a number may reach a user at all: a test number only those on its allow-list (`rules.md` §9).
pub(crate) fn reachable(rows: &mut dyn Rows, number: &Number, user: WaId) -> StoreResult<bool> {
    match number.profile {
        Profile::Test => rows.allow_listed(number.id, user),
        Profile::Production | Profile::Sandbox => Ok(true),
    }
}

/// Creates a user on first use, with a simulated phone that answers.
pub(crate) fn ensure_user(step: &mut Step<'_>, wa_id: WaId) -> StoreResult<()> {
    if step.tx.user(wa_id)?.is_some() {
        return Ok(());
    }
    step.tx.put_user(&new_user(wa_id, step.now))
}

/// A user nobody has set anything of.
pub(crate) fn new_user(wa_id: WaId, now: RuleTime) -> User {
    User {
        wa_id,
        name: None,
        country: wa_id.country(),
        behaviour: Some(Behaviour::default()),
        identity: Default::default(),
        client: Default::default(),
        created_at: now,
    }
}
