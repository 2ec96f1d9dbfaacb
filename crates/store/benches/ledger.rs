//! What a commit of the ledger costs: batches of typical jobs on a real disk.
//!
//! `cargo bench -p ahoy-store` prints the time of a batch and the rows a second; then, for each size, what a job costs,
//! CPU time and bytes written apart from the wait for the disk. A job of the first table places a call: the call, its
//! pair, its webhook and its ring timer, four rows that stay. One of the second is a call from beginning to end, with
//! the reads of the decisions, five changes of state and three webhooks delivered. The folder is made below `TMPDIR`:
//! point it at the disk in question.

use std::time::{Duration, Instant};

use ahoy_calling::{Call, CallState, EndCause};
use ahoy_store::conformance::samples::{self, APP, NOW, NUMBER, call_id};
use ahoy_store::sqlite::{Durability, SqliteStore};
use ahoy_store::{Delivery, DeliveryState, Result, Store, TimerKind, Tx};
use ahoy_types::{Direction, PhoneNumberId, RuleTime, WaId};
use divan::Bencher;
use divan::counter::ItemsCount;

const SIZES: [u64; 3] = [1, 16, 256];
const ROWS_OF_A_JOB: u64 = 4;
const PLACED_BEFORE: u64 = 20_000;

/// A store of the given durability, with its folder.
struct Bed {
    store: SqliteStore,
    next: u64,
    _folder: SqliteStore,
}

impl Bed {
    fn new(durability: Durability) -> Self {
        let folder = SqliteStore::temporary().expect("a temporary folder");
        let store = SqliteStore::open_with(&folder.folder().join("data"), durability)
            .expect("a free folder");
        Self {
            store,
            next: 0,
            _folder: folder,
        }
    }

    fn batch(&mut self, size: u64, job: impl Fn(&mut dyn Tx, u64) -> Result<()>) {
        let first = self.next;
        self.next += size;
        self.store
            .batch(&mut |batch| {
                for n in first..first + size {
                    batch.savepoint(&mut |tx| job(tx, n).map(|()| true))?;
                }
                Ok(())
            })
            .expect("a commit");
    }
}

fn call(n: u64) -> Call {
    // A thousand numbers and as many pairs as calls, as on a busy platform.
    let number = PhoneNumberId(NUMBER.0 + n % 1000);
    let user = WaId::from_u64(10_000_000 + n.wrapping_mul(0x9e37_79b9) % 900_000_000 * 7 + n % 7);
    let placed_at = RuleTime(NOW.0 + n.cast_signed());
    Call {
        user,
        placed_at,
        ..samples::call(n, number, Direction::BusinessInitiated)
    }
}

fn place(tx: &mut dyn Tx, n: u64) -> Result<()> {
    let call = call(n);
    tx.put_call(&call)?;
    tx.put_pair(call.number, call.user, &samples::pair())?;
    tx.add_delivery(&samples::delivery(
        APP,
        Some(call.id.clone()),
        DeliveryState::Sending,
    ))?;
    tx.add_timer(call.placed_at, &TimerKind::RingTimeout { call: call.id })?;
    Ok(())
}

/// What a call costs from beginning to end: the decisions' reads, five changes of state, three webhooks delivered.
fn whole_call(tx: &mut dyn Tx, n: u64) -> Result<()> {
    let mut call = call(n);
    assert_eq!(tx.live_call_of_pair(call.number, call.user)?, None);
    tx.live_calls_of(call.number)?;
    tx.connects_since(call.number, RuleTime(call.placed_at.0 - 86_400_000), 10_000)?;
    tx.pair(call.number, call.user)?;
    place(tx, n)?;
    let states = [
        CallState::Ringing,
        CallState::Answered,
        CallState::Connected,
    ];
    for state in states {
        call.state = state;
        tx.put_call(&call)?;
    }
    tx.delete_timers_of_call(&call.id)?;
    tx.put_call(&samples::ended(call.clone(), EndCause::UserHungUp))?;
    tx.put_report(&call.id, r#"{"verdict":"both sides were heard"}"#)?;
    for state in [DeliveryState::Sending, DeliveryState::Waiting] {
        tx.lane_held(APP, &call.id)?;
        tx.add_delivery(&samples::delivery(APP, Some(call.id.clone()), state))?;
    }
    let filter = ahoy_store::DeliveryFilter {
        call: Some(call.id),
        ..Default::default()
    };
    for row in tx.deliveries(&filter)? {
        tx.add_attempt(&samples::attempt(row.id, 1))?;
        let delivered = DeliveryState::Delivered;
        tx.update_delivery(&Delivery {
            state: delivered,
            attempts: 1,
            holds_lane: false,
            ..row
        })?;
    }
    Ok(())
}

#[divan::bench(args = SIZES)]
fn durable(bencher: Bencher, size: u64) {
    let mut bed = Bed::new(Durability::Full);
    bencher
        .counter(ItemsCount::new(size * ROWS_OF_A_JOB))
        .bench_local(|| bed.batch(size, place));
}

#[divan::bench(args = SIZES)]
fn without_waiting_for_the_disk(bencher: Bencher, size: u64) {
    let mut bed = Bed::new(Durability::Normal);
    bencher
        .counter(ItemsCount::new(size * ROWS_OF_A_JOB))
        .bench_local(|| bed.batch(size, place));
}

/// The count of a number at its limit: a thousand live calls.
#[divan::bench]
fn count_a_thousand_live_calls(bencher: Bencher) {
    let mut bed = Bed::new(Durability::Normal);
    bed.batch(1000, |tx, n| {
        tx.put_call(&Call {
            number: NUMBER,
            ..call(n)
        })
    });
    let mut reader = bed.store.reader().expect("a reader");
    bencher.bench_local(|| {
        reader.read(&mut |rows| rows.live_calls_of(NUMBER).map(|n| assert_eq!(n, 1000)))
    });
}

/// The count of a number at its daily limit.
#[divan::bench]
fn count_ten_thousand_connects(bencher: Bencher) {
    let mut bed = Bed::new(Durability::Normal);
    bed.batch(10_000, |tx, n| {
        tx.put_call(&Call {
            number: NUMBER,
            ..call(n)
        })
    });
    let mut reader = bed.store.reader().expect("a reader");
    bencher.bench_local(|| {
        reader.read(&mut |rows| {
            rows.connects_since(NUMBER, RuleTime(0), 20_000)
                .map(|n| assert_eq!(n, 10_000))
        })
    });
}

/// One call by its id, on a reader, out of a hundred thousand.
#[divan::bench]
fn read_a_call(bencher: Bencher) {
    let mut bed = Bed::new(Durability::Normal);
    for _ in 0..100 {
        bed.batch(1000, |tx, n| tx.put_call(&call(n)));
    }
    let mut reader = bed.store.reader().expect("a reader");
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 7919) % 100_000;
        reader.read(&mut |rows| rows.call(&call_id(n)).map(|found| assert!(found.is_some())))
    });
}

/// What this process has used so far, by Linux's own books; nothing elsewhere.
#[derive(Clone, Copy, Default)]
struct Used {
    /// User and system time, in ticks of 10 ms.
    cpu_ticks: u64,
    /// Bytes handed to `write`.
    written: u64,
}

impl Used {
    fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // Behind the name in brackets: the 12th and 13th field from there (proc(5), utime and stime).
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let times = after_name.split_whitespace().skip(11).take(2);
        let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
        let written = io.lines().find_map(|line| line.strip_prefix("wchar: "));
        Self {
            cpu_ticks: times.filter_map(|t| t.parse::<u64>().ok()).sum(),
            written: written.and_then(|n| n.trim().parse().ok()).unwrap_or(0),
        }
    }
}

fn table(name: &str, job: fn(&mut dyn Tx, u64) -> Result<()>) {
    println!(
        "\n{name}\n jobs a batch | µs a job | CPU µs a job | KiB written a job | jobs/s | commits/s | slowest commit, ms"
    );
    for size in SIZES {
        let mut bed = Bed::new(Durability::Full);
        // A database that has seen some calls: its indexes do not fit one page.
        for _ in 0..PLACED_BEFORE / 256 {
            bed.batch(256, job);
        }
        let (begin, before) = (Instant::now(), Used::now());
        let (mut jobs, mut commits, mut slowest) = (0u64, 0u64, Duration::ZERO);
        while begin.elapsed() < Duration::from_secs(3) {
            let batch = Instant::now();
            bed.batch(size, job);
            slowest = slowest.max(batch.elapsed());
            jobs += size;
            commits += 1;
        }
        let (seconds, used) = (begin.elapsed().as_secs_f64(), Used::now());
        println!(
            "{size:>13} | {:>8.0} | {:>12.0} | {:>17.1} | {:>6.0} | {:>9.0} | {:>18.1}",
            seconds * 1e6 / jobs as f64,
            (used.cpu_ticks - before.cpu_ticks) as f64 * 1e4 / jobs as f64,
            (used.written - before.written) as f64 / 1024.0 / jobs as f64,
            jobs as f64 / seconds,
            commits as f64 / seconds,
            slowest.as_secs_f64() * 1e3,
        );
    }
}

fn main() {
    divan::main();
    // As divan does: names on the command line choose what runs.
    let chosen = |name: &str| {
        std::env::args()
            .skip(1)
            .filter(|a| !a.starts_with('-'))
            .all(|a| name.contains(&a))
    };
    for (name, job) in [
        ("place a call", place as fn(&mut dyn Tx, u64) -> Result<()>),
        ("a whole call", whole_call),
    ] {
        if chosen(name) {
            table(name, job);
        }
    }
}
