//! The same work for many things, on every processor.
//!
//! # Invariants
//! - What comes out depends on nothing but what goes in: not on how many threads there are, nor on which is first.

use std::{num::NonZeroUsize, panic::resume_unwind, thread};

/// Does it for parts of these items on several threads, none with fewer than `least`, and says in order what came of
/// each part. A panic of one goes on here.
pub fn spread<T: Sync, U: Send>(items: &[T], least: usize, work: impl Fn(&[T]) -> U + Sync) -> Vec<U> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    spread_over(threads, items, least, work)
}

/// The same on so many threads: more than there are processors, when the work waits for disks.
pub fn spread_over<T: Sync, U: Send>(
    threads: usize,
    items: &[T],
    least: usize,
    work: impl Fn(&[T]) -> U + Sync,
) -> Vec<U> {
    let mut parts = items.chunks(items.len().div_ceil(threads.max(1)).max(least).max(1));
    let (own, work) = (parts.next(), &work);
    thread::scope(|scope| {
        let others: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        // This thread has nothing better to do.
        let own = own.map(work);
        let others =
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        own.into_iter().chain(others).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_in_order_and_none_is_too_small() {
        let items: Vec<u32> = (0..1000).collect();
        for threads in [0, 1, 3, 7] {
            let parts = spread_over(threads, &items, 300, <[u32]>::to_vec);
            assert!(parts.len() <= threads.clamp(1, 4), "{threads}");
            assert_eq!(parts.concat(), items, "{threads}");
        }
        assert!(spread(&items[..0], 1, <[u32]>::len).is_empty());
    }
}
