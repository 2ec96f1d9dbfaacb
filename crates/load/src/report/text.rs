//! The report for a terminal.

use std::fmt::Write as _;

use super::{End, HeardBy, Report, Row};
use crate::config::{Direction, Media, Target, Users};
use crate::measure::Group;

impl Report {
    /// The report as text, without colours.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "{}", self.headline())?;
        writeln!(out, "{}", self.settings_line())?;
        let calls = &self.calls;
        writeln!(out)?;
        writeln!(
            out,
            "Calls     {} started ({} by users, {} by the business), {} answered, {} completed{}, {} failed{}",
            calls.started,
            calls.by_users,
            calls.by_business,
            calls.established,
            calls.completed,
            if calls.rang > 0 {
                format!(", {} rang as meant", calls.rang)
            } else {
                String::new()
            },
            calls.failed,
            if calls.given_up > 0 {
                format!(", {} cut short by the stop", calls.given_up)
            } else {
                String::new()
            },
        )?;
        let rates = &self.rates;
        writeln!(
            out,
            "Rates     {:.1} started and {:.1} completed a second between ramp and end; {:.0} live on average, {} at most",
            rates.started, rates.completed, rates.mean_live, rates.peak_live
        )?;
        if calls.held_back > 0 {
            writeln!(
                out,
                "          {} calls began late: as many as allowed were live",
                calls.held_back
            )?;
        }
        let percent = |of: Option<f64>| of.map_or("–".to_owned(), |p| format!("{p:.2} %"));
        let ratios = &self.ratios;
        writeln!(
            out,
            "Ratios    SER {}, SEER {}, ISA {}, SCR {} (RFC 6076)",
            percent(ratios.ser),
            percent(ratios.seer),
            percent(ratios.isa),
            percent(ratios.scr)
        )?;
        for (group, title) in [
            (Group::Session, "Sessions (RFC 6076)"),
            (Group::Media, "Media"),
            (Group::Api, "Requests"),
            (Group::Webhook, "Webhooks, behind what caused them"),
        ] {
            self.table(out, group, title)?;
        }
        if self.settings.media == Media::Audio {
            writeln!(out, "\nHeard")?;
            heard(out, "business", &self.heard.business)?;
            heard(out, "user", &self.heard.user)?;
        }
        self.cost(out)?;
        if !self.failures.is_empty() {
            writeln!(out, "\nFailures")?;
        }
        for row in &self.failures {
            let example = row
                .example_call
                .as_deref()
                .map(|id| format!("   e.g. {id}"))
                .unwrap_or_default();
            writeln!(
                out,
                "  {:>6}  {}: {}{example}",
                row.count,
                row.kind.title(),
                row.detail
            )?;
            writeln!(out, "          {}", row.sentence)?;
        }
        Ok(())
    }

    /// How the run went, in one sentence.
    pub fn headline(&self) -> String {
        let calls = &self.calls;
        let went = match self.end {
            End::Done => format!("{:.0} s", self.seconds),
            End::Stopped => format!("Stopped after {:.0} s", self.seconds),
            End::Hopeless => format!(
                "Given up after {:.0} s, because every call failed",
                self.seconds
            ),
        };
        match self.failures.first() {
            None => format!("{went}: {} calls, none failed.", calls.started),
            Some(worst) => format!(
                "{went}: {} of {} calls failed, {} of them so: {}{}.",
                calls.failed,
                calls.started,
                worst.count,
                worst.sentence,
                worst
                    .example_call
                    .as_deref()
                    .map(|id| format!(" (e.g. {id})"))
                    .unwrap_or_default()
            ),
        }
    }

    pub(super) fn settings_line(&self) -> String {
        let s = &self.settings;
        let target = match s.target {
            Target::Rate(rate) => format!("{rate} calls a second"),
            Target::Concurrent(n) => format!("{n} calls at a time"),
        };
        let who = match s.direction {
            Direction::User => "by users",
            Direction::Business => "by the business",
            Direction::Both => "both ways",
        };
        let media = match s.media {
            Media::None => "without media",
            Media::Audio => "with audio",
        };
        let users = match s.users {
            Users::Sandbox => "simulated users",
            Users::Socket => "users on sockets",
        };
        format!(
            "{target} {who} {media}, {users}, {} s ramp, {} s, {} s a call; {} media threads, seed {}, {}",
            short(s.ramp_seconds),
            short(s.duration_seconds),
            short(s.hold_seconds),
            s.threads,
            s.seed,
            s.url
        )
    }

    fn table(&self, out: &mut String, group: Group, title: &str) -> std::fmt::Result {
        let rows: Vec<&Row> = self
            .measures
            .iter()
            .filter(|row| row.group == group)
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\n{title:<34} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "count", "p50 ms", "p90", "p95", "p99", "max"
        )?;
        for row in rows {
            let name = match row.rfc6076 {
                Some(short) => format!("{} ({short})", row.title),
                None => row.title.to_owned(),
            };
            writeln!(
                out,
                "  {name:<32} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9}",
                row.count,
                ms(row.p50_ms),
                ms(row.p90_ms),
                ms(row.p95_ms),
                ms(row.p99_ms),
                ms(row.max_ms)
            )?;
        }
        Ok(())
    }

    fn cost(&self, out: &mut String) -> std::fmt::Result {
        let tool = &self.tool;
        writeln!(out)?;
        match &self.server {
            Some(server) => writeln!(
                out,
                "Server    {:.2} cores, {:.1} ms of CPU time a call{}",
                server.cores,
                server.cpu_ms_per_call,
                server
                    .resident_mb
                    .map(|mb| format!(", {mb:.0} MB at the end"))
                    .unwrap_or_default()
            )?,
            None => writeln!(out, "Server    does not tell its CPU time")?,
        }
        if let Some(cores) = tool.cores {
            writeln!(out, "This tool {cores:.2} cores")?;
        }
        if self.settings.media == Media::Audio {
            writeln!(
                out,
                "          {} packets out, {} in, {} not taken by the system; sound left {} ms late p50, {} p99",
                tool.packets_sent,
                tool.packets_received,
                tool.packets_refused,
                ms(tool.late_p50_ms),
                ms(tool.late_p99_ms)
            )?;
        }
        if self.webhooks_refused > 0 {
            writeln!(
                out,
                "          {} webhooks had no valid signature and were refused: is --app-secret right?",
                self.webhooks_refused
            )?;
        }
        Ok(())
    }
}

/// Seconds with as many digits as were meant.
fn short(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

/// Milliseconds with as many digits as they are worth.
pub(super) fn ms(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

fn heard(out: &mut String, who: &str, by: &HeardBy) -> std::fmt::Result {
    if by.calls == 0 {
        return writeln!(out, "  {who:<10} no call was judged");
    }
    writeln!(
        out,
        "  {who:<10} {} calls, {} packets, {} lost ({:.4} %) in {} calls, {} gaps over 60 ms (longest {} ms); right pitch in {} of {} listened to, {} holes",
        by.calls,
        by.packets,
        by.lost,
        by.loss_percent,
        by.calls_with_loss,
        by.gaps,
        ms(by.longest_gap_ms),
        by.right_pitch,
        by.listened,
        by.holes
    )
}
