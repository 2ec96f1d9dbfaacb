//! May this call be placed, may this user be asked? One function for each, in the order of `graph-api.md` §2.1; what
//! is wrong with the request itself (100) comes before any of them (`contract.md` §4).

mod phone;

use ahoy_types::{Country, RuleTime};

use crate::account::Number;
use crate::call::WrongState;
use crate::limits::Limits;
use crate::pair::{Pair, Permission, RequestLimit};
use crate::readings::SdpRefusal;
use crate::routing::ControlRefusal;

pub use phone::{PhoneRefusal, UserCallFacts, may_user_call};

/// Why the business's request is refused. The Graph edge maps each to a code of `errors.md`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// 100/33: the object is unknown or belongs to somebody else.
    #[error("the object `{0}` does not exist or is not yours")]
    NoSuchObject(String),
    /// 100: a field of the request is wrong; the sentence names it.
    #[error("{0}")]
    Invalid(String),
    /// 100 or 138008: the session description has a defect.
    #[error(transparent)]
    Sdp(#[from] SdpRefusal),
    /// 100: the act does not fit the state of the call.
    #[error(transparent)]
    WrongState(#[from] WrongState),
    /// 133005: the PIN is not the number's.
    #[error("pin: this is not the PIN of the number's two-step verification")]
    PinMismatch,
    /// 136024: no verification code is sent.
    #[error("no verification code can be sent: {0}")]
    NoCode(String),
    /// 133006: nobody has shown that the number is theirs.
    #[error("the phone number has not been verified")]
    NotVerified,
    /// 133008: too many wrong PINs.
    #[error("pin: too many wrong PINs; wait before the next attempt")]
    PinGuesses,
    /// 133010: the number is not registered.
    #[error(
        "the phone number is not registered; register it with POST /{{phone-number-id}}/register"
    )]
    NotRegistered,
    /// 133016: registered and deregistered too often.
    #[error(
        "the number was registered or deregistered {0} times within the last days; wait before the next attempt"
    )]
    RegistrationLimit(u32),
    /// 131030: a test number reaches only the recipients of its allow-list.
    #[error("the recipient is not in the allow-list of this test number")]
    NotAllowListed,
    /// 131062: a code to sign in with goes to telephone numbers.
    #[error(
        "recipient: templates of the category AUTHENTICATION are sent to a telephone number, in `to`"
    )]
    UserIdNotSupported,
    /// 131055: the number's calls go over SIP.
    #[error("this phone number has SIP enabled: its calls go over SIP, not over this endpoint")]
    SipEnabled,
    /// 138038: on a number with routing only the Call primary takes and places calls.
    #[error(
        "this phone number has conversation routing and the app's business is not primary for its calls"
    )]
    NotCallPrimary,
    /// 100: another business owns the thread.
    #[error("to: another responder owns the conversation with this recipient")]
    ForeignThread,
    /// 100, and 2494191 for a take: the thread stays as it is.
    #[error(transparent)]
    ThreadControl(#[from] ControlRefusal),
    /// 138000: the number has calling switched off.
    #[error("calling is not enabled for this phone number")]
    CallingDisabled,
    /// 131009: numbers of this country send no call buttons.
    #[error("interactive.type: voice_call is not supported for business numbers of {0}")]
    NoCallButtons(Country),
    /// 131021: a number writes to itself.
    #[error("to: the recipient is the sender itself")]
    RecipientIsSender,
    /// 138013: numbers of this country place no calls.
    #[error("business-initiated calling is not available for business numbers of {0}")]
    CountryNotServed(Country),
    /// 138014: calling is paused for low quality.
    #[error("business-initiated calling is paused for this phone number until {}", .until.secs_up())]
    Restricted {
        /// The first instant at which it is allowed again.
        until: RuleTime,
    },
    /// 131042: nobody pays.
    #[error("the account has no valid payment method")]
    Payment,
    /// 138001: the recipient cannot be called.
    #[error(
        "the recipient cannot be called: it is not on the platform, or its app is too old for calls"
    )]
    Uncallable,
    /// 138006: no permission.
    #[error("no approved call permission from the recipient")]
    NoPermission,
    /// 138012: the daily limit of connected calls.
    #[error("the limit of connected calls to this recipient is reached; the next one is allowed at {}", .next_at.secs_up())]
    DailyLimit {
        /// When the next call is allowed.
        next_at: RuleTime,
    },
    /// 138009: asked too often.
    #[error("the limit of {} permission requests to this recipient in {} hours is reached; the next one is allowed at {}", .0.allowed, .0.window.as_secs() / 3600, .0.next_at.secs_up())]
    RequestLimit(RequestLimit),
    /// 138017: there is nothing left to ask for.
    #[error("the recipient has already granted a permanent call permission")]
    PermanentPermission,
    /// 138003: the pair has a call already.
    #[error("there is already a call with this recipient")]
    Duplicate,
    /// 138002: the number has too many calls at once.
    #[error("the number has reached its limit of {0} concurrent calls")]
    Concurrency(u32),
    /// 138005: the number placed too many calls today.
    #[error("the number has reached its limit of {0} connect requests in 24 hours")]
    ConnectRate(u32),
    /// 138015: messaging limit too low to enable calling.
    #[error(
        "calling can be enabled from a messaging limit of 2,000 conversations a day; this number has {0}"
    )]
    MessagingLimit(&'static str),
    /// 138018: nothing would receive the calls.
    #[error(
        "calling cannot be enabled: no app subscribed to this account has the webhook field `calls`"
    )]
    NoReceiver,
    /// 130429: too many requests.
    #[error("more than {most} requests to `/{edge}` a second by this phone number")]
    RequestRate {
        /// How many are allowed.
        most: u32,
        /// Of which kind.
        edge: &'static str,
    },
    /// 613: too many reads.
    #[error("more than {0} reads of call permissions a second")]
    ReadRate(u32),
    /// 10: the token lacks a permission.
    #[error("the access token lacks the permission {0}")]
    MissingScope(&'static str),
    /// 132…, 2388…: a message template, or what is put into it, breaks a rule.
    #[error(transparent)]
    Template(#[from] crate::template::Fault),
    /// 131053: uploaded media cannot be taken; the sentence names the field.
    #[error("{0}")]
    MediaUpload(String),
    /// 2: what the server has of something for this number, or for all, is in use. The sentence names it.
    #[error("{what}")]
    Full {
        /// Of what there is no more.
        what: String,
        /// When to try again.
        retry_after: std::time::Duration,
    },
    /// 2: the platform takes no new calls now.
    #[error("the platform takes no new calls at the moment")]
    Unavailable,
    /// 131000: the platform could not store or carry it out; nothing happened.
    #[error("{0}")]
    Internal(String),
}

/// What the decision about a business's call looks at.
#[derive(Debug)]
pub struct ConnectFacts<'a> {
    /// The business's number.
    pub number: &'a Number,
    /// The limits it lives under.
    pub limits: &'a Limits,
    /// Countries whose numbers place no calls.
    pub no_business_calls: &'a [Country],
    /// The pair.
    pub pair: &'a Pair,
    /// Whether the recipient may be reached: on the allow-list of a test number, anybody from other numbers.
    pub allow_listed: bool,
    /// Whether the recipient can be called at all.
    pub callable: bool,
    /// Whether the pair has a live call, one that is just being rejected included.
    pub pair_busy: bool,
    /// Live calls of the number.
    pub live_calls: u32,
    /// Connect requests of the number in the last 24 hours.
    pub connects: u32,
}

/// May the business place this call now?
///
/// # Errors
/// The first check that fails, in the documented order.
pub fn may_connect(facts: &ConnectFacts<'_>, now: RuleTime) -> Result<(), Refusal> {
    let ConnectFacts { number, limits, .. } = facts;
    if number.settings.sip.status.on() {
        return Err(Refusal::SipEnabled);
    }
    number_may_reach_out(number, facts.no_business_calls, facts.allow_listed, now)?;
    if !number.payment_valid {
        return Err(Refusal::Payment);
    }
    if !facts.callable {
        return Err(Refusal::Uncallable);
    }
    if facts.pair.permission(now) == Permission::None {
        return Err(Refusal::NoPermission);
    }
    if let Some(next_at) = facts.pair.call_usage(limits, now).next_at {
        return Err(Refusal::DailyLimit { next_at });
    }
    if facts.pair_busy {
        return Err(Refusal::Duplicate);
    }
    if facts.live_calls >= limits.concurrent_calls {
        return Err(Refusal::Concurrency(limits.concurrent_calls));
    }
    if facts.connects >= limits.connects_per_day {
        return Err(Refusal::ConnectRate(limits.connects_per_day));
    }
    Ok(())
}

/// What the decision about a permission request looks at.
#[derive(Debug)]
pub struct RequestFacts<'a> {
    /// The business's number.
    pub number: &'a Number,
    /// The limits it lives under.
    pub limits: &'a Limits,
    /// Countries whose numbers place no calls, and so need no permission.
    pub no_business_calls: &'a [Country],
    /// The pair.
    pub pair: &'a Pair,
    /// As in [`ConnectFacts`].
    pub allow_listed: bool,
}

/// May the business ask the user for permission now?
///
/// # Errors
/// The first check that fails, in the order of [`may_connect`].
pub fn may_request(facts: &RequestFacts<'_>, now: RuleTime) -> Result<(), Refusal> {
    number_may_reach_out(
        facts.number,
        facts.no_business_calls,
        facts.allow_listed,
        now,
    )?;
    if facts.pair.permission(now) == Permission::Permanent {
        return Err(Refusal::PermanentPermission);
    }
    match facts.pair.request_limit(facts.limits, now) {
        Some(limit) => Err(Refusal::RequestLimit(limit)),
        None => Ok(()),
    }
}

/// Whether calls and requests for permission may leave this number at all, towards this recipient.
fn number_may_reach_out(
    number: &Number,
    no_business_calls: &[Country],
    allow_listed: bool,
    now: RuleTime,
) -> Result<(), Refusal> {
    if !number.registration.registered {
        return Err(Refusal::NotRegistered);
    }
    if !number.settings.status.on() {
        return Err(Refusal::CallingDisabled);
    }
    if let Some(country) = number.number.country()
        && no_business_calls.contains(&country)
    {
        return Err(Refusal::CountryNotServed(country));
    }
    if let Some(until) = number.standing.business_paused(now) {
        return Err(Refusal::Restricted { until });
    }
    if !allow_listed {
        return Err(Refusal::NotAllowListed);
    }
    Ok(())
}

/// May the business go on with a user's call, by pre_accept or accept?
///
/// # Errors
/// The number was deregistered, switched off or left without payment since the user dialled.
pub fn may_take(number: &Number) -> Result<(), Refusal> {
    if !number.registration.registered {
        return Err(Refusal::NotRegistered);
    }
    if !number.payment_valid {
        return Err(Refusal::Payment);
    }
    Ok(())
}

/// A number in production with calling enabled, for tests.
#[cfg(test)]
pub(crate) fn sample_number() -> Number {
    tests::number()
}

#[cfg(test)]
mod tests;
