//! Times by name, and the table at the end.
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::Options;

/// Names in order of first use, each with its times in microseconds.
#[derive(Default)]
pub struct Stats(Mutex<Vec<(&'static str, Vec<u64>)>>);

impl Stats {
    pub fn add(&self, name: &'static str, time: Duration) {
        let us = time.as_micros() as u64;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, times)) => times.push(us),
            None => all.push((name, vec![us])),
        }
    }

    pub fn print(&self, as_json: bool, options: &Options, calls: u64, took: f64, cpu: Option<f64>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = calls as f64 / took;
        let direction = if options.business { "business" } else { "user" };
        let cpu_ms = cpu.map(|seconds| 1000.0 * seconds / calls.max(1) as f64);
        let mut steps = Map::new();
        for (name, times) in all.iter_mut() {
            times.sort_unstable();
            let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)] as f64 / 1000.0;
            steps.insert((*name).to_owned(), json!({"count": times.len(), "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0)}));
        }
        if as_json {
            let row = json!({"direction": direction, "lanes": options.lanes, "pre_accept": options.pre_accept, "calls": calls, "seconds": took,
                "calls_per_second": rate, "server_cpu_ms_per_call": cpu_ms, "steps": Value::Object(steps)});
            println!("{row}");
            return;
        }
        println!("{direction}-initiated, {} lanes: {calls} calls in {took:.1} s = {rate:.0} calls/s", options.lanes);
        if let Some(ms) = cpu_ms {
            println!("CPU time of the server: {ms:.2} ms a call");
        }
        println!("| step | count | p50 ms | p99 ms | max ms |\n|---|---|---|---|---|");
        for (name, _) in all.iter() {
            let step = &steps[*name];
            let ms = |key: &str| step[key].as_f64().unwrap_or(f64::NAN);
            println!("| {name} | {} | {:.2} | {:.2} | {:.2} |", step["count"], ms("p50_ms"), ms("p99_ms"), ms("max_ms"));
        }
    }
}
