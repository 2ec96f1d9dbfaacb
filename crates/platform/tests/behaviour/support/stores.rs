//! Stores that do what a disk or a power cut does.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use ahoy_store::sqlite::{Durability, SqliteStore};
use ahoy_store::{Batch, Dump, Reader, ReplaceError, Result, Store, StoreError, Tx};

/// A folder of a test, removed with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn open(&self) -> SqliteStore {
        SqliteStore::open_with(&self.0, Durability::Normal).unwrap()
    }
    /// Opens it again as soon as the last task of a stopped platform has let go of it.
    pub async fn reopen(&self) -> SqliteStore {
        let opened = async {
            loop {
                match SqliteStore::open_with(&self.0, Durability::Normal) {
                    Ok(store) => return store,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(super::PATIENCE, opened)
            .await
            .expect("the folder is free again")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn folder() -> Folder {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("ahoy-test-{}-{number}", std::process::id()));
    std::fs::create_dir(&path).unwrap();
    Folder(path)
}

/// A copy of a database to which nothing is committed meanwhile. The log first: what is moved from it into the
/// database during the copy is in both then.
pub fn copy_of(from: &Path) -> Folder {
    let to = folder();
    for name in ["ahoy.sqlite3-wal", "ahoy.sqlite3"] {
        let file = from.join(name);
        if file.exists() {
            std::fs::copy(file, to.0.join(name)).unwrap();
        }
    }
    to
}

/// Told after a commit, on the ledger's thread, which folder it went to. Nothing is committed meanwhile.
pub type AfterCommit = Box<dyn FnMut(&Path) + Send>;

/// A store that somebody watches.
pub struct Watched {
    inner: SqliteStore,
    after: AfterCommit,
}

impl Watched {
    pub fn new(inner: SqliteStore, after: AfterCommit) -> Self {
        Self { inner, after }
    }

    /// Keeps what a crash right after each commit would have left on the disk.
    pub fn snapshots(inner: SqliteStore) -> (Self, Arc<Mutex<Vec<Folder>>>) {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let ours = taken.clone();
        let after = move |path: &Path| ours.lock().unwrap().push(copy_of(path));
        (Self::new(inner, Box::new(after)), taken)
    }
}

impl Store for Watched {
    fn batch(&mut self, work: &mut dyn FnMut(&mut dyn Batch) -> Result<()>) -> Result<()> {
        self.inner.batch(work)?;
        (self.after)(self.inner.folder());
        Ok(())
    }
    fn reader(&self) -> Result<Box<dyn Reader>> {
        self.inner.reader()
    }
    fn clear(&mut self) -> Result<()> {
        self.inner.clear()
    }
    fn replace(
        &mut self,
        dump: &Dump,
        then: &mut dyn FnMut(&mut dyn Batch) -> Result<()>,
    ) -> std::result::Result<(), ReplaceError> {
        self.inner.replace(dump, then)
    }
}

/// What is to go wrong, once each.
#[derive(Default)]
pub struct Faults {
    /// The next commit fails.
    pub commit: bool,
    /// The savepoint after this many of the next batch fails before its work begins.
    pub savepoint: Option<usize>,
    /// Nothing can be begun until this is false again.
    pub down: bool,
    /// The next batch waits for this before it begins, so that a queue builds up behind it.
    pub gate: Option<Receiver<()>>,
}

/// A store that fails on request.
pub struct Faulty {
    inner: SqliteStore,
    faults: Arc<Mutex<Faults>>,
}

impl Faulty {
    pub fn new() -> (Self, Arc<Mutex<Faults>>) {
        let faults = Arc::new(Mutex::new(Faults::default()));
        let inner = SqliteStore::temporary().unwrap();
        let store = Self {
            inner,
            faults: faults.clone(),
        };
        (store, faults)
    }
}

struct Failing<'a> {
    inner: &'a mut dyn Batch,
    at: Option<usize>,
}

impl Batch for Failing<'_> {
    fn savepoint(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<bool>) -> Result<()> {
        match self.at {
            Some(0) => Err(StoreError("disk I/O error".into())),
            at => {
                self.at = at.map(|n| n - 1);
                self.inner.savepoint(work)
            }
        }
    }
}

impl Store for Faulty {
    fn batch(&mut self, work: &mut dyn FnMut(&mut dyn Batch) -> Result<()>) -> Result<()> {
        let gate = self.faults.lock().unwrap().gate.take();
        if let Some(gate) = gate {
            gate.recv().unwrap();
            return self.inner.batch(work);
        }
        let (down, commit, at) = {
            let mut faults = self.faults.lock().unwrap();
            (
                faults.down,
                std::mem::take(&mut faults.commit),
                faults.savepoint.take(),
            )
        };
        if down {
            return Err(StoreError("no space left on device".into()));
        }
        self.inner.batch(&mut |batch| {
            work(&mut Failing { inner: batch, at })?;
            if commit {
                return Err(StoreError("the commit failed".into()));
            }
            Ok(())
        })
    }
    fn reader(&self) -> Result<Box<dyn Reader>> {
        self.inner.reader()
    }
    fn clear(&mut self) -> Result<()> {
        self.inner.clear()
    }
    fn replace(
        &mut self,
        dump: &Dump,
        then: &mut dyn FnMut(&mut dyn Batch) -> Result<()>,
    ) -> std::result::Result<(), ReplaceError> {
        self.inner.replace(dump, then)
    }
}
