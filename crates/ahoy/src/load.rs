//! `ahoy load`: the load generator in a terminal.

use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use ahoy_load::{Direction, HangUp, LoadConfig, Media, Phase, Progress, Report, Target, Users};
use anyhow::Context;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::signals;

/// Without a terminal a line is printed so often, in seconds.
const LINE_EVERY: u64 = 5;
/// Longest ramp by default.
const RAMP: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Who {
    User,
    Business,
    Both,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Flow {
    None,
    Audio,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Players {
    Sandbox,
    Socket,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Ender {
    Business,
    User,
    Either,
}

const EXAMPLES: &str = "\
Examples:
  ahoy load                                 5 calls a second both ways with audio, for 30 s
  ahoy load --concurrent 200 --hold 30 --duration 120 --report load.html
  ahoy load --users socket --rate 2         the users too on real sockets
  ahoy load --media none --rate 200 --json  HTTP and webhooks alone, for scripts

docs/load.md says what each figure means. The exit status is 0 only if no more calls failed than --max-failures allows.";

#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LoadArgs {
    /// The server.
    #[arg(long, env = "AHOY_GRAPH", default_value = "http://127.0.0.1:8080")]
    url: url::Url,
    /// Access token of the business.
    #[arg(
        long,
        env = "AHOY_TOKEN",
        default_value = "ahoy-dev-token",
        hide_env_values = true
    )]
    token: String,
    /// Phone number id of the business.
    #[arg(long, env = "AHOY_PHONE_NUMBER_ID", default_value = "710000000000001")]
    number: ahoy_types::PhoneNumberId,
    /// App whose callback the run takes over; it is given back at the end.
    #[arg(long, env = "AHOY_APP_ID", default_value = "900100200300")]
    app_id: ahoy_types::AppId,
    /// Its secret: the key of every webhook signature.
    #[arg(
        long,
        env = "AHOY_APP_SECRET",
        default_value = "ahoy-dev-secret",
        hide_env_values = true
    )]
    app_secret: String,
    /// Verify token, of the run's receiver and of the one the callback is given back to.
    #[arg(
        long,
        env = "AHOY_VERIFY_TOKEN",
        default_value = "ahoy-dev-verify",
        hide_env_values = true
    )]
    verify_token: String,

    /// Calls started a second [default: 5].
    #[arg(long, value_name = "PER_SECOND", conflicts_with = "concurrent")]
    rate: Option<f64>,
    /// Calls at a time: a call that ends makes room for the next.
    #[arg(long, value_name = "CALLS")]
    concurrent: Option<u32>,
    /// Who calls.
    #[arg(long, value_enum, default_value = "both")]
    direction: Who,
    /// What flows: a tone both ways, or nothing.
    #[arg(long, value_enum, default_value = "audio")]
    media: Flow,
    /// Who plays the users: the sandbox, or this tool over the phone's socket and WebRTC.
    #[arg(long, value_enum, default_value = "sandbox")]
    users: Players,
    /// Who hangs up.
    #[arg(long, value_enum, default_value = "business")]
    hang_up: Ender,
    /// Accept users' calls without pre_accept.
    #[arg(long)]
    no_pre_accept: bool,
    /// How long a call lasts after it is answered, in seconds [default: 5 with audio, 0 without].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    hold: Option<Duration>,
    /// Over how long the target is reached from nothing, in seconds [default: a sixth of the duration, at most 5].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    ramp: Option<Duration>,
    /// How long calls are started, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    duration: Duration,
    /// Most calls started [default: as many as the time allows].
    #[arg(long)]
    calls: Option<u64>,
    /// Most calls at a time, whatever the rate.
    #[arg(long, value_name = "CALLS", default_value_t = 900)]
    max_concurrent: u32,
    /// Threads that carry media.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Of every choice made by chance: direction, pitch, who hangs up.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long any single step may take before the call counts as failed, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    patience: Duration,

    /// Failed calls that the exit status forgives, in per cent.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    max_failures: f64,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
    /// Write the report as a page with charts.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,

    /// Address of the webhook receiver; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// URL under which the server reaches the receiver, if it differs.
    #[arg(long)]
    public_url: Option<url::Url>,
    /// Local address for media.
    #[arg(long, env = "AHOY_MEDIA_IP", default_value = "127.0.0.1")]
    media_ip: IpAddr,
    /// Go ahead although the server is not on this machine.
    #[arg(long)]
    yes_remote: bool,
}

/// Seconds, with fractions.
fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no number of seconds");
    let number: f64 = text.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number).map_err(|_| wrong())
}

impl LoadArgs {
    fn config(&self) -> LoadConfig {
        let media = match self.media {
            Flow::None => Media::None,
            Flow::Audio => Media::Audio,
        };
        let hold = match media {
            Media::None => Duration::ZERO,
            Media::Audio => LoadConfig::default().hold,
        };
        LoadConfig {
            url: self.url.clone(),
            token: self.token.clone(),
            app_id: self.app_id,
            app_secret: self.app_secret.clone(),
            verify_token: self.verify_token.clone(),
            number: self.number,
            target: match (self.rate, self.concurrent) {
                (_, Some(calls)) => Target::Concurrent(calls),
                (Some(rate), None) => Target::Rate(rate),
                (None, None) => LoadConfig::default().target,
            },
            ramp: self.ramp.unwrap_or((self.duration / 6).min(RAMP)),
            duration: self.duration,
            calls: self.calls,
            max_concurrent: self.max_concurrent,
            hold: self.hold.unwrap_or(hold),
            direction: match self.direction {
                Who::User => Direction::User,
                Who::Business => Direction::Business,
                Who::Both => Direction::Both,
            },
            media,
            users: match self.users {
                Players::Sandbox => Users::Sandbox,
                Players::Socket => Users::Socket,
            },
            hang_up: match self.hang_up {
                Ender::Business => HangUp::Business,
                Ender::User => HangUp::User,
                Ender::Either => HangUp::Either,
            },
            pre_accept: !self.no_pre_accept,
            threads: self.threads,
            seed: self.seed,
            patience: self.patience,
            listen: self.listen,
            public_url: self.public_url.clone(),
            media_ip: self.media_ip,
            yes_remote: self.yes_remote,
        }
    }
}

pub(crate) async fn run(args: LoadArgs) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        (0.0..=100.0).contains(&args.max_failures),
        "--max-failures: {} is not between 0 and 100 per cent",
        args.max_failures
    );
    // Before a minute of calls is lost for a typing error.
    if let Some(path) = &args.report {
        let mut file = std::fs::OpenOptions::new();
        let opened = file.create(true).append(true).open(path);
        opened.with_context(|| format!("--report: {}", path.display()))?;
    }
    let screen = Screen::new(args.json);
    let outcome = ahoy_load::run(args.config(), |p| screen.show(p), signals::first()).await;
    screen.clear();
    let report = outcome?;
    if let Some(path) = &args.report {
        std::fs::write(path, report.html())
            .with_context(|| format!("--report: {}", path.display()))?;
    }
    if args.json {
        say!("{}", serde_json::to_string(&report)?);
    } else {
        say_text!("{}", report.text());
        if let Some(path) = &args.report {
            say!("\nThe page with charts is {}.", path.display());
        }
    }
    Ok(verdict(&report, args.max_failures))
}

/// Says in one sentence what went wrong, if more did than is forgiven.
fn verdict(report: &Report, max_failures: f64) -> ExitCode {
    if report.failed_percent() > max_failures {
        eprintln!("ahoy: {}", report.headline());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Shows how the run stands: a table in its place on a terminal, else a line now and then.
struct Screen {
    bar: Option<ProgressBar>,
    lines: bool,
}

impl Screen {
    fn new(json: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            lines: !terminal && !json,
        }
    }

    fn show(&self, progress: &Progress) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(progress.table().join("\n"));
                bar.tick();
            }
            None => {
                let due = progress.elapsed.as_secs().is_multiple_of(LINE_EVERY);
                if self.lines && progress.phase != Phase::Preparing && due {
                    eprintln!("{}", progress.line());
                }
            }
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
