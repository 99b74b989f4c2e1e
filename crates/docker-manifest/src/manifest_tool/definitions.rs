//! The commands of `manifest-tool` and their flags.

use super::flag_parser::{Flag, Kind};

/// A command, or the program itself.
#[derive(Debug)]
pub(super) struct Definition {
    /// The words after the program's name: `push from-args`. Empty for the program itself.
    pub(super) words: &'static str,
    /// The summary.
    pub(super) about: &'static str,
    /// The form of the arguments.
    pub(super) arguments: &'static str,
    /// The flags, which stand before the arguments and before the next command.
    pub(super) flags: &'static [Flag],
    /// The commands below it.
    pub(super) commands: &'static [&'static Definition],
}

impl Definition {
    /// Returns the last word of the command.
    pub(super) fn name(&self) -> &'static str {
        self.words.rsplit(' ').next().unwrap_or_default()
    }

    /// Returns the command of this name below this one.
    pub(super) fn command(&self, name: &str) -> Option<&'static Self> {
        let mut commands = self.commands.iter().copied();
        commands.find(|command| command.name() == name)
    }
}

const fn flag(name: &'static str, kind: Kind, help: &'static str) -> Flag {
    Flag {
        name,
        short: None,
        kind,
        help,
    }
}

const HELP: Flag = Flag {
    name: "help",
    short: Some("h"),
    kind: Kind::Switch,
    help: "show help",
};

const IGNORE_MISSING: Flag = flag(
    "ignore-missing",
    Kind::Switch,
    "leave out images that do not exist, with a warning",
);

const TAGS: Flag = flag(
    "tags",
    Kind::List,
    "additional tags for the list, separated by commas",
);

/// The program itself.
pub(super) const PROGRAM: Definition = Definition {
    words: "",
    about: "inspect and push multi-platform images",
    arguments: "COMMAND",
    flags: &[
        flag(
            "debug",
            Kind::Switch,
            "write a line to standard error for each request",
        ),
        flag(
            "insecure",
            Kind::Switch,
            "do not verify TLS certificates, and allow plain HTTP",
        ),
        flag("plain-http", Kind::Switch, "use plain HTTP only"),
        flag("username", Kind::Text, "user name for the registry"),
        flag(
            "password",
            Kind::Text,
            "password for the registry; `docker login` keeps it out of the list of processes",
        ),
        flag(
            "docker-cfg",
            Kind::Text,
            "folder of config.json, or a file of that format (default \"~/.docker\")",
        ),
        HELP,
        Flag {
            name: "version",
            short: Some("v"),
            kind: Kind::Switch,
            help: "print the version",
        },
    ],
    commands: &[&INSPECT, &PUSH],
};

/// `inspect`
pub(super) const INSPECT: Definition = Definition {
    words: "inspect",
    about: "show an image or a list in a registry",
    arguments: "NAME:TAG|NAME@DIGEST",
    flags: &[
        flag("raw", Kind::Switch, "print JSON"),
        flag(
            "expand-config",
            Kind::Switch,
            "with --raw: include the configuration of the image",
        ),
        HELP,
    ],
    commands: &[],
};

/// `push`
pub(super) const PUSH: Definition = Definition {
    words: "push",
    about: "make a list of images in a registry, and push it",
    arguments: "COMMAND",
    flags: &[
        flag(
            "type",
            Kind::Text,
            "format of the list: docker (manifest list) or oci (image index) (default \"docker\")",
        ),
        HELP,
    ],
    commands: &[&FROM_SPEC, &FROM_ARGS],
};

/// `push from-spec`
pub(super) const FROM_SPEC: Definition = Definition {
    words: "push from-spec",
    about: "push the list that a YAML file describes",
    arguments: "FILE",
    flags: &[IGNORE_MISSING, TAGS, HELP],
    commands: &[],
};

/// `push from-args`
pub(super) const FROM_ARGS: Definition = Definition {
    words: "push from-args",
    about: "push a list of images whose names follow a template",
    arguments: "",
    flags: &[
        flag(
            "platforms",
            Kind::List,
            "platforms of the list, separated by commas: linux/amd64,linux/arm/v7",
        ),
        flag(
            "template",
            Kind::Text,
            "name of each image; OS, ARCH and VARIANT stand for the parts of its platform",
        ),
        flag("target", Kind::Text, "name of the list"),
        TAGS,
        flag(
            "annotations",
            Kind::List,
            "annotations of the list, with --type oci: key=value, separated by commas",
        ),
        IGNORE_MISSING,
        HELP,
    ],
    commands: &[],
};
