//! What the outside asks of a worker.

use std::sync::Arc;

use ahoy_packet::dtmf::Digit;
use tokio::sync::oneshot;

use crate::recording::Recording;
use crate::worker::WorkerStats;
use crate::{
    BridgeId, CallReport, CallSetup, LegNetwork, MediaFaults, RemoteLeg, Side, TimelineEvent,
};

pub(crate) enum Command {
    Arm {
        bridge: BridgeId,
        setup: Box<CallSetup>,
        armed: oneshot::Sender<()>,
    },
    SetRemote {
        bridge: BridgeId,
        side: Side,
        remote: RemoteLeg,
    },
    PutUnder {
        bridge: BridgeId,
        faults: Box<MediaFaults>,
    },
    /// What signalling knows.
    Note {
        bridge: BridgeId,
        event: TimelineEvent,
    },
    OpenGate {
        bridge: BridgeId,
    },
    SetNetwork {
        bridge: BridgeId,
        side: Side,
        network: Option<LegNetwork>,
    },
    Press {
        bridge: BridgeId,
        digits: Vec<Digit>,
    },
    Close {
        bridge: BridgeId,
    },
    /// Not answered if there is no such call: the receiver sees the sender dropped.
    Report {
        bridge: BridgeId,
        reply: oneshot::Sender<CallReport>,
    },
    Recording {
        bridge: BridgeId,
        reply: Box<dyn FnOnce(Option<Arc<Recording>>) + Send>,
    },
    Stats {
        reply: oneshot::Sender<WorkerStats>,
    },
    Stop,
}
