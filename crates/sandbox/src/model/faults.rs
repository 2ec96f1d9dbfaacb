//! Faults on request.

use serde::Deserialize;
use utoipa::ToSchema;

/// What is to go wrong. In place of the four lists one rule may stand by itself, beside `seed`; a list of one may be the rule.
#[derive(ToSchema)]
pub(crate) struct FaultPlan {
    /// What all draws depend on; 0 if left out.
    #[schema(required = false, nullable = false, example = 7)]
    seed: Option<u64>,
    /// Attempts to deliver webhooks.
    #[schema(required = false, nullable = false)]
    webhooks: Option<Vec<WebhookFaults>>,
    /// Requests to the business API.
    #[schema(required = false, nullable = false)]
    api: Option<Vec<ApiFaults>>,
    /// Media between the platform and the business.
    #[schema(required = false, nullable = false)]
    media: Option<Vec<MediaFaults>>,
    /// New calls.
    #[schema(required = false, nullable = false)]
    process: Option<Vec<ProcessFaults>>,
}

/// The plan that holds, with what each rule has done.
#[derive(ToSchema)]
pub(crate) struct FaultsShown {
    /// Whether anything is asked for.
    on: bool,
    /// What all draws depend on.
    seed: u64,
    /// Attempts to deliver webhooks.
    webhooks: Vec<WebhookFaults>,
    /// Requests to the business API.
    api: Vec<ApiFaults>,
    /// Media between the platform and the business.
    media: Vec<MediaFaults>,
    /// New calls.
    process: Vec<ProcessFaults>,
}

/// On, off, or a probability from 0 to 1.
#[derive(ToSchema, Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes what is read elsewhere")]
pub(crate) enum Chance {
    /// Always or never.
    Switch(bool),
    /// So often.
    Probability(f64),
}

macro_rules! rule {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(ToSchema)]
        pub(crate) struct $name {
            $($(#[$field_doc])* #[schema(required = false, nullable = false)] $field: Option<$kind>,)*
            /// How often the rule strikes, from 0 to 1; 1 if left out.
            #[schema(required = false, nullable = false)]
            probability: Option<f64>,
            /// It strikes at most this often.
            #[schema(required = false, nullable = false)]
            times: Option<u64>,
            /// How many it has looked at.
            #[schema(required = false, nullable = false, read_only)]
            seen: Option<u64>,
            /// How many it has struck.
            #[schema(required = false, nullable = false, read_only)]
            struck: Option<u64>,
        }
    };
}

rule!(
    /// A rule about attempts to deliver webhooks.
    WebhookFaults {
        /// It never reaches the receiver.
        drop: Chance,
        /// The receiver gets it, and its answer comes too late to count.
        timeout: Chance,
        /// The receiver gets it twice.
        duplicate: Chance,
        /// The call's next event overtakes it.
        reorder: Chance,
        /// Its body comes in pieces (`Transfer-Encoding: chunked`), without a length.
        chunked: Chance,
        /// It leaves so many real milliseconds later, 60000 at most.
        delay_ms: u64,
        /// Only this event, or this webhook field.
        event: String,
        /// Only of this call.
        call: String,
        /// Only of this business number.
        number: String,
        /// Only to this app, or to callbacks whose address begins so.
        receiver: String,
        /// Only this attempt, from 1.
        attempt: u32,
    }
);

rule!(
    /// A rule about requests to the business API.
    ApiFaults {
        /// They are answered with this code and do nothing.
        error_code: u32,
        /// They wait so many real milliseconds, 60000 at most.
        latency_ms: u64,
        /// Their connection is cut: `before` they do anything, `after`, or in the middle of the answer (`half`).
        cut: String,
        /// Only of this HTTP method.
        method: String,
        /// Only with these segments in their path, the version left out.
        path: String,
        /// Only with this `action`.
        action: String,
        /// Only with this `call_id`.
        call: String,
        /// Only to this business number.
        number: String,
    }
);

rule!(
    /// A rule about the media of new calls.
    MediaFaults {
        /// Share of audio packets lost either way, from 0 to 1.
        loss: f64,
        /// The same towards the business.
        loss_to_business: f64,
        /// The same from the business.
        loss_to_user: f64,
        /// The business's connectivity checks never arrive.
        no_ice: Chance,
        /// The business's DTLS never arrives.
        no_dtls: Chance,
        /// DTLS begins so many real milliseconds later, 60000 at most.
        dtls_late_ms: u64,
        /// Audio goes one way only: `to_business` or `to_user`.
        one_way: String,
        /// Of each key press towards the business this packet is lost, from 1. A press of the platform's own is ten: three at its
        /// begin, one each 20 ms, three at its end.
        event_lost: u8,
        /// Of each key press towards the business this packet is sent twice, under two sequence numbers.
        event_repeated: u8,
        /// With `event_lost` and `event_repeated`: only of this press of the call, from 1.
        press: u32,
        /// While audio flows the platform sends the business a DTLS alert: `close_notify` or `fatal` (`internal_error`). Media goes on.
        dtls_alert: String,
        /// With `dtls_alert`: so many real milliseconds after audio began to flow, 60000 at most.
        after_ms: u64,
        /// The business's session description is refused for want of a codec.
        codec_refused: Chance,
        /// Only of this call.
        call: String,
        /// Only with this business number.
        number: String,
        /// Only with this user.
        user: String,
        /// Only `business_initiated` or `user_initiated`.
        direction: String,
    }
);

rule!(
    /// A rule about new calls.
    ProcessFaults {
        /// No call is taken.
        refuse_calls: Chance,
        /// The number has as many calls up as it may.
        over_capacity: Chance,
        /// Only with this business number.
        number: String,
        /// Only with this user.
        user: String,
        /// Only `business_initiated` or `user_initiated`.
        direction: String,
    }
);
