//! Seeded random acts of business, users, receivers, time and crashes, held against what was promised. A failure names
//! its seed; `AHOY_SEED` repeats one, `AHOY_SEEDS` runs that many.

mod promises;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ahoy_calling::limits::LimitTable;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::{Permission, Refusal};
use ahoy_media::MediaConfig;
use ahoy_platform::{Dial, Grant, UserLegKind};
use ahoy_store::sqlite::SqliteStore;
use ahoy_types::{CallId, Direction, RuleTime, WaId};
use tokio::sync::oneshot;

use crate::support::*;

const USERS: u64 = 5;
const CONCURRENT: u32 = 3;
const CONNECTS: u32 = 12;
const ACTS: usize = 70;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// What the test knows without asking.
#[derive(Default)]
struct Known {
    calls: Vec<(CallId, WaId, Direction)>,
    accepted: HashSet<CallId>,
    ended: HashSet<CallId>,
    placed_by_business: Vec<RuleTime>,
}

impl Known {
    fn live(&self) -> impl Iterator<Item = &(CallId, WaId, Direction)> {
        self.calls
            .iter()
            .filter(|(id, ..)| !self.ended.contains(id))
    }
}

fn setup() -> Setup {
    let mut limits = LimitTable::default();
    limits.sandbox.concurrent_calls = CONCURRENT;
    limits.sandbox.connects_per_day = CONNECTS;
    // Nobody sends media here, and that ends no call.
    let media = MediaConfig {
        workers: 1,
        start_timeout: secs(3_600),
        ..MediaConfig::default()
    };
    Setup {
        limits,
        media,
        ..Setup::default()
    }
}

/// What a power cut leaves: the disk, and what the receivers had got by then.
type Remains = (Folder, Vec<Sent>);
type CutRequest = Arc<Mutex<Option<(Edge, oneshot::Sender<Remains>)>>>;

/// A store of which the disk can be had as it is right after a commit.
fn with_cuts(store: SqliteStore) -> (Watched, CutRequest) {
    let request: CutRequest = Arc::default();
    let ours = request.clone();
    let after = move |path: &Path| {
        if let Some((edge, reply)) = ours.lock().unwrap().take() {
            // What was sent by now was committed before.
            let disk = copy_of(path);
            assert!(reply.send((disk, edge.sent())).is_ok());
        }
    };
    (Watched::new(store, Box::new(after)), request)
}

struct Run {
    seed: u64,
    /// `None` only between two lives.
    world: Option<World>,
    cut: CutRequest,
    known: Known,
    dice: Dice,
    home: Folder,
    /// What receivers of earlier lives got.
    before: Vec<Sent>,
    log: Vec<String>,
}

impl Run {
    async fn new(seed: u64) -> Self {
        let home = folder();
        let (store, cut) = with_cuts(home.open());
        let world = World::on(Box::new(store), setup()).await;
        let users: Vec<WaId> = (0..USERS).map(somebody).collect();
        world.by_hand(&users).await;
        let run = Self {
            seed,
            world: Some(world),
            cut,
            known: Known::default(),
            dice: Dice(seed),
            home,
            before: Vec::new(),
            log: Vec::new(),
        };
        run.receivers(0);
        run
    }

    fn world(&self) -> &World {
        self.world.as_ref().unwrap()
    }

    /// What the receiver does from now on, drawn from `mood`.
    fn receivers(&self, mood: u64) {
        let mut dice = Dice(mood);
        self.world().edge.answer(move |_| match mood % 4 {
            0 => Answer::Status(200),
            1 => dice.of(&[Answer::Status(200), Answer::Status(500), Answer::None]),
            2 => dice.of(&[Answer::None, Answer::Status(503), Answer::Status(302)]),
            _ => dice.of(&[Answer::Status(200), Answer::None]),
        });
    }

    async fn act(&mut self) {
        let user = somebody(self.dice.below(USERS));
        match self.dice.below(16) {
            0..=2 => self.user_calls(user).await,
            3..=5 => self.business_calls(user).await,
            6..=9 => self.race().await,
            10 => {
                let grant = self.dice.of(&[
                    Grant::Permanent,
                    Grant::Temporary,
                    Grant::Revoke,
                    Grant::Permanent,
                ]);
                self.log.push(format!("{user}: {grant:?}"));
                self.world()
                    .platform
                    .set_permission(PHONE, user, grant)
                    .await
                    .unwrap();
            }
            11 => {
                let mood = self.dice.next();
                self.log.push(format!("receivers: {}", mood % 4));
                self.receivers(mood);
            }
            12..=14 => {
                let by = self.dice.of(&[1, 3, 20, 59, 61, 600, 90_000]);
                self.log.push(format!("{by} s pass"));
                let before = self.world().platform.clock().now();
                let now = self.world().advance(secs(by)).await;
                assert!(now.since(before) >= secs(by));
                self.notice_ends();
            }
            _ if self.dice.below(3) == 0 => self.restart().await,
            _ => {}
        }
    }

    async fn user_calls(&mut self, user: WaId) {
        let busy = self.known.live().any(|(_, u, _)| *u == user);
        let live = self.known.live().count();
        let dialled = self
            .world()
            .platform
            .user_calls(user, PHONE, UserLegKind::Simulated, Dial::default())
            .await;
        self.log.push(format!(
            "{user} calls: {:?}",
            dialled.as_ref().map(|d| &d.id)
        ));
        match dialled {
            Ok(dialled) => {
                assert!(!busy && live < CONCURRENT as usize);
                self.known
                    .calls
                    .push((dialled.id, user, Direction::UserInitiated));
            }
            Err(PhoneRefusal::Busy) => assert!(busy),
            Err(PhoneRefusal::OverCapacity) => assert!(live >= CONCURRENT as usize),
            Err(e) => panic!("{e}"),
        }
    }

    async fn business_calls(&mut self, user: WaId) {
        let platform = &self.world().platform;
        let busy = self.known.live().any(|(_, u, _)| *u == user);
        let live = self.known.live().count();
        let now = platform.clock().now();
        let may = platform.pair(PHONE, user).unwrap().permission(now) != Permission::None;
        let today = |t: &&RuleTime| now.since(**t) < secs(86_400);
        let connects = self.known.placed_by_business.iter().filter(today).count();
        let placed = platform
            .connect(&self.world().caller, PHONE, self.world().request(user))
            .await;
        self.log.push(format!("business calls {user}: {placed:?}"));
        match placed {
            Ok(id) => {
                assert!(may && !busy && live < CONCURRENT as usize && connects < CONNECTS as usize);
                self.known.placed_by_business.push(now);
                self.known
                    .calls
                    .push((id, user, Direction::BusinessInitiated));
            }
            Err(Refusal::NoPermission) => assert!(!may),
            Err(Refusal::Duplicate) => assert!(busy),
            Err(Refusal::Concurrency(CONCURRENT)) => assert!(live >= CONCURRENT as usize),
            Err(Refusal::ConnectRate(CONNECTS)) => assert!(connects >= CONNECTS as usize),
            Err(e) => panic!("{e}"),
        }
    }

    /// Two to five acts on one call at the same instant.
    async fn race(&mut self) {
        let live: Vec<_> = self.known.live().cloned().collect();
        let all = if live.is_empty() {
            &self.known.calls
        } else {
            &live
        };
        if all.is_empty() {
            return;
        }
        let (id, user, direction) =
            all[usize::try_from(self.dice.below(all.len() as u64)).unwrap()].clone();
        let was_accepted = self.known.accepted.contains(&id);
        let was_ended = self.known.ended.contains(&id);
        let acts: &[&str] = match direction {
            Direction::UserInitiated => &[
                "accept",
                "accept",
                "accept",
                "pre_accept",
                "reject",
                "terminate",
                "hang_up",
            ],
            Direction::BusinessInitiated => &[
                "answer",
                "answer",
                "answer",
                "decline",
                "terminate",
                "hang_up",
                "accept",
            ],
        };
        let many = 2 + self.dice.below(4);
        let drawn: Vec<&str> = (0..many).map(|_| self.dice.of(acts)).collect();
        let (platform, caller) = (&self.world().platform, &self.world().caller);
        let done = drawn.iter().map(|act| {
            let id = id.clone();
            async move {
                match *act {
                    "accept" => platform
                        .accept(caller, PHONE, id, answer(), None)
                        .await
                        .is_ok(),
                    "pre_accept" => {
                        // Neither takes the call nor ends it.
                        let _ = platform.pre_accept(caller, PHONE, id, answer()).await;
                        false
                    }
                    "reject" => platform.reject(caller, PHONE, id).await.is_ok(),
                    "terminate" => platform.terminate(caller, PHONE, id).await.is_ok(),
                    "hang_up" => platform.user_hangs_up(user, &id).await.is_ok(),
                    "answer" => platform.user_answers(user, &id).await.is_ok(),
                    _ => platform.user_rejects(user, &id).await.is_ok(),
                }
            }
        });
        let done = futures_util::future::join_all(done).await;
        let won: Vec<&str> = drawn
            .iter()
            .zip(done)
            .filter_map(|(act, won)| won.then_some(*act))
            .collect();
        self.log.push(format!("{id}: {drawn:?}, of which {won:?}"));
        let count = |names: &[&str]| won.iter().filter(|w| names.contains(w)).count();
        let takes = count(&["accept", "answer"]);
        let declines = count(&["reject", "decline"]);
        let ends = declines + count(&["terminate", "hang_up"]);
        assert!(
            takes <= usize::from(!was_accepted && !was_ended),
            "one winner"
        );
        assert!(ends <= usize::from(!was_ended), "one end");
        assert!(
            declines == 0 || takes == 0 && !was_accepted,
            "declined or taken, not both"
        );
        if takes == 1 {
            self.known.accepted.insert(id.clone());
        }
        if ends == 1 {
            self.known.ended.insert(id);
        }
    }

    /// The process is gone without a word, or stops in good order.
    async fn restart(&mut self) {
        let orderly = self.dice.below(2) == 0;
        self.log.push(if orderly { "stop" } else { "crash" }.into());
        let world = self.world.take().unwrap();
        let before = world.platform.clock().now();
        let store = if orderly {
            let edge = world.edge.clone();
            world.stop().await;
            self.before.extend(edge.sent());
            drop(edge);
            self.home.reopen().await
        } else {
            let (reply, remains) = oneshot::channel();
            *self.cut.lock().unwrap() = Some((world.edge.clone(), reply));
            // Some commit or other. The process goes on for a moment, but what it does then leads nowhere.
            world.behaves(somebody(0), |_| ()).await;
            let (disk, sent) = remains.await.unwrap();
            world.edge.stop();
            self.before.extend(sent);
            self.home = disk;
            self.home.open()
        };
        let (store, cut) = with_cuts(store);
        let world = World::on(Box::new(store), setup()).await;
        // The mark is kept in milliseconds.
        assert!(
            world.platform.clock().now().0 >= before.0 - 5,
            "time went back"
        );
        (self.world, self.cut) = (Some(world), cut);
        let ended: Vec<CallId> = self.known.live().map(|(id, ..)| id.clone()).collect();
        self.known.ended.extend(ended);
        self.receivers(self.seed);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}:\n{}", self.seed, self.log.join("\n"));
        }
    }
}

async fn run(seed: u64) {
    let mut run = Run::new(seed).await;
    for _ in 0..ACTS {
        run.act().await;
        run.check_now();
    }
    run.check_at_the_end().await;
}

#[test]
fn whatever_happens_in_whatever_order() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds: Vec<u64> = match number("AHOY_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("AHOY_SEEDS").unwrap_or(24)).collect(),
    };
    for seed in seeds {
        // A runtime each: what a crash leaves running must not reach into the next.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let outcome = std::panic::catch_unwind(|| runtime.block_on(run(seed)));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
