//! What reads of settings and permissions cost, by how many numbers and pairs there are.
//!
//! `benches/reads --pairs 1000000` fills SQLite with a hundredth, a tenth and all of the pairs, a hundred pairs a number,
//! and asks each store the same questions at random places: through the platform, and as a whole request through the
//! Graph's router. Sockets are left out: they cost the same however many rows there are.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ahoy_calling::Pair;
use ahoy_calling::account::{Callback, MessagingLimit, Number, User, Waba};
use ahoy_calling::limits::{LimitTable, Limits, Profile};
use ahoy_calling::price::PriceList;
use ahoy_calling::settings::{CallHours, CallingSettings, OpenHours, Switch};
use ahoy_calling::simulated::Behaviour;
use ahoy_graph::{CallbackVerifier, GraphState, Verifying, router};
use ahoy_media::MediaConfig;
use ahoy_platform::{Caller, Platform, PlatformConfig, Recipient, Seed, calling_of};
use ahoy_store::sqlite::SqliteStore;
use ahoy_store::{Store, StoreError};
use ahoy_types::{BusinessId, PhoneNumberId, RuleTime, TimeOfDay, WaId, WabaId, Weekday};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

const BUSINESS: BusinessId = BusinessId(730_000_000_000_001);
/// The loaded numbers' account; the seeded one has two numbers of its own.
const WABA: WabaId = WabaId(720_000_000_000_009);
const FIRST_NUMBER: u64 = 719_000_000_000_000;
const FIRST_DIGITS: u64 = 442_070_000_000;
const FIRST_USER: u64 = 447_400_000_000;
const PAIRS_A_NUMBER: u64 = 100;
/// Numbers or users written in one commit.
const BATCH: u64 = 1_000;
/// Reads of each kind that are timed, and before them those that warm caches.
const READS: usize = 20_000;
const WARM: usize = 2_000;
type Failure = Box<dyn std::error::Error>;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Every fifth number has hours, as a shop would set them.
fn number(n: u64) -> Result<Number, StoreError> {
    let broken = |e: &dyn std::fmt::Display| StoreError(e.to_string());
    let time = |text: &str| text.parse::<TimeOfDay>().map_err(|e| broken(&e));
    let (opens, closes) = (time("0900")?, time("1730")?);
    let hours = CallHours {
        status: Switch::Enabled,
        timezone_id: "Europe/London".into(),
        weekly_operating_hours: Weekday::ALL
            .iter()
            .map(|day| OpenHours {
                day_of_week: *day,
                open_time: opens,
                close_time: closes,
            })
            .collect(),
        holiday_schedule: Vec::new(),
    };
    Ok(Number {
        id: PhoneNumberId(FIRST_NUMBER + n),
        waba: WABA,
        number: WaId::from_u64(FIRST_DIGITS + n),
        verified_name: format!("Shop {n}"),
        profile: Profile::Production,
        messaging_limit: MessagingLimit::Tier100k,
        payment_valid: true,
        settings: CallingSettings {
            status: Switch::Enabled,
            call_hours: n.is_multiple_of(5).then_some(hours),
            ..Default::default()
        },
        registration: Default::default(),
        about: Default::default(),
        standing: Default::default(),
    })
}

/// A pair that asked, was granted and called a few times in the last week.
fn pair(dice: &mut Dice, limits: &Limits, now: RuleTime) -> Pair {
    let ago = |seconds| now - Duration::from_secs(seconds);
    let mut pair = Pair::default();
    let asked = 86_400 + dice.below(5 * 86_400);
    pair.requested(ago(asked));
    match dice.below(4) {
        0 => {}
        1 => pair.grant_permanent(),
        _ => {
            pair.grant_temporary(limits, ago(asked - 60));
        }
    }
    let mut called: Vec<u64> = (0..dice.below(4)).map(|_| dice.below(86_000)).collect();
    called.sort_unstable_by_key(|ago| std::cmp::Reverse(*ago));
    pair.connected = called.into_iter().map(ago).collect();
    pair
}

fn loaded(pairs: u64, now: RuleTime) -> Result<SqliteStore, StoreError> {
    let numbers = pairs.div_ceil(PAIRS_A_NUMBER);
    let mut store = SqliteStore::temporary()?;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let limits = Limits::default();
    store.batch(&mut |batch| {
        batch.savepoint(&mut |tx| {
            tx.put_waba(&Waba::new(WABA, BUSINESS, "Loaded"))?;
            Ok(true)
        })
    })?;
    for first in (0..numbers).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        store.batch(&mut |batch| {
            for n in first..numbers.min(first + BATCH) {
                batch.savepoint(&mut |tx| {
                    tx.put_number(&number(n)?)?;
                    // Neighbours in the store are not neighbours in a user's list: each number has users of its own.
                    for of_number in 0..PAIRS_A_NUMBER {
                        let user = WaId::from_u64(FIRST_USER + n * PAIRS_A_NUMBER + of_number);
                        tx.put_pair(
                            PhoneNumberId(FIRST_NUMBER + n),
                            user,
                            &pair(&mut dice, &limits, now),
                        )?;
                        tx.put_user(&User {
                            wa_id: user,
                            name: None,
                            country: user.country(),
                            behaviour: Some(Behaviour::default()),
                            identity: Default::default(),
                            client: Default::default(),
                            created_at: now,
                        })?;
                    }
                    Ok(true)
                })?;
            }
            Ok(())
        })?;
    }
    Ok(store)
}

/// No read asks anybody's callback.
struct Nobody;

impl CallbackVerifier for Nobody {
    fn verify(&self, _: Callback) -> Verifying {
        Box::pin(async { Err("nobody is asked here".to_owned()) })
    }
}

struct Asked {
    platform: Platform,
    router: Router,
    caller: Caller,
    token: String,
    numbers: u64,
    dice: Dice,
}

/// Percentiles of one kind of read, in microseconds.
#[derive(Clone, Copy)]
struct Spread {
    p50: f64,
    p99: f64,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| {
            let time = times.get(times.len() * percent / 100);
            time.copied().unwrap_or_default().as_secs_f64() * 1e6
        };
        Self {
            p50: at(50),
            p99: at(99),
        }
    }
}

impl Asked {
    fn pair(&mut self) -> (PhoneNumberId, WaId) {
        let n = self.dice.below(self.numbers);
        let of_number = self.dice.below(PAIRS_A_NUMBER);
        let user = FIRST_USER + n * PAIRS_A_NUMBER + of_number;
        (PhoneNumberId(FIRST_NUMBER + n), WaId::from_u64(user))
    }

    fn settings(&mut self) -> Result<Duration, Failure> {
        let (id, _) = self.pair();
        let began = Instant::now();
        let number = self.platform.number_for(&self.caller, id)?;
        let shown = calling_of(&number, None, self.platform.clock().now());
        let took = began.elapsed();
        let hours = (id.0 - FIRST_NUMBER).is_multiple_of(5);
        if serde_json::to_string(&shown)?.contains("Europe/London") != hours {
            return Err(format!("the settings of {id} are not those that were loaded").into());
        }
        Ok(took)
    }

    fn permission(&mut self) -> Result<Duration, Failure> {
        let (id, user) = self.pair();
        let recipient = Recipient::Number(user);
        let began = Instant::now();
        let view = self
            .platform
            .call_permissions(&self.caller, id, &recipient)?;
        let took = began.elapsed();
        if view.requests_week.used != 1 {
            return Err(format!("the pair of {id} and {user} is not the one loaded").into());
        }
        Ok(took)
    }

    async fn request(&mut self, settings: bool) -> Result<Duration, Failure> {
        let (id, user) = self.pair();
        let uri = if settings {
            format!("/v25.0/{id}/settings")
        } else {
            format!("/v25.0/{id}/call_permissions?user_wa_id={user}")
        };
        let request = Request::get(uri)
            .header("authorization", format!("Bearer {}", self.token))
            .body(Body::empty())?;
        let router = self.router.clone();
        let began = Instant::now();
        let response = router.oneshot(request).await?;
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await?;
        let took = began.elapsed();
        if status != StatusCode::OK {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("{status} was answered: {body}").into());
        }
        Ok(took)
    }

    async fn all(&mut self) -> Result<Vec<(&'static str, Spread)>, Failure> {
        let mut found = Vec::new();
        for (name, kind) in [
            ("settings, platform", 0),
            ("settings, HTTP", 1),
            ("permission, platform", 2),
            ("permission, HTTP", 3),
        ] {
            let mut times = Vec::with_capacity(READS);
            for n in 0..WARM + READS {
                let took = match kind {
                    0 => self.settings()?,
                    1 => self.request(true).await?,
                    2 => self.permission()?,
                    _ => self.request(false).await?,
                };
                if n >= WARM {
                    times.push(took);
                }
            }
            found.push((name, Spread::of(times)));
        }
        Ok(found)
    }
}

async fn measured(pairs: u64) -> Result<Vec<(&'static str, Spread)>, Failure> {
    let secs = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = RuleTime::from_secs(i64::try_from(secs)?);
    let began = Instant::now();
    let store = loaded(pairs, now)?;
    let bytes: u64 = std::fs::read_dir(store.folder())?
        .filter_map(|file| file.ok()?.metadata().ok())
        .map(|file| file.len())
        .sum();
    let numbers = pairs.div_ceil(PAIRS_A_NUMBER);
    println!(
        "{numbers} numbers and {} pairs loaded in {:.1} s, {} MB",
        numbers * PAIRS_A_NUMBER,
        began.elapsed().as_secs_f64(),
        bytes / 1_000_000
    );
    let mut limits = LimitTable::default();
    // The limit of reads a second and number would refuse the benchmark.
    limits.production.permission_reads_per_second = u32::MAX;
    let config = PlatformConfig {
        limits,
        prices: Arc::new(PriceList::published()?),
        create_users: false,
        phone_media_wait: Duration::ZERO,
        media: MediaConfig {
            workers: 1,
            ..MediaConfig::default()
        },
    };
    let (platform, _jobs) = Platform::start(Box::new(store), config).await?;
    let seed = Seed {
        users: Vec::new(),
        ..Seed::default()
    };
    platform.plant(&seed).await?;
    let mut asked = Asked {
        router: router(GraphState::new(platform.clone(), Arc::new(Nobody))),
        caller: platform.authenticate(&seed.token)?,
        token: seed.token,
        numbers,
        dice: Dice(0x2545_f491_4f6c_dd1d),
        platform: platform.clone(),
    };
    let found = asked.all().await?;
    platform.drain(Duration::from_secs(1)).await;
    Ok(found)
}

async fn run(pairs: u64) -> Result<(), Failure> {
    let mut before: Option<Vec<(&str, Spread)>> = None;
    for size in [pairs / 100, pairs / 10, pairs] {
        let found = measured(size.max(PAIRS_A_NUMBER)).await?;
        for (place, (name, spread)) in found.iter().enumerate() {
            let smaller = before.as_ref().and_then(|found| found.get(place));
            let growth = smaller.map(|(_, smaller)| {
                (
                    spread.p50 / smaller.p50.max(1.0),
                    spread.p99 / smaller.p99.max(1.0),
                )
            });
            let told = match growth {
                Some((p50, p99)) => format!("; {p50:.1} and {p99:.1} times those of a tenth"),
                None => String::new(),
            };
            println!(
                "  {name}: p50 {:.0} µs, p99 {:.0} µs{told}",
                spread.p50, spread.p99
            );
        }
        before = Some(found);
    }
    println!("every read answered what was loaded");
    Ok(())
}

fn asked_for() -> Result<u64, String> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(1_000_000),
        (Some("--pairs"), Some(n)) => n
            .parse()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| format!("--pairs: `{n}` is not a number of pairs")),
        _ => Err("reads [--pairs N]".into()),
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
            eprintln!("reads: {e}");
            ExitCode::FAILURE
        }
    }
}
