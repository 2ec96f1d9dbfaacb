//! relaybench: CPU time per forwarded RTP packet, memory per call, loss and added latency of a media relay.
mod dtls;
mod floor;
mod ideal;
mod measure;
mod media;
mod peer;
mod srtp;
mod stun;
mod targets;
use measure::once;
use peer::{Codec, Kind};
use std::time::Duration;

const HELP: &str = "relaybench floor [--secs 2]
relaybench run --target T --scenario S [--calls 200] [--secs 10] [--reps 3] [--threads 1] [--server-core 0] [--gen-core 1] [--bin PATH] [--json]
                [--tick-us 0]   0 spreads the packets of all calls evenly over time; 5000 sends what is due every 5 ms in one burst
  T: direct | ideal | rtpengine | janus | ahoy | exec:<command>     S: <a>-<b>[-xcode], a and b of plain, sdes, dtls (A offers, B answers)
  -xcode: A speaks Opus, B speaks PCMU; otherwise both speak Opus with an opaque 120-byte payload";

#[derive(Clone, Copy)]
pub struct Scenario {
    pub a: Kind,
    pub b: Kind,
    pub a_codec: Codec,
    pub b_codec: Codec,
}
impl Scenario {
    fn parse(s: &str) -> Option<Self> {
        let p: Vec<&str> = s.split('-').collect();
        let k = |x: &&str| match *x {
            "plain" => Some(Kind::Plain),
            "sdes" => Some(Kind::Sdes),
            "dtls" => Some(Kind::Dtls),
            _ => None,
        };
        let b_codec = match p.get(2) {
            None => Codec::Opus,
            Some(&"xcode") => Codec::Pcmu,
            _ => return None,
        };
        Some(Scenario { a: k(p.first()?)?, b: k(p.get(1)?)?, a_codec: Codec::Opus, b_codec })
    }
    pub fn xcode(&self) -> bool {
        self.a_codec != self.b_codec
    }
}

pub fn now_ns() -> u64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}
pub fn pin(core: usize) {
    unsafe {
        let mut s: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut s);
        libc::sched_setaffinity(0, size_of_val(&s), &s);
        // A scheduling group of its own with the highest weight, so that a shared machine does not pause the generator. Not real time:
        // it polls without sleeping (a sleeping receiver would charge its wake-ups to the relay) and would be throttled.
        libc::setsid();
        let _ = std::fs::write("/proc/self/autogroup", "-19");
        libc::setpriority(libc::PRIO_PROCESS, 0, -19);
    }
}
/// What is to be measured.
pub struct Opts {
    target: String,
    scenario: String,
    calls: usize,
    secs: u64,
    reps: usize,
    threads: usize,
    server: usize,
    generator: usize,
    bin: Option<String>,
    tick_ns: u64,
    json: bool,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let get = |k: &str| args.iter().position(|a| a == k).and_then(|i| args.get(i + 1).cloned());
    let num = |k: &str, d: usize| {
        get(k).map_or(d, |v| {
            v.parse().unwrap_or_else(|_| {
                eprintln!("{k} wants a number, not {v}");
                std::process::exit(2)
            })
        })
    };
    let (server, generator) = (num("--server-core", 0), num("--gen-core", 1));
    match args.first().map(String::as_str) {
        Some("floor") => floor::all(server, generator, num("--secs", 2) as u64),
        Some("relay") => ideal::serve(),
        Some("run") => {
            let o = Opts {
                target: get("--target").unwrap_or_default(),
                scenario: get("--scenario").unwrap_or_default(),
                calls: num("--calls", 200),
                secs: num("--secs", 10) as u64,
                reps: num("--reps", 3),
                threads: num("--threads", 1),
                server,
                generator,
                bin: get("--bin"),
                tick_ns: num("--tick-us", 0) as u64 * 1000,
                json: args.iter().any(|a| a == "--json"),
            };
            let Some(sc) = Scenario::parse(&o.scenario) else {
                eprintln!("{HELP}");
                std::process::exit(2)
            };
            pin(o.generator);
            let (tls, media) = (dtls::Tls::new(), media::Frames::new());
            if !o.json {
                println!(
                    "target scenario calls | fwd pkt/s | CPU core% | us/pkt | calls/core | RSS idle MB | RSS/call kB | loss % | one-way us p50 p99 | bad"
                )
            }
            let mut all = vec![];
            for rep in 0..o.reps {
                match once(&o, sc, &tls, &media) {
                    Err(e) => {
                        eprintln!("{} {} rep {rep}: {e}", o.target, o.scenario);
                        std::process::exit(1)
                    }
                    Ok(r) if o.json => println!(
                        "{}",
                        serde_json::json!({"target": o.target, "scenario": o.scenario, "calls": o.calls, "threads": o.threads, "tick_us": o.tick_ns / 1000, "rep": rep, "cpu_s": r.cpu_s, "forwarded": r.forwarded,
                        "sent": r.sent, "us_per_packet": r.us_per_pkt, "calls_per_core": 1e4 / r.us_per_pkt, "rss_idle_kb": r.rss_idle_kb, "rss_per_call_kb": r.rss_call_kb, "loss_pct": r.loss, "p50_us": r.p50, "p99_us": r.p99, "bad": r.bad})
                    ),
                    Ok(r) => {
                        println!(
                            "{} {} {}{} | {:.0} | {:.1} | {:.2} | {:.0} | {:.1} | {:.0} | {:.3} | {:.0} {:.0} | {}",
                            o.target,
                            o.scenario,
                            o.calls,
                            if o.tick_ns > 0 { format!(" tick {} us", o.tick_ns / 1000) } else { String::new() },
                            r.forwarded as f64 / o.secs as f64,
                            100.0 * r.cpu_s / o.secs as f64,
                            r.us_per_pkt,
                            1e4 / r.us_per_pkt,
                            r.rss_idle_kb as f64 / 1024.0,
                            r.rss_call_kb,
                            r.loss,
                            r.p50,
                            r.p99,
                            r.bad
                        );
                        all.push(r.us_per_pkt)
                    }
                }
                std::thread::sleep(Duration::from_millis(500));
            }
            all.sort_by(f64::total_cmp);
            if let Some(m) = all.get(all.len() / 2) {
                println!("median {m:.2} us/pkt, {:.0} calls/core", 1e4 / m)
            }
        }
        _ => {
            eprintln!("{HELP}");
            std::process::exit(2)
        }
    }
}
