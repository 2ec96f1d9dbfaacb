//! What outlives a process: a database in memory, or a folder for comparison.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use ahoy_store::sqlite::{Durability, MemoryDatabase, SqliteStore};
use ahoy_store::{Result, Store};

/// The disk of a story.
pub enum Disk {
    /// In memory: quick.
    Memory(MemoryDatabase),
    /// The files of production.
    Folder(Folder),
}

/// A folder that goes with the story.
pub struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is in the system's own place for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Disk {
    /// An empty folder among the system's temporary ones.
    pub fn folder() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "ahoy-simulation-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        Self::Folder(Folder(std::env::temp_dir().join(name)))
    }

    /// Opens what is on it.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn open(&self) -> Result<Box<dyn Store>> {
        match self {
            Self::Memory(database) => Ok(database.store()),
            Self::Folder(folder) => Ok(Box::new(open(folder)?)),
        }
    }

    /// Every row, as text. Nobody has it open.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn dump(&self) -> Result<String> {
        match self {
            Self::Memory(database) => database.dump(),
            Self::Folder(folder) => open(folder)?.dump(),
        }
    }

    /// Plants a bug into it, where that is possible.
    ///
    /// # Errors
    /// The SQL is wrong.
    pub fn plant(&self, sql: &str) -> Result<()> {
        match self {
            Self::Memory(database) => database.execute(sql),
            Self::Folder(_) => Ok(()),
        }
    }
}

fn open(folder: &Folder) -> Result<SqliteStore> {
    // No power is cut in earnest: the files need not reach the metal.
    SqliteStore::open_with(&folder.0, Durability::Normal)
}
