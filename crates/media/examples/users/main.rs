//! What simulated users with audio cost: a relay in a process of its own carries calls between simulated users and a load peer that
//! speaks ICE, DTLS and SRTP over real sockets and sends and takes Opus in real time. Only the relay's CPU time is counted.
//!
//!     users [--calls 100,500,1000] [--secs 10] [--network] [--json]
//!
//! `--network` puts 5 % loss, 60 ms delay and 30 ms jitter between each user and the relay. Run by `benches/simulated-users`.

mod load;
mod server;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use load::Load;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Packets of a user in a second, both ways.
const PACKETS_A_SECOND: f64 = 100.0;
/// Calls whose sound is looked at on both sides.
const LOOKED_AT: usize = 20;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "--serve") {
        return server::serve();
    }
    let value = |name: &str, default: &str| {
        let at = args.iter().position(|a| a == name);
        at.and_then(|at| args.get(at + 1))
            .map_or_else(|| default.to_owned(), String::clone)
    };
    let flag = |name: &str| args.iter().any(|a| a == name);
    let secs: u64 = value("--secs", "10").parse()?;
    let counts = value("--calls", "100,500,1000");
    if !flag("--json") {
        println!(
            "| calls | CPU of the relay, core % | pace | µs a packet | kB a call | lost | ears, ms a minute | users a core |"
        );
        println!("|---|---|---|---|---|---|---|---|");
    }
    for calls in counts.split(',') {
        let row = measure(calls.trim().parse()?, secs, flag("--network"))?;
        if flag("--json") {
            println!("{row}");
        } else {
            let of = |key: &str| row[key].as_f64().unwrap_or_default();
            println!(
                "| {} | {:.1} | {:.2} | {:.2} | {:.0} | {} | {:.1} | {:.0} |",
                row["calls"],
                of("core_percent"),
                of("pace"),
                of("us_per_packet"),
                of("kb_per_call"),
                row["lost"],
                of("ear_ms_per_minute"),
                of("users_per_core"),
            );
        }
    }
    Ok(())
}

/// The relay's process.
struct Relay {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Relay {
    fn start() -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let asks = child.stdin.take().ok_or("no standard input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        Ok(Self {
            child,
            asks,
            answers,
        })
    }
    fn ask(&mut self, what: &Value) -> Outcome<Value> {
        writeln!(self.asks, "{what}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line)?;
        match answer.get("error") {
            Some(error) => Err(error.to_string().into()),
            None => Ok(answer),
        }
    }
    /// Time of all its threads so far.
    fn cpu(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        // A hundred a second on every Linux (USER_HZ).
        Ok(Duration::from_millis(ticks * 10))
    }
    fn memory_kb(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kb = line.and_then(|line| line.split_whitespace().next());
        Ok(kb.ok_or("no VmRSS")?.parse()?)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Its standard input ends; should it not take the hint, it is made to.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn measure(calls: usize, secs: u64, network: bool) -> Outcome<Value> {
    let mut relay = Relay::start()?;
    let empty = relay.memory_kb()?;
    let mut load = Load::new()?;
    for call in 0..calls {
        let leg = relay.ask(&json!({ "op": "arm", "call": call, "network": network }))?;
        let peer = load.add(&leg)?;
        relay.ask(&json!({ "op": "remote", "call": call, "peer": peer }))?;
        load.connect(call)?;
        relay.ask(&json!({ "op": "open", "call": call }))?;
    }
    // What is made once is made in the first second.
    load.talk(Duration::from_secs(1))?;
    let (cpu, got, sent, begin) = (relay.cpu()?, load.got(), load.sent(), Instant::now());
    load.talk(Duration::from_secs(secs))?;
    let took = begin.elapsed();
    let spent = relay.cpu()? - cpu;
    let (got, sent) = (load.got() - got, load.sent() - sent);
    let memory = relay.memory_kb()?;
    let (mut lost, mut ears, mut seconds) = (0, Duration::ZERO, 0.0);
    let before = relay.cpu()?;
    let looked_at = calls.min(LOOKED_AT);
    for call in 0..looked_at {
        let heard = relay.ask(&json!({ "op": "heard", "call": call }))?;
        lost += heard["lost"].as_u64().unwrap_or(0) + load.missing(call);
        seconds += heard["audio_ms"].as_f64().unwrap_or(0.0) / 1_000.0;
        let user = heard["tone_hz"].as_f64().unwrap_or(0.0);
        let business = load.pitch(call)?.unwrap_or(0.0);
        if (user - load::HZ).abs() > 5.0 || (business - server::HZ).abs() > 5.0 {
            return Err(format!(
                "call {call}: the user heard {user} Hz, the business {business} Hz: {heard}"
            )
            .into());
        }
    }
    ears += relay.cpu()? - before;
    let packets = (got + sent) as f64;
    let us_per_packet = spent.as_secs_f64() * 1e6 / packets;
    let share = spent.as_secs_f64() / took.as_secs_f64();
    Ok(json!({
        "calls": calls,
        "seconds": took.as_secs_f64(),
        "cpu_seconds": spent.as_secs_f64(),
        "core_percent": share * 100.0,
        "packets_to_users": sent,
        "packets_from_users": got,
        "us_per_packet": us_per_packet,
        // How near to real time the load was: one where both processes get the time they need.
        "pace": packets / (calls as f64 * took.as_secs_f64() * PACKETS_A_SECOND),
        "kb_per_call": (memory.saturating_sub(empty)) as f64 / calls as f64,
        "lost": lost,
        "ear_ms_per_minute": ears.as_secs_f64() * 1e3 * 60.0 / f64::max(seconds, 1.0),
        // By the work done, so that a machine that had no time to do it all makes no better figure.
        "users_per_core": 1e6 / (us_per_packet * PACKETS_A_SECOND),
    }))
}
