//! What a message counts as on the bill (`webhooks.md` §3.4, `rules.md` §7).

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use super::MessageKind;
use crate::limits::SERVICE_MESSAGES_CHARGED_FROM;

/// The `pricing` of a status webhook, in the wire's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pricing {
    /// Whether it costs anything.
    pub billable: bool,
    /// `service`, `utility`, `marketing` or `authentication`.
    pub category: String,
}

impl Pricing {
    /// `regular`, or `free_customer_service`.
    pub const fn kind(&self) -> &'static str {
        if self.billable {
            "regular"
        } else {
            "free_customer_service"
        }
    }

    /// Whether it counts towards a month's free service messages.
    pub fn service(&self) -> bool {
        self.category == SERVICE
    }
}

/// The category of everything that is no template.
const SERVICE: &str = "service";

/// What the bill of a message depends on beside the message.
#[derive(Debug, Clone, Copy)]
pub struct BillFacts {
    /// Whether the service window is open.
    pub window_open: bool,
    /// Service messages the number has sent this month, this one not counted.
    pub service_messages: u64,
    /// How many of these are free.
    pub free: u32,
}

/// What a message of the business counts as. Utility templates are free inside an open service window. What is no
/// template is a service message: a number's first of a month are free, and before October 2026 all of them were.
pub fn pricing(kind: &MessageKind, facts: &BillFacts, now: RuleTime) -> Pricing {
    let category = match kind {
        MessageKind::Template(template) => template.category.as_str(),
        _ => SERVICE,
    };
    let free = match category {
        SERVICE => {
            now < SERVICE_MESSAGES_CHARGED_FROM || facts.service_messages < u64::from(facts.free)
        }
        "utility" => facts.window_open,
        _ => false,
    };
    Pricing {
        billable: !free,
        category: category.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::TemplateMessage;
    use super::*;

    fn template(category: &str) -> MessageKind {
        MessageKind::Template(TemplateMessage {
            name: "t".into(),
            language: "en".into(),
            category: category.into(),
            header: None,
            body: "b".into(),
            footer: None,
            buttons: Vec::new(),
            call_button: None,
            request: None,
        })
    }

    const fn facts(window_open: bool, service_messages: u64) -> BillFacts {
        BillFacts {
            window_open,
            service_messages,
            free: 1000,
        }
    }

    #[test]
    fn of_templates_only_utility_is_free_and_only_inside_the_window() {
        let now = SERVICE_MESSAGES_CHARGED_FROM;
        for (category, open, billable) in [
            ("marketing", true, true),
            ("authentication", true, true),
            ("utility", true, false),
            ("utility", false, true),
        ] {
            let priced = pricing(&template(category), &facts(open, 0), now);
            assert_eq!(
                (priced.billable, priced.category.as_str()),
                (billable, category),
                "{category} {open}"
            );
            assert_eq!(priced.kind() == "regular", billable);
            assert!(!priced.service());
        }
    }

    #[test]
    fn the_thousand_and_first_service_message_of_a_month_costs_from_october_2026_on() {
        let text = MessageKind::Text { body: "x".into() };
        let at = |now, sent| pricing(&text, &facts(true, sent), now).billable;
        let day = SERVICE_MESSAGES_CHARGED_FROM;
        assert!(!at(day, 999));
        assert!(at(day, 1000));
        assert!(!at(RuleTime(day.0 - 1), 1_000_000));
    }
}
