//! What a message counts as on the bill (`webhooks.md` §3.4).

use super::MessageKind;

/// The `pricing` of a status webhook, in the wire's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pricing {
    /// Whether it costs anything.
    pub billable: bool,
    /// `service`, `utility` or `marketing`.
    pub category: String,
    /// `regular`, or `free_customer_service` inside an open service window.
    pub kind: &'static str,
}

/// What a message of the business counts as. Inside an open service window everything but marketing is free; outside
/// of it only templates are sent.
pub fn pricing(kind: &MessageKind, window_open: bool) -> Pricing {
    let category = match kind {
        MessageKind::Template(template) => template.category.as_str(),
        _ => "service",
    };
    let free = category == "service" || (category != "marketing" && window_open);
    Pricing {
        billable: !free,
        category: category.to_owned(),
        kind: if free {
            "free_customer_service"
        } else {
            "regular"
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::TemplateMessage;
    use super::*;

    #[test]
    fn marketing_is_never_free_and_utility_is_inside_the_window() {
        let template = |category: &str| {
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
        };
        assert!(!pricing(&MessageKind::Text { body: "x".into() }, true).billable);
        assert!(pricing(&template("marketing"), true).billable);
        assert!(!pricing(&template("utility"), true).billable);
        let outside = pricing(&template("utility"), false);
        assert!(outside.billable);
        assert_eq!(
            (outside.category.as_str(), outside.kind),
            ("utility", "regular")
        );
    }
}
