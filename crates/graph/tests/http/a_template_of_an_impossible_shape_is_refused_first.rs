//! Components that no template could take (`graph-api.md` §6): code 100 with the component's name, whatever template is named.

use crate::support::*;
use serde_json::{Value, json};

#[tokio::test]
async fn a_shape_that_no_template_could_take_is_named_before_the_template_is_looked_up() {
    let api = Api::new().await;
    let value = json!({"type": "text", "text": "A-1"});
    let named = json!({"type": "text", "text": "A-1", "parameter_name": "order"});
    let file = json!({"type": "image", "image": {"link": "https://acme.example/a.png"}});
    let minutes = json!({"type": "ttl_minutes", "ttl_minutes": 120});
    let payload = json!({"type": "payload", "payload": "order-55"});
    let part = |kind: &str, values: Value| json!({"type": kind, "parameters": values});
    let button = |kind: &str, index: Value, values: Value| json!({"type": "button", "sub_type": kind, "index": index, "parameters": values});
    let impossible = [
        (json!([part("footer", json!([]))]), "components[0].type"),
        (
            json!([part("body", json!([])), part("carousel", json!([]))]),
            "components[1].type",
        ),
        (
            json!([part("body", json!([])), part("BODY", json!([]))]),
            "components[1].type",
        ),
        (
            json!([part("header", json!([])), part("header", json!([]))]),
            "components[1].type",
        ),
        (
            json!([part("header", json!([value, value]))]),
            "components[0].parameters",
        ),
        (
            json!([part("header", json!([minutes]))]),
            "components[0].parameters[0]",
        ),
        (
            json!([part("body", json!([value, file]))]),
            "components[0].parameters[1]",
        ),
        (
            json!([part("body", json!([value, named]))]),
            "components[0].parameters",
        ),
        (
            json!([part("body", json!([{"type": "emoji"}]))]),
            "components[0].parameters[0].type",
        ),
        (
            json!([{"type": "button", "parameters": []}]),
            "components[0].sub_type",
        ),
        (
            json!([button("catalog", json!(0), json!([]))]),
            "components[0].sub_type",
        ),
        (
            json!([button("url", Value::Null, json!([value]))]),
            "components[0].index",
        ),
        (
            json!([button("url", json!("one"), json!([value]))]),
            "components[0].index",
        ),
        (
            json!([button("url", json!(10), json!([value]))]),
            "components[0].index",
        ),
        (
            json!([button("url", json!(0), json!([payload]))]),
            "components[0].parameters[0]",
        ),
        (
            json!([button("url", json!(0), json!([value, value]))]),
            "components[0].parameters",
        ),
        (
            json!([
                button("url", json!(0), json!([value])),
                button("quick_reply", json!("0"), json!([payload]))
            ]),
            "components[1].index",
        ),
        (
            json!([0, 1, 2].map(|n| button("url", json!(n), json!([value])))),
            "components[2].sub_type",
        ),
        (
            json!([button("quick_reply", json!(0), json!([value]))]),
            "components[0].parameters[0]",
        ),
        (
            json!([button("voice_call", json!(0), json!([value]))]),
            "components[0].parameters[0]",
        ),
        (
            json!([button("voice_call", json!(0), json!([minutes, minutes]))]),
            "components[0].parameters",
        ),
        (
            json!([
                button("voice_call", json!(0), json!([])),
                button("voice_call", json!(1), json!([]))
            ]),
            "components[1].type",
        ),
    ];
    let send = async |components: &Value| {
        let body = json!({"messaging_product": "whatsapp", "to": ANA.to_string(), "type": "template",
            "template": {"name": "nobody", "language": {"code": "en"}, "components": components}});
        api.post(&format!("/v25.0/{PHONE}/messages"), body).await
    };
    for (components, culprit) in &impossible {
        let reply = send(components).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 100), "{components}: {sentence}");
        assert!(
            sentence.contains(&format!("`template.{culprit}`")),
            "{components}: {sentence}"
        );
    }
    // What another template would take is looked up, and then it is the template that is missing.
    for components in [
        json!([]),
        json!([
            part("header", json!([file])),
            part("body", json!([value, value, value]))
        ]),
        json!([part("body", json!([named]))]),
        json!([
            button("voice_call", Value::Null, json!([payload, minutes])),
            button("url", json!(9), json!([value])),
            button("quick_reply", json!("0"), json!([payload])),
            button("url", json!(1), json!([]))
        ]),
    ] {
        let reply = send(&components).await;
        let (status, code, _) = reply.refusal();
        assert_eq!((status, code), (404, 132_001), "{components}");
    }
}
