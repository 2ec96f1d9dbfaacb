//! What a simulated user does in a chat: writing, tapping, blocking, and looking at the thread.

use ahoy_platform::UserLegKind;
use ahoy_types::{MessageId, MessageIdError, PhoneNumberId};
use ahoy_wire::webhook::{Referral, WelcomeMessage};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, Path, Query, object, success, wa_id};
use crate::calls::business_of;
use crate::model::{Done, SandboxError, Thread, Written};

const MOST_ENTRIES: usize = 1_000;

/// A message's id in a body.
pub(crate) fn message_id(name: &str, text: &str) -> Result<MessageId, Failure> {
    text.parse()
        .map_err(|e: MessageIdError| Failure::Invalid(format!("{name}: {e}")))
}

/// A message of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    /// The business number, by node id or digits.
    #[schema(example = "710000000000001")]
    to: String,
    /// `text`.
    #[serde(rename = "type", default = "text")]
    kind: String,
    /// The words.
    text: Words,
    /// What it replies to.
    context: Option<Context>,
    /// The click-to-chat advertisement it is written out of; `{}` is an advertisement of the sandbox's own.
    referral: Option<Ad>,
}

/// Most characters of a text about an advertisement.
const AD_CHARS: usize = 2_048;

/// An advertisement that leads into the chat. What is left out is made up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ad {
    /// The advertisement.
    #[schema(example = "120200000000001")]
    source_id: Option<String>,
    /// Its address.
    source_url: Option<String>,
    /// Its head line.
    headline: Option<String>,
    /// Its words.
    body: Option<String>,
    /// `image` (the default) or `video`.
    media_type: Option<String>,
    /// Address of its image.
    image_url: Option<String>,
    /// Address of its video.
    video_url: Option<String>,
    /// Address of the video's still.
    thumbnail_url: Option<String>,
    /// The click.
    ctwa_clid: Option<String>,
    /// What the chat greets with.
    welcome_message: Option<String>,
}

impl Ad {
    fn referral(self) -> Result<Referral, Failure> {
        let texts = [
            ("source_id", &self.source_id),
            ("source_url", &self.source_url),
            ("headline", &self.headline),
            ("body", &self.body),
            ("image_url", &self.image_url),
            ("video_url", &self.video_url),
            ("thumbnail_url", &self.thumbnail_url),
            ("ctwa_clid", &self.ctwa_clid),
            ("welcome_message", &self.welcome_message),
        ];
        for (name, text) in texts {
            if text.as_ref().is_some_and(|t| t.chars().count() > AD_CHARS) {
                return Err(Failure::Invalid(format!(
                    "referral.{name}: at most {AD_CHARS} characters are allowed"
                )));
            }
        }
        let media_type = self.media_type.unwrap_or_else(|| "image".to_owned());
        if !matches!(media_type.as_str(), "image" | "video") {
            return Err(Failure::Invalid(
                "referral.media_type: image or video is expected".into(),
            ));
        }
        let made_up = |given: Option<String>, wanted: bool, text: &str| {
            given.or_else(|| wanted.then(|| text.to_owned()))
        };
        let video = media_type == "video";
        Ok(Referral {
            source_type: "ad".to_owned(),
            source_id: self
                .source_id
                .unwrap_or_else(|| "120200000000001".to_owned()),
            source_url: self
                .source_url
                .unwrap_or_else(|| "https://example.com/ad".to_owned()),
            headline: made_up(self.headline, true, "Talk to us"),
            body: made_up(self.body, true, "Ask us anything, we call you back."),
            image_url: made_up(self.image_url, !video, "https://example.com/ad.jpg"),
            video_url: made_up(self.video_url, video, "https://example.com/ad.mp4"),
            thumbnail_url: made_up(self.thumbnail_url, video, "https://example.com/ad.jpg"),
            media_type: Some(media_type),
            ctwa_clid: made_up(self.ctwa_clid, true, "sandbox-click"),
            welcome_message: self.welcome_message.map(|text| WelcomeMessage { text }),
        })
    }
}

fn text() -> String {
    "text".to_owned()
}

/// Words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// The words.
    #[schema(example = "Where is my order?")]
    body: String,
}

/// What a message replies to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    /// `wamid.…`
    message_id: String,
}

/// The user writes to a business.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/messages",
    operation_id = "write_message",
    tag = "chat",
    params(("wa_id" = String, Path)),
    request_body = Write,
    responses(
        (status = 200, description = "It was sent", body = Written),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn write(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Write>,
) -> Answer {
    let user = wa_id(&id)?;
    if body.kind != "text" {
        return Err(Failure::Invalid(format!(
            "type: `{}` is not text; answers are tapped with the route `taps`",
            body.kind
        )));
    }
    let context = match &body.context {
        Some(context) => Some(message_id("context.message_id", &context.message_id)?),
        None => None,
    };
    let referral = body.referral.map(Ad::referral).transpose()?;
    let number = business_of(&state, "to", &body.to)?;
    let written = state
        .platform
        .user_writes_from(user, number.id, body.text.body, context, referral)
        .await?;
    object(json!({ "id": written }))
}

/// A tap on a button.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tap {
    /// The message with the button.
    message_id: String,
    /// The reply's id; absent for the call button.
    reply_id: Option<String>,
}

/// The user taps a button in a message: the call button (the answer is the call), or with `reply_id` a reply button, a row of a list or a quick reply (the answer is the message).
#[utoipa::path(
    post,
    path = "/users/{wa_id}/taps",
    operation_id = "tap_button",
    tag = "chat",
    params(("wa_id" = String, Path)),
    request_body = Tap,
    responses(
        (status = 200, description = "The call, or the message", body = Written),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn tap(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Tap>,
) -> Answer {
    let user = wa_id(&id)?;
    let message = message_id("message_id", &body.message_id)?;
    if let Some(reply) = body.reply_id {
        let written = state.platform.user_replies(user, message, reply).await?;
        return object(json!({ "id": written }));
    }
    let placed = state
        .platform
        .user_taps(user, message, UserLegKind::Simulated)
        .await?;
    object(json!({ "id": placed.id }))
}

/// Which part of which chat.
#[derive(Deserialize, IntoParams)]
pub(crate) struct ThreadQuery {
    /// The business number, by node id or digits.
    #[param(required = true)]
    phone_number_id: Option<String>,
    /// At most this many of the newest entries: 1 to 1000, and that many if absent.
    limit: Option<usize>,
}

/// A chat as the user's phone shows it. Marks nothing as read.
#[utoipa::path(
    get,
    path = "/users/{wa_id}/thread",
    operation_id = "read_thread",
    tag = "chat",
    params(("wa_id" = String, Path), ThreadQuery),
    responses(
        (status = 200, description = "The chat", body = Thread),
    )
)]
pub(crate) async fn thread(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Query(query): Query<ThreadQuery>,
) -> Answer {
    let user = wa_id(&id)?;
    let number = query.phone_number_id.filter(|text| !text.is_empty());
    let Some(number) = number else {
        return Err(Failure::Invalid(
            "phone_number_id: say which business's chat, by id or number".into(),
        ));
    };
    let number = business_of(&state, "phone_number_id", &number)?;
    let limit = query.limit.unwrap_or(MOST_ENTRIES).clamp(1, MOST_ENTRIES);
    object(state.platform.thread(user, number.id, limit)?)
}

/// With which business.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct With {
    /// The business number, by node id or digits.
    #[schema(example = "710000000000001")]
    pub(crate) phone_number_id: String,
}

fn pair(
    state: &SandboxState,
    user: &str,
    with: &With,
) -> Result<(ahoy_types::WaId, PhoneNumberId), Failure> {
    Ok((
        wa_id(user)?,
        business_of(state, "phone_number_id", &with.phone_number_id)?.id,
    ))
}

/// The user opens the chat: what is in it is read.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/open",
    operation_id = "open_chat",
    tag = "chat",
    params(("wa_id" = String, Path)),
    request_body = With,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn open(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(with): Body<With>,
) -> Answer {
    let (user, number) = pair(&state, &id, &with)?;
    state.platform.user_opens_chat(user, number).await?;
    success()
}

/// The user blocks the business.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/block",
    operation_id = "block_business",
    tag = "chat",
    params(("wa_id" = String, Path)),
    request_body = With,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn block(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(with): Body<With>,
) -> Answer {
    let (user, number) = pair(&state, &id, &with)?;
    state.platform.user_blocks(user, number, true).await?;
    success()
}

/// The user takes the block back.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/unblock",
    operation_id = "unblock_business",
    tag = "chat",
    params(("wa_id" = String, Path)),
    request_body = With,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn unblock(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(with): Body<With>,
) -> Answer {
    let (user, number) = pair(&state, &id, &with)?;
    state.platform.user_blocks(user, number, false).await?;
    success()
}

/// The user reports the business.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/report",
    operation_id = "report_business",
    tag = "chat",
    params(("wa_id" = String, Path)),
    request_body = With,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn report(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(with): Body<With>,
) -> Answer {
    let (user, number) = pair(&state, &id, &with)?;
    state.platform.user_reports(user, number).await?;
    success()
}

/// The state of a permission as an answer shows it.
pub(crate) fn permission(permission: ahoy_calling::Permission) -> Value {
    use ahoy_calling::Permission;
    let (status, expires) = match permission {
        Permission::None => ("no_permission", None),
        Permission::Temporary { expires } => ("temporary", Some(expires.secs())),
        Permission::Permanent => ("permanent", None),
    };
    json!({ "status": status, "expiration_time": expires })
}
