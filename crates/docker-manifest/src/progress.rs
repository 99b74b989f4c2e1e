//! Progress of copying, or of a run over many lists: a bar on a terminal, occasional lines elsewhere. Short work shows nothing.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use manifest_registry::Progress;

use crate::byte_size::byte_size;
use crate::output::Output;

/// The time of copying before a bar is shown.
const BAR_DELAY: Duration = Duration::from_millis(500);

/// The least time between two updates of a bar.
const BAR_INTERVAL: Duration = Duration::from_millis(100);

/// The time of copying before a line is written. It is longer than for a bar, because a line stays in the log.
const LINE_DELAY: Duration = Duration::from_secs(2);

/// The least time between two lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// The time of copying before the time left is estimated.
const ESTIMATE_DELAY: Duration = Duration::from_secs(1);

/// The template of a bar.
const BAR_TEMPLATE: &str = "[{bar:24}] {wide_msg}";

/// The way in which progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DisplayMode {
    /// On a terminal, in one line that changes.
    Terminal,
    /// Anywhere else, in lines that stay.
    Log,
}

/// The progress of a run over many lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListProgress {
    /// The number of lists.
    pub(crate) lists: usize,
    /// The number of lists that are done, the failed ones included.
    pub(crate) done: usize,
    /// The number of lists that have failed.
    pub(crate) failed: usize,
}

impl ListProgress {
    /// Formats the progress: `120 of 1000 lists, 2 failed, about 40 s left`.
    fn text(self, elapsed: Duration) -> String {
        let Self {
            lists,
            done,
            failed,
        } = self;
        let mut text = format!("{done} of {lists} lists");
        if failed > 0 {
            text.push_str(&format!(", {failed} failed"));
        }
        if let Some(left) = time_left((done as u64, lists as u64), elapsed) {
            text.push_str(&format!(", about {left} left"));
        }
        text
    }
}

/// Shows the progress of one operation.
#[derive(Debug)]
pub(crate) struct ProgressDisplay {
    bar: Option<ProgressBar>,
    begun: Option<Instant>,
    throttle: Throttle,
}

impl ProgressDisplay {
    pub(crate) fn new(mode: DisplayMode) -> Self {
        let is_terminal = mode == DisplayMode::Terminal;
        // Hidden until there is something to show.
        let bar =
            is_terminal.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()));
        Self {
            bar,
            begun: None,
            throttle: Throttle::of(mode),
        }
    }

    /// Shows the progress of copying, if it is time for that.
    pub(crate) fn show(&mut self, progress: &Progress) {
        let elapsed = self.elapsed();
        if progress.is_complete() {
            self.clear();
        } else {
            self.show_amounts(elapsed, amounts(progress), || text(progress, elapsed));
        }
    }

    /// Shows the progress of a run over many lists, if it is time for that.
    pub(crate) fn show_lists(&mut self, progress: ListProgress) {
        let elapsed = self.elapsed();
        if progress.done >= progress.lists {
            self.clear();
        } else {
            let amounts = (progress.done as u64, progress.lists as u64);
            self.show_amounts(elapsed, amounts, || progress.text(elapsed));
        }
    }

    fn elapsed(&mut self) -> Duration {
        self.begun.get_or_insert_with(Instant::now).elapsed()
    }

    /// Shows how much is done, of how much, and a text about it, if it is time for that.
    fn show_amounts(
        &mut self,
        elapsed: Duration,
        (done, all): (u64, u64),
        text: impl FnOnce() -> String,
    ) {
        if !self.throttle.is_due(elapsed) {
            return;
        }
        let text = text();
        let Some(bar) = &self.bar else {
            Output::default().status(&text);
            return;
        };
        bar.set_length(all);
        bar.set_position(done);
        bar.set_message(text);
        if bar.is_hidden() {
            if let Ok(style) = ProgressStyle::with_template(BAR_TEMPLATE) {
                bar.set_style(style.progress_chars("#>-"));
            }
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.tick();
        }
    }

    /// Hides a bar while other output is written.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match self.bar.as_ref().filter(|bar| !bar.is_hidden()) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes a bar. It appears again if there is more to show.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.as_ref().filter(|bar| !bar.is_hidden()) {
            bar.finish_and_clear();
            *self = Self {
                begun: self.begun,
                ..Self::new(DisplayMode::Terminal)
            };
        }
    }
}

/// Decides when progress is shown.
#[derive(Debug)]
struct Throttle {
    delay: Duration,
    interval: Duration,
    last: Option<Duration>,
}

impl Throttle {
    fn of(mode: DisplayMode) -> Self {
        let (delay, interval) = match mode {
            DisplayMode::Terminal => (BAR_DELAY, BAR_INTERVAL),
            DisplayMode::Log => (LINE_DELAY, LINE_INTERVAL),
        };
        Self {
            delay,
            interval,
            last: None,
        }
    }

    /// Tells whether progress is due at this time after the beginning, and counts it as shown.
    fn is_due(&mut self, elapsed: Duration) -> bool {
        let next = self.last.map_or(self.delay, |last| last + self.interval);
        let is_due = elapsed >= next;
        if is_due {
            self.last = Some(elapsed);
        }
        is_due
    }
}

/// Formats the progress: `copied 120.0 MB of 1.2 GB, 14 of 60 blobs, about 40 s left`.
fn text(progress: &Progress, elapsed: Duration) -> String {
    let Progress {
        blobs,
        blobs_done,
        bytes,
        bytes_done,
    } = *progress;
    let mut text = if bytes > 0 {
        let (done, all) = (byte_size(bytes_done), byte_size(bytes));
        format!("copied {done} of {all}, {blobs_done} of {blobs} blobs")
    } else {
        format!("mounted {blobs_done} of {blobs} blobs")
    };
    if let Some(left) = time_left(amounts(progress), elapsed) {
        text.push_str(&format!(", about {left} left"));
    }
    text
}

/// Returns the finished amount and the total: in bytes, or in blobs if no bytes are transferred.
fn amounts(progress: &Progress) -> (u64, u64) {
    if progress.bytes > 0 {
        (progress.bytes_done, progress.bytes)
    } else {
        (progress.blobs_done as u64, progress.blobs as u64)
    }
}

/// Estimates the time left from the time that the done part has taken. `None` if that is too little to tell.
fn time_left((done, all): (u64, u64), elapsed: Duration) -> Option<String> {
    if done == 0 || elapsed < ESTIMATE_DELAY {
        return None;
    }
    let left = all.saturating_sub(done) as f64 / done as f64;
    let seconds = elapsed.as_secs_f64() * left;
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 3600.0;
    // Coarse: it is an estimate, and a number that jumps tells less.
    Some(if seconds < 10.0 {
        format!("{:.0} s", seconds.ceil().max(1.0))
    } else if seconds < 1.5 * MINUTE {
        format!("{:.0} s", (seconds / 5.0).ceil() * 5.0)
    } else if seconds < 1.5 * HOUR {
        format!("{:.0} min", (seconds / MINUTE).ceil())
    } else {
        format!("{:.0} h", (seconds / HOUR).ceil())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(blobs: (usize, usize), bytes: (u64, u64)) -> Progress {
        Progress {
            blobs: blobs.1,
            blobs_done: blobs.0,
            bytes: bytes.1,
            bytes_done: bytes.0,
        }
    }

    #[test]
    fn progress_as_text() {
        let mb = 1_000_000;
        for (blobs, bytes, seconds, expected) in [
            (
                (14, 60),
                (120 * mb, 1200 * mb),
                4.4,
                "copied 120.0 MB of 1.2 GB, 14 of 60 blobs, about 40 s left",
            ),
            ((0, 2), (0, 500), 60.0, "copied 0 B of 500 B, 0 of 2 blobs"),
            (
                (0, 2),
                (5 * mb, 10 * mb),
                0.9,
                "copied 5.0 MB of 10.0 MB, 0 of 2 blobs",
            ),
            (
                (1, 2),
                (10 * mb, 10 * mb),
                5.0,
                "copied 10.0 MB of 10.0 MB, 1 of 2 blobs, about 1 s left",
            ),
            (
                (1, 3),
                (mb, 10 * mb),
                20.0,
                "copied 1.0 MB of 10.0 MB, 1 of 3 blobs, about 3 min left",
            ),
            (
                (1, 3),
                (mb, 1000 * mb),
                20.0,
                "copied 1.0 MB of 1.0 GB, 1 of 3 blobs, about 6 h left",
            ),
            ((3, 9), (0, 0), 3.0, "mounted 3 of 9 blobs, about 6 s left"),
        ] {
            let text = text(&progress(blobs, bytes), Duration::from_secs_f64(seconds));
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn progress_of_lists_as_text() {
        for (done, failed, seconds, expected) in [
            (120, 2, 5.0, "120 of 1000 lists, 2 failed, about 40 s left"),
            (1, 0, 0.5, "1 of 1000 lists"),
        ] {
            let progress = ListProgress {
                lists: 1000,
                done,
                failed,
            };
            assert_eq!(progress.text(Duration::from_secs_f64(seconds)), expected);
        }
    }

    #[test]
    fn when_progress_is_shown() {
        let check = |mode: DisplayMode, times: &[u64], shown: &[u64]| {
            let mut throttle = Throttle::of(mode);
            let mut at = times.to_vec();
            at.retain(|&milliseconds| throttle.is_due(Duration::from_millis(milliseconds)));
            assert_eq!(at, shown, "{mode:?}");
        };
        // Short work is never shown.
        check(DisplayMode::Terminal, &[0, 10, 400, 499], &[]);
        check(DisplayMode::Log, &[0, 10, 1000, 1999], &[]);
        check(
            DisplayMode::Terminal,
            &[0, 499, 500, 550, 599, 600, 610, 5000],
            &[500, 600, 5000],
        );
        check(
            DisplayMode::Log,
            &[0, 1000, 2000, 2001, 6000, 6999, 7500, 12_000, 12_500],
            &[2000, 7500, 12_500],
        );
        // A long silence does not make later lines more frequent.
        check(
            DisplayMode::Log,
            &[0, 60_000, 60_001, 65_000],
            &[60_000, 65_000],
        );
    }
}
