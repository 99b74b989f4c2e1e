//! The examples of the documentation: those of the reference are run unchanged, those of the guide are parsed.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use docker_manifest::cli::Cli;
use docker_manifest::exit::Exit;
use docker_manifest::manual::{Example, MANUALS};
use docker_manifest::names::Invocation;
use manifest_testkit::image::{BuiltImage, Image, Index};
use manifest_testkit::layout::LayoutFiles;
use manifest_testkit::suite::Kind;

use super::Watched;
use crate::harness::home::OURS;
use crate::harness::{Home, Ran};

/// The registries of the examples, with the images that they name.
struct World {
    example_com: Watched<'static>,
    example_org: Watched<'static>,
    images: Vec<BuiltImage>,
}

impl World {
    fn new() -> Self {
        let example_com = Watched::empty(Kind::Embedded);
        let tags = [
            ("1.0-amd64", "linux/amd64"),
            ("1.0-arm64", "linux/arm64/v8"),
            ("1.0-armv7", "linux/arm/v7"),
            ("1.0-windows", "windows/amd64"),
        ];
        let mut all = Index::oci();
        let mut images = Vec::new();
        for (tag, platform) in tags {
            let image = Image::oci().platform(platform).seed(tag).build();
            example_com.push("app", tag, &image);
            all = all.image(&image);
            images.push(image);
        }
        let all = all.build();
        example_com.push("app", "all", &all);
        example_com.push("app", "0.9", &all);
        Self {
            example_com,
            example_org: Watched::empty(Kind::Embedded),
            images,
        }
    }

    /// Makes a home with the files that the examples name.
    fn home(&self) -> Home {
        let home = Home::new();
        let folder = home.path();
        let names = "example.com/app:1.0-amd64\nexample.com/app:1.0-arm64\n";
        fs::write(folder.join("images.txt"), self.real(names)).unwrap();
        self.write_spec_files(folder);
        fs::create_dir_all(folder.join("digests")).unwrap();
        for image in &self.images {
            let hex = image.digest.trim_start_matches("sha256:");
            fs::write(folder.join("digests").join(hex), "").unwrap();
        }
        fs::create_dir_all(folder.join("build")).unwrap();
        let layout = LayoutFiles::new().image(None, &self.images[1]);
        layout.write_folder(&folder.join("build/arm64"));
        home
    }

    /// Writes the spec files that the examples name.
    fn write_spec_files(&self, folder: &Path) {
        let write = |name: &str, text: &str| fs::write(folder.join(name), self.real(text)).unwrap();
        let list = |version: &str| {
            format!(
                "image: example.com/app:{version}\nmanifests:\n  - image: example.com/app:1.0-amd64\n  \
                 - image: example.com/app:1.0-arm64\n"
            )
        };
        write("lists.yaml", &list("2.0"));
        write("versions.yaml", &list("${VERSION}-all"));
        fs::create_dir_all(folder.join("releases")).unwrap();
        write("releases/2.1.yaml", &list("2.1"));
        let target =
            r#"{"tags":["example.com/app:1.0"],"platforms":["linux/amd64","linux/arm64"]}"#;
        write("bake.json", &format!(r#"{{"target":{{"app":{target}}}}}"#));
    }

    /// Writes a tag twice, so that it can be put back, and the report of the second time.
    fn write_journal(&self, home: &Home) {
        let tag = "tag example.com/app:1.0-amd64 example.com/app:latest";
        self.run(home, tag).succeeds();
        let create = "create --push --metadata-file pushed.json example.com/app:latest \
            example.com/app:1.0-amd64 example.com/app:1.0-arm64";
        self.run(home, create).succeeds();
        self.example_com.lines();
    }

    /// Puts the real registries and digests in the place of those of an example.
    fn real(&self, line: &str) -> String {
        let mut line = line
            .replace("example.com", &self.example_com.host())
            .replace("example.org", &self.example_org.host());
        for image in &self.images {
            if let Some(start) = line.find("sha256:").filter(|_| line.contains("...")) {
                let end = start + line[start..].find("...").unwrap() + "...".len();
                // The next one is looked for behind it.
                line.replace_range(start..end, &image.digest.replace("sha256", "SHA"));
            }
        }
        line.replace("SHA:", "sha256:")
    }

    /// Writes the file that the examples of `import` name.
    fn export(&self, draft: &str, home: &Home) {
        let other = Home::new();
        self.run(&other, &format!("create {draft}")).succeeds();
        let exported = self.run(&other, "export example.com/app:1.0");
        fs::write(home.path().join("draft.json"), &exported.stdout).unwrap();
        exported.succeeds();
    }

    /// Runs a command line by a shell, with the program on PATH.
    fn run(&self, home: &Home, line: &str) -> Ran {
        let bin = Path::new(OURS).parent().unwrap();
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let line = format!("docker-manifest {}", self.real(line));
        home.run(home.command("sh").args(["-c", &line]).env("PATH", path))
    }
}

#[test]
fn each_example_of_the_reference_works() {
    for manual in MANUALS {
        assert!(!manual.examples.is_empty(), "{}", manual.command);
        for Example { line, .. } in manual.examples {
            assert!(line.starts_with(manual.command), "{line}");
            let world = World::new();
            let home = world.home();
            let draft = "example.com/app:1.0 example.com/app:1.0-amd64 example.com/app:1.0-arm64 \
                example.com/app:1.0-armv7 example.com/app:1.0-windows";
            if ![
                "apply",
                "create",
                "exists",
                "import",
                "matrix",
                "tag",
                "install",
                "uninstall",
            ]
            .contains(&manual.command)
            {
                world.run(&home, &format!("create {draft}")).succeeds();
                if line.contains("--stage example.com/drafts") {
                    let stage = "create --stage example.com/drafts";
                    world.run(&home, &format!("{stage} {draft}")).succeeds();
                }
            }
            if manual.command == "import" {
                world.export(draft, &home);
            }
            if manual.command == "prune" {
                home.age_drafts();
            }
            if ["history", "rollback"].contains(&manual.command) {
                world.write_journal(&home);
            }
            let before = home.drafts().len();
            let ran = world.run(&home, line);
            // Differences are a result.
            if !(manual.command == "diff" && ran.code == 1) {
                ran.succeeds();
            }
            // Each has an effect that its title tells: output, a draft, a tag, or a file.
            let wrote = !world.example_com.writes().is_empty() || ran.stdout.trim() != "";
            let changed = home.drafts().len() != before || manual.command == "annotate";
            let files = [
                "digest.txt",
                "draft.json",
                "list.json",
                "matrix.html",
                "metadata.json",
                "published",
                "report.json",
                "shims",
                "docker-manifest.bash",
                "_docker-manifest",
                "docker-manifest.fish",
            ];
            let has_file = files.iter().any(|name| home.path().join(name).exists());
            let is_silent = manual.command == "uninstall";
            assert!(wrote || changed || has_file || is_silent, "{ran}");
        }
    }
}

/// Returns the command lines in a page: the text after the program's name, up to the end of the command.
fn command_lines(page: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let joined = page.replace("\\\n", " ");
    for line in joined.lines() {
        let line = line.trim().trim_start_matches("$ ");
        if let Some(rest) = line.strip_prefix("docker-manifest ") {
            let rest = rest.split(" #").next().unwrap_or_default();
            let rest = rest.split([';', '|', '>', '&']).next().unwrap_or_default();
            lines.push(rest.trim().to_owned());
        }
    }
    lines
}

#[test]
fn each_command_line_of_the_guide_is_valid() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide");
    let mut pages: Vec<_> = fs::read_dir(docs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"));
    let (mut lines, mut wrong) = (0, Vec::new());
    for page in pages {
        for line in command_lines(&fs::read_to_string(&page).unwrap()) {
            lines += 1;
            // The global flags have a parser of their own.
            let words: Vec<OsString> = line
                .split_whitespace()
                .skip_while(|word| word.starts_with("--"))
                .map(|word| word.trim_matches(['\'', '"']).into())
                .collect();
            // `...` stands for arguments that the line leaves out.
            let is_short = line.contains(" ...") || words.len() == 1;
            match Cli::read(&words, &Invocation::own()) {
                Err(error) if !is_short || error.exit() == Exit::Usage => {
                    wrong.push(format!("{}: {line}: {error:?}", page.display()));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines > 40, "the guide has {lines} command lines");
}
