//! Simulated users: `users`, `users/{wa_id}`, `users/{wa_id}/permission`.

use ahoy_calling::account::User;
use ahoy_calling::identity::{Client, Identity};
use ahoy_calling::message::Answer;
use ahoy_calling::simulated::Behaviour;
use ahoy_platform::Grant;
use ahoy_types::{Country, RuleTime};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::SandboxState;
use crate::answer::{self, Body, Failure, Path, object, wa_id};
use crate::chat::{self, message_id};
use crate::model::{
    BehaviourBody, ClientBody, PermissionAnswer, SandboxError, UserList, UserShown,
};

const MOST_USERS: usize = 100_000;

pub(crate) fn view(user: &User) -> Value {
    json!({
        "wa_id": user.wa_id,
        "name": user.name,
        "country": user.country,
        "username": user.identity.username,
        "hides_number": user.identity.hides_number,
        "client": phone(&user.client),
        "behaviour": user.behaviour.clone().unwrap_or_default(),
        "created_at": user.created_at.secs(),
    })
}

/// A user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserPut)]
pub(crate) struct Put {
    /// The number.
    #[schema(example = "447700900003")]
    wa_id: String,
    /// The name in the chat.
    name: Option<String>,
    /// ISO code of the country; by the number if absent.
    country: Option<String>,
    /// The name webhooks carry as `profile.username`; an empty text takes it away.
    username: Option<String>,
    /// No business sees the number, whatever the rules say; needs a `username`.
    hides_number: Option<bool>,
    /// The phone.
    #[schema(value_type = Option<ClientBody>)]
    client: Option<Map<String, Value>>,
    /// What the user does.
    #[schema(value_type = Option<BehaviourBody>)]
    behaviour: Option<Map<String, Value>>,
}

/// What to change of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserPatch)]
pub(crate) struct Patch {
    /// The name in the chat.
    name: Option<String>,
    /// ISO code of the country; by the number if absent.
    country: Option<String>,
    /// The name webhooks carry as `profile.username`; an empty text takes it away.
    username: Option<String>,
    /// No business sees the number, whatever the rules say; needs a `username`.
    hides_number: Option<bool>,
    /// The phone.
    #[schema(value_type = Option<ClientBody>)]
    client: Option<Map<String, Value>>,
    /// What the user does.
    #[schema(value_type = Option<BehaviourBody>)]
    behaviour: Option<Map<String, Value>>,
}

/// Users in the order they came.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "list_users",
    tag = "users",
    responses(
        (status = 200, description = "Users", body = UserList),
    )
)]
pub(crate) async fn list(State(state): State<SandboxState>) -> answer::Answer {
    let users = state.platform.users(MOST_USERS)?;
    object(json!({ "data": users.iter().map(view).collect::<Vec<_>>() }))
}

/// One user.
#[utoipa::path(
    get,
    path = "/users/{wa_id}",
    operation_id = "read_user",
    tag = "users",
    params(("wa_id" = String, Path)),
    responses(
        (status = 200, description = "The user", body = UserShown),
    )
)]
pub(crate) async fn get(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
) -> answer::Answer {
    let wa_id = wa_id(&id)?;
    match state.platform.user(wa_id)? {
        Some(user) => object(view(&user)),
        None => Err(Failure::NotFound(format!("there is no user {wa_id}"))),
    }
}

/// Creates a user, or changes one.
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "put_user",
    tag = "users",
    request_body = Put,
    responses(
        (status = 200, description = "The user", body = UserShown),
    )
)]
pub(crate) async fn put(
    State(state): State<SandboxState>,
    Body(body): Body<Put>,
) -> answer::Answer {
    let rest = Patch {
        name: body.name,
        country: body.country,
        username: body.username,
        hides_number: body.hides_number,
        client: body.client,
        behaviour: body.behaviour,
    };
    change(&state, &body.wa_id, rest).await
}

/// Changes a user. Keys that are left out keep their value.
#[utoipa::path(
    patch,
    path = "/users/{wa_id}",
    operation_id = "change_user",
    tag = "users",
    params(("wa_id" = String, Path)),
    request_body = Patch,
    responses(
        (status = 200, description = "The user", body = UserShown),
    )
)]
pub(crate) async fn patch(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Patch>,
) -> answer::Answer {
    let wa_id = wa_id(&id)?;
    if state.platform.user(wa_id)?.is_none() {
        return Err(Failure::NotFound(format!("there is no user {wa_id}")));
    }
    change(&state, &id, body).await
}

async fn change(state: &SandboxState, id: &str, patch: Patch) -> answer::Answer {
    let wa_id = wa_id(id)?;
    let country: Option<Country> = match &patch.country {
        Some(text) => Some(
            text.parse()
                .map_err(|e| Failure::Invalid(format!("country: {e}")))?,
        ),
        None => None,
    };
    let known = state.platform.user(wa_id)?;
    let (identity, client, before) = known
        .map(|u| (u.identity, u.client, u.behaviour))
        .unwrap_or_default();
    let identity = identified(identity, patch.username, patch.hides_number)?;
    let client = match patch.client {
        Some(keys) => Some(laid_over(&client, keys, state.platform.clock().now())?),
        None => None,
    };
    let behaviour = match patch.behaviour {
        Some(keys) => {
            let behaviour = merged(&before.unwrap_or_default(), keys)?;
            let checked = state.platform.check_behaviour(&behaviour).await;
            checked.map_err(|e| Failure::Invalid(format!("behaviour: {e}")))?;
            Some(behaviour)
        }
        None => None,
    };
    let name = patch.name;
    let user = state
        .platform
        .change_user(wa_id, move |user| {
            if name.is_some() {
                user.name = name;
            }
            if country.is_some() {
                user.country = country;
            }
            user.identity = identity;
            if let Some(client) = client {
                user.client = client;
            }
            if behaviour.is_some() {
                user.behaviour = behaviour;
            }
        })
        .await?;
    object(view(&user))
}

/// Longest username.
const USERNAME_CHARS: usize = 35;

/// The identity with what was given laid over it; an empty username takes it away.
fn identified(
    mut identity: Identity,
    username: Option<String>,
    hides_number: Option<bool>,
) -> Result<Identity, Failure> {
    if let Some(username) = username {
        if username.chars().count() > USERNAME_CHARS {
            return Err(Failure::Invalid(format!(
                "username: at most {USERNAME_CHARS} characters are allowed"
            )));
        }
        identity.username = Some(username).filter(|u| !u.is_empty());
    }
    identity.hides_number = hides_number.unwrap_or(identity.hides_number);
    if identity.hides_number && identity.username.is_none() {
        return Err(Failure::Invalid(
            "hides_number: only a user with a username can hide the number".into(),
        ));
    }
    Ok(identity)
}

/// Whether a phone shows settings of businesses as it last saw them; stored as the instant since when.
const HOLDS: &str = "holds_old_settings";

/// A phone as these routes show it.
fn phone(client: &Client) -> Map<String, Value> {
    let mut map = match serde_json::to_value(client) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let since = map.remove("holds_old_settings_since");
    map.insert(
        HOLDS.into(),
        json!(since.is_some_and(|since| !since.is_null())),
    );
    map
}

/// The phone with the given keys laid over it; a `null` puts a key back to its default.
fn laid_over(before: &Client, keys: Map<String, Value>, now: RuleTime) -> Result<Client, Failure> {
    let fail = |m: String| Failure::Invalid(format!("client: {m}"));
    let mut whole = phone(before);
    let known = phone(&Client::default());
    for (key, value) in keys {
        let Some(default) = known.get(&key) else {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            return Err(fail(format!("`{key}` is none of {}", names.join(", "))));
        };
        let value = if value.is_null() {
            default.clone()
        } else {
            value
        };
        whole.insert(key, value);
    }
    let holds = whole.remove(HOLDS).unwrap_or_default();
    let Some(holds) = holds.as_bool() else {
        return Err(fail(format!(
            "{HOLDS}: true or false is expected, not {holds}"
        )));
    };
    let mut client: Client = serde_path_to_error::deserialize(Value::Object(whole))
        .map_err(|e| fail(format!("{}: {}", e.path(), e.inner())))?;
    // A phone that holds settings goes on with those it had.
    client.holds_old_settings_since = holds.then(|| before.holds_old_settings_since.unwrap_or(now));
    Ok(client)
}

/// The behaviour with the given keys laid over it; a `null` puts a key back to its default.
fn merged(before: &Behaviour, keys: Map<String, Value>) -> Result<Behaviour, Failure> {
    let fail = |m: String| Failure::Invalid(format!("behaviour: {m}"));
    let mut whole = match serde_json::to_value(before) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    for (key, value) in keys {
        if value.is_null() {
            whole.remove(&key);
        } else {
            whole.insert(key, value);
        }
    }
    let audio = whole.get("audio").cloned();
    serde_path_to_error::deserialize(Value::Object(whole)).map_err(|e| {
        let at = e.path().to_string();
        match audio {
            Some(audio) if at == "audio" => fail(format!(
                "audio: {{\"tone_hz\":N}}, {{\"file\":\"…\",\"repeat\":true}} or {{\"silence\":true}} is expected, not {audio}"
            )),
            _ if at == "." => fail(e.inner().to_string()),
            _ => fail(format!("{at}: {}", e.inner())),
        }
    })
}

/// What the user says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetPermission {
    /// The business number, by node id or digits.
    #[schema(example = "710000000000001")]
    phone_number_id: String,
    /// `accept`, `accept_permanent`, `reject` or `revoke`.
    #[schema(example = "accept")]
    response: String,
    /// The request it answers.
    message_id: Option<String>,
}

/// Answers the request named, else the newest open one; with none open it sets the permission directly.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/permission",
    operation_id = "answer_permission",
    tag = "chat",
    params(("wa_id" = String, Path)),
    request_body = SetPermission,
    responses(
        (status = 200, description = "What holds now", body = PermissionAnswer),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn permission(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<SetPermission>,
) -> answer::Answer {
    let user = wa_id(&id)?;
    let (answer, grant) = match body.response.as_str() {
        "accept" => (Some(Answer::Accept), Grant::Temporary),
        "accept_permanent" => (Some(Answer::AcceptPermanent), Grant::Permanent),
        "reject" => (Some(Answer::Reject), Grant::Revoke),
        "revoke" => (None, Grant::Revoke),
        other => {
            return Err(Failure::Invalid(format!(
                "response: `{other}` is none of accept, accept_permanent, reject, revoke"
            )));
        }
    };
    let number = crate::calls::business_of(&state, "phone_number_id", &body.phone_number_id)?;
    let message = match (&body.message_id, answer) {
        (None, _) => None,
        (Some(_), None) => {
            return Err(Failure::Invalid(
                "message_id: revoke takes back what holds and answers no request".into(),
            ));
        }
        (Some(text), Some(_)) => Some(message_id("message_id", text)?),
    };
    let platform = &state.platform;
    let answered = match answer {
        Some(answer) => {
            platform
                .user_answers_request(user, number.id, message, answer)
                .await?
        }
        None => false,
    };
    let permission = if answered {
        platform
            .pair(number.id, user)?
            .permission(platform.clock().now())
    } else {
        platform.set_permission(number.id, user, grant).await?
    };
    object(json!({
        "success": true,
        "wa_id": user,
        "phone_number_id": number.id,
        "permission": chat::permission(permission),
        "answered_request": answered,
    }))
}
