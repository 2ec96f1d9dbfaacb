//! How a run stands, for whoever watches.

use std::time::Duration;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Users are made.
    Preparing,
    /// Calls are started.
    Running,
    /// No call is started any more; the live ones come to their ends.
    Ending,
}

/// How a run stands. One a second.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Users made, and wanted, while it prepares.
    pub prepared: (u64, u64),
    /// Since the first start.
    pub elapsed: Duration,
    /// How long calls are started.
    pub duration: Duration,
    /// Calls so far.
    pub started: u64,
    /// Calls now.
    pub live: u64,
    /// Calls that went as meant.
    pub completed: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Calls started in the last second.
    pub rate: f64,
    /// Session Request Delay so far, p50 and p99 in milliseconds.
    pub request_delay: Option<(f64, f64)>,
    /// Requests of the last second, p50 and p99 in milliseconds.
    pub api: Option<(f64, f64)>,
    /// Webhooks of the last second behind the answers that caused them, p50 and p99 in milliseconds.
    pub webhooks: Option<(f64, f64)>,
    /// RTP packets of the last second, sent and received.
    pub packets: (u64, u64),
    /// Packets lost so far, in calls that are over.
    pub lost: u64,
    /// Cores in use in the last second: the server's, if it tells, and this tool's.
    pub cores: (Option<f64>, Option<f64>),
    /// The most frequent cause of failure.
    pub worst: Option<String>,
}

fn pair(of: Option<(f64, f64)>) -> String {
    match of {
        Some((p50, p99)) => format!("{p50:.1} / {p99:.1} ms"),
        None => "–".into(),
    }
}

fn cores(of: Option<f64>) -> String {
    of.map_or("–".into(), |c| format!("{c:.2}"))
}

impl Progress {
    fn clock(&self) -> String {
        let (elapsed, duration) = (self.elapsed.as_secs(), self.duration.as_secs());
        match self.phase {
            Phase::Preparing => format!(
                "preparing users: {} of {}",
                self.prepared.0, self.prepared.1
            ),
            Phase::Running => format!("{elapsed} s of {duration} s"),
            Phase::Ending => format!("{elapsed} s, the last {} calls end", self.live),
        }
    }

    /// One line, for logs.
    pub fn line(&self) -> String {
        if self.phase == Phase::Preparing {
            return self.clock();
        }
        format!(
            "{}: {} started ({:.1}/s), {} live, {} completed, {} failed; request delay {}; API {}; webhooks {}; server {} cores, tool {}",
            self.clock(),
            self.started,
            self.rate,
            self.live,
            self.completed,
            self.failed,
            pair(self.request_delay),
            pair(self.api),
            pair(self.webhooks),
            cores(self.cores.0),
            cores(self.cores.1),
        )
    }

    /// A small table, for a terminal: always the same number of lines.
    pub fn table(&self) -> Vec<String> {
        let row = |name: &str, value: String| format!("  {name:<22} {value}");
        let (sent, received) = self.packets;
        let worst = self.worst.as_deref().unwrap_or("–");
        vec![
            format!(
                "{} {}",
                bar(self.elapsed.as_secs_f64() / self.duration.as_secs_f64().max(0.001)),
                self.clock()
            ),
            row(
                "calls started",
                format!("{:>8}   {:.1} a second", self.started, self.rate),
            ),
            row("live", format!("{:>8}", self.live)),
            row("completed", format!("{:>8}", self.completed)),
            row(
                "failed",
                format!(
                    "{:>8}   {}",
                    self.failed,
                    worst.chars().take(60).collect::<String>()
                ),
            ),
            row(
                "session request delay",
                format!("{:>18}   p50 / p99", pair(self.request_delay)),
            ),
            row("API", format!("{:>18}", pair(self.api))),
            row("webhooks", format!("{:>18}", pair(self.webhooks))),
            row(
                "audio packets",
                format!("{sent:>8} out, {received} in, {} lost", self.lost),
            ),
            row(
                "cores",
                format!(
                    "{:>8} server, {} tool",
                    cores(self.cores.0),
                    cores(self.cores.1)
                ),
            ),
        ]
    }
}

fn bar(share: f64) -> String {
    const WIDTH: usize = 24;
    let full = (share.clamp(0.0, 1.0) * WIDTH as f64) as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(WIDTH - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(phase: Phase) -> Progress {
        Progress {
            phase,
            prepared: (3, 30),
            elapsed: Duration::from_secs(12),
            duration: Duration::from_secs(30),
            started: 60,
            live: 24,
            completed: 35,
            failed: 1,
            rate: 5.0,
            request_delay: Some((3.2, 12.0)),
            api: None,
            webhooks: Some((0.4, 2.0)),
            packets: (1_200, 1_198),
            lost: 0,
            cores: (Some(0.21), None),
            worst: Some("no ICE: business".into()),
        }
    }

    #[test]
    fn a_line_and_a_table_say_the_same() {
        let line = progress(Phase::Running).line();
        for part in [
            "12 s of 30 s: 60 started (5.0/s), 24 live",
            "request delay 3.2 / 12.0 ms; API –",
            "server 0.21 cores, tool –",
        ] {
            assert!(line.contains(part), "{line}");
        }
        let table = progress(Phase::Ending).table();
        assert_eq!(table.len(), progress(Phase::Preparing).table().len());
        assert!(table[0].starts_with("█████████░") && table[0].ends_with("the last 24 calls end"));
        assert!(table[4].contains("no ICE: business"));
    }
}
