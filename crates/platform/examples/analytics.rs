//! What questions about an account's calls cost, by how many calls there are.
//!
//! `benches/analytics --calls 10000000` fills stores with a year of ended calls of one account with a hundred numbers, and times
//! `call_analytics` and the call log on each. The calls are not placed: a loader writes the rows that an ended call
//! leaves (call, charge, volume, sums, log) in batches of a thousand, without media, webhooks or session descriptions.
//! A question reads sums, so what counts for it is how many sums there are: that they are the same as after real
//! calls is what the loader is for. Every answer is held against what was loaded.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ahoy_calling::account::{MessagingLimit, Number, Waba};
use ahoy_calling::act::CallAct;
use ahoy_calling::analytics::{Cell, Figures, Granularity, Question};
use ahoy_calling::calendar::Zone;
use ahoy_calling::limits::{LimitTable, Profile};
use ahoy_calling::price::{Billable, Micros, PriceList};
use ahoy_calling::{Call, CallState, End, EndCause};
use ahoy_media::MediaConfig;
use ahoy_platform::{Caller, Platform, PlatformConfig, Seed};
use ahoy_store::sqlite::SqliteStore;
use ahoy_store::{CallEvent, CallLogFilter, Charge, Store, StoreError, Tx};
use ahoy_types::{BusinessId, CallId, Country, Direction, PhoneNumberId, RuleTime, WaId, WabaId};

const BUSINESS: BusinessId = BusinessId(730_000_000_000_001);
const WABA: WabaId = WabaId(720_000_000_000_001);
const FIRST_NUMBER: u64 = 719_000_000_000_000;
const NUMBERS: u64 = 100;
const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// Country, the beginning of its numbers, and its share of the calls in sixteenths.
const COUNTRIES: [(&str, u64, u64); 8] = [
    ("GB", 447_700_000_000, 5),
    ("IN", 919_000_000_000, 4),
    ("ES", 34_600_000_000, 2),
    ("DE", 491_510_000_000, 1),
    ("KE", 254_710_000_000, 1),
    ("PL", 48_500_000_000, 1),
    ("MX", 525_500_000_000, 1),
    ("FR", 33_600_000_000, 1),
];
const BATCH: u64 = 1_000;
/// How often each question is asked.
const ROUNDS: usize = 7;

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

fn number(n: u64) -> Result<Number, StoreError> {
    let settings = serde_json::json!({"status": "ENABLED"});
    let broken = |e: serde_json::Error| StoreError(e.to_string());
    Ok(Number {
        id: PhoneNumberId(FIRST_NUMBER + n),
        waba: WABA,
        number: WaId::from_u64(442_071_000_000 + n),
        verified_name: "Loaded".into(),
        profile: Profile::Production,
        messaging_limit: MessagingLimit::Tier100k,
        payment_valid: true,
        settings: serde_json::from_value(settings).map_err(broken)?,
        registration: Default::default(),
        about: Default::default(),
        standing: Default::default(),
    })
}

fn drawn(dice: &mut Dice, placed_at: RuleTime) -> (Call, Option<Country>) {
    let mut left = dice.below(COUNTRIES.iter().map(|(_, _, share)| share).sum());
    let mut chosen = COUNTRIES[0];
    for country in COUNTRIES {
        chosen = country;
        if left < country.2 {
            break;
        }
        left -= country.2;
    }
    let user = WaId::from_u64(chosen.1 + dice.below(1_000_000));
    let n = dice.below(NUMBERS);
    let direction = match dice.below(2) {
        0 => Direction::UserInitiated,
        _ => Direction::BusinessInitiated,
    };
    let answered = dice.below(5) > 0;
    let rings = Duration::from_secs(dice.below(30));
    let talks = Duration::from_secs(5 + dice.below(300));
    let mut random = [0; 16];
    random[..8].copy_from_slice(&dice.below(u64::MAX).to_be_bytes());
    random[8..].copy_from_slice(&dice.below(u64::MAX).to_be_bytes());
    let at = if answered {
        placed_at + rings + talks
    } else {
        placed_at + rings
    };
    let call = Call {
        id: CallId::new(user, WaId::from_u64(442_071_000_000 + n), direction, random),
        number: PhoneNumberId(FIRST_NUMBER + n),
        user,
        direction,
        state: CallState::Ended,
        bridge: 0,
        placed_at,
        rang_at: None,
        answered_at: answered.then_some(placed_at + rings),
        business_media_up: answered,
        end: Some(End {
            cause: if answered {
                EndCause::UserHungUp
            } else {
                EndCause::NoAnswer
            },
            at,
        }),
        opaque: None,
        cta_payload: None,
        deeplink_payload: None,
        business_sdp: None,
        platform_sdp: String::new(),
        report: None,
    };
    (call, chosen.0.parse().ok())
}

/// Writes what an ended call leaves; says what it adds to the figures.
fn write(
    tx: &mut dyn Tx,
    prices: &PriceList,
    call: &Call,
    country: Option<Country>,
) -> Result<Figures, StoreError> {
    tx.put_call(call)?;
    let event = |at, act| CallEvent {
        at,
        act,
        detail: None,
        request: None,
    };
    tx.add_call_event(&call.id, &event(call.placed_at, CallAct::Connect))?;
    if let Some(end) = call.end {
        tx.add_call_event(&call.id, &event(end.at, CallAct::End))?;
    }
    let mut cost = Micros(0);
    if let Some(billable) = Billable::of(call, &Zone::utc()) {
        let (month, market) = (billable.month(), prices.market(billable.country));
        let before = tx.month_volume(BUSINESS, &market, month)?;
        let price = prices.price(&billable, before, None);
        tx.add_volume(BUSINESS, &market, month, price.volume)?;
        tx.add_charge(&Charge {
            call: call.id.clone(),
            business: BUSINESS,
            market: market.to_string(),
            month,
            tier: price.tier.to_string(),
            pulses: price.pulses,
            currency: price.currency.to_string(),
            per_minute: price.per_minute,
            cost: price.cost,
        })?;
        cost = price.cost;
    }
    let Some(figures) = Figures::of(call, cost) else {
        return Ok(Figures::default());
    };
    let cell = Cell {
        start: call.placed_at,
        number: Some(call.number),
        country,
        direction: call.direction,
        figures,
    };
    tx.add_call_sums(WABA, &Zone::utc(), call.number, &cell)?;
    Ok(figures)
}

/// A store with this many calls, spread evenly over the year before `now`; and what they add up to.
fn loaded(
    calls: u64,
    now: RuleTime,
    prices: &PriceList,
) -> Result<(SqliteStore, Figures), StoreError> {
    let mut store = SqliteStore::temporary()?;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut all = Figures::default();
    let start = now - YEAR;
    let step = u64::try_from(YEAR.as_millis()).unwrap_or(u64::MAX);
    store.batch(&mut |batch| {
        batch.savepoint(&mut |tx| {
            tx.put_waba(&Waba::new(WABA, BUSINESS, "Loaded"))?;
            for n in 0..NUMBERS {
                tx.put_number(&number(n)?)?;
            }
            Ok(true)
        })
    })?;
    for first in (0..calls).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        store.batch(&mut |batch| {
            // A savepoint a call, as in the ledger; one for them all would keep the old pages of all of them at hand.
            for n in first..calls.min(first + BATCH) {
                batch.savepoint(&mut |tx| {
                    let after = u128::from(step) * u128::from(n) / u128::from(calls);
                    let after = u64::try_from(after).unwrap_or(u64::MAX);
                    let placed_at = start + Duration::from_millis(after);
                    let (call, country) = drawn(&mut dice, placed_at);
                    all.add(write(tx, prices, &call, country)?);
                    Ok(true)
                })?;
            }
            Ok(())
        })?;
    }
    Ok((store, all))
}

struct Asked {
    name: &'static str,
    question: Question,
    numbers: Vec<WaId>,
    /// Whether the answer must hold every call there is.
    whole: bool,
}

fn questions(now: RuleTime) -> Vec<Asked> {
    let ask = |back: Duration, granularity| Question {
        start: now - back,
        end: now,
        granularity,
        zone: Zone::utc(),
        countries: Vec::new(),
        directions: Vec::new(),
        by_number: false,
        by_direction: false,
        by_country: false,
    };
    let days = |n: u64| Duration::from_secs(n * 86_400);
    let mut by_both = ask(YEAR, Granularity::Monthly);
    (by_both.by_country, by_both.by_direction) = (true, true);
    let mut by_number = ask(days(30), Granularity::Daily);
    by_number.by_number = true;
    let one = vec![WaId::from_u64(442_071_000_007)];
    let asked = |name, question, numbers, whole| Asked {
        name,
        question,
        numbers,
        whole,
    };
    vec![
        asked(
            "a year of days",
            ask(YEAR, Granularity::Daily),
            vec![],
            true,
        ),
        asked(
            "a year of months by country and direction",
            by_both,
            vec![],
            true,
        ),
        asked(
            "a week of half hours",
            ask(days(7), Granularity::HalfHour),
            vec![],
            false,
        ),
        asked(
            "a year of half hours",
            ask(YEAR, Granularity::HalfHour),
            vec![],
            true,
        ),
        asked(
            "a year of days, one number",
            ask(YEAR, Granularity::Daily),
            one,
            false,
        ),
        asked("30 days by number", by_number, vec![], false),
    ]
}

/// Median in milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    middle.as_secs_f64() * 1_000.0
}

async fn measured(
    calls: u64,
    prices: &Arc<PriceList>,
) -> Result<Vec<(&'static str, f64)>, Failure> {
    let secs = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = RuleTime::from_secs(i64::try_from(secs)?);
    let began = Instant::now();
    let (store, all) = loaded(calls, now, prices)?;
    let took = began.elapsed();
    let micros = took.as_secs_f64() * 1e6 / calls as f64;
    let bytes: u64 = std::fs::read_dir(store.folder())?
        .filter_map(|file| file.ok()?.metadata().ok())
        .map(|file| file.len())
        .sum();
    println!(
        "{calls} calls loaded in {:.1} s, {micros:.0} µs and {} bytes a call",
        took.as_secs_f64(),
        bytes / calls.max(1)
    );
    let config = PlatformConfig {
        limits: LimitTable::default(),
        prices: prices.clone(),
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
    let caller = platform.authenticate(&seed.token)?;
    let mut found = Vec::new();
    for asked in questions(now) {
        let time = timed(&platform, &caller, &asked, all).await?;
        found.push((asked.name, time));
    }
    let filter = CallLogFilter {
        number: Some(PhoneNumberId(FIRST_NUMBER + 7)),
        since: Some(now - YEAR / 2),
        limit: 100,
        ..CallLogFilter::default()
    };
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        platform.call_log(&filter)?;
        times.push(began.elapsed());
    }
    found.push((
        "100 calls of a number's log, from half a year ago",
        median(times),
    ));
    platform.drain(Duration::from_secs(1)).await;
    Ok(found)
}

async fn timed(
    platform: &Platform,
    caller: &Caller,
    asked: &Asked,
    all: Figures,
) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let (question, numbers) = (asked.question.clone(), asked.numbers.clone());
        let began = Instant::now();
        let points = platform
            .call_analytics(caller, WABA, question, numbers)
            .await?;
        times.push(began.elapsed());
        let mut sum = Figures::default();
        points.iter().for_each(|p| sum.add(p.point.figures));
        if asked.whole && sum != all {
            return Err(format!("{}: {sum:?} was answered, {all:?} loaded", asked.name).into());
        }
    }
    Ok(median(times))
}

async fn run(calls: u64) -> Result<(), Failure> {
    let prices = Arc::new(PriceList::published()?);
    let sizes = [calls / 1_000, calls / 100, calls / 10, calls];
    // From ten thousand on: fewer calls tell nothing.
    let sizes = sizes.into_iter().filter(|size| *size >= 10_000.min(calls));
    let mut before: Option<(u64, Vec<(&str, f64)>)> = None;
    for size in sizes {
        let times = measured(size, &prices).await?;
        for (place, (name, time)) in times.iter().enumerate() {
            let grew = before.as_ref().and_then(|(_, times)| times.get(place));
            match grew {
                Some((_, smaller)) => println!(
                    "  {name}: {time:.2} ms, {:.1} times that of a tenth",
                    time / smaller.max(0.001)
                ),
                None => println!("  {name}: {time:.2} ms"),
            }
        }
        before = Some((size, times));
    }
    println!("every answer holds the calls that were loaded");
    Ok(())
}

fn asked_for() -> Result<u64, String> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(10_000_000),
        (Some("--calls"), Some(n)) => n
            .parse()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| format!("--calls: `{n}` is not a number of calls")),
        _ => Err("analytics [--calls N]".into()),
    }
}

fn main() -> ExitCode {
    let calls = match asked_for() {
        Ok(calls) => calls,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(calls)),
        Err(e) => Err(e.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("analytics: {e}");
            ExitCode::FAILURE
        }
    }
}
