//! `ahoy-simulation`: many stories, or one told step by step.

#![allow(clippy::print_stdout, reason = "a command line tool speaks")]

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ahoy_simulation::mutation::named;
use ahoy_simulation::{Breach, MUTATIONS, Mutation, On, Wish, play, shrink, story_of};
use anyhow::{Context as _, bail};
use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

/// Plays the platform under virtual time against invented receivers, users, media and crashes, and holds it against its promises.
///
/// Every seed is a story of its own, the same on every machine. A story that breaks a promise is shortened and told, with the
/// command that replays it. Exits with 1 if one did, with 2 if it was asked wrongly.
#[derive(Debug, Parser)]
#[command(name = "ahoy-simulation", version)]
struct Args {
    /// How many seeds to play.
    #[arg(long, default_value_t = 1_000, conflicts_with = "seed")]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Tell the story of this seed instead, act by act.
    #[arg(long)]
    seed: Option<u64>,
    /// With --seed: the acts that are played, by their numbers, as a shortened story names them (1,4,7-9); all of them unless given.
    #[arg(long, requires = "seed")]
    acts: Option<String>,
    /// Threads; 0 for as many as there are cores.
    #[arg(long, default_value_t = 0)]
    jobs: usize,
    /// Play no longer than this many seconds: as many of the seeds as fit.
    #[arg(long)]
    within: Option<u64>,
    /// Plant this bug first (see --mutations): the stories should find it.
    #[arg(long)]
    mutation: Option<String>,
    /// List the bugs that can be planted.
    #[arg(long)]
    mutations: bool,
    /// Every so many seeds, play the story once more on SQLite's files and compare; 0 never.
    #[arg(long, default_value_t = 50)]
    twice_every: u64,
    /// Print one JSON object instead of sentences.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    // A panic in the platform is a finding: it is told with its story.
    std::panic::set_hook(Box::new(|_| {}));
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("ahoy-simulation: {e:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> anyhow::Result<bool> {
    if args.mutations {
        for mutation in MUTATIONS {
            println!("{:<34} {}", mutation.name, mutation.mistake);
        }
        return Ok(true);
    }
    let mutation = match &args.mutation {
        None => None,
        Some(name) => Some(named(name).with_context(|| {
            format!("--mutation: there is no planted bug `{name}`; --mutations lists them")
        })?),
    };
    match args.seed {
        Some(seed) => tell(args, seed, mutation),
        None => many(args, mutation),
    }
}

/// One story, act by act.
fn tell(args: &Args, seed: u64, mutation: Option<&'static Mutation>) -> anyhow::Result<bool> {
    let mut acts = story_of(seed);
    if let Some(text) = &args.acts {
        let chosen = numbers(text, acts.len())?;
        acts = chosen.into_iter().map(|n| acts[n - 1].clone()).collect();
    }
    let wish = Wish {
        mutation,
        tell: true,
        on: On::Memory,
    };
    let outcome = play(seed, &acts, wish);
    if args.json {
        let answer = json!({
            "seed": seed, "acts": acts.len(), "breach": outcome.breach, "digest": format!("{:016x}", outcome.digest),
            "story": outcome.story,
        });
        println!("{answer:#}");
    } else {
        outcome.story.iter().for_each(|line| println!("{line}"));
        match &outcome.breach {
            None => println!("seed {seed}: {} acts, every promise held", acts.len()),
            Some(breach) => println!("seed {seed}: BROKEN {breach}"),
        }
    }
    Ok(outcome.breach.is_none())
}

/// `1,4,7-9` as numbers from 1 to `most`.
fn numbers(text: &str, most: usize) -> anyhow::Result<Vec<usize>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let read = |text: &str| {
            text.trim().parse::<usize>().ok().with_context(|| {
                format!("--acts: `{part}` is no number and no range; 1,4,7-9 is expected")
            })
        };
        let (from, to) = (read(from)?, read(to)?);
        if from < 1 || to > most || from > to {
            bail!("--acts: `{part}` is not within 1-{most}");
        }
        all.extend(from..=to);
    }
    Ok(all)
}

struct Found {
    seed: u64,
    breach: Breach,
}

/// Many stories on several threads.
fn many(args: &Args, mutation: Option<&'static Mutation>) -> anyhow::Result<bool> {
    let jobs = match args.jobs {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    };
    let bar = progress(args.seeds, args.json);
    let start = Instant::now();
    let deadline = args.within.map(|secs| start + Duration::from_secs(secs));
    let (next, commits) = (AtomicU64::new(0), AtomicU64::new(0));
    let (played, twice) = (AtomicU64::new(0), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let found: Mutex<Option<Found>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed)
                    && deadline.is_none_or(|deadline| Instant::now() < deadline)
                {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= args.seeds {
                        return;
                    }
                    let seed = args.from + n;
                    let acts = story_of(seed);
                    let wish = Wish {
                        mutation,
                        ..Wish::default()
                    };
                    let mut outcome = play(seed, &acts, wish);
                    commits.fetch_add(outcome.commits, Ordering::Relaxed);
                    let compare = args.twice_every > 0 && n % args.twice_every == 0;
                    if compare && mutation.is_none() && outcome.breach.is_none() {
                        twice.fetch_add(1, Ordering::Relaxed);
                        outcome.breach = ahoy_simulation::run::compare(seed, &acts);
                    }
                    played.fetch_add(1, Ordering::Relaxed);
                    bar.inc(1);
                    if let Some(breach) = outcome.breach {
                        stop.store(true, Ordering::Relaxed);
                        let mut found = found.lock().unwrap_or_else(|e| e.into_inner());
                        // The first seed that broke, whichever thread came first.
                        if found.as_ref().is_none_or(|found| seed < found.seed) {
                            *found = Some(Found { seed, breach });
                        }
                    }
                }
            });
        }
    });
    bar.finish_and_clear();
    let took = start.elapsed();
    let played = played.into_inner();
    let rate = played as f64 / took.as_secs_f64().max(0.001);
    let mut summary = json!({
        "from": args.from, "played": played, "compared": twice.into_inner(), "commits": commits.into_inner(),
        "seconds": took.as_secs_f64(), "seeds_per_second": rate, "threads": jobs,
        "mutation": args.mutation, "broken": null,
    });
    let found = found.into_inner().unwrap_or_else(|e| e.into_inner());
    if let Some(found) = &found {
        summary["broken"] = shorten(args, found, mutation);
    }
    if args.json {
        println!("{summary:#}");
    } else if found.is_none() {
        println!(
            "{played} seeds from {} in {:.1} s ({rate:.0} a second on {jobs} threads, {} of them on both stores): every promise held",
            args.from,
            took.as_secs_f64(),
            summary["compared"],
        );
    }
    Ok(found.is_none())
}

/// The shortest story with the same breach; told, unless JSON is wanted.
fn shorten(args: &Args, found: &Found, mutation: Option<&'static Mutation>) -> serde_json::Value {
    let Found { seed, breach } = found;
    let whole = story_of(*seed);
    let wish = Wish {
        mutation,
        ..Wish::default()
    };
    let bar = spinner(args.json);
    let (kept, outcome) = shrink(*seed, whole.len(), breach.promise, wish, |left| {
        bar.set_message(format!("seed {seed}: shortening, {left} acts"));
        bar.tick();
    });
    bar.finish_and_clear();
    let planted = args
        .mutation
        .as_ref()
        .map(|name| format!(" --mutation {name}"))
        .unwrap_or_default();
    let command = format!(
        "cargo run --release -p ahoy-simulation -- --seed {seed} --acts {}{planted}",
        ranges(&kept)
    );
    let shortened = outcome.breach.as_ref().unwrap_or(breach);
    if !args.json {
        println!("seed {seed} BROKE {breach}");
        println!(
            "its shortest story, {} of {} acts:",
            kept.len(),
            whole.len()
        );
        outcome.story.iter().for_each(|line| println!("  {line}"));
        println!("  BROKEN {shortened}");
        println!("replay: {command}");
    }
    json!({ "seed": seed, "breach": breach, "acts": kept, "story": outcome.story, "replay": command })
}

/// 1, 2, 3, 7 as `1-3,7`.
fn ranges(numbers: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for n in numbers {
        match parts.last_mut() {
            Some((_, to)) if *to + 1 == *n => *to = *n,
            _ => parts.push((*n, *n)),
        }
    }
    let text = parts.into_iter().map(|(from, to)| match from == to {
        true => from.to_string(),
        false => format!("{from}-{to}"),
    });
    text.collect::<Vec<_>>().join(",")
}

fn progress(length: u64, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if quiet || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = "{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

fn spinner(quiet: bool) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if quiet || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
