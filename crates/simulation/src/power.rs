//! A store whose power can be cut: before a commit, or after it and before anything that follows from it.

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
    }

    /// Commits so far.
    pub fn commits(&self) -> u64 {
        lock(&self.0).commits
    }

    /// A batch begins: how it ends.
    fn next(&self) -> Option<CutAt> {
        let mut state = lock(&self.0);
        state.commits += 1;
        match &mut state.fuse {
            None => None,
            Some((0, at)) => {
                let at = *at;
                state.cut = true;
                Some(at)
            }
            Some((more, _)) => {
                *more -= 1;
                None
            }
        }
    }
}

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
            Some(CutAt::BeforeCommit) => self.store.batch(&mut |batch| {
                work(batch)?;
                Err(StoreError("the power was cut".into()))
            }),
            Some(CutAt::AfterCommit) | None => self.store.batch(work),
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
