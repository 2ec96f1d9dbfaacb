//! The platform refuses, is away, hangs up early, or sends more calls than there are hands.

use std::time::Duration;

use crate::support::phone::Phone;
use crate::support::{Asked, Counter, Platform, call_id, connect, ended, terminate, until};
use ahoy_agent::{Agent, AgentEvent};
use ahoy_types::Direction::UserInitiated;
use ahoy_wire::Session;
use serde_json::{Value, json};

fn error(code: u32) -> serde_json::Value {
    json!({"error":{"message":format!("(#{code}) No"),"type":"OAuthException","code":code,"fbtrace_id":"A"}})
}

#[tokio::test]
async fn not_now_is_asked_again_and_no_is_not() {
    let counter = Counter::default();
    let mut platform =
        Platform::scripted(
            move |asked| match (asked.action(), counter.next(asked.action())) {
                ("pre_accept", 1 | 2) => Some((503, error(2))),
                ("accept", _) => Some((400, error(100))),
                _ => None,
            },
        )
        .await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    let mut events = agent.events();
    let phone = Phone::new(440.0).await;
    let call = call_id(1);
    platform
        .deliver(
            &agent,
            &connect(&call, UserInitiated, Session::offer(phone.offer())),
        )
        .await;
    for _ in 0..3 {
        let asked = platform.asked("pre_accept", &call).await;
        phone.remote(asked.sdp());
    }
    platform.asked("accept", &call).await;
    platform.asked("reject", &call).await;
    let (why, _) = ended(&mut events, &call).await;
    assert!(why.contains("accept failed: (#100) No"), "{why}");
    assert!(platform.rest().is_empty());
}

#[tokio::test]
async fn the_caller_who_gives_up_is_not_answered() {
    // The agent would let it ring for an hour; the end comes first.
    let mut platform = Platform::start().await;
    let mut config = platform.config.clone();
    config.answer_after = Duration::from_secs(3_600);
    let agent = Agent::start(config).await.unwrap();
    let mut events = agent.events();
    let phone = Phone::new(440.0).await;
    let call = call_id(1);
    platform
        .deliver(
            &agent,
            &connect(&call, UserInitiated, Session::offer(phone.offer())),
        )
        .await;
    phone.remote(platform.asked("pre_accept", &call).await.sdp());
    platform
        .deliver(&agent, &terminate(&call, UserInitiated))
        .await;
    let (why, _) = ended(&mut events, &call).await;
    assert!(why.contains("COMPLETED"), "{why}");
    assert!(platform.rest().is_empty());
}

#[tokio::test]
async fn a_ringing_call_is_declined_by_hand_and_on_stop() {
    let mut platform = Platform::start().await;
    let mut config = platform.config.clone();
    config.answer_after = Duration::from_secs(3_600);
    let agent = Agent::start(config).await.unwrap();
    let mut events = agent.events();
    for n in [1, 2] {
        let phone = Phone::new(440.0).await;
        platform
            .deliver(
                &agent,
                &connect(&call_id(n), UserInitiated, Session::offer(phone.offer())),
            )
            .await;
        platform.asked("pre_accept", &call_id(n)).await;
    }
    assert!(agent.hang_up(&call_id(1)).await);
    platform.asked("reject", &call_id(1)).await;
    ended(&mut events, &call_id(1)).await;
    assert!(!agent.hang_up(&call_id(1)).await);
    agent.stop().await;
    platform.asked("reject", &call_id(2)).await;
}

#[tokio::test]
async fn a_platform_that_is_away_costs_the_call_and_nothing_else() {
    let platform = Platform::start().await;
    let mut config = platform.config.clone();
    // Bound and closed again: nobody listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    config.graph_url = format!("http://{nobody}").parse().unwrap();
    let agent = Agent::start(config).await.unwrap();
    let mut events = agent.events();
    let phone = Phone::new(440.0).await;
    platform
        .deliver(
            &agent,
            &connect(&call_id(1), UserInitiated, Session::offer(phone.offer())),
        )
        .await;
    let (why, _) = ended(&mut events, &call_id(1)).await;
    assert!(why.contains("pre_accept failed: no answer"), "{why}");
    assert!(agent.register().await.is_err());
    assert_eq!(agent.live_calls().await, 0);
}

#[tokio::test]
async fn registration_is_verified_by_the_platform_before_it_answers() {
    let mut platform = Platform::start().await;
    let mut config = platform.config.clone();
    config.register = true;
    let agent = Agent::start(config).await.unwrap();
    let looked = platform.asked("", &call_id(0)).await;
    assert!(looked.body.is_null(), "whose callback it was is read first");
    let asked = platform.asked("", &call_id(0)).await;
    assert_eq!(asked.path, "/v25.0/900100200300/subscriptions");
    assert_eq!(asked.token, "Bearer 900100200300|ahoy-dev-secret");
    assert_eq!(asked.body["callback_url"], agent.callback_url().as_str());
    assert_eq!(asked.body["verify_token"], "ahoy-dev-verify");
    assert_eq!(asked.body["fields"], "calls");
}

/// What a platform knows of callbacks: the app's with its fields, and the number's own.
#[derive(Debug, Clone, PartialEq)]
struct Callbacks {
    app: Option<(String, String)>,
    number: Option<String>,
    /// Those that do not answer their verification.
    dead: Vec<String>,
}

impl Callbacks {
    fn answer(&mut self, asked: &Asked) -> Option<(u16, Value)> {
        let body = &asked.body;
        if let Some(url) = body["callback_url"].as_str() {
            if self.dead.iter().any(|dead| dead == url) {
                return Some((400, json!({"error": {"code": 100, "message": "dead"}})));
            }
            let fields = body["fields"].as_str().unwrap().to_owned();
            self.app = Some((url.to_owned(), fields));
            return None;
        }
        if let Some(url) = body["webhook_configuration"]["override_callback_uri"].as_str() {
            if self.dead.iter().any(|dead| dead == url) {
                return Some((400, json!({"error": {"code": 100, "message": "dead"}})));
            }
            self.number = (!url.is_empty()).then(|| url.to_owned());
            return None;
        }
        if asked.path.ends_with("/subscriptions") {
            if asked.method == "DELETE" {
                self.app = None;
                return None;
            }
            let data: Vec<Value> = self
                .app
                .iter()
                .map(|(url, fields)| {
                    let fields: Vec<Value> =
                        fields.split(',').map(|f| json!({"name": f})).collect();
                    json!({"callback_url": url, "fields": fields})
                })
                .collect();
            return Some((200, json!({ "data": data })));
        }
        let mut configuration = json!({});
        if let Some(url) = &self.number {
            configuration["phone_number"] = json!(url);
        }
        let about = json!({"id": "710000000000001", "webhook_configuration": configuration});
        Some((200, about))
    }
}

/// Starts and stops an agent; what there was while it ran, and what there is then.
async fn through(
    before: &Callbacks,
    meanwhile: impl FnOnce(&mut Callbacks),
) -> (Callbacks, Callbacks, String) {
    let current = std::sync::Arc::new(std::sync::Mutex::new(before.clone()));
    let ours = current.clone();
    let platform = Platform::scripted(move |asked| ours.lock().unwrap().answer(asked)).await;
    let mut config = platform.config.clone();
    config.register = true;
    let agent = Agent::start(config).await.unwrap();
    let url = agent.callback_url().to_string();
    let during = current.lock().unwrap().clone();
    meanwhile(&mut current.lock().unwrap());
    agent.stop().await;
    let after = current.lock().unwrap().clone();
    (during, after, url)
}

#[tokio::test]
async fn the_app_keeps_its_callback_and_the_number_gets_back_what_it_had() {
    let bot = Some((
        "http://127.0.0.1:9/bot".to_owned(),
        "calls,messages".to_owned(),
    ));
    let before = Callbacks {
        app: bot.clone(),
        number: None,
        dead: Vec::new(),
    };
    let (during, after, ours) = through(&before, |_| {}).await;
    assert_eq!((&during.app, during.number), (&bot, Some(ours)));
    assert_eq!(after, before);

    let own = Callbacks {
        number: Some("http://127.0.0.1:9/own".into()),
        ..before.clone()
    };
    assert_eq!(through(&own, |_| {}).await.1, own);

    // Another one may have come meanwhile, and a former one may be gone.
    let other = Some("http://127.0.0.1:9/other".to_owned());
    let (_, after, _) = through(&before, |now| now.number.clone_from(&other)).await;
    assert_eq!(after.number, other);
    let (_, after, _) = through(&own, |now| now.dead.extend(own.number.clone())).await;
    assert_eq!((after.app, after.number), (bot, None));
}

#[tokio::test]
async fn an_app_without_calls_is_subscribed_for_the_time() {
    for app in [
        None,
        Some(("http://127.0.0.1:9/bot".to_owned(), "messages".to_owned())),
    ] {
        let before = Callbacks {
            app,
            number: None,
            dead: Vec::new(),
        };
        let (during, after, ours) = through(&before, |_| {}).await;
        assert_eq!(during.app, Some((ours, "calls".to_owned())));
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn more_calls_than_allowed_are_rejected() {
    let mut platform = Platform::start().await;
    let mut config = platform.config.clone();
    config.max_calls = 1;
    config.answer_after = Duration::from_secs(3_600);
    let agent = Agent::start(config).await.unwrap();
    for n in [1, 2] {
        let phone = Phone::new(440.0).await;
        platform
            .deliver(
                &agent,
                &connect(&call_id(n), UserInitiated, Session::offer(phone.offer())),
            )
            .await;
    }
    platform.asked("pre_accept", &call_id(1)).await;
    platform.asked("reject", &call_id(2)).await;
    assert_eq!(agent.live_calls().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_calls_at_once_are_all_heard() {
    const CALLS: u8 = 50;
    let mut platform = Platform::start().await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    let mut events = agent.events();
    let mut phones = Vec::new();
    for n in 0..CALLS {
        // Each has a pitch of its own, so that no call can be taken for another.
        let hz = 300.0 + 20.0 * f64::from(n);
        let phone = Phone::new(hz).await;
        let body = connect(&call_id(n), UserInitiated, Session::offer(phone.offer()));
        platform.deliver(&agent, &body).await;
        phone.remote(platform.asked("pre_accept", &call_id(n)).await.sdp());
        phones.push((phone, hz));
    }
    for (n, (phone, hz)) in (0..).zip(&mut phones) {
        platform.asked("accept", &call_id(n)).await;
        phone.hears_tone(*hz).await;
    }
    assert_eq!(agent.live_calls().await, usize::from(CALLS));
    for n in 0..CALLS {
        platform
            .deliver(&agent, &terminate(&call_id(n), UserInitiated))
            .await;
    }
    let mut left = usize::from(CALLS);
    until(&mut events, "end of all", |event| {
        if let AgentEvent::CallEnded { call, heard, .. } = event {
            let n = (0..CALLS).find(|n| call_id(*n) == *call).unwrap();
            let hz = 300.0 + 20.0 * f64::from(n);
            assert!(
                heard
                    .tone_hz
                    .is_some_and(|heard| (heard - hz).abs() < hz * 0.01),
                "{n}: {heard:?}"
            );
            left -= 1;
        }
        (left == 0).then_some(())
    })
    .await;
    assert_eq!(agent.live_calls().await, 0);
}
