//! The text of one cell, the same in every format.

use super::model::{ImageCell, PlatformSummary, State, TagRow};
use crate::byte_size::byte_size;
use crate::timestamp::Timestamp;

/// The text of a cell without anything to say.
pub(super) const NOTHING: &str = "-";

/// Describes the images of a tag for a platform: the size of one, the number of several, or a problem.
pub(super) fn text(row: &TagRow, platform: &str) -> String {
    let images: Vec<_> = row.images_for(platform).collect();
    let has = |state| images.iter().any(|image| image.state == state);
    if has(State::Missing) {
        return "missing".to_owned();
    }
    if has(State::Damaged) {
        return "damaged".to_owned();
    }
    match images.as_slice() {
        [] => NOTHING.to_owned(),
        [image] => self::image(image),
        images => format!("{} images", images.len()),
    }
}

/// Describes one image: its size, or its problem.
pub(super) fn image(image: &ImageCell) -> String {
    match image.state {
        State::Missing => "missing".to_owned(),
        State::Damaged => "damaged".to_owned(),
        State::Present => image.size.map_or_else(|| "yes".to_owned(), byte_size),
    }
}

/// Returns the date of a time.
pub(super) fn date(time: Option<&Timestamp>) -> String {
    time.map_or(NOTHING, Timestamp::date).to_owned()
}

/// Returns the oldest tag that supports a platform, and its date.
pub(super) fn since(platform: &PlatformSummary) -> (String, String) {
    match &platform.since {
        Some(first) => (first.tag.clone(), date(first.created.as_ref())),
        None => (NOTHING.to_owned(), NOTHING.to_owned()),
    }
}
