//! May this user call now, and what does the phone show where not?

use ahoy_types::RuleTime;

use crate::account::Number;
use crate::call::WrongState;
use crate::hours::HolidayReading;
use crate::identity::Client;
use crate::limits::Limits;
use crate::view::{ClosedNow, closed_now};

/// Why the user's phone cannot place a call: what it would show. No webhook is sent for any of these
/// (`webhooks.md` §2.8) but [`PhoneRefusal::Payment`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneRefusal {
    /// The number is not a business here.
    #[error("There is no business with the number {0}.")]
    NoSuchBusiness(String),
    /// The user is not known.
    #[error("There is no user with the number {0}.")]
    NoSuchUser(String),
    /// There is no such call.
    #[error("There is no call {0}.")]
    NoSuchCall(String),
    /// The business's number is not registered.
    #[error("This number cannot be reached at present.")]
    NotRegistered,
    /// The business has calling switched off.
    #[error("This business does not take calls.")]
    CallingDisabled,
    /// Calls to the business are paused for low quality.
    #[error("This business cannot be called at the moment.")]
    Restricted,
    /// The business does not pay; it is told by a webhook (131044, `webhooks.md` §2.7).
    #[error("This business cannot take calls at the moment.")]
    Payment,
    /// The user's app is too old for calls with businesses.
    #[error("This app is too old for calls with businesses: update it first.")]
    AppTooOld,
    /// The user sits at a browser or a desktop, where there are no calls with businesses.
    #[error("Businesses are called from a phone, not from the browser or the desktop.")]
    NoCallsHere,
    /// The business takes calls over SIP, which this server does not carry.
    #[error("This business takes its calls over SIP, which this server cannot connect yet.")]
    OverSip,
    /// The business is closed at this hour.
    #[error("This business is closed{}.", .0.opens.as_ref().map(|opens| format!("; it opens {opens}")).unwrap_or_default())]
    Closed(ClosedNow),
    /// The business does not ask to be allowed to call back.
    #[error("This business does not take requests to call back.")]
    NoCallback,
    /// The pair has a call already.
    #[error("You are already in a call with this business.")]
    Busy,
    /// Too many calls at once.
    #[error("This business cannot take more calls right now. Try again later.")]
    OverCapacity,
    /// The platform takes no new calls now.
    #[error("Calls cannot be placed right now. Try again later.")]
    Unavailable,
    /// The act does not fit the call.
    #[error("{0}")]
    WrongState(#[from] WrongState),
    /// The business's session description names no telephone events.
    #[error(
        "Keys cannot be sent to this business: its SDP does not name telephone-event/8000 under the number it was offered."
    )]
    NoKeys,
    /// There is no such message.
    #[error("There is no message {0} in this chat.")]
    NoSuchMessage(String),
    /// What is to be tapped is not there, or works no more.
    #[error("{0}")]
    Gone(String),
    /// The user has the business blocked.
    #[error("You have blocked this business. Unblock it first.")]
    Blocked,
    /// A field of the request is wrong.
    #[error("{0}")]
    Invalid(String),
    /// The platform failed.
    #[error("The call could not be placed: {0}.")]
    Internal(String),
}

impl PhoneRefusal {
    /// A short stable word for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchBusiness(_) => "no_such_business",
            Self::NoSuchUser(_) => "no_such_user",
            Self::NoSuchCall(_) => "no_such_call",
            Self::NotRegistered => "not_registered",
            Self::CallingDisabled => "calling_disabled",
            Self::Restricted => "restricted",
            Self::Payment => "payment",
            Self::AppTooOld => "app_too_old",
            Self::NoCallsHere => "no_calls_here",
            Self::OverSip => "over_sip",
            Self::Closed(_) => "closed",
            Self::NoCallback => "no_callback",
            Self::Busy => "busy",
            Self::OverCapacity => "over_capacity",
            Self::Unavailable => "unavailable",
            Self::WrongState(_) => "wrong_state",
            Self::NoKeys => "no_telephone_event",
            Self::NoSuchMessage(_) => "no_such_message",
            Self::Gone(_) => "gone",
            Self::Blocked => "blocked",
            Self::Invalid(_) => "invalid",
            Self::Internal(_) => "internal",
        }
    }
}

/// What the decision about a user's call looks at.
#[derive(Debug)]
pub struct UserCallFacts<'a> {
    /// The business's number.
    pub number: &'a Number,
    /// The limits it lives under.
    pub limits: &'a Limits,
    /// The user's phone.
    pub client: &'a Client,
    /// What holidays mean.
    pub holidays: HolidayReading,
    /// Whether the pair has a live call.
    pub pair_busy: bool,
    /// Live calls of the number.
    pub live_calls: u32,
}

/// May the user call this business now?
///
/// # Errors
/// The first check that fails: the phone, the number, its account, then what is going on.
pub fn may_user_call(facts: &UserCallFacts<'_>, now: RuleTime) -> Result<(), PhoneRefusal> {
    if !facts.client.platform.has_calls() {
        return Err(PhoneRefusal::NoCallsHere);
    }
    if !facts.client.can_call() {
        return Err(PhoneRefusal::AppTooOld);
    }
    let number = facts.number;
    if !number.registration.registered {
        return Err(PhoneRefusal::NotRegistered);
    }
    if !number.settings.status.on() {
        return Err(PhoneRefusal::CallingDisabled);
    }
    if number.standing.blocks_user(now) {
        return Err(PhoneRefusal::Restricted);
    }
    if let Some(closed) = closed_now(number, facts.holidays, now) {
        return Err(PhoneRefusal::Closed(closed));
    }
    if number.settings.sip.status.on() {
        return Err(PhoneRefusal::OverSip);
    }
    if !number.payment_valid {
        return Err(PhoneRefusal::Payment);
    }
    if facts.pair_busy {
        return Err(PhoneRefusal::Busy);
    }
    if facts.live_calls >= facts.limits.concurrent_calls {
        return Err(PhoneRefusal::OverCapacity);
    }
    Ok(())
}
