//! The manual of each command: its description, arguments, examples and exit codes, for the help and for the reference pages.
//!
//! The flags are not here: their help is in their definitions.

use crate::exit::Exit;

/// The manual of one command.
#[derive(Debug)]
pub struct Manual {
    /// The command's name.
    pub command: &'static str,
    /// The description: one paragraph for each fact that a reader needs before the first use.
    pub description: &'static [&'static str],
    /// The arguments in the order of the command line, each with its meaning.
    pub arguments: &'static [(&'static str, &'static str)],
    /// Whether its arguments are sources, in any of the forms of [`SOURCES`].
    pub takes_sources: bool,
    /// Command lines that can be copied. A test runs each.
    pub examples: &'static [Example],
    /// The exit codes that this command can end with, beside 0, 1 and 125.
    pub exit_codes: &'static [Exit],
}

/// A command line that can be copied.
#[derive(Debug)]
pub struct Example {
    /// The purpose of it.
    pub title: &'static str,
    /// The words after the program's name.
    pub line: &'static str,
    /// Whether the command's help shows it too.
    pub is_in_help: bool,
}

/// The exit codes of a command that talks to a registry.
const NETWORK: &[Exit] = &[Exit::Unauthorized, Exit::RateLimited, Exit::Unavailable];
/// The exit codes of a command that may write to a registry.
const WRITING: &[Exit] = &[
    Exit::Unauthorized,
    Exit::RateLimited,
    Exit::Unavailable,
    Exit::Conflict,
];

/// The forms of a source, each with its meaning.
pub const SOURCES: &[(&str, &str)] = &[
    (
        "NAME[:TAG|@DIGEST]",
        "Image in a registry; of an index, the images in it",
    ),
    (
        "'NAME:PATTERN'",
        "All tags that match: * stands for any characters, ? for one",
    ),
    ("sha256:HEX", "Image in the list's own repository"),
    (
        "@FILE, -",
        "Sources that a file or standard input names; # starts a comment",
    ),
    (
        "oci-layout://DIR",
        "OCI image layout; DIR:TAG or DIR@DIGEST for one of several images",
    ),
    ("oci-archive:FILE", "Tar archive of an OCI image layout"),
    ("docker-archive:FILE", "Archive that `docker save` wrote"),
];

const LIST: (&str, &str) = (
    "MANIFEST_LIST",
    "The list: `NAME[:TAG]`, with the registry's host in front (`docker.io` if there is none); the tag is `latest` if there is none",
);

const fn example(title: &'static str, line: &'static str) -> Example {
    Example {
        title,
        line,
        is_in_help: true,
    }
}

const fn more(title: &'static str, line: &'static str) -> Example {
    Example {
        title,
        line,
        is_in_help: false,
    }
}

/// The manuals of all commands, in alphabetical order.
pub const MANUALS: &[Manual] = &[
    Manual {
        command: "annotate",
        description: &[
            "Changes the platform of one image in a draft, or the annotations of an image or of the list. Nothing is sent to a registry \
             before `push`.",
            "`create` reads the platform from the image's configuration, so most images need no `annotate`. Use it where the configuration \
             is wrong or says too little: an Arm image without a variant, a Windows image without a version.",
            "A flag replaces the value; `--os-features`, `--features` and `--annotation` add to it. `--clear` undoes what was annotated.",
        ],
        arguments: &[
            LIST,
            (
                "MANIFEST",
                "The image, as `create` was given it, or by its digest or platform. Leave it out to annotate the list itself",
            ),
        ],
        takes_sources: false,
        examples: &[
            example(
                "Set the variant of an Arm image",
                "annotate --arch arm --variant v7 example.com/app:1.0 example.com/app:1.0-armv7",
            ),
            example(
                "Set the whole platform with one flag",
                "annotate --platform linux/arm/v7 example.com/app:1.0 example.com/app:1.0-armv7",
            ),
            more(
                "Set the version of Windows that an image needs",
                "annotate --os-version 10.0.20348.2113 example.com/app:1.0 example.com/app:1.0-windows",
            ),
            example(
                "Add an OCI annotation to the list",
                "annotate --annotation org.opencontainers.image.version=1.0 example.com/app:1.0",
            ),
            example(
                "Undo all annotations of an image",
                "annotate --clear example.com/app:1.0 example.com/app:1.0-armv7",
            ),
            more(
                "Annotate an image in a draft that several machines share",
                "annotate --stage example.com/drafts --os-version 10.0.20348.2113 example.com/app:1.0 example.com/app:1.0-windows",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "apply",
        description: &[
            "Reads spec files, and publishes each list that they describe, unless its tags point to it already. Files may be in the YAML \
             of manifest-tool. `--template` describes one list on the command line, `--from-bake` takes the targets of \
             `docker buildx bake --print`.",
            "All files are read and checked before the first request. Lists are published at once, as many as the registries allow. A \
             list that fails does not stop the others, unless `--fail-fast` is given. All tags of a list are written together, at the \
             end, so a list is never half published.",
            "A run that was stopped or killed is continued by running it again: a list that is published already costs one request for \
             each of its tags, and each image that is named by tag one more. Images that are named by digest cost none.",
            "An image that does not exist is an error. `--ignore-missing` leaves it out, but refuses to take a platform away from a list \
             that is published; `--prune-missing` takes it away. `--wait` waits for images that other jobs are still pushing.",
            "The exit code is that of the first list that failed, where a code that tells more than 1 counts first.",
        ],
        arguments: &[(
            "FILE",
            "A spec file; a folder, for all `*.yaml` and `*.yml` files in it; or `-` for standard input",
        )],
        takes_sources: false,
        examples: &[
            example("Publish all lists of a file", "apply lists.yaml"),
            example("Show what would be written", "apply --dry-run lists.yaml"),
            more(
                "Check files and images before a release, and write nothing",
                "apply --check --format json -f releases",
            ),
            example(
                "Publish the lists of all files in a folder, and write a report",
                "apply --report report.json releases",
            ),
            more(
                "Publish each list once its images are there",
                "apply --wait 30m lists.yaml",
            ),
            more(
                "Fill in a variable of the files",
                "apply --set VERSION=1.0 versions.yaml",
            ),
            example(
                "Publish one list of images whose names follow a pattern",
                "apply --template example.com/app:1.0-ARCHVARIANT --platforms linux/amd64,linux/arm64,linux/arm/v7 --target example.com/app:1.0 --tags latest",
            ),
            more(
                "Publish the lists of the targets of a bake file",
                "apply --from-bake bake.json --template IMAGE-ARCH",
            ),
        ],
        exit_codes: WRITING,
    },
    Manual {
        command: "check",
        description: &[
            "Tells in one table whether a registry, your login and a repository are ready for a push, and what the registry supports: \
             connection, TLS, proxy, login, permissions, kinds of manifests, and rate limit. A row says what to do where you can do something.",
            "Nothing is written, so what only a write can show is `unknown`. With `--write`, two small blobs and up to five manifests are \
             written to the repository by digest, and deleted again. What the registry does not delete is named.",
            "The command fails if a push cannot work. A missing feature of the registry does not fail it.",
        ],
        arguments: &[(
            "REGISTRY[/REPOSITORY]",
            "The registry's host, with its port if it has one, and the repository to read from and push to",
        )],
        takes_sources: false,
        examples: &[
            example("Check a registry and the login", "check example.com"),
            example(
                "Check a repository, without writing to it",
                "check example.com/app",
            ),
            example(
                "Check what only a write can show",
                "check --write example.com/app",
            ),
            more(
                "Print the result for a script",
                "check --format json example.com/app",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "completion",
        description: &[
            "Prints a script that makes a shell complete this program's commands, flags and values. It completes drafts and the images in \
             them by name, and talks to no registry.",
            "As a plugin (`docker manifestx`) the program needs no script of its own: Docker's CLI asks it. Load the script of `docker \
             completion` for that.",
        ],
        arguments: &[("SHELL", "`bash`, `zsh`, `fish` or `powershell`")],
        takes_sources: false,
        examples: &[
            example(
                "Save the script for bash",
                "completion bash > docker-manifest.bash",
            ),
            more(
                "Save the script for zsh, in a folder that is in `fpath`",
                "completion zsh > _docker-manifest",
            ),
            more(
                "Save the script for fish",
                "completion fish > docker-manifest.fish",
            ),
        ],
        exit_codes: &[],
    },
    Manual {
        command: "create",
        description: &[
            "Looks up each source in its registry, all at once, and keeps the result as a draft below `~/.docker/manifests`. `annotate` \
             changes the draft, `push` publishes it. With `--push` there is no draft: the list is published at once.",
            "A source that is itself a list adds all its images, with the attestations of each. Images may be in other repositories and \
             registries: `push` copies them to the list's repository, byte for byte.",
            "A source that does not exist fails the command. `--wait` waits for it, as for an image that another job is still pushing; \
             `--ignore-missing` leaves it out.",
            "A draft that exists is left alone, and the command fails. `--amend` adds to it, `--replace` starts over.",
            "With `--stage` the draft is in a repository of a registry. So the jobs of a CI run, on different machines, each add their image \
             with `--amend`, at the same time, and the last one pushes.",
            "With `--file`, spec files describe the lists, and there are no arguments. All images of all lists are looked up first: if one \
             of the lists cannot be made, none is. `apply` publishes such lists without drafts.",
        ],
        arguments: &[LIST, ("MANIFEST", "A source, in one of the forms below")],
        takes_sources: true,
        examples: &[
            example(
                "Make a draft of two images",
                "create example.com/app:1.0 example.com/app:1.0-amd64 example.com/app:1.0-arm64",
            ),
            example(
                "Name images by digest, in the list's own repository",
                "create example.com/app:1.0 sha256:4bcff63911fc... sha256:1f9c1f3a9f2e...",
            ),
            more(
                "Publish at once, without a draft",
                "create --push example.com/app:1.0 example.com/app:1.0-amd64 example.com/app:1.0-arm64",
            ),
            example(
                "Publish under two tags the images that a file names",
                "create --push -t example.com/app:latest example.com/app:1.0 @images.txt",
            ),
            example(
                "Add an image from disk to a draft",
                "create --amend example.com/app:1.0 oci-layout://build/arm64",
            ),
            more(
                "Add the image of this job to a draft that several machines share",
                "create --amend --stage example.com/drafts example.com/app:1.0 example.com/app:1.0-amd64",
            ),
            more(
                "Publish the digests that the jobs of a CI run left in a folder",
                "create --push --digests-dir digests example.com/app:1.0",
            ),
            example(
                "Add all tags that match a pattern",
                "create example.com/app:1.0 'example.com/app:1.0-*'",
            ),
            more(
                "Publish once the images of all jobs are there",
                "create --push --wait 10m example.com/app:1.0 example.com/app:1.0-amd64 example.com/app:1.0-arm64",
            ),
            more(
                "Publish a smaller list from a larger one",
                "create --push --platform linux/amd64,linux/arm64 example.com/app:small example.com/app:all",
            ),
            more(
                "Name the images by a template",
                "create example.com/app:1.0 --template example.com/app:1.0-ARCH --platforms linux/amd64,linux/arm64",
            ),
            more(
                "Make drafts of the lists that a spec file describes",
                "create -f lists.yaml",
            ),
            more(
                "Fail unless both platforms are there",
                "create --require linux/amd64,linux/arm64 example.com/app:1.0 example.com/app:1.0-amd64 example.com/app:1.0-arm64",
            ),
        ],
        exit_codes: WRITING,
    },
    Manual {
        command: "diff",
        description: &[
            "Compares two lists: entries that were added, removed or changed, images that moved to another digest, annotations, order. \
             With one name it compares the list in the registry with the draft of it, and so shows what `push` would change.",
            "Each name is one in a registry, or a layout on disk. With `--local` it is a draft where there is one. A single image counts \
             as a list of itself. A name that does not exist counts as a list without entries.",
            "Exit code 0: the same, to the byte. 1: they differ, or there is nothing to compare, which standard error says.",
        ],
        arguments: &[(
            "MANIFEST_LIST",
            "A list: `NAME[:TAG|@DIGEST]`, or an image layout or archive on disk. One alone is the name of a draft",
        )],
        takes_sources: false,
        examples: &[
            example(
                "Show what the push of a draft would change",
                "diff example.com/app:1.0",
            ),
            example(
                "Compare two tags",
                "diff example.com/app:all example.com/app:1.0-amd64",
            ),
            more(
                "Compare in a script, as JSON",
                "diff --format json example.com/app:all example.com/app:all",
            ),
            more(
                "Compare a published list with a draft of another name",
                "diff --local example.com/app:all example.com/app:1.0",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "exists",
        description: &[
            "Asks a registry for the headers of an image or list (HEAD), which counts as a pull nowhere. It prints nothing: exit code 0 means \
             that it exists, 1 that it does not. The other codes mean that the registry gave no clear response: an access that it refused (4), \
             a rate limit (5), a registry that could not be reached (6).",
            "Drafts and mirrors do not count. Some registries refuse the access to a repository that does not exist, unless you are logged in \
             and may read it: that is exit code 4.",
        ],
        arguments: &[("NAME", "The image or list: `NAME[:TAG|@DIGEST]`")],
        takes_sources: false,
        examples: &[
            example(
                "Publish a list unless it exists",
                "exists example.com/app:1.0 || docker-manifest create --push example.com/app:1.0 example.com/app:all",
            ),
            example(
                "Show digest, media type and size",
                "exists --verbose example.com/app:all",
            ),
            more(
                "Show them in JSON",
                "exists --format json example.com/app:all",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "export",
        description: &[
            "Writes a whole draft to standard output: its images with their exact manifests, their platforms and annotations, and the \
             settings of the list. `import` makes the same draft of it on another machine.",
            "The output is one JSON document. The same draft gives the same bytes, so that it can be compared and kept in version control.",
        ],
        arguments: &[LIST],
        takes_sources: false,
        examples: &[
            example(
                "Write a draft to a file",
                "export example.com/app:1.0 > draft.json",
            ),
            more(
                "Fetch a draft that several machines share",
                "export --stage example.com/drafts example.com/app:1.0",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "history",
        description: &[
            "Shows which tags this program wrote from this machine: where each pointed before, where it points since then, when, and by \
             which command. The newest are first. Registries are not asked, so what others wrote is not shown.",
            "The journal is `manifests/.docker-manifest/journal` in Docker's configuration folder. It keeps some 25,000 \
             records, the newest.",
            "`unconfirmed` means that the run ended before the registry had responded: the tag may have been written.",
        ],
        arguments: &[(
            "TAG",
            "The tag: `NAME[:TAG]`, in which the tag may be a pattern: `*` stands for any characters, `?` for one. Without it, all tags are shown",
        )],
        takes_sources: false,
        examples: &[
            example("Show the tags that were written last", "history --limit 20"),
            example("Show where a tag pointed", "history example.com/app:latest"),
            more(
                "Show all tags of a repository, in JSON",
                "history --format json 'example.com/app:*'",
            ),
            more(
                "Print the ID of the last run that wrote a tag",
                "history --quiet --limit 1",
            ),
        ],
        exit_codes: &[],
    },
    Manual {
        command: "import",
        description: &[
            "Makes a draft of a file that `export` wrote. The whole file is checked first, each manifest against its digest; a file with any \
             damage changes nothing.",
            "A draft that exists is left alone, and the command fails with exit code 7. `--amend` adds to it, `--replace` replaces it, `--as` \
             gives the draft another name.",
        ],
        arguments: &[("FILE", "The file; `-` is standard input")],
        takes_sources: false,
        examples: &[
            example("Make a draft of a file", "import draft.json"),
            example(
                "Make a draft of another name",
                "import --as example.com/app:2.0 draft.json",
            ),
            more(
                "Share a draft with other machines",
                "import --stage example.com/drafts draft.json",
            ),
        ],
        exit_codes: WRITING,
    },
    Manual {
        command: "inspect",
        description: &[
            "Shows a draft, or else the manifest or list that the registry has, as Docker's command lays it out. With two arguments it \
             shows one image of a draft.",
            "`--format` chooses another form: a table for people, JSON of one documented shape for scripts, the registry's bytes, or a Go \
             template. `--platform` shows the image that an engine on a platform would run, and says why.",
            "The table and the JSON of a list take two round trips. They have the ages that annotations state; `--deep` takes a third \
             one, and reads the others from the configurations of the images.",
        ],
        arguments: &[
            (
                "MANIFEST_LIST",
                "The draft that the image is in. Leave it out to show a draft, or a manifest in a registry",
            ),
            (
                "MANIFEST",
                "The draft, the image in it, the name in a registry, or an image layout or archive on disk",
            ),
        ],
        takes_sources: false,
        examples: &[
            example(
                "Show a draft, or the list that the registry has",
                "inspect example.com/app:1.0",
            ),
            example(
                "Show the platforms, sizes and attestations of a list",
                "inspect --format table example.com/app:all",
            ),
            more(
                "Show the ages too, if no annotation states them",
                "inspect --deep example.com/app:all",
            ),
            example(
                "Show each image with its layers and platform",
                "inspect --verbose example.com/app:1.0",
            ),
            example(
                "Show one image of a draft",
                "inspect example.com/app:1.0 example.com/app:1.0-arm64",
            ),
            example(
                "Print the digest that a tag points to",
                "inspect --digest example.com/app:all",
            ),
            more(
                "Save the exact bytes of the list",
                "inspect --raw example.com/app:all > list.json",
            ),
            more(
                "Print the digest of each image",
                "inspect --format '{{range .Manifests}}{{println .Digest}}{{end}}' example.com/app:all",
            ),
            more(
                "Show the image that a 32-bit Raspberry Pi runs",
                "inspect --platform linux/arm/v7 example.com/app:all",
            ),
            more(
                "Print the configuration of an image",
                "inspect --config --platform linux/arm64 example.com/app:all",
            ),
            more(
                "Show the SBOMs and the provenance of all images",
                "inspect --attestations example.com/app:all",
            ),
            more("Show an image on disk", "inspect oci-layout://build/arm64"),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "install",
        description: &[],
        arguments: &[],
        takes_sources: false,
        examples: &[
            example("Run the program as `docker manifestx`", "install"),
            example(
                "Run `docker manifest` with this program",
                "install --shim \"$HOME/shims\"",
            ),
            example(
                "Run the command lines of manifest-tool with this program",
                "install --as manifest-tool --in \"$HOME/shims\"",
            ),
        ],
        exit_codes: &[],
    },
    Manual {
        command: "ls",
        description: &[
            "Lists the drafts, those that Docker's CLI made included: number of entries, platforms, time since the last change, and state. \
             A draft is `ready`, `empty`, `incomplete` (an image has no platform), or `damaged`; standard error names damaged files.",
            "Docker's CLI does not record the name of a list. It is taken from the images in the draft, where that leaves no doubt; otherwise \
             you see the name of the folder.",
            "With `--check` the registries tell what has moved: for each draft the state of the tag that it would be pushed to, and the source \
             tags that no longer point to the digest in the draft.",
        ],
        arguments: &[],
        takes_sources: false,
        examples: &[
            example("List all drafts", "ls"),
            example("Show which sources have moved", "ls --check"),
            more("Delete all drafts", "ls -q | xargs docker-manifest rm"),
            more("List them in JSON", "ls --format json"),
            more(
                "List the drafts that several machines share",
                "ls --stage example.com/drafts",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "matrix",
        description: &[
            "Shows which tag of a repository supports which platform, since when, and how large each image is (compressed). Images that a \
             list names and the registry lacks are marked as missing.",
            "Tags are in the order of their versions, newest first; those of signatures and other referrers are left out. Each tag is \
             looked up once, and content that several tags share is read once.",
            "With `--html` the result is a web page in a single file, which can be filtered by tag and platform.",
        ],
        arguments: &[(
            "REPOSITORY",
            "The repository, with the registry's host in front (`docker.io` if there is none)",
        )],
        takes_sources: false,
        examples: &[
            example(
                "Show the platforms of the newest tags",
                "matrix example.com/app",
            ),
            example(
                "Show the platforms of some tags, for a README",
                "matrix --tags '1.*' --format markdown example.com/app",
            ),
            example(
                "Write a web page",
                "matrix --html matrix.html example.com/app",
            ),
            more(
                "Show the platforms that came and went since a version",
                "matrix --since 0.9 example.com/app",
            ),
            more(
                "Count the tags of each platform in a script",
                "matrix --limit 0 --format json example.com/app",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "prune",
        description: &[
            "Deletes the drafts whose last change is longer ago than `--older-than`, and prints their names. It does not ask first. \
             Published lists and images stay.",
            "A draft that is changed at the same time is left alone, and so is a damaged one: standard error names it, and `rm` deletes it.",
        ],
        arguments: &[],
        takes_sources: false,
        examples: &[
            example(
                "Delete the drafts of which nothing was changed for a week",
                "prune --older-than 7d",
            ),
            example(
                "Show which drafts that would be",
                "prune --older-than 7d --dry-run",
            ),
            more(
                "Print the deleted drafts in JSON",
                "prune --older-than 1d12h --format json",
            ),
            more(
                "Delete the drafts that failed CI runs have left in a repository",
                "prune --stage example.com/drafts --older-than 7d",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "push",
        description: &[
            "Publishes a draft as a manifest list or image index, and prints its digest. Images that the repository lacks are mounted or \
             copied first; the tag is written last, once, and read back.",
            "Before anything is written, the draft is checked: two images for one platform, sources that have moved, platforms that are \
             required. Most findings are warnings; `--strict` treats them as errors.",
            "A second push of the same draft writes nothing.",
            "With `--stage` the draft comes from a repository of a registry, with the images that all machines have added by then. \
             `--require` fails if one is missing.",
        ],
        arguments: &[LIST],
        takes_sources: false,
        examples: &[
            example(
                "Publish a draft, and remove it",
                "push --purge example.com/app:1.0",
            ),
            example(
                "Keep the digest in a script that stops if the push fails",
                "push -q example.com/app:1.0 > digest.txt",
            ),
            example(
                "Publish under a second tag too",
                "push -t example.com/app:latest example.com/app:1.0",
            ),
            example(
                "Show what would be written, and treat warnings as errors",
                "push --dry-run --strict example.com/app:1.0",
            ),
            more(
                "Write digest and tags to a file for the next job",
                "push --metadata-file metadata.json example.com/app:1.0",
            ),
            more(
                "Fail unless both platforms are there",
                "push --require linux/amd64,linux/arm64 example.com/app:1.0",
            ),
            more(
                "Publish a draft that several machines share, and remove it",
                "push --stage example.com/drafts --purge --require linux/amd64,linux/arm64 example.com/app:1.0",
            ),
            more(
                "Write the list to an image layout instead of a registry",
                "push --to oci-layout://published example.com/app:1.0",
            ),
        ],
        exit_codes: WRITING,
    },
    Manual {
        command: "remove",
        description: &[
            "Removes images from a draft. The draft stays, even if nothing is left in it. Nothing is removed from a registry.",
        ],
        arguments: &[
            LIST,
            (
                "MANIFEST",
                "An image: its name as `create` was given it, its digest, or its platform",
            ),
        ],
        takes_sources: false,
        examples: &[
            example(
                "Remove an image by name",
                "remove example.com/app:1.0 example.com/app:1.0-armv7",
            ),
            example(
                "Remove an image by platform",
                "remove example.com/app:1.0 linux/arm64",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "rm",
        description: &[
            "Deletes drafts from this machine. Nothing is deleted from a registry, and on a terminal the command says so.",
            "With `--stage` it deletes drafts in a repository, damaged or not. A registry that does not delete keeps their tags, marked as \
             removed. Published lists and images stay.",
        ],
        arguments: &[LIST],
        takes_sources: false,
        examples: &[
            example("Delete a draft", "rm example.com/app:1.0"),
            example(
                "Delete a draft if there is one",
                "rm -f example.com/app:1.0 example.com/app:2.0",
            ),
            more(
                "Delete a draft that several machines share",
                "rm --stage example.com/drafts example.com/app:1.0",
            ),
        ],
        exit_codes: NETWORK,
    },
    Manual {
        command: "rollback",
        description: &[
            "Points a tag to the digest that it pointed to before it was written last. The journal of this machine knows both digests, and \
             `history` shows them. With `--run`, all tags of a run are put back; with `--from`, those of a report, which may be of another \
             machine.",
            "Before anything is written, the registry must have each old manifest with its images, and each tag must still point to the \
             digest that was written: a tag that somebody else has moved since is refused with exit code 7. Then the manifests are \
             published again, byte for byte.",
            "A rollback is in the journal as well, so a second one undoes the first. To go further back, name the digest with `--to`.",
        ],
        arguments: &[(
            "TAG",
            "The tag: `NAME[:TAG]`. With `--run` and `--from`, only these tags of them",
        )],
        takes_sources: false,
        examples: &[
            example(
                "Point a tag to its previous digest",
                "rollback example.com/app:latest",
            ),
            example(
                "Show what undoing the last run would write",
                "rollback --dry-run --run $(docker-manifest history -q --limit 1)",
            ),
            example(
                "Undo a push by the report that it wrote",
                "rollback --from pushed.json",
            ),
            more(
                "Point a tag to a digest that it had some time ago",
                "rollback --to sha256:40c2... example.com/app:latest",
            ),
        ],
        exit_codes: WRITING,
    },
    Manual {
        command: "tag",
        description: &[
            "Writes a manifest or list that a registry has under other names, byte for byte, so that its digest stays the same. Images of a \
             list that the target's repository lacks are mounted or copied first. A name that already points to it is not written again.",
        ],
        arguments: &[
            (
                "SOURCE",
                "The list or image: `NAME[:TAG|@DIGEST]`, or an image layout or archive on disk",
            ),
            (
                "TARGET",
                "The new name: `NAME[:TAG]`, in the same registry or in another one",
            ),
        ],
        takes_sources: false,
        examples: &[
            example(
                "Point a second tag to a list",
                "tag example.com/app:all example.com/app:latest",
            ),
            example(
                "Copy a list to another registry, with its signatures",
                "tag --referrers example.com/app:all example.org/app:all",
            ),
            more(
                "Write the tag only if it does not exist",
                "tag --if-not-exists example.com/app:all example.com/app:2.0",
            ),
        ],
        exit_codes: WRITING,
    },
    Manual {
        command: "uninstall",
        description: &[],
        arguments: &[],
        takes_sources: false,
        examples: &[example("Remove all links", "uninstall")],
        exit_codes: &[],
    },
    Manual {
        command: "verify",
        description: &[
            "Checks a list: the registry, or the image layout or archive on disk, has each image and configuration with the digest and size that is stated, media types \
             agree, no two images are for one platform, each image is for the platform that the list says, attestations belong to an \
             image. A registry is asked itself, past the cache and all mirrors.",
            "The report has a line for each finding, and for each check without one. An error means that some engine cannot run an image. \
             `--strict` treats warnings as errors.",
            "Exit code 0: no errors. 1: errors. Other codes: there are no errors, but the registry did not let everything be checked.",
        ],
        arguments: &[(
            "MANIFEST",
            "The list, or a single image: `NAME[:TAG|@DIGEST]`, or an image layout or archive on disk",
        )],
        takes_sources: false,
        examples: &[
            example("Check a list", "verify example.com/app:all"),
            example(
                "Check layers too, and fail unless both platforms are there",
                "verify --deep --require linux/amd64,linux/arm64 example.com/app:all",
            ),
            more(
                "Check an image on disk, with the content of its layers",
                "verify --deep oci-layout://build/arm64",
            ),
            more(
                "Write the report for another program",
                "verify --strict --format json example.com/app:all > report.json",
            ),
        ],
        exit_codes: NETWORK,
    },
];

/// Returns the manual of a command.
#[must_use]
pub fn of(command: &str) -> Option<&'static Manual> {
    MANUALS.iter().find(|manual| manual.command == command)
}
