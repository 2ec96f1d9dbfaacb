//! What is arriving of media files, so that quotas hold while uploads run side by side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ahoy_calling::Refusal;
use ahoy_calling::limits::MediaLimits;
use ahoy_calling::media::{Holding, may_take};
use ahoy_store::MediaHeld;
use ahoy_types::PhoneNumberId;

/// Uploads under way, of each number and of all.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Numbers with uploads under way.
    numbers: HashMap<PhoneNumberId, Count>,
    all: Count,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    under_way: u64,
    /// Bytes that have arrived of those under way.
    arrived: u64,
    /// What was finished since somebody began to count.
    finished: MediaHeld,
}

/// An upload that is counted, until this is dropped.
#[derive(Debug)]
pub(crate) struct Arrival {
    arrivals: Arc<Arrivals>,
    number: PhoneNumberId,
    arrived: u64,
    /// What was stored when it began, without what had been finished by then: of its number, of all.
    base: [MediaHeld; 2],
}

impl Arrivals {
    // Nothing panics while the lock is held.
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an upload that begins. `stored` is looked at when it is counted already: what is finished in between may count
    /// twice and never not at all.
    pub(crate) fn begin<E>(
        self: &Arc<Self>,
        number: PhoneNumberId,
        stored: impl FnOnce() -> Result<[MediaHeld; 2], E>,
    ) -> Result<Arrival, E> {
        let before = {
            let mut counts = self.lock();
            counts.all.under_way += 1;
            let all = counts.all.finished;
            let own = counts.numbers.entry(number).or_default();
            own.under_way += 1;
            [own.finished, all]
        };
        let mut arrival = Arrival {
            arrivals: self.clone(),
            number,
            arrived: 0,
            base: [MediaHeld::default(); 2],
        };
        let stored = stored()?;
        for ((base, stored), before) in arrival.base.iter_mut().zip(stored).zip(before) {
            // Modulo 2^64: the difference to what is finished later is what counts.
            base.bytes = stored.bytes.wrapping_sub(before.bytes);
            base.files = stored.files.wrapping_sub(before.files);
        }
        Ok(arrival)
    }
}

impl Counts {
    /// The counts an upload is part of.
    fn of(&mut self, number: PhoneNumberId) -> [&mut Count; 2] {
        [self.numbers.entry(number).or_default(), &mut self.all]
    }
}

impl Arrival {
    /// So many more bytes have arrived.
    pub(crate) fn more(&mut self, bytes: u64) {
        self.arrived += bytes;
        for count in self.arrivals.lock().of(self.number) {
            count.arrived += bytes;
        }
    }

    /// Whether the quotas let it go on.
    ///
    /// # Errors
    /// As [`may_take`].
    pub(crate) fn check(&self, limits: &MediaLimits) -> Result<(), Refusal> {
        let mut counts = self.arrivals.lock();
        let [own, all] = counts.of(self.number);
        let holding = |base: MediaHeld, count: &Count| Holding {
            bytes: base
                .bytes
                .wrapping_add(count.finished.bytes)
                .saturating_add(count.arrived),
            files: base
                .files
                .wrapping_add(count.finished.files)
                .saturating_add(count.under_way),
            uploads: count.under_way,
        };
        may_take(
            &holding(self.base[0], own),
            &holding(self.base[1], all),
            limits,
        )
    }

    /// It is stored as a whole.
    pub(crate) fn finished(self) {
        for count in self.arrivals.lock().of(self.number) {
            count.finished.bytes = count.finished.bytes.wrapping_add(self.arrived);
            count.finished.files = count.finished.files.wrapping_add(1);
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let mut counts = self.arrivals.lock();
        for count in counts.of(self.number) {
            count.under_way -= 1;
            count.arrived -= self.arrived;
        }
        let idle = counts
            .numbers
            .get(&self.number)
            .is_some_and(|count| count.under_way == 0);
        if idle {
            counts.numbers.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::convert::Infallible;

    use super::*;

    const NUMBER: PhoneNumberId = PhoneNumberId(1);

    fn limits() -> MediaLimits {
        MediaLimits {
            number_bytes: 100,
            number_uploads: 2,
            all_bytes: 150,
            all_uploads: 3,
            ..MediaLimits::default()
        }
    }

    fn begin(arrivals: &Arc<Arrivals>, number: PhoneNumberId, stored: u64) -> Arrival {
        let held = MediaHeld {
            bytes: stored,
            files: 1,
        };
        let begun = arrivals.begin(number, || Ok::<_, Infallible>([held; 2]));
        begun.unwrap()
    }

    #[test]
    fn what_arrives_side_by_side_counts_together() {
        let arrivals = Arc::new(Arrivals::default());
        let (mut a, mut b) = (begin(&arrivals, NUMBER, 10), begin(&arrivals, NUMBER, 10));
        a.more(60);
        b.more(30);
        assert!(a.check(&limits()).is_ok() && b.check(&limits()).is_ok());
        b.more(1);
        assert!(matches!(b.check(&limits()), Err(Refusal::MediaUpload(_))));
        drop(b);
        assert!(a.check(&limits()).is_ok());
        // What was finished since an upload began counts for it.
        let mut c = begin(&arrivals, NUMBER, 10);
        a.finished();
        c.more(31);
        assert!(c.check(&limits()).is_err());
        drop(c);
        assert!(arrivals.lock().numbers.is_empty());
    }

    #[test]
    fn no_number_has_more_uploads_than_its_share_and_all_no_more_than_there_are() {
        let arrivals = Arc::new(Arrivals::default());
        let full =
            |arrival: &Arrival| matches!(arrival.check(&limits()), Err(Refusal::Full { .. }));
        let own = [begin(&arrivals, NUMBER, 0), begin(&arrivals, NUMBER, 0)];
        assert!(!own.iter().any(full));
        assert!(full(&begin(&arrivals, NUMBER, 0)), "a third of the number");
        let other = begin(&arrivals, PhoneNumberId(2), 0);
        assert!(!full(&other), "the other number has its share");
        assert!(
            full(&begin(&arrivals, PhoneNumberId(3), 0)),
            "a fourth of all"
        );
        drop(own);
        assert!(!full(&begin(&arrivals, PhoneNumberId(3), 0)));
    }

    #[test]
    fn a_store_that_cannot_be_read_leaves_nothing_counted() {
        let arrivals = Arc::new(Arrivals::default());
        assert_eq!(arrivals.begin(NUMBER, || Err(())).unwrap_err(), ());
        let counts = arrivals.lock();
        assert!(counts.numbers.is_empty() && counts.all.under_way == 0);
    }
}
