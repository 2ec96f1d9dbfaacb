//! A story from beginning to end.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ahoy_store::sqlite::MemoryDatabase;

use crate::act::Act;
use crate::breach::{Breach, Held, Promise};
use crate::disk::Disk;
use crate::draw::draw_story;
use crate::mutation::Mutation;
use crate::world::World;

/// Acts of a story.
pub const LENGTH: usize = 70;
/// Lives that begin in one act at most: each may end in the next commit.
const RISES: usize = 20;

/// How a story ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was broken.
    pub breach: Option<Breach>,
    /// A number that two runs of the same story share.
    pub digest: u64,
    /// What happened, where that was asked for.
    pub story: Vec<String>,
    /// Commits of all lives.
    pub commits: u64,
}

/// Which store a story runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// SQLite in memory.
    Memory,
    /// SQLite with its files.
    Files,
}

/// How a story is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// The store.
    pub on: On,
    /// A planted bug.
    pub mutation: Option<&'static Mutation>,
    /// Whether the story is to be told.
    pub tell: bool,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            on: On::Memory,
            mutation: None,
            tell: false,
        }
    }
}

/// The story of a seed.
pub fn story_of(seed: u64) -> Vec<Act> {
    draw_story(seed, LENGTH)
}

thread_local! {
    /// One database a thread: its statements stay compiled from story to story.
    static DATABASE: RefCell<Option<MemoryDatabase>> = const { RefCell::new(None) };
}

fn disk(on: On, fresh: bool) -> Held<Disk> {
    if on == On::Files {
        return Ok(Disk::folder());
    }
    // A planted bug is part of the schema, and must not reach other stories.
    if fresh {
        return Ok(Disk::Memory(MemoryDatabase::new()?));
    }
    DATABASE.with_borrow_mut(|kept| {
        let database = match kept {
            Some(database) => database.clone(),
            None => kept.insert(MemoryDatabase::new()?).clone(),
        };
        database.wipe()?;
        Ok(Disk::Memory(database))
    })
}

/// Plays these acts under this seed.
pub fn play(seed: u64, acts: &[Act], wish: Wish) -> Outcome {
    let mut world = None;
    let played = catch_unwind(AssertUnwindSafe(|| {
        let disk = disk(wish.on, wish.mutation.is_some())?;
        let world = world.insert(World::new(seed, disk, wish.mutation, wish.tell)?);
        go(world, acts)
    }));
    let breach = match played {
        Ok(held) => held.err(),
        Err(panic) => {
            // What was under way may have left the database half open.
            DATABASE.set(None);
            Some(Breach::new(Promise::NothingBreaks, sentence(&*panic)))
        }
    };
    let mut outcome = Outcome {
        breach,
        digest: 0,
        story: Vec::new(),
        commits: 0,
    };
    if let Some(world) = &mut world {
        outcome.digest = world.digest();
        outcome.story = world.story();
        outcome.commits = world.power.commits();
        // Tasks hold the platform, and the platform the machine they are of.
        let _ = world.die();
    }
    outcome
}

fn sentence(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!("it panicked: {}", text.unwrap_or("without a word"))
}

fn go(world: &mut World, acts: &[Act]) -> Held {
    for act in acts {
        world.tell(|| act.to_string());
        let mut whole = world.act(act)?;
        if whole {
            world.breathe();
        }
        for rises in 0.. {
            whole = whole && !world.power.is_cut();
            if whole {
                world.check_now()?;
                if !world.power.is_cut() {
                    break;
                }
            }
            if rises > RISES {
                return Err(Breach::new(
                    Promise::NothingHangs,
                    "it does not come to life again",
                ));
            }
            world.rise()?;
            whole = true;
        }
    }
    // A cut that is still ahead comes too late.
    world.power.restore();
    world.check_at_the_end()?;
    world.die()?;
    let left = world.dump()?;
    world.fold(&left);
    Ok(())
}

/// Plays a story again in memory, and on SQLite's files: all three end alike.
pub fn compare(seed: u64, acts: &[Act]) -> Option<Breach> {
    let on = |on| {
        play(
            seed,
            acts,
            Wish {
                on,
                ..Wish::default()
            },
        )
    };
    let [first, again, files] = [On::Memory, On::Memory, On::Files].map(on);
    let breach = [&again, &files].into_iter().find_map(|o| o.breach.clone());
    if breach.is_some() {
        return breach;
    }
    let differs = |what: &str| {
        let (a, b) = (first.digest, files.digest);
        Some(Breach::new(
            Promise::Replays,
            format!("{what}: {a:016x}, {:016x} and {b:016x}", again.digest),
        ))
    };
    if first.digest != again.digest {
        return differs("the same story ends differently the second time");
    }
    if first.digest != files.digest {
        return differs("the same story ends differently on files");
    }
    None
}
