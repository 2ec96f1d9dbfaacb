//! The load generator: `ahoy load` against any Ahoy server.
//!
//! It plays the business as any customer would, with nothing but the public HTTP API, a webhook receiver and WebRTC peers, and
//! lets the sandbox play the users, or plays these too over the phone's socket. `docs/load.md` says what it measures and how.
//!
//! * `config` – what a run is asked for; `pace` – when the next call begins.
//! * `call` – one call from dial to its last webhook; `api`, `hooks`, `phone`, `users` – whom it talks to.
//! * `media` – WebRTC peers on a few threads, made of the parts in `ahoy-packet`.
//! * `record` – what is counted meanwhile; `report` – what it comes to, as text, JSON and HTML.
//!
//! ```no_run
//! # async fn example() -> Result<(), ahoy_load::LoadError> {
//! let config = ahoy_load::LoadConfig::default();
//! let report = ahoy_load::run(config, |_| {}, std::future::pending()).await?;
//! println!("{}", report.text());
//! # Ok(()) }
//! ```

mod api;
mod call;
mod config;
mod failure;
mod hooks;
mod live;
mod measure;
mod media;
mod pace;
mod phone;
mod record;
pub mod report;
mod run;
mod usage;
mod users;

pub use config::{
    BadOption, Direction, HangUp, LoadConfig, MAX_CONCURRENT, MAX_DURATION, MAX_RATE, Media,
    Target, Users,
};
pub use failure::{FailureKind, Side};
pub use live::{Phase, Progress};
pub use measure::{Group, Measure};
pub use report::Report;
pub use run::{LoadError, run};
pub use usage::open_files;
