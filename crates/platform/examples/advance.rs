//! What a jump of the clock costs.
//!
//! `benches/advance --pairs 10000` lets every pair live through what leaves something to come: the user writes (a service window), the
//! business asks for permission (a card, its statuses, a webhook for each), and has an answer in mind that it gives on some
//! day of the year (a grant, a webhook). One webhook in ten meets a receiver that fails for hours, one in a hundred one
//! that never answers, so that retries are due for a week. Then the clock jumps a year, and it is held against what must have
//! become of each pair and webhook. Receivers answer in this process: sockets are left out.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ahoy_calling::Permission;
use ahoy_calling::account::{Callback, MessagingLimit, Number, User};
use ahoy_calling::delivery::Outcome;
use ahoy_calling::limits::{LimitTable, Profile};
use ahoy_calling::price::PriceList;
use ahoy_calling::settings::{CallingSettings, Switch};
use ahoy_calling::simulated::{Behaviour, OnPermissionRequest};
use ahoy_media::MediaConfig;
use ahoy_platform::{
    AttemptReport, DeliveryJob, OutgoingMessage, Platform, PlatformConfig, Recipient, Seed,
};
use ahoy_store::sqlite::SqliteStore;
use ahoy_store::{DeliveryFilter, DeliveryState, Store, StoreError};
use ahoy_types::{DeliveryId, PhoneNumberId, RuleTime, WaId};
use ahoy_wire::messages::{Content, Interactive};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::mpsc::UnboundedReceiver;

const FIRST_NUMBER: u64 = 719_000_000_000_000;
const FIRST_DIGITS: u64 = 442_070_000_000;
const FIRST_USER: u64 = 447_400_000_000;
const PAIRS_A_NUMBER: u64 = 100;
const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;
/// Things asked of the platform at once while it is filled.
const AT_ONCE: usize = 64;
/// Attempts that fail at a receiver which comes back: the last one is about two hours after the first.
const FAILURES: u32 = 12;

type Failure = Box<dyn std::error::Error>;

const fn number_of(pair: u64) -> PhoneNumberId {
    PhoneNumberId(FIRST_NUMBER + pair / PAIRS_A_NUMBER)
}

const fn user_of(pair: u64) -> WaId {
    WaId::from_u64(FIRST_USER + pair)
}

/// On which day a user answers: each has one of its own, in no order.
const fn answers_after(pair: u64, pairs: u64) -> Duration {
    let place = pair.wrapping_mul(7_919) % pairs;
    Duration::from_secs(DAY + place * (YEAR - 2 * DAY) / pairs)
}

const fn says(pair: u64) -> OnPermissionRequest {
    match pair % 4 {
        0 => OnPermissionRequest::Reject,
        1 => OnPermissionRequest::AcceptPermanent,
        _ => OnPermissionRequest::Accept,
    }
}

fn filled(pairs: u64, seed: &Seed) -> Result<SqliteStore, StoreError> {
    let mut store = SqliteStore::temporary()?;
    store.batch(&mut |batch| {
        for n in 0..pairs.div_ceil(PAIRS_A_NUMBER) {
            batch.savepoint(&mut |tx| {
                tx.put_number(&Number {
                    id: PhoneNumberId(FIRST_NUMBER + n),
                    waba: seed.waba,
                    number: WaId::from_u64(FIRST_DIGITS + n),
                    verified_name: format!("Shop {n}"),
                    profile: Profile::Production,
                    messaging_limit: MessagingLimit::Tier100k,
                    payment_valid: true,
                    settings: CallingSettings {
                        status: Switch::Enabled,
                        ..Default::default()
                    },
                    registration: Default::default(),
                    about: Default::default(),
                    standing: Default::default(),
                })?;
                Ok(true)
            })?;
        }
        for pair in 0..pairs {
            let after = answers_after(pair, pairs).as_millis();
            batch.savepoint(&mut |tx| {
                tx.put_user(&User {
                    wa_id: user_of(pair),
                    name: None,
                    country: user_of(pair).country(),
                    behaviour: Some(Behaviour {
                        on_permission_request: says(pair),
                        reply_after_ms: u64::try_from(after).unwrap_or(u64::MAX),
                        ..Default::default()
                    }),
                    identity: Default::default(),
                    client: Default::default(),
                    created_at: RuleTime(0),
                })?;
                Ok(true)
            })?;
        }
        Ok(())
    })?;
    Ok(store)
}

/// What the receivers saw.
#[derive(Default)]
struct Receivers {
    /// While the platform is filled everybody takes everything.
    troubled: AtomicBool,
    attempts: AtomicU64,
}

impl Receivers {
    fn answer(&self, id: DeliveryId, attempt: u32) -> Outcome {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        if !self.troubled.load(Ordering::Acquire) {
            return Outcome::Status(200);
        }
        match id.0 % 100 {
            7 => Outcome::NoAnswer,
            n if n % 10 == 3 && attempt <= FAILURES => Outcome::Status(500),
            _ => Outcome::Status(200),
        }
    }

    async fn serve(self: Arc<Self>, platform: Platform, mut jobs: UnboundedReceiver<DeliveryJob>) {
        while let Some(job) = jobs.recv().await {
            let (platform, ours) = (platform.clone(), self.clone());
            tokio::spawn(async move {
                let at = platform.clock().now();
                let (outcome, url) = match platform.delivery_target(&job) {
                    Ok(Some(target)) => {
                        let attempt = target.delivery.attempts + 1;
                        (ours.answer(job.id, attempt), target.url.unwrap_or_default())
                    }
                    Ok(None) => return,
                    Err(_) => (Outcome::NoAnswer, String::new()),
                };
                let report = AttemptReport {
                    url,
                    headers: Vec::new(),
                    took_us: 0,
                    outcome,
                    note: String::new(),
                    answer_headers: Vec::new(),
                    fault: None,
                    copy: None,
                };
                platform.delivery_attempted(job, report, at).await;
            });
        }
    }
}

struct World {
    platform: Platform,
    receivers: Arc<Receivers>,
    pairs: u64,
}

impl World {
    async fn with(pairs: u64) -> Result<Self, Failure> {
        let seed = Seed {
            users: Vec::new(),
            ..Seed::default()
        };
        let store = filled(pairs, &seed)?;
        let mut limits = LimitTable::default();
        // Cards that can be answered on any day of the year.
        limits.production.request_card = Duration::from_secs(2 * YEAR);
        let config = PlatformConfig {
            limits,
            prices: Arc::new(PriceList::published()?),
            create_users: true,
            phone_media_wait: Duration::ZERO,
            media: MediaConfig {
                workers: 1,
                ..MediaConfig::default()
            },
        };
        let (platform, jobs) = Platform::start(Box::new(store), config).await?;
        let receivers = Arc::new(Receivers::default());
        tokio::spawn(receivers.clone().serve(platform.clone(), jobs));
        platform.plant(&seed).await?;
        let callback = Callback {
            url: "https://business.example/hook".into(),
            verify_token: "ours".into(),
        };
        platform.offer_callback(seed.app, callback, "ours").await?;
        let caller = platform.authenticate(&seed.token)?;
        let world = Self {
            platform,
            receivers,
            pairs,
        };
        let (platform, caller) = (&world.platform, &caller);
        let asked = stream::iter(0..pairs).map(|pair| async move {
            let (number, user) = (number_of(pair), user_of(pair));
            let wrote = platform.user_writes(user, number, "Hello".into(), None);
            wrote.await.map_err(|e| e.to_string())?;
            let message = OutgoingMessage {
                recipient: Recipient::Number(user),
                content: Content::Interactive(Interactive::PermissionRequest { body: None }),
                context: None,
                opaque: None,
                sent: None,
            };
            let sent = platform.send_message(caller, number, message).await;
            sent.map_err(|e| e.to_string())?;
            Ok::<_, String>(())
        });
        asked.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        // A jump of nothing waits for what the set-up caused.
        world.platform.advance(Duration::ZERO).await?;
        world.receivers.troubled.store(true, Ordering::Release);
        Ok(world)
    }

    fn states(&self) -> Result<BTreeMap<&'static str, u64>, Failure> {
        let (mut states, mut after) = (BTreeMap::new(), None);
        loop {
            let page = self.platform.deliveries(&DeliveryFilter {
                after,
                ..Default::default()
            })?;
            let Some((last, _)) = page.last() else {
                return Ok(states);
            };
            after = Some(last.id);
            for (delivery, _) in &page {
                *states.entry(delivery.state.as_str()).or_default() += 1;
            }
        }
    }

    /// Whether everything that was due has happened.
    fn check(&self, before: u64) -> Result<(), Failure> {
        let now = self.platform.clock().now();
        for pair in 0..self.pairs {
            let held = self.platform.pair(number_of(pair), user_of(pair))?;
            // What was granted for a while has long ended; a card that was not answered would leave nothing either,
            // so the grant itself is looked at.
            let fits = match says(pair) {
                OnPermissionRequest::Reject => held.granted == Permission::None,
                OnPermissionRequest::AcceptPermanent => {
                    held.permission(now) == Permission::Permanent
                }
                _ => {
                    matches!(held.granted, Permission::Temporary { expires } if expires > RuleTime(0))
                }
            };
            if !fits {
                return Err(format!("pair {pair}: {:?} is left", held.granted).into());
            }
        }
        let states = self.states()?;
        let of = |state: DeliveryState| states.get(state.as_str()).copied().unwrap_or(0);
        let whole: u64 = states.values().sum();
        let finished = of(DeliveryState::Delivered) + of(DeliveryState::Abandoned);
        // The answer of each, and the request's status of those that read it only then.
        if whole < before + self.pairs || finished != whole {
            return Err(format!("{before} webhooks before, and then {states:?}").into());
        }
        Ok(())
    }
}

/// Milliseconds of the jumps: a day with nothing due, a week, and the rest of the year.
async fn measured(pairs: u64) -> Result<Vec<(&'static str, f64)>, Failure> {
    let began = Instant::now();
    let world = World::with(pairs).await?;
    let before: u64 = world.states()?.values().sum();
    println!(
        "{pairs} pairs set up in {:.1} s, {before} webhooks delivered",
        began.elapsed().as_secs_f64()
    );
    let mut found = Vec::new();
    // The first answers come after a day.
    for (name, seconds) in [
        ("an hour, nothing due", 3_600),
        ("a week", 7 * DAY),
        ("the rest of a year", YEAR - 7 * DAY - 3_600),
        ("another week, nothing due", 7 * DAY),
    ] {
        let attempts = world.receivers.attempts.load(Ordering::Relaxed);
        let began = Instant::now();
        world.platform.advance(Duration::from_secs(seconds)).await?;
        let took = began.elapsed().as_secs_f64() * 1e3;
        let attempts = world.receivers.attempts.load(Ordering::Relaxed) - attempts;
        println!("  {name}: {took:.1} ms, {attempts} webhook attempts on the way");
        found.push((name, took));
    }
    world.check(before)?;
    world.platform.drain(Duration::from_secs(1)).await;
    Ok(found)
}

async fn run(pairs: u64) -> Result<(), Failure> {
    let mut before: Option<Vec<(&str, f64)>> = None;
    for size in [pairs.div_ceil(10), pairs] {
        let found = measured(size).await?;
        if let Some(smaller) = &before {
            for ((name, took), (_, less)) in found.iter().zip(smaller) {
                println!(
                    "  {name}: {:.1} times that of a tenth",
                    took / less.max(0.001)
                );
            }
        }
        before = Some(found);
    }
    println!("every card was answered and every webhook came to its end");
    Ok(())
}

fn asked_for() -> Result<u64, String> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(10_000),
        (Some("--pairs"), Some(n)) => n
            .parse()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| format!("--pairs: `{n}` is not a number of pairs")),
        _ => Err("advance [--pairs N]".into()),
    }
}

fn main() -> ExitCode {
    let pairs = match asked_for() {
        Ok(pairs) => pairs,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(pairs)),
        Err(e) => Err(e.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("advance: {e}");
            ExitCode::FAILURE
        }
    }
}
