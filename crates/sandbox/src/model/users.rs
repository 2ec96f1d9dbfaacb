//! Simulated users.

use utoipa::ToSchema;

/// Users in the order they came.
#[derive(ToSchema)]
pub(crate) struct UserList {
    data: Vec<UserShown>,
}

/// A user.
#[derive(ToSchema)]
pub(crate) struct UserShown {
    /// The number.
    #[schema(example = "447700900001")]
    wa_id: String,
    /// The name in the chat.
    #[schema(required = true)]
    name: Option<String>,
    /// ISO code of the country.
    #[schema(required = true)]
    country: Option<String>,
    /// The name webhooks carry as `profile.username`.
    #[schema(required = true)]
    username: Option<String>,
    /// Whether businesses see the business-scoped id alone.
    hides_number: bool,
    /// The phone.
    client: ClientBody,
    /// What the user does.
    behaviour: BehaviourBody,
    /// When the user came, Unix seconds of rule time.
    created_at: i64,
}

/// A user's phone. Keys that are left out keep their value, `null` puts one back to its default.
#[derive(ToSchema)]
pub(crate) struct ClientBody {
    /// It neither calls nor can be called (138001), whatever its version.
    #[schema(default = false)]
    too_old_for_calls: Option<bool>,
    /// What the app runs on: `android`, `ios`, `smb_android`, `smb_ios`, `web` or `desktop`. On the last two it neither calls
    /// nor can be called (138001).
    #[schema(default = "android")]
    platform: Option<String>,
    /// The app's version, `2.24.14.7`, or `24.14.7` as iOS says it; null is the newest. From 2.23.14 on it calls, from 2.24.1 it
    /// shows call buttons, from 2.24.10.8 it hides icons, from 2.24.14 it can be called, from 2.25.27 it sends payloads.
    #[schema(required = true, example = "2.24.14.7")]
    app_version: Option<String>,
    /// It calls from a companion device, which lets nobody call back.
    #[schema(default = false)]
    companion: Option<bool>,
    /// It goes on showing the settings of businesses that held when this was set.
    #[schema(default = false)]
    holds_old_settings: Option<bool>,
}

/// What a simulated user does. Keys that are left out keep their value, `null` puts one back to its default.
#[derive(ToSchema)]
pub(crate) struct BehaviourBody {
    /// `answer`, `reject`, `ignore` or `manual`.
    #[schema(default = "answer")]
    on_ring: Option<String>,
    /// How long it rings first, in milliseconds.
    #[schema(default = 0)]
    answer_after_ms: Option<u64>,
    /// How long after the connection the user hangs up; null never.
    hang_up_after_ms: Option<u64>,
    /// `accept`, `accept_permanent`, `reject` or `ignore`.
    #[schema(default = "ignore")]
    on_permission_request: Option<String>,
    /// How long after a permission request arrives it is answered, in milliseconds.
    #[schema(default = 0)]
    reply_after_ms: Option<u64>,
    /// `read`, or `ignore`: it stays unread until the user does something in the chat.
    #[schema(default = "read")]
    on_message: Option<String>,
    /// What the user says: `{"tone_hz":660}` (80–3400), `{"file":"…","repeat":true}` (WAV, or Ogg with Opus, on the server; at most
    /// 300 s) or `{"silence":true}`.
    #[schema(value_type = Option<Object>, example = json!({"tone_hz": 660}))]
    audio: Option<serde_json::Value>,
    /// The network between user and platform, for media both ways; it is given as a whole and holds at once.
    network: Option<NetworkBody>,
}

/// The network between a user and the platform.
#[derive(ToSchema)]
pub(crate) struct NetworkBody {
    /// Share of packets lost, 0 to 1.
    #[schema(default = 0.0)]
    loss: Option<f64>,
    /// Mean length of a run of lost packets; null loses each on its own.
    burst: Option<f64>,
    /// How long every packet takes, in milliseconds.
    #[schema(default = 0)]
    delay_ms: Option<u32>,
    /// Up to how much longer a packet takes, in milliseconds; their order stays.
    #[schema(default = 0)]
    jitter_ms: Option<u32>,
    /// Share of packets that come behind the next one, 0 to 1.
    #[schema(default = 0.0)]
    reorder: Option<f64>,
    /// The same seed loses the same packets; null is one of the user's own, always the same.
    seed: Option<u64>,
}

/// What a business sees of a user.
#[derive(ToSchema)]
pub(crate) struct SeenShown {
    /// The user.
    wa_id: String,
    /// The business's number.
    phone_number_id: String,
    /// Whether its webhooks carry the user's number.
    number_visible: bool,
    /// The user's username.
    #[schema(required = true)]
    username: Option<String>,
    /// The id its portfolio was shown; null before the first webhook or answer about the user.
    #[schema(required = true)]
    user_id: Option<String>,
    /// The id that the portfolio above was shown.
    #[schema(required = true)]
    parent_user_id: Option<String>,
    /// When the two last exchanged a message or a call by the number, Unix seconds.
    #[schema(required = true)]
    met_at: Option<i64>,
    /// Whether the user stands in the portfolio's contact book.
    in_contact_book: bool,
    /// Whether the portfolio keeps one.
    contact_book: bool,
}
