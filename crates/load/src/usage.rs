//! What a run costs: CPU time of this process and of the server, and the files this process may open.

use std::time::Duration;

/// CPU time of this process so far, all threads.
#[cfg(unix)]
pub(crate) fn own_cpu() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).ok()
}

/// CPU time of this process so far; not known here.
#[cfg(not(unix))]
pub(crate) fn own_cpu() -> Option<Duration> {
    None
}

/// Raises the number of files this process may open as far as the system lets it, and answers it. A call takes up to three.
#[cfg(unix)]
pub fn open_files() -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let before = limit.current;
        limit.current = limit.maximum;
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit.current = before;
        }
    }
    limit.current
}

/// Not limited here.
#[cfg(not(unix))]
pub fn open_files() -> Option<u64> {
    None
}

/// What the server says of itself in `/metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ServerUse {
    /// CPU time so far, in seconds.
    pub(crate) cpu_seconds: Option<f64>,
    /// Memory held now, in bytes.
    pub(crate) resident_bytes: Option<f64>,
}

impl ServerUse {
    /// Out of Prometheus text.
    pub(crate) fn read(text: &str) -> Self {
        let value = |name: &str| {
            text.lines().find_map(|line| {
                let (key, value) = line.split_once(' ')?;
                (key == name).then(|| value.trim().parse().ok())?
            })
        };
        Self {
            cpu_seconds: value("process_cpu_seconds_total"),
            resident_bytes: value("process_resident_memory_bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_text_is_read() {
        let text = "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 1.25\n\nahoy_live_calls 3\n";
        let read = ServerUse::read(text);
        assert_eq!(
            read,
            ServerUse {
                cpu_seconds: Some(1.25),
                resident_bytes: None
            }
        );
        assert_eq!(ServerUse::read("<html>"), ServerUse::default());
    }

    #[cfg(unix)]
    #[test]
    fn work_costs_cpu_time() {
        let before = own_cpu().unwrap_or_default();
        let mut sum = 0u64;
        while own_cpu().unwrap_or_default() == before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(open_files().unwrap_or(u64::MAX) > 0);
    }
}
