//! Concurrent futures: many with a bound, or a background future alongside the main one.

use std::future::poll_fn;
use std::pin::{Pin, pin};

use futures_util::future::MaybeDone;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};

/// Runs futures, at most `limit` at once, and returns their results in the order of the futures.
///
/// All futures run to completion. A failure stops none of the others, so that the first failure in order is the same in
/// each run.
pub async fn concurrent<F: Future>(
    limit: usize,
    futures: impl IntoIterator<Item = F>,
) -> Vec<F::Output> {
    // An async block would store the future twice.
    let numbered = futures
        .into_iter()
        .enumerate()
        .map(|(i, future)| future.map(move |result| (i, result)));
    let mut results: Vec<_> = stream::iter(numbered)
        .buffer_unordered(limit.max(1))
        .collect()
        .await;
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Runs futures, at most `limit` at once, and returns their results in the order of the futures, or the first failure. Then the
/// others are dropped.
pub(crate) async fn try_concurrent<T, E>(
    limit: usize,
    futures: impl IntoIterator<Item = impl Future<Output = Result<T, E>>>,
) -> Result<Vec<T>, E> {
    let results = stream::iter(futures).buffered(limit.max(1));
    results.try_collect().await
}

/// Runs `main` to completion, and polls `background` alongside it as far as it gets. The requests of `main` go first.
pub(crate) async fn alongside<F: Future, M: Future>(
    mut background: Pin<&mut MaybeDone<F>>,
    main: M,
) -> M::Output {
    let mut main = pin!(main);
    poll_fn(|context| {
        let output = main.as_mut().poll(context);
        if output.is_pending() {
            let _ = background.as_mut().poll(context);
        }
        output
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn results_keep_their_order_and_the_limit_holds() {
        let (running, max_running) = (Cell::new(0), Cell::new(0));
        let task = |i: u64| {
            let (running, max_running) = (&running, &max_running);
            async move {
                running.set(running.get() + 1);
                max_running.set(max_running.get().max(running.get()));
                tokio::time::sleep(Duration::from_secs(10 - i)).await;
                running.set(running.get() - 1);
                i
            }
        };
        let results = concurrent(3, (0..10).map(task)).await;
        assert_eq!(results, (0..10).collect::<Vec<_>>());
        assert_eq!(max_running.get(), 3);
        assert_eq!(concurrent(0, [async { 1 }]).await, [1]);
    }
}
