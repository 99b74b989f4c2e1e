//! Bounds on a matrix. A repository with more is shown in part.

/// The number of tags that are shown unless `--limit` is given. Each costs a request, and most registries count the manifests
/// that are read.
pub(super) const DEFAULT_TAGS: usize = 100;

/// The most distinct manifests that are read for one matrix: 1000 tags with some 20 platforms each.
pub(super) const MANIFESTS: usize = 20_000;

/// The most bytes of manifests and configurations that are read for one matrix. 1000 tags with 20 platforms each have some 150 MB;
/// a hostile registry could fill the memory with manifests that are each within their own limit.
pub(super) const CONTENT_BYTES: u64 = 500_000_000;

/// The most platforms that are shown. There are some 40 that software is released for.
pub(super) const PLATFORMS: usize = 100;

/// The most images of a tag for one platform that the web page links to. Windows has some five versions in use.
pub(super) const LINKED_IMAGES: usize = 10;

/// The most characters of a platform's name. Real names have some 30.
pub(super) const PLATFORM_CHARS: usize = 60;

/// The most characters of a problem's description.
pub(super) const PROBLEM_CHARS: usize = 200;
