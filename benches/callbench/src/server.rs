//! A server process of our own, for a run that leaves nothing behind.
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::Fault;

pub struct Server {
    child: Child,
    pub base: String,
    data: std::path::PathBuf,
    /// Held open: a server whose standard output is closed could fail to write to it.
    _lines: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub async fn start(binary: &str) -> Result<Self, Fault> {
        let data = std::env::temp_dir().join(format!("callbench-{}", std::process::id()));
        std::fs::create_dir_all(&data)?;
        let mut child = Command::new(binary)
            .args(["dev", "--listen", "127.0.0.1:0", "--json", "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(data.join("server.log"))?)
            .kill_on_drop(true)
            .spawn()
            .map_err(|fault| format!("{binary}: {fault}"))?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        while let Some(line) = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await?? {
            let banner: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(url) = banner["url"].as_str() {
                return Ok(Self { child, base: url.trim_end_matches('/').to_owned(), data, _lines: lines });
            }
        }
        Err("the server ended before it was ready".into())
    }

    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    pub async fn stop(mut self) -> Result<(), Fault> {
        let pid = self.pid().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await?;
        tokio::time::timeout(Duration::from_secs(15), self.child.wait()).await??;
        std::fs::remove_dir_all(&self.data)?;
        Ok(())
    }
}

/// User and system time of a process with all its threads, from `/proc`; clock ticks are 100 a second on Linux.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    (11..13).filter_map(|at| fields.get(at)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}
