//! Moving the log into the database on a thread of its own, so that the ledger's commits do not wait for it.
//!
//! SQLite would do it inside the commit that finds the log long enough: tens of milliseconds in which nobody gets an
//! answer. A checkpoint beside the writer disturbs nobody, but the log begins anew only when all of it has been moved
//! at some instant. Under a load that never rests there is no such instant, and the writer itself makes one, rarely
//! and with little left to move.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};

use super::folder::Folder;
use crate::{Result, StoreError};

/// Pages of the log, since the last time, after which the thread moves them: 4 MiB at 4 KiB a page.
const BESIDE: i32 = 1 << 10;
/// Pages of the log at which the writer lends a hand.
const INSIDE: i32 = 16 << 10;
/// What the log's file is cut to when it begins anew, in bytes.
const LOG_LIMIT: i64 = 64 << 20;

/// The thread. It ends when the writer's connection, which holds the other end of its channel, is gone.
#[derive(Debug)]
pub(super) struct Checkpointer(Option<JoinHandle<()>>);

impl Checkpointer {
    /// Starts the thread and lets the writer's commits wake it.
    pub(super) fn start(folder: &Arc<Folder>, writer: &mut Connection) -> Result<Self> {
        let (wake, woken) = sync_channel(1);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = super::connect(folder, flags, 1 << 10)?;
        writer.pragma_update_and_check(None, "journal_size_limit", LOG_LIMIT, |_| Ok(()))?;
        // Only one moves at a time; SQLite would turn the other away instead of letting it wait.
        let turn = Arc::new(Mutex::new(()));
        writer.wal_hook(Some(after_commit(wake, Arc::clone(&turn))))?;
        let folder = Arc::clone(folder);
        let thread = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn(move || {
                serve(&conn, &woken, &turn);
                // The connection first, then what keeps the folder locked.
                drop(conn);
                drop(folder);
            })
            .map_err(|e| StoreError(format!("the checkpoint thread does not start: {e}")))?;
        Ok(Self(Some(thread)))
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // It does not panic; and there is nobody to tell.
            let _ = thread.join();
        }
    }
}

fn serve(conn: &Connection, woken: &Receiver<()>, turn: &Mutex<()>) {
    while woken.recv().is_ok() {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        // What could not be moved now (a reader looks at it, the disk is full) stays in the log, safe as before.
        let _ = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }
}

/// What the writer does after each commit, given the pages in the log. It never fails: the commit stands.
fn after_commit(
    wake: SyncSender<()>,
    turn: Arc<Mutex<()>>,
) -> impl FnMut(&mut Wal, i32) -> rusqlite::Result<()> {
    let mut asked_at = 0;
    move |wal, pages| {
        // The log began anew.
        asked_at = asked_at.min(pages);
        if pages >= INSIDE {
            // The thread may be at it: then commits wait as long as the disk needs to keep up with them.
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = wal.checkpoint();
        } else if pages - asked_at >= BESIDE {
            asked_at = pages;
            // Full: the thread is told already.
            let _ = wake.try_send(());
        }
        Ok(())
    }
}
