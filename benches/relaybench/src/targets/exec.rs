//! Any other relay: a helper program that speaks JSON lines.
use super::{Res, Target, e};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The helper starts its server pinned to core $RB_CORE and prints `{"pid":N}`; then for each line
/// `{"op":"offer"|"answer","call":N,"sdp":"..."}` on stdin it prints `{"sdp":"..."}` or `{"error":"..."}`. It stops the server when stdin closes.
pub struct Exec {
    pub cmd: String,
    pub threads: usize,
    pub io: Option<(Child, ChildStdin, BufReader<ChildStdout>)>,
}
impl Exec {
    fn line(&mut self, ask: Option<Value>) -> Res<Value> {
        let (_, i, o) = self.io.as_mut().ok_or("not started")?;
        if let Some(a) = ask {
            writeln!(i, "{a}").map_err(e)?
        }
        let mut l = String::new();
        o.read_line(&mut l).map_err(e)?;
        serde_json::from_str(&l).map_err(|x| format!("{x}: {l:?}"))
    }
    fn sdp(&mut self, op: &str, call: usize, sdp: &str) -> Res<String> {
        let v = self.line(Some(json!({"op": op, "call": call, "sdp": sdp})))?;
        v["sdp"].as_str().map(str::to_string).ok_or_else(|| v.to_string())
    }
}
impl Target for Exec {
    fn start(&mut self, core: usize, dir: &str) -> Res<Option<u32>> {
        let mut c = Command::new("sh")
            .args(["-c", &self.cmd])
            .env("RB_CORE", core.to_string())
            .env("RB_DIR", dir)
            .env("RB_THREADS", self.threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(e)?;
        let io = (c.stdin.take().unwrap(), BufReader::new(c.stdout.take().unwrap()));
        self.io = Some((c, io.0, io.1));
        Ok(self.line(None)?["pid"].as_u64().map(|p| p as u32))
    }
    fn offer(&mut self, call: usize, sdp: &str) -> Res<String> {
        self.sdp("offer", call, sdp)
    }
    fn answer(&mut self, call: usize, sdp: &str) -> Res<String> {
        self.sdp("answer", call, sdp)
    }
    fn stop(&mut self) {
        if let Some((mut c, i, _)) = self.io.take() {
            drop(i);
            let _ = c.wait();
        }
    }
}
