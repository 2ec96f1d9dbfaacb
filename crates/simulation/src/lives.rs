//! Death and new life of the process.

use std::time::Duration;

use ahoy_store::DeliveryFilter;
use ahoy_types::RuleTime;

use crate::act::USERS;
use crate::breach::{Breach, Held, Promise};
use crate::power::CutAt;
use crate::world::{Known, World, wa_id};

/// A stop waits this long for webhooks under way.
const DRAIN: Duration = Duration::from_secs(5);

fn lost(how: impl Into<String>) -> Breach {
    Breach::new(Promise::SurvivesCrash, how)
}

impl World {
    /// The process dies: at once, or at one of the next commits, whatever these are. `false`: it is for the story to start
    /// the next life.
    pub(crate) fn crash(&mut self, at: Option<(u32, CutAt)>, twice: bool) -> Held<bool> {
        match at {
            Some((more, at)) => {
                self.power.cut_after(more, at);
                // Should nothing be committed any more, it dies all the same.
                self.crash_twice = twice;
                Ok(true)
            }
            None => {
                self.crash_twice = twice;
                self.power.cut();
                Ok(false)
            }
        }
    }

    /// After a cut: what is on the disk is looked at, and the next life begins.
    pub(crate) fn rise(&mut self) -> Held {
        self.tell(|| "the power is gone".into());
        let before = self.last_commit.take();
        self.die()?;
        let left = self.dump()?;
        self.fold(&left);
        if std::mem::take(&mut self.crash_twice) {
            self.die_while_recovering()?;
        }
        if !self.start()? {
            return Err(lost("the platform did not start"));
        }
        self.after_recovery(before)
    }

    /// It dies right after the commit that settles what was left, and once more in the same place: the second settling
    /// finds nothing to do.
    fn die_while_recovering(&mut self) -> Held {
        let mut settled = None;
        for _ in 0..2 {
            self.power.cut_after(0, CutAt::AfterCommit);
            if self.start()? {
                return Err(lost("the platform started without a commit"));
            }
            self.die()?;
            let now = self.dump()?;
            if let Some(before) = settled.replace(now.clone())
                && before != now
            {
                return Err(lost(difference(&before, &now)));
            }
        }
        self.tell(|| "it died twice while it recovered".into());
        Ok(())
    }

    fn after_recovery(&mut self, before: Option<RuleTime>) -> Held {
        let now = self.rule_now()?;
        if before.is_some_and(|before| now < before) {
            return Err(lost(format!(
                "rule time went back from {before:?} to {now}"
            )));
        }
        let live = self.look(|rows| rows.live_calls())?;
        // Those placed since are none: nobody has acted yet.
        if let Some(call) = live.first() {
            let name = self.call_name(&call.id);
            return Err(lost(format!("{name} still lives after a crash")));
        }
        let newest = self.look(|rows| {
            let all = rows.deliveries(&DeliveryFilter {
                limit: 100_000,
                ..DeliveryFilter::default()
            })?;
            Ok(all.iter().map(|d| d.created_at).max())
        })?;
        if newest.is_some_and(|newest| newest > now) {
            return Err(lost(format!(
                "a webhook was committed at {newest:?}, and it is {now}"
            )));
        }
        self.remembered()?;
        self.adopt()
    }

    /// What was acknowledged is there.
    fn remembered(&mut self) -> Held {
        for index in 0..self.calls.len() {
            let known = self.calls[index].clone();
            let id = known.id.clone();
            let row = self.look(|rows| rows.call(&id))?;
            let name = format!("call {}", index + 1);
            let Some(row) = row else {
                return Err(lost(format!("{name} was acknowledged and is gone")));
            };
            let Some(end) = row.end else {
                return Err(lost(format!("{name} has no end")));
            };
            if known.takes > 0 && row.answered_at.is_none() {
                return Err(lost(format!("{name} was taken, and nobody knows of it")));
            }
            if let Some(before) = &known.row {
                let other_end = before.end.is_some_and(|before| before != end);
                let other_start =
                    before.answered_at.is_some() && before.answered_at != row.answered_at;
                if other_end || other_start {
                    return Err(lost(format!(
                        "{name} was {:?} to {:?} and is now {:?} to {end:?}",
                        before.answered_at, before.end, row.answered_at
                    )));
                }
            }
            if known.ends > 0 && matches!(end.cause.as_str(), "setup_lost" | "relay_lost") {
                return Err(lost(format!(
                    "{name} had been ended, and ended again as lost"
                )));
            }
            self.calls[index].row = Some(row);
        }
        Ok(())
    }

    /// Calls that are there although nobody was told of them: their answer died with the process.
    pub(crate) fn adopt(&mut self) -> Held {
        let all = self.look(|rows| {
            let mut all = Vec::new();
            for user in 0..USERS {
                all.extend(rows.calls_of_user(wa_id(user), 100_000)?);
            }
            Ok(all)
        })?;
        for row in all {
            if self.calls.iter().any(|known| known.id == row.id) {
                continue;
            }
            self.calls.push(Known {
                id: row.id.clone(),
                user: row.user,
                number: row.number,
                direction: row.direction,
                placed_at: row.placed_at,
                takes: 0,
                ends: 0,
                declined: false,
                row: Some(row),
            });
        }
        Ok(())
    }

    /// It stops in good order, and starts again.
    pub(crate) fn restart(&mut self) -> Held<bool> {
        let platform = self.platform()?;
        let before = self.rule_now()?;
        if self
            .ask(async move { platform.drain(DRAIN).await })?
            .is_none()
        {
            return Ok(false);
        }
        self.die()?;
        if !self.start()? {
            return Ok(false);
        }
        self.after_recovery(Some(before))?;
        Ok(true)
    }
}

/// The first lines in which two dumps differ.
pub(crate) fn difference(before: &str, now: &str) -> String {
    let only = |of: &str, other: &str| -> String {
        let lines: std::collections::BTreeSet<&str> = other.lines().collect();
        let found: Vec<String> = of
            .lines()
            .filter(|line| !lines.contains(line))
            .take(3)
            .map(|line| line.chars().take(300).collect())
            .collect();
        found.join(" / ")
    };
    format!(
        "what was there and is not: {}; what is there and was not: {}",
        only(before, now),
        only(now, before)
    )
}
