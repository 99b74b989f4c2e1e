//! The command line of `manifest-tool`.

use manifest_core::ListType;

use super::definitions::{Definition, FROM_ARGS, FROM_SPEC, INSPECT, PROGRAM, PUSH};
use super::flag_parser::{FlagError, Flags};
use super::misplaced::{place_of, warn_of_ignored};

/// The exit code for a command that does not exist.
const NO_HELP_TOPIC: u8 = 3;

/// A parsed command line.
#[derive(Debug)]
pub(super) struct CommandLine {
    /// The flags before the command.
    pub(super) globals: Flags,
    /// The request.
    pub(super) request: Request,
    /// Warnings about words that are ignored.
    pub(super) warnings: Vec<String>,
}

/// The request of a command line.
#[derive(Debug)]
pub(super) enum Request {
    /// The help of a command.
    Help(&'static Definition),
    /// The version.
    Version,
    /// A command.
    Run(Command),
}

/// A command with its arguments.
#[derive(Debug)]
pub(super) enum Command {
    /// `inspect`
    Inspect(InspectArgs),
    /// `push from-spec`
    FromSpec(FromSpecArgs),
    /// `push from-args`
    FromArgs(FromArgsArgs),
}

/// The arguments of `inspect`.
#[derive(Debug)]
pub(super) struct InspectArgs {
    /// The name of an image or a list. Empty if none is given.
    pub(super) name: String,
    /// The form of the output.
    pub(super) form: Form,
}

/// The form of `inspect`'s output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Lines for people.
    Text,
    /// JSON (`--raw`).
    Raw,
    /// JSON with the configuration of the image (`--raw --expand-config`).
    RawWithConfig,
}

/// The flags of both commands that push.
#[derive(Debug)]
pub(super) struct PushFlags {
    /// The type of the list.
    pub(super) list_type: ListType,
    /// Additional tags, or names.
    pub(super) tags: Vec<String>,
    /// Whether images that do not exist are left out.
    pub(super) ignores_missing: bool,
}

/// The arguments of `push from-spec`.
#[derive(Debug)]
pub(super) struct FromSpecArgs {
    pub(super) push: PushFlags,
    /// The file. Empty if none is given.
    pub(super) file: String,
}

/// The arguments of `push from-args`.
#[derive(Debug)]
pub(super) struct FromArgsArgs {
    pub(super) push: PushFlags,
    pub(super) platforms: Vec<String>,
    pub(super) template: String,
    pub(super) target: String,
    /// Annotations in the form `key=value`.
    pub(super) annotations: Vec<String>,
}

/// A command line that cannot be run.
#[derive(Debug)]
pub(super) enum UsageProblem {
    /// The flags are wrong.
    Flags {
        /// The command.
        command: &'static Definition,
        /// The error.
        text: String,
        /// The remedy.
        hint: Option<String>,
    },
    /// There is no such command.
    NoHelpTopic {
        /// The word in the place of the command.
        word: String,
        /// The commands in its place.
        commands: &'static [&'static Definition],
    },
}

impl UsageProblem {
    /// Returns the exit code.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Flags { .. } => 1,
            Self::NoHelpTopic { .. } => NO_HELP_TOPIC,
        }
    }
}

impl CommandLine {
    /// Parses the words after the program's name.
    ///
    /// # Errors
    /// Fails if a flag is wrong or missing, or there is no such command.
    pub(super) fn parse(words: &[String]) -> Result<Self, UsageProblem> {
        let (globals, rest) = parse_flags(&PROGRAM, words)?;
        let mut warnings = Vec::new();
        let request = if globals.is_on("help") {
            Request::Help(&PROGRAM)
        } else if globals.is_on("version") {
            Request::Version
        } else {
            match choose(&PROGRAM, rest)? {
                Choice::Help(command) => Request::Help(command),
                Choice::Command(command, rest) if command.name() == INSPECT.name() => {
                    inspect(rest, &mut warnings)?
                }
                Choice::Command(_, rest) => push(rest, &mut warnings)?,
            }
        };
        Ok(Self {
            globals,
            request,
            warnings,
        })
    }
}

/// The command that the next word names.
enum Choice<'a> {
    Help(&'static Definition),
    Command(&'static Definition, &'a [String]),
}

/// Chooses a command below `group`. Without a word, that is the help of the group.
fn choose<'a>(group: &'static Definition, words: &'a [String]) -> Result<Choice<'a>, UsageProblem> {
    let Some((word, rest)) = words.split_first() else {
        return Ok(Choice::Help(group));
    };
    let no_topic = |word: &String| UsageProblem::NoHelpTopic {
        word: word.clone(),
        commands: group.commands,
    };
    if word == "help" || word == "h" {
        let topic = rest.first();
        let command = topic.map(|topic| group.command(topic).ok_or_else(|| no_topic(topic)));
        return Ok(Choice::Help(command.transpose()?.unwrap_or(group)));
    }
    let command = group.command(word).ok_or_else(|| no_topic(word))?;
    Ok(Choice::Command(command, rest))
}

fn inspect(words: &[String], warnings: &mut Vec<String>) -> Result<Request, UsageProblem> {
    let (flags, rest) = parse_flags(&INSPECT, words)?;
    if flags.is_on("help") {
        return Ok(Request::Help(&INSPECT));
    }
    let name = first_argument(&INSPECT, rest, warnings);
    let form = match (flags.is_on("raw"), flags.is_on("expand-config")) {
        (false, false) => Form::Text,
        (true, false) => Form::Raw,
        (true, true) => Form::RawWithConfig,
        (false, true) => {
            return Err(UsageProblem::Flags {
                command: &INSPECT,
                text: "the --expand-config flag is only valid when used with --raw".to_owned(),
                hint: None,
            });
        }
    };
    Ok(Request::Run(Command::Inspect(InspectArgs { name, form })))
}

fn push(words: &[String], warnings: &mut Vec<String>) -> Result<Request, UsageProblem> {
    let (push, rest) = parse_flags(&PUSH, words)?;
    if push.is_on("help") {
        return Ok(Request::Help(&PUSH));
    }
    let (command, rest) = match choose(&PUSH, rest)? {
        Choice::Help(command) => return Ok(Request::Help(command)),
        Choice::Command(command, rest) => (command, rest),
    };
    let (flags, rest) = parse_flags(command, rest)?;
    if flags.is_on("help") {
        return Ok(Request::Help(command));
    }
    let push = PushFlags {
        list_type: list_type(push.text("type"), warnings),
        tags: flags.list("tags").to_vec(),
        ignores_missing: flags.is_on("ignore-missing"),
    };
    if command.name() == FROM_SPEC.name() {
        let file = first_argument(&FROM_SPEC, rest, warnings);
        return Ok(Request::Run(Command::FromSpec(FromSpecArgs { push, file })));
    }
    require(&flags, &["platforms", "template", "target"])?;
    warn_of_ignored(&FROM_ARGS, None, rest, warnings);
    let text = |name| flags.text(name).unwrap_or_default().to_owned();
    Ok(Request::Run(Command::FromArgs(FromArgsArgs {
        push,
        platforms: flags.list("platforms").to_vec(),
        template: text("template"),
        target: text("target"),
        annotations: flags.list("annotations").to_vec(),
    })))
}

/// Returns the type of a list. Every word but `oci` is `docker`, as in `manifest-tool`.
fn list_type(text: Option<&str>, warnings: &mut Vec<String>) -> ListType {
    match text {
        Some("oci") => ListType::Oci,
        None | Some("docker") => ListType::Docker,
        Some(other) => {
            warnings.push(format!(
                "--type {other} is taken for --type docker: the types are docker and oci"
            ));
            ListType::Docker
        }
    }
}

/// Checks that flags are given.
fn require(flags: &Flags, names: &[&str]) -> Result<(), UsageProblem> {
    let is_missing = |name: &&&str| !flags.has(name);
    let missing: Vec<&str> = names.iter().filter(is_missing).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let plural = if missing.len() == 1 { "" } else { "s" };
    let names = missing.join(", ");
    Err(UsageProblem::Flags {
        command: &FROM_ARGS,
        text: format!("Required flag{plural} \"{names}\" not set"),
        hint: None,
    })
}

fn parse_flags<'a>(
    command: &'static Definition,
    words: &'a [String],
) -> Result<(Flags, &'a [String]), UsageProblem> {
    Flags::parse(command.flags, words).map_err(|error| UsageProblem::Flags {
        command,
        hint: match &error {
            FlagError::Unknown(name) => place_of(name),
            _ => None,
        },
        text: error.to_string(),
    })
}

/// Returns the only argument that is read, and warns of those behind it. Empty if there is none.
fn first_argument(
    command: &'static Definition,
    words: &[String],
    warnings: &mut Vec<String>,
) -> String {
    let Some((first, rest)) = words.split_first() else {
        return String::new();
    };
    warn_of_ignored(command, Some(first), rest, warnings);
    first.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<CommandLine, UsageProblem> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        CommandLine::parse(&words)
    }

    #[test]
    fn help_and_version() {
        for (line, words) in [
            ("", ""),
            ("--help", ""),
            ("-h inspect", ""),
            ("help", ""),
            ("h push", "push"),
            ("help inspect", "inspect"),
            ("inspect --help", "inspect"),
            ("push", "push"),
            ("push -h", "push"),
            ("push help from-args", "push from-args"),
            ("push from-args -h", "push from-args"),
            ("push from-spec --help x", "push from-spec"),
        ] {
            let Request::Help(command) = parse(line).unwrap().request else {
                panic!("{line}")
            };
            assert_eq!(command.words, words, "{line}");
        }
        for line in ["--version", "-v", "-version push"] {
            assert!(matches!(parse(line).unwrap().request, Request::Version));
        }
    }

    #[test]
    fn commands_and_their_flags() {
        let line = parse("--debug -username u inspect --raw a:1").unwrap();
        assert!(line.globals.is_on("debug") && line.globals.text("username") == Some("u"));
        let Request::Run(Command::Inspect(InspectArgs { name, form })) = line.request else {
            panic!("inspect")
        };
        assert_eq!((name.as_str(), form), ("a:1", Form::Raw));

        let line = parse("push --type oci from-spec --ignore-missing --tags a,b x.yaml").unwrap();
        let Request::Run(Command::FromSpec(FromSpecArgs { push, file })) = line.request else {
            panic!("from-spec")
        };
        assert_eq!((file.as_str(), push.list_type), ("x.yaml", ListType::Oci));
        assert!(push.ignores_missing && push.tags == ["a", "b"]);

        let line =
            parse("push from-args --platforms linux/amd64 --platforms=linux/arm,linux/arm/v7 --template t --target l --annotations a=b,c=d")
                .unwrap();
        let Request::Run(Command::FromArgs(args)) = line.request else {
            panic!("from-args")
        };
        assert_eq!(args.platforms, ["linux/amd64", "linux/arm", "linux/arm/v7"]);
        assert_eq!(args.annotations, ["a=b", "c=d"]);
        assert_eq!((&*args.template, &*args.target), ("t", "l"));
        assert_eq!(args.push.list_type, ListType::Docker);
    }

    #[test]
    fn ignored_words_get_a_warning() {
        for (line, warnings) in [
            (
                "inspect a:1 --raw b",
                &[
                    "--raw is ignored, because it stands behind a:1: put it before",
                    "1 argument ignored: `inspect` takes one NAME:TAG|NAME@DIGEST",
                ][..],
            ),
            (
                "push from-spec x.yaml --ignore-missing",
                &["--ignore-missing is ignored, because it stands behind x.yaml: put it before"],
            ),
            (
                "push from-args --platforms a --template b --target c d --tags e f",
                &[
                    "--tags is ignored, because it stands behind d: put it before",
                    "2 arguments ignored: `push from-args` takes none",
                ],
            ),
            // No value is shown.
            (
                "inspect a:1 --username me --password s3cr3t --bogus=s3cr3t",
                &[
                    "--username is ignored: `--username` stands before the command",
                    "--password is ignored: `--password` stands before the command",
                    "--bogus is ignored",
                ],
            ),
            (
                "inspect a:1 -password=s3cr3t",
                &["--password is ignored: `--password` stands before the command"],
            ),
            (
                "push --type OCI from-spec x",
                &["--type OCI is taken for --type docker: the types are docker and oci"],
            ),
        ] {
            assert_eq!(parse(line).unwrap().warnings, warnings, "{line}");
        }
    }

    #[test]
    fn usage_errors() {
        for (line, error, remedy) in [
            (
                "--bogus inspect",
                "flag provided but not defined: -bogus",
                None,
            ),
            (
                "inspect --debug a:1",
                "flag provided but not defined: -debug",
                Some("`--debug` stands before the command"),
            ),
            (
                "push from-args --type oci",
                "flag provided but not defined: -type",
                Some("`--type` stands directly behind `push`"),
            ),
            (
                "inspect --expand-config a:1",
                "the --expand-config flag is only valid when used with --raw",
                None,
            ),
            (
                "push from-args --platforms linux/amd64",
                "Required flags \"template, target\" not set",
                None,
            ),
            (
                "push from-args --platforms linux/amd64 --template t",
                "Required flag \"target\" not set",
                None,
            ),
        ] {
            let Err(UsageProblem::Flags { text, hint, .. }) = parse(line) else {
                panic!("{line}")
            };
            assert_eq!((&*text, hint.as_deref()), (error, remedy), "{line}");
        }
        for line in ["bogus", "help bogus", "push bogus", "push help bogus"] {
            let problem = parse(line).unwrap_err();
            assert_eq!(problem.exit_code(), 3, "{line}");
        }
    }
}
