//! What the sandbox's inspector shows: a bounded log, in memory, of everything that happened, on one time line.
//!
//! It exists only where somebody asked for it ([`Platform::inspector`](crate::Platform::inspector)), which `serve` never
//! does. Whoever writes never waits for whoever reads: readers hold a cursor and take what is there.
//! What is old makes room, and a reader that fell behind is told how much it missed.

mod asked;
mod entry;
mod filter;
mod notes;
mod ring;

pub use entry::{
    CallStep, Concerns, Credential, Entry, EntryId, Event, Exchange, Kind, Message, Moment,
    Payload, Phase, WebhookAttempt,
};
pub use filter::TimelineFilter;
pub(crate) use notes::{Attempted, event_of};

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ahoy_types::RuleTime;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::host::Host;
use ring::Ring;

/// Entries kept.
pub const MOST_ENTRIES: usize = 10_000;
/// Bytes kept, bodies and what else an entry holds.
pub const MOST_BYTES: usize = 32 << 20;
/// Bytes of one body kept.
pub const MOST_BODY: usize = 64 << 10;
/// Entries looked at under the lock at once.
const CHUNK: usize = 256;

/// The log.
pub struct Inspector {
    run: u64,
    clock: Arc<Clock>,
    host: Arc<dyn Host>,
    began: Instant,
    ring: Mutex<Ring>,
    latest: watch::Sender<u64>,
}

/// An entry that has no place yet.
#[derive(Debug)]
pub struct Draft {
    /// When it began; `None` for now.
    pub at: Option<Moment>,
    /// Whom it concerns.
    pub concerns: Concerns,
    /// The entry that this one completes.
    pub completes: Option<u64>,
    /// Whether something went wrong.
    pub failed: bool,
    /// One sentence.
    pub text: String,
    /// What happened.
    pub event: Event,
}

impl Draft {
    /// Something that happens now and is as it should be.
    pub fn now(concerns: Concerns, text: String, event: Event) -> Self {
        Self {
            at: None,
            concerns,
            completes: None,
            failed: false,
            text,
            event,
        }
    }
}

/// What a reader gets.
#[derive(Debug)]
pub struct Batch {
    /// Entries in the order they were written.
    pub entries: Vec<Arc<Entry>>,
    /// Where to go on.
    pub next: EntryId,
    /// How many entries between the reader's place and the first one here are no longer kept.
    pub missed: u64,
    /// Whether the log goes on after `next`.
    pub more: bool,
}

/// Where a reader begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// With the oldest entry kept.
    Oldest,
    /// With the newest so many.
    Last(usize),
    /// After this one. One of another run of the server means from the oldest.
    After(EntryId),
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (entries, bytes) = self.size();
        f.debug_struct("Inspector")
            .field("entries", &entries)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

impl Inspector {
    pub(crate) fn new(clock: Arc<Clock>, host: Arc<dyn Host>) -> Self {
        Self {
            run: u64::try_from(host.system_ms()).unwrap_or(0),
            clock,
            began: host.instant(),
            host,
            ring: Mutex::new(Ring::new(MOST_ENTRIES, MOST_BYTES)),
            latest: watch::Sender::new(0),
        }
    }

    // Nothing panics while the lock is held; a poisoned log is still a right one.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Both clocks now. Real time is the monotonic clock's, laid over the wall's at the start: it never steps back.
    pub fn moment(&self) -> Moment {
        let passed = self.host.instant().saturating_duration_since(self.began);
        let passed = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        Moment {
            rule: self.clock.now(),
            real_ms: self.run.saturating_add(passed),
        }
    }

    /// Writes an entry; says its number.
    pub fn note(&self, draft: Draft) -> u64 {
        let at = draft.at.unwrap_or_else(|| self.moment());
        let mut ring = self.ring();
        let seq = ring.push(|seq| Entry {
            id: EntryId { run: self.run, seq },
            at,
            concerns: draft.concerns,
            completes: draft.completes,
            failed: draft.failed,
            text: draft.text,
            event: draft.event,
        });
        drop(ring);
        self.latest.send_replace(seq);
        seq
    }

    /// Forgets everything: the sandbox starts over.
    pub(crate) fn clear(&self) {
        self.ring().clear();
        let text = "The sandbox was reset: everything before this is gone.".to_owned();
        self.note(Draft::now(Concerns::default(), text, Event::Reset {}));
    }

    /// Numbers of the newest entry, as they change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// The place in the log that `from` means.
    pub fn place(&self, from: From) -> EntryId {
        let ring = self.ring();
        let before = |seq: u64| EntryId {
            run: self.run,
            seq: seq.saturating_sub(1),
        };
        match from {
            From::After(id) if id.run == self.run => id,
            From::Oldest | From::After(_) => before(ring.first()),
            From::Last(n) => {
                let n = u64::try_from(n).unwrap_or(u64::MAX);
                before(ring.next().saturating_sub(n).max(ring.first()))
            }
        }
    }

    /// At most `limit` entries after `place` that fit, and at most `look` looked at. The lock is held for a few
    /// hundred of them at a time.
    pub fn read(
        &self,
        place: EntryId,
        filter: &TimelineFilter,
        limit: usize,
        look: usize,
    ) -> Batch {
        let mut batch = Batch {
            entries: Vec::new(),
            next: place,
            missed: 0,
            more: true,
        };
        let mut looked = 0;
        while batch.more && batch.entries.len() < limit && looked < look {
            let (chunk, missed) = self.ring().after(batch.next.seq, CHUNK);
            batch.missed += missed;
            batch.next.seq += missed;
            batch.more = chunk.len() == CHUNK;
            for entry in chunk {
                if batch.entries.len() == limit {
                    batch.more = true;
                    break;
                }
                looked += 1;
                batch.next = entry.id;
                if filter.takes(&entry) {
                    batch.entries.push(entry);
                }
            }
        }
        batch
    }

    /// How much is kept: entries and bytes.
    pub fn size(&self) -> (usize, usize) {
        let ring = self.ring();
        (ring.len(), ring.bytes())
    }
}

/// Real milliseconds of a duration, with their fraction.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

impl Moment {
    /// The same instant so much earlier on both clocks.
    pub fn before(self, real: Duration) -> Self {
        let ms = u64::try_from(real.as_millis()).unwrap_or(u64::MAX);
        Self {
            rule: RuleTime(
                self.rule
                    .0
                    .saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX)),
            ),
            real_ms: self.real_ms.saturating_sub(ms),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::host::Tokio;

    fn inspector() -> Inspector {
        Inspector::new(Arc::new(Clock::default()), Arc::new(Tokio))
    }

    fn say(inspector: &Inspector, failed: bool) -> u64 {
        let mut draft = Draft::now(Concerns::default(), "x".into(), Event::Reset {});
        draft.failed = failed;
        inspector.note(draft)
    }

    fn seqs(batch: &Batch) -> Vec<u64> {
        batch.entries.iter().map(|e| e.id.seq).collect()
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let log = inspector();
        for _ in 0..5 {
            say(&log, false);
        }
        let all = TimelineFilter::default();
        let first = log.read(log.place(From::Oldest), &all, 2, 100);
        assert_eq!((seqs(&first), first.more), (vec![1, 2], true));
        let rest = log.read(first.next, &all, 100, 100);
        assert_eq!((seqs(&rest), rest.more), (vec![3, 4, 5], false));
        assert_eq!(
            seqs(&log.read(log.place(From::Last(2)), &all, 9, 9)),
            [4, 5]
        );
        let none = log.read(rest.next, &all, 9, 9);
        assert_eq!((seqs(&none), none.next), (vec![], rest.next));
        let text: EntryId = rest.next.to_string().parse().unwrap();
        assert_eq!(text, rest.next);
        let other_run = EntryId { run: 7, seq: 4 };
        assert_eq!(log.place(From::After(other_run)), log.place(From::Oldest));
    }

    #[test]
    fn failures_alone_are_found_among_many() {
        let log = inspector();
        for n in 0..2_000 {
            say(&log, n % 1_000 == 999);
        }
        let filter = TimelineFilter {
            failures: true,
            ..TimelineFilter::default()
        };
        let batch = log.read(log.place(From::Oldest), &filter, 10, usize::MAX);
        assert_eq!((seqs(&batch), batch.more), (vec![1_000, 2_000], false));
        let short = log.read(log.place(From::Oldest), &filter, 10, 300);
        assert!(
            short.entries.is_empty() && short.more,
            "it looks at so many"
        );
    }

    #[test]
    fn who_fell_behind_is_told_how_far() {
        let log = inspector();
        let start = log.place(From::Oldest);
        for _ in 0..MOST_ENTRIES + 3 {
            say(&log, false);
        }
        let batch = log.read(start, &TimelineFilter::default(), 1, 1);
        assert_eq!((batch.missed, seqs(&batch)), (3, vec![4]));
        assert_eq!(log.size().0, MOST_ENTRIES);
    }

    #[test]
    fn a_reset_forgets_and_numbers_go_on() {
        let log = inspector();
        say(&log, false);
        log.clear();
        let batch = log.read(log.place(From::Oldest), &TimelineFilter::default(), 9, 9);
        assert_eq!(seqs(&batch), [2]);
        assert_eq!(batch.entries[0].event.kind(), Kind::Reset);
    }
}
