//! Disk work, on threads of its own and on a few of them only.
//!
//! Left to itself the runtime starts a thread for each piece of a file that some client waits for, and the memory
//! of a hundred threads stays with the process. A disk does not answer sooner for being asked by more.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::DownloadError;
use crate::limits;

/// The places for disk work.
#[derive(Clone)]
pub(super) struct Disk(Arc<Semaphore>);

impl Disk {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(limits::DISK_THREADS)))
    }

    /// Runs work where it does not hold up the network, once there is a place for it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, DownloadError> {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_| DownloadError::Abandoned)?;
        let done = tokio::task::spawn_blocking(move || {
            // Work goes on when nobody waits for it any more, and keeps its place that long.
            let _place = place;
            work()
        });
        done.await.map_err(|_| DownloadError::Abandoned)
    }
}
