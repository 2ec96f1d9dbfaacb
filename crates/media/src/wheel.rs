//! The 20 ms tick of everything a worker sends by itself: one wheel instead of a timer a call, its calls spread over the 20 ms.

/// Milliseconds of a turn, and slots of the wheel.
const SLOTS: usize = 20;
/// After a pause of the thread at most this much time is made up for; more is skipped.
const MAX_CATCH_UP_MS: u64 = 200;

/// Which calls are ticked in which millisecond of the turn. Pure.
#[derive(Debug)]
pub(crate) struct Wheel {
    slots: [Vec<u32>; SLOTS],
    /// The last millisecond served.
    served: u64,
}

impl Wheel {
    pub fn new() -> Self {
        Self {
            slots: std::array::from_fn(|_| Vec::new()),
            served: 0,
        }
    }
    /// Takes a call in, where there are the fewest. Its first tick comes within 20 ms.
    pub fn insert(&mut self, call: u32) {
        if let Some(slot) = self.slots.iter_mut().min_by_key(|slot| slot.len()) {
            slot.push(call);
        }
    }
    pub fn remove(&mut self, call: u32) {
        for slot in &mut self.slots {
            slot.retain(|known| *known != call);
        }
    }
    pub fn len(&self) -> usize {
        self.slots.iter().map(Vec::len).sum()
    }
    /// The calls due by `now_ms`, appended to `due`.
    pub fn turn(&mut self, now_ms: u64, due: &mut Vec<u32>) {
        let from = self.served.max(now_ms.saturating_sub(MAX_CATCH_UP_MS));
        self.served = self.served.max(now_ms);
        for ms in from + 1..=now_ms {
            due.extend(&self.slots[ms as usize % SLOTS]);
        }
    }
    /// The next millisecond in which something is due; `None` if the wheel is empty.
    pub fn next(&self) -> Option<u64> {
        (self.served + 1..=self.served + SLOTS as u64)
            .find(|ms| !self.slots[*ms as usize % SLOTS].is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_ticks_once_a_turn_and_they_are_spread() {
        let mut wheel = Wheel::new();
        (0..40).for_each(|call| wheel.insert(call));
        let mut counts = [0; 40];
        for ms in 1..=1_000 {
            let mut due = Vec::new();
            wheel.turn(ms, &mut due);
            assert_eq!(due.len(), 2);
            due.iter().for_each(|call| counts[*call as usize] += 1);
        }
        assert_eq!(counts, [50; 40]);
    }

    #[test]
    fn a_late_thread_catches_up_but_not_for_ever() {
        let mut wheel = Wheel::new();
        wheel.insert(1);
        let mut due = Vec::new();
        wheel.turn(100, &mut due);
        assert_eq!(due.len(), 5);
        due.clear();
        wheel.turn(60_000, &mut due);
        assert_eq!(due.len(), 10);
        due.clear();
        wheel.turn(60_000, &mut due);
        assert!(due.is_empty());
    }

    #[test]
    fn the_next_tick_is_known() {
        let mut wheel = Wheel::new();
        assert_eq!(wheel.next(), None);
        (0..20).for_each(|call| wheel.insert(call));
        (0..20)
            .filter(|call| *call != 7)
            .for_each(|call| wheel.remove(call));
        assert_eq!(wheel.len(), 1);
        assert_eq!(wheel.next(), Some(7));
        wheel.turn(7, &mut Vec::new());
        assert_eq!(wheel.next(), Some(27));
    }
}
