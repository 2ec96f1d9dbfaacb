//! The use cases: place a call, ring, accept, end, change settings, deliver webhooks.
//!
//! Every decision is a plain function over a [`Step`]: the rows of one transaction, the rule time, and the effects it
//! wants. The ledger runs them in batches and commits; only then are the effects carried out and the answers given
//! (`design.md` §3, §6). [`Platform`] is the handle the edges hold.

mod account;
pub mod admin;
mod analytics;
mod business;
mod call_log;
mod charge;
mod clock;
mod connect;
mod effect;
mod faults;
mod figures;
mod finish;
mod hold;
mod host;
mod identity;
pub mod inspector;
mod ledger;
mod lifetime;
mod live;
mod mail;
mod media_events;
mod messages;
mod outbox;
mod perform;
mod permission;
mod phone;
mod platform;
mod quality;
mod queries;
mod quiet;
mod quotas;
mod reader;
mod recover;
mod registration;
mod replay;
mod reports;
mod routing;
mod sandbox;
mod sdp;
mod seed;
mod settings;
mod simulated;
mod state;
mod target;
mod templates;
mod timers;
mod undelivered;
mod uploads;
mod user;
mod view;

pub use account::{AuthError, Caller, Node, Verified};
pub use analytics::CallPoint;
pub use business::{PermissionView, Recipient};
pub use call_log::{
    CallLogEntry, CallLogEvent, CallLogPage, CallLogQuery, CallLogRefusal, LogFormat, Signaling,
};
pub use clock::Clock;
pub use connect::ConnectRequest;
pub use effect::{DeliveryJob, PhoneEvent};
pub use faults::under;
pub use hold::PHONE_MEDIA_WAIT;
pub use host::{Host, Media, MediaSink, Task, Tokio};
pub use identity::{NumberRefusal, Seen};
pub use ledger::{Fault, LedgerLoop, Step};
pub use live::{PhoneHandle, UserLegKind};
pub use mail::MailJob;
pub use messages::{OutgoingMessage, SentMessage, ThreadEntry, ThreadView};
pub use outbox::AttemptReport;
pub use phone::PhoneCall;
pub use platform::{Platform, PlatformConfig, PlatformError, Shared};
pub use quality::{Grade, StandingChange};
pub use queries::CallView;
pub use recover::Recovered;
pub use replay::ReplayRefusal;
pub use routing::{RoutingRefusal, RoutingView, ThreadOwner};
pub use sandbox::Grant;
pub use seed::{Planting, Seed, SeedNumber};
pub use settings::calling_of;
pub use state::State;
pub use target::Target;
pub use templates::{category_of, content_of, draft_of};
pub use uploads::Upload;
pub use user::{Dial, Dialled};
