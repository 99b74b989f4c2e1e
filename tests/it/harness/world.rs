//! The images that registries are seeded with: the same bytes on every run, so that digests can be recorded.

use std::sync::OnceLock;

use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, Index, buildkit_index};
use manifest_testkit::suite::TestRegistry;

/// An image or index, under the name by which tests speak of it.
#[derive(Debug)]
pub(crate) struct Seeded {
    /// The repository.
    pub(crate) repository: &'static str,
    /// The tag.
    pub(crate) tag: &'static str,
    /// What is there.
    pub(crate) content: Content,
}

/// What a tag leads to.
#[derive(Debug)]
pub(crate) enum Content {
    /// An image.
    Image(BuiltImage),
    /// A list of images.
    Index(BuiltIndex),
}

impl Content {
    fn digest(&self) -> &str {
        match self {
            Self::Image(image) => &image.digest,
            Self::Index(index) => &index.digest,
        }
    }
}

/// Pushes the whole world into a registry.
pub(crate) fn seed(registry: &TestRegistry) {
    for Seeded {
        repository,
        tag,
        content,
    } in world()
    {
        match (registry, content) {
            // Past HTTP: the registry may demand credentials.
            (TestRegistry::Embedded(embedded), Content::Image(image)) => {
                embedded.seed(repository, tag, image)
            }
            (TestRegistry::Embedded(embedded), Content::Index(index)) => {
                embedded.seed(repository, tag, index)
            }
            (_, Content::Image(image)) => registry.push(repository, tag, image),
            (_, Content::Index(index)) => registry.push(repository, tag, index),
        };
    }
}

/// Returns the digest of what is at `repository:tag`.
///
/// # Panics
///
/// If the world does not have it.
pub(crate) fn digest(name: &str) -> &'static str {
    find(name).content.digest()
}

/// Returns the image that is at `repository:tag`.
///
/// # Panics
///
/// If the world has no such image.
pub(crate) fn image(name: &str) -> &'static BuiltImage {
    match &find(name).content {
        Content::Image(image) => image,
        Content::Index(_) => panic!("{name} is a list"),
    }
}

fn find(name: &str) -> &'static Seeded {
    let matches = |seeded: &&Seeded| format!("{}:{}", seeded.repository, seeded.tag) == name;
    let found = world().iter().find(matches);
    found.unwrap_or_else(|| panic!("the world has no {name}"))
}

/// Returns everything that is seeded.
///
/// `app` has images of all sorts, `other` some to be mounted from.
fn world() -> &'static [Seeded] {
    static WORLD: OnceLock<Vec<Seeded>> = OnceLock::new();
    WORLD.get_or_init(|| {
        let docker = |platform| Image::docker().platform(platform);
        let oci = |platform| Image::oci().platform(platform);
        let windows = |version| {
            Image::docker()
                .platform("windows/amd64")
                .os_version(version)
                .os_features(&["win32k"])
        };
        let amd64 = docker("linux/amd64").build();
        let arm64 = docker("linux/arm64/v8").build();
        let oci_amd64 = oci("linux/amd64").seed("oci").build();
        let list = Index::docker().image(&amd64).image(&arm64).build();
        let buildkit = buildkit_index(&oci_amd64);
        // What Go's encoder escapes in JSON, and what has to stay as it is in the payload.
        let odd = "a<b & c>d \u{2028}\u{2029} \u{1f433} \\ \" /";
        let images = [
            ("app", "amd64", amd64),
            ("app", "arm64", arm64),
            ("app", "armv7", docker("linux/arm/v7").build()),
            ("app", "loong64", docker("linux/loong64").build()),
            ("app", "windows", windows("10.0.17763.4010").build()),
            (
                "app",
                "windows-foreign",
                windows("10.0.20348.1").foreign_layer().build(),
            ),
            ("app", "oci-amd64", oci_amd64),
            (
                "app",
                "oci-arm64",
                oci("linux/arm64").layers(3, 600).build(),
            ),
            // All built on one machine, so that each claims its platform.
            ("app", "built-1", docker("linux/amd64").seed("1").build()),
            ("app", "built-2", docker("linux/amd64").seed("2").build()),
            ("app", "built-3", docker("linux/amd64").seed("3").build()),
            // Nobody knows what it is for.
            (
                "app",
                "blank",
                Image::oci()
                    .config("application/vnd.oci.empty.v1+json", b"{}")
                    .build(),
            ),
            (
                "app",
                "half",
                docker("linux/amd64")
                    .config(
                        "application/vnd.docker.container.image.v1+json",
                        br#"{"OS":"linux","os":null,"rootfs":{}}"#,
                    )
                    .build(),
            ),
            // Bytes that no encoder would write twice.
            (
                "app",
                "odd",
                docker("linux/386")
                    .reverse_keys()
                    .indent(1)
                    .trailing("\n")
                    .extra("note", odd)
                    .build(),
            ),
            (
                "app",
                "oci-odd",
                oci("linux/riscv64")
                    .compact()
                    .without_media_type()
                    .annotation("org.example.note", odd)
                    .annotation("a", "")
                    .extra("number", 1e3)
                    .build(),
            ),
            ("app", "compact", docker("linux/ppc64le").compact().build()),
            ("app", "oci-compact", oci("linux/ppc64le").compact().build()),
            (
                "other",
                "s390x",
                docker("linux/s390x").layers(2, 700).build(),
            ),
            ("other", "mips64le", docker("linux/mips64le").build()),
            ("other", "oci-386", oci("linux/386").build()),
            (
                "other",
                "windows",
                windows("10.0.20348.2").foreign_layer().build(),
            ),
            ("other", "compact", docker("linux/arm/v5").compact().build()),
            (
                "deep/er/repo",
                "amd64",
                docker("linux/amd64").seed("deep").build(),
            ),
        ];
        let images = images.into_iter().map(|(repository, tag, image)| Seeded {
            repository,
            tag,
            content: Content::Image(image),
        });
        let lists = [("app", "list", list), ("app", "buildkit", buildkit)];
        let lists = lists.into_iter().map(|(repository, tag, index)| Seeded {
            repository,
            tag,
            content: Content::Index(index),
        });
        images.chain(lists).collect()
    })
}
