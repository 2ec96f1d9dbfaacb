//! The data folder: one process at a time, and none but its owner reads it.

use std::collections::hash_map::RandomState;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::{Result, StoreError};

/// Held by the store and all its readers: as long as one of them lives, no other process opens the folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// However the process ends, the system releases the lock.
    lock: File,
    temporary: bool,
}

impl Folder {
    /// Creates the folder where it is missing, readable by its owner alone (it holds app secrets), and locks it.
    pub(super) fn open(path: &Path) -> Result<Self> {
        create(path, true).map_err(|e| about(path, "cannot be created", &e))?;
        Self::lock(path, false)
    }

    /// A new folder among the system's temporary ones, removed with the last user of it.
    pub(super) fn temporary() -> Result<Self> {
        let base = std::env::temp_dir();
        loop {
            // std's hash keys are random: enough to find a free name; `create` refuses a taken one.
            let random = RandomState::new().build_hasher().finish();
            let path = base.join(format!("ahoy-{random:016x}"));
            match create(&path, false) {
                Ok(()) => return Self::lock(&path, true),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(about(&path, "cannot be created", &e)),
            }
        }
    }

    fn lock(path: &Path, temporary: bool) -> Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(|e| about(path, "cannot be written to", &e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(path, &mut file)),
            Err(TryLockError::Error(e)) => return Err(about(path, "cannot be locked", &e)),
        }
        // Only for the sentence another process shows; the lock itself needs no content.
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(|e| about(path, "cannot be written to", &e))?;
        Ok(Self {
            path: path.to_owned(),
            lock: file,
            temporary,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join("ahoy.sqlite3")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            // Nobody is left to be told; what stays is in the system's own folder for such things.
            let _ = fs::remove_dir_all(&self.path);
        }
        // Closing the file would do, but for a child that another thread is just starting: between its fork and its
        // exec it holds the file too.
        let _ = self.lock.unlock();
    }
}

/// What this program writes into a data folder, the lock aside.
const FILES: [&str; 4] = [
    "ahoy.sqlite3",
    "ahoy.sqlite3-journal",
    "ahoy.sqlite3-shm",
    "ahoy.sqlite3-wal",
];

/// Deletes the database of a folder that no process uses and that holds nothing but this program's; says whether there was
/// one. `ours` looks at the database before anything is deleted.
pub(super) fn erase(path: &Path, ours: impl FnOnce(&Path) -> Result<bool>) -> Result<bool> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(about(path, "cannot be read", &e)),
    };
    let not_ours = |what: &str| {
        StoreError(format!(
            "the folder {} is no data folder of Ahoy's: it holds {what}; nothing was deleted",
            path.display()
        ))
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry
            .map_err(|e| about(path, "cannot be read", &e))?
            .file_name();
        let name = name.to_string_lossy();
        if FILES.contains(&&*name) {
            found.push(name.into_owned());
        } else if name != "lock" {
            return Err(not_ours(&format!("`{name}`")));
        }
    }
    if found.is_empty() {
        return Ok(false);
    }
    let folder = Folder::lock(path, false)?;
    if !ours(&folder.database())? {
        return Err(not_ours("another program's database"));
    }
    // The database first: without it the rest is nothing.
    for name in FILES {
        match fs::remove_file(path.join(name)) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(about(path, "cannot be emptied", &e)),
        }
    }
    Ok(true)
}

fn create(path: &Path, with_parents: bool) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(with_parents);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

fn about(path: &Path, what: &str, e: &io::Error) -> StoreError {
    StoreError(format!("the data folder {} {what}: {e}", path.display()))
}

fn in_use(path: &Path, file: &mut File) -> StoreError {
    let mut text = String::new();
    let holder = file
        .take(20)
        .read_to_string(&mut text)
        .ok()
        .and_then(|_| text.trim().parse::<u32>().ok());
    let holder = holder.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    );
    StoreError(format!(
        "the data folder {} is in use by {holder}: stop that one first, or choose another folder",
        path.display()
    ))
}
