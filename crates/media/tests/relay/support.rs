//! An engine with its events kept, and waiting for conditions with a word about what was missing.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use ahoy_media::{
    BridgeId, CallPlan, CallReport, CallSetup, EncodedSound, LocalUser, MediaConfig, MediaEngine,
    MediaEvent, Networks, Side, UserLeg,
};

/// Long enough for a loaded machine; nothing waits this long when all is well.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Relay {
    pub engine: MediaEngine,
    events: Arc<(Mutex<VecDeque<MediaEvent>>, Condvar)>,
}

impl Relay {
    pub fn start() -> Self {
        Self::with(MediaConfig {
            workers: 1,
            ..MediaConfig::default()
        })
    }
    pub fn with(config: MediaConfig) -> Self {
        let events: Arc<(Mutex<VecDeque<MediaEvent>>, Condvar)> = Arc::default();
        let sink = Arc::clone(&events);
        let engine = MediaEngine::start(config, move |event| {
            sink.0.lock().unwrap().push_back(event);
            sink.1.notify_all();
        });
        Self {
            engine: engine.unwrap(),
            events,
        }
    }
    /// Arms a call and waits until its legs exist.
    pub fn arm(&self, bridge: u64, user: UserLeg) -> CallPlan {
        self.arm_behind(bridge, user, Networks::default())
    }
    /// The same with networks in between.
    pub fn arm_behind(&self, bridge: u64, user: UserLeg, networks: Networks) -> CallPlan {
        let plan = self.engine.plan();
        self.engine
            .arm(
                BridgeId(bridge),
                CallSetup {
                    plan: plan.clone(),
                    user,
                    networks,
                },
            )
            .wait();
        plan
    }
    /// Takes the first event that `want` accepts; others stay.
    pub fn event<T>(&self, what: &str, mut want: impl FnMut(&MediaEvent) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut events = self.events.0.lock().unwrap();
        loop {
            let found = events
                .iter()
                .enumerate()
                .find_map(|(i, event)| Some((i, want(event)?)));
            if let Some((i, wanted)) = found {
                events.remove(i);
                return wanted;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no event: {what}; there were {events:?}");
            events = self.events.1.wait_timeout(events, left).unwrap().0;
        }
    }
    pub fn wait_up(&self, bridge: u64, side: Side) {
        self.event(&format!("{side:?} of {bridge} up"), |event| match event {
            MediaEvent::LegUp {
                bridge: b, side: s, ..
            } => (b.0 == bridge && *s == side).then_some(()),
            _ => None,
        });
    }
    pub fn has_event(&self, want: impl Fn(&MediaEvent) -> bool) -> bool {
        self.events.0.lock().unwrap().iter().any(want)
    }
    pub fn report(&self, bridge: u64) -> CallReport {
        self.engine
            .report(BridgeId(bridge))
            .wait()
            .expect("the call exists")
    }
    /// Closes a call and gives its last report.
    pub fn close(&self, bridge: u64) -> CallReport {
        self.engine.close(BridgeId(bridge));
        self.event(&format!("{bridge} closed"), |event| match event {
            MediaEvent::Closed { bridge: b, report } if b.0 == bridge => Some(report.clone()),
            _ => None,
        })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.engine.shutdown();
    }
}

/// Asks until there is an answer.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "it never happened: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// A simulated user that plays `hz`.
pub fn user(hz: f64) -> UserLeg {
    UserLeg::Local(LocalUser {
        sound: Arc::new(EncodedSound::tone(hz, -12.0).unwrap()),
    })
}

#[track_caller]
pub fn assert_pitch(heard: Option<f64>, wanted: f64) {
    let heard = heard.expect("a pitch is heard");
    assert!(
        (heard - wanted).abs() < wanted * 0.01,
        "{heard} Hz is not {wanted} Hz"
    );
}
