//! The relay: two legs a call, a gate between them, on threads of its own. It knows nothing of HTTP, SIP, rules or storage.
//!
//! A call is drawn up as data ([`MediaEngine::plan`]), so that session descriptions can be written before anything exists.
//! [`MediaEngine::arm`] makes both legs answer STUN and DTLS; [`MediaEngine::set_remote`] gives what the peer's description says;
//! [`MediaEngine::open_gate`] lets audio through. Until then what either side sends is authenticated, counted and dropped.
//! [`MediaEngine::close`] ends it with a [`CallReport`]: timeline, figures, and one sentence that answers "why was it silent?".
//!
//! Each worker thread owns its port and its calls. Both legs of a call live on one worker, so no packet meets a lock, and
//! nothing is allocated for it. The parts that decide ([`rewrite`], [`watchdog`], [`rest`], [`verdict`](verdict::verdict), ICE,
//! ticks, digits) know neither sockets nor clocks.

mod book;
mod call;
mod causes;
mod command;
mod config;
mod cx;
mod digits;
mod dtls;
mod engine;
mod event;
mod faults;
mod ice;
mod leg;
mod local;
mod net;
mod network;
mod plan;
mod reception;
mod recording;
mod report;
pub mod rest;
pub mod rewrite;
mod sys;
mod timeline;
pub mod verdict;
pub mod watchdog;
mod wheel;
mod words;
mod worker;

pub use ahoy_audio::EncodedSound;
pub use ahoy_packet::dtmf::Digit;
pub use causes::{CheckFault, EndReason, Flow, HelloFault};
pub use config::{MediaConfig, MediaError};
pub use engine::{Armed, MediaEngine, Reply};
pub use event::{BridgeId, DtlsRole, MediaEvent, Side, TimeoutKind};
pub use faults::{AlertFault, EventPacketFault, MediaFaults};
pub use leg::NoAudio;
pub use network::{Conditions, ConditionsError, LONGEST_DELAY, LegNetwork, Passage, Passages};
pub use plan::{
    CallPlan, CallSetup, LegPlan, LocalUser, Networks, RemoteLeg, Said, UserLeg, WorkerAddress,
};
pub use recording::{Heard, HeardGap, Recording};
pub use report::{CallReport, LegReport};
pub use timeline::{TimelineEntry, TimelineEvent};
pub use worker::WorkerStats;
