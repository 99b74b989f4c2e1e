//! The program called as `manifest-tool`: that tool's command lines, output, exit codes and bytes.
//!
//! The expected bytes and lines are written by hand, from the description of the tool's types and of its output.

mod command_lines;
mod differences;
mod inspecting;
mod installing;
mod logins;
mod pushing;
mod scripts;

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use manifest_testkit::image::BuiltImage;
use manifest_testkit::suite::TestRegistry;
use manifest_testkit::{EmbeddedRegistry, sha256};

use crate::harness::home::OURS;
use crate::harness::{Home, Ran};

/// The media type of a Docker manifest list.
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// The media type of an OCI image index.
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The beginning of an error's text.
const FAILED: &str = "level=error msg=\"manifest-tool failed with error: ";

/// The program called as `manifest-tool`, in a home of its own.
struct Tool {
    home: Home,
    link: PathBuf,
    host: String,
}

impl Tool {
    /// Links the program as `manifest-tool` in a new home. `@/` in its command lines stands for `host`.
    fn new(host: &str) -> Self {
        let home = Home::new();
        let link = home.path().join("manifest-tool");
        symlink(OURS, &link).unwrap();
        Self {
            home,
            link,
            host: host.to_owned(),
        }
    }

    fn on(registry: &EmbeddedRegistry) -> Self {
        Self::new(&registry.host())
    }

    /// Runs a command line, whose words are separated by blanks. The registry's address is replaced by `REGISTRY` in both outputs.
    fn run(&self, line: &str) -> Ran {
        let line = line.replace("@/", &format!("{}/", self.host));
        let mut command = self.home.command(&self.link);
        self.neutral(self.home.run(command.args(line.split_whitespace())))
    }

    /// Runs a shell script, in which `manifest-tool` is on PATH and `$REGISTRY` is the registry.
    fn script(&self, lines: &str) -> Ran {
        let mut command = self.home.command("/bin/sh");
        let path = format!("{}:/usr/bin:/bin", self.home.path().display());
        command
            .args(["-eu", "-c", lines])
            .env("PATH", path)
            .env("REGISTRY", &self.host);
        self.neutral(self.home.run(&mut command))
    }

    fn neutral(&self, ran: Ran) -> Ran {
        let home = self.home.path().to_string_lossy().into_owned();
        let text = |text: &str| text.replace(&self.host, "REGISTRY").replace(&home, "HOME");
        Ran {
            stdout: text(&ran.stdout),
            stderr: text(&ran.stderr),
            ..ran
        }
    }

    /// Writes a file to the working directory. `@/` in it stands for the registry.
    fn write(&self, name: &str, text: &str) {
        let text = text.replace("@/", &format!("{}/", self.host));
        std::fs::write(self.home.path().join(name), text).unwrap();
    }
}

/// An entry of an expected list.
struct Entry<'a> {
    image: &'a BuiltImage,
    /// The fields of the platform with their values, in order.
    platform: &'a [(&'a str, &'a str)],
}

/// Returns the list that the tool writes, laid out by hand.
fn expected(media_type: &str, entries: &[Entry<'_>]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|Entry { image, platform }| {
            let (size, digest) = (image.size(), &image.digest);
            let fields = match media_type == DOCKER_LIST {
                true => format!("\"size\": {size},\n      \"digest\": \"{digest}\""),
                false => format!("\"digest\": \"{digest}\",\n      \"size\": {size}"),
            };
            let platform: Vec<String> = platform
                .iter()
                .map(|(key, value)| format!("        \"{key}\": {value}"))
                .collect();
            format!(
                "    {{\n      \"mediaType\": \"{}\",\n      {fields},\n      \"platform\": {{\n{}\n      }}\n    }}",
                image.media_type,
                platform.join(",\n")
            )
        })
        .collect();
    format!(
        "{{\n  \"schemaVersion\": 2,\n  \"mediaType\": \"{media_type}\",\n  \"manifests\": [\n{}\n  ]\n}}",
        entries.join(",\n")
    )
}

/// Checks that a tag has exactly these bytes, and that the tool has printed their digest and size and nothing else.
#[track_caller]
fn check_published(
    registry: &TestRegistry,
    name: (&str, &str),
    media_type: &str,
    bytes: &str,
    ran: &Ran,
) {
    let (repository, tag) = name;
    let (found_type, found) = registry.manifest(repository, tag).expect("a list");
    assert_eq!(String::from_utf8(found).unwrap(), bytes);
    assert_eq!(found_type, media_type);
    let digest = sha256(bytes.as_bytes());
    ran.succeeds()
        .prints(&format!("Digest: {digest} {}\n", bytes.len()));
}
