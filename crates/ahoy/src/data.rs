//! The data folder: given by hand, or a fresh temporary one that goes with the process.

use std::path::{Path, PathBuf};

use ahoy_store::sqlite::SqliteStore;
use anyhow::Context;

/// Where the database lives.
pub(crate) struct DataFolder {
    path: PathBuf,
    temporary: bool,
}

impl DataFolder {
    /// A folder that stays.
    pub(crate) fn kept(path: PathBuf) -> Self {
        Self {
            path,
            temporary: false,
        }
    }

    /// A fresh one that is removed at the end.
    pub(crate) fn temporary() -> anyhow::Result<Self> {
        let mut random = [0; 6];
        getrandom::fill(&mut random).context("the system gives no random bytes")?;
        let name: String = random.iter().map(|b| format!("{b:02x}")).collect();
        let path = std::env::temp_dir().join(format!("ahoy-{name}"));
        std::fs::create_dir(&path)
            .with_context(|| format!("the folder {} cannot be created", path.display()))?;
        Ok(Self {
            path,
            temporary: true,
        })
    }

    /// Deletes what an earlier process kept here; says whether there was anything.
    pub(crate) fn start_anew(&self) -> anyhow::Result<bool> {
        let database = self.database();
        // A folder with other things and no database is somebody else's, or a slip of the finger.
        let others =
            std::fs::read_dir(&self.path).is_ok_and(|mut entries| entries.next().is_some());
        anyhow::ensure!(
            database.exists() || !others,
            "--fresh: the folder {} is no data folder of Ahoy's; nothing was deleted",
            self.path.display()
        );
        SqliteStore::erase(&database).context("--fresh")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("ahoy.db")
    }

    pub(crate) const fn is_temporary(&self) -> bool {
        self.temporary
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed is the system's temporary folder's to clean.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
