//! May this call be placed? One function a direction, in the order of `graph-api.md` §2.1.

use ahoy_types::{Country, RuleTime};

use crate::account::Number;
use crate::call::WrongState;
use crate::limits::{Limits, NO_BUSINESS_CALLS};
use crate::pair::{Pair, Permission};

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
    /// 100: the act does not fit the state of the call.
    #[error(transparent)]
    WrongState(#[from] WrongState),
    /// 133005: the PIN is not the number's.
    #[error("pin: this is not the PIN of the number's two-step verification")]
    PinMismatch,
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
    #[error("the recipient {0} is not in the allow-list of this test number")]
    NotAllowListed(String),
    /// 138000: the number has calling switched off.
    #[error("calling is not enabled for this phone number")]
    CallingDisabled,
    /// 138013: numbers of this country place no calls.
    #[error("business-initiated calling is not available for business numbers of {0}")]
    CountryNotServed(Country),
    /// 138014: calling is paused for low quality.
    #[error("business-initiated calling is paused for this phone number until {}", .until.secs())]
    Restricted {
        /// The first instant at which it is allowed again.
        until: RuleTime,
    },
    /// 131044/131042: nobody pays.
    #[error("the account has no valid payment method")]
    Payment,
    /// 138001: the recipient cannot be called.
    #[error("the recipient {0} cannot be called")]
    Uncallable(String),
    /// 138006: no permission.
    #[error("no approved call permission from the recipient")]
    NoPermission,
    /// 138012: the daily limit of connected calls.
    #[error("the limit of connected calls to this recipient is reached; the next one is allowed at {}", .next_at.secs())]
    DailyLimit {
        /// When the next call is allowed.
        next_at: RuleTime,
    },
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
    /// The pair.
    pub pair: &'a Pair,
    /// Whether the recipient may be reached: on the allow-list of a test number, anybody from other numbers.
    pub allow_listed: bool,
    /// Whether the recipient can be called at all.
    pub callable: bool,
    /// Whether the pair has a live call.
    pub pair_busy: bool,
    /// Live calls of the number.
    pub live_calls: u32,
    /// Connect requests of the number in the last 24 hours.
    pub connects: u32,
}

/// May the business place this call now?
pub fn may_connect(facts: &ConnectFacts<'_>, now: RuleTime) -> Result<(), Refusal> {
    if !facts.number.registration.registered {
        return Err(Refusal::NotRegistered);
    }
    if !facts.number.settings.status.on() {
        return Err(Refusal::CallingDisabled);
    }
    if let Some(country) = facts.number.number.country()
        && NO_BUSINESS_CALLS.contains(&country.as_str())
    {
        return Err(Refusal::CountryNotServed(country));
    }
    if let Some(until) = facts.number.standing.business_paused(now) {
        return Err(Refusal::Restricted { until });
    }
    if !facts.allow_listed {
        return Err(Refusal::NotAllowListed("number".into()));
    }
    if !facts.number.payment_valid {
        return Err(Refusal::Payment);
    }
    if !facts.callable {
        return Err(Refusal::Uncallable("number".into()));
    }
    if facts.pair.permission(now) == Permission::None {
        return Err(Refusal::NoPermission);
    }
    if let Some(next_at) = facts.pair.call_usage(facts.limits, now).next_at {
        return Err(Refusal::DailyLimit { next_at });
    }
    if facts.pair_busy {
        return Err(Refusal::Duplicate);
    }
    if facts.live_calls >= facts.limits.concurrent_calls {
        return Err(Refusal::Concurrency(facts.limits.concurrent_calls));
    }
    if facts.connects >= facts.limits.connects_per_day {
        return Err(Refusal::ConnectRate(facts.limits.connects_per_day));
    }
    Ok(())
}

/// Why the user's phone cannot place a call: what it would show. No webhook is sent for any of these
/// (`webhooks.md` §2.8).
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
    /// The pair has a call already.
    #[error("You are already in a call with this business.")]
    Busy,
    /// Too many calls at once.
    #[error("This business cannot take more calls right now. Try again later.")]
    OverCapacity,
    /// The act does not fit the call.
    #[error("{0}")]
    WrongState(#[from] WrongState),
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
            Self::Busy => "busy",
            Self::OverCapacity => "over_capacity",
            Self::WrongState(_) => "wrong_state",
            Self::Invalid(_) => "invalid",
            Self::Internal(_) => "internal",
        }
    }
}

/// May the user call this business now?
pub fn may_user_call(
    number: &Number,
    limits: &Limits,
    pair_busy: bool,
    live_calls: u32,
    now: RuleTime,
) -> Result<(), PhoneRefusal> {
    if !number.registration.registered {
        return Err(PhoneRefusal::NotRegistered);
    }
    if !number.settings.status.on() {
        return Err(PhoneRefusal::CallingDisabled);
    }
    if number.standing.blocks_user(now) {
        return Err(PhoneRefusal::Restricted);
    }
    if pair_busy {
        return Err(PhoneRefusal::Busy);
    }
    if live_calls >= limits.concurrent_calls {
        return Err(PhoneRefusal::OverCapacity);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ahoy_types::{PhoneNumberId, WaId, WabaId};

    use super::*;
    use crate::account::MessagingLimit;
    use crate::limits::Profile;
    use crate::settings::{CallingSettings, Switch};

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    fn number() -> Number {
        Number {
            id: PhoneNumberId(1),
            waba: WabaId(2),
            number: WaId::from_u64(442_079_460_000),
            verified_name: "Harbour Café".into(),
            profile: Profile::Production,
            messaging_limit: MessagingLimit::Tier2k,
            payment_valid: true,
            settings: CallingSettings {
                status: Switch::Enabled,
                ..Default::default()
            },
            registration: Default::default(),
            about: Default::default(),
            standing: Default::default(),
        }
    }

    /// Everything is wrong at once; each check that is mended uncovers the next: the documented order.
    #[test]
    fn checks_come_in_the_documented_order() {
        let limits = Limits {
            connected_per_day: 1,
            ..Limits::of(Profile::Production)
        };
        let mut n = number();
        n.registration.registered = false;
        n.settings.status = Switch::Disabled;
        n.number = WaId::from_u64(12_025_550_100);
        n.payment_valid = false;
        let until = NOW + std::time::Duration::from_secs(1);
        n.standing
            .pause(ahoy_types::Direction::BusinessInitiated, until, NOW);
        let mut pair = Pair::default();
        pair.connected.push(NOW);
        let mut facts = (false, true, u32::MAX, u32::MAX, false);
        let ask = |n: &Number, pair: &Pair, f: (bool, bool, u32, u32, bool)| {
            may_connect(
                &ConnectFacts {
                    number: n,
                    limits: &limits,
                    pair,
                    allow_listed: f.4,
                    callable: f.0,
                    pair_busy: f.1,
                    live_calls: f.2,
                    connects: f.3,
                },
                NOW,
            )
        };
        assert_eq!(ask(&n, &pair, facts), Err(Refusal::NotRegistered));
        n.registration.registered = true;
        assert_eq!(ask(&n, &pair, facts), Err(Refusal::CallingDisabled));
        n.settings.status = Switch::Enabled;
        assert!(matches!(
            ask(&n, &pair, facts),
            Err(Refusal::CountryNotServed(_))
        ));
        n.number = WaId::from_u64(442_079_460_000);
        assert_eq!(ask(&n, &pair, facts), Err(Refusal::Restricted { until }));
        n.standing = Default::default();
        assert!(matches!(
            ask(&n, &pair, facts),
            Err(Refusal::NotAllowListed(_))
        ));
        facts.4 = true;
        assert_eq!(ask(&n, &pair, facts), Err(Refusal::Payment));
        n.payment_valid = true;
        assert!(matches!(ask(&n, &pair, facts), Err(Refusal::Uncallable(_))));
        facts.0 = true;
        assert_eq!(ask(&n, &pair, facts), Err(Refusal::NoPermission));
        pair.grant_permanent();
        assert!(matches!(
            ask(&n, &pair, facts),
            Err(Refusal::DailyLimit { .. })
        ));
        pair.connected.clear();
        assert_eq!(ask(&n, &pair, facts), Err(Refusal::Duplicate));
        facts.1 = false;
        assert_eq!(ask(&n, &pair, facts), Err(Refusal::Concurrency(1000)));
        facts.2 = 999;
        assert_eq!(ask(&n, &pair, facts), Err(Refusal::ConnectRate(10_000)));
        facts.3 = 9_999;
        assert_eq!(ask(&n, &pair, facts), Ok(()));
    }

    #[test]
    fn a_pause_of_users_calls_refuses_them_until_it_ends() {
        let mut n = number();
        let until = NOW + std::time::Duration::from_secs(1);
        n.standing
            .pause(ahoy_types::Direction::UserInitiated, until, NOW);
        let ask = |now| may_user_call(&n, &Limits::default(), false, 0, now);
        assert_eq!(ask(NOW), Err(PhoneRefusal::Restricted));
        assert_eq!(ask(until), Ok(()));
    }

    #[test]
    fn a_hidden_icon_refuses_no_call() {
        let mut n = number();
        n.settings.call_icon_visibility = crate::settings::IconVisibility::DisableAll;
        assert_eq!(may_user_call(&n, &Limits::default(), false, 0, NOW), Ok(()));
        assert_eq!(
            may_user_call(&n, &Limits::default(), true, 0, NOW),
            Err(PhoneRefusal::Busy)
        );
        assert_eq!(
            may_user_call(&n, &Limits::default(), false, 1000, NOW),
            Err(PhoneRefusal::OverCapacity)
        );
    }
}
