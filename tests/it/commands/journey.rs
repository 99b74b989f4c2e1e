//! Four images become one list, which is read in every way.

use manifest_testkit::sha256;
use serde_json::{Value, json};

use super::Shell;
use super::watched::{self, Watched};
use crate::harness::world;

/// Images of one kind, and the expected list.
struct Job {
    /// The arguments: by tag, by digest, by both, by tag.
    images: [&'static str; 4],
    /// Their names in the world.
    seeded: [&'static str; 4],
    /// The platforms in their configurations.
    platforms: [Value; 4],
    list_type: &'static str,
}

fn jobs() -> [Job; 2] {
    let platform = |arch| json!({ "architecture": arch, "os": "linux" });
    let variant = |arch, v| json!({ "architecture": arch, "os": "linux", "variant": v });
    [
        Job {
            images: [
                "@/app:amd64",
                "@/app@{app:arm64}",
                "@/app:armv7@{app:armv7}",
                "@/app:loong64",
            ],
            seeded: ["app:amd64", "app:arm64", "app:armv7", "app:loong64"],
            platforms: [
                platform("amd64"),
                variant("arm64", "v8"),
                variant("arm", "v7"),
                platform("loong64"),
            ],
            list_type: "application/vnd.docker.distribution.manifest.list.v2+json",
        },
        Job {
            images: [
                "@/app:oci-amd64",
                "@/app@{app:oci-arm64}",
                "@/app:oci-odd@{app:oci-odd}",
                "@/app:oci-compact",
            ],
            seeded: [
                "app:oci-amd64",
                "app:oci-arm64",
                "app:oci-odd",
                "app:oci-compact",
            ],
            platforms: [
                platform("amd64"),
                platform("arm64"),
                platform("riscv64"),
                platform("ppc64le"),
            ],
            list_type: "application/vnd.oci.image.index.v1+json",
        },
    ]
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Finds the child that the world has as `seeded`.
#[track_caller]
fn child<'a>(list: &'a Value, seeded: &str) -> &'a Value {
    let mut children = list["manifests"].as_array().unwrap().iter();
    let found = children.find(|child| child["digest"] == world::digest(seeded));
    found.unwrap_or_else(|| panic!("{seeded} is not in {list:#}"))
}

#[test]
fn from_create_to_inspect_of_the_result() {
    for job in jobs() {
        for registry in watched::each() {
            let journey = Journey::new(&registry, &job);
            journey.create();
            let draft = journey.inspect_draft();
            journey.inspect_details();
            journey.inspect_remote();
            journey.push(&draft);
            journey.inspect_published(&draft);
        }
    }
}

/// A job on a registry: the steps share a home, and the bytes of the images.
struct Journey<'a> {
    registry: &'a Watched<'a>,
    job: &'a Job,
    shell: Shell<'a>,
    digests: [String; 4],
    children: [Vec<u8>; 4],
    /// The platforms in the draft: the third is annotated.
    platforms: [Value; 4],
}

impl<'a> Journey<'a> {
    fn new(registry: &'a Watched<'a>, job: &'a Job) -> Self {
        let mut platforms = job.platforms.clone();
        platforms[2]["variant"] = "v9".into();
        platforms[2]["os.version"] = "1.2".into();
        platforms[2]["os.features"] = json!(["a", "b"]);
        Self {
            registry,
            job,
            shell: Shell::new(registry),
            digests: job.seeded.map(|seeded| world::digest(seeded).to_owned()),
            children: job
                .seeded
                .map(|seeded| registry.bytes("app", world::digest(seeded))),
            platforms,
        }
    }

    /// Creates and annotates the draft.
    fn create(&self) {
        let Self {
            registry,
            job,
            shell,
            ..
        } = self;
        let third = job.images[2];
        registry.lines();

        // Each image costs a manifest and a configuration, the draft a look at its tag. Nothing is written.
        let created = shell.run(&format!("create @/app:made {}", job.images.join(" ")));
        created
            .succeeds()
            .prints("Created manifest list REGISTRY/app:made\n")
            .is_quiet();
        assert_eq!(shell.drafts(), [("REGISTRY_app-made".to_owned(), 4)].into());
        let asked = registry.lines();
        let gets = |part: &str| {
            asked
                .iter()
                .filter(|line| line.starts_with("GET ") && line.contains(part))
                .count()
        };
        assert_eq!((gets("/manifests/"), gets("/blobs/")), (4, 4), "{asked:#?}");
        assert_eq!(asked.len(), 8 + 1, "{asked:#?}");

        // Everything that follows is local, until `push`.
        shell
            .run(&format!(
                "annotate @/app:made {third} --variant v9 --os-version 1.2 --os-features a,b"
            ))
            .succeeds()
            .prints("")
            .is_quiet();
    }

    /// Inspects the list and its entries in the draft, and returns the output for the list.
    fn inspect_draft(&self) -> String {
        let Self {
            job,
            shell,
            children,
            platforms,
            ..
        } = self;
        let draft = shell.run("inspect @/app:made");
        draft.succeeds().is_quiet();
        let list = parse(&draft.stdout);
        assert_eq!(
            (&list["schemaVersion"], &list["mediaType"]),
            (&json!(2), &json!(job.list_type))
        );
        assert_eq!(list["manifests"].as_array().unwrap().len(), 4);
        for ((seeded, bytes), platform) in job.seeded.iter().zip(children).zip(platforms) {
            let child = child(&list, seeded);
            assert_eq!(
                (&child["size"], &child["platform"]),
                (&json!(bytes.len()), platform),
                "{seeded}"
            );
        }
        for (image, bytes) in job.images.iter().zip(children) {
            let shown = shell.run(&format!("inspect @/app:made {image}"));
            shown.succeeds().is_quiet();
            assert!(shown.stdout.starts_with("{\n\t\""), "{shown}");
            let expected: Value = serde_json::from_slice(bytes).unwrap();
            let (shown, is_docker) = (parse(&shown.stdout), !job.list_type.contains("oci"));
            // Docker's draft files hold only the fields that Docker knows.
            for field in ["schemaVersion", "config", "layers"] {
                assert_eq!(shown[field], expected[field], "{image}");
            }
            assert!(!is_docker || shown == expected, "{image}");
        }
        draft.stdout.clone()
    }

    /// Inspects the draft with all its details. No registry is asked.
    fn inspect_details(&self) {
        let Self {
            registry,
            job,
            shell,
            platforms,
            ..
        } = self;
        let third = job.images[2];
        let verbose = shell.run("inspect -v @/app:made");
        verbose.succeeds().is_quiet();
        let entries = parse(&verbose.stdout);
        assert_eq!(entries.as_array().unwrap().len(), 4);
        assert!(
            verbose
                .stdout
                .starts_with("[\n\t{\n\t\t\"Ref\": \"REGISTRY/app"),
            "{verbose}"
        );
        let one = shell.run(&format!("inspect --verbose @/app:made {third}"));
        one.succeeds().is_quiet();
        let (one, in_all) = (parse(&one.stdout), entries.as_array().unwrap());
        assert!(
            in_all.contains(&one),
            "an entry is shown alike alone and among others"
        );
        assert_eq!(one["Descriptor"]["platform"], platforms[2]);
        assert!(registry.lines().is_empty(), "nobody was asked");
    }

    /// Inspects an image that is in no draft.
    fn inspect_remote(&self) {
        let Self {
            registry,
            job,
            shell,
            digests,
            children,
            ..
        } = self;
        let tagged = job.images[0];
        // An image outside the draft costs one request for its manifest, and one for its platform.
        let remote = shell.run(&format!("inspect {tagged}"));
        remote.succeeds().is_quiet();
        assert_eq!(
            parse(&remote.stdout),
            serde_json::from_slice::<Value>(&children[0]).unwrap()
        );
        let tag = job.seeded[0].replace("app:", "");
        assert_eq!(
            registry.lines(),
            [format!("GET /v2/app/manifests/{tag} 200")]
        );
        let remote = shell.run(&format!("inspect -v {tagged}"));
        remote.succeeds().is_quiet();
        let remote = parse(&remote.stdout);
        assert_eq!(remote["Ref"], format!("REGISTRY/{}", job.seeded[0]));
        assert_eq!(remote["Descriptor"]["digest"], digests[0]);
        assert_eq!(remote["Descriptor"]["platform"], job.platforms[0]);
        assert_eq!(registry.lines().len(), 2);
    }

    /// Pushes the draft, of which `inspect` printed `draft`.
    fn push(&self, draft: &str) {
        let Self {
            registry,
            job,
            shell,
            digests,
            children,
            ..
        } = self;
        // The children are in the repository already: a HEAD of the tag, one PUT, and a HEAD to verify it.
        assert!(
            !registry.tags("app").contains(&"made".to_owned()),
            "create and inspect publish nothing"
        );
        registry.lines();
        let expected = draft
            .trim_end_matches('\n')
            .replace("REGISTRY", &registry.host());
        let pushed = shell.run("push @/app:made");
        pushed
            .succeeds()
            .prints(&format!("{}\n", sha256(expected.as_bytes())))
            .is_quiet();
        let expected_lines = ["HEAD 404", "PUT 201", "HEAD 200"].map(|line| {
            let (method, status) = line.split_once(' ').unwrap();
            format!("{method} /v2/app/manifests/made {status}")
        });
        // Besides: the images' tags before, and the images after.
        let mut lines = registry.lines();
        lines.retain(|line| !line.starts_with("HEAD ") || line.contains("/made "));
        assert_eq!(lines, expected_lines);
        let published = registry.manifest("app", "made").unwrap();
        assert_eq!(published, (job.list_type.to_owned(), expected.into_bytes()));
        for (digest, bytes) in digests.iter().zip(children) {
            assert_eq!(
                &registry.bytes("app", digest),
                bytes,
                "children stay as they were"
            );
        }
        assert_eq!(
            shell.drafts(),
            [("REGISTRY_app-made".to_owned(), 4)].into(),
            "only --purge removes"
        );
    }

    /// Inspects the published list, once the draft is removed.
    fn inspect_published(&self, draft: &str) {
        let Self {
            registry, shell, ..
        } = self;
        let list = parse(draft);
        // The published list reads like the draft.
        shell.run("rm @/app:made").succeeds().prints("").is_quiet();
        assert_eq!(shell.drafts(), [].into());
        registry.lines();
        shell
            .run("inspect @/app:made")
            .succeeds()
            .prints(draft)
            .is_quiet();
        assert_eq!(registry.lines(), ["GET /v2/app/manifests/made 200"]);
        let verbose = shell.run("inspect -v @/app:made");
        verbose.succeeds().is_quiet();
        let verbose = parse(&verbose.stdout);
        let found = |field: &str| -> Vec<&Value> {
            verbose
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| &entry["Descriptor"][field])
                .collect()
        };
        let expected = |field: &str| -> Vec<&Value> {
            list["manifests"]
                .as_array()
                .unwrap()
                .iter()
                .map(|child| &child[field])
                .collect()
        };
        assert_eq!(found("digest"), expected("digest"));
        assert_eq!(found("platform"), expected("platform"));
        assert!(registry.writes().is_empty());
    }
}
