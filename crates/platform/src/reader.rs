//! Reads of committed state, on connections of their own.

use std::sync::{Mutex, PoisonError};

use ahoy_store::{Reader, Result, Rows, Store, StoreError};

/// Connections at rest; what is beyond them is closed after use.
const KEPT: usize = 16;

/// A pool of reading connections. It grows with the threads that read at once.
pub(crate) struct Readers {
    idle: Mutex<Vec<Box<dyn Reader>>>,
    // The store itself moves to the ledger's thread, so one connection is kept as the source of others.
    source: Mutex<Box<dyn Reader>>,
}

impl Readers {
    pub(crate) fn new(store: &dyn Store) -> Result<Self> {
        Ok(Self {
            idle: Mutex::default(),
            source: Mutex::new(store.reader()?),
        })
    }

    pub(crate) fn read<T>(&self, work: impl FnOnce(&mut dyn Rows) -> Result<T>) -> Result<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let pooled = idle().pop();
        let mut reader = match pooled {
            Some(reader) => reader,
            None => self
                .source
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .another()?,
        };
        let mut work = Some(work);
        let mut result = None;
        reader.read(&mut |rows| {
            if let Some(work) = work.take() {
                result = Some(work(rows)?);
            }
            Ok(())
        })?;
        let mut idle = idle();
        if idle.len() < KEPT {
            idle.push(reader);
        }
        result.ok_or_else(|| StoreError("the reader did not run".into()))
    }
}
