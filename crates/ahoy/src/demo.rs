//! `ahoy demo`: one call each way through the public HTTP API, with real audio, judged by ear.

pub(crate) mod print;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ahoy_agent::{AgentEvent, Heard};
use ahoy_types::{CallId, PhoneNumberId, WaId};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::cli::{DemoArgs, SeedArgs};
use crate::config::FileConfig;
use crate::data::DataFolder;
use crate::dev::seed;
use crate::listen::Listen;
use crate::server::{Sandbox, Server, Setup};
use print::Printer;

/// Pitches of the two customers: far apart, and no multiple of each other.
const PITCHES: [f64; 2] = [660.0, 520.0];
/// How far a heard pitch may be off: 1 %.
const TOLERANCE: f64 = 0.01;
/// Everything of one call has happened within this, its talking time aside.
const PATIENCE: Duration = Duration::from_secs(15);

/// What one call proved.
pub(crate) struct Verdict {
    title: &'static str,
    wanted: f64,
    agent: Heard,
    user: Value,
    media: String,
}

impl Verdict {
    /// The agent heard the customer's pitch; the customer heard the agent: its greeting first, then its own pitch
    /// back, which only the agent can have sent.
    fn passed(&self) -> bool {
        let near =
            |hz: Option<f64>| hz.is_some_and(|hz| (hz / self.wanted - 1.0).abs() <= TOLERANCE);
        near(self.agent.tone_hz)
            && self.agent.lost == 0
            && near(self.user["tone_hz"].as_f64())
            && self.user["lost"] == 0
            && self.user["packets_before_gate"].is_u64()
    }
}

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let print = Printer::new(args.json);
    let seed_args = SeedArgs::default();
    let seed = seed(&seed_args);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(Setup {
        file: FileConfig {
            listen: Listen {
                address: Some(listen),
                ..Listen::default()
            },
            ..FileConfig::default()
        },
        data: DataFolder::temporary()?,
        default_listen: listen,
        sandbox: Some(Sandbox {
            seed: seed.clone(),
            agent: Some(seed_args.verify_token.clone()),
            clock: None,
            frozen: false,
        }),
    })
    .await?;
    print.heading(&format!(
        "Ahoy is ready on {}. Two calls follow: customers with a tone for a voice, and the sample agent, \
         which greets, beeps and echoes.",
        server.url
    ));
    let talk = Duration::from_secs(args.seconds);
    let stage = Stage {
        server: &server,
        number: seed_args.phone_number_id,
        print: &print,
        talk,
    };
    let [ana, ben] = [seed.users[0].0, seed.users[1].0];
    let verdicts = async {
        let first = stage.customer_calls(ana, PITCHES[0]).await?;
        let second = stage.agent_calls(ben, PITCHES[1]).await?;
        anyhow::Ok([first, second])
    }
    .await;
    server.stop().await;
    let verdicts = verdicts?;
    print.verdicts(&verdicts);
    let all = verdicts.iter().all(Verdict::passed);
    Ok(if all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Where the demo plays.
struct Stage<'a> {
    server: &'a Server,
    number: PhoneNumberId,
    print: &'a Printer,
    talk: Duration,
}

impl Stage<'_> {
    /// Ana calls the business.
    async fn customer_calls(&self, user: WaId, pitch: f64) -> anyhow::Result<Verdict> {
        let title = "User-initiated: a customer calls the business";
        self.print.call(title);
        self.dress(user, pitch).await?;
        let mut events = self.events()?;
        let placed = self
            .post(
                &format!("/sandbox/v1/users/{user}/calls"),
                json!({ "to": self.number }),
            )
            .await?;
        let call: CallId = placed["id"].as_str().unwrap_or_default().parse()?;
        let agent = self.listen(&mut events, &call, user).await?;
        self.judge(title, user, &call, pitch, agent).await
    }

    /// The business calls Ben.
    async fn agent_calls(&self, user: WaId, pitch: f64) -> anyhow::Result<Verdict> {
        let title = "Business-initiated: the business calls a customer";
        self.print.call(title);
        self.dress(user, pitch).await?;
        self.post(
            &format!("/sandbox/v1/users/{user}/permission"),
            json!({ "phone_number_id": self.number, "response": "accept" }),
        )
        .await?;
        let mut events = self.events()?;
        let agent = self
            .server
            .agent
            .as_ref()
            .context("the sample agent is not running")?;
        let call = agent.call_from(self.number, &user).await?;
        let heard = self.listen(&mut events, &call, user).await?;
        self.judge(title, user, &call, pitch, heard).await
    }

    fn events(&self) -> anyhow::Result<Receiver<AgentEvent>> {
        let agent = self
            .server
            .agent
            .as_ref()
            .context("the sample agent is not running")?;
        Ok(agent.events())
    }

    /// Gives the customer a voice.
    async fn dress(&self, user: WaId, pitch: f64) -> anyhow::Result<()> {
        let body = json!({ "wa_id": user, "behaviour": { "audio": { "tone_hz": pitch } } });
        self.post("/sandbox/v1/users", body).await.map(|_| ())
    }

    /// Prints what happens until the call is over: the customer presses two keys once the echo runs, and hangs up
    /// when the talking time is over. Answers what the agent heard.
    async fn listen(
        &self,
        events: &mut Receiver<AgentEvent>,
        call: &CallId,
        user: WaId,
    ) -> anyhow::Result<Heard> {
        let start = Instant::now();
        let mut hang_up_at = None;
        let mut hung_up = false;
        loop {
            let limit = match hang_up_at {
                Some(at) if !hung_up => at,
                Some(at) => at + PATIENCE,
                None => start + PATIENCE,
            };
            let event = match tokio::time::timeout_at(limit.into(), events.recv()).await {
                Ok(Ok(event)) => event,
                Ok(Err(RecvError::Lagged(_))) => continue,
                Ok(Err(RecvError::Closed)) => bail!("the sample agent stopped"),
                Err(_) if hang_up_at.is_some() && !hung_up => {
                    hung_up = true;
                    self.post(&self.act(user, call, "hang_up"), json!({}))
                        .await?;
                    continue;
                }
                Err(_) if hung_up => bail!("the agent was never told that the call ended"),
                Err(_) => bail!("the call was not connected within {} s", PATIENCE.as_secs()),
            };
            self.print.agent(&event);
            match event {
                AgentEvent::Media { call: of, state } if of == *call => match state {
                    ahoy_agent::MediaState::Greeting => {
                        hang_up_at = Some(Instant::now() + self.talk)
                    }
                    ahoy_agent::MediaState::Echo => {
                        self.post(&self.act(user, call, "dtmf"), json!({ "digits": "12" }))
                            .await?;
                    }
                    _ => {}
                },
                AgentEvent::CallEnded {
                    call: of, heard, ..
                } if of == *call => return Ok(heard),
                _ => {}
            }
        }
    }

    fn act(&self, user: WaId, call: &CallId, act: &str) -> String {
        format!("/sandbox/v1/users/{user}/calls/{call}/{act}")
    }

    async fn judge(
        &self,
        title: &'static str,
        user: WaId,
        call: &CallId,
        wanted: f64,
        agent: Heard,
    ) -> anyhow::Result<Verdict> {
        let path = format!("{}/sandbox/v1/users/{user}/calls/{call}", self.server.url);
        let view: Value = reqwest::get(&path).await?.json().await?;
        let media = view["media"]["verdict"]
            .as_str()
            .unwrap_or("no media report")
            .to_owned();
        let verdict = Verdict {
            title,
            wanted,
            agent,
            user: view["heard"].clone(),
            media,
        };
        self.print.heard(&verdict, &view);
        Ok(verdict)
    }

    async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let start = Instant::now();
        let url = format!("{}{path}", self.server.url);
        let answer = reqwest::Client::new().post(&url).json(&body).send().await?;
        let status = answer.status().as_u16();
        let content: Value = answer
            .json()
            .await
            .with_context(|| format!("POST {path}"))?;
        self.print.sandbox(path, &body, status, start.elapsed());
        if status != 200 {
            bail!(
                "POST {path} answered {status}: {}",
                content["error"]["message"]
            );
        }
        Ok(content)
    }
}
