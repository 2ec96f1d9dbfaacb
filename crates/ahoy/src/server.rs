//! Wiring: store, platform, edges, HTTP. One server for `dev`, `demo` and `serve`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ahoy_admin::AdminState;
use ahoy_agent::{Agent, AgentConfig};
use ahoy_calling::account::Callback;
use ahoy_calling::price::PriceList;
use ahoy_graph::{GraphState, Verifying};
use ahoy_mail::Mailer;
use ahoy_media::MediaConfig;
use ahoy_outbound::Outbound;
use ahoy_phone::PhoneState;
use ahoy_platform::{PHONE_MEDIA_WAIT, Platform, PlatformConfig, Seed};
use ahoy_sandbox::{SandboxState, Surface};
use ahoy_store::sqlite::{Durability, SqliteStore};
use ahoy_types::RuleTime;
use ahoy_webhooks::{Sender, Verifier};
use anyhow::Context;
use axum::Router;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cli::ServeArgs;
use crate::config::FileConfig;
use crate::data::DataFolder;
use crate::health::{self, Health};
use crate::http::{self, Guard};
use crate::listen::Listen;
use crate::pages::{self, Keys, Start};
use crate::ports::{self, Bound};
use crate::{outbound, seed_file, signals};

/// How long a stop waits for the last webhooks.
const DRAIN: Duration = Duration::from_secs(5);

/// How often the figures are summed up where nobody reads them.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// Shortest admin token a production server takes from its configuration.
const ADMIN_TOKEN_CHARS: usize = 16;

/// What the sandbox adds to a server.
pub(crate) struct Sandbox {
    pub seed: Seed,
    /// Whether the sample agent runs in this process, and the verify token of its callback.
    pub agent: Option<String>,
    /// The instant at which virtual time begins, if not the system's.
    pub clock: Option<RuleTime>,
    /// Whether virtual time stands still from the start.
    pub frozen: bool,
}

/// What became of the options that only a fresh data folder follows to the letter.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Begun {
    /// Whether the seed was planted: not where one was before.
    pub planted: bool,
    /// Whether the clock was asked to begin earlier than the data folder's already stands.
    pub clock_was_later: bool,
}

/// How to start a server.
pub(crate) struct Setup {
    pub file: FileConfig,
    pub data: DataFolder,
    pub default_listen: SocketAddr,
    pub sandbox: Option<Sandbox>,
}

/// A running server.
pub(crate) struct Server {
    pub platform: Platform,
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    pub instead_of: Option<SocketAddr>,
    pub data: DataFolder,
    pub agent: Option<Agent>,
    pub begun: Begun,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
}

impl Server {
    /// Starts everything; ready when this answers.
    pub(crate) async fn start(setup: Setup) -> anyhow::Result<Self> {
        let Setup {
            file,
            data,
            default_listen,
            sandbox,
        } = setup;
        let metrics = recorder()?;
        let in_sandbox = sandbox.is_some();
        let outbound = outbound::client(&file, sandbox.is_some())?;
        let Bound {
            listener,
            address,
            instead_of,
        } = ports::bind(file.listen.address, default_listen, in_sandbox)?;
        let url = format!("http://{}", reachable(address));
        // A folder that goes with the process is nobody's to find after a loss of power: no commit waits for the disk.
        let durability = if data.is_temporary() {
            Durability::Normal
        } else {
            Durability::Full
        };
        let store = SqliteStore::open_with(&data.database(), durability)
            .with_context(|| format!("the data folder {}", data.path().display()))?;
        if store.was_emptied() {
            tracing::warn!(
                "the database in {} was there and held nothing: it is begun anew. If it held calls, stop, and put a copy of it back",
                data.path().display()
            );
        }
        let config = PlatformConfig {
            limits: file.limit_table(),
            prices: Arc::new(price_list(&file)?),
            create_users: sandbox.is_some(),
            phone_media_wait: PHONE_MEDIA_WAIT,
            // Only the sandbox has an inspector that looks at the steps.
            media: media_config(&file, sandbox.is_some()),
        };
        let (platform, jobs) = Platform::start(Box::new(store), config).await?;
        if let Some(mail) = &file.mail {
            let mailer = Mailer::new(platform.clone(), mail).context("in the configuration")?;
            tokio::spawn(mailer.run(platform.attach_mailer().await?));
        }
        tokio::spawn(Sender::new(platform.clone(), outbound.clone()).run(jobs));
        let mut begun = Begun::default();
        let mut jump_to = None;
        if let Some(sandbox) = &sandbox {
            if sandbox.frozen {
                platform.freeze(true).await?;
            }
            if let Some(at) = sandbox.clock
                && !platform.begin_at(at).await?
            {
                jump_to = Some(at);
            }
            seed_file::check(&platform, &sandbox.seed).await?;
            begun.planted = platform.plant(&sandbox.seed).await?;
        }
        let mut agent = None;
        let mut callback = None;
        if let Some(Sandbox {
            seed,
            agent: Some(verify_token),
            ..
        }) = &sandbox
        {
            let started = start_agent(&url, seed, verify_token).await?;
            let ours = Callback {
                url: started.callback_url().to_string(),
                verify_token: verify_token.clone(),
            };
            platform
                .offer_callback(seed.app, ours.clone(), verify_token)
                .await?;
            callback = Some(ours);
            agent = Some(started);
        }
        let health = Health {
            platform: platform.clone(),
            url: url.clone(),
            sandbox: sandbox.is_some(),
            agent: callback.as_ref().map(|c| c.url.clone()),
            metrics,
            data: data.path().to_owned(),
        };
        let admin = AdminState::new(platform.clone(), file.admin_token.as_deref());
        let app = routes(
            &platform,
            health,
            sandbox,
            callback,
            (admin, file.admin_token.as_deref()),
            outbound,
        );
        let Listen {
            hosts,
            origins,
            limits,
            ..
        } = &file.listen;
        let guard = Guard::new(address.ip(), in_sandbox, hosts, origins);
        let app = http::guarded(http::policed(http::enveloped(app)), guard);
        let (stop, stopped) = watch::channel(false);
        let http = tokio::spawn(http::serve(listener, app, limits.clone(), stopped));
        if let Some(at) = jump_to {
            // What falls due on the way may bring the business back to the API: it is served by now.
            let now = platform.clock().now();
            begun.clock_was_later = now > at;
            platform.advance(at.since(now)).await?;
        }
        Ok(Self {
            begun,
            platform,
            url,
            address,
            instead_of,
            data,
            agent,
            stop,
            http,
        })
    }

    /// Ends live calls with their webhooks, waits for these, and stops.
    pub(crate) async fn stop(mut self) {
        // HTTP stays up meanwhile: receivers may call the API while they handle the last webhooks.
        self.platform.drain(DRAIN).await;
        if let Some(agent) = self.agent.take() {
            agent.stop().await;
        }
        self.stop.send_replace(true);
        // Kept-alive connections and sockets of phones would hold the server open.
        let _ = tokio::time::timeout(Duration::from_millis(500), &mut self.http).await;
        self.http.abort();
    }
}

/// The recorder is one a process, however many servers it starts.
fn recorder() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .context("metrics")?;
    // What histograms recorded is summed up when somebody reads the figures; where nobody does, it is here.
    let kept = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(METRICS_UPKEEP).await;
            kept.run_upkeep();
        }
    });
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// An address others can use: the wildcard is no destination.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())
        }
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}

fn media_config(file: &FileConfig, inspected: bool) -> MediaConfig {
    let mut media = MediaConfig::default();
    if !file.media_ip.is_empty() {
        media.bind = file.media_ip.clone();
    }
    for ip in &file.media_advertise {
        match ip {
            IpAddr::V4(ip) => media.advertise_v4 = Some(*ip),
            IpAddr::V6(ip) => media.advertise_v6 = Some(*ip),
        }
    }
    if let Some(range) = &file.media_ports {
        media.ports = range.0.clone();
    }
    media.workers = file.media_workers.unwrap_or(0);
    media.tell_steps = inspected;
    media
}

/// The operator's price list, else the published one.
fn price_list(file: &FileConfig) -> anyhow::Result<PriceList> {
    let Some(path) = &file.rates else {
        return Ok(PriceList::published()?);
    };
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("the price list {shown}"))?;
    PriceList::parse(&text).with_context(|| format!("in {shown}"))
}

async fn start_agent(url: &str, seed: &Seed, verify_token: &str) -> anyhow::Result<Agent> {
    Agent::start(AgentConfig {
        graph_url: url.parse().context("the server's own address")?,
        token: seed.token.clone(),
        app_id: seed.app,
        app_secret: seed.app_secret.clone(),
        verify_token: verify_token.to_owned(),
        phone_number_ids: seed.numbers.iter().map(|n| n.id).collect(),
        ..AgentConfig::default()
    })
    .await
    .context("the sample agent")
}

fn routes(
    platform: &Platform,
    health: Health,
    sandbox: Option<Sandbox>,
    callback: Option<Callback>,
    (admin, admin_token): (AdminState, Option<&str>),
    outbound: Outbound,
) -> Router {
    let verifier = Verifier::new(outbound);
    let verify = move |callback: Callback| -> Verifying {
        let verifier = verifier.clone();
        Box::pin(async move {
            verifier
                .verify(&callback.url, &callback.verify_token)
                .await
                .map_err(|e| e.to_string())
        })
    };
    let start = Start {
        platform: platform.clone(),
        url: health.url.clone(),
        keys: sandbox.as_ref().map(|sandbox| Keys {
            token: sandbox.seed.token.clone(),
            admin_token: admin_token.map(str::to_owned),
            app: sandbox.seed.app.to_string(),
            app_secret: sandbox.seed.app_secret.clone(),
            waba: sandbox.seed.waba.to_string(),
        }),
    };
    let mut graph = GraphState::new(platform.clone(), Arc::new(verify));
    if sandbox.is_some() {
        graph = graph
            .in_sandbox(&health.url)
            .with_document("Sandbox", ahoy_sandbox::DOCUMENT);
    }
    let mut graph = ahoy_graph::router(graph.with_document("Admin API", ahoy_admin::DOCUMENT));
    let mut admin = ahoy_admin::router(admin);
    let mut app = Router::new()
        .merge(health::router(health))
        .merge(pages::router(start))
        .merge(ahoy_phone::router(PhoneState {
            platform: platform.clone(),
            dev: sandbox.is_some(),
        }));
    if let Some(sandbox) = sandbox {
        let app_id = sandbox.seed.app;
        let after_reset = move |platform: Platform| -> ahoy_sandbox::AfterReset {
            let callback = callback.clone();
            Box::pin(async move {
                if let Some(callback) = callback {
                    let ours = callback.verify_token.clone();
                    if let Err(e) = platform.offer_callback(app_id, callback, &ours).await {
                        tracing::error!(error = %e, "the agent's callback could not be put back");
                    }
                }
            })
        };
        let state = SandboxState {
            platform: platform.clone(),
            seed: Arc::new(sandbox.seed),
            after_reset: Arc::new(after_reset),
        };
        graph = ahoy_sandbox::recorded(graph, &state, Surface::Api);
        admin = ahoy_sandbox::recorded(admin, &state, Surface::Admin);
        app = app.merge(ahoy_sandbox::router(state));
    }
    app.merge(admin).fallback_service(graph)
}

/// `ahoy serve`.
pub(crate) async fn serve(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let config = args.config.unwrap_or_else(|| "ahoy.toml".into());
    if args.init {
        FileConfig::begin(&config)?;
        let written = config.display();
        say!("{written} is written: `ahoy serve --config {written}`.");
        return Ok(ExitCode::SUCCESS);
    }
    let json = args.net.json;
    let file = FileConfig::read(&config)?.overridden_by(args.net);
    anyhow::ensure!(
        file.admin_token
            .as_ref()
            .is_none_or(|token| token.len() >= ADMIN_TOKEN_CHARS),
        "admin_token: at least {ADMIN_TOKEN_CHARS} characters are expected; `openssl rand -hex 32` makes a good one"
    );
    let data = DataFolder::kept(file.data.clone().unwrap_or_else(|| ".ahoy".into()));
    let server = Server::start(Setup {
        file,
        data,
        default_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        sandbox: None,
    })
    .await?;
    if json {
        say!("{}", crate::dev::ready_line(&server, None));
    } else {
        say!("Ahoy serves {}", server.url);
        say!(
            "  media  {}",
            health::media_addresses(&server.platform).join(", ")
        );
        say!("  data   {}", server.data.path().display());
    }
    signals::first().await;
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}
