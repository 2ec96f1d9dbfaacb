//! Access tokens of apps, and roles with their admin tokens. Either is shown once and stored by its hash.

use std::time::Duration;

use ahoy_calling::account::{Scope, Token};
use ahoy_calling::admin::{self as rules, AdminRefusal, Administrator, Role, RoleGrant};
use ahoy_store::{Page, Rows};
use ahoy_types::{AppId, BusinessId, RuleTime, TokenHash, TokenId};

use super::apps::app;
use super::businesses::{business, scope};
use super::{Admin, Prefix, internal, invalid, random_id, random_text};

/// The longest life a token can be given: ten years.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// An access token to be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The app it is for.
    pub app: AppId,
    /// The business whose objects it reaches; `None` for the app's own. An app that works for another business has a token of
    /// that one.
    pub business: Option<BusinessId>,
    /// What it is for.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// How long it lives; `None` for ever.
    pub lives: Option<Duration>,
}

/// A role to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRole {
    /// Whose it is.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// The one business it reaches.
    pub business: Option<BusinessId>,
    /// How long it lasts; `None` for ever.
    pub lives: Option<Duration>,
}

/// The lifetime out of a number of seconds.
///
/// # Errors
/// A sentence for zero and for more than ten years.
pub fn expiry(seconds: u64) -> Result<Duration, AdminRefusal> {
    let lives = Duration::from_secs(seconds);
    if seconds == 0 || lives > LONGEST {
        return Err(invalid(format!(
            "expires_in: 1 to {} seconds are expected",
            LONGEST.as_secs()
        )));
    }
    Ok(lives)
}

fn token(rows: &mut dyn Rows, who: &Administrator, id: TokenId) -> Result<Token, AdminRefusal> {
    let found = rows.token_by_id(id).map_err(internal)?;
    found
        .filter(|token| who.sees(token.business))
        .ok_or_else(|| AdminRefusal::no_such("token", id))
}

impl Admin {
    /// Access tokens by ascending id, ended ones included.
    ///
    /// # Errors
    /// No such business.
    pub fn tokens(
        &self,
        of: Option<BusinessId>,
        page: Page<TokenId>,
    ) -> Result<Vec<Token>, AdminRefusal> {
        self.look(|rows, who| {
            let of = scope(rows, who, of)?;
            rows.tokens(of, page).map_err(internal)
        })
    }

    /// An access token, without its text.
    ///
    /// # Errors
    /// No such token.
    pub fn token(&self, id: TokenId) -> Result<Token, AdminRefusal> {
        self.look(|rows, who| token(rows, who, id))
    }

    /// Issues an access token; its text is in this answer alone.
    ///
    /// # Errors
    /// No such app or business; a field that will not do.
    pub async fn create_token(&self, new: NewToken) -> Result<(Token, String), AdminRefusal> {
        let name = rules::name("name", &new.name)?;
        let mut scopes = new.scopes;
        scopes.sort();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(invalid("scopes: at least one is expected"));
        }
        let text = random_text("EAAHOY")?;
        let hash = TokenHash::of(&text);
        let id = TokenId(random_id(Prefix::Token)?);
        let row = self
            .change(move |step, who| {
                let app = app(step.tx, who, new.app)?;
                let business = match new.business {
                    Some(id) => business(step.tx, who, id)?.id,
                    None => app.business,
                };
                let row = Token {
                    id,
                    hash,
                    name,
                    app: app.id,
                    business,
                    scopes,
                    issued_at: step.now,
                    expires_at: new.lives.map(|lives| step.now + lives),
                    revoked_at: None,
                };
                step.tx.put_token(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("create", "token", row.id);
        Ok((row, text))
    }

    /// Revokes an access token: from now on it opens nothing. It stays in the list.
    ///
    /// # Errors
    /// No such token.
    pub async fn revoke_token(&self, id: TokenId) -> Result<Token, AdminRefusal> {
        let row = self
            .change(move |step, who| {
                let mut row = token(step.tx, who, id)?;
                row.revoked_at = row.revoked_at.or(Some(step.now));
                step.tx.put_token(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("revoke", "token", id);
        Ok(row)
    }

    /// Roles by ascending id.
    ///
    /// # Errors
    /// Forbidden to all but admins.
    pub fn roles(&self, page: Page<TokenId>) -> Result<Vec<RoleGrant>, AdminRefusal> {
        self.who().must_be_admin("list roles")?;
        self.look(|rows, _| rows.role_grants(page).map_err(internal))
    }

    /// A role, without its admin token.
    ///
    /// # Errors
    /// Forbidden to all but admins; no such role.
    pub fn role(&self, id: TokenId) -> Result<RoleGrant, AdminRefusal> {
        self.who().must_be_admin("look at roles")?;
        self.look(|rows, _| {
            let found = rows.role_grant_by_id(id).map_err(internal)?;
            found.ok_or_else(|| AdminRefusal::no_such("role", id))
        })
    }

    /// Gives a role; its admin token is in this answer alone.
    ///
    /// # Errors
    /// Forbidden to all but admins; no such business; a role that does not go with the business.
    pub async fn create_role(&self, new: NewRole) -> Result<(RoleGrant, String), AdminRefusal> {
        self.who().must_be_admin("give roles")?;
        let name = rules::name("name", &new.name)?;
        new.role.check_scope(new.business)?;
        let (fresh, text) = grant(name, new.role, RuleTime(0))?;
        let row = self
            .change(move |step, who| {
                if let Some(of) = new.business {
                    business(step.tx, who, of)?;
                }
                let row = RoleGrant {
                    business: new.business,
                    issued_at: step.now,
                    expires_at: new.lives.map(|lives| step.now + lives),
                    ..fresh
                };
                step.tx.put_role_grant(&row).map_err(internal)?;
                Ok(row)
            })
            .await?;
        self.audit("create", "role", row.id);
        Ok((row, text))
    }

    /// Takes a role back: its admin token opens nothing from now on.
    ///
    /// # Errors
    /// Forbidden to all but admins; no such role.
    pub async fn delete_role(&self, id: TokenId) -> Result<(), AdminRefusal> {
        self.who().must_be_admin("take roles back")?;
        self.change(move |step, _| {
            if step.tx.delete_role_grant(id).map_err(internal)? {
                return Ok(());
            }
            Err(AdminRefusal::no_such("role", id))
        })
        .await?;
        self.audit("delete", "role", id);
        Ok(())
    }
}

/// A role of every business with a fresh admin token.
pub(super) fn grant(
    name: String,
    role: Role,
    issued_at: RuleTime,
) -> Result<(RoleGrant, String), AdminRefusal> {
    let text = random_text("ahoy_admin_")?;
    let row = RoleGrant {
        id: TokenId(random_id(Prefix::Role)?),
        hash: TokenHash::of(&text),
        name,
        role,
        business: None,
        issued_at,
        expires_at: None,
    };
    Ok((row, text))
}
