//! The images that registries are seeded with: the same bytes on every run, so that digests can be recorded.

use std::sync::OnceLock;

use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, Index, buildkit_index};
use manifest_testkit::suite::TestRegistry;

/// An image or index, with its name in tests.
#[derive(Debug)]
pub(crate) struct Seeded {
    /// The repository.
    pub(crate) repository: &'static str,
    /// The tag.
    pub(crate) tag: &'static str,
    /// The content.
    pub(crate) content: Content,
}

/// The content of a tag.
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

/// Pushes the whole world to a registry.
pub(crate) fn seed(registry: &TestRegistry) {
    for Seeded {
        repository,
        tag,
        content,
    } in world()
    {
        match (registry, content) {
            // Not over HTTP: the registry may demand credentials.
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

/// Returns the digest of `repository:tag`.
///
/// # Panics
///
/// Panics if the world does not have it.
pub(crate) fn digest(name: &str) -> &'static str {
    find(name).content.digest()
}

/// Returns the image `repository:tag`.
///
/// # Panics
///
/// Panics if the world has no such image.
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
/// `app` has images of all kinds, `other` images to mount from.
fn world() -> &'static [Seeded] {
    static WORLD: OnceLock<Vec<Seeded>> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut world = plain_images();
        world.extend(odd_images());
        world.extend(lists());
        world
    })
}

fn docker(platform: &str) -> Image {
    Image::docker().platform(platform)
}

fn oci(platform: &str) -> Image {
    Image::oci().platform(platform)
}

fn windows(version: &str) -> Image {
    docker("windows/amd64")
        .os_version(version)
        .os_features(&["win32k"])
}

fn oci_amd64() -> BuiltImage {
    oci("linux/amd64").seed("oci").build()
}

fn seeded_image(repository: &'static str, tag: &'static str, image: BuiltImage) -> Seeded {
    Seeded {
        repository,
        tag,
        content: Content::Image(image),
    }
}

fn plain_images() -> Vec<Seeded> {
    vec![
        seeded_image("app", "amd64", docker("linux/amd64").build()),
        seeded_image("app", "arm64", docker("linux/arm64/v8").build()),
        seeded_image("app", "armv7", docker("linux/arm/v7").build()),
        seeded_image("app", "loong64", docker("linux/loong64").build()),
        seeded_image("app", "windows", windows("10.0.17763.4010").build()),
        seeded_image(
            "app",
            "windows-foreign",
            windows("10.0.20348.1").foreign_layer().build(),
        ),
        seeded_image("app", "oci-amd64", oci_amd64()),
        seeded_image(
            "app",
            "oci-arm64",
            oci("linux/arm64").layers(3, 600).build(),
        ),
        // Built on one machine, so that all claim its platform.
        seeded_image("app", "built-1", docker("linux/amd64").seed("1").build()),
        seeded_image("app", "built-2", docker("linux/amd64").seed("2").build()),
        seeded_image("app", "built-3", docker("linux/amd64").seed("3").build()),
        seeded_image(
            "other",
            "s390x",
            docker("linux/s390x").layers(2, 700).build(),
        ),
        seeded_image("other", "mips64le", docker("linux/mips64le").build()),
        seeded_image("other", "oci-386", oci("linux/386").build()),
        seeded_image(
            "other",
            "windows",
            windows("10.0.20348.2").foreign_layer().build(),
        ),
        seeded_image(
            "deep/er/repo",
            "amd64",
            docker("linux/amd64").seed("deep").build(),
        ),
    ]
}

/// Images without a usable platform, and images whose bytes no encoder would write twice.
fn odd_images() -> Vec<Seeded> {
    // The characters that Go's encoder escapes in JSON, and that have to stay as they are in the payload.
    let odd = "a<b & c>d \u{2028}\u{2029} \u{1f433} \\ \" /";
    vec![
        // The configurations of these name no platform, or half of one.
        seeded_image(
            "app",
            "blank",
            Image::oci()
                .config("application/vnd.oci.empty.v1+json", b"{}")
                .build(),
        ),
        seeded_image(
            "app",
            "half",
            docker("linux/amd64")
                .config(
                    "application/vnd.docker.container.image.v1+json",
                    br#"{"OS":"linux","os":null,"rootfs":{}}"#,
                )
                .build(),
        ),
        seeded_image(
            "app",
            "odd",
            docker("linux/386")
                .reverse_keys()
                .indent(1)
                .trailing("\n")
                .extra("note", odd)
                .build(),
        ),
        seeded_image(
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
        seeded_image("app", "compact", docker("linux/ppc64le").compact().build()),
        seeded_image("app", "oci-compact", oci("linux/ppc64le").compact().build()),
        seeded_image("other", "compact", docker("linux/arm/v5").compact().build()),
    ]
}

fn lists() -> [Seeded; 2] {
    let list = Index::docker()
        .image(&docker("linux/amd64").build())
        .image(&docker("linux/arm64/v8").build())
        .build();
    let lists = [("list", list), ("buildkit", buildkit_index(&oci_amd64()))];
    lists.map(|(tag, index)| Seeded {
        repository: "app",
        tag,
        content: Content::Index(index),
    })
}
