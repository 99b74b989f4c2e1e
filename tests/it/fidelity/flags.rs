//! The syntax of flags, help, and usage errors.

use super::check;
use crate::harness::{Program, Stage, docker};

/// A name for each case, and its command lines.
const CASES: &[(&str, &str)] = &[
    (
        "anywhere among the arguments",
        "
            create @/app:% --insecure @/app:amd64
            create @/app:% @/app:arm64 -a --insecure
            annotate @/app:% --variant v8 @/app:arm64
            inspect @/app:% -v
            push @/app:% -p --insecure",
    ),
    (
        "true and false",
        "
            create --insecure=true @/app:% @/app:amd64
            create --insecure=1 --amend=T @/app:% @/app:arm64
            create --insecure=TRUE -a=t @/app:% @/app:armv7
            create --insecure --amend=0 @/app:% @/app:armv7
            create --insecure -a=false @/app:% @/app:armv7
            inspect -v=F @/app:%
            inspect --verbose=f -v=true @/app:%
            push --insecure --purge=FALSE @/app:%
            push --insecure -p=True @/app:%",
    ),
    (
        "repeated",
        "
            create --insecure --insecure -a -a --amend @/app:% @/app:amd64
            create --insecure --amend --amend=false @/app:% @/app:amd64
            inspect -v -v=false --insecure --insecure @/app:%",
    ),
    (
        "in one word",
        "
            create --insecure -aa @/app:% @/app:amd64
            inspect -vv @/app:%
            push --insecure -pp @/app:%",
    ),
    (
        "after --",
        "
            create --insecure -- @/app:% @/app:amd64
            annotate --arch arm64 -- @/app:% @/app:amd64
            annotate @/app:% -- @/app:amd64 --arch
            inspect -- @/app:% -v
            push --insecure @/app:% --
            rm -- @/app:% --",
    ),
    (
        "bad booleans",
        "
            create --insecure=maybe @/app:% @/app:amd64
            create --amend=2 @/app:% @/app:amd64
            create -a=no @/app:% @/app:amd64
            create -ax @/app:% @/app:amd64
            push -p=yes @/app:%
            push --purge= @/app:%
            ~push -p= @/app:%
            inspect --verbose=on @/app:%
            inspect -v='a \"b' @/app:%",
    ),
    (
        "unknown flags",
        "
            create --bogus @/app:% @/app:amd64
            create --bogus=1 @/app:% @/app:amd64
            create -x @/app:% @/app:amd64
            create -xa @/app:% @/app:amd64
            annotate --bogus a @/app:% @/app:amd64
            annotate -o linux @/app:% @/app:amd64
            inspect --json @/app:%
            inspect -vx @/app:%
            push --force @/app:%
            push -f @/app:%
            rm --bogus @/app:%
            rm -x @/app:%
            push --pur @/app:%
            push --Purge @/app:%
            push -P @/app:%",
    ),
    (
        "bad syntax",
        "
            push --=x @/app:%
            push ---purge @/app:%
            create - @/app:%",
    ),
    (
        "flags without their value",
        "
            annotate @/app:% @/app:amd64 --os
            annotate @/app:% @/app:amd64 --os-features
            annotate --variant",
    ),
    (
        "a flag is judged before the arguments are",
        "
            create --bogus
            push --bogus
            push --purge=maybe",
    ),
    (
        "unknown commands",
        "
            bogus
            list
            --bogus
            -x
            --bogus create
            Create @/app:% @/app:amd64",
    ),
    (
        "no command",
        "
            ~docker manifest",
    ),
    (
        "global flags",
        "
            ~docker -D manifest create --insecure @/app:% @/app:amd64
            ~docker --debug manifest inspect @/app:%
            ~docker -D=true -l debug manifest inspect @/app:%
            docker --log-level info manifest inspect @/app:%
            docker --log-level=error -H tcp://127.0.0.1:1 manifest inspect @/app:%
            docker --host=unix:///nowhere.sock manifest inspect @/app:%
            docker --config elsewhere manifest inspect --insecure @/app:amd64
            docker --config elsewhere manifest create --insecure @/app:% @/app:arm64
            docker --config=elsewhere manifest inspect @/app:%
            docker --config elsewhere manifest push --insecure -p @/app:%
            docker --config elsewhere manifest push --insecure -p @/app:%
            docker --tls manifest inspect @/app:%
            docker --tlsverify=false manifest inspect @/app:%
            docker -c nowhere manifest inspect @/app:%
            docker --context=default manifest inspect @/app:%
            DOCKER_CONTEXT=nowhere inspect @/app:%
            DOCKER_CONFIG= inspect @/app:%
            DOCKER_HOST=tcp://127.0.0.1:1 inspect @/app:%
            DOCKER_CONFIG=elsewhere create --insecure @/app:% @/app:armv7
            DOCKER_CONFIG=elsewhere inspect @/app:%",
    ),
    (
        "the experimental switch of old",
        "
            DOCKER_CLI_EXPERIMENTAL=enabled create --insecure @/app:% @/app:amd64
            DOCKER_CLI_EXPERIMENTAL=disabled push --insecure @/app:%",
    ),
];

#[test]
fn flags() {
    check("flags", CASES);
}

/// Compares help. The only differences: Docker marks its commands as experimental, and lacks this program's own flags. The
/// group's help describes this program and its own commands, so only exit code and stream are compared there.
#[test]
fn help() {
    if !docker::is_here("fidelity::flags::help") {
        return;
    }
    let stage = Stage::start();
    let play = |line: &str| {
        let dockers = stage.player(Program::Docker).play(line).ran;
        let ours = stage.player(Program::Ours).play(line).ran;
        let same = (dockers.code, dockers.error()) == (ours.code, ours.error());
        assert!(same, "{line}\n{dockers}\n{ours}");
        (dockers, ours)
    };
    let commands = [
        "create --help",
        "annotate --help",
        "inspect --help",
        "push --help",
        "rm --help",
        "push -h",
        "push --help --purge",
        "create @/app:1 --help",
        "push --bogus --help",
        "push --help --bogus",
        "push --help=false @/app:1",
        "push help",
    ];
    for line in commands {
        let (dockers, ours) = play(line);
        let expected = single_spaced(&without_experimental(&dockers.stdout));
        let shown = without_own_flags(&single_spaced(&ours.stdout), &expected);
        assert!(shown == expected, "{line}\n{dockers}\n{ours}");
    }
    let group = ["docker manifest --help", "bogus --help", "docker manifest"];
    for line in group {
        let (dockers, ours) = play(line);
        assert_eq!(
            dockers.stdout.is_empty(),
            ours.stdout.is_empty(),
            "{line}\n{dockers}\n{ours}"
        );
    }
}

/// Removes this program's own flags and headings from the help, and the sections below them.
fn without_own_flags(help: &str, dockers: &str) -> String {
    let below = ["Sources (MANIFEST):\n", "Examples:\n"];
    let end = below.iter().filter_map(|heading| help.find(heading)).min();
    let help = &help[..end.unwrap_or(help.len())];
    let is_own = |line: &&str| {
        let is_flag = line.contains("--") || line.ends_with(':');
        is_flag && !dockers.lines().any(|known| known == *line)
    };
    let lines = help.lines().filter(|line| !is_own(line));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Normalises white space: the longest flag sets the column of all descriptions, and headings have empty lines above them.
fn single_spaced(help: &str) -> String {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
    let lines = help.lines().filter(|line| !line.is_empty());
    lines.map(line).collect()
}

fn without_experimental(help: &str) -> String {
    // Docker's CLI writes this above the help for `-h`.
    let help = help.trim_start_matches("Flag shorthand -h has been deprecated, use --help\n");
    let Some((before, rest)) = help.split_once("EXPERIMENTAL:\n") else {
        return help.to_owned();
    };
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    format!("{before}{after}").trim_end().to_owned() + "\n"
}
