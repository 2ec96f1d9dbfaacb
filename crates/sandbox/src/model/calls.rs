//! Calls, what was heard of them, and their log.

use utoipa::ToSchema;

/// A call that was placed.
#[derive(ToSchema)]
pub(crate) struct Placed {
    /// The call.
    #[schema(example = "wacid.HBgMNDQ3NzAwOTAwMDAx")]
    id: String,
}

/// Calls, oldest first, without their media.
#[derive(ToSchema)]
pub(crate) struct CallList {
    data: Vec<CallShown>,
}

/// A call of a user.
#[derive(ToSchema)]
pub(crate) struct CallShown {
    /// The call.
    id: String,
    /// The business number's node.
    phone_number_id: String,
    /// The user.
    wa_id: String,
    /// `USER_INITIATED` or `BUSINESS_INITIATED`.
    direction: String,
    /// `ringing`, `connected` or `ended`.
    state: String,
    /// When it was placed, Unix seconds of rule time.
    placed_at: i64,
    /// When it was picked up.
    #[schema(required = true)]
    start_time: Option<i64>,
    /// When it ended.
    #[schema(required = true)]
    end_time: Option<i64>,
    /// `end_time` less `start_time`, in seconds.
    #[schema(required = true)]
    duration: Option<u64>,
    /// `COMPLETED` or `FAILED`, once it has ended.
    #[schema(required = true)]
    status: Option<String>,
    /// Why it ended.
    #[schema(required = true)]
    end_cause: Option<String>,
    /// The error of a failed call.
    #[schema(required = true)]
    error_code: Option<u32>,
    /// What a simulated user heard; null in lists, and where a real phone heard it.
    #[schema(required = true)]
    heard: Option<HeardShown>,
    /// The media timeline with its verdict; null in lists, and once it is no longer kept.
    #[schema(required = true)]
    media: Option<MediaShown>,
}

/// What was in a simulated user's ear.
#[derive(ToSchema)]
pub(crate) struct HeardShown {
    /// Packets that came after accept, telephone events among them.
    packets: u64,
    /// Packets missing by sequence number.
    lost: u64,
    /// Packets that came behind one sent after them; they are no loss.
    late: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 A.8).
    jitter_ms: f64,
    /// Milliseconds of audible sound.
    audio_ms: u64,
    /// Milliseconds that were guessed for lost packets; none of them is in `audio_ms`.
    concealed_ms: u64,
    /// Dominant pitch of the last audible second; null in silence and noise.
    #[schema(required = true)]
    tone_hz: Option<f64>,
    /// Level of that second; null if nothing was audible.
    #[schema(required = true)]
    level_dbfs: Option<f64>,
    /// Keys the business pressed.
    digits: String,
    /// Milliseconds from accept to the first audible sound.
    #[schema(required = true)]
    first_audio_ms_after_accept: Option<u64>,
    /// Where packets are missing, the first hundred places.
    gaps: Vec<serde_json::Value>,
    /// Packets of the business that came before accept and were dropped.
    packets_before_gate: u64,
    /// Milliseconds of the beginning that are no longer kept.
    forgotten_ms: u64,
}

/// What became of a call's media.
#[derive(ToSchema)]
pub(crate) struct MediaShown {
    /// Why it was silent, in one sentence.
    verdict: String,
    /// What happened, in order of time.
    timeline: Vec<serde_json::Value>,
    /// Figures of the business's leg and the user's.
    legs: Vec<serde_json::Value>,
}

/// A page of the log of calls.
#[derive(ToSchema)]
pub(crate) struct CallLogPage {
    /// Calls, oldest first.
    data: Vec<CallLogCall>,
    /// Where the next page begins: `cursors.after`; absent where nothing was found.
    #[schema(required = false, nullable = false)]
    paging: Option<serde_json::Value>,
}

/// A call as the log shows it.
#[derive(ToSchema)]
pub(crate) struct CallLogCall {
    /// When it was placed, Unix seconds of rule time.
    timestamp: i64,
    /// `USER_INITIATED` or `BUSINESS_INITIATED`.
    direction: String,
    /// `GRAPH_API` or `SIP`.
    signaling: String,
    /// The call.
    call_id: String,
    /// The id of the answer to the request that placed it; null where the user did.
    #[schema(required = true)]
    request_id: Option<String>,
    /// The business number's node.
    phone_number_id: String,
    /// The user.
    wa_id: String,
    /// Where it is in its life.
    state: String,
    /// When it was picked up.
    #[schema(required = true)]
    start_time: Option<i64>,
    /// When it ended.
    #[schema(required = true)]
    end_time: Option<i64>,
    /// Its length in seconds; null where nobody picked up.
    #[schema(required = true)]
    duration: Option<u64>,
    /// `COMPLETED` or `FAILED`, once it has ended.
    #[schema(required = true)]
    status: Option<String>,
    /// Why it ended.
    #[schema(required = true)]
    end_cause: Option<String>,
    /// The error of a failed call.
    #[schema(required = true)]
    error_code: Option<u32>,
    /// The end in a sentence.
    details: String,
    /// What it cost; null where it was not charged.
    #[schema(required = true)]
    cost: Option<String>,
    /// Of the cost: ISO 4217.
    #[schema(required = true)]
    currency: Option<String>,
    /// What happened, oldest first.
    events: Vec<CallLogEvent>,
    /// How the cost came about; only of one call, and only where it was charged.
    #[schema(required = false, nullable = false)]
    charge: Option<serde_json::Value>,
}

/// Something that happened to a call.
#[derive(ToSchema)]
pub(crate) struct CallLogEvent {
    /// When, Unix seconds of rule time.
    timestamp: i64,
    /// When, in milliseconds.
    timestamp_ms: i64,
    /// What.
    event: String,
    /// More about it: the cause of an end.
    #[schema(required = true)]
    detail: Option<String>,
    /// The id that the API's answer carried, where a request did it.
    #[schema(required = true)]
    request_id: Option<String>,
}
