//! The platforms that came and went from a tag on (`--since`).

use super::model::{Change, Changes, TagRow};
use super::version_order::TagName;

/// Returns the tags from `since` on, newest first: the later ones of its series. `tags` is sorted. `None` if there is no such tag.
///
/// A tag that is no version has no series: all tags before it that are no versions count.
pub(super) fn tags_since<'a>(tags: &[&'a str], since: &str) -> Option<Vec<&'a str>> {
    let end = tags.iter().position(|tag| *tag == since)?;
    let series = TagName::parse(since).series();
    let is_in_series = |tag: &&str| TagName::parse(tag).series() == series;
    let later = tags[..=end].iter().copied();
    Some(later.filter(is_in_series).collect())
}

/// Compares each tag with the one before it. `tags` is sorted, newest first. Tags without images, such as those of artifacts, are
/// left out: nothing can be said about their platforms.
pub(super) fn changes(since: &str, tags: &[TagRow]) -> Changes {
    let tags: Vec<&TagRow> = tags.iter().filter(|row| row.problem.is_none()).collect();
    let pairs = tags.windows(2).map(|pair| change(pair[0], pair[1]));
    Changes {
        tag: since.to_owned(),
        changes: pairs.filter(Change::is_one).collect(),
    }
}

fn change(row: &TagRow, before: &TagRow) -> Change {
    Change {
        tag: row.tag.clone(),
        previous: before.tag.clone(),
        added: only_in(row, before),
        removed: only_in(before, row),
    }
}

/// Returns the platforms that one tag supports and the other does not.
fn only_in(one: &TagRow, other: &TagRow) -> Vec<String> {
    let platforms = one.images.iter().map(|image| image.platform.as_str());
    let is_new = |platform: &&str| one.supports(platform) && !other.supports(platform);
    let mut only: Vec<String> = platforms.filter(is_new).map(str::to_owned).collect();
    only.sort();
    only.dedup();
    only
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_tags_of_the_same_series() {
        let tags = [
            "latest",
            "2.0",
            "2.0-alpine",
            "2.0-rc1",
            "1.1",
            "1.1-alpine",
            "1.0",
            "0.9",
            "main",
        ];
        for (since, expected) in [
            ("1.0", Some(&["2.0", "2.0-rc1", "1.1", "1.0"][..])),
            ("1.1-alpine", Some(&["2.0-alpine", "1.1-alpine"])),
            ("2.0", Some(&["2.0"])),
            ("main", Some(&["latest", "main"])),
            ("3.0", None),
        ] {
            assert_eq!(tags_since(&tags, since).as_deref(), expected, "{since}");
        }
    }
}
