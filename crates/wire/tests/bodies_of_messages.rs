//! Bodies of `POST /messages`, the sentence each mistake gets, and the webhooks of messages.
#![allow(clippy::unwrap_used, missing_docs)]

use ahoy_types::{MessageId, PhoneNumberId, RuleTime, UserId, WaId, WabaId};
use ahoy_wire::messages::{Component, Content, Interactive, MessageRequest, Parameter, Send};
use ahoy_wire::webhook::{self, *};
use ahoy_wire::{Body, ErrorCode, GraphError};
use serde_json::{Value, json};

const USER: WaId = WaId::from_u64(447_700_900_001);

fn parse(body: &Value) -> Result<MessageRequest, GraphError> {
    let body = body.to_string();
    MessageRequest::parse(&Body::parse(Some("application/json"), body.as_bytes())?)
}

fn with(fields: Value) -> Value {
    let mut body = json!({ "messaging_product": "whatsapp", "to": "+44 7700 900001" });
    for (key, value) in fields.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn sent(fields: Value) -> Send {
    match parse(&with(fields)) {
        Ok(MessageRequest::Send(send)) => *send,
        other => panic!("{other:?}"),
    }
}

fn interactive(content: Value) -> Value {
    with(json!({ "type": "interactive", "interactive": content }))
}

fn refused(body: &Value) -> (ErrorCode, String) {
    let error = parse(body).unwrap_err();
    (error.code, error.details)
}

#[test]
fn a_text_with_everything_and_with_nothing() {
    let send = sent(json!({
        "recipient_type": "individual", "type": "text", "text": { "body": "Hi", "preview_url": true },
        "context": { "message_id": "wamid.HBgL" }, "biz_opaque_callback_data": "crm", "novelty": [1],
    }));
    assert_eq!(send.input, "+44 7700 900001");
    assert_eq!(send.content, Content::Text { body: "Hi".into() });
    assert_eq!(send.context, Some("wamid.HBgL".parse().unwrap()));
    assert_eq!(send.biz_opaque_callback_data.as_deref(), Some("crm"));
    let send = sent(json!({ "text": { "body": "Hi" }, "context": null }));
    assert_eq!((send.context, send.biz_opaque_callback_data), (None, None));
}

#[test]
fn a_call_button_has_defaults_and_takes_numbers_as_text() {
    let button = |parameters: Value| {
        let send = sent(json!({ "type": "interactive", "interactive": {
            "type": "voice_call", "body": { "text": "Talk" },
            "action": { "name": "voice_call", "parameters": parameters },
        }}));
        match send.content {
            Content::Interactive(Interactive::VoiceCall { button, .. }) => button,
            other => panic!("{other:?}"),
        }
    };
    let plain = button(Value::Null);
    assert_eq!(
        (plain.display_text.as_str(), plain.ttl_minutes),
        ("Call Now", 10_080)
    );
    let full = button(json!({ "display_text": "Call us", "ttl_minutes": "43200", "payload": "p" }));
    assert_eq!(
        (full.ttl_minutes, full.payload.as_deref()),
        (43_200, Some("p"))
    );
}

#[test]
fn a_template_brings_the_values_of_its_call_button() {
    let send = sent(json!({ "type": "template", "template": {
        "name": "ask", "language": { "code": "en" }, "components": [
            { "type": "BODY", "parameters": [{ "type": "text", "text": "A-77" }] },
            { "type": "button", "sub_type": "voice_call", "parameters": [
                { "type": "ttl_minutes", "ttl_minutes": 120 }, { "type": "payload", "payload": "order-55" },
            ]},
        ],
    }}));
    let Content::Template(template) = send.content else {
        panic!("a template");
    };
    assert_eq!(template.components[0].kind, "body");
    let button = Component {
        kind: "button".into(),
        sub_type: Some("voice_call".into()),
        index: None,
        parameters: vec![
            Parameter::TtlMinutes(120),
            Parameter::Payload("order-55".into()),
        ],
    };
    assert_eq!(template.components[1], button);
}

#[test]
fn what_was_read_is_told_apart_from_a_message() {
    let body = json!({
        "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A",
        "typing_indicator": { "type": "text" },
    });
    let expected = MessageRequest::Read {
        message_id: "wamid.A".parse().unwrap(),
        typing: true,
    };
    assert_eq!(parse(&body), Ok(expected));
}

#[test]
fn each_mistake_has_its_code_and_names_its_field() {
    let long = |n: usize| "x".repeat(n);
    let call = |parameters: Value| {
        interactive(json!({
            "type": "voice_call", "body": { "text": "b" },
            "action": { "name": "voice_call", "parameters": parameters },
        }))
    };
    let buttons = |buttons: Value| {
        interactive(json!({
            "type": "button", "body": { "text": "b" }, "action": { "buttons": buttons },
        }))
    };
    let reply =
        |id: &str, title: &str| json!({ "type": "reply", "reply": { "id": id, "title": title } });
    let rows = |n: usize| -> Vec<Value> {
        (0..n)
            .map(|i| json!({ "id": i.to_string(), "title": "t" }))
            .collect()
    };
    let list = |sections: Value| {
        interactive(json!({
            "type": "list", "body": { "text": "b" }, "action": { "button": "o", "sections": sections },
        }))
    };
    use ErrorCode::{
        InvalidParameter as Wrong, MessageParameterValue as Value9, MessageType,
        RequiredParameterMissing as Missing,
    };
    let table = [
        (json!({ "messaging_product": "whatsapp" }), Wrong, "`to`"),
        (with(json!({ "to": true })), Wrong, "`to`"),
        (
            with(json!({ "recipient_type": "group" })),
            Wrong,
            "`recipient_type`",
        ),
        (with(json!({ "type": "text" })), Wrong, "`text`"),
        (with(json!({ "type": "sonnet" })), Wrong, "`type`"),
        (with(json!({ "type": "image" })), MessageType, "`type`"),
        (with(json!({ "text": "Hi" })), Wrong, "`text`"),
        (
            with(json!({ "text": { "body": " " } })),
            Wrong,
            "`text.body`",
        ),
        (
            with(json!({ "text": { "body": long(4097) } })),
            Wrong,
            "`text.body`",
        ),
        (
            with(json!({ "text": { "body": "a" }, "context": {} })),
            Wrong,
            "`context.message_id`",
        ),
        (
            with(json!({ "text": { "body": "a" }, "context": { "message_id": "x" } })),
            Wrong,
            "`context.message_id`",
        ),
        (
            with(json!({ "text": { "body": "a" }, "biz_opaque_callback_data": long(513) })),
            Wrong,
            "`biz_opaque_callback_data`",
        ),
        (
            with(json!({ "type": "interactive" })),
            Missing,
            "`interactive`",
        ),
        (interactive(json!({})), Missing, "`interactive.type`"),
        (
            interactive(json!({ "type": "flow" })),
            Value9,
            "`interactive.type`",
        ),
        (
            interactive(json!({ "type": "voice_call" })),
            Missing,
            "`interactive.body`",
        ),
        (
            interactive(
                json!({ "type": "voice_call", "body": { "text": "b" }, "action": { "name": "call" } }),
            ),
            Value9,
            "`interactive.action.name`",
        ),
        (
            call(json!({ "display_text": long(21) })),
            Value9,
            "`interactive.action.parameters.display_text`",
        ),
        (
            call(json!({ "ttl_minutes": 0 })),
            Value9,
            "`interactive.action.parameters.ttl_minutes`",
        ),
        (
            call(json!({ "ttl_minutes": 43_201 })),
            Value9,
            "`interactive.action.parameters.ttl_minutes`",
        ),
        (
            call(json!({ "ttl_minutes": -1 })),
            Value9,
            "`interactive.action.parameters.ttl_minutes`",
        ),
        (
            call(json!({ "ttl_minutes": 1.5 })),
            Wrong,
            "`interactive.action.parameters.ttl_minutes`",
        ),
        (
            call(json!({ "payload": long(513) })),
            Value9,
            "`interactive.action.parameters.payload`",
        ),
        (
            interactive(
                json!({ "type": "call_permission_request", "header": {}, "action": { "name": "call_permission_request" } }),
            ),
            Value9,
            "`interactive.header`",
        ),
        (
            interactive(
                json!({ "type": "call_permission_request", "footer": { "text": "f" }, "action": {} }),
            ),
            Value9,
            "`interactive.footer`",
        ),
        (buttons(json!([])), Value9, "`interactive.action.buttons`"),
        (
            buttons(json!([reply("1", "a"), reply("1", "b")])),
            Value9,
            "`interactive.action.buttons[1].reply.id`",
        ),
        (
            buttons(json!([reply("1", &long(21))])),
            Value9,
            "`interactive.action.buttons[0].reply.title`",
        ),
        (
            buttons(json!([
                reply("1", "a"),
                reply("2", "b"),
                reply("3", "c"),
                reply("4", "d")
            ])),
            Value9,
            "`interactive.action.buttons`",
        ),
        (
            list(json!([{ "rows": rows(11) }])),
            Value9,
            "`interactive.action.sections[0].rows`",
        ),
        (
            list(json!([{ "rows": rows(1) }, { "rows": rows(1) }])),
            Missing,
            "`interactive.action.sections[0].title`",
        ),
        (
            with(json!({ "type": "template", "template": { "name": "a" } })),
            Missing,
            "`template.language`",
        ),
        (
            with(
                json!({ "type": "template", "template": { "name": "a", "language": { "code": "en" }, "components": [7] } }),
            ),
            Wrong,
            "`template.components[0]`",
        ),
        (
            json!({ "messaging_product": "whatsapp", "status": "seen", "message_id": "wamid.A" }),
            Wrong,
            "`status`",
        ),
        (
            json!({ "messaging_product": "whatsapp", "status": "read" }),
            Wrong,
            "`message_id`",
        ),
    ];
    for (body, code, field) in table {
        let (found, sentence) = refused(&body);
        assert_eq!(found, code, "{body}: {sentence}");
        assert!(sentence.contains(field), "{body}: {sentence}");
    }
}

fn common() -> Common {
    Common {
        waba: WabaId(720_000_000_000_001),
        phone_number_id: PhoneNumberId(710_000_000_000_001),
        display_phone_number: WaId::from_u64(442_079_460_000),
        contact: card(),
    }
}

fn value(bytes: &[u8]) -> Value {
    assert!(bytes.is_ascii());
    let read: Notification = serde_json::from_slice(bytes).unwrap();
    let json: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        json,
        "nothing is lost"
    );
    assert_eq!(json["entry"][0]["changes"][0]["field"], "messages");
    json["entry"][0]["changes"][0]["value"].clone()
}

#[test]
fn a_status_has_the_words_of_messages() {
    let id = MessageId::new(USER, [7; 16]);
    let bytes = message_status(
        &common(),
        &MessageStatusEvent {
            id: id.clone(),
            timestamp: RuleTime(1_790_000_010_999),
            status: MessageStatus::Delivered,
            biz_opaque_callback_data: Some("x".into()),
            pricing: Some(Pricing {
                billable: true,
                pricing_model: "PMP".into(),
                category: "utility".into(),
                kind: "regular".into(),
            }),
            free_entry: None,
            error: None,
        },
    );
    let user_id = user_id().to_string();
    assert_eq!(
        value(&bytes)["statuses"],
        json!([{
            "id": id.as_str(), "status": "delivered", "timestamp": "1790000010",
            "recipient_id": "447700900001", "recipient_user_id": user_id, "biz_opaque_callback_data": "x",
            "pricing": { "billable": true, "pricing_model": "PMP", "category": "utility", "type": "regular" },
        }])
    );
}

#[test]
fn a_free_entry_point_is_told_on_sent_with_its_end_and_on_delivered_without() {
    for (status, conversation) in [
        (
            MessageStatus::Sent,
            json!({ "id": "c1", "expiration_timestamp": "1790259200", "origin": { "type": "referral_conversion" } }),
        ),
        (
            MessageStatus::Delivered,
            json!({ "id": "c1", "origin": { "type": "referral_conversion" } }),
        ),
    ] {
        let bytes = message_status(
            &common(),
            &MessageStatusEvent {
                id: MessageId::new(USER, [7; 16]),
                timestamp: RuleTime(1_790_000_010_999),
                status,
                biz_opaque_callback_data: None,
                pricing: None,
                free_entry: Some(("c1".into(), RuleTime::from_secs(1_790_259_200))),
                error: None,
            },
        );
        assert_eq!(value(&bytes)["statuses"][0]["conversation"], conversation);
    }
}

#[test]
fn a_message_out_of_an_advertisement_carries_its_referral() {
    let referral = json!({
        "source_type": "ad", "source_id": "120200000000001", "source_url": "https://fb.me/ahoy-ad", "headline": "Boots",
        "media_type": "image", "image_url": "https://example.com/boots.jpg", "ctwa_clid": "click-1",
        "welcome_message": { "text": "Hi, ask us anything" },
    });
    let bytes = webhook::inbound(
        &common(),
        &InboundMessage {
            id: MessageId::new(USER, [8; 16]),
            timestamp: RuleTime(1_790_000_010_000),
            content: InboundContent::Text("Are they warm?".into()),
            context: None,
            referral: serde_json::from_value(referral.clone()).unwrap(),
        },
    );
    let message = &value(&bytes)["messages"][0];
    assert_eq!(message["referral"], referral);
    assert_eq!(message["type"], "text");
}

#[test]
fn a_users_message_names_what_it_answers() {
    let id = MessageId::new(USER, [8; 16]);
    let asked = MessageId::new(USER, [9; 16]);
    let bytes = webhook::inbound(
        &common(),
        &InboundMessage {
            id: id.clone(),
            timestamp: RuleTime(1_790_000_010_000),
            content: InboundContent::ButtonReply(Reply {
                id: "yes".into(),
                title: "Yes".into(),
                description: None,
            }),
            context: Some((asked.clone(), true)),
            referral: None,
        },
    );
    let user_id = user_id().to_string();
    assert_eq!(
        value(&bytes)["messages"],
        json!([{
            "from": "447700900001", "from_user_id": user_id, "id": id.as_str(), "timestamp": "1790000010",
            "type": "interactive", "context": { "from": "442079460000", "id": asked.as_str() },
            "interactive": { "type": "button_reply", "button_reply": { "id": "yes", "title": "Yes" } },
        }])
    );
}

#[test]
fn a_number_that_was_asked_for_comes_as_a_contact_of_its_own_origin() {
    let id = MessageId::new(USER, [8; 16]);
    let asked = MessageId::new(USER, [9; 16]);
    let bytes = webhook::inbound(
        &common(),
        &InboundMessage {
            id: id.clone(),
            timestamp: RuleTime(1_790_000_010_000),
            content: InboundContent::OwnNumber {
                name: "Ana of the Sea".into(),
                number: USER,
            },
            context: Some((asked.clone(), true)),
            referral: None,
        },
    );
    assert_eq!(
        value(&bytes)["messages"],
        json!([{
            "from": "447700900001", "from_user_id": user_id(), "id": id.as_str(), "timestamp": "1790000010",
            "type": "contacts", "context": { "from": "442079460000", "id": asked.as_str() },
            "contacts": [{
                "origin": "contact_request",
                "name": { "formatted_name": "Ana of the Sea", "first_name": "Ana" },
                "phones": [{ "phone": "+44 7700 900001", "wa_id": "447700900001", "type": "MOBILE" }],
            }],
        }])
    );
}

#[test]
fn another_number_is_told_without_contacts_and_with_numbers_only_where_they_may_be_seen() {
    let id = MessageId::new(USER, [8; 16]);
    let former: UserId = "GB.90000000000000000001".parse().unwrap();
    let event = UserChanged {
        id: id.clone(),
        timestamp: RuleTime(1_790_000_010_000),
        previous_number: Some(WaId::from_u64(447_700_900_009)),
        previous_user_id: former.clone(),
        previous_parent_user_id: None,
    };
    let told = value(&webhook::user_changed(&common(), &event));
    assert!(told.get("contacts").is_none());
    assert_eq!(
        told["messages"],
        json!([{
            "from": "447700900009", "id": id.as_str(), "timestamp": "1790000010", "type": "system",
            "system": {
                "type": "user_changed_number", "body": "User Ana changed from 447700900009 to 447700900001",
                "wa_id": "447700900001", "user_id": user_id(), "previous_user_id": former,
            },
        }])
    );

    let mut hidden = common();
    hidden.contact.wa_id = None;
    hidden.contact.parent_user_id = "GB.ENT.2".parse().ok();
    let event = UserChanged {
        previous_parent_user_id: "GB.ENT.1".parse().ok(),
        ..event
    };
    let told = value(&webhook::user_changed(&hidden, &event));
    assert_eq!(
        told["messages"],
        json!([{
            "id": id.as_str(), "timestamp": "1790000010", "type": "system",
            "system": {
                "type": "user_changed_user_id", "body": format!("User Ana changed from {former} to {}", user_id()),
                "user_id": user_id(), "previous_user_id": former,
                "parent_user_id": "GB.ENT.2", "previous_parent_user_id": "GB.ENT.1",
            },
        }])
    );
}

fn user_id() -> UserId {
    UserId::derive(&ahoy_types::Named {
        business: ahoy_types::BusinessId(1),
        user: USER,
        holder: 0,
        country: None,
        parent: false,
    })
}

fn card() -> ContactCard {
    ContactCard {
        name: Some("Ana".into()),
        username: None,
        wa_id: Some(USER),
        user_id: user_id(),
        parent_user_id: None,
    }
}
