//! A run from the first question to the server to the report.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::serve::ListenerExt as _;
use hdrhistogram::Histogram;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until};

use crate::api::{Api, ApiError};
use crate::call::{Budget, Plan, Stage, play};
use crate::config::{BadOption, Direction, HangUp, LoadConfig, Media, Users};
use crate::failure::FailureKind;
use crate::hooks::{self, Hooks};
use crate::live::{Phase, Progress};
use crate::measure::Measure;
use crate::media::MediaPool;
use crate::pace::{Next, Pace};
use crate::record::{Outcome, Record, Tick};
use crate::report::{End, Outside, Report};
use crate::usage::{self, ServerUse};
use crate::users::{Crowd, Sounds};

/// Users made beforehand at the same time.
const PREPARED_AT_ONCE: usize = 16;
/// If so many calls have ended and every one failed, there is nothing to be learned from more.
const HOPELESS: u64 = 50;
/// Calls a second that are listened to here, and that the sandbox is asked about: each decodes some seconds of sound.
const EARS: u32 = 50;
const QUESTIONS: u32 = 10;
/// Files open besides those of calls.
const OTHER_FILES: u64 = 200;

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// An option cannot be.
    #[error(transparent)]
    Option(#[from] BadOption),
    /// Nobody answers, or nobody we know.
    #[error("{0}")]
    Server(String),
    /// This machine does not give what the run needs.
    #[error("{0}")]
    Tool(String),
}

fn tool(what: &str) -> impl Fn(String) -> LoadError + '_ {
    move |why| LoadError::Tool(format!("{what}: {why}"))
}

/// Runs the load and reports. `progress` is told once a second; when `stop` is ready no call is started any more, the live ones are
/// hung up, and what was done so far is reported.
///
/// # Errors
/// [`LoadError`], before any call was placed.
pub async fn run(
    config: LoadConfig,
    progress: impl Fn(&Progress),
    stop: impl Future<Output = ()>,
) -> Result<Report, LoadError> {
    config.check()?;
    let record = Arc::new(Record::new().map_err(tool("the book cannot be opened"))?);
    let server = |e: ApiError| LoadError::Server(e.to_string());
    let api = Arc::new(Api::new(&config, Arc::clone(&record)).map_err(server)?);
    meet(&config, &api).await?;
    enough_files(&config)?;
    let media = MediaPool::start(config.threads, config.media_ip)
        .map_err(tool("media cannot be set up"))?;
    let sounds = Sounds::new().map_err(|e| LoadError::Tool(e.to_string()))?;

    let hooks = Arc::new(Hooks::default());
    let desk = Desk::open(&config, &api, &hooks).await?;
    let (stopper, stopped) = watch::channel(false);
    let stage = Arc::new(Stage {
        crowd: Crowd::new(Arc::clone(&api), &config),
        api: Arc::clone(&api),
        hooks,
        media,
        sounds,
        record,
        stop: stopped,
        ears: Budget::new(EARS),
        questions: Budget::new(QUESTIONS),
        config,
    });
    let report = conduct(stage, stopper, progress, stop).await;
    // Whatever came of it: the callback is given back.
    desk.close(&api).await;
    report
}

/// Asks the server who it is and whether it knows us.
async fn meet(config: &LoadConfig, api: &Api) -> Result<(), LoadError> {
    let say = |sentence: String| Err(LoadError::Server(sentence));
    let url = &config.url;
    let health = match api.health().await {
        Ok(health) => health,
        Err(ApiError::NoAnswer(why)) => return say(format!("no server answers at {url}: {why}")),
        Err(error) => {
            return say(format!(
                "{url} is no Ahoy server: its /healthz says {error}"
            ));
        }
    };
    match health["status"].as_str() {
        Some("ready") => {}
        Some(other) => return say(format!("the server at {url} is {other} and takes no calls")),
        None => {
            return say(format!(
                "{url} is no Ahoy server: its /healthz has no status"
            ));
        }
    }
    if health["sandbox"] != true {
        let who = match config.users {
            Users::Sandbox => "simulated users",
            Users::Socket => "phones without a sign-in",
        };
        return say(format!(
            "the server at {url} has no {who}: a load run needs the sandbox routes, which only `ahoy dev` has"
        ));
    }
    match api.see_number().await {
        Ok(_) => Ok(()),
        Err(ApiError::Refused { code, sentence, .. }) if code == "190" || code == "0" => say(
            format!("--token: the server does not take the access token (code {code}: {sentence})"),
        ),
        Err(error) => say(format!(
            "--number: the token does not see the number {} ({error})",
            config.number
        )),
    }
}

/// A run needs a socket a peer, and some for HTTP.
fn enough_files(config: &LoadConfig) -> Result<(), LoadError> {
    let live = Pace::new(config).expected_live(config.hold);
    let each = match (config.media, config.users) {
        (Media::None, _) => 1,
        (Media::Audio, Users::Sandbox) => 2,
        (Media::Audio, Users::Socket) => 4,
    };
    let wanted = live * each + OTHER_FILES;
    match usage::open_files() {
        Some(limit) if limit < wanted => Err(LoadError::Tool(format!(
            "{live} calls at a time need some {wanted} open files and this process may open {limit}: raise the limit (ulimit -n)"
        ))),
        _ => Ok(()),
    }
}

/// The webhook receiver and the callback that leads to it.
struct Desk {
    server: tokio::task::JoinHandle<()>,
    callback: String,
    verify_token: String,
    former: Option<(String, String)>,
}

impl Desk {
    async fn open(config: &LoadConfig, api: &Api, hooks: &Arc<Hooks>) -> Result<Self, LoadError> {
        let cannot = |e: std::io::Error| {
            LoadError::Tool(format!(
                "--listen: the webhook receiver cannot listen on {}: {e}",
                config.listen
            ))
        };
        let listener = TcpListener::bind(config.listen).await.map_err(cannot)?;
        let mut address = listener.local_addr().map_err(cannot)?;
        if address.ip().is_unspecified() {
            // A callback needs an address that leads somewhere.
            address.set_ip(config.media_ip);
        }
        let callback = match &config.public_url {
            Some(url) => url.to_string(),
            None => format!("http://{address}{}", hooks::PATH),
        };
        let router = hooks::router(Arc::clone(hooks), &config.verify_token, &config.app_secret);
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the webhook receiver failed");
            }
        });
        let refused = |e: ApiError| {
            let app = config.app_id;
            LoadError::Server(format!(
                "--app-id, --app-secret: the callback of app {app} cannot be set ({e})"
            ))
        };
        let former = api
            .subscription()
            .await
            .map_err(refused)?
            .filter(|(url, _)| *url != callback);
        let desk = Self {
            server,
            callback,
            verify_token: config.verify_token.clone(),
            former,
        };
        api.subscribe(&desk.callback, &desk.verify_token, "calls")
            .await
            .map_err(refused)?;
        Ok(desk)
    }

    /// Gives the callback back to whoever had it, unless somebody else has taken it meanwhile, and closes the receiver. The platform
    /// does not tell verify tokens, so this works for receivers that know ours, such as the agent inside `ahoy dev`.
    async fn close(self, api: &Api) {
        let ours = matches!(api.subscription().await, Ok(Some((url, _))) if url == self.callback);
        if let (true, Some((url, fields))) = (ours, &self.former)
            && let Err(error) = api.subscribe(url, &self.verify_token, fields).await
        {
            tracing::warn!(callback = url, %error, "the app's former callback could not be set again");
        }
        self.server.abort();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Asks the server once a second what it costs.
struct Watcher {
    latest: Arc<Mutex<ServerUse>>,
    task: tokio::task::JoinHandle<()>,
}

impl Watcher {
    async fn start(api: Arc<Api>) -> Self {
        let latest = Arc::new(Mutex::new(ServerUse::default()));
        if let Some(text) = api.metrics().await {
            *latest.lock().unwrap_or_else(PoisonError::into_inner) = ServerUse::read(&text);
        }
        let shared = Arc::clone(&latest);
        let task = tokio::spawn(async move {
            let mut every = interval(Duration::from_secs(1));
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                every.tick().await;
                if let Some(text) = api.metrics().await {
                    *shared.lock().unwrap_or_else(PoisonError::into_inner) = ServerUse::read(&text);
                }
            }
        });
        Self { latest, task }
    }
    fn read(&self) -> ServerUse {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What was in use at the last tick.
struct Before {
    at: Instant,
    server: Option<f64>,
    tool: Option<Duration>,
    packets: (u64, u64),
}

/// The run itself.
struct Conductor<P> {
    stage: Arc<Stage>,
    watcher: Watcher,
    progress: P,
    random: fastrand::Rng,
    before: Before,
}

async fn conduct(
    stage: Arc<Stage>,
    stopper: watch::Sender<bool>,
    progress: impl Fn(&Progress),
    stop: impl Future<Output = ()>,
) -> Result<Report, LoadError> {
    tokio::pin!(stop);
    tokio::select! {
        made = prepare(&stage, &progress) => made?,
        () = &mut stop => return Err(LoadError::Tool("stopped before the first call".into())),
    }
    let watcher = Watcher::start(Arc::clone(&stage.api)).await;
    let mut conductor = Conductor {
        random: fastrand::Rng::with_seed(stage.config.seed),
        before: Before {
            at: Instant::now(),
            server: watcher.read().cpu_seconds,
            tool: usage::own_cpu(),
            packets: (0, 0),
        },
        stage,
        watcher,
        progress,
    };
    let (server_before, tool_before) = (conductor.before.server, conductor.before.tool);
    let begun = Instant::now();
    let (end, starting) = conductor.calls(begun, &stopper, stop.as_mut()).await;
    let took = begun.elapsed();
    conductor.tick(Phase::Ending, begun);

    // One last look, so that the sums are those of the whole run.
    let last = conductor
        .stage
        .api
        .metrics()
        .await
        .map(|text| ServerUse::read(&text))
        .unwrap_or_default();
    let tool_cpu = usage::own_cpu()
        .zip(tool_before)
        .map(|(now, before)| now.saturating_sub(before));
    let Conductor { stage, watcher, .. } = conductor;
    drop(watcher);
    let counters = Arc::clone(&stage.media.counters);
    let read = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
    let mut outside = Outside {
        end,
        took,
        starting,
        tool_cpu,
        late: None,
        packets: [
            read(&counters.sent),
            read(&counters.received),
            read(&counters.refused),
        ],
        server_cpu_seconds: last
            .cpu_seconds
            .zip(server_before)
            .map(|(now, before)| (now - before).max(0.0)),
        server_bytes: last.resident_bytes,
        webhooks_refused: read(&stage.hooks.refused),
    };
    // Nobody else holds the stage once every call is over.
    if let Ok(stage) = Arc::try_unwrap(stage) {
        outside.late = stop_media(stage.media).await;
        return Ok(Report::of(&stage.config, &stage.record.lock(), &outside));
    }
    Err(LoadError::Tool(
        "a call is still under way after the end".into(),
    ))
}

async fn stop_media(media: MediaPool) -> Option<Histogram<u64>> {
    tokio::task::spawn_blocking(move || media.stop())
        .await
        .ok()
        .flatten()
}

/// Makes the users the run will need at a time.
async fn prepare(stage: &Arc<Stage>, progress: &impl Fn(&Progress)) -> Result<(), LoadError> {
    let wanted = Pace::new(&stage.config).expected_live(stage.config.hold);
    let (mut begun, mut made) = (0, 0);
    let mut tasks: JoinSet<Result<(), crate::failure::Failure>> = JoinSet::new();
    let mut shown = Instant::now();
    while made < wanted {
        while begun < wanted && tasks.len() < PREPARED_AT_ONCE {
            let stage = Arc::clone(stage);
            tasks.spawn(async move { stage.crowd.prepare().await });
            begun += 1;
        }
        match tasks.join_next().await {
            Some(Ok(Ok(()))) => made += 1,
            Some(Ok(Err(failure))) => return Err(LoadError::Server(failure.sentence)),
            Some(Err(error)) => return Err(LoadError::Tool(error.to_string())),
            None => break,
        }
        if shown.elapsed() > Duration::from_millis(200) {
            shown = Instant::now();
            progress(&Progress {
                prepared: (made, wanted),
                ..standing(stage, Phase::Preparing, Duration::ZERO)
            });
        }
    }
    Ok(())
}

/// How the run stands by its book.
fn standing(stage: &Stage, phase: Phase, elapsed: Duration) -> Progress {
    let book = stage.record.lock();
    let last = book.seconds.last().copied().unwrap_or_default();
    let delay = book
        .measures
        .get(Measure::RequestDelay as usize)
        .filter(|h| !h.is_empty());
    let ms = |h: &Histogram<u64>, q| h.value_at_quantile(q) as f64 / 1_000.0;
    let worst = book.failures.iter().max_by_key(|(_, alike)| alike.count);
    Progress {
        phase,
        prepared: (0, 0),
        elapsed,
        duration: stage.config.duration,
        started: book.counts.started,
        live: book.counts.live(),
        completed: book.counts.completed + book.counts.rang,
        failed: book.counts.failed,
        rate: last.started as f64,
        request_delay: delay.map(|h| (ms(h, 0.5), ms(h, 0.99))),
        api: last.api,
        webhooks: last.webhooks,
        packets: (last.packets_sent, last.packets_received),
        lost: book.heard.iter().map(|h| h.lost).sum(),
        cores: (last.server_cores, last.tool_cores),
        worst: worst.map(|((kind, detail), _)| format!("{}: {detail}", kind.title())),
    }
}

impl<P: Fn(&Progress)> Conductor<P> {
    fn plan(&mut self) -> Plan {
        let (config, random) = (&self.stage.config, &mut self.random);
        Plan {
            by_user: match config.direction {
                Direction::User => true,
                Direction::Business => false,
                Direction::Both => random.bool(),
            },
            business_hangs_up: match config.hang_up {
                HangUp::Business => true,
                HangUp::User => false,
                HangUp::Either => random.bool(),
            },
            tone: self.stage.sounds.draw(random),
        }
    }

    fn tick(&mut self, phase: Phase, begun: Instant) {
        let (now, counters) = (Instant::now(), &self.stage.media.counters);
        let seconds = (now - self.before.at).as_secs_f64().max(0.001);
        let packets = (
            counters.sent.load(Ordering::Relaxed),
            counters.received.load(Ordering::Relaxed),
        );
        let (server, tool) = (self.watcher.read().cpu_seconds, usage::own_cpu());
        // The rest of a second at the end is too short: the server is asked once a second.
        let whole = seconds > 0.7;
        let server_cores = server
            .zip(self.before.server)
            .map(|(now, before)| (now - before).max(0.0) / seconds);
        let tool_cores = tool
            .zip(self.before.tool)
            .map(|(now, before)| now.saturating_sub(before).as_secs_f64() / seconds);
        self.stage.record.tick(Tick {
            packets_sent: packets.0 - self.before.packets.0,
            packets_received: packets.1 - self.before.packets.1,
            server_cores: server_cores.filter(|_| whole),
            tool_cores: tool_cores.filter(|_| whole),
        });
        self.before = Before {
            at: now,
            server,
            tool,
            packets,
        };
        (self.progress)(&standing(&self.stage, phase, begun.elapsed()));
    }

    /// Starts calls as the pace says and waits for all of them to end. Says for how long calls were started, too.
    async fn calls(
        &mut self,
        begun: Instant,
        stopper: &watch::Sender<bool>,
        mut stop: std::pin::Pin<&mut impl Future<Output = ()>>,
    ) -> (End, Duration) {
        let config = self.stage.config.clone();
        let pace = Pace::new(&config);
        let mut tasks = JoinSet::new();
        let mut every = interval(Duration::from_secs(1));
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        every.tick().await;
        let (mut end, mut started, mut was_full) = (End::Done, 0, false);
        let mut starting = None;
        let mut deadline: Option<tokio::time::Instant> = None;
        loop {
            let next = match end {
                End::Done => pace.next(begun.elapsed(), started, tasks.len() as u64),
                End::Stopped | End::Hopeless => Next::Over,
            };
            if next == Next::Over {
                starting.get_or_insert_with(|| begun.elapsed());
            }
            let mut wait = None;
            match next {
                Next::Start(n) => {
                    if was_full && matches!(config.target, crate::config::Target::Rate(_)) {
                        self.stage.record.lock().held_back += n;
                    }
                    for _ in 0..n {
                        started += 1;
                        let plan = self.plan();
                        self.stage.record.started(plan.by_user);
                        tasks.spawn(play(Arc::clone(&self.stage), plan));
                    }
                    tokio::task::yield_now().await;
                    continue;
                }
                Next::Wait(time) => {
                    was_full = false;
                    wait = Some(time);
                }
                Next::Full => was_full = true,
                Next::Over if tasks.is_empty() => return (end, starting.unwrap_or_default()),
                Next::Over => {
                    let grace = config.patience * 2
                        + if end == End::Done {
                            config.hold + config.patience
                        } else {
                            Duration::ZERO
                        };
                    deadline.get_or_insert_with(|| tokio::time::Instant::now() + grace);
                }
            }
            tokio::select! {
                () = stop.as_mut(), if end == End::Done => {
                    end = End::Stopped;
                    stopper.send_replace(true);
                    deadline = None;
                }
                _ = every.tick() => {
                    let phase = if next == Next::Over { Phase::Ending } else { Phase::Running };
                    self.tick(phase, begun);
                }
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                    if let Err(error) = ended && error.is_panic() {
                        let failure = crate::failure::Failure::new(FailureKind::Tool, "panic", error.to_string());
                        self.stage.record.ended(None, &Outcome::Failed(failure));
                    }
                    if end == End::Done && self.is_hopeless() {
                        end = End::Hopeless;
                        stopper.send_replace(true);
                        deadline = None;
                    }
                }
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => {}
                () = sleep_until(deadline.unwrap_or_else(tokio::time::Instant::now)), if deadline.is_some() => {
                    // Whoever has not ended by now never will.
                    tasks.abort_all();
                    while tasks.join_next().await.is_some() {}
                    let left = self.stage.record.lock().counts.live();
                    for _ in 0..left {
                        let cut = Outcome::GivenUp { established: false };
                        self.stage.record.ended(None, &cut);
                    }
                    return (end, starting.unwrap_or_default());
                }
            }
        }
    }

    fn is_hopeless(&self) -> bool {
        let counts = self.stage.record.lock().counts;
        counts.failed >= HOPELESS && counts.failed == counts.started - counts.live()
    }
}
