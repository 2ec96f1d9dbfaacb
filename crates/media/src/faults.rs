//! What can be made to go wrong between the relay and the business, for those who test what they build on it.
//!
//! A leg without faults pays one look at an empty pointer a packet.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::Side;
use crate::network::{Conditions, Fate, Path};

/// One packet of a key press that does not go to the business as the others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacketFault {
    /// Which packet of the press, from 1.
    pub packet: u8,
    /// Which press of the call, from 1; each if none.
    pub press: Option<u32>,
    /// It is sent again under the next sequence number, as the repeats of RFC 4733 §2.5.1.4 are; otherwise it is lost.
    pub again: bool,
}

/// A DTLS alert sent to the business in mid-call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertFault {
    /// `internal_error`, which is fatal (RFC 5246 §7.2.2); otherwise `close_notify`.
    pub fatal: bool,
    /// So long after audio began to flow.
    pub after: Duration,
}

/// What goes wrong with the media of a call on the business's leg.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaFaults {
    /// Decides which packets are lost: the same seed loses the same ones.
    pub seed: u64,
    /// Share of the audio packets lost towards the business, from 0 to 1.
    pub loss_to_business: f64,
    /// Share of the audio packets lost from the business, from 0 to 1.
    pub loss_to_user: f64,
    /// The business's connectivity checks never arrive.
    pub no_ice: bool,
    /// The business's DTLS never arrives.
    pub no_dtls: bool,
    /// DTLS begins so much later; zero at once.
    pub dtls_late: Duration,
    /// The only side that hears the other.
    pub only_heard_by: Option<Side>,
    /// A packet of key presses is lost or repeated.
    pub event: Option<EventPacketFault>,
    /// An alert is sent while audio flows.
    pub alert: Option<AlertFault>,
}

impl MediaFaults {
    /// Each fault in a word, with its measure.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let shares = [
            ("loss_to_business", self.loss_to_business),
            ("loss_to_user", self.loss_to_user),
        ];
        for (name, share) in shares {
            if share > 0.0 {
                words.push(format!("{name}={share}"));
            }
        }
        for (name, on) in [("no_ice", self.no_ice), ("no_dtls", self.no_dtls)] {
            if on {
                words.push(name.to_owned());
            }
        }
        if !self.dtls_late.is_zero() {
            words.push(format!("dtls_late_ms={}", self.dtls_late.as_millis()));
        }
        if let Some(side) = self.only_heard_by {
            words.push(format!("one_way=to_{}", side.as_str()));
        }
        if let Some(event) = self.event {
            let what = if event.again { "repeated" } else { "lost" };
            let press = event.press.map(|press| format!(";press={press}"));
            let press = press.unwrap_or_default();
            words.push(format!("event_{what}={}{press}", event.packet));
        }
        if let Some(alert) = self.alert {
            let what = if alert.fatal { "fatal" } else { "close_notify" };
            let after = alert.after.as_millis();
            words.push(format!("dtls_alert={what};after_ms={after}"));
        }
        words
    }

    /// Both; the worse counts.
    fn add(&mut self, other: &Self) {
        self.loss_to_business = self.loss_to_business.max(other.loss_to_business);
        self.loss_to_user = self.loss_to_user.max(other.loss_to_user);
        self.no_ice |= other.no_ice;
        self.no_dtls |= other.no_dtls;
        self.dtls_late = self.dtls_late.max(other.dtls_late);
        self.only_heard_by = other.only_heard_by.or(self.only_heard_by);
        self.event = other.event.or(self.event);
        self.alert = other.alert.or(self.alert);
    }
}

/// Datagrams of DTLS kept while it is late: of the first flights of a few peers, with what they send again.
const MAX_EARLY: usize = 32;

/// A datagram and where it came from.
type Datagram = (SocketAddr, Box<[u8]>);

/// Where a late DTLS is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Late {
    NotAsked,
    Until(Instant),
    Over,
}

/// Where an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AlertAt {
    /// Audio does not flow yet.
    NotYet,
    Due(Instant),
    Sent,
}

/// What becomes of a packet of a key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventFate {
    /// It goes.
    Once,
    Lost,
    Twice,
}

/// The key press whose packets pass.
#[derive(Debug, Clone, Copy, Default)]
struct Press {
    /// Of its packets (RFC 4733 §2.1: that of the first is kept).
    timestamp: u32,
    /// Which of the call, from 1; none has begun at 0.
    number: u32,
    packets: u32,
}

/// The faults of a leg at work.
#[derive(Debug)]
pub(crate) struct LegFaults {
    asked: MediaFaults,
    /// From the peer, and to it.
    paths: [Path; 2],
    /// What other paths took before these.
    taken: [u64; 2],
    late: Late,
    /// What came of DTLS too early, in order.
    early: Vec<Datagram>,
    press: Press,
    alert: AlertAt,
    /// Event packets that a fault took.
    events_taken: u64,
}

impl LegFaults {
    pub fn new(asked: &MediaFaults) -> Self {
        Self {
            asked: asked.clone(),
            paths: paths(asked),
            taken: [0; 2],
            late: Late::NotAsked,
            early: Vec::new(),
            press: Press::default(),
            alert: AlertAt::NotYet,
            events_taken: 0,
        }
    }
    pub fn add(&mut self, more: &MediaFaults) {
        self.taken = self.taken();
        self.asked.add(more);
        self.paths = paths(&self.asked);
    }
    pub fn no_ice(&self) -> bool {
        self.asked.no_ice
    }
    pub fn no_dtls(&self) -> bool {
        self.asked.no_dtls
    }
    /// Whether nothing of what the peer sends is heard.
    pub fn is_mute(&self) -> bool {
        self.asked.only_heard_by == Some(Side::Business)
    }
    /// Whether the peer hears nothing.
    pub fn is_deaf(&self) -> bool {
        self.asked.only_heard_by == Some(Side::User)
    }
    /// Whether the next packet from the peer is lost.
    pub fn loses_inbound(&mut self, now: Duration) -> bool {
        self.paths[0].pass(now) == Fate::Lost
    }
    /// Whether the next packet to the peer is lost.
    pub fn loses_outbound(&mut self, now: Duration) -> bool {
        self.paths[1].pass(now) == Fate::Lost
    }
    /// Packets lost so far: from the peer, and to it.
    pub fn taken(&self) -> [u64; 2] {
        let [inbound, outbound] = &self.paths;
        [
            self.taken[0] + inbound.passage().lost,
            self.taken[1] + outbound.passage().lost + self.events_taken,
        ]
    }
    /// What becomes of the next packet of a key press to the peer.
    pub fn event(&mut self, timestamp: u32) -> EventFate {
        let press = &mut self.press;
        if press.number == 0 || press.timestamp != timestamp {
            press.number = press.number.saturating_add(1);
            press.timestamp = timestamp;
            press.packets = 0;
        }
        press.packets = press.packets.saturating_add(1);
        let (packets, number) = (press.packets, press.number);
        let struck = self.asked.event.filter(|event| {
            u32::from(event.packet) == packets && event.press.is_none_or(|press| press == number)
        });
        match struck {
            None => EventFate::Once,
            Some(event) if event.again => EventFate::Twice,
            Some(_) => {
                self.events_taken += 1;
                EventFate::Lost
            }
        }
    }
    /// Audio flows: the alert's time begins.
    pub fn flows(&mut self, now: Instant) {
        if let (AlertAt::NotYet, Some(alert)) = (self.alert, self.asked.alert) {
            self.alert = AlertAt::Due(now + alert.after);
        }
    }
    /// The alert whose time has come, once.
    pub fn take_alert(&mut self, now: Instant) -> Option<AlertFault> {
        match self.alert {
            AlertAt::Due(at) if at <= now => {
                self.alert = AlertAt::Sent;
                self.asked.alert
            }
            _ => None,
        }
    }
    /// Whether DTLS has to wait; the first time it is asked the wait begins.
    pub fn dtls_waits(&mut self, now: Instant) -> bool {
        if self.asked.dtls_late.is_zero() {
            return false;
        }
        if self.late == Late::NotAsked {
            self.late = Late::Until(now + self.asked.dtls_late);
        }
        self.late != Late::Over
    }
    /// Keeps a datagram until DTLS may begin. A flight may be several datagrams (RFC 6347 §4.2.3), and a peer that retransmits sends the
    /// whole of it again, which is not kept twice.
    pub fn keep(&mut self, from: SocketAddr, datagram: &[u8]) {
        let known = |kept: &Datagram| kept.0 == from && same_records(&kept.1, datagram);
        if self.early.len() < MAX_EARLY && !self.early.iter().any(known) {
            self.early.push((from, datagram.into()));
        }
    }
    /// When something is to be done: DTLS may begin, an alert is sent.
    pub fn due(&self) -> Option<Instant> {
        let alert = match self.alert {
            AlertAt::Due(at) => Some(at),
            AlertAt::NotYet | AlertAt::Sent => None,
        };
        self.dtls_due().into_iter().chain(alert).min()
    }
    fn dtls_due(&self) -> Option<Instant> {
        match self.late {
            Late::Until(at) => Some(at),
            Late::NotAsked | Late::Over => None,
        }
    }
    /// DTLS may begin if its time has come: with what was kept, in the order in which it came.
    pub fn begin(&mut self, now: Instant) -> Option<Vec<Datagram>> {
        let due = self.dtls_due().is_some_and(|at| at <= now);
        due.then(|| {
            self.late = Late::Over;
            std::mem::take(&mut self.early)
        })
    }
}

/// Whether a datagram is another sent again: only the number of its record differs (RFC 6347 §4.1).
fn same_records(a: &[u8], b: &[u8]) -> bool {
    let parts = |d: &[u8]| -> Option<([u8; 5], Vec<u8>)> {
        Some((d.get(..5)?.try_into().ok()?, d.get(11..)?.to_vec()))
    };
    a == b || (parts(a).is_some() && parts(a) == parts(b))
}

/// The ways from the peer and to it: they lose packets and do nothing else.
fn paths(asked: &MediaFaults) -> [Path; 2] {
    let unless_heard = |by: Side, share: f64| match asked.only_heard_by {
        Some(side) if side != by => 1.0,
        _ => share,
    };
    let inbound = unless_heard(Side::User, asked.loss_to_user);
    let outbound = unless_heard(Side::Business, asked.loss_to_business);
    [
        Path::new(Conditions::loss(inbound), asked.seed),
        Path::new(Conditions::loss(outbound), !asked.seed),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(seed: u64, share: f64) -> Vec<bool> {
        let asked = MediaFaults {
            seed,
            loss_to_user: share,
            loss_to_business: share,
            ..MediaFaults::default()
        };
        let mut leg = LegFaults::new(&asked);
        (0..1_000)
            .map(|_| leg.loses_inbound(Duration::ZERO))
            .collect()
    }

    #[test]
    fn the_same_seed_loses_the_same_packets() {
        assert_eq!(lost(4, 0.2), lost(4, 0.2));
        assert_ne!(lost(4, 0.2), lost(5, 0.2));
        let share = lost(4, 0.2).iter().filter(|lost| **lost).count();
        assert!((160..240).contains(&share), "{share}");
        assert!(lost(4, 1.0).iter().all(|lost| *lost));
        assert!(!lost(4, 0.0).iter().any(|lost| *lost));
    }

    #[test]
    fn the_directions_do_not_march_in_step() {
        let asked = MediaFaults {
            loss_to_user: 0.5,
            loss_to_business: 0.5,
            ..MediaFaults::default()
        };
        let mut leg = LegFaults::new(&asked);
        let same = (0..1_000)
            .filter(|_| leg.loses_inbound(Duration::ZERO) == leg.loses_outbound(Duration::ZERO))
            .count();
        assert!((400..600).contains(&same), "{same}");
    }

    #[test]
    fn a_late_flight_is_let_go_once_whole_and_in_order() {
        let asked = MediaFaults {
            dtls_late: Duration::from_millis(500),
            ..MediaFaults::default()
        };
        let (mut leg, start) = (LegFaults::new(&asked), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(leg.due(), None);
        assert!(leg.dtls_waits(at(0)) && leg.dtls_waits(at(400)));
        let peer = SocketAddr::from(([127, 0, 0, 1], 9));
        for part in [b"one".as_slice(), b"two", b"one", b"two", b"three"] {
            leg.keep(peer, part);
        }
        assert_eq!(leg.begin(at(499)), None);
        let flight: Vec<Box<[u8]>> = leg
            .begin(at(500))
            .into_iter()
            .flatten()
            .map(|d| d.1)
            .collect();
        assert_eq!(
            flight,
            [
                b"one".as_slice().into(),
                b"two".as_slice().into(),
                b"three".as_slice().into()
            ] as [Box<[u8]>; 3]
        );
        assert!(!leg.dtls_waits(at(501)) && leg.due().is_none() && leg.begin(at(600)).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut leg = LegFaults::new(&MediaFaults::default());
        for n in 0..200u8 {
            leg.keep(SocketAddr::from(([127, 0, 0, 1], 9)), &[n]);
        }
        assert_eq!(leg.early.len(), MAX_EARLY);
    }

    #[test]
    fn the_worse_counts() {
        let mut leg = LegFaults::new(&MediaFaults {
            loss_to_user: 0.1,
            only_heard_by: Some(Side::User),
            ..MediaFaults::default()
        });
        leg.add(&MediaFaults {
            loss_to_user: 0.05,
            no_ice: true,
            ..MediaFaults::default()
        });
        assert_eq!(
            leg.asked.words(),
            ["loss_to_user=0.1", "no_ice", "one_way=to_user"]
        );
        assert!(leg.is_deaf() && !leg.is_mute() && leg.no_ice());
    }
}
