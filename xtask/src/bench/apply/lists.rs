//! The lists: their images, and the spec files that describe them.

use std::path::Path;

use manifest_testkit::image::Image;
use manifest_testkit::{Client, seed};
use tempfile::TempDir;

use crate::task::TaskResult;

/// The platforms of each list, as official images have them.
pub(super) const PLATFORMS: [&str; 8] = [
    "linux/386",
    "linux/amd64",
    "linux/arm/v5",
    "linux/arm/v7",
    "linux/arm64/v8",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
];

/// The lists of each repository.
pub(super) const LISTS_PER_REPOSITORY: usize = 10;

/// The number of threads that seed images.
const SEEDERS: usize = 4;

/// The form of the sources in the spec files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pinning {
    Digest,
    Tag,
}

/// The lists to apply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// The number of lists whose images differ.
    pub(super) lists: usize,
    /// The number of tags of each, which are lists of their own.
    pub(super) copies: usize,
    pub(super) pinning: Pinning,
}

impl Work {
    pub(super) fn new(lists: usize, copies: usize, pinning: Pinning) -> Self {
        Self {
            lists,
            copies,
            pinning,
        }
    }

    /// Returns the words for the sources in the tables.
    pub(super) fn sources(&self) -> &'static str {
        match self.pinning {
            Pinning::Digest => "by digest",
            Pinning::Tag => "by tag",
        }
    }
}

/// A run of `apply`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    /// No list exists.
    First,
    /// Nothing has changed since the run before.
    Unchanged,
    /// One image of each hundredth list has changed since.
    Changed,
}

impl Run {
    /// All runs, in their order.
    pub(super) const ALL: [Self; 3] = [Self::First, Self::Unchanged, Self::Changed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Unchanged => "nothing changed",
            Self::Changed => "1 % changed",
        }
    }
}

/// The digests of the images of one list, by platform.
type Digests = [String; PLATFORMS.len()];

/// Lists whose images are in a registry, and a folder with their spec files.
pub(super) struct Lists {
    work: Work,
    digests: Vec<Digests>,
    files: TempDir,
}

impl Lists {
    /// Seeds the images of the lists. `client` returns a client that may push to a repository.
    pub(super) fn seed(
        work: Work,
        client: &(impl Fn(&str) -> Result<Client, String> + Sync),
    ) -> Result<Self, String> {
        eprintln!("bench: seeding the images of {} lists", work.lists);
        let numbers: Vec<usize> = (0..work.lists).collect();
        let digests = std::thread::scope(|scope| {
            let seeders: Vec<_> = numbers
                .chunks(work.lists.div_ceil(SEEDERS))
                .map(|numbers| scope.spawn(|| seed_lists(client, numbers)))
                .collect();
            let mut digests = Vec::new();
            for seeder in seeders {
                let seeded = seeder.join();
                digests.extend(seeded.map_err(|_| "the thread that seeds images panicked")??);
            }
            Ok::<_, String>(digests)
        })?;
        let files = TempDir::new().map_err(|error| format!("cannot make a folder: {error}"))?;
        Ok(Self {
            work,
            digests,
            files,
        })
    }

    pub(super) fn work(&self) -> &Work {
        &self.work
    }

    /// Returns the folder of the spec files.
    pub(super) fn folder(&self) -> &Path {
        self.files.path()
    }

    /// Makes the changes that this run finds, and writes the spec files for the registry `host`.
    pub(super) fn prepare(
        &mut self,
        run: Run,
        host: &str,
        client: &impl Fn(&str) -> Result<Client, String>,
    ) -> TaskResult {
        eprintln!("bench: apply, {}, {:?}", run.name(), self.work);
        if matches!(run, Run::Changed) {
            for (number, digests) in self.digests.iter_mut().enumerate().step_by(100) {
                let client = client(&repository(number))?;
                digests[0] = seed_image(&client, number, 0, "changed");
            }
        }
        self.write_files(host)
    }

    /// Writes a spec file for each repository.
    fn write_files(&self, host: &str) -> TaskResult {
        let mut numbers = (0..self.work.lists).peekable();
        while let Some(first) = numbers.peek().copied() {
            let repository = repository(first);
            let mut text = String::new();
            for number in numbers.by_ref().take(LISTS_PER_REPOSITORY) {
                for copy in 0..self.work.copies {
                    text.push_str(&self.document(host, number, copy));
                }
            }
            let path = self
                .files
                .path()
                .join(format!("{}.yaml", repository.replace('/', "-")));
            write(&path, &text)?;
        }
        Ok(())
    }

    /// Returns the description of one list.
    fn document(&self, host: &str, number: usize, copy: usize) -> String {
        let repository = repository(number);
        let mut text = format!("---\nimage: {host}/{repository}:{number}-{copy}\nmanifests:\n");
        for (platform, digest) in self.digests[number].iter().enumerate() {
            let pin = match self.work.pinning {
                Pinning::Digest => format!("@{digest}"),
                Pinning::Tag => String::new(),
            };
            let tag = tag(number, platform);
            text.push_str(&format!("  - image: {host}/{repository}:{tag}{pin}\n"));
        }
        text
    }
}

/// Returns the repository of a list.
pub(super) fn repository(number: usize) -> String {
    format!("app/{}", number / LISTS_PER_REPOSITORY)
}

fn tag(number: usize, platform: usize) -> String {
    let platform = PLATFORMS[platform]
        .trim_start_matches("linux/")
        .replace('/', "");
    format!("{number}-{platform}")
}

/// Seeds the images of these lists.
fn seed_lists(
    client: &impl Fn(&str) -> Result<Client, String>,
    numbers: &[usize],
) -> Result<Vec<Digests>, String> {
    let seed = |number: &usize| {
        let client = client(&repository(*number))?;
        let image = |platform| seed_image(&client, *number, platform, "original");
        Ok(std::array::from_fn(image))
    };
    numbers.iter().map(seed).collect()
}

/// Pushes one image, and returns its digest.
fn seed_image(client: &Client, number: usize, platform: usize, edition: &str) -> String {
    let image = Image::oci()
        .platform(PLATFORMS[platform])
        .seed(&format!("{number} {platform} {edition}"))
        .layers(1, 100)
        .build();
    seed::push_with(client, &repository(number), &tag(number, platform), &image)
}

fn write(path: &Path, text: &str) -> TaskResult {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
