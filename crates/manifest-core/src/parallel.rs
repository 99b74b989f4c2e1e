//! A map over many items on several threads.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// The number of items that is worth several threads: starting a thread takes as long as reading some entries.
const MANY: usize = 64;

/// Calls `f` with each item, on as many threads as there are processors if there are many items. The results are in the order of
/// the items.
#[must_use]
pub fn map<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    // The number of processors takes several files to find out, which is more than few items are worth.
    let threads = if items.len() < MANY {
        1
    } else {
        thread::available_parallelism().map_or(1, NonZero::get)
    };
    map_with_threads(threads, items, f)
}

/// Calls `f` as [`map`] does, on this many threads: for work that waits for the disk, not for a processor.
#[must_use]
pub fn map_with_threads<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    f: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    if threads < 2 || items.len() < 2 {
        return items.iter().map(f).collect();
    }
    let each = items.len().div_ceil(threads);
    let f = &f;
    thread::scope(|scope| {
        let chunks = items.chunks(each);
        let threads: Vec<_> = chunks
            .map(|chunk| scope.spawn(move || chunk.iter().map(f).collect::<Vec<R>>()))
            .collect();
        let results = threads.into_iter();
        let results =
            results.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        results.flatten().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order() {
        for count in [0, 1, 2, MANY - 1, MANY, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(map(&items, |item| item * 2), doubled);
            for threads in [0, 1, 3, 16] {
                assert_eq!(map_with_threads(threads, &items, |item| item * 2), doubled);
            }
        }
    }
}
