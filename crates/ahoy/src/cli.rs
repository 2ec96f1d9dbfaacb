//! The command line (`contract.md` §1). Flags win over `AHOY_*` variables, those over the file, that over defaults.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::admin::AdminArgs;
use crate::load::LoadArgs;
use crate::ports::PortRange;

/// An open, self-hosted business calling platform, wire-compatible with the WhatsApp Business Calling API.
///
/// Without a command, `ahoy dev` runs.
#[derive(Debug, Parser)]
#[command(name = "ahoy", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// What to log, in the form of RUST_LOG: `info`, `ahoy_platform=debug`. Logs go to standard error
    /// [default: warn,ahoy=info; for demo, agent, load and admin: warn].
    #[arg(long, global = true, env = "AHOY_LOG")]
    pub log: Option<String>,
    /// Log as JSON, one object a line.
    #[arg(long, global = true, env = "AHOY_LOG_JSON")]
    pub log_json: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  ahoy                          the sandbox on http://127.0.0.1:8080, with sample agent and web phone
  ahoy demo                     two calls with real audio in this terminal; exit status 0 if both sides heard the other
  ahoy dev --listen 127.0.0.1:0 on a free port
  ahoy agent --graph http://127.0.0.1:8080
                                the sample business against a running server
  ahoy load                     thirty seconds of calls with audio against the sandbox on http://127.0.0.1:8080";

impl Cli {
    /// The log filter: demo and agent print their steps themselves.
    pub(crate) fn log_filter(&self) -> &str {
        match (&self.log, &self.command) {
            (Some(filter), _) => filter,
            (
                None,
                Some(Command::Demo(_) | Command::Agent(_) | Command::Admin(_) | Command::Load(_)),
            ) => "warn",
            // The TLS verifier writes a line of its own for each attempt; ours says the same once, with the URL.
            (None, _) => "warn,ahoy=info,rustls_platform_verifier=off",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything embedded, on loopback: seeded account, simulated users, sample agent, web phone.
    Dev(DevArgs),
    /// One call each way with real audio, in the terminal; exits 0 only if both sides heard the other.
    Demo(DemoArgs),
    /// Production: no seeded account, no simulated users, no sandbox routes.
    Serve(ServeArgs),
    /// The sample business: a webhook receiver and media endpoint built on the public API alone.
    Agent(AgentArgs),
    /// Load generator: calls both ways with real audio against a running server, and a report.
    Load(LoadArgs),
    /// Businesses, WABAs, phone numbers, apps, tokens and roles of a running server.
    Admin(AdminArgs),
    /// Prints the completion of a shell: `source <(ahoy completion bash)`.
    Completion {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Diagnoses a customer's webhook, SIP server or media set-up (not available yet).
    Doctor,
}

impl Default for Command {
    fn default() -> Self {
        // The flags' own defaults, environment included.
        match Cli::try_parse_from(["ahoy", "dev"]) {
            Ok(Cli {
                command: Some(command),
                ..
            }) => command,
            _ => Self::Dev(DevArgs::default()),
        }
    }
}

/// Where the server listens and keeps its data.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct NetArgs {
    /// Address of the HTTP API: ADDRESS:PORT, localhost:PORT or a port alone; port 0 takes a free one [default: 127.0.0.1:8080; if that is
    /// busy, a free port in `dev` and an error in `serve`].
    #[arg(long, env = "AHOY_LISTEN", value_parser = crate::listen::address)]
    pub listen: Option<SocketAddr>,
    /// A name by which the server is asked, besides its addresses and localhost; repeat it for several.
    #[arg(
        long = "host",
        env = "AHOY_HOSTS",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub hosts: Vec<String>,
    /// Folder for the database [default: a fresh temporary one in `dev`, .ahoy in `serve`].
    #[arg(long, env = "AHOY_DATA")]
    pub data: Option<PathBuf>,
    /// Local address for media, and the one written into SDP; repeat it for IPv4 and IPv6 [default: 127.0.0.1].
    #[arg(long, env = "AHOY_MEDIA_IP", value_delimiter = ',')]
    pub media_ip: Vec<IpAddr>,
    /// UDP ports for media, one a worker thread: FIRST-LAST, or 0 for free ones [default: 0].
    #[arg(long, env = "AHOY_MEDIA_PORTS")]
    pub media_ports: Option<PortRange>,
    /// Media worker threads; 0 means one a core [default: 0].
    #[arg(long, env = "AHOY_MEDIA_WORKERS")]
    pub media_workers: Option<usize>,
    /// Price list to charge calls by [default: the published one].
    #[arg(long, env = "AHOY_RATES")]
    pub rates: Option<PathBuf>,
    /// Certificates (PEM) that webhooks trust besides the system's: your own authority's, or a receiver's self-signed one.
    #[arg(long, env = "AHOY_WEBHOOK_CA", value_name = "FILE")]
    pub webhook_ca: Option<PathBuf>,
    /// An admin token this server takes besides those it has given, with the role admin [default: ahoy-dev-admin in
    /// `dev`, none in `serve`].
    #[arg(long, env = "AHOY_SERVER_ADMIN_TOKEN", hide_env_values = true)]
    pub admin_token: Option<String>,
    /// Print one JSON line when ready instead of the banner.
    #[arg(long)]
    pub json: bool,
}

/// The seeded account.
#[derive(Debug, Clone, Args)]
pub(crate) struct SeedArgs {
    /// App id.
    #[arg(long, env = "AHOY_APP_ID", default_value = "900100200300")]
    pub app_id: ahoy_types::AppId,
    /// App secret: the key of every webhook signature.
    #[arg(long, env = "AHOY_APP_SECRET", default_value = "ahoy-dev-secret")]
    pub app_secret: String,
    /// Access token with both permissions.
    #[arg(long, env = "AHOY_TOKEN", default_value = "ahoy-dev-token")]
    pub token: String,
    /// Verify token of the sample agent's callback.
    #[arg(long, env = "AHOY_VERIFY_TOKEN", default_value = "ahoy-dev-verify")]
    pub verify_token: String,
    /// Business portfolio id.
    #[arg(long, env = "AHOY_BUSINESS_ID", default_value = "730000000000001")]
    pub business_id: ahoy_types::BusinessId,
    /// WABA id.
    #[arg(long, env = "AHOY_WABA_ID", default_value = "720000000000001")]
    pub waba_id: ahoy_types::WabaId,
    /// Id of the sandbox number.
    #[arg(long, env = "AHOY_PHONE_NUMBER_ID", default_value = "710000000000001")]
    pub phone_number_id: ahoy_types::PhoneNumberId,
    /// The sandbox number.
    #[arg(long, env = "AHOY_PHONE_NUMBER", default_value = "442079460000")]
    pub phone_number: ahoy_types::WaId,
}

impl Default for SeedArgs {
    fn default() -> Self {
        #[derive(Parser)]
        struct Only {
            #[command(flatten)]
            seed: SeedArgs,
        }
        Only::parse_from(["ahoy"]).seed
    }
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct DevArgs {
    /// Configuration file (TOML): other limits than the usual ones, a mail server; `docs/ahoy.toml` explains every key. Flags
    /// and environment go over it.
    #[arg(long, env = "AHOY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub net: NetArgs,
    #[command(flatten)]
    pub seed: SeedArgs,
    /// Start without the sample agent.
    #[arg(long)]
    pub no_agent: bool,
    /// Start with these faults: a JSON file, JSON, or rules like `drop=0.3;event=terminate, no_dtls` (docs/sandbox.md).
    #[arg(long, env = "AHOY_FAULTS", value_name = "FILE|JSON|RULES")]
    pub faults: Option<String>,
    /// File (TOML) of what a fresh data folder holds beside the seeded account: businesses, numbers, settings, users,
    /// permissions, templates; `docs/seed.md` explains every key.
    #[arg(long = "seed", env = "AHOY_SEED", value_name = "FILE")]
    pub seed_file: Option<PathBuf>,
    /// Delete what the data folder holds, and start anew.
    #[arg(long)]
    pub fresh: bool,
    /// The instant at which virtual time begins, as 2027-01-06T08:00:00Z or Unix seconds. In a data folder that was used
    /// before it jumps ahead to it, and never back [default: the system's time].
    #[arg(long, env = "AHOY_CLOCK", value_name = "INSTANT", value_parser = ahoy_calling::instant::parse)]
    pub clock: Option<ahoy_types::RuleTime>,
    /// Virtual time stands still until it is advanced.
    #[arg(long, env = "AHOY_CLOCK_FROZEN")]
    pub clock_frozen: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// Print each step as a JSON line.
    #[arg(long)]
    pub json: bool,
    /// Seconds each call lasts after it is connected.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(4..=120))]
    pub seconds: u64,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// Configuration file (TOML); `docs/ahoy.toml` explains every key.
    #[arg(long, env = "AHOY_CONFIG", required_unless_present = "init")]
    pub config: Option<PathBuf>,
    /// Write the configuration file, each key with its default and a word about it, and end
    /// [default name: ahoy.toml]. A file that is there stays.
    #[arg(long)]
    pub init: bool,
    #[command(flatten)]
    pub net: NetArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AgentArgs {
    /// Base URL of the platform.
    #[arg(long, env = "AHOY_GRAPH", default_value = "http://127.0.0.1:8080")]
    pub graph: url::Url,
    /// Address of the webhook receiver; port 0 takes a free one.
    #[arg(long, env = "AHOY_AGENT_LISTEN", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// URL under which the platform reaches the receiver, if it differs.
    #[arg(long, env = "AHOY_AGENT_URL")]
    pub public_url: Option<url::Url>,
    /// Local address for media.
    #[arg(long, env = "AHOY_MEDIA_IP", default_value = "127.0.0.1")]
    pub media_ip: IpAddr,
    /// Call this user once and stay until the call is over.
    #[arg(long, value_name = "NUMBER")]
    pub call: Option<ahoy_types::WaId>,
    /// Do not register the receiver as the app's callback.
    #[arg(long)]
    pub no_register: bool,
    /// Print each step as a JSON line.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub seed: SeedArgs,
}
