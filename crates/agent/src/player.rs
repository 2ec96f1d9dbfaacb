//! What the agent says, 20 ms at a time: queued sounds first, then the echo.

use std::collections::VecDeque;
use std::sync::Arc;

use ahoy_audio::EncodedSound;

use crate::echo::{Echo, Next};
use crate::sounds::Sounds;

/// Keys answered at most while others are still being answered.
const MAX_QUEUED: usize = 16;

#[derive(Debug)]
pub(crate) struct Player {
    sounds: Arc<Sounds>,
    /// Sounds to play, and how far the first has come.
    queue: VecDeque<EncodedSound>,
    at: usize,
    /// The greeting is not over yet.
    greeting: bool,
    echo: Echo,
    idle: u64,
}

/// What to do in one tick.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tick {
    /// The frame to send; `None`: nothing this time.
    pub(crate) frame: Option<Arc<[u8]>>,
    /// The beep is over, the echo begins.
    pub(crate) echo_begins: bool,
}

impl Player {
    /// Greeting, beep, echo.
    pub(crate) fn new(sounds: Arc<Sounds>) -> Self {
        Self {
            queue: [sounds.greeting.clone(), sounds.beep.clone()].into(),
            at: 0,
            greeting: true,
            echo: Echo::default(),
            idle: 0,
            sounds,
        }
    }

    /// A frame of the caller. While we talk ourselves it is not kept: nobody wants to hear it later.
    pub(crate) fn listen(&mut self, seq: u64, time: u32, payload: Arc<[u8]>) {
        if self.queue.is_empty() {
            self.echo.push(seq, time, payload);
        }
    }

    /// Answers a key by its tone: at once, but not inside another key's tone.
    pub(crate) fn answer(&mut self, digit: char) {
        let Some(tone) = self.sounds.digit(digit) else {
            return;
        };
        if self.greeting {
            // Whoever presses keys has heard enough of the greeting.
            self.queue.clear();
            self.at = 0;
            self.greeting = false;
        }
        if self.queue.len() < MAX_QUEUED {
            self.queue.push_back(tone);
        }
    }

    /// The next 20 ms.
    pub(crate) fn tick(&mut self) -> Tick {
        if let Some(sound) = self.queue.front() {
            let frame = sound.frames.get(self.at).map(|f| Arc::from(&**f));
            self.at += 1;
            let mut echo_begins = false;
            if self.at >= sound.frames.len() {
                self.queue.pop_front();
                self.at = 0;
                if self.queue.is_empty() {
                    echo_begins = self.greeting;
                    self.greeting = false;
                    self.echo.clear();
                }
            }
            return Tick { frame, echo_begins };
        }
        let frame = match self.echo.next() {
            Next::Frame(frame) => Some(frame),
            Next::Hole => None,
            Next::Empty => {
                self.idle += 1;
                Some(Arc::from(self.sounds.silence.frame(self.idle)))
            }
        };
        Tick {
            frame,
            echo_begins: false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn greeting_then_beep_then_echo() {
        let sounds = Arc::new(Sounds::new().unwrap());
        let mut player = Player::new(sounds.clone());
        let talk = sounds.greeting.frames.len() + sounds.beep.frames.len();
        for n in 0..talk {
            // What the caller says meanwhile must not come back later.
            player.listen(n as u64, 960 * n as u32, vec![0x48, 0].into());
            let tick = player.tick();
            assert_eq!(tick.echo_begins, n + 1 == talk);
            assert!(tick.frame.is_some());
        }
        for n in 0..8u8 {
            player.listen(
                900 + u64::from(n),
                960 * (900 + u32::from(n)),
                vec![0x48, 1 + n].into(),
            );
        }
        for n in 0..8u8 {
            assert_eq!(player.tick().frame.unwrap()[1], 1 + n);
        }
        assert_eq!(&*player.tick().frame.unwrap(), sounds.silence.frame(1));
    }

    #[test]
    fn keys_cut_the_greeting_and_are_answered_in_turn() {
        let sounds = Arc::new(Sounds::new().unwrap());
        let mut player = Player::new(sounds.clone());
        player.tick();
        for digit in ['1', '2', 'x'] {
            player.answer(digit);
        }
        for digit in ['1', '2'] {
            for frame in sounds.digit(digit).unwrap().frames.iter() {
                assert_eq!(player.tick().frame.as_deref(), Some(&**frame));
            }
        }
        assert_eq!(
            player.tick().frame.as_deref(),
            Some(sounds.silence.frame(1))
        );
        for _ in 0..100 {
            player.answer('5');
        }
        assert!(player.queue.len() <= MAX_QUEUED);
    }
}
