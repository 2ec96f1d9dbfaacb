//! The newest entries, bounded in number and in bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Entry;

/// What an entry costs beside its texts.
const OVERHEAD: usize = 512;

#[derive(Debug)]
pub(super) struct Ring {
    entries: VecDeque<Arc<Entry>>,
    most: usize,
    most_bytes: usize,
    bytes: usize,
    /// The number of the next entry; the first one is 1.
    next: u64,
}

fn weight(entry: &Entry) -> usize {
    OVERHEAD + entry.text.len() + entry.event.weight()
}

impl Ring {
    pub(super) const fn new(most: usize, most_bytes: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            most,
            most_bytes,
            bytes: 0,
            next: 1,
        }
    }

    pub(super) fn push(&mut self, entry: impl FnOnce(u64) -> Entry) -> u64 {
        let seq = self.next;
        self.next += 1;
        let entry = Arc::new(entry(seq));
        self.bytes += weight(&entry);
        self.entries.push_back(entry);
        while self.entries.len() > self.most
            || (self.bytes > self.most_bytes && self.entries.len() > 1)
        {
            if let Some(old) = self.entries.pop_front() {
                self.bytes -= weight(&old);
            }
        }
        seq
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    /// The number of the oldest entry, or of the next one where there is none.
    pub(super) fn first(&self) -> u64 {
        self.entries.front().map_or(self.next, |e| e.id.seq)
    }
    pub(super) const fn next(&self) -> u64 {
        self.next
    }
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// At most `limit` entries after number `seq`, and how many between them and `seq` are gone.
    pub(super) fn after(&self, seq: u64, limit: usize) -> (Vec<Arc<Entry>>, u64) {
        let first = self.first();
        let missed = first.saturating_sub(seq.saturating_add(1));
        // Numbers have no holes, so the place follows from the number.
        let skip = seq.saturating_add(1).saturating_sub(first);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let found = self.entries.iter().skip(skip).take(limit);
        (found.cloned().collect(), missed)
    }
}

#[cfg(test)]
mod tests {
    use ahoy_types::RuleTime;

    use super::super::{Concerns, EntryId, Event, Moment};
    use super::*;

    fn entry(seq: u64, text: usize) -> Entry {
        Entry {
            id: EntryId { run: 1, seq },
            at: Moment {
                rule: RuleTime(0),
                real_ms: 0,
            },
            concerns: Concerns::default(),
            completes: None,
            failed: false,
            text: "x".repeat(text),
            event: Event::Reset {},
        }
    }

    #[test]
    fn bytes_are_bounded_and_the_newest_stays() {
        let mut ring = Ring::new(100, 10_000);
        for _ in 0..50 {
            ring.push(|seq| entry(seq, 1_000));
        }
        assert!(ring.bytes() <= 10_000 && ring.len() >= 5, "{}", ring.len());
        ring.push(|seq| entry(seq, 50_000));
        assert_eq!((ring.len(), ring.first()), (1, 51));
        ring.push(|seq| entry(seq, 1));
        assert_eq!((ring.len(), ring.bytes()), (1, OVERHEAD + 1));
    }
}
