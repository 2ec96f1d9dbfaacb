//! `ahoy dev`: the sandbox in one process.

use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use ahoy_calling::instant;
use ahoy_platform::Seed;
use anyhow::Context as _;
use serde_json::{Value, json};

use crate::cli::{DevArgs, SeedArgs};
use crate::config::FileConfig;
use crate::data::DataFolder;
use crate::health::{faults_on, media_addresses};
use crate::server::{Sandbox, Server, Setup};
use crate::{seed_file, signals};

/// The admin token of the sandbox.
const ADMIN_TOKEN: &str = "ahoy-dev-admin";

/// The seeded account with the values of the command line.
pub(crate) fn seed(args: &SeedArgs) -> Seed {
    let mut seed = Seed {
        app: args.app_id,
        app_secret: args.app_secret.clone(),
        token: args.token.clone(),
        business: args.business_id,
        waba: args.waba_id,
        ..Seed::default()
    };
    if let Some(first) = seed.numbers.first_mut() {
        first.id = args.phone_number_id;
        first.number = args.phone_number;
    }
    seed
}

pub(crate) async fn run(args: DevArgs) -> anyhow::Result<ExitCode> {
    let DevArgs {
        config,
        net,
        seed: seed_args,
        no_agent,
        faults,
        seed_file,
        fresh,
        clock,
        clock_frozen,
    } = args;
    let json = net.json;
    let file = match &config {
        Some(path) => FileConfig::read(path)?,
        None => FileConfig::default(),
    };
    let mut file = file.overridden_by(net);
    let admin_token = file
        .admin_token
        .get_or_insert_with(|| ADMIN_TOKEN.to_owned())
        .clone();
    let data = match &file.data {
        Some(path) => DataFolder::kept(path.clone()),
        None => DataFolder::temporary()?,
    };
    let mut seed = seed(&seed_args);
    if let Some(path) = &seed_file {
        seed_file::read(path, &mut seed)?;
    }
    let emptied = fresh && data.start_anew()?;
    let server = Server::start(Setup {
        file,
        data,
        default_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        sandbox: Some(Sandbox {
            seed: seed.clone(),
            agent: (!no_agent).then(|| seed_args.verify_token.clone()),
            clock,
            frozen: clock_frozen,
        }),
    })
    .await?;
    if let Some(faults) = &faults {
        begin_with(&server, faults)?;
    }
    if json {
        if !server.address.ip().is_loopback() {
            tracing::warn!(address = %server.address, "whoever reaches this machine drives the sandbox");
        }
        say!("{}", ready_line(&server, Some(&seed)));
    } else {
        let notes = notes(&server, emptied, seed_file.is_some());
        banner(&server, &seed, &admin_token, &notes);
    }
    signals::first().await;
    if !json {
        say!("Ending the live calls…");
    }
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Switches on the faults of the command line.
fn begin_with(server: &Server, faults: &str) -> anyhow::Result<()> {
    let path = std::path::Path::new(faults);
    let text = if path.is_file() {
        std::fs::read_to_string(path).with_context(|| format!("--faults {faults}"))?
    } else {
        faults.to_owned()
    };
    let plan = server.platform.read_fault_header(&text);
    let plan = plan.map_err(|sentence| anyhow::anyhow!("--faults: {sentence}"))?;
    server.platform.begin_with_faults(plan)?;
    Ok(())
}

/// What the reader of the banner may not expect.
fn notes(server: &Server, emptied: bool, seed_file: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(busy) = server.instead_of {
        notes.push(format!("{busy} is busy, so a free port was taken."));
    }
    if !server.address.ip().is_loopback() {
        notes.push(format!(
            "It listens on {}: whoever reaches this machine drives the sandbox, which asks for no password.",
            server.address
        ));
    }
    if emptied {
        notes.push("What the data folder held was deleted.".into());
    }
    if seed_file && !server.begun.planted {
        notes.push(
            "The data folder was seeded before: the seed file changed nothing (--fresh starts anew)."
                .into(),
        );
    }
    if server.begun.clock_was_later {
        notes.push(
            "The data folder's clock is later than --clock and never goes back (--fresh starts anew)."
                .into(),
        );
    }
    notes
}

/// What scripts read: printed once, when everything is ready.
pub(crate) fn ready_line(server: &Server, seed: Option<&Seed>) -> Value {
    let mut line = json!({
        "event": "ready",
        "url": server.url,
        "media": media_addresses(&server.platform),
        "data": server.data.path(),
        "pid": std::process::id(),
        "faults": faults_on(&server.platform),
        "clock": {
            "now": server.platform.clock().now().secs(),
            "frozen": server.platform.clock().frozen(),
        },
    });
    if let Some(seed) = seed {
        line["account"] = json!({
            "app_id": seed.app,
            "app_secret": seed.app_secret,
            "access_token": seed.token,
            "waba_id": seed.waba,
            "phone_number_ids": seed.all_numbers().iter().map(|n| n.id).collect::<Vec<_>>(),
            "users": seed.all_users().iter().map(|u| u.wa_id).collect::<Vec<_>>(),
        });
        line["agent"] = json!(server.agent.as_ref().map(|a| a.callback_url().to_string()));
    }
    line
}

fn banner(server: &Server, seed: &Seed, admin_token: &str, notes: &[String]) {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let bold = |text: &str| {
        if colour {
            format!("\x1b[1m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    };
    let row = |name: &str, value: &str| say!("  {name:<14} {value}");
    say!("{}", bold("Ahoy is ready."));
    say!("");
    for note in notes {
        say!("  {note}");
    }
    if !notes.is_empty() {
        say!("");
    }
    row("Phone", &bold(&format!("{}/phone", server.url)));
    row("Inspector", &bold(&format!("{}/inspector", server.url)));
    row(
        "API",
        &format!("{}/v25.0/   reference: {}/docs", server.url, server.url),
    );
    row("Access token", &bold(&seed.token));
    row("Admin token", admin_token);
    row("App", &format!("{}   secret {}", seed.app, seed.app_secret));
    row("WABA", &seed.waba.to_string());
    for number in seed.all_numbers() {
        let calling = if number.settings.status.on() {
            "calling enabled"
        } else {
            "calling disabled"
        };
        row(
            "Number",
            &format!(
                "{}   +{}   {}, {calling}",
                number.id, number.number, number.verified_name
            ),
        );
    }
    for user in seed.all_users() {
        let name = user.name.unwrap_or_default();
        row("User", &format!("{}   {name}", user.wa_id));
    }
    match &server.agent {
        Some(agent) => row("Sample agent", agent.callback_url().as_str()),
        None => row("Sample agent", "not started"),
    }
    row("Media", &media_addresses(&server.platform).join(", "));
    for words in faults_on(&server.platform) {
        row("Fault", &bold(&words));
    }
    let folder = server.data.path().display().to_string();
    let fate = if server.data.is_temporary() {
        "   (temporary: --data DIR keeps it)"
    } else {
        ""
    };
    row("Data", &format!("{folder}{fate}"));
    let clock = server.platform.clock();
    let now = instant::written(clock.now());
    if clock.frozen() {
        row("Clock", &format!("{now}, frozen: only jumps move it"));
    } else if clock.offset_ms().abs() > 60_000 {
        row("Clock", &now);
    }
    say!("");
    say!("  Open the phone page, pick a user and call. Ctrl-C ends.");
}
