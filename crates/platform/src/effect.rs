//! What a committed decision wants done. Effects own no rules: whoever carries them out only does what they say.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use ahoy_audio::EncodedSound;
use ahoy_calling::EndCause;
use ahoy_faults::{Active, Subject};
use ahoy_media::{CallPlan, LegNetwork, RemoteLeg};
use ahoy_types::{AppId, CallId, DeliveryId, Direction, MailId, PhoneNumberId, RuleTime, WaId};
use serde::Serialize;
use tokio::sync::oneshot;

use crate::live::UserLegKind;
use crate::quiet::Pending;

/// One thing to do after the commit.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// A request under faults caused this: they hold for it from now on.
    PutUnder {
        subject: Subject,
        faults: Arc<Active>,
    },
    /// Both legs of a new call exist from now on.
    Arm(Box<ArmCall>),
    /// The business's SDP is known.
    BusinessRemote { bridge: u64, remote: RemoteLeg },
    /// Both sides may hear each other.
    OpenGate { bridge: u64 },
    /// The user's phone should ring.
    Ring { call: CallId },
    /// The user picked up and the business's media is not there yet: it has a start time-out to come.
    AwaitMedia { call: CallId },
    /// The user's phone shows a connected call, from this instant on.
    Connected { call: CallId, at: RuleTime },
    /// The call is over: its media goes, the phone is told.
    Ended {
        call: CallId,
        bridge: u64,
        cause: EndCause,
    },
    /// Something in the chat of these two is new: the user's phones look again.
    Thread { user: WaId, number: PhoneNumberId },
    /// This user has another number: phones that are there under the former one are told.
    NumberChanged { from: WaId, to: WaId },
    /// A webhook is to be sent now, or when the phone of the call it tells of can hear (see [`crate::hold`]).
    Deliver {
        id: DeliveryId,
        app: AppId,
        lane: Option<CallId>,
    },
    /// A mail is to be sent now.
    SendMail { id: MailId },
    /// The first due timer may be another one now.
    TimersChanged,
    /// Everything was deleted: what lives still goes without a word.
    StartOver,
}

/// A new call for media and phone.
#[derive(Debug, Clone)]
pub(crate) struct ArmCall {
    pub call: CallId,
    pub bridge: u64,
    pub plan: CallPlan,
    pub number: PhoneNumberId,
    pub business_name: String,
    pub user: WaId,
    pub direction: Direction,
    pub user_end: UserEnd,
    /// The network emulated between the user and us.
    pub user_network: Option<LegNetwork>,
    /// The business's remote description, known at once where it offered.
    pub business_remote: Option<RemoteLeg>,
}

/// What stands at the user's end of a call.
#[derive(Debug, Clone)]
pub(crate) enum UserEnd {
    /// A phone of the sandbox, and what its microphone hears.
    Simulated { sound: Arc<EncodedSound> },
    /// A real phone, and our offer to it.
    Phone { offer: String },
}

impl UserEnd {
    pub(crate) const fn kind(&self) -> UserLegKind {
        match self {
            Self::Simulated { .. } => UserLegKind::Simulated,
            Self::Phone { .. } => UserLegKind::Phone,
        }
    }
    pub(crate) fn offer(&self) -> Option<&str> {
        match self {
            Self::Simulated { .. } => None,
            Self::Phone { offer } => Some(offer),
        }
    }
}

/// A webhook handed to the webhooks edge for one attempt. It counts as under way until it is given back with
/// [`Platform::delivery_attempted`](crate::Platform::delivery_attempted), or dropped.
#[derive(Debug)]
pub struct DeliveryJob {
    /// Which.
    pub id: DeliveryId,
    /// The receiver: attempts to one must not make those to another wait.
    pub app: AppId,
    /// When the commit that handed it out was done, or the wait for the phone's media was over.
    pub since: Instant,
    /// The call whose order it keeps.
    pub(crate) lane: Option<CallId>,
    pub(crate) pending: Pending,
    /// Who waits for a replay; `None` for an attempt of the schedule.
    pub(crate) replay: Option<oneshot::Sender<u32>>,
    /// The inspector's entry of its beginning.
    pub(crate) started: OnceLock<u64>,
}

/// What a user's phone is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PhoneEvent {
    /// A business calls: ring, and answer with this offer.
    Ring {
        /// The call.
        call_id: CallId,
        /// The business's number node.
        phone_number_id: PhoneNumberId,
        /// The business's verified name.
        name: String,
        /// The platform's SDP offer for the phone.
        sdp: String,
    },
    /// The call is connected: both sides hear each other from now on.
    Connected {
        /// The call.
        call_id: CallId,
    },
    /// Something in the chat with a business is new.
    Thread {
        /// The business's number node.
        phone_number_id: PhoneNumberId,
    },
    /// The user has another number: this phone is nobody's any more.
    NumberChanged {
        /// The number from now on.
        to: WaId,
    },
    /// The call is over.
    Ended {
        /// The call.
        call_id: CallId,
        /// Why, as [`EndCause::as_str`].
        cause: String,
        /// Whether this phone's user took part in a connected call.
        connected: bool,
    },
}
