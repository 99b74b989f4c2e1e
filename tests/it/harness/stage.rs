//! A registry seeded with the world, and programs that play command lines there.

use std::fs;

use manifest_testkit::suite::{self, Kind, TestRegistry};
use manifest_testkit::{seed, sha256};
use similar::TextDiff;

use super::home::{DraftFile, Home, OURS};
use super::line::{Line, neutral, neutral_text};
use super::{Ran, old_format, world};

/// The program that plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// Docker's CLI.
    Docker,
    /// The program under test, called as Docker's CLI calls a plugin, so that usage errors are the same.
    Ours,
}

/// A registry seeded with the world.
#[derive(Debug)]
pub(crate) struct Stage {
    registry: TestRegistry,
}

impl Stage {
    /// Starts a registry, the real one unless that is disabled, and seeds it.
    pub(crate) fn start() -> Self {
        let kind = suite::kinds().first().copied().unwrap_or(Kind::Embedded);
        Self::on(TestRegistry::start(kind))
    }

    /// Seeds a registry.
    pub(crate) fn on(registry: TestRegistry) -> Self {
        world::seed(&registry);
        Self { registry }
    }

    /// Returns the registry.
    pub(crate) fn registry(&self) -> &TestRegistry {
        &self.registry
    }

    /// Returns the registry's address.
    pub(crate) fn host(&self) -> String {
        self.registry.host()
    }

    /// Returns a player in a home of its own.
    pub(crate) fn player(&self, program: Program) -> Player<'_> {
        Player {
            stage: self,
            program,
            home: Home::new(),
        }
    }

    /// Returns the published content of `repository:tag` or `repository@digest`.
    fn published(&self, reference: &str) -> Published {
        let (name, digest) = match reference.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (reference, None),
        };
        let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
        let manifest = match (name.contains(':'), digest) {
            (false, Some(digest)) => self.registry.manifest(repository, digest),
            _ => self.registry.manifest(repository, tag),
        };
        let (media_type, bytes) = manifest.unwrap_or_default();
        let children = children(&bytes).into_iter().map(|digest| {
            let (media_type, bytes) = self
                .registry
                .manifest(repository, &digest)
                .unwrap_or_default();
            format!("{digest} {media_type} {}", sha256(&bytes))
        });
        Published {
            reference: reference.to_owned(),
            media_type,
            children: children.collect(),
            bytes: String::from_utf8(bytes).expect("a list is UTF-8"),
            tags: seed::tags(&self.registry.client(), repository),
        }
    }
}

fn children(list: &[u8]) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_slice(list).unwrap_or_default();
    let children = json["manifests"].as_array().into_iter().flatten();
    children
        .filter_map(|child| child["digest"].as_str().map(str::to_owned))
        .collect()
}

/// The content of a registry under a reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Published {
    /// The reference, without the registry.
    pub(crate) reference: String,
    /// The media type that the registry states, empty if there is no manifest.
    pub(crate) media_type: String,
    /// The bytes.
    pub(crate) bytes: String,
    /// Digest, media type and true digest of the children that the repository has.
    pub(crate) children: Vec<String>,
    /// All tags of the repository.
    pub(crate) tags: Vec<String>,
}

/// A program, a home and a registry.
#[derive(Debug)]
pub(crate) struct Player<'a> {
    stage: &'a Stage,
    /// The program that plays from now on.
    pub(crate) program: Program,
    /// The home of the program.
    pub(crate) home: Home,
}

/// The observable effects of a command, with the registry's address replaced by [`super::line::REGISTRY`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The result of the program.
    pub(crate) ran: Ran,
    /// The drafts after the command.
    pub(crate) drafts: Vec<DraftFile>,
    /// The registry's content after the command, if it was a `push`.
    pub(crate) published: Option<Published>,
}

impl Player<'_> {
    /// Plays one line ([`super::line`]).
    ///
    /// A line that starts with `!` changes draft files instead: `!without-raw LIST IMAGE`,
    /// `!before-descriptors LIST IMAGE` (see [`old_format`]), `!empty LIST`, `!write LIST FILE TEXT`.
    pub(crate) fn play(&self, text: &str) -> Seen {
        let host = self.stage.host();
        let (ran, pushes) = match text.strip_prefix('!') {
            Some(change) => {
                self.change_draft(&Line::parse(change, &host).words[1..]);
                (
                    Ran {
                        line: text.to_owned(),
                        code: 0,
                        stdout: String::new(),
                        stderr: String::new(),
                    },
                    None,
                )
            }
            None => {
                let line = Line::parse(text, &host);
                let mut command = match self.program {
                    Program::Docker => self.home.docker(),
                    Program::Ours => self.home.command(OURS),
                };
                let ran = self
                    .home
                    .run(command.args(&line.words).envs(line.variables.clone()));
                (ran, line.pushes(&host).map(str::to_owned))
            }
        };
        let published = pushes.map(|reference| self.stage.published(&reference));
        let text = |text: &str| neutral_text(text, &host);
        let file = |file: DraftFile| DraftFile {
            list: text(&file.list),
            file: text(&file.file),
            bytes: neutral(&file.bytes, &host),
        };
        let ran = Ran {
            line: text(&ran.line),
            stdout: text(&ran.stdout),
            // Error messages may name the home.
            stderr: text(&ran.stderr).replace(&*self.home.path().to_string_lossy(), "HOME"),
            ..ran
        };
        Seen {
            ran,
            drafts: self.home.drafts().into_iter().map(file).collect(),
            published,
        }
    }

    fn change_draft(&self, words: &[String]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let edit = |list: &str, image: &str, change: fn(&str) -> String| {
            let path = self.home.draft_path(list, image);
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            fs::write(path, change(&text)).unwrap();
        };
        match *words {
            ["without-raw", list, image] => edit(list, image, old_format::without_raw),
            ["before-descriptors", list, image] => {
                edit(list, image, old_format::before_descriptors);
            }
            ["empty", list] => {
                let file = self.home.draft_path(list, "x");
                let _ = fs::remove_dir_all(file.parent().unwrap());
                fs::create_dir_all(file.parent().unwrap()).unwrap();
            }
            ["write", list, file, text] => {
                let folder = self.home.draft_path(list, "x");
                fs::create_dir_all(folder.parent().unwrap()).unwrap();
                fs::write(folder.with_file_name(file), text).unwrap();
            }
            _ => panic!("no such change of a draft: {words:?}"),
        }
    }
}

/// The part of standard error that must be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stderr {
    /// The error, which is the first line; usage errors completely. Hints may follow.
    Same,
    /// The error, if there is one. On success this program may warn.
    MoreWarnings,
    /// Nothing: Docker's message is wrong.
    Free,
}

impl Seen {
    /// Returns the difference of `ours` from Docker's effects, or `None` if they are the same.
    pub(crate) fn difference(&self, ours: &Self, stderr: Stderr) -> Option<String> {
        let (docker, mine) = (self.text(stderr), ours.text(stderr));
        if docker == mine {
            return None;
        }
        let diff = TextDiff::from_lines(&docker, &mine);
        let diff = diff
            .unified_diff()
            .header("docker", "ours")
            .context_radius(0)
            .to_string();
        Some(format!(
            "{diff}\nDocker: {}\n\nours: {}\n",
            self.ran, ours.ran
        ))
    }

    /// Formats everything that is compared.
    fn text(&self, stderr: Stderr) -> String {
        let Self {
            ran,
            drafts,
            published,
        } = self;
        let mut text = format!("exit code: {}\nstdout:\n{}", ran.code, ran.stdout);
        let compared = match stderr {
            Stderr::Same => true,
            Stderr::MoreWarnings => ran.code != 0,
            Stderr::Free => false,
        };
        if compared {
            text.push_str(&format!("stderr:\n{}\n", ran.said()));
        }
        for DraftFile { list, file, bytes } in drafts {
            text.push_str(&format!(
                "draft {list}/{file}:\n{}\n",
                String::from_utf8_lossy(bytes)
            ));
        }
        if let Some(Published {
            reference,
            media_type,
            bytes,
            children,
            tags,
        }) = published
        {
            text.push_str(&format!(
                "published {reference}: {media_type}\n{bytes}\nchildren:\n{}\ntags: {}\n",
                children.join("\n"),
                tags.join(" ")
            ));
        }
        text
    }
}
