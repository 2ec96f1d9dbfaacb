//! callbench: whole calls through HTTP and webhooks, without media.
//!
//! It is the business (API client and webhook receiver) and moves the users (sandbox routes). Each lane has a user of its own and makes
//! one call after the other: dial, connect webhook, pre_accept, accept, terminate, terminate webhook. Nothing is slept for: the next step
//! starts when the last one's answer or webhook is there.
mod hooks;
mod server;
mod stats;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hooks::Hooks;
use serde_json::{Value, json};
use server::Server;
use stats::Stats;

const HELP: &str = "callbench [--url http://127.0.0.1:8080] [--bin target/release/ahoy] [--lanes 64] [--secs 10] [--direction user|business] [--no-pre-accept] [--json]
  without --url a server of its own is started on free ports and a fresh data folder, and stopped at the end";

const PHONE: &str = "710000000000001";
const APP: &str = "900100200300";
const APP_TOKEN: &str = "900100200300|ahoy-dev-secret";
const TOKEN: &str = "ahoy-dev-token";
const VERIFY: &str = "callbench-verify";
/// Longer than anything that should happen; a call that waits this long is counted as lost and named.
const PATIENCE: Duration = Duration::from_secs(15);

type Fault = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone)]
struct Options {
    lanes: usize,
    secs: u64,
    business: bool,
    pre_accept: bool,
}

/// What every lane shares.
struct Bench {
    http: reqwest::Client,
    base: String,
    hooks: Arc<Hooks>,
    stats: Stats,
    options: Options,
}

impl Bench {
    /// One request, timed under `name`. Anything but 200 is a fault: nothing here is meant to be refused.
    async fn post(&self, name: &'static str, path: &str, token: &str, body: &Value) -> Result<Value, Fault> {
        let started = Instant::now();
        let answer = self.http.post(format!("{}{path}", self.base)).bearer_auth(token).json(body).send().await?;
        let status = answer.status();
        let content: Value = answer.json().await?;
        self.stats.add(name, started.elapsed());
        if status != 200 {
            return Err(format!("{name}: {status} {content}").into());
        }
        Ok(content)
    }

    async fn action(&self, action: &'static str, call: &str, sdp: Option<&str>) -> Result<(), Fault> {
        let mut body = json!({"messaging_product": "whatsapp", "action": action, "call_id": call});
        if let Some(sdp) = sdp {
            body["session"] = json!({"sdp_type": "answer", "sdp": sdp});
        }
        self.post(action, &format!("/v25.0/{PHONE}/calls"), TOKEN, &body).await?;
        Ok(())
    }

    async fn webhook(&self, call: &str, kind: &'static str) -> Result<Instant, Fault> {
        match tokio::time::timeout(PATIENCE, self.hooks.arrival(call, kind)).await {
            Ok(at) => Ok(at),
            Err(_) => Err(format!("no {kind} webhook of {call} within {PATIENCE:?}").into()),
        }
    }

    /// A user-initiated call from dial to its terminate webhook.
    async fn user_call(&self, user: &str, sdp: &str) -> Result<(), Fault> {
        let started = Instant::now();
        let dialled = self.post("dial (sandbox)", &format!("/sandbox/v1/users/{user}/calls"), TOKEN, &json!({"to": PHONE})).await?;
        let answered = Instant::now();
        let call = dialled["id"].as_str().ok_or("dial answered no id")?;
        let connect = self.webhook(call, "connect").await?;
        self.stats.add("dial to connect webhook", connect - started);
        self.stats.add("webhook after the answer that caused it", connect.saturating_duration_since(answered));
        if self.options.pre_accept {
            self.action("pre_accept", call, Some(sdp)).await?;
        }
        self.action("accept", call, Some(sdp)).await?;
        self.end(call, started).await
    }

    /// A business-initiated call that rings and is cancelled: a user who picks up is told to the business only once media is up.
    async fn business_call(&self, user: &str, offer: &str) -> Result<(), Fault> {
        let started = Instant::now();
        let body =
            json!({"messaging_product": "whatsapp", "to": user, "action": "connect", "session": {"sdp_type": "offer", "sdp": offer}});
        let connected = self.post("connect", &format!("/v25.0/{PHONE}/calls"), TOKEN, &body).await?;
        let call = connected["calls"][0]["id"].as_str().ok_or("connect answered no id")?;
        let at = self.webhook(call, "connect").await?;
        self.stats.add("connect to its webhook", at - started);
        let ringing = self.webhook(call, "RINGING").await?;
        self.stats.add("connect to RINGING", ringing - started);
        self.end(call, started).await
    }

    async fn end(&self, call: &str, started: Instant) -> Result<(), Fault> {
        let asked = Instant::now();
        self.action("terminate", call, None).await?;
        let answered = Instant::now();
        let arrived = self.webhook(call, "terminate").await?;
        self.stats.add("terminate to its webhook", arrived - asked);
        self.stats.add("webhook after the answer that caused it", arrived.saturating_duration_since(answered));
        self.stats.add("whole call", started.elapsed());
        self.hooks.forget(call);
        Ok(())
    }

    async fn lane(&self, lane: usize, until: Instant) -> Result<u64, Fault> {
        let user = format!("4477009{lane:05}");
        let behaviour = json!({"on_ring": "ignore", "audio": {"silence": true}});
        self.post("create user (sandbox)", "/sandbox/v1/users", TOKEN, &json!({"wa_id": user, "behaviour": behaviour})).await?;
        let grant = json!({"phone_number_id": PHONE, "response": "accept_permanent"});
        self.post("grant (sandbox)", &format!("/sandbox/v1/users/{user}/permission"), TOKEN, &grant).await?;
        let mut calls = 0;
        while Instant::now() < until {
            if self.options.business {
                self.business_call(&user, &sdp(lane, "actpass")).await?;
            } else {
                self.user_call(&user, &sdp(lane, "active")).await?;
            }
            calls += 1;
        }
        Ok(calls)
    }
}

/// A session description that is well-formed and leads nowhere: no media is meant to flow.
fn sdp(lane: usize, setup: &str) -> String {
    let fingerprint = vec![format!("{:02X}", lane % 256); 32].join(":");
    [
        "v=0".to_owned(),
        format!("o=- {} 2 IN IP4 127.0.0.1", 1_760_000_000_000u64 + lane as u64),
        "s=-".into(),
        "t=0 0".into(),
        "a=group:BUNDLE audio".into(),
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 126".into(),
        "c=IN IP4 127.0.0.1".into(),
        "a=rtcp-mux".into(),
        format!("a=ice-ufrag:lane{lane:04}"),
        format!("a=ice-pwd:callbenchcallbench{lane:06}"),
        format!("a=fingerprint:sha-256 {fingerprint}"),
        format!("a=setup:{setup}"),
        "a=mid:audio".into(),
        "a=sendrecv".into(),
        "a=rtpmap:111 opus/48000/2".into(),
        "a=rtpmap:126 telephone-event/8000".into(),
        format!("a=ssrc:{} cname:callbench", lane + 1),
        String::new(),
    ]
    .join("\r\n")
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| args.iter().any(|arg| arg == name);
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)).cloned();
    if flag("--help") || flag("-h") {
        println!("{HELP}");
        return Ok(());
    }
    let number = |name: &str, default: usize| value(name).map_or(Ok(default), |text| text.parse());
    let options = Options {
        lanes: number("--lanes", 64)?,
        secs: number("--secs", 10)? as u64,
        business: value("--direction").as_deref() == Some("business"),
        pre_accept: !flag("--no-pre-accept"),
    };
    let own = match value("--url") {
        Some(_) => None,
        None => Some(Server::start(&value("--bin").unwrap_or_else(|| "target/release/ahoy".into())).await?),
    };
    let base = value("--url").or_else(|| own.as_ref().map(|server| server.base.clone())).unwrap_or_default();
    let outcome = run(base, options, flag("--json"), own.as_ref().map(Server::pid)).await;
    if let Some(server) = own {
        server.stop().await?;
    }
    outcome
}

async fn run(base: String, options: Options, as_json: bool, pid: Option<u32>) -> Result<(), Fault> {
    let hooks = Arc::new(Hooks::default());
    let callback = hooks::serve(Arc::clone(&hooks), VERIFY).await?;
    let http = reqwest::Client::builder().pool_max_idle_per_host(options.lanes + 8).no_proxy().build()?;
    let bench = Arc::new(Bench { http, base, hooks, stats: Stats::default(), options });
    let subscription = json!({"object": "whatsapp_business_account", "callback_url": callback, "verify_token": VERIFY, "fields": "calls"});
    bench.post("subscribe", &format!("/v25.0/{APP}/subscriptions"), APP_TOKEN, &subscription).await?;

    let cpu_before = pid.map(server::cpu_seconds);
    let started = Instant::now();
    let until = started + Duration::from_secs(bench.options.secs);
    let lanes: Vec<_> = (0..bench.options.lanes)
        .map(|lane| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.lane(lane, until).await })
        })
        .collect();
    let (mut calls, mut faults) = (0, Vec::new());
    for lane in lanes {
        match lane.await? {
            Ok(made) => calls += made,
            Err(fault) => faults.push(fault.to_string()),
        }
    }
    let took = started.elapsed().as_secs_f64();
    let cpu = pid.map(server::cpu_seconds).zip(cpu_before).map(|(after, before)| after - before);
    bench.stats.print(as_json, &bench.options, calls, took, cpu);
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("{} lanes of {} failed; the first: {}", faults.len(), bench.options.lanes, faults[0]).into())
}
