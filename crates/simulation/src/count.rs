//! Limits and charges, counted from the calls and messages themselves and not from the counters of the rules.

use std::collections::BTreeMap;
use std::time::Duration;

use ahoy_calling::Call;
use ahoy_calling::limits::{DAY_WINDOW, WEEK_WINDOW};
use ahoy_types::{Direction, RuleTime};

use crate::account::{limits, prices};
use crate::act::USERS;
use crate::breach::{Breach, Held, Promise};
use crate::world::{NODES, World, wa_id};

/// The longest wait for a business's media after the user has answered.
const MEDIA_START: Duration = Duration::from_secs(20);

impl World {
    /// Counted from the calls themselves, not from the counters of the rules.
    pub(crate) fn check_limits(&self, calls: &[Call]) -> Held {
        let table = limits();
        for (place, node) in NODES.into_iter().enumerate() {
            let limits = match place {
                0 => &table.sandbox,
                _ => &table.production,
            };
            let ours: Vec<&Call> = calls.iter().filter(|call| call.number == node).collect();
            for (n, call) in ours.iter().enumerate() {
                let at = call.placed_at;
                let before = &ours[..n];
                let alive = |other: &&&Call| other.end.is_none_or(|end| end.at > at);
                // Of a call that a crash ended in the millisecond in which it was placed nobody can say what was placed before it in
                // that millisecond and what after the restart.
                let lived = call.end.is_none_or(|end| end.at > at);
                let count = before.iter().filter(alive).count() + 1;
                let name = self.call_name(&call.id);
                if lived && count > limits.concurrent_calls as usize {
                    return Err(over(format!(
                        "{name} is number {place}'s {count}th at once"
                    )));
                }
                let pair = |other: &&&Call| other.user == call.user;
                if lived
                    && before
                        .iter()
                        .filter(alive)
                        .any(|other| other.user == call.user)
                {
                    return Err(over(format!("{name} is the second of its pair")));
                }
                if call.direction == Direction::UserInitiated {
                    continue;
                }
                let business = |other: &&&Call| other.direction == Direction::BusinessInitiated;
                let today = |other: &&&Call| other.placed_at > at - DAY_WINDOW;
                let count = before.iter().filter(business).filter(today).count() + 1;
                if count > limits.connects_per_day as usize {
                    return Err(over(format!(
                        "{name} is number {place}'s {count}th connect of a day"
                    )));
                }
                let connected = |other: &&&Call| {
                    // Answered is connected once the business's media is up.
                    other
                        .answered_at
                        .is_some_and(|t| t > at - DAY_WINDOW && t <= at)
                        && other.business_media_up
                };
                let of_pair = before.iter().filter(pair).filter(business);
                let count = of_pair.filter(connected).count();
                if count >= limits.connected_per_day as usize {
                    return Err(over(format!(
                        "{name} was placed after {count} connected calls of its pair within a day"
                    )));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn check_requests(&mut self) -> Held {
        let table = limits();
        for (place, node) in NODES.into_iter().enumerate() {
            let limits = match place {
                0 => &table.sandbox,
                _ => &table.production,
            };
            for user in 0..USERS {
                // A call is connected when its media is up, some seconds after it was answered.
                let connected = |call: &Call| match call.direction {
                    Direction::UserInitiated => call.answered_at,
                    Direction::BusinessInitiated => call.answered_at.map(|t| t + MEDIA_START),
                };
                let (mut sent, resets) = self.look(|rows| {
                    let sent = rows.requests_of_pair(node, wa_id(user), 10_000)?;
                    let calls = rows.calls_of_pair(node, wa_id(user), 10_000)?;
                    let resets: Vec<RuleTime> = calls.iter().filter_map(connected).collect();
                    Ok((sent.iter().map(|m| m.at).collect::<Vec<_>>(), resets))
                })?;
                sent.reverse();
                for (n, at) in sent.iter().enumerate() {
                    // A connected call begins the count anew.
                    let since = resets.iter().filter(|t| **t <= *at + MEDIA_START).max();
                    let within = |window: Duration| {
                        let counted = |t: &&RuleTime| {
                            **t > *at - window && since.is_none_or(|since| *t > since)
                        };
                        sent[..n].iter().filter(counted).count() + 1
                    };
                    let (day, week) = (within(DAY_WINDOW), within(WEEK_WINDOW));
                    if day > limits.requests_per_day as usize
                        || week > limits.requests_per_week as usize
                    {
                        return Err(over(format!(
                            "number {place} asked {} {day} times in a day, {week} in a week",
                            crate::act::name(user)
                        )));
                    }
                }
            }
        }
        Ok(())
    }

    /// Exactly the answered calls of businesses are charged, by started pulses of what they lasted.
    pub(crate) fn check_charges(&mut self, calls: &[Call]) -> Held {
        let pulse = prices().pulse_seconds();
        let wrong = |how: String| Err(Breach::new(Promise::Charges, how));
        let mut volumes = BTreeMap::new();
        for call in calls {
            let name = self.call_name(&call.id);
            let charge = self.look(|rows| rows.charge(&call.id))?;
            let answered = match (call.direction, call.answered_at, call.end) {
                (Direction::BusinessInitiated, Some(start), Some(end)) => Some(end.at.since(start)),
                _ => None,
            };
            match (answered, charge) {
                (None, None) => {}
                (None, Some(_)) => return wrong(format!("{name} is charged and should not be")),
                (Some(_), None) => return wrong(format!("{name} is not charged")),
                (Some(length), Some(charge)) => {
                    let seconds = u64::try_from(length.as_millis().div_ceil(1_000)).unwrap_or(0);
                    let pulses = seconds.div_ceil(pulse);
                    let each = (charge.per_minute.0 * pulse + 30) / 60;
                    if charge.pulses != pulses || charge.cost.0 != each * pulses {
                        return wrong(format!(
                            "{name} lasted {length:?} and is charged {} pulses, {} in all",
                            charge.pulses, charge.cost
                        ));
                    }
                    *volumes
                        .entry((charge.business, charge.market, charge.month))
                        .or_insert(0) += pulses * pulse;
                }
            }
        }
        for ((business, market, month), seconds) in volumes {
            let kept = self.look(|rows| rows.month_volume(business, &market, month))?;
            if kept.0 != seconds {
                return wrong(format!(
                    "{month} has {} s of volume in {market}, and its calls {seconds} s",
                    kept.0
                ));
            }
        }
        Ok(())
    }
}

fn over(how: String) -> Breach {
    Breach::new(Promise::WithinLimits, how)
}
