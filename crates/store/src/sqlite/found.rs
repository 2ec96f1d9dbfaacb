//! What a data folder holds before SQLite has a look: a file that lost its content would be filled again without a word.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use crate::{Result, StoreError};

/// The database file as it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// There is none: a new folder.
    Nothing,
    /// There is one without a byte in it.
    Empty,
    /// There is one.
    File,
}

/// The magic of a database (the SQLite file format, §1.3).
const MAGIC: &[u8] = b"SQLite format 3\0";

fn length(path: &Path) -> Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(file) => Ok(Some(file.len())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(StoreError(format!(
            "{} cannot be read: {e}",
            path.display()
        ))),
    }
}

/// Looks at a database file and the log beside it.
///
/// # Errors
/// A log without its database, and a file that is shorter than its own header says.
pub(super) fn look(database: &Path) -> Result<Found> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let has_log = length(Path::new(&log))?.is_some_and(|length| length > 0);
    let shown = database.display();
    let length = match length(database)? {
        None | Some(0) if has_log => {
            return Err(StoreError(format!(
                "the database {shown} is gone while its log ({shown}-wal) holds changes: put the file back, or move the log away to begin anew"
            )));
        }
        None => return Ok(Found::Nothing),
        Some(0) => return Ok(Found::Empty),
        Some(length) => length,
    };
    let mut head = [0; 100];
    let read = File::open(database).and_then(|mut file| file.read_exact(&mut head));
    // What is no database SQLite says itself. With a log the file may be behind its own header.
    if read.is_err() || !head.starts_with(MAGIC) || has_log {
        return Ok(Found::File);
    }
    let page = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u32::from_be_bytes([head[28], head[29], head[30], head[31]]);
    // The count holds where two counters of changes agree (§1.3.7).
    let counted = head[24..28] == head[92..96];
    let wanted = page * u64::from(pages);
    if counted && wanted > length {
        return Err(StoreError(format!(
            "the database {shown} is torn: it has {length} of its {wanted} bytes; put back a copy of it"
        )));
    }
    Ok(Found::File)
}
