//! Whether a number, and all it hangs on, can send messages and take calls over SIP (`graph-api.md` §7, "Health").

use ahoy_types::{AppId, RuleTime};

use crate::account::Number;
use crate::template::{Status, Template};

/// How well something works; the order is from well to not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// It works.
    Available,
    /// Parts of it do not.
    Limited,
    /// It does not work.
    Blocked,
}

impl Ability {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "AVAILABLE",
            Self::Limited => "LIMITED",
            Self::Blocked => "BLOCKED",
        }
    }
}

/// Why something is blocked, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// The error requests meet, or 138024 and 138025, which only health knows (`errors.md`).
    pub code: u32,
    /// What is wrong.
    pub description: &'static str,
    /// What mends it.
    pub solution: &'static str,
}

/// The health of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether messages can be sent.
    pub messages: Ability,
    /// Whether calls over SIP can be received; only numbers and apps say so.
    pub sip: Option<Ability>,
    /// Causes of what is blocked.
    pub causes: Vec<Cause>,
    /// Sentences about what is limited.
    pub limits: Vec<&'static str>,
}

impl Health {
    const fn good() -> Self {
        Self {
            messages: Ability::Available,
            sip: None,
            causes: Vec::new(),
            limits: Vec::new(),
        }
    }

    fn block(&mut self, cause: Cause) {
        self.messages = Ability::Blocked;
        self.causes.push(cause);
    }

    fn sip(mut self, open: bool, cause: Cause) -> Self {
        self.sip = Some(if open {
            Ability::Available
        } else {
            self.causes.push(cause);
            Ability::Blocked
        });
        self
    }
}

const NOT_REGISTERED: Cause = Cause {
    code: 133_010,
    description: "The phone number is not registered.",
    solution: "Register it with POST /{phone-number-id}/register.",
};
const NO_PAYMENT: Cause = Cause {
    code: 131_042,
    description: "The account has no valid payment method.",
    solution: "Give the account a valid payment method.",
};
const SIP_OFF: Cause = Cause {
    code: 138_024,
    description: "SIP is not enabled on the phone number.",
    solution: "Set calling.sip.status to ENABLED in the settings of the number.",
};
const NO_SIP_SERVER: Cause = Cause {
    code: 138_025,
    description: "No SIP server is configured for the app.",
    solution: "Set calling.sip.servers in the settings of the number with a token of this app.",
};
const PAUSED: Cause = Cause {
    code: 132_015,
    description: "The template is paused.",
    solution: "Wait for the end of the pause, or use another template.",
};
const DISABLED: Cause = Cause {
    code: 132_016,
    description: "The template is disabled.",
    solution: "Make another template.",
};
const NOT_APPROVED: Cause = Cause {
    code: 132_001,
    description: "The template is not approved.",
    solution: "Wait for the review, or edit what it rejected.",
};

/// Health of a phone number.
pub fn of_number(number: &Number, now: RuleTime) -> Health {
    let mut health = Health::good();
    let restrictions = number.standing.restrictions(now);
    if !restrictions.is_empty() {
        health.messages = Ability::Limited;
        health.limits.extend(restrictions.iter().map(|r| r.reason));
    }
    if !number.registration.registered {
        health.block(NOT_REGISTERED);
    }
    health.sip(number.settings.sip.status.on(), SIP_OFF)
}

/// Health of an account with these numbers: whether it can pay.
pub fn of_account<'a>(numbers: impl IntoIterator<Item = &'a Number>) -> Health {
    let mut health = Health::good();
    if numbers.into_iter().any(|number| !number.payment_valid) {
        health.block(NO_PAYMENT);
    }
    health
}

/// Health of a business portfolio: nothing here ever blocks one.
pub const fn of_business() -> Health {
    Health::good()
}

/// Health of an app that works with these numbers.
pub fn of_app<'a>(app: AppId, numbers: impl IntoIterator<Item = &'a Number>) -> Health {
    let served = numbers
        .into_iter()
        .any(|number| number.settings.sip.servers.iter().any(|s| s.app == app));
    Health::good().sip(served, NO_SIP_SERVER)
}

/// Health of a template.
pub fn of_template(template: &Template) -> Health {
    let mut health = Health::good();
    match template.status {
        Status::Approved => {}
        Status::Paused => health.block(PAUSED),
        Status::Disabled => health.block(DISABLED),
        _ => health.block(NOT_APPROVED),
    }
    health
}

/// Whether messages can be sent through all of them: as badly as through the worst. SIP does not count.
pub fn worst<'a>(all: impl IntoIterator<Item = &'a Health>) -> Ability {
    all.into_iter()
        .map(|health| health.messages)
        .max()
        .unwrap_or(Ability::Available)
}

#[cfg(test)]
mod tests {
    use ahoy_types::{Direction, PhoneNumberId, WaId, WabaId};
    use std::time::Duration;

    use super::*;
    use crate::account::MessagingLimit;
    use crate::limits::Profile;
    use crate::settings::{CallingSettings, SipPassword, SipServer, Switch};

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    fn number() -> Number {
        Number {
            id: PhoneNumberId(1),
            waba: WabaId(2),
            number: WaId::from_u64(442_079_460_000),
            verified_name: "Harbour".into(),
            profile: Profile::Production,
            messaging_limit: MessagingLimit::Tier2k,
            payment_valid: true,
            settings: CallingSettings::default(),
            registration: Default::default(),
            about: Default::default(),
            standing: Default::default(),
        }
    }

    fn codes(health: &Health) -> Vec<u32> {
        health.causes.iter().map(|cause| cause.code).collect()
    }

    #[test]
    fn a_number_without_sip_sends_messages_all_the_same() {
        let health = of_number(&number(), NOW);
        assert_eq!(health.messages, Ability::Available);
        assert_eq!(
            (health.sip, codes(&health)),
            (Some(Ability::Blocked), vec![138_024])
        );
    }

    #[test]
    fn sip_needs_the_switch_of_the_number_and_a_server_of_the_app() {
        let mut n = number();
        n.settings.sip.status = Switch::Enabled;
        n.settings.sip.servers.push(SipServer {
            app: AppId(7),
            hostname: "sip.example.com".into(),
            port: 5061,
            request_uri_user_params: Default::default(),
            password: SipPassword(String::new()),
        });
        assert_eq!(of_number(&n, NOW).sip, Some(Ability::Available));
        assert_eq!(of_app(AppId(7), [&n]).sip, Some(Ability::Available));
        let other = of_app(AppId(8), [&n]);
        assert_eq!(
            (other.sip, codes(&other)),
            (Some(Ability::Blocked), vec![138_025])
        );
        assert_eq!(other.messages, Ability::Available);
    }

    #[test]
    fn a_pause_limits_and_its_end_mends() {
        let mut n = number();
        let until = NOW + Duration::from_secs(60);
        n.standing.pause(Direction::BusinessInitiated, until, NOW);
        let health = of_number(&n, NOW);
        assert_eq!(
            (health.messages, health.limits.len()),
            (Ability::Limited, 1)
        );
        assert_eq!(of_number(&n, until).messages, Ability::Available);
        n.registration.registered = false;
        assert_eq!(of_number(&n, NOW).messages, Ability::Blocked);
    }

    #[test]
    fn the_whole_is_as_good_as_its_worst_part() {
        let mut n = number();
        n.payment_valid = false;
        let (account, number) = (of_account([&n]), of_number(&n, NOW));
        assert_eq!(codes(&account), [131_042]);
        assert_eq!(worst([&number, &of_business()]), Ability::Available);
        assert_eq!(worst([&number, &account, &of_business()]), Ability::Blocked);
        assert_eq!(worst([]), Ability::Available);
    }
}
