//! The OpenAPI document, generated from handlers and wire types.

use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::routes;

/// The frame of the document; paths come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ahoy business API",
        description = "Calls, permissions, settings, numbers and webhook subscriptions, wire-compatible with the WhatsApp Business Calling API.\n\nEvery path is served under any `/vN.0` prefix and without one. Bodies may be JSON or form-encoded; unknown keys are ignored. Every error has the envelope `ErrorEnvelope`; its codes are listed in `docs/errors.md`.",
    ),
    servers((url = "/v25.0"), (url = "/")),
    modifiers(&BearerToken),
    security(("access_token" = [])),
    tags(
        (name = "calls", description = "Placing, taking and ending calls"),
        (name = "templates", description = "Message templates"),
        (name = "media", description = "Files"),
        (name = "messages", description = "Writing to users, and asking them for permission to call"),
        (name = "settings", description = "What a number offers"),
        (name = "nodes", description = "Phone numbers, accounts and apps"),
        (name = "webhooks", description = "Who gets which webhooks where"),
        (name = "routing", description = "Several apps on one number: roles, and who answers whom"),
        (name = "tokens", description = "Access tokens"),
    )
)]
pub(crate) struct Frame;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An access token, or `APPID|SECRET` for an app's own edges. Also taken as the query parameter `access_token`."))
            .build();
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("access_token", SecurityScheme::Http(scheme));
    }
}

/// The document as served at `/openapi.json`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    crate::every_answer::described(routes::described().into_openapi())
}

/// Body of `POST /{phone-number-id}/calls`. Which fields are needed depends on the action.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallsBody {
    /// `whatsapp`.
    #[schema(example = "whatsapp")]
    messaging_product: String,
    /// What to do. May be left out for a new call.
    action: Option<CallVerb>,
    /// connect: the user's number.
    #[schema(example = "447700900001")]
    to: Option<String>,
    /// connect: the user's business-scoped id, instead of `to`.
    recipient: Option<String>,
    /// All but connect: the call.
    call_id: Option<String>,
    /// connect: the offer. pre_accept and accept: the answer, the same in both.
    session: Option<ahoy_wire::Session>,
    /// connect and accept: repeated in the call's webhooks, at most 512 characters.
    #[schema(max_length = 512)]
    biz_opaque_callback_data: Option<String>,
    /// The account that is meant and billed, where a number has several. Taken and not looked at.
    messaging_account_id: Option<String>,
    /// The same by its old name.
    #[schema(deprecated)]
    paid_messaging_account_id: Option<String>,
}

/// Body of `POST /{phone-number-id}/thread_control`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThreadControlBody {
    /// `whatsapp`.
    #[schema(example = "whatsapp")]
    messaging_product: String,
    /// The user's number.
    #[schema(example = "447700900001")]
    to: Option<String>,
    /// The user's business-scoped id, instead of `to`.
    recipient: Option<String>,
    /// What to do.
    action: ThreadAction,
    /// pass: to whom; to the escalation partner without it.
    control_pass: Option<ControlPass>,
    /// For the next owner of a pass, or the former one of a take.
    #[schema(max_length = 2000)]
    metadata: Option<String>,
}

/// Value of `action`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(
    dead_code,
    reason = "describes the wire; requests are read by ahoy_wire::routing"
)]
pub(crate) enum ThreadAction {
    /// By the owner: to another role.
    Pass,
    /// By the owner: to nobody in particular.
    Release,
    /// By the escalation partner: to itself.
    Take,
}

/// To whom a thread is passed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ControlPass {
    /// `customer_service`, `marketing`, `utility`, `ctwa`, `ai_agent` or `escalation`.
    #[schema(example = "escalation")]
    target_role: String,
}

/// Value of `action`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(
    dead_code,
    reason = "describes the wire; requests are read by ahoy_wire::CallAction"
)]
pub(crate) enum CallVerb {
    Connect,
    PreAccept,
    Accept,
    Reject,
    Terminate,
}

/// Answer to `POST /{phone-number-id}/calls`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum CallsAnswer {
    /// To connect.
    Connect(ahoy_wire::calls::ConnectAnswer),
    /// To the other actions.
    Action(ahoy_wire::calls::ActionAnswer),
}

/// Body of `POST /{phone-number-id}/messages`: a message, or with `status` a note of what was read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagesBody {
    /// `whatsapp`.
    #[schema(example = "whatsapp")]
    messaging_product: String,
    /// `individual`.
    recipient_type: Option<String>,
    /// The user's number.
    #[schema(example = "447700900001")]
    to: Option<String>,
    /// The user's business-scoped id, instead of `to`.
    recipient: Option<String>,
    /// What kind of message; `text` if left out.
    #[serde(rename = "type")]
    kind: Option<MessageType>,
    /// text: the words.
    text: Option<TextBody>,
    /// interactive: `type` is `voice_call`, `call_permission_request`, `button` or `list`.
    interactive: Option<serde_json::Map<String, serde_json::Value>>,
    /// template: `name`, `language.code` and the values.
    template: Option<serde_json::Map<String, serde_json::Value>>,
    /// The message it replies to.
    context: Option<ContextBody>,
    /// Repeated in the message's status webhooks, at most 512 characters.
    #[schema(max_length = 512)]
    biz_opaque_callback_data: Option<String>,
    /// `read`: marks what the user wrote as read, up to `message_id`.
    status: Option<String>,
    /// With `status`: the newest message that was read.
    message_id: Option<String>,
    /// With `status`: the user sees that the business types.
    typing_indicator: Option<TypingBody>,
}

/// Value of `type`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(
    dead_code,
    reason = "describes the wire; requests are read by ahoy_wire::messages"
)]
pub(crate) enum MessageType {
    Text,
    Interactive,
    Template,
}

/// `text` of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TextBody {
    /// The words.
    #[schema(min_length = 1, max_length = 4096)]
    body: String,
    /// Has no effect.
    preview_url: Option<bool>,
}

/// `context` of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContextBody {
    /// `wamid.…`
    message_id: String,
}

/// `typing_indicator`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TypingBody {
    /// `text`.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    kind: String,
}

/// Answer to `POST /{phone-number-id}/messages`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum MessagesAnswer {
    /// To a message.
    Sent(ahoy_wire::messages::SendAnswer),
    /// To what was read.
    Read(ahoy_wire::Success),
}

/// Body of `POST /{phone-number-id}/settings`: one of the two groups. What is absent stays as it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingsBody {
    /// The settings to change.
    calling: Option<CallingChange>,
    /// Where data at rest lies: only `{"status":"DEFAULT"}`.
    storage_configuration: Option<ahoy_wire::settings::StorageConfiguration>,
}

/// `calling` of a change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallingChange {
    /// Calling on this number. Enabling has conditions: 138015, 138018.
    status: Option<ahoy_wire::settings::Switch>,
    /// Call icon.
    call_icon_visibility: Option<ahoy_wire::settings::IconVisibility>,
    /// Permission to call back.
    callback_permission_status: Option<ahoy_wire::settings::Switch>,
    /// Who sees the call icon.
    call_icons: Option<ahoy_wire::settings::CallIcons>,
    /// When users may call; replaced whole, an omitted `holiday_schedule` erases the old one.
    call_hours: Option<ahoy_types::settings::CallHours>,
    /// How media keys are agreed on.
    srtp_key_exchange_protocol: Option<ahoy_types::settings::KeyExchange>,
    /// Codecs beside Opus.
    audio: Option<ahoy_wire::settings::Audio>,
    /// Voicemail.
    voicemail: Option<ahoy_wire::settings::Voicemail>,
    /// Calls over SIP.
    sip: Option<SipChange>,
}

/// `sip` of a change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SipChange {
    /// Needs a server.
    status: Option<ahoy_wire::settings::Switch>,
    /// Whether calls over SIP send webhooks.
    webhook_delivery: Option<ahoy_wire::settings::Switch>,
    /// The app's only server, or none to take it away.
    #[schema(max_items = 1)]
    servers: Option<Vec<SipServerChange>>,
}

/// A SIP server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SipServerChange {
    /// Its name.
    #[schema(example = "sip.acme.example")]
    hostname: String,
    /// Its TLS port: 5061 unless given.
    port: Option<u16>,
    /// Parameters of the user part of the request URI, at most 128 characters a key and a value.
    request_uri_user_params: Option<std::collections::BTreeMap<String, String>>,
}

/// Body of `POST /{phone-number-id}`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NumberBody {
    /// The override.
    webhook_configuration: Option<OverrideBody>,
    /// Six digits: the new PIN of two-step verification, instead of an override.
    #[schema(pattern = "^[0-9]{6}$")]
    pin: Option<String>,
}

/// Body of `POST /{node-id}`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[allow(
    dead_code,
    reason = "describes the wire; requests are read by ahoy_wire"
)]
pub(crate) enum NodeBody {
    /// Of a phone number.
    Number(NumberBody),
    /// Of a template.
    Template(TemplateChange),
}

/// Body of `POST /{template-id}`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateChange {
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`; not of an approved template.
    category: Option<String>,
    /// All parts anew.
    components: Option<Vec<serde_json::Value>>,
}

/// Body of `POST /{waba-id}/message_templates`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateRequest {
    /// Lower-case letters, digits and underscores.
    #[schema(example = "ask_to_call", max_length = 512, pattern = "^[a-z0-9_]+$")]
    name: String,
    /// Language code.
    #[schema(example = "en_GB")]
    language: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    #[schema(example = "UTILITY")]
    category: String,
    /// `POSITIONAL` or `NAMED`.
    parameter_format: Option<String>,
    /// BODY, and where wanted HEADER, FOOTER, BUTTONS, CALL_PERMISSION_REQUEST.
    #[schema(example = json!([{"type": "BODY", "text": "May we ring you about your order?"}, {"type": "CALL_PERMISSION_REQUEST"}]))]
    components: Vec<serde_json::Value>,
}

/// Form of `POST /{phone-number-id}/media`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaRequest {
    /// `whatsapp`.
    #[schema(example = "whatsapp")]
    messaging_product: String,
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The file's media type; that of the part counts where this is absent.
    #[serde(rename = "type")]
    #[schema(example = "audio/ogg")]
    kind: Option<String>,
    /// `call_voicemail_announcement`, for what callers hear before they leave a voice message.
    use_case: Option<String>,
}

/// An override of the callback.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OverrideBody {
    /// Absolute URL, at most 200 characters. On a phone number `""` removes the override; on an account a body
    /// without it does.
    #[schema(max_length = 200)]
    override_callback_uri: Option<String>,
    /// Repeated in the verification request.
    verify_token: Option<String>,
}

/// Body or query of `POST /{app-id}/subscriptions`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscribeBody {
    /// `whatsapp_business_account`.
    #[schema(example = "whatsapp_business_account")]
    object: String,
    /// Where webhooks go.
    callback_url: String,
    /// Repeated in the verification request.
    verify_token: String,
    /// Names of fields with commas between them, or a list.
    #[schema(example = "calls,messages")]
    fields: String,
    /// Has no effect: payloads always have their values.
    include_values: Option<bool>,
}

/// Body of `POST /{waba-id}/phone_numbers`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddNumberBody {
    /// Country code; `country_code` is the same.
    #[schema(example = "44")]
    cc: String,
    /// The rest of the number.
    #[schema(example = "2079460003")]
    phone_number: String,
    /// The name phones show.
    #[schema(example = "Harbour Café")]
    verified_name: String,
}

/// Body of `POST /{phone-number-id}/request_code`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestCodeBody {
    /// `SMS` or `VOICE`.
    #[schema(example = "SMS")]
    code_method: String,
    /// Language of the message or the voice.
    #[schema(example = "en_US", max_length = 16)]
    language: String,
}

/// Body of `POST /{phone-number-id}/verify_code`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerifyCodeBody {
    /// The six digits.
    #[schema(example = "123456")]
    code: String,
}

/// Body of `POST /{phone-number-id}/official_business_account`. Nothing of it is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BadgeBody {
    /// Web site of the business.
    #[schema(example = "https://harbour.example", max_length = 2048)]
    business_website_url: String,
    /// Where it is at home.
    #[schema(example = "United Kingdom", max_length = 2048)]
    primary_country_of_operation: String,
    /// Its language.
    #[schema(max_length = 2048)]
    primary_language: Option<String>,
    /// What it belongs to.
    #[schema(max_length = 2048)]
    parent_business_or_brand: Option<String>,
    /// Five to ten addresses of articles about it.
    supporting_links: Option<Vec<String>>,
    /// Anything else.
    #[schema(max_length = 2048)]
    additional_supporting_information: Option<String>,
}

/// Body of `POST /{phone-number-id}/register`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisterBody {
    /// `whatsapp`.
    #[schema(example = "whatsapp")]
    messaging_product: String,
    /// Six digits: the PIN of two-step verification.
    #[schema(example = "123456", pattern = "^[0-9]{6}$")]
    pin: String,
}

/// Body of `POST /{phone-number-id}/deregister`; it may be left out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeregisterBody {
    /// `whatsapp`.
    #[schema(example = "whatsapp")]
    messaging_product: Option<String>,
}

/// Body of `POST /{phone-number-id}/whatsapp_business_profile`. What is absent stays as it is; an empty text takes a line
/// away.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProfileBody {
    /// `whatsapp`.
    #[schema(example = "whatsapp")]
    messaging_product: String,
    /// Short line below the name; cannot be emptied.
    #[schema(min_length = 1, max_length = 139)]
    about: Option<String>,
    /// Postal address.
    #[schema(max_length = 256)]
    address: Option<String>,
    /// What the business does.
    #[schema(max_length = 512)]
    description: Option<String>,
    /// E-mail address.
    #[schema(max_length = 128)]
    email: Option<String>,
    /// Line of business, as `RESTAURANT`.
    vertical: Option<String>,
    /// At most two addresses of web sites.
    #[schema(max_items = 2)]
    websites: Option<Vec<String>>,
}
