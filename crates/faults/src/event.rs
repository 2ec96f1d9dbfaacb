//! What a webhook tells, as filters name it.

use serde_json::Value;

/// Names beside those of the webhook fields.
pub(crate) const EVENTS: [&str; 10] = [
    "connect",
    "terminate",
    "ringing",
    "accepted",
    "rejected",
    "message",
    "sent",
    "delivered",
    "read",
    "failed",
];

/// The names of what is in a webhook's body: the field, and each event in it.
pub fn events_of(field: &str, body: &[u8]) -> Vec<String> {
    let mut names = vec![field.to_owned()];
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return names;
    };
    let list = |of: &Value, key: &str| of[key].as_array().cloned().unwrap_or_default();
    for entry in list(&body, "entry") {
        for change in list(&entry, "changes") {
            let value = &change["value"];
            for call in list(value, "calls") {
                names.extend(call["event"].as_str().map(str::to_lowercase));
            }
            for status in list(value, "statuses") {
                names.extend(status["status"].as_str().map(str::to_lowercase));
            }
            if value["messages"].is_array() {
                names.push("message".to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_webhook_has_its_names() {
        let of = |field: &str, value: &str| {
            let body = format!(r#"{{"entry":[{{"changes":[{{"value":{value}}}]}}]}}"#);
            events_of(field, body.as_bytes())
        };
        assert_eq!(
            of("calls", r#"{"calls":[{"event":"connect"}]}"#),
            ["calls", "connect"]
        );
        assert_eq!(
            of("calls", r#"{"statuses":[{"status":"RINGING"}]}"#),
            ["calls", "ringing"]
        );
        assert_eq!(
            of("messages", r#"{"messages":[{}]}"#),
            ["messages", "message"]
        );
        assert_eq!(of("account_update", r#"{"event":"X"}"#), ["account_update"]);
        assert_eq!(events_of("calls", b"no json"), ["calls"]);
    }
}
