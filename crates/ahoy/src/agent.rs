//! `ahoy agent`: the sample business against a running server.

use std::process::ExitCode;

use ahoy_agent::{Agent, AgentConfig, AgentEvent};
use anyhow::Context;
use tokio::sync::broadcast::error::RecvError;

use crate::cli::AgentArgs;
use crate::demo::print::step_of_agent;
use crate::signals;

pub(crate) async fn run(args: AgentArgs) -> anyhow::Result<ExitCode> {
    // From the first step on: what was taken is given back, whenever the end comes.
    let stop = signals::first();
    tokio::pin!(stop);
    let start = Agent::start(AgentConfig {
        graph_url: args.graph.clone(),
        token: args.seed.token.clone(),
        app_id: args.seed.app_id,
        app_secret: args.seed.app_secret.clone(),
        verify_token: args.seed.verify_token.clone(),
        phone_number_ids: vec![args.seed.phone_number_id],
        listen: args.listen,
        public_url: args.public_url.clone(),
        media_ip: args.media_ip,
        register: !args.no_register,
        ..AgentConfig::default()
    });
    let agent = start
        .await
        .with_context(|| format!("the agent could not start against {}", args.graph))?;
    let ended = tokio::select! {
        () = &mut stop => Ok(ExitCode::SUCCESS),
        ended = work(&agent, &args) => ended,
    };
    agent.stop().await;
    ended
}

/// Tells what happens, until the one call that was asked for has ended; without one for ever.
async fn work(agent: &Agent, args: &AgentArgs) -> anyhow::Result<ExitCode> {
    let mut events = agent.events();
    if args.json {
        let ready =
            serde_json::json!({ "event": "ready", "callback": agent.callback_url().as_str() });
        say!("{ready}");
    } else {
        say!(
            "The agent takes calls of {}; its webhooks arrive at {}.",
            args.graph,
            agent.callback_url()
        );
    }
    let mine = match &args.call {
        Some(user) => Some(
            agent
                .call(user)
                .await
                .context("the call could not be placed")?,
        ),
        None => None,
    };
    let mut connected = mine.is_none();
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return Ok(ExitCode::FAILURE),
        };
        if args.json {
            say!("{}", serde_json::to_string(&event)?);
        } else if let Some(line) = step_of_agent(&event) {
            say!("{line}");
        }
        if let (Some(mine), AgentEvent::Webhook { call, what, .. }) = (&mine, &event) {
            connected |= call == mine && what.contains("ACCEPTED");
        }
        if let (Some(mine), AgentEvent::CallEnded { call, .. }) = (&mine, &event)
            && call == mine
        {
            return Ok(if connected {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
    }
}
