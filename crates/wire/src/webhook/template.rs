//! What became of a template: field `message_template_status_update` (`webhooks.md` §6).

use ahoy_types::{RuleTime, TemplateId, WabaId};

use super::model::{Change, Entry, Notification, Value};

/// A template's new status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateStatus {
    /// The account.
    pub waba: WabaId,
    /// The template.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    pub category: &'static str,
    /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED`.
    pub status: &'static str,
    /// Why it was rejected.
    pub reason: Option<&'static str>,
    /// When.
    pub at: RuleTime,
}

/// Bytes of the webhook.
pub fn template_status(update: &TemplateStatus) -> Vec<u8> {
    let value = Value {
        event: Some(update.status.to_owned()),
        message_template_id: Some(update.id.0),
        message_template_name: Some(update.name.clone()),
        message_template_language: Some(update.language.clone()),
        reason: Some(update.reason.unwrap_or("NONE").to_owned()),
        message_template_category: Some(update.category.to_owned()),
        ..Value::default()
    };
    crate::ascii::webhook_bytes(&Notification {
        object: "whatsapp_business_account".to_owned(),
        entry: vec![Entry {
            id: update.waba,
            time: Some(update.at.secs()),
            changes: vec![Change {
                value: Box::new(value),
                field: "message_template_status_update".to_owned(),
            }],
        }],
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_body_is_that_of_the_reference() {
        let bytes = template_status(&TemplateStatus {
            waba: WabaId(720_000_000_000_001),
            id: TemplateId(1_300_000_000_000_001),
            name: "ask_to_call".into(),
            language: "en".into(),
            category: "UTILITY",
            status: "APPROVED",
            reason: None,
            at: RuleTime::from_secs(1_790_000_000),
        });
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let expected = serde_json::json!({
            "object": "whatsapp_business_account",
            "entry": [{
                "id": "720000000000001",
                "time": 1_790_000_000,
                "changes": [{
                    "value": {
                        "event": "APPROVED",
                        "message_template_id": 1_300_000_000_000_001_u64,
                        "message_template_name": "ask_to_call",
                        "message_template_language": "en",
                        "reason": "NONE",
                        "message_template_category": "UTILITY",
                    },
                    "field": "message_template_status_update",
                }],
            }],
        });
        assert_eq!(json, expected);
    }
}
