//! A process that commits is killed at random instants: what it has told of is there afterwards, and no batch by half.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ahoy_calling::CallState;
use ahoy_store::conformance::samples::{self, APP, NOW, NUMBER, call_id};
use ahoy_store::sqlite::SqliteStore;
use ahoy_store::{
    DeliveryFilter, DeliveryState, NewDelivery, Result, Store, StoreError, TimerKind, Tx,
};
use ahoy_types::{DeliveryId, Direction};

/// Tells the child which folder to commit into.
const FOLDER: &str = "AHOY_STORE_CRASH_FOLDER";
const ROUNDS: u64 = 25;

/// Whether job `n` is kept: every fifth is refused, and must leave no trace.
fn kept(n: u64) -> bool {
    n % 5 != 4
}

/// A body that only job `n` has; every sixteenth is long, so that the log is moved into the database often.
fn body(n: u64) -> Vec<u8> {
    let length = if n.is_multiple_of(16) { 60_000 } else { 1_200 };
    format!("{n:>20}").bytes().cycle().take(length).collect()
}

/// What job `n` commits: a call in some state of its life, its webhook, a timer.
fn job(tx: &mut dyn Tx, n: u64) -> Result<DeliveryId> {
    let mut call = samples::call(n, NUMBER, Direction::UserInitiated);
    call.user = ahoy_types::WaId::from_u64(10_000_000 + n);
    tx.put_call(&call)?;
    tx.put_pair(NUMBER, call.user, &samples::pair())?;
    call.state = CallState::Connected;
    call.business_sdp = Some(samples::sdp("active"));
    tx.put_call(&call)?;
    let lane = Some(call.id.clone());
    let webhook = samples::delivery(APP, lane, DeliveryState::Sending);
    let delivery = tx.add_delivery(&NewDelivery {
        body: body(n),
        ..webhook
    })?;
    tx.add_timer(NOW, &TimerKind::RingTimeout { call: call.id })?;
    Ok(delivery)
}

fn next(rows: &mut dyn ahoy_store::Rows) -> Result<u64> {
    let stored = rows.meta("next")?.unwrap_or_else(|| "0".into());
    stored
        .parse()
        .map_err(|_| StoreError(format!("next is {stored}")))
}

#[test]
#[ignore = "the process that the other tests start and kill"]
fn child() {
    let folder = std::env::var_os(FOLDER).expect("only the other tests start this one");
    let mut store = SqliteStore::open(Path::new(&folder)).expect("a free folder");
    let mut out = std::io::stdout();
    writeln!(out, "open").expect("somebody listens");
    loop {
        let mut told = Vec::new();
        store
            .batch(&mut |batch| {
                let mut first = 0;
                batch.savepoint(&mut |tx| next(tx).map(|n| first = n).and(Ok(false)))?;
                let size = first % 7 + 1;
                for n in first..first + size {
                    batch.savepoint(&mut |tx| {
                        let delivery = job(tx, n)?;
                        if kept(n) {
                            told.push((n, delivery));
                        }
                        Ok(kept(n))
                    })?;
                }
                let next = (first + size).to_string();
                batch.savepoint(&mut |tx| tx.put_meta("next", &next).and(Ok(true)))
            })
            .expect("a commit");
        let lines: String = told
            .iter()
            .map(|(n, delivery)| format!("committed {n} {delivery}\n"))
            .collect();
        // The parent may be gone with its test.
        if out.write_all(lines.as_bytes()).and(out.flush()).is_err() {
            return;
        }
    }
}

fn start(folder: &Path) -> (Child, impl Iterator<Item = String>) {
    let mut child = Command::new(std::env::current_exe().expect("this test's own file"))
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut pipe = BufReader::new(child.stdout.take().expect("a pipe"));
    let lines = std::iter::from_fn(move || {
        let mut line = String::new();
        // A line without its end is the trace of a killed writer: it was not told.
        let read = pipe.read_line(&mut line).expect("text");
        (read > 0 && line.ends_with('\n')).then(|| line.trim().to_owned())
    });
    (child, lines)
}

/// `(n, delivery)` out of the child's line; nothing out of what the test harness says.
fn told(line: &str) -> Option<(u64, DeliveryId)> {
    let (n, delivery) = line.strip_prefix("committed ")?.split_once(' ')?;
    Some((n.parse().ok()?, delivery.parse().ok()?))
}

fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

/// Everything that must hold of the folder after a kill; says how many jobs were committed.
fn verify(folder: &Path, committed: &[(u64, DeliveryId)]) -> u64 {
    let store = SqliteStore::open(folder).expect("the dead process holds no lock");
    store.check().expect("a sound database");
    let mut jobs = 0;
    let mut reader = store.reader().expect("a reader");
    reader
        .read(&mut |rows| {
            jobs = next(rows)?;
            for n in 0..jobs + 8 {
                let there = n < jobs && kept(n);
                let filter = DeliveryFilter {
                    call: Some(call_id(n)),
                    ..Default::default()
                };
                let deliveries = rows.deliveries(&filter)?;
                let bodies: Vec<&[u8]> = deliveries.iter().map(|d| d.body.as_slice()).collect();
                let expected = body(n);
                let call = rows.call(&call_id(n))?;
                assert_eq!(call.is_some(), there, "call {n} of {jobs}");
                match there {
                    true => assert!(bodies == [&expected], "webhook {n} of {jobs}"),
                    false => assert!(bodies.is_empty(), "webhook {n} of {jobs}"),
                }
            }
            for (n, delivery) in committed {
                assert!(*n < jobs, "{n} was told of, and only {jobs} are there");
                let found = rows
                    .delivery(*delivery)?
                    .expect("a webhook that was told of");
                assert_eq!(found.lane, Some(call_id(*n)));
            }
            Ok(())
        })
        .expect("readable rows");
    jobs
}

#[test]
fn what_was_committed_survives_kill_9_at_any_instant() {
    let temporary = SqliteStore::temporary().expect("a temporary folder");
    let folder = temporary.folder().join("data");
    let mut committed = Vec::new();
    let mut jobs = 0;
    for round in 0..ROUNDS {
        // Some die while they open the database, some early, some after the log was moved several times.
        let after = [0, 20, 400][usize::try_from(round % 3).expect("small")];
        let (mut child, mut lines) = start(&folder);
        let mut listen = |count: u64| {
            for _ in 0..count {
                committed.extend(told(
                    &lines.next().expect("the child lives until it is killed"),
                ));
            }
        };
        listen(random(after + 1));
        // Not in place of an event: the instant of the kill is what is drawn.
        std::thread::sleep(Duration::from_micros(random(6_000)));
        child.kill().expect("SIGKILL");
        child.wait().expect("its end");
        // What it had told before it died may still be in the pipe.
        committed.extend(lines.filter_map(|line| told(&line)));
        let now = verify(&folder, &committed);
        assert!(now >= jobs, "round {round} lost jobs");
        jobs = now;
    }
    assert!(
        committed.len() > 100,
        "only {} jobs were told of",
        committed.len()
    );
}

#[test]
fn a_folder_in_use_by_another_process_is_refused_with_its_number() {
    let temporary = SqliteStore::temporary().expect("a temporary folder");
    let folder = temporary.folder().join("data");
    let (mut child, mut lines) = start(&folder);
    assert!(
        lines.any(|line| line.ends_with("open")),
        "the child opened it"
    );
    let refused = SqliteStore::open(&folder).expect_err("a folder in use").0;
    child.kill().expect("SIGKILL");
    let status = child.wait().expect("its end");
    let holder = format!("in use by process {}", child.id());
    assert!(refused.contains(&holder), "{refused} ({status})");
    SqliteStore::open(&folder).expect("a free folder");
}
