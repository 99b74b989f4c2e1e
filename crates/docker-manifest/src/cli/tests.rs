use std::ffi::OsString;

use super::*;
use crate::flags::Globals;
use crate::values::CommaList;

fn read(line: &[&str]) -> Result<Request, UsageError> {
    let words: Vec<OsString> = line.iter().map(OsString::from).collect();
    Cli::read(&words, &Invocation::under_docker("manifest"))
}

fn check_error(line: &str, code: u8, first: &str, usage: &str, last: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let error = read(&words).expect_err(line);
    assert_eq!(
        error.to_string(),
        format!("{first}\n\nUsage:  {usage}\n\n{last}"),
        "{line}"
    );
    assert_eq!(error.exit().code(), code, "{line}");
}

const CREATE: &str = "docker manifest create MANIFEST_LIST MANIFEST [MANIFEST...]";
const PUSH: &str = "docker manifest push [OPTIONS] MANIFEST_LIST";
const ANNOTATE: &str = "docker manifest annotate [OPTIONS] MANIFEST_LIST MANIFEST";

#[test]
fn flag_errors_are_pflags() {
    let run =
        |command: &str| format!("Run 'docker manifest {command} --help' for more information");
    for (line, first, usage, command) in [
        ("create --bogus", "unknown flag: --bogus", CREATE, "create"),
        (
            "create a b --bogus=1",
            "unknown flag: --bogus",
            CREATE,
            "create",
        ),
        (
            "create -x",
            "unknown shorthand flag: 'x' in -x",
            CREATE,
            "create",
        ),
        (
            "push a -px",
            "unknown shorthand flag: 'x' in -x",
            PUSH,
            "push",
        ),
        (
            "push a -xp",
            "unknown shorthand flag: 'x' in -xp",
            PUSH,
            "push",
        ),
        (
            "annotate a b --os",
            "flag needs an argument: --os",
            ANNOTATE,
            "annotate",
        ),
        (
            "push --purge=maybe x",
            "invalid argument \"maybe\" for \"-p, --purge\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
            PUSH,
            "push",
        ),
        (
            "push x --purge=",
            "invalid argument \"\" for \"-p, --purge\" flag: strconv.ParseBool: parsing \"\": invalid syntax",
            PUSH,
            "push",
        ),
        (
            "create a b --insecure=no",
            "invalid argument \"no\" for \"--insecure\" flag: strconv.ParseBool: parsing \"no\": invalid syntax",
            CREATE,
            "create",
        ),
        (
            "push x --retry -1",
            "invalid argument \"-1\" for \"--retry\" flag: must be a whole number, 0 or more",
            PUSH,
            "push",
        ),
        (
            "push x --dry-run=maybe",
            "invalid argument \"maybe\" for \"--dry-run\" flag: must be true or false",
            PUSH,
            "push",
        ),
        (
            "inspect x --timeout=5",
            "invalid argument \"5\" for \"--timeout\" flag: must be a time with its unit, such as 90s or 1m30s, or 0",
            "docker manifest inspect [OPTIONS] [MANIFEST_LIST] MANIFEST",
            "inspect",
        ),
    ] {
        check_error(line, 125, first, usage, &run(command));
    }
}

#[test]
fn a_flag_before_the_command_is_the_groups() {
    check_error(
        "--foo create",
        125,
        "unknown flag: --foo",
        "docker manifest COMMAND",
        "Run 'docker manifest --help' for more information",
    );
}

#[test]
fn a_misspelt_word_gets_the_nearest_match_as_a_hint() {
    let globals = "is a global flag and stands before the command: `docker";
    for (line, hint) in [
        ("Create a b", "did you mean `docker manifest create`?"),
        ("anotate a b", "did you mean `docker manifest annotate`?"),
        ("pusj a", "did you mean `docker manifest push`?"),
        ("xyz", ""),
        ("push --pruge a", "did you mean `--purge`?"),
        ("create --ammend=1 a b", "did you mean `--amend`?"),
        (
            "push --amend a",
            "--amend is a flag of `docker manifest create` and `docker manifest import`",
        ),
        (
            "inspect --if-not-exists=true a",
            "--if-not-exists is a flag of `docker manifest create`, `docker manifest push` and `docker manifest tag`",
        ),
        (
            "annotate a b --os-feature x",
            "did you mean `--os-features`?",
        ),
        ("push --zzz a", ""),
        ("create -x a b", ""),
        ("push -v a", ""),
        (
            "create a b --debug",
            &format!("--debug {globals} --debug manifest create`"),
        ),
        ("push -D a", &format!("-D {globals} --debug manifest push`")),
        (
            "rm --config=x a",
            &format!("--config {globals} --config DIR manifest rm`"),
        ),
        ("annotate a b --os", ""),
        ("create a", ""),
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let error = read(&words).expect_err(line);
        assert_eq!(error.hint().unwrap_or_default(), hint, "{line}");
    }
    let own = |line: &str| {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let error = Globals::split(&words, &Invocation::own())
            .and_then(|(_, rest)| Cli::read(&rest, &Invocation::own()))
            .expect_err(line);
        error.hint().unwrap_or_default().to_owned()
    };
    assert_eq!(own("--debgu rm a"), "did you mean `--debug`?");
    let stands = "is a global flag and stands before the command";
    assert_eq!(
        own("rm a --debug"),
        format!("--debug {stands}: `docker-manifest --debug rm`")
    );
    assert_eq!(
        own("rm --version"),
        format!("--version {stands}: `docker-manifest --version`")
    );
}

#[test]
fn argument_errors_are_dockers() {
    for (line, wanted, usage, verb) in [
        ("create", "requires at least 2 arguments", CREATE, "See"),
        ("create a", "requires at least 2 arguments", CREATE, "See"),
        (
            "rm",
            "requires at least 1 argument",
            "docker manifest rm MANIFEST_LIST [MANIFEST_LIST...]",
            "See",
        ),
        ("annotate a", "requires 2 arguments", ANNOTATE, "Run"),
        ("annotate a b c", "requires 2 arguments", ANNOTATE, "Run"),
        ("push", "requires 1 argument", PUSH, "Run"),
        (
            "inspect",
            "requires at least 1 and at most 2 arguments",
            "docker manifest inspect [OPTIONS] [MANIFEST_LIST] MANIFEST",
            "Run",
        ),
    ] {
        let command = line.split(' ').next().unwrap();
        let first = format!("docker: 'docker manifest {command}' {wanted}");
        let last = format!("{verb} 'docker manifest {command} --help' for more information");
        check_error(line, 1, &first, usage, &last);
    }
    for word in ["bogus", "help"] {
        check_error(
            word,
            1,
            &format!("docker: unknown command: docker manifest {word}"),
            "docker manifest COMMAND",
            "Run 'docker manifest --help' for more information",
        );
    }
}

#[test]
fn flags_may_be_anywhere_and_the_last_wins() {
    for (line, shape) in [
        ("create -a l a", r#"amend: Switch(true)"#),
        ("create l --amend a --amend b", r#"amend: Switch(true)"#),
        ("create l a", r#"amend: Switch(false)"#),
        (
            "create --amend l a --amend=false",
            r#"amend: Switch(false)"#,
        ),
        ("create l -a=0 a", r#"amend: Switch(false)"#),
        ("create l a --insecure=T", r#"insecure: Switch(true)"#),
        ("create -- l --amend", r#"images: ["l", "--amend"]"#),
        ("create l -", r#"images: ["l", "-"]"#),
        ("annotate l a --os=linux", r#"os: Some("linux")"#),
        (
            "annotate --os linux l a --os windows",
            r#"os: Some("windows")"#,
        ),
        ("annotate l a --variant -x", r#"variant: Some("-x")"#),
        ("annotate l a --os --arch", r#"os: Some("--arch")"#),
        (
            "annotate --os-features a,b l a --os-features c",
            r#"os_features: [CommaList(["a", "b"]), CommaList(["c"])]"#,
        ),
        ("push -p l", r#"purge: Switch(true)"#),
        ("push l --purge", r#"purge: Switch(true)"#),
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let request = read(&words).expect(line);
        assert!(
            format!("{request:?}").contains(shape),
            "{line}: {request:?}"
        );
    }
}

#[test]
fn comma_lists_are_records_of_csv() {
    let fields = |text: &str| text.parse::<CommaList>().map(|list| list.0);
    for (text, expected) in [
        ("", vec![]),
        ("a,b", vec!["a", "b"]),
        ("a,,", vec!["a", "", ""]),
        (" a , b ", vec![" a ", " b "]),
        (r#""a,b",c"#, vec!["a,b", "c"]),
        (r#""","b""c""#, vec!["", "b\"c"]),
        ("a\nb", vec!["a"]),
    ] {
        assert_eq!(fields(text).expect(text), expected, "{text}");
    }
    let stray = "extraneous or missing \" in quoted-field";
    let bare = "bare \" in non-quoted-field";
    for (text, column, what) in [
        (r#"""#, 2, stray),
        (r#""a"#, 3, stray),
        (r#""a"b"#, 3, stray),
        (r#"x,"ab"c"#, 6, stray),
        (r#""a"" "#, 6, stray),
        (r#"a"b"#, 2, bare),
        ("\u{e9}\"", 3, bare),
    ] {
        let expected = format!("parse error on line 1, column {column}: {what}");
        assert_eq!(fields(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn help_is_laid_out_as_dockers() {
    let Ok(Request::Help(text)) = read(&["inspect", "--help", "too", "few", "many"]) else {
        panic!("help")
    };
    assert_eq!(
        text,
        "Usage:  docker manifest inspect [OPTIONS] [MANIFEST_LIST] MANIFEST\n\n\
         Display an image manifest, or manifest list\n\n\
         Options:\n      \
         --ca-file file         Trust additional CA certificates (PEM file)\n      \
         --insecure             Allow communication with an insecure registry\n      \
         --mirror host=mirror   Read from a mirror first, such as docker.io=mirror.lan:5000/hub\n      \
         --no-cache             Disable the cache\n      \
         --retry uint           Retry a failed request up to this many times (default 5)\n      \
         --stage repository     Keep drafts in this repository, not on this machine, so that several machines work on them (default $DOCKER_MANIFEST_STAGE)\n      \
         --timeout duration     Time limit for the whole command, such as 90s or 5m (default no limit)\n  \
         -v, --verbose              Output additional info including layers and platform\n\n\
         Output options:\n      \
         --attestations       Output the SBOM and provenance attestations\n      \
         --config             Output the configuration of the image\n      \
         --deep               Show the age of every image, which may take another round trip\n      \
         --digest             Output the digest only\n      \
         --format string      Output form: table, json, raw, docker, or a Go template\n      \
         --history            Output the steps that built the image\n      \
         --layers             Output the layers of the image\n      \
         --local              Show the draft only, and not what the registry has under its name\n      \
         --platform os/arch   Output the image that an engine on this platform would run\n      \
         --raw                Output the exact bytes of the manifest, as --format raw does\n      \
         --remote             Show the registry's manifest, even if there is a draft\n\n\
         Examples:\n  \
         docker manifest inspect example.com/app:1.0\n  \
         docker manifest inspect --format table example.com/app:all\n  \
         docker manifest inspect --verbose example.com/app:1.0\n  \
         docker manifest inspect example.com/app:1.0 example.com/app:1.0-arm64\n  \
         docker manifest inspect --digest example.com/app:all\n"
    );
}

#[test]
fn help_aligns_flags_and_groups_new_ones() {
    let Ok(Request::Help(text)) = read(&["annotate", "-h"]) else {
        panic!("help")
    };
    for line in [
        "      --arch string             Set architecture\n",
        "      --clear[=field]           Undo",
        "      --os-version string       Set operating system version\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    // Flags that Docker lacks have headings of their own.
    let Ok(Request::Help(text)) = read(&["create", "--help"]) else {
        panic!("help")
    };
    let places = [
        "Options:\n  -a, --amend ",
        "\nSource options:\n",
        "\nList options:\n",
        "\nPush options:\n",
    ]
    .map(|heading| {
        text.find(heading)
            .unwrap_or_else(|| panic!("{heading} in {text}"))
    });
    assert!(places.is_sorted(), "{text}");
    let Ok(Request::Help(text)) = read(&["rm", "--help"]) else {
        panic!("help")
    };
    assert!(
        text.contains("\n\nDelete one or more manifest lists from local storage\n\nOptions:\n")
            && text.contains("\n  -f, --force              Succeed"),
        "{text}"
    );
    let Ok(Request::Usage(text)) = read(&[]) else {
        panic!("usage")
    };
    assert!(
        text.contains("\nCommands:\n  annotate      Add additional"),
        "{text}"
    );
    assert!(
        text.contains("\nGlobal options, before the command (`docker --debug manifest create ...`):\n      --config string   "),
        "{text}"
    );
    assert!(text.contains("\n  -D, --debug "), "{text}");
    assert!(!text.contains("--version"), "that is Docker's: {text}");
    assert!(matches!(read(&["--help"]), Ok(Request::Help(_))));
    let own = help::render(&Cli::definition(), None, &Invocation::own());
    for line in [
        "(`docker-manifest --debug create ...`)",
        "\n  -v, --version ",
    ] {
        assert!(own.contains(line), "{own}");
    }
}

#[test]
fn help_of_create_has_sources_examples_and_defaults() {
    let Ok(Request::Help(text)) = read(&["create", "--help"]) else {
        panic!("help")
    };
    for line in [
        "\nSources (MANIFEST):\n",
        "\n  sha256:HEX ",
        "\n  @FILE, - ",
        "\n  oci-layout://DIR ",
        "\nExamples:\n  docker manifest create example.com/app:1.0 ",
        "\"oci\" (default \"auto\")\n",
        "\"platform\" (default \"name\")\n",
        "\"drop\" (default \"keep\")\n",
        "\"keep\" (default \"error\"; ",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn global_flags_come_before_the_first_word() {
    let split = |line: &str| {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Globals::split(&words, &Invocation::own())
    };
    let (globals, rest) = split("-D --config /x -l debug manifestx rm --config y").unwrap();
    assert_eq!(globals.config.unwrap(), std::path::Path::new("/x"));
    assert_eq!(
        rest,
        ["manifestx", "rm", "--config", "y"].map(OsString::from)
    );
    assert!(split("--help").unwrap().0.wants_help());
    assert!(split("-v").unwrap().0.wants_version());
    let error = split("--bogus create").unwrap_err();
    assert_eq!(error.exit().code(), 125);
    assert!(
        error.to_string().starts_with("unknown flag: --bogus\n"),
        "{error}"
    );
    let error = split("--config").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("flag needs an argument: --config\n"),
        "{error}"
    );
}
