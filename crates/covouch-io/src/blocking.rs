//! Work that would hold up everybody else on its thread: disks, parsing of what is large, signatures.

use std::panic::resume_unwind;

/// Does it on a thread for such work. A panic goes on where it was asked for.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panicked) => resume_unwind(panicked.into_panic()),
    }
}
