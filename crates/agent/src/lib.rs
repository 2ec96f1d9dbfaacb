//! The sample business: it answers and places calls with nothing but the public HTTP API, webhooks and WebRTC.
//!
//! It is written to be read. A business that calls needs four things, and each is one file:
//!
//! 1. [`client`] – the HTTP API: `pre_accept`, `accept`, `terminate`, `connect` …
//! 2. [`webhook`] – the receiver that hears of calls: verification, signature, quick answer.
//! 3. [`media`] – a WebRTC peer: SDP in, SDP out, Opus both ways.
//! 4. `call` – the order of things: what to do when, for a call of a user and for one of our own.
//!
//! Around them: `desk` hands webhooks to their calls, [`sounds`] makes what callers hear, `player` and `echo` say it,
//! [`Heard`] tells what came back.
//!
//! A caller hears a greeting and a beep, then his own voice a moment later. A digit is answered by its own tone
//! ([`ahoy_audio::tone::digit_tone`]), `*` ends the call.
//!
//! ```no_run
//! # async fn example() -> Result<(), ahoy_agent::AgentError> {
//! use ahoy_agent::{Agent, AgentConfig};
//!
//! let agent = Agent::start(AgentConfig::default()).await?;
//! agent.register().await?;                          // webhooks come to agent.callback_url()
//! let mut events = agent.events();                  // every step of every call
//! let call = agent.call(&"447700900001".parse().expect("a number")).await?;
//! while let Ok(event) = events.recv().await {
//!     println!("{event:?}");
//! }
//! # Ok(()) }
//! ```

mod agent;
mod call;
pub mod client;
mod config;
mod desk;
mod dtmf;
mod echo;
mod event;
mod heard;
pub mod media;
mod peer;
mod player;
pub mod sounds;
pub mod webhook;

pub use agent::{Agent, AgentError, run};
pub use client::ApiError;
pub use config::AgentConfig;
pub use event::{AgentEvent, MediaState};
pub use heard::Heard;
pub use media::MediaError;
