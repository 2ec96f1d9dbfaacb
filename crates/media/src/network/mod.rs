//! A network in the way of media: loss at random or in runs, delay, jitter, disorder. Pure and seeded: the same packets at the
//! same instants under the same seed fare the same.
//!
//! [`Conditions`] say what one direction does to packets, a `Path` decides for each packet, and the worker's [`held`] queue keeps
//! those that are on their way. Calls without conditions have none of it.

pub(crate) mod held;
mod path;

use std::time::Duration;

pub(crate) use path::{Fate, Path};
use serde::Serialize;

/// The longest delay, jitter included: what a worker holds back stays bounded.
pub const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// What one direction of a network does to media packets. The default does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Conditions {
    /// Share of packets lost, 0 to 1.
    pub loss: f64,
    /// Mean length of a run of lost packets (the model of Gilbert, 1960); `None` loses each packet on its own.
    pub burst: Option<f64>,
    /// How long every packet takes.
    pub delay: Duration,
    /// Up to how much longer each packet takes, evenly spread. Packets keep their order all the same.
    pub jitter: Duration,
    /// Share of packets that come behind the one sent after them, 0 to 1.
    pub reorder: f64,
}

/// Why conditions make no sense.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConditionsError {
    /// A share outside 0 to 1.
    #[error("{name}: {value} is outside 0 to 1")]
    Share {
        /// Which.
        name: &'static str,
        /// The value given.
        value: f64,
    },
    /// A mean run below one packet, or too short for so much loss.
    #[error(
        "burst: a mean run of {burst} packets cannot make a loss of {loss}: at least {least:.2} is expected"
    )]
    Burst {
        /// The value given.
        burst: f64,
        /// The loss asked for.
        loss: f64,
        /// The shortest mean run with that loss.
        least: f64,
    },
    /// Delay and jitter together are too long.
    #[error("delay and jitter: {} ms together are more than {} ms", .0.as_millis(), LONGEST_DELAY.as_millis())]
    Delay(Duration),
}

impl Conditions {
    /// Only loss, each packet on its own.
    pub fn loss(share: f64) -> Self {
        Self {
            loss: share,
            ..Self::default()
        }
    }

    /// Whether packets pass as if there were none.
    pub fn is_clear(&self) -> bool {
        *self
            == Self {
                burst: self.burst,
                ..Self::default()
            }
    }

    /// Looks whether they can be met.
    ///
    /// # Errors
    /// [`ConditionsError`] names the first value that cannot.
    pub fn check(&self) -> Result<(), ConditionsError> {
        for (name, value) in [("loss", self.loss), ("reorder", self.reorder)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(ConditionsError::Share { name, value });
            }
        }
        if let Some(burst) = self.burst {
            // Between two runs at least one packet passes.
            let least = if self.loss < 1.0 {
                (self.loss / (1.0 - self.loss)).max(1.0)
            } else {
                1.0
            };
            if burst.is_nan() || burst < least {
                let loss = self.loss;
                return Err(ConditionsError::Burst { burst, loss, least });
            }
        }
        let longest = self.delay.saturating_add(self.jitter);
        if longest > LONGEST_DELAY {
            return Err(ConditionsError::Delay(longest));
        }
        Ok(())
    }
}

/// The network between one peer and the relay: media packets only, signalling of ICE, DTLS and RTCP passes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LegNetwork {
    /// From the peer to the relay.
    pub from_peer: Conditions,
    /// From the relay to the peer.
    pub to_peer: Conditions,
    /// What the dice start from; each direction throws its own.
    pub seed: u64,
}

impl LegNetwork {
    /// The same both ways.
    pub fn both_ways(conditions: Conditions, seed: u64) -> Self {
        Self {
            from_peer: conditions,
            to_peer: conditions,
            seed,
        }
    }
}

/// What became of the packets of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Passage {
    /// Packets that set out.
    pub packets: u64,
    /// Of these, lost on the way.
    pub lost: u64,
    /// Of these, overtaken by the one behind.
    pub late: u64,
}

impl Passage {
    /// Share lost, 0 to 1.
    pub fn loss(&self) -> f64 {
        if self.packets == 0 {
            0.0
        } else {
            self.lost as f64 / self.packets as f64
        }
    }
}

/// What became of the packets of a leg with conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Passages {
    /// From the peer to the relay.
    pub from_peer: Passage,
    /// From the relay to the peer.
    pub to_peer: Passage,
}

/// Both directions of a leg.
#[derive(Debug, Clone)]
pub(crate) struct LegPaths {
    pub from_peer: Path,
    pub to_peer: Path,
}

impl LegPaths {
    /// `None` where nothing is to be done to packets, so that such legs pay for nothing.
    pub fn new(network: Option<&LegNetwork>) -> Option<Box<Self>> {
        let network = network?;
        if network.from_peer.is_clear() && network.to_peer.is_clear() {
            return None;
        }
        Some(Box::new(Self {
            from_peer: Path::new(network.from_peer, network.seed),
            to_peer: Path::new(network.to_peer, !network.seed),
        }))
    }
    /// What became of the packets so far.
    pub fn passages(&self) -> Passages {
        Passages {
            from_peer: self.from_peer.passage(),
            to_peer: self.to_peer.passage(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn conditions_that_cannot_be_met_name_the_culprit() {
        let refused = |c: Conditions| c.check().map_err(|e| e.to_string());
        assert_eq!(refused(Conditions::default()), Ok(()));
        assert_eq!(refused(Conditions::loss(1.0)), Ok(()));
        let said = refused(Conditions::loss(1.5));
        assert_eq!(said, Err("loss: 1.5 is outside 0 to 1".to_owned()));
        assert!(refused(Conditions::loss(f64::NAN)).is_err());
        let burst = |loss, burst| {
            let burst = Some(burst);
            refused(Conditions {
                loss,
                burst,
                ..Conditions::default()
            })
        };
        assert_eq!(burst(0.1, 4.0), Ok(()));
        assert!(burst(0.1, 0.5).is_err());
        let said = burst(0.8, 2.0).unwrap_err();
        assert!(said.contains("at least 4.00"), "{said}");
        let long = Conditions {
            delay: Duration::from_secs(4),
            jitter: Duration::from_secs(2),
            ..Conditions::default()
        };
        assert!(refused(long).unwrap_err().contains("6000 ms together"));
    }

    #[test]
    fn a_clear_network_is_none() {
        let clear = LegNetwork::both_ways(Conditions::default(), 7);
        assert!(LegPaths::new(Some(&clear)).is_none());
        let one_way = LegNetwork {
            to_peer: Conditions::loss(0.1),
            ..clear
        };
        assert!(LegPaths::new(Some(&one_way)).is_some());
    }
}
