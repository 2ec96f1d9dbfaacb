//! Bodies that many tests post, and what became of them.

use ahoy_store::DeliveryFilter;
use ahoy_types::WaId;
use serde_json::{Value, json};

use super::{Api, offer};

/// Where a number's messages go.
pub fn messages(phone: u64) -> String {
    format!("/v25.0/{phone}/messages")
}

/// A call to this user.
pub fn connect(to: WaId) -> Value {
    json!({"messaging_product": "whatsapp", "to": to.to_string(), "action": "connect",
           "session": {"sdp_type": "offer", "sdp": offer()}})
}

/// A message to this user with these fields.
pub fn message(to: WaId, more: Value) -> Value {
    let mut body = json!({"messaging_product": "whatsapp", "to": to.to_string()});
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    body
}

/// Two letters.
pub fn text(to: WaId) -> Value {
    message(to, json!({"type": "text", "text": {"body": "Hi"}}))
}

/// A call button.
pub fn button(to: WaId) -> Value {
    message(
        to,
        json!({"type": "interactive", "interactive": {
            "type": "voice_call", "body": {"text": "Talk"}, "action": {"name": "voice_call"}}}),
    )
}

/// A request to be allowed to call.
pub fn request(to: WaId) -> Value {
    message(
        to,
        json!({"type": "interactive", "interactive": {
            "type": "call_permission_request", "action": {"name": "call_permission_request"}}}),
    )
}

/// The error that each failed message's status webhook carries, oldest first.
pub fn failures(api: &Api) -> Vec<(u64, String)> {
    let all = api.platform.deliveries(&DeliveryFilter::default()).unwrap();
    let bodies = all.iter().map(|(delivery, _)| &delivery.body);
    let values = bodies.map(|body| serde_json::from_slice::<Value>(body).unwrap());
    let failed = values.filter_map(|body| {
        let status = body["entry"][0]["changes"][0]["value"]["statuses"][0].clone();
        (status["status"] == "failed").then_some(status)
    });
    failed
        .map(|status| {
            assert!(
                status.get("pricing").is_none(),
                "nothing is billed: {status}"
            );
            let error = &status["errors"][0];
            assert!(
                error["href"].is_string() && error["title"].is_string(),
                "{error}"
            );
            let details = error["error_data"]["details"].as_str().unwrap();
            (error["code"].as_u64().unwrap(), details.to_owned())
        })
        .collect()
}
