//! A store whose power can be cut, before a commit or after it and before anything that follows from it; and whose disk can be
//! full.

use std::sync::{Arc, Mutex};

use ahoy_store::{Batch, Dump, Reader, ReplaceError, Result, Store, StoreError};

use crate::machine::lock;

/// Where in a commit the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutAt {
    /// Everything of the batch was done and nothing is on the disk.
    BeforeCommit,
    /// It is on the disk, and nobody was told.
    AfterCommit,
}

#[derive(Debug, Default)]
struct State {
    cut: bool,
    /// Commits until the cut, and where.
    fuse: Option<(u32, CutAt)>,
    /// Commits that will fail for want of room.
    full: u32,
    /// The last commit failed.
    failed: bool,
    commits: u64,
}

/// The switch.
#[derive(Debug, Default)]
pub struct Power(Mutex<State>);

impl Power {
    /// Whether nothing runs any more.
    pub fn is_cut(&self) -> bool {
        lock(&self.0).cut
    }

    /// Cuts it now.
    pub fn cut(&self) {
        lock(&self.0).cut = true;
    }

    /// Cuts it at the commit that comes after `more` others.
    pub fn cut_after(&self, more: u32, at: CutAt) {
        lock(&self.0).fuse = Some((more, at));
    }

    /// Gives it back, with no cut ahead.
    pub fn restore(&self) {
        let mut state = lock(&self.0);
        state.cut = false;
        state.fuse = None;
        state.full = 0;
        state.failed = false;
    }

    /// The next commits fail, and nothing of them happens.
    pub fn fill_up(&self, commits: u32) {
        lock(&self.0).full = commits;
    }

    /// Commits so far.
    pub fn commits(&self) -> u64 {
        lock(&self.0).commits
    }

    /// Whether the last commit failed.
    pub fn failed(&self) -> bool {
        lock(&self.0).failed
    }

    /// A batch begins: how it ends.
    fn next(&self) -> Ending {
        let mut state = lock(&self.0);
        state.commits += 1;
        match &mut state.fuse {
            None => {}
            Some((0, at)) => {
                let at = *at;
                state.cut = true;
                return match at {
                    CutAt::BeforeCommit => Ending::Fails("the power was cut"),
                    CutAt::AfterCommit => Ending::Keeps,
                };
            }
            Some((more, _)) => *more -= 1,
        }
        state.failed = state.full > 0;
        if !state.failed {
            return Ending::Keeps;
        }
        state.full -= 1;
        Ending::Fails(DISK_FULL)
    }
}

/// How a batch ends.
enum Ending {
    Keeps,
    Fails(&'static str),
}

/// What the store says when there is no room.
pub const DISK_FULL: &str = "the disk is full";

/// A store behind the switch.
pub struct Wired {
    /// The store.
    pub store: Box<dyn Store>,
    /// The switch.
    pub power: Arc<Power>,
}

impl Store for Wired {
    fn batch(&mut self, work: &mut dyn FnMut(&mut dyn Batch) -> Result<()>) -> Result<()> {
        match self.power.next() {
            Ending::Fails(why) => self.store.batch(&mut |batch| {
                work(batch)?;
                Err(StoreError(why.into()))
            }),
            Ending::Keeps => self.store.batch(work),
        }
    }
    fn reader(&self) -> Result<Box<dyn Reader>> {
        self.store.reader()
    }
    fn clear(&mut self) -> Result<()> {
        self.store.clear()
    }
    fn replace(
        &mut self,
        dump: &Dump,
        then: &mut dyn FnMut(&mut dyn Batch) -> Result<()>,
    ) -> std::result::Result<(), ReplaceError> {
        self.store.replace(dump, then)
    }
}
