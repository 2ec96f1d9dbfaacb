//! The relays under test. Each turns A's offer into the offer B gets, and B's answer into the answer A gets.
//! A new relay needs one `impl Target`, or no Rust at all: `--target 'exec:<command>'` (see `Exec`).
use crate::Scenario;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};

mod exec;
mod janus;
mod rtpengine;
use exec::Exec;
use janus::Janus;
use rtpengine::RtpEngine;

pub type Res<T> = Result<T, String>;
pub trait Target {
    /// Starts the server pinned to `core`; returns the process whose CPU time counts (None: no server, peers talk directly).
    fn start(&mut self, core: usize, dir: &str) -> Res<Option<u32>>;
    fn offer(&mut self, call: usize, sdp: &str) -> Res<String>;
    fn answer(&mut self, call: usize, sdp: &str) -> Res<String>;
    fn stop(&mut self) {}
}

pub fn make(name: &str, sc: Scenario, threads: usize, bin: Option<String>) -> Res<Box<dyn Target>> {
    Ok(match name {
        "direct" => Box::new(Direct),
        "ideal" => Box::new(Exec {
            cmd: format!("exec chrt -r 1 taskset -c $RB_CORE {} relay", std::env::current_exe().map_err(e)?.display()),
            threads,
            io: None,
        }),
        "rtpengine" => Box::new(RtpEngine { sc, threads, child: None, tags: UdpSocket::bind("127.0.0.1:0").map_err(e)? }),
        "janus" => Box::new(Janus { sc, child: None, calls: vec![] }),
        // The relay of this repository: crates/media/examples/relay.rs, both legs real WebRTC.
        "ahoy" => Box::new(Exec {
            cmd: format!("exec chrt -r 1 taskset -c $RB_CORE {}", bin.unwrap_or_else(|| "../../target/release/examples/relay".into())),
            threads,
            io: None,
        }),
        _ => match name.strip_prefix("exec:") {
            Some(cmd) => Box::new(Exec { cmd: cmd.into(), threads, io: None }),
            None => {
                return Err(format!("no target {name}: direct, ideal, rtpengine, janus, ahoy, exec:<command>"));
            }
        },
    })
}

fn e(x: impl ToString) -> String {
    x.to_string()
}
/// Round-robin real time: with nice alone a shared machine pauses the server for 100 ms, after which packets come in bursts and look cheap.
fn spawn(core: usize, dir: &str, args: &[&str]) -> Res<Child> {
    let log = std::fs::File::create(format!("{dir}/server.log")).map_err(e)?;
    Command::new("taskset")
        .args(["-c", &core.to_string(), "chrt", "-r", "1"])
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(e)?)
        .stderr(log)
        .spawn()
        .map_err(|x| format!("{}: {x}", args[0]))
}
fn kill(c: &mut Option<Child>) {
    if let Some(mut c) = c.take() {
        let _ = c.kill();
        let _ = c.wait();
    }
}

struct Direct;
impl Target for Direct {
    fn start(&mut self, _: usize, _: &str) -> Res<Option<u32>> {
        Ok(None)
    }
    fn offer(&mut self, _: usize, s: &str) -> Res<String> {
        Ok(s.into())
    }
    fn answer(&mut self, _: usize, s: &str) -> Res<String> {
        Ok(s.into())
    }
}
