//! Templates are made, listed, changed, sent and deleted.

use std::time::Duration;

use crate::support::*;
use ahoy_calling::limits::{LimitTable, TemplateLimits};
use ahoy_store::DeliveryFilter;
use ahoy_types::PhoneNumberId;
use serde_json::{Value, json};

fn list() -> String {
    format!("/v25.0/{WABA}/message_templates")
}

fn request(name: &str) -> Value {
    json!({"name": name, "language": "en", "category": "UTILITY", "components": [
        {"type": "HEADER", "format": "TEXT", "text": "About order {{1}}", "example": {"header_text": ["A-77"]}},
        {"type": "body", "text": format!("May we ring you about order {{{{1}}}} of {name}?"), "example": {"body_text": [["A-77"]]}},
        {"type": "FOOTER", "text": "Acme"},
        {"type": "call_permission_request"}]})
}

fn call_button(ttl: Value) -> Value {
    json!({"name": "ring_us", "language": "en_GB", "category": "marketing", "components": [
        {"type": "BODY", "text": "Ring us"},
        {"type": "BUTTONS", "buttons": [
            {"type": "VOICE_CALL", "text": "Call Now", "ttl_minutes": ttl},
            {"type": "URL", "text": "Track", "url": "https://acme.example/{{1}}", "example": ["A"]}]}]})
}

fn webhooks(api: &Api) -> Vec<Value> {
    let all = api.platform.deliveries(&DeliveryFilter::default()).unwrap();
    all.iter()
        .filter(|(delivery, _)| delivery.field == "message_template_status_update")
        .map(|(delivery, _)| serde_json::from_slice(&delivery.body).unwrap())
        .collect()
}

#[tokio::test]
async fn a_template_is_approved_at_once_and_comes_back_as_it_was_made() {
    let api = Api::new().await;
    let made = api.post(&list(), request("ask")).await.ok();
    assert_eq!(
        (&made["status"], &made["category"]),
        (&json!("APPROVED"), &json!("UTILITY"))
    );
    let id = made["id"].as_str().unwrap();
    let node = api.get(&format!("/v25.0/{id}")).await.ok();
    let expected = json!({"id": id, "name": "ask", "language": "en", "status": "APPROVED", "category": "UTILITY",
        "parameter_format": "POSITIONAL", "components": [
        {"type": "HEADER", "format": "TEXT", "text": "About order {{1}}", "example": {"header_text": ["A-77"]}},
        {"type": "BODY", "text": "May we ring you about order {{1}} of ask?", "example": {"body_text": [["A-77"]]}},
        {"type": "FOOTER", "text": "Acme"},
        {"type": "CALL_PERMISSION_REQUEST"}]});
    assert_eq!(node, expected);
    let told = webhooks(&api);
    assert_eq!(told.len(), 1);
    let change = &told[0]["entry"][0]["changes"][0]["value"];
    assert_eq!(change["event"], "APPROVED");
    assert_eq!(change["message_template_id"].to_string(), id);
    // Another tenant's objects do not exist, and messages need another permission than templates.
    let strange = api.ask("GET", &format!("/{id}"), STRANGER, None).await;
    assert_eq!(strange.refusal().1, 100);
    let messaging = api
        .ask("POST", &list(), MESSAGING, Some(request("b")))
        .await;
    assert_eq!(messaging.refusal().0, 403);
}

#[tokio::test]
async fn a_review_that_takes_time_ends_with_the_virtual_clock() {
    let limits = LimitTable {
        templates: TemplateLimits {
            review: Duration::from_secs(600),
            ..TemplateLimits::default()
        },
        ..LimitTable::default()
    };
    let api = Api::with(limits, |_| Ok(())).await;
    let made = api.post(&list(), request("ask")).await.ok();
    assert_eq!(made["status"], "PENDING");
    let node = format!(
        "/{}?fields=status,rejected_reason",
        made["id"].as_str().unwrap()
    );
    let edit = api.post(&node, json!({"category": "MARKETING"})).await;
    assert_eq!(edit.refusal().1, 100, "not while it is under review");
    let mut linked = request("linked");
    linked["components"][1]["text"] = json!("See wa.me/447700900001 about {{1}} or ask us");
    let linked = api.post(&list(), linked).await.ok();
    api.platform
        .advance(Duration::from_secs(599))
        .await
        .unwrap();
    assert_eq!(api.get(&node).await.ok()["status"], "PENDING");
    assert_eq!(webhooks(&api).len(), 0);
    api.platform.advance(Duration::from_secs(2)).await.unwrap();
    assert_eq!(api.get(&node).await.ok()["status"], "APPROVED");
    let node = format!(
        "/{}?fields=status,rejected_reason",
        linked["id"].as_str().unwrap()
    );
    let rejected = api.get(&node).await.ok();
    assert_eq!(
        (&rejected["status"], &rejected["rejected_reason"]),
        (&json!("REJECTED"), &json!("INVALID_FORMAT"))
    );
    let events: Vec<Value> = webhooks(&api)
        .iter()
        .map(|w| w["entry"][0]["changes"][0]["value"]["reason"].clone())
        .collect();
    assert_eq!(events, [json!("NONE"), json!("INVALID_FORMAT")]);
}

#[tokio::test]
async fn templates_are_listed_in_pages_and_by_what_they_are() {
    let api = Api::new().await;
    for name in ["ask_a", "ask_b", "ask_c"] {
        api.post(&list(), request(name)).await.ok();
    }
    api.post(&list(), call_button(json!("1440"))).await.ok();
    let names = |page: &Value| -> Vec<String> {
        let name = |t: &Value| t["name"].as_str().unwrap().to_owned();
        page["data"].as_array().unwrap().iter().map(name).collect()
    };
    let all = api.get(&list()).await.ok();
    let mut sorted = names(&all);
    sorted.sort();
    assert_eq!(sorted, ["ask_a", "ask_b", "ask_c", "ring_us"]);
    assert!(all["paging"]["next"].is_null());
    let mut walked = Vec::new();
    let mut uri = format!("{}?limit=2&fields=name", list());
    loop {
        let page = api.get(&uri).await.ok();
        walked.extend(names(&page));
        let Some(after) = page["paging"]["cursors"]["after"].as_str() else {
            break;
        };
        uri = format!("{}?limit=2&after={after}", list());
    }
    assert_eq!(walked, names(&all), "every template once, in order");
    for (query, count) in [
        ("name=ask", 3),
        ("category=MARKETING", 1),
        ("language=en_GB", 1),
        ("status=REJECTED", 0),
    ] {
        let page = api.get(&format!("{}?{query}", list())).await.ok();
        assert_eq!(names(&page).len(), count, "{query}");
    }
    let bad = api.get(&format!("{}?status=GOOD", list())).await;
    assert_eq!(bad.refusal().1, 100);
    let gone = |query: &str| format!("{}?{query}", list());
    assert_eq!(
        api.ask("DELETE", &gone("name=ask_a"), TOKEN, None)
            .await
            .ok(),
        json!({"success": true})
    );
    assert_eq!(
        api.ask("DELETE", &gone("name=ask_a"), TOKEN, None)
            .await
            .refusal()
            .1,
        100
    );
    let wrong = api
        .ask("DELETE", &gone("name=ask_b&hsm_id=1"), TOKEN, None)
        .await;
    assert_eq!(wrong.refusal().1, 100, "another template's id");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_with_its_code_and_the_field() {
    let api = Api::new().await;
    let cases: Vec<(Value, u64, &str)> = vec![
        (json!({}), 100, "name"),
        (json!({"name": 5}), 100, "name"),
        (
            json!({"name": "a", "language": "en", "category": "SERVICE", "components": []}),
            100,
            "category",
        ),
        (
            json!({"name": "a", "language": "en", "category": "UTILITY", "components": "x"}),
            100,
            "components",
        ),
        (
            json!({"name": "a", "language": "en", "category": "UTILITY", "components": [1]}),
            100,
            "components[0]",
        ),
        (
            json!({"name": "a", "language": "en", "category": "UTILITY", "components": [{"type": "FOOTER", "text": "x"}]}),
            100,
            "BODY",
        ),
        (
            json!({"name": "a", "language": "en", "category": "UTILITY", "components": [
            {"type": "BODY", "text": "x"}, {"type": "BODY", "text": "x"}]}),
            100,
            "components[1].type",
        ),
        (
            json!({"name": "A b", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "x"}]}),
            100,
            "name",
        ),
        (
            json!({"name": "a", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "x".repeat(1025)}]}),
            2_388_040,
            "body",
        ),
        (
            json!({"name": "a", "language": "en", "category": "UTILITY", "components": [
            {"type": "HEADER", "format": "TEXT", "text": "*x*"}, {"type": "BODY", "text": "x"}]}),
            2_388_047,
            "header",
        ),
        (
            json!({"name": "a", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "a {{x}} b"}]}),
            2_388_072,
            "body",
        ),
        (
            json!({"name": "a", "language": "en", "category": "UTILITY", "components": [
            {"type": "BODY", "text": "x"}, {"type": "FOOTER", "text": "{{1}}"}]}),
            2_388_073,
            "footer",
        ),
        (call_button(json!(10)), 100, "ttl_minutes"),
        (call_button(json!("soon")), 100, "ttl_minutes"),
    ];
    for (body, code, field) in cases {
        let reply = api.post(&list(), body.clone()).await;
        let (status, found, sentence) = reply.refusal();
        assert_eq!((status, found), (400, code), "{body}: {sentence}");
        assert!(sentence.contains(field), "{body}: {sentence}");
    }
    api.post(&list(), request("twice")).await.ok();
    assert_eq!(api.post(&list(), request("twice")).await.refusal().1, 100);
}

#[tokio::test]
async fn an_edit_changes_the_text_and_only_once_a_day() {
    let api = Api::new().await;
    let made = api.post(&list(), request("ask")).await.ok();
    let node = format!("/{}", made["id"].as_str().unwrap());
    let edited = json!({"success": true, "id": made["id"], "name": "ask", "category": "UTILITY"});
    let change = |text: &str| json!({"components": [{"type": "BODY", "text": text}]});
    assert_eq!(api.post(&node, change("May we ring?")).await.ok(), edited);
    let after = api.get(&node).await.ok();
    assert_eq!(
        after["components"],
        json!([{"type": "BODY", "text": "May we ring?"}])
    );
    assert_eq!(api.post(&node, change("Again?")).await.refusal().1, 100);
    api.platform
        .advance(Duration::from_secs(86_400))
        .await
        .unwrap();
    assert_eq!(api.post(&node, change("Again?")).await.ok(), edited);
}

#[tokio::test]
async fn a_template_is_sent_at_any_time_and_its_values_must_fit() {
    let api = Api::new().await;
    api.post(&list(), request("ask")).await.ok();
    api.post(&list(), call_button(json!(1440))).await.ok();
    let value = |text: &str| json!({"type": "text", "text": text});
    let part = |kind: &str, values: Vec<Value>| json!({"type": kind, "parameters": values});
    let send = |name: &str, language: &str, components: Value| {
        let body = json!({"messaging_product": "whatsapp", "to": "+44 7700 900001", "type": "template",
            "template": {"name": name, "language": {"code": language}, "components": components}});
        let uri = format!("/v25.0/{PHONE}/messages");
        let api = &api;
        async move { api.post(&uri, body).await }
    };
    let fits = json!([
        part("header", vec![value("A-1")]),
        part("body", vec![value("A-1")])
    ]);
    let sent = send("ask", "en", fits.clone()).await.ok();
    assert_eq!(sent["messages"][0]["message_status"], "accepted");
    let call = json!({"type": "button", "sub_type": "voice_call", "parameters": [
        {"type": "ttl_minutes", "ttl_minutes": 120}, {"type": "payload", "payload": "order-55"}]});
    let url =
        json!({"type": "button", "sub_type": "url", "index": "1", "parameters": [value("A-1")]});
    let sent = send("ring_us", "en_GB", json!([call, url])).await.ok();
    let id = sent["messages"][0]["id"].as_str().unwrap().to_owned();
    let thread = api.platform.thread(ANA, PhoneNumberId(PHONE), 10).unwrap();
    let entry = thread.data.iter().find(|entry| entry.id == id).unwrap();
    assert_eq!((entry.kind, entry.state), ("template", "active"));
    assert_eq!(entry.content["call_button"]["display_text"], "Call Now");
    assert_eq!(
        entry.content["buttons"][0]["url"],
        "https://acme.example/A-1"
    );
    for (name, language, components, status, code) in [
        ("nobody", "en", fits.clone(), 404, 132_001),
        ("ask", "en_GB", fits.clone(), 404, 132_001),
        ("ask", "en", json!([]), 400, 132_000),
        (
            "ask",
            "en",
            json!([
                part("header", vec![value("a")]),
                part("body", vec![value("two\nlines")])
            ]),
            400,
            132_018,
        ),
        ("ring_us", "en_GB", json!([]), 400, 132_000),
        (
            "ring_us",
            "en_GB",
            json!([{"type": "button", "sub_type": "url", "index": 1, "parameters": [value("two\nlines")]}]),
            400,
            132_018,
        ),
        (
            "ask",
            "en",
            json!([
                part(
                    "header",
                    vec![json!({"type": "image", "image": {"link": "https://acme.example/a.png"}})]
                ),
                part("body", vec![value("A-1")])
            ]),
            400,
            132_012,
        ),
    ] {
        let reply = send(name, language, components.clone()).await;
        let (found_status, found, sentence) = reply.refusal();
        assert_eq!(
            (found_status, found),
            (status, code),
            "{name} {components}: {sentence}"
        );
        assert!(sentence.contains("template."), "{sentence}");
    }
}

#[tokio::test]
async fn a_list_is_summed_up_on_request() {
    let api = Api::new().await;
    let complete = |page: &serde_json::Value| page["summary"]["are_translations_complete"].clone();
    let asked = "summary=total_count,message_template_count,message_template_limit,are_translations_complete";
    let empty = api.get(&format!("{}?{asked}", list())).await.ok();
    assert_eq!(
        empty["summary"],
        json!({"total_count": 0, "message_template_count": 0, "message_template_limit": 250,
               "are_translations_complete": true})
    );
    for name in ["ask", "tell"] {
        api.post(&list(), request(name)).await.ok();
    }
    let mut german = request("ask");
    german["language"] = json!("de");
    api.post(&list(), german).await.ok();
    let uri = format!("{}?{asked}&name=ask&limit=1", list());
    let page = api.get(&uri).await.ok();
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        page["summary"]["total_count"], 2,
        "of the list, not of the page"
    );
    assert_eq!(page["summary"]["message_template_count"], 3);
    assert_eq!(complete(&page), false, "`tell` has no German");
    let mut german = request("tell");
    german["language"] = json!("de");
    api.post(&list(), german).await.ok();
    assert_eq!(complete(&api.get(&uri).await.ok()), true);

    let one = api
        .get(&format!("{}?summary=total_count", list()))
        .await
        .ok();
    assert_eq!(one["summary"], json!({"total_count": 4}));
    let none = api.get(&list()).await.ok();
    assert!(none.get("summary").is_none());
    let wrong = api.get(&format!("{}?summary=colour", list())).await;
    assert!(wrong.refusal().2.contains("`colour`"));
}
