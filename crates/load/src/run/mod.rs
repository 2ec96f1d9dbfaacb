//! A run from the first question to the server to the report.

mod desk;
mod meet;
mod watcher;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until};

use crate::api::{Api, ApiError};
use crate::call::{Budget, Plan, Stage, play};
use crate::config::{BadOption, Direction, HangUp, LoadConfig};
use crate::failure::FailureKind;
use crate::hooks::Hooks;
use crate::live::{Phase, Progress};
use crate::measure::Measure;
use crate::media::MediaPool;
use crate::pace::{Next, Pace};
use crate::record::{Outcome, Record, Tick};
use crate::report::{End, Outside, Report};
use crate::usage::{self, ServerUse};
use crate::users::{Crowd, Sounds};
use desk::Desk;
use meet::{enough_files, meet};
use watcher::Watcher;

/// Users made beforehand at the same time.
const PREPARED_AT_ONCE: usize = 16;
/// If so many calls have ended and every one failed, there is nothing to be learned from more.
const HOPELESS: u64 = 50;
/// Calls a second that are listened to here, and that the sandbox is asked about: each decodes some seconds of sound.
const EARS: u32 = 50;
const QUESTIONS: u32 = 10;

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
