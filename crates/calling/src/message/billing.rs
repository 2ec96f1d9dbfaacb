//! What a message counts as on the bill (`webhooks.md` §3.4, `rules.md` §7).

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use super::MessageKind;
use crate::limits::{SERVICE_MESSAGES_CHARGED_FROM, UtilityInWindow};

/// The `pricing` of a status webhook, in the wire's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pricing {
    /// Whether it costs anything.
    pub billable: bool,
    /// `service`, `utility`, `marketing` or `authentication`; `referral_conversion` in a free entry point.
    pub category: String,
    /// Until when the free entry point is open that makes it free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_entry_until: Option<RuleTime>,
}

impl Pricing {
    /// `regular`, `free_customer_service` or `free_entry_point`.
    pub const fn kind(&self) -> &'static str {
        if self.billable {
            "regular"
        } else if self.free_entry_until.is_some() {
            "free_entry_point"
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
/// The category of everything in a free entry point.
const FREE_ENTRY: &str = "referral_conversion";

/// What the bill of a message depends on beside the message.
#[derive(Debug, Clone, Copy)]
pub struct BillFacts {
    /// Whether the service window is open.
    pub window_open: bool,
    /// Service messages the number has sent this month, this one not counted.
    pub service_messages: u64,
    /// How many of these are free.
    pub free: u32,
    /// Whether utility templates inside the window are free.
    pub utility: UtilityInWindow,
    /// Until when a free entry point is open.
    pub free_entry_until: Option<RuleTime>,
}

/// What a message of the business counts as. In a free entry point everything is free. Utility templates were free inside an open
/// service window before October 2026. What is no template is a service message: a number's first of a month are free, and
/// before October 2026 all of them were. `now` is by the account's clock.
pub fn pricing(kind: &MessageKind, facts: &BillFacts, now: RuleTime) -> Pricing {
    if facts.free_entry_until.is_some() {
        return Pricing {
            billable: false,
            category: FREE_ENTRY.to_owned(),
            free_entry_until: facts.free_entry_until,
        };
    }
    let category = match kind {
        MessageKind::Template(template) => template.category.as_str(),
        _ => SERVICE,
    };
    let free = match category {
        SERVICE => {
            now < SERVICE_MESSAGES_CHARGED_FROM || facts.service_messages < u64::from(facts.free)
        }
        "utility" => facts.window_open && facts.utility.free(now),
        _ => false,
    };
    Pricing {
        billable: !free,
        category: category.to_owned(),
        free_entry_until: None,
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
            contact_request: None,
        })
    }

    const fn facts(window_open: bool, service_messages: u64) -> BillFacts {
        BillFacts {
            window_open,
            service_messages,
            free: 1000,
            utility: UtilityInWindow::Dated,
            free_entry_until: None,
        }
    }

    #[test]
    fn of_templates_only_utility_is_free_and_only_inside_the_window() {
        let now = RuleTime(SERVICE_MESSAGES_CHARGED_FROM.0 - 1);
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
    fn utility_inside_the_window_costs_from_october_2026_on_unless_set_otherwise() {
        let day = SERVICE_MESSAGES_CHARGED_FROM;
        let before = RuleTime(day.0 - 1);
        for (utility, now, billable) in [
            (UtilityInWindow::Dated, before, false),
            (UtilityInWindow::Dated, day, true),
            (UtilityInWindow::Never, before, true),
            (UtilityInWindow::Always, day, false),
        ] {
            let facts = BillFacts {
                utility,
                ..facts(true, 0)
            };
            let priced = pricing(&template("utility"), &facts, now);
            assert_eq!(priced.billable, billable, "{utility:?}");
        }
    }

    #[test]
    fn in_a_free_entry_point_everything_is_free_and_none_of_it_counts_as_service() {
        let now = SERVICE_MESSAGES_CHARGED_FROM;
        let until = RuleTime(now.0 + 1);
        let facts = BillFacts {
            free_entry_until: Some(until),
            ..facts(true, 1_000_000)
        };
        let text = MessageKind::Text { body: "x".into() };
        for kind in [text, template("marketing"), template("utility")] {
            let priced = pricing(&kind, &facts, now);
            assert!(!priced.billable && !priced.service());
            assert_eq!(priced.kind(), "free_entry_point");
            assert_eq!(priced.free_entry_until, Some(until));
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
