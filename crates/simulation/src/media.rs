//! Media that is only told of: legs come up, fall silent and close when chance says so.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use ahoy_media::{
    BridgeId, CallPlan, CallReport, CallSetup, Digit, LegPlan, LegReport, MediaEvent, MediaFaults,
    NoAudio, RemoteLeg, Side, TimeoutKind, UserLeg, WorkerAddress, WorkerStats,
};
use ahoy_platform::{Host, Media, MediaSink, Task};
use ahoy_types::{Fingerprint, IcePwd, Ssrc, Ufrag};

use crate::dice::Dice;
use crate::machine::{Machine, lock};

/// The engine's own start time-out.
const START: Duration = Duration::from_secs(20);

/// What the media was told of a bridge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Legs were made.
    pub armed: u32,
    /// The gate was opened.
    pub opened: u32,
    /// It was closed.
    pub closed: u32,
}

/// All bridges of all lives.
#[derive(Debug, Default)]
pub struct MediaLog(Mutex<BTreeMap<u64, Told>>);

impl MediaLog {
    fn note(&self, bridge: BridgeId, change: impl FnOnce(&mut Told)) {
        change(lock(&self.0).entry(bridge.0).or_default());
    }

    /// What was told of a bridge.
    pub fn of(&self, bridge: u64) -> Told {
        lock(&self.0).get(&bridge).copied().unwrap_or_default()
    }
}

/// What chance has in mind for a call.
#[derive(Debug, Clone)]
struct Fate {
    /// From the business's SDP to its DTLS.
    business_up: Option<Duration>,
    /// From the arming to the DTLS of a real phone.
    user_up: Option<Duration>,
    /// From accept to a watchdog.
    silence: Option<(Duration, Side, TimeoutKind)>,
    closes: Duration,
}

impl Fate {
    fn draw(dice: &mut Dice) -> Self {
        let ms = Duration::from_millis;
        let side = dice.of(&[Side::Business, Side::User]);
        Self {
            business_up: (!dice.percent(8)).then(|| ms(20 + dice.below(900))),
            user_up: (!dice.percent(15)).then(|| ms(50 + dice.below(2_500))),
            silence: match dice.below(100) {
                0..=4 => Some((START, side, TimeoutKind::Start)),
                5..=9 => Some((ms(30_000 + dice.below(60_000)), side, TimeoutKind::Silence)),
                _ => None,
            },
            closes: ms(1 + dice.below(40)),
        }
    }
}

struct Bridge {
    fate: Fate,
    business_up: bool,
}

struct Shared {
    machine: Weak<Machine>,
    log: Arc<MediaLog>,
    sink: MediaSink,
    bridges: Mutex<BTreeMap<u64, Bridge>>,
    plans: Mutex<Dice>,
}

/// The engine of one life.
pub struct InventedMedia(Arc<Shared>);

impl InventedMedia {
    pub(crate) fn new(machine: Weak<Machine>, log: Arc<MediaLog>, sink: MediaSink) -> Self {
        let dice = machine
            .upgrade()
            .map_or_else(|| Dice::new(0, 0), |machine| machine.chance());
        Self(Arc::new(Shared {
            machine,
            log,
            sink,
            bridges: Mutex::default(),
            plans: Mutex::new(dice),
        }))
    }

    /// Tells this of a bridge that still stands then.
    fn later(&self, bridge: BridgeId, after: Duration, event: impl Fn(Duration) -> MediaEvent) {
        let Some(machine) = self.0.machine.upgrade() else {
            return;
        };
        let shared = self.0.clone();
        let event = event(after);
        let sleep = machine.sleep(after);
        machine.spawn(Box::pin(async move {
            sleep.await;
            if lock(&shared.bridges).contains_key(&bridge.0) {
                (shared.sink)(event);
            }
        }));
    }

    fn leg(&self) -> LegPlan {
        let mut dice = lock(&self.0.plans);
        let mut letters = |length: usize| -> Arc<str> {
            let alphabet = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";
            let text: String = (0..length).map(|_| char::from(dice.of(alphabet))).collect();
            text.into()
        };
        let (ufrag, pwd) = (Ufrag(letters(16)), IcePwd(letters(24)));
        LegPlan {
            ufrag,
            pwd,
            ssrc: Ssrc(
                u32::try_from(dice.below(u64::from(u32::MAX)))
                    .unwrap_or(1)
                    .max(1),
            ),
            v4: Some(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 40_000)),
            v6: None,
            fingerprint: Fingerprint([7; 32]),
        }
    }
}

impl Media for InventedMedia {
    fn plan(&self) -> CallPlan {
        CallPlan {
            worker: 0,
            business: self.leg(),
            user: self.leg(),
        }
    }

    fn arm(&self, bridge: BridgeId, setup: CallSetup) {
        self.0.log.note(bridge, |told| told.armed += 1);
        let fate = Fate::draw(&mut lock(&self.0.plans));
        let user_up = fate.user_up;
        let made = Bridge {
            fate,
            business_up: false,
        };
        lock(&self.0.bridges).insert(bridge.0, made);
        if let (UserLeg::WebRtc, Some(after)) = (setup.user, user_up) {
            self.leg_up(bridge, Side::User, after);
        }
    }

    fn set_remote(&self, bridge: BridgeId, side: Side, _: RemoteLeg) {
        let mut bridges = lock(&self.0.bridges);
        let Some(found) = bridges.get_mut(&bridge.0) else {
            return;
        };
        if side == Side::Business && !found.business_up {
            found.business_up = true;
            if let Some(after) = found.fate.business_up {
                drop(bridges);
                self.leg_up(bridge, side, after);
            }
        }
    }

    /// Nothing is asked to go wrong here but by the dice.
    fn put_under(&self, _: BridgeId, _: MediaFaults) {}
    fn open_gate(&self, bridge: BridgeId) {
        self.0.log.note(bridge, |told| told.opened += 1);
        let silence = lock(&self.0.bridges)
            .get(&bridge.0)
            .and_then(|found| found.fate.silence);
        if let Some((after, side, kind)) = silence {
            self.later(bridge, after, |_| MediaEvent::Timeout {
                bridge,
                side,
                kind,
            });
        }
    }

    fn send_digits(&self, _: BridgeId, _: Vec<Digit>) {}

    fn close(&self, bridge: BridgeId) {
        let Some(gone) = lock(&self.0.bridges).remove(&bridge.0) else {
            return;
        };
        self.0.log.note(bridge, |told| told.closed += 1);
        let Some(machine) = self.0.machine.upgrade() else {
            return;
        };
        let shared = self.0.clone();
        let sleep = machine.sleep(gone.fate.closes);
        machine.spawn(Box::pin(async move {
            sleep.await;
            let report = report();
            (shared.sink)(MediaEvent::Closed { bridge, report });
        }));
    }

    fn report(&self, _: BridgeId) -> Task<'_, Option<CallReport>> {
        Box::pin(async { None })
    }

    fn addresses(&self) -> Vec<WorkerAddress> {
        Vec::new()
    }

    fn stats(&self) -> Task<'_, Vec<WorkerStats>> {
        Box::pin(async { Vec::new() })
    }

    fn shutdown(&self) {
        lock(&self.0.bridges).clear();
    }
}

impl InventedMedia {
    fn leg_up(&self, bridge: BridgeId, side: Side, after: Duration) {
        let Some(machine) = self.0.machine.upgrade() else {
            return;
        };
        let at = machine.instant() + after;
        self.later(bridge, after, |_| MediaEvent::LegUp { bridge, side, at });
    }
}

fn report() -> CallReport {
    let leg = |side| LegReport {
        side,
        local: false,
        remote: None,
        dtls: None,
        profile: None,
        ssrc: None,
        received: 0,
        before_accept: 0,
        lost: 0,
        jitter_ms: 0.0,
        rtt_ms: None,
        sent: 0,
        bad_authentication: 0,
        replayed: 0,
        rtcp_bad_authentication: 0,
        rtcp_replayed: 0,
        no_audio: NoAudio::default(),
        unknown_payload_type: 0,
        audio: 0,
        empty_audio: 0,
        wrong_password_checks: 0,
        foreign_ufrag_checks: 0,
        network: None,
    };
    CallReport {
        timeline: Vec::new(),
        verdict: "Nothing was sent: the media was invented.".into(),
        legs: Side::BOTH.map(leg),
        recording: None,
    }
}
