//! Bounds on the wait for sources, and on the tags that a pattern names.

use std::time::Duration;

/// The first pause between two polls for sources that do not exist yet. It doubles each time.
pub(super) const FIRST_POLL_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause between two polls. Builds take minutes, and Docker Hub counts some requests per hour.
pub(super) const LONGEST_POLL_PAUSE: Duration = Duration::from_secs(30);

/// The time for the last poll, which begins at the end of the wait.
pub(super) const LAST_POLL: Duration = Duration::from_secs(10);

/// The time after which a wait is reported again though nothing has changed. CI systems end jobs that are silent for some ten minutes.
pub(super) const WAIT_REMINDER: Duration = Duration::from_secs(60);

/// The most names of missing sources in one line. The error at the end has all of them.
pub(super) const NAMES_IN_LINE: usize = 5;

/// The number of tags that patterns may match unless `--max` is given. Lists have some ten images.
pub(crate) const MATCHED_TAGS: usize = 50;

/// The most tags of a match that are named in its report.
pub(super) const TAGS_IN_REPORT: usize = 100;

/// The number of similar tags that are named if none matches.
pub(super) const SIMILAR_TAGS: usize = 5;
