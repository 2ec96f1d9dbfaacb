//! `ahoy`: configuration, command line, wiring.

#[macro_use]
mod say;

mod admin;
mod agent;
mod cli;
mod config;
mod data;
mod demo;
mod dev;
mod health;
mod http;
mod listen;
mod load;
mod logging;
mod outbound;
mod pages;
mod ports;
mod seed_file;
mod server;
mod signals;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(cli.log_filter(), cli.log_json);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("ahoy: the runtime cannot be started: {e}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(run(cli));
    // Whatever still runs (a lookup that hangs) must not hold the process.
    runtime.shutdown_background();
    match result {
        Ok(_) if say::lost() => ExitCode::FAILURE,
        Ok(code) => code,
        Err(e) => {
            eprintln!("ahoy: {e:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command.unwrap_or_default() {
        Command::Dev(args) => dev::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => server::serve(args).await,
        Command::Agent(args) => agent::run(args).await,
        Command::Completion { shell } => {
            completion(shell);
            Ok(ExitCode::SUCCESS)
        }
        Command::Admin(args) => admin::run(args).await,
        Command::Load(args) => load::run(args).await,
        Command::Doctor => {
            eprintln!("ahoy: this command is not available yet; `ahoy --help` lists what is");
            Ok(ExitCode::from(2))
        }
    }
}

/// Prints a shell's completion; who closes the pipe wants no more of it.
fn completion(shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ahoy", &mut script);
    let _ = std::io::stdout().write_all(&script);
}
