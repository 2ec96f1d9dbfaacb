//! What a timeline says, a side at a time.

use std::net::SocketAddr;

use crate::timeline::{TimelineEntry, TimelineEvent as E};
use crate::{CheckFault, DtlsRole, EndReason, Flow, HelloFault, Passages, Side, TimeoutKind};

/// What a session description says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Description<'a> {
    /// The role we take.
    pub role: DtlsRole,
    pub direction: Flow,
    pub candidates: &'a [SocketAddr],
    pub ice_lite: bool,
}

/// Somebody who checked, and the user name fragment it did so under.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checker<'a> {
    pub from: SocketAddr,
    pub ufrag: &'a str,
}

/// What the timeline says about one side. "It" is the peer.
#[derive(Debug, Default)]
pub(super) struct LegFacts<'a> {
    /// Where it is awaited; nowhere if it is simulated inside the server.
    pub addresses: &'a [SocketAddr],
    /// Another peer had this leg before.
    pub replaced: bool,
    pub description: Option<Description<'a>>,
    /// A valid check came.
    pub checked: bool,
    /// The first check with a wrong password, and the first under another fragment.
    pub wrong_password: Option<Checker<'a>>,
    pub foreign_ufrag: Option<Checker<'a>>,
    pub refused_checks: (u64, u64),
    /// Checks that were valid until the description came and named another fragment.
    pub others: Option<Checker<'a>>,
    pub conflict: bool,
    pub nominated: bool,
    pub hello_ignored: Option<(SocketAddr, HelloFault)>,
    pub dtls_started: bool,
    pub dtls_done: bool,
    pub dtls_failed: Option<&'a str>,
    pub mismatch: bool,
    /// When a DTLS alert came.
    pub alert: Option<u64>,
    /// Audio or keys after accept.
    pub first_packet: bool,
    /// Sent and agreed.
    pub payload_types: Option<(u8, u8)>,
    pub early: u64,
    pub bad: u64,
    pub received: u64,
    pub lost: u64,
    /// Audio packets, and those too small for sound.
    pub audio: Option<(u64, u64)>,
    pub last_packet: Option<u64>,
    /// Nothing came for so many seconds.
    pub silent: Option<f64>,
    pub network: Option<Passages>,
    /// What the other side heard of it: milliseconds of sound, keys.
    pub listened: Option<(u64, usize)>,
}

impl<'a> LegFacts<'a> {
    /// Whether it is simulated inside the server: there is no network to fail, and it speaks when there is somebody to hear it.
    pub fn is_local(&self) -> bool {
        self.addresses.is_empty()
    }

    pub fn direction(&self) -> Flow {
        self.description.map_or(Flow::SendRecv, |d| d.direction)
    }

    /// Lost packets among those that should have come, from 0 to 1.
    pub fn loss(&self) -> f64 {
        match self.received.saturating_add(self.lost) {
            0 => 0.0,
            all => self.lost as f64 / all as f64,
        }
    }

    /// The links of the chain that another peer has to make anew.
    fn start_over(&mut self) {
        *self = Self {
            addresses: self.addresses,
            replaced: true,
            first_packet: self.first_packet,
            payload_types: self.payload_types,
            silent: self.silent,
            ..Self::default()
        };
    }

    fn take(&mut self, at: u64, event: &'a E) {
        match event {
            E::Armed { addresses, .. } => self.addresses = addresses,
            E::FirstBindingRequest { .. } => self.checked = true,
            E::CheckRefused {
                from, fault, ufrag, ..
            } => {
                let checker = Checker { from: *from, ufrag };
                match fault {
                    CheckFault::Password => self.wrong_password.get_or_insert(checker),
                    CheckFault::Ufrag => self.foreign_ufrag.get_or_insert(checker),
                };
            }
            E::ChecksRefused {
                password, ufrag, ..
            } => self.refused_checks = (*password, *ufrag),
            E::OthersDropped {
                from,
                ufrag,
                checked,
                nominated,
                handshake,
                ..
            } => {
                self.others = Some(Checker { from: *from, ufrag });
                (self.checked, self.nominated) = (*checked, nominated.is_some());
                if *handshake {
                    self.dtls_started = false;
                    self.dtls_failed = None;
                }
            }
            E::RoleConflict { .. } => self.conflict = true,
            // Nobody nominates or is shaken hands with who has not checked.
            E::Nominated { .. } | E::AddressChanged { .. } => {
                (self.checked, self.nominated) = (true, true);
            }
            E::RemoteSet {
                role,
                direction,
                candidates,
                ice_lite,
                ..
            } => {
                self.description = Some(Description {
                    role: *role,
                    direction: *direction,
                    candidates,
                    ice_lite: *ice_lite,
                });
            }
            E::PeerReplaced { .. } => self.start_over(),
            E::HelloIgnored { from, fault, .. } => {
                self.hello_ignored.get_or_insert((*from, *fault));
                self.checked |= *fault != HelloFault::Unchecked;
            }
            E::DtlsStarted { .. } => (self.checked, self.dtls_started) = (true, true),
            E::DtlsDone { .. } => {
                (self.checked, self.dtls_done) = (true, true);
                self.dtls_failed = None;
            }
            E::DtlsFailed { reason, .. } => {
                (self.checked, self.dtls_started) = (true, true);
                self.dtls_failed = Some(reason);
            }
            E::FingerprintMismatch { .. } => self.mismatch = true,
            E::DtlsAlert { .. } => self.alert = Some(at),
            E::FirstPacket { .. } => self.first_packet = true,
            E::UnknownPayloadType { sent, agreed, .. } => {
                self.payload_types.get_or_insert((*sent, *agreed));
            }
            E::DroppedBeforeAccept { packets, .. } => self.early = *packets,
            E::BadAuthentication { packets, .. } => self.bad = *packets,
            E::Received { packets, lost, .. } => (self.received, self.lost) = (*packets, *lost),
            E::Audio { packets, empty, .. } => self.audio = Some((*packets, *empty)),
            E::LastPacket { .. } => self.last_packet = Some(at),
            E::Timeout {
                kind: TimeoutKind::Silence,
                after,
                ..
            } => self.silent = Some(after.as_secs_f64()),
            E::Network { passages, .. } => self.network = Some(*passages),
            _ => {}
        }
    }
}

/// What was asked to go wrong.
#[derive(Debug, Default)]
pub(super) struct Asked<'a> {
    names: Vec<&'a str>,
    taken: u64,
}

impl Asked<'_> {
    pub fn has(&self, fault: &str) -> bool {
        self.names.contains(&fault)
    }
    /// Names them, so that nobody looks for another reason.
    pub fn sentence(&self) -> Option<String> {
        let names = self.names.join(", ");
        let what = match self.names.len() {
            0 => return None,
            1 => format!("The fault {names} was asked for"),
            _ => format!("The faults {names} were asked for"),
        };
        Some(match self.taken {
            0 => format!("{what}."),
            1 => format!("{what}; one packet was lost to that."),
            taken => format!("{what}; {taken} packets were lost to that."),
        })
    }
}

/// What the timeline says about the call.
#[derive(Debug, Default)]
pub(super) struct CallFacts<'a> {
    legs: [LegFacts<'a>; 2],
    /// Who took the call, where signalling said so.
    pub answered: Option<Side>,
    /// Audio was let through.
    pub opened: bool,
    pub end: Option<EndReason>,
    /// ClientHellos of nobody: the latest address, and how many.
    pub strays: Option<(SocketAddr, u64)>,
    pub faults: Asked<'a>,
}

impl<'a> CallFacts<'a> {
    pub fn gather(timeline: &'a [TimelineEntry]) -> Self {
        let mut facts = Self::default();
        for TimelineEntry { at_ms, event } in timeline {
            match event {
                E::Answered { side } => facts.answered = Some(*side),
                E::GateOpened => facts.opened = true,
                E::Ended { reason } => facts.end = Some(*reason),
                E::StrayHellos { from, hellos } => facts.strays = Some((*from, *hellos)),
                E::Listened {
                    side,
                    audio_ms,
                    keys,
                } => facts.leg_mut(side.other()).listened = Some((*audio_ms, *keys)),
                E::Fault { fault, .. } => {
                    if !facts.faults.has(fault) {
                        facts.faults.names.push(fault);
                    }
                }
                E::LostToFault { packets, .. } => {
                    facts.faults.taken = facts.faults.taken.saturating_add(*packets);
                }
                event => {
                    if let Some(side) = event.side() {
                        facts.leg_mut(side).take(*at_ms, event);
                    }
                }
            }
        }
        facts
    }

    pub fn leg(&self, side: Side) -> &LegFacts<'a> {
        let [business, user] = &self.legs;
        match side {
            Side::Business => business,
            Side::User => user,
        }
    }
    fn leg_mut(&mut self, side: Side) -> &mut LegFacts<'a> {
        let [business, user] = &mut self.legs;
        match side {
            Side::Business => business,
            Side::User => user,
        }
    }
}
