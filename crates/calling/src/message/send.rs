//! May the business send this message, and does it arrive (`graph-api.md` §5)?

use ahoy_types::RuleTime;

use crate::Refusal;
use crate::account::Number;
use crate::identity::Client;
use crate::limits::Limits;
use crate::pair::Pair;

/// What the decision about a message looks at.
#[derive(Debug)]
pub struct SendFacts<'a> {
    /// The business's number.
    pub number: &'a Number,
    /// The limits it lives under.
    pub limits: &'a Limits,
    /// The pair.
    pub pair: &'a Pair,
    /// Whether the recipient may be reached: on the allow-list of a test number, anybody from other numbers.
    pub allow_listed: bool,
    /// Whether the recipient is on the platform at all.
    pub known: bool,
    /// The recipient's phone.
    pub client: &'a Client,
    /// Whether there is a call button in it.
    pub call_button: bool,
    /// Whether it asks for permission to call.
    pub request: bool,
    /// Whether it is a template.
    pub template: bool,
    /// Whether it is a template for signing in.
    pub authentication: bool,
    /// Whether the recipient was named by a business-scoped id.
    pub by_user_id: bool,
    /// Whether it costs something.
    pub billable: bool,
}

/// What becomes of a message that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is sent.
    Sent,
    /// It fails: the recipient is not on the platform, or the app is too old (131026).
    Undeliverable,
    /// It fails: no open service window, and no template (131047).
    WindowClosed,
    /// It fails: it costs something, and nobody pays (131042).
    Unpaid,
}

impl Fate {
    /// The code of a failure (`errors.md`).
    pub const fn error(self) -> Option<u32> {
        match self {
            Self::Sent => None,
            Self::Undeliverable => Some(131_026),
            Self::WindowClosed => Some(131_047),
            Self::Unpaid => Some(131_042),
        }
    }
}

/// Is the message taken, and does it arrive? What limits permission requests is asked apart from this.
///
/// # Errors
/// The refusal that answers the request at once.
pub fn may_send(facts: &SendFacts<'_>, now: RuleTime) -> Result<Fate, Refusal> {
    if !facts.number.registration.registered {
        return Err(Refusal::NotRegistered);
    }
    if !facts.allow_listed {
        return Err(Refusal::NotAllowListed);
    }
    if facts.authentication && facts.by_user_id {
        return Err(Refusal::UserIdNotSupported);
    }
    let about_calls = facts.call_button || facts.request;
    if about_calls && !facts.number.settings.status.on() {
        return Err(Refusal::CallingDisabled);
    }
    if facts.call_button
        && let Some(country) = facts.number.number.country()
        && facts.limits.no_call_buttons.contains(&country)
    {
        return Err(Refusal::NoCallButtons(country));
    }
    if !facts.known {
        return Ok(Fate::Undeliverable);
    }
    if !facts.template && !facts.pair.window_open(now) {
        return Ok(Fate::WindowClosed);
    }
    if facts.billable && !facts.number.payment_valid {
        return Ok(Fate::Unpaid);
    }
    let too_old = facts.call_button && !facts.client.shows_call_buttons()
        || facts.request && !facts.client.can_be_called();
    if too_old {
        return Ok(Fate::Undeliverable);
    }
    Ok(Fate::Sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Profile;
    use crate::settings::Switch;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    /// Everything is wrong at once; each check that is mended uncovers the next.
    #[test]
    fn checks_come_in_order_and_failures_after_refusals() {
        let mut limits = Limits::of(Profile::Sandbox);
        let mut number = crate::place::sample_number();
        let Some(country) = number.number.country() else {
            panic!("the sample has a country");
        };
        limits.no_call_buttons = vec![country];
        number.registration.registered = false;
        number.settings.status = Switch::Disabled;
        let mut pair = Pair::default();
        let client = |version: &str| Client {
            app_version: version.parse().ok(),
            ..Default::default()
        };
        let (old, newer) = (client("2.23.99"), client("2.24.1"));
        let ask = |number: &Number, limits: &Limits, pair: &Pair, listed, known, client| {
            may_send(
                &SendFacts {
                    number,
                    limits,
                    pair,
                    allow_listed: listed,
                    known,
                    client,
                    call_button: true,
                    request: false,
                    template: false,
                    authentication: false,
                    by_user_id: false,
                    billable: false,
                },
                NOW,
            )
        };
        let all = |number: &Number, limits: &Limits| {
            ask(number, limits, &Pair::default(), false, false, &old)
        };
        assert_eq!(all(&number, &limits), Err(Refusal::NotRegistered));
        number.registration.registered = true;
        assert!(matches!(
            all(&number, &limits),
            Err(Refusal::NotAllowListed)
        ));
        let bad = ask(&number, &limits, &pair, true, false, &old);
        assert_eq!(bad, Err(Refusal::CallingDisabled));
        number.settings.status = Switch::Enabled;
        let bad = ask(&number, &limits, &pair, true, false, &old);
        assert_eq!(bad, Err(Refusal::NoCallButtons(country)));
        limits.no_call_buttons.clear();
        let unknown = ask(&number, &limits, &pair, true, false, &old);
        assert_eq!(unknown, Ok(Fate::Undeliverable));
        let closed = ask(&number, &limits, &pair, true, true, &old);
        assert_eq!(closed, Ok(Fate::WindowClosed));
        pair.user_wrote(NOW);
        let outdated = ask(&number, &limits, &pair, true, true, &old);
        assert_eq!(outdated, Ok(Fate::Undeliverable));
        assert_eq!(
            ask(&number, &limits, &pair, true, true, &newer),
            Ok(Fate::Sent)
        );
    }

    #[test]
    fn a_code_to_sign_in_goes_to_a_number_and_what_costs_must_be_paid() {
        let limits = Limits::of(Profile::Sandbox);
        let mut number = crate::place::sample_number();
        number.payment_valid = false;
        let pair = Pair::default();
        let ask = |number: &Number, authentication, by_user_id, billable| {
            may_send(
                &SendFacts {
                    number,
                    limits: &limits,
                    pair: &pair,
                    allow_listed: true,
                    known: true,
                    client: &Client::default(),
                    call_button: false,
                    request: false,
                    template: true,
                    authentication,
                    by_user_id,
                    billable,
                },
                NOW,
            )
        };
        let refused = ask(&number, true, true, true);
        assert_eq!(refused, Err(Refusal::UserIdNotSupported));
        assert_eq!(ask(&number, false, true, false), Ok(Fate::Sent));
        let unpaid = ask(&number, true, false, true);
        assert_eq!(unpaid, Ok(Fate::Unpaid));
        assert_eq!(Fate::Unpaid.error(), Some(131_042));
        number.payment_valid = true;
        assert_eq!(ask(&number, true, false, true), Ok(Fate::Sent));
    }
}
