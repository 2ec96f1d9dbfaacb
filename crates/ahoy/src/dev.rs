//! `ahoy dev`: the sandbox in one process.

use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use ahoy_platform::Seed;
use anyhow::Context as _;
use serde_json::{Value, json};

use crate::cli::{DevArgs, SeedArgs};
use crate::config::FileConfig;
use crate::data::DataFolder;
use crate::health::{faults_on, media_addresses};
use crate::server::{Sandbox, Server, Setup};
use crate::signals;

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
        net,
        seed: seed_args,
        no_agent,
        faults,
    } = args;
    let json = net.json;
    let mut file = FileConfig::default().overridden_by(net);
    let admin_token = file
        .admin_token
        .get_or_insert_with(|| ADMIN_TOKEN.to_owned())
        .clone();
    let data = match &file.data {
        Some(path) => DataFolder::kept(path.clone()),
        None => DataFolder::temporary()?,
    };
    let seed = seed(&seed_args);
    let server = Server::start(Setup {
        file,
        data,
        default_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        sandbox: Some(Sandbox {
            seed: seed.clone(),
            agent: (!no_agent).then(|| seed_args.verify_token.clone()),
        }),
    })
    .await?;
    if let Some(faults) = &faults {
        begin_with(&server, faults)?;
    }
    if json {
        println!("{}", ready_line(&server, Some(&seed)));
    } else {
        banner(&server, &seed, &admin_token);
    }
    signals::first().await;
    if !json {
        println!("Ending the live calls…");
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

/// What scripts read: printed once, when everything is ready.
pub(crate) fn ready_line(server: &Server, seed: Option<&Seed>) -> Value {
    let mut line = json!({
        "event": "ready",
        "url": server.url,
        "media": media_addresses(&server.platform),
        "data": server.data.path(),
        "pid": std::process::id(),
        "faults": faults_on(&server.platform),
    });
    if let Some(seed) = seed {
        line["account"] = json!({
            "app_id": seed.app,
            "app_secret": seed.app_secret,
            "access_token": seed.token,
            "waba_id": seed.waba,
            "phone_number_ids": seed.numbers.iter().map(|n| n.id).collect::<Vec<_>>(),
            "users": seed.users.iter().map(|(wa_id, _)| wa_id).collect::<Vec<_>>(),
        });
        line["agent"] = json!(server.agent.as_ref().map(|a| a.callback_url().to_string()));
    }
    line
}

fn banner(server: &Server, seed: &Seed, admin_token: &str) {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let bold = |text: &str| {
        if colour {
            format!("\x1b[1m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    };
    let row = |name: &str, value: &str| println!("  {name:<14} {value}");
    println!("{}", bold("Ahoy is ready."));
    println!();
    if let Some(busy) = server.instead_of {
        println!("  {busy} is busy, so a free port was taken.");
        println!();
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
    for number in &seed.numbers {
        let calling = if number.calling {
            "calling enabled"
        } else {
            "calling disabled"
        };
        row(
            "Number",
            &format!(
                "{}   +{}   {}, {calling}",
                number.id, number.number, number.name
            ),
        );
    }
    for (wa_id, name) in &seed.users {
        row("User", &format!("{wa_id}   {name}"));
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
    println!();
    println!("  Open the phone page, pick a user and call. Ctrl-C ends.");
}
