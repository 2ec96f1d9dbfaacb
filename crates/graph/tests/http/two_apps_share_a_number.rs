//! Two apps of two businesses on one number, with conversation routing and without.

use crate::support::*;
use ahoy_calling::account::{App, Business, Scope, Subscription, Token};
use ahoy_calling::limits::LimitTable;
use ahoy_calling::routing::{Role, RoutingRules};
use ahoy_platform::Grant;
use ahoy_store::{RoutingScope, Tx};
use ahoy_types::{
    AppId, BusinessId, MessageId, PhoneNumberId, RuleTime, TokenHash, TokenId, WabaId,
};
use serde_json::{Value, json};

const OWNER: BusinessId = BusinessId(730_000_000_000_001);
const PARTNER: BusinessId = BusinessId(732_000_000_000_001);
const PARTNER_APP: AppId = AppId(902_100_200_300);
/// The partner's, for the owner's account.
const PARTNERS: &str = "token-of-the-partner";

fn partner(tx: &mut dyn Tx) -> ahoy_store::Result<()> {
    let both = [
        Scope::WhatsappBusinessManagement,
        Scope::WhatsappBusinessMessaging,
    ];
    let all = ["calls", "messages", "messaging_handovers", "standby"];
    tx.put_business(&Business {
        id: PARTNER,
        name: "Partner Ltd".into(),
        contacts: Vec::new(),
        contact_book: true,
    })?;
    tx.put_app(&App {
        id: PARTNER_APP,
        name: "Partner Voice".into(),
        secret: "partner-secret".into(),
        business: PARTNER,
        callback: None,
        fields: all.map(str::to_owned).to_vec(),
    })?;
    tx.put_subscription(&Subscription {
        waba: WabaId(WABA),
        app: PARTNER_APP,
        callback: None,
    })?;
    tx.put_token(&Token {
        id: TokenId(742_000_000_000_001),
        hash: TokenHash::of(PARTNERS),
        name: "partner".into(),
        app: PARTNER_APP,
        business: OWNER,
        scopes: both.to_vec(),
        issued_at: RuleTime::from_secs(900_000),
        expires_at: None,
        revoked_at: None,
    })
}

async fn world() -> Api {
    Api::with(LimitTable::default(), partner).await
}

async fn route(api: &Api, roles: &[(Role, BusinessId)], standby: &[BusinessId]) {
    let rules = RoutingRules {
        enabled: Some(true),
        roles: roles.iter().copied().collect(),
        standby: Some(standby.iter().copied().collect()),
        agent_terms: None,
    };
    let account = RoutingScope::Account(WabaId(WABA));
    api.platform.set_routing(account, rules).await.unwrap();
}

async fn as_partner(api: &Api, edge: &str, body: Value) -> Reply {
    api.ask("POST", &format!("/{PHONE}/{edge}"), PARTNERS, Some(body))
        .await
}

async fn control(api: &Api, token: &str, action: &str, pass: Option<&str>) -> Reply {
    let mut body = json!({"messaging_product": "whatsapp", "to": ANA.to_string(), "action": action,
                          "metadata": "asks for a person"});
    if let Some(role) = pass {
        body["control_pass"] = json!({"target_role": role});
    }
    let uri = format!("/{PHONE}/thread_control");
    api.ask("POST", &uri, token, Some(body)).await
}

async fn ana_writes(api: &Api) -> MessageId {
    let phone = PhoneNumberId(PHONE);
    let wrote = api.platform.user_writes(ANA, phone, "Hello".into(), None);
    wrote.await.unwrap()
}

/// What each app was sent so far: app, field, and what it was about.
fn sent(api: &Api) -> Vec<(u64, String, Value)> {
    let all = api.platform.deliveries(&Default::default()).unwrap();
    all.into_iter()
        .map(|(row, _)| {
            let body: Value = serde_json::from_slice(&row.body).unwrap();
            let value = body["entry"][0]["changes"][0]["value"].clone();
            (row.app.0, row.field, value)
        })
        .collect()
}

/// Who got what, without the contents.
fn receivers(of: &[(u64, String, Value)]) -> Vec<(u64, &str)> {
    of.iter()
        .map(|(app, field, _)| (*app, field.as_str()))
        .collect()
}

fn connect() -> Value {
    json!({"messaging_product": "whatsapp", "to": ANA.to_string(), "action": "connect",
           "session": {"sdp_type": "offer", "sdp": offer()}})
}

fn code(reply: &Reply) -> (u16, u64) {
    let (status, code, _) = reply.refusal();
    (status, code)
}

async fn permit(api: &Api) {
    let phone = PhoneNumberId(PHONE);
    let set = api.platform.set_permission(phone, ANA, Grant::Permanent);
    set.await.unwrap();
}

#[tokio::test]
async fn without_routing_every_app_gets_everything_and_may_call() {
    let api = world().await;
    permit(&api).await;
    let before = sent(&api).len();
    ana_writes(&api).await;
    let call = api.user_calls(ANA).await.to_string();
    let news = sent(&api);
    let (ours, theirs) = (APP, PARTNER_APP.0);
    let expected = [
        (ours, "messages"),
        (theirs, "messages"),
        (ours, "calls"),
        (theirs, "calls"),
    ];
    assert_eq!(receivers(&news[before..]), expected);
    let reject = json!({"messaging_product": "whatsapp", "action": "reject", "call_id": call});
    as_partner(&api, "calls", reject).await.ok();
    as_partner(&api, "calls", connect()).await.ok();
    let roles = api.get(&format!("/{PHONE}/routing_roles")).await.ok();
    assert_eq!(roles, json!({"roles": [], "is_standby": false}));
    assert_eq!(code(&control(&api, TOKEN, "take", None).await), (400, 100));
}

#[tokio::test]
async fn only_the_call_primary_acts_on_calls_and_gets_their_webhooks() {
    let api = world().await;
    permit(&api).await;
    let everything_but_calls = [
        (Role::Calls, PARTNER),
        (Role::CustomerService, OWNER),
        (Role::Escalation, OWNER),
    ];
    route(&api, &everything_but_calls, &[]).await;
    let before = sent(&api).len();
    let call = api.user_calls(ANA).await.to_string();
    // Before the body is looked at.
    for body in [json!({"action": "nonsense"}), connect()] {
        assert_eq!(code(&api.calls(PHONE, body).await), (400, 138_038));
    }
    for action in ["pre_accept", "accept", "reject", "terminate"] {
        let body = json!({"messaging_product": "whatsapp", "action": action, "call_id": call,
                          "session": {"sdp_type": "answer", "sdp": answer()}});
        assert_eq!(
            code(&api.calls(PHONE, body).await),
            (400, 138_038),
            "{action}"
        );
    }
    // Before SIP and before the switch too.
    route(&api, &[(Role::Calls, PARTNER)], &[]).await;
    assert_eq!(
        code(&api.calls(PRODUCTION, connect()).await),
        (400, 138_038)
    );

    let reject = json!({"messaging_product": "whatsapp", "action": "reject", "call_id": call});
    as_partner(&api, "calls", reject).await.ok();
    let placed = as_partner(&api, "calls", connect()).await.ok();
    let id = &placed["calls"][0]["id"];
    let end = json!({"messaging_product": "whatsapp", "action": "terminate", "call_id": id});
    as_partner(&api, "calls", end).await.ok();
    let news = sent(&api);
    assert!(news.len() >= before + 4);
    for (app, field, _) in &news[before..] {
        assert_eq!((*app, field.as_str()), (PARTNER_APP.0, "calls"));
    }
}

#[tokio::test]
async fn a_standby_partner_gets_the_end_of_business_calls_alone() {
    let api = world().await;
    permit(&api).await;
    route(&api, &[], &[PARTNER]).await;
    let before = sent(&api).len();
    let placed = api.calls(PHONE, connect()).await.ok();
    let id = &placed["calls"][0]["id"];
    let end = json!({"messaging_product": "whatsapp", "action": "terminate", "call_id": id});
    api.calls(PHONE, end.clone()).await.ok();
    let call = api.user_calls(ANA).await.to_string();
    let reject = json!({"messaging_product": "whatsapp", "action": "reject", "call_id": call});
    api.calls(PHONE, reject).await.ok();
    let news = sent(&api);
    let copies: Vec<_> = news[before..]
        .iter()
        .filter(|s| s.0 == PARTNER_APP.0)
        .collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    assert_eq!(copies[0].1, "calls");
    assert_eq!(copies[0].2["calls"][0]["event"], "terminate");
    assert_eq!(&copies[0].2["calls"][0]["id"], id);
}

#[tokio::test]
async fn permission_replies_go_to_the_call_primary_whoever_asked() {
    let api = world().await;
    route(&api, &[(Role::Calls, PARTNER)], &[OWNER]).await;
    let ask = json!({"messaging_product": "whatsapp", "to": ANA.to_string(), "type": "interactive",
        "interactive": {"type": "call_permission_request", "body": {"text": "May we call?"},
                        "action": {"name": "call_permission_request"}}});
    ana_writes(&api).await;
    api.post(&format!("/{PHONE}/messages"), ask).await.ok();
    let before = sent(&api).len();
    let phone = PhoneNumberId(PHONE);
    let given = ahoy_calling::message::Answer::Accept;
    let answered = api.platform.user_answers_request(ANA, phone, None, given);
    answered.await.unwrap();
    let news = sent(&api);
    let replies = news[before..].iter().filter(|(_, _, value)| {
        let message = if value["standby"].is_object() {
            &value["standby"]["messages"][0]
        } else {
            &value["messages"][0]
        };
        message["interactive"]["type"] == "call_permission_reply"
    });
    let replies: Vec<_> = replies.cloned().collect();
    assert_eq!(
        receivers(&replies),
        [(PARTNER_APP.0, "messages"), (APP, "standby")]
    );
    let contact = &replies[1].2["standby"]["contacts"][0];
    assert_eq!(contact["wa_id"], ANA.to_string());
    let owners = api.platform.thread_owners(
        phone,
        ahoy_store::Page {
            after: None,
            limit: 9,
        },
    );
    let owners = owners.unwrap();
    assert_eq!(
        owners[0].owner.map(|o| (o.0, o.1)),
        Some((OWNER, Role::CustomerService))
    );
}

#[tokio::test]
async fn a_thread_is_passed_released_and_taken_and_whoever_gains_or_loses_is_told() {
    let api = world().await;
    route(&api, &[(Role::Escalation, PARTNER)], &[PARTNER]).await;
    ana_writes(&api).await;
    let before = sent(&api).len();
    let taken_by_owner = control(&api, TOKEN, "take", None).await;
    assert_eq!(code(&taken_by_owner), (400, 2_494_191));
    for (action, pass) in [("pass", Some("escalation")), ("release", None)] {
        let refused = control(&api, PARTNERS, action, pass).await;
        assert_eq!(code(&refused), (400, 100), "{action}");
    }
    for (action, pass) in [
        ("pass", Some("calls")),
        ("pass", Some("ai_agent")),
        ("take", Some("escalation")),
        ("give", None),
    ] {
        let refused = control(&api, TOKEN, action, pass).await;
        assert_eq!(code(&refused), (400, 100), "{action} {pass:?}");
    }
    assert_eq!(sent(&api).len(), before, "nobody is told of a refusal");

    let passed = control(&api, TOKEN, "pass", Some("escalation")).await.ok();
    assert_eq!(passed["messaging_product"], "whatsapp");
    // The other spelling of the path is the same route.
    let release =
        json!({"messaging_product": "whatsapp", "to": ANA.to_string(), "action": "release"});
    let uri = format!("/business/whatsapp/phone_numbers/{PHONE}/thread_control");
    api.ask("POST", &uri, PARTNERS, Some(release)).await.ok();
    ana_writes(&api).await;
    control(&api, PARTNERS, "take", None).await.ok();
    control(&api, PARTNERS, "take", None).await.ok();
    let news = sent(&api);
    let told: Vec<_> = news
        .iter()
        .filter(|s| s.1 == "messaging_handovers")
        .cloned()
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(
        (told[0].0, &told[0].2["type"]),
        (PARTNER_APP.0, &json!("control_passed"))
    );
    assert_eq!(
        told[0].2["control_passed"],
        json!({"previous_owner_role": "customer_service", "new_owner_role": "escalation",
               "metadata": "asks for a person"})
    );
    assert_eq!(
        told[0].2["sender"],
        json!({"phone_number": ANA.to_string()})
    );
    assert_eq!(told[0].2["recipient"]["phone_number_id"], PHONE.to_string());
    assert_eq!(
        (told[1].0, &told[1].2["type"]),
        (APP, &json!("control_taken"))
    );
}

#[tokio::test]
async fn standby_partners_see_what_is_said_and_must_not_answer() {
    let api = world().await;
    route(&api, &[], &[PARTNER]).await;
    let roles = api
        .ask("GET", &format!("/{PHONE}/routing_roles"), PARTNERS, None)
        .await
        .ok();
    assert_eq!(roles, json!({"roles": [], "is_standby": true}));
    let own = api.get(&format!("/{PHONE}/routing_roles")).await.ok();
    let expected = ["calls", "customer_service", "marketing", "utility", "ctwa"];
    assert_eq!(own, json!({"roles": expected, "is_standby": false}));

    let before = sent(&api).len();
    ana_writes(&api).await;
    let text = json!({"messaging_product": "whatsapp", "to": ANA.to_string(), "type": "text",
                      "text": {"body": "Good morning"}});
    assert_eq!(
        code(&as_partner(&api, "messages", text.clone()).await),
        (400, 100)
    );
    api.post(&format!("/{PHONE}/messages"), text.clone())
        .await
        .ok();
    let news = sent(&api);
    let copies: Vec<_> = news[before..]
        .iter()
        .filter(|s| s.0 == PARTNER_APP.0)
        .cloned()
        .collect();
    assert!(copies.iter().all(|copy| copy.1 == "standby"), "{copies:?}");
    assert_eq!(
        copies[0].2["standby"]["messages"][0]["text"]["body"],
        "Hello"
    );
    assert_eq!(copies[1].2["standby"]["message_echoes"][0]["message"], text);
    assert_eq!(copies[2].2["standby"]["statuses"][0]["status"], "sent");
    let own = news[before..].iter().filter(|s| s.0 == APP);
    assert!(own.clone().count() >= 2 && own.clone().all(|s| s.1 == "messages"));
}

#[tokio::test]
async fn a_message_of_the_escalation_partner_takes_the_thread() {
    let api = world().await;
    route(&api, &[(Role::Escalation, PARTNER)], &[]).await;
    ana_writes(&api).await;
    let text = json!({"messaging_product": "whatsapp", "to": ANA.to_string(), "type": "text",
                      "text": {"body": "I take over"}});
    as_partner(&api, "messages", text.clone()).await.ok();
    let told: Vec<_> = sent(&api)
        .into_iter()
        .filter(|s| s.1 == "messaging_handovers")
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].0, &told[0].2["type"]),
        (APP, &json!("control_taken"))
    );
    assert_eq!(told[0].2["control_taken"]["new_owner_role"], "escalation");
    // From now on the user's words are the partner's, and the former owner answers no more.
    let before = sent(&api).len();
    ana_writes(&api).await;
    assert_eq!(
        receivers(&sent(&api)[before..]),
        [(PARTNER_APP.0, "messages")]
    );
    let late = api.post(&format!("/{PHONE}/messages"), text).await;
    assert_eq!(code(&late), (400, 100));
}
