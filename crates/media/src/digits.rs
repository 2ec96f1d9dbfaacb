//! Keys the user presses, played into the stream towards the business (`media.md` §9).

use std::collections::VecDeque;
use std::time::Duration;

use ahoy_packet::dtmf::{Digit, EventPacket, Schedule};

/// How long each key is held.
const HOLD: Duration = Duration::from_millis(120);
/// Rest between two keys, in ticks: 80 ms, above the 40 ms receivers need to tell two presses of one key apart.
const REST_TICKS: u32 = 4;
/// One tick.
const TICK: Duration = Duration::from_millis(20);
/// Keys waiting at most.
const MAX_QUEUE: usize = 128;

/// A queue of keys, advanced once in 20 ms. Pure.
#[derive(Debug, Default)]
pub(crate) struct DigitPlayer {
    queue: VecDeque<Digit>,
    playing: Option<Playing>,
    rest: u32,
}

#[derive(Debug)]
struct Playing {
    schedule: std::iter::Peekable<Schedule>,
    ticks: u32,
    /// Fixed by the first packet.
    timestamp: Option<u32>,
}

impl DigitPlayer {
    /// Queues keys; more than the queue holds are dropped.
    pub fn press(&mut self, digits: impl IntoIterator<Item = Digit>) {
        let room = MAX_QUEUE.saturating_sub(self.queue.len());
        self.queue.extend(digits.into_iter().take(room));
    }
    /// Whether ticks are needed.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.playing.is_none() && self.rest == 0
    }
    /// Whether audio has to pause.
    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }
    /// Gives the packets of this tick to `send` with the timestamp of the event, which is `None` for its first packet:
    /// `send` returns the timestamp it chose.
    pub fn tick(&mut self, mut send: impl FnMut(EventPacket, Option<u32>) -> u32) {
        if self.playing.is_none() {
            if self.rest > 0 {
                self.rest -= 1;
                return;
            }
            let Some(digit) = self.queue.pop_front() else {
                return;
            };
            let schedule = Schedule::new(digit, HOLD).peekable();
            self.playing = Some(Playing {
                schedule,
                ticks: 0,
                timestamp: None,
            });
        }
        let Some(playing) = &mut self.playing else {
            return;
        };
        let now = TICK * playing.ticks;
        while let Some(packet) = playing.schedule.next_if(|packet| packet.offset <= now) {
            playing.timestamp = Some(send(packet, playing.timestamp));
        }
        playing.ticks += 1;
        if playing.schedule.peek().is_none() {
            self.playing = None;
            self.rest = REST_TICKS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ahoy_packet::dtmf::{Arrival, Collector};

    #[test]
    fn keys_are_told_apart_and_audio_returns() {
        let mut player = DigitPlayer::default();
        player.press("55#".chars().filter_map(|c| Digit::try_from(c).ok()));
        let (mut collector, mut heard, mut audio, mut clock) =
            (Collector::default(), String::new(), 0, 0);
        let mut sequence = 0;
        for _ in 0..100 {
            clock += 960;
            let mut sent = 0;
            player.tick(|packet, timestamp| {
                sent += 1;
                let timestamp = timestamp.unwrap_or(clock);
                let arrival = Arrival {
                    sequence,
                    marker: packet.marker,
                    timestamp,
                    event: packet.event,
                    at: packet.offset,
                };
                sequence += 1;
                heard.extend(collector.push(arrival).map(Digit::as_char));
                timestamp
            });
            audio += u32::from(sent == 0);
        }
        assert_eq!(heard, "55#");
        assert!(player.is_idle() && audio > 60);
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut player = DigitPlayer::default();
        player.press(
            std::iter::repeat_with(|| Digit::from_code(1))
                .flatten()
                .take(1_000),
        );
        assert_eq!(player.queue.len(), MAX_QUEUE);
    }
}
