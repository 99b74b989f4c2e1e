//! `ls`, `rm -f` and `prune`: drafts of every kind, in every width, and what has moved since.

use std::fs;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use serde_json::{Value, json};

use super::{Shell, watched};
use crate::harness::home::OURS;
use crate::harness::schema;

/// Makes drafts of every kind: two good ones, one of Docker's CLI, one whose list is unknown, an empty one, an incomplete one, a
/// damaged one, and a file that is no draft.
fn make_all(shell: &Shell<'_>) {
    shell
        .run("create @/app:1.0 @/app:amd64 @/app:arm64 @/app:armv7 @/app:windows")
        .succeeds();
    shell.run("create @/app:index @/app:buildkit").succeeds();
    let host = shell.registry.host();
    let folder = |name: &str| {
        let name = format!("{host}/{name}").replace([':'], "-");
        shell.home.manifests().join(name.replace('/', "_"))
    };
    let image = fs::read(
        shell
            .home
            .draft_path(&format!("{host}/app:1.0"), &format!("{host}/app:amd64")),
    );
    let image = image.unwrap();
    let put = |list: &str, file: &str, bytes: &[u8]| {
        fs::create_dir_all(folder(list)).unwrap();
        fs::write(folder(list).join(file), bytes).unwrap();
    };
    put("app:docker-1", "amd64", &image);
    put("other/app:x", "amd64", &image);
    put("app:damaged", "amd64", &image);
    put("app:damaged", "arm64", b"{");
    put("app:damaged", "armv7", b"");
    fs::create_dir_all(folder("app:empty")).unwrap();
    shell.run("create @/app:half @/app:half").succeeds();
    fs::write(shell.home.manifests().join("a-file"), "").unwrap();
    shell.home.age_drafts();
}

/// Removes the parts of a table that differ between runs: the age, which is in years, and with it the width of the column.
fn neutral(table: &str) -> String {
    let lines = table.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.join(" ").replace("REGISTRY", "R")
    });
    let lines: Vec<String> = lines.collect();
    let years = lines.iter().find_map(|line| {
        let (before, _) = line.split_once(" years")?;
        before.rsplit(' ').next().map(str::to_owned)
    });
    let text = lines.join("\n");
    match years {
        Some(years) => text.replace(&format!("{years} years"), "N years"),
        None => text,
    }
}

#[test]
fn drafts_of_every_kind_are_listed() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let empty = shell.run("ls");
        empty.succeeds().is_quiet();
        assert_eq!(empty.stdout, "LIST  ENTRIES  PLATFORMS  AGE  STATE\n");
        make_all(&shell);
        registry.lines();
        let ran = shell.run("ls");
        ran.succeeds()
            .says("invalid manifest file HOME/.docker/manifests/REGISTRY_app-damaged/arm64")
            .says("remove the draft (docker-manifest rm REGISTRY/app:damaged)")
            .says("1 more file of that draft is damaged\n")
            .says("HOME/.docker/manifests/a-file is a file, not the folder of a draft");
        assert_eq!(
            neutral(&ran.stdout),
            "\
LIST ENTRIES PLATFORMS AGE STATE
R/app:1.0 4 linux/amd64, linux/arm64/v8, linux/arm/v7, windows(10.0.17763.4010)/amd64 N years ready
R/app:damaged 3 linux/amd64 N years damaged
R/app:docker-1 1 linux/amd64 N years ready
folder R_app-empty 0 - N years empty
R/app:half 1 - N years incomplete
R/app:index 2 linux/amd64 N years ready
folder R_other_app-x 1 linux/amd64 N years ready
folder a-file - - - damaged"
        );
        let quiet = shell.run("ls -q");
        quiet
            .succeeds()
            .prints(
                "\
REGISTRY/app:1.0
REGISTRY/app:damaged
REGISTRY/app:docker-1
REGISTRY/app:half
REGISTRY/app:index
",
            )
            .says("warning: HOME/.docker/manifests/REGISTRY_app-empty is left out")
            .says("warning: HOME/.docker/manifests/REGISTRY_other_app-x is left out");
        assert!(registry.lines().is_empty(), "nobody was asked");
        // All that is listed can be removed by its name.
        let names = quiet.stdout.replace("REGISTRY/", "@/").replace('\n', " ");
        shell.run(&format!("rm {names}")).succeeds().is_quiet();
    }
}

#[test]
fn the_listing_in_json() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    shell.run("ls --format json").succeeds().prints("[]\n");
    make_all(&shell);
    let ran = shell.run("ls --format json");
    let listed = schema::json("ls", &ran);
    let folder = |name: &str| format!("HOME/.docker/manifests/{name}");
    let at = 1_000_000_000;
    assert_eq!(
        listed[1],
        json!({
            "list": "REGISTRY/app:damaged", "folder": folder("REGISTRY_app-damaged"), "changedAt": at,
            "entries": 3, "platforms": ["linux/amd64"], "state": "damaged",
            "errors": [
                format!("invalid manifest file {}/arm64", folder("REGISTRY_app-damaged")),
                format!("invalid manifest file {}/armv7", folder("REGISTRY_app-damaged")),
            ],
        })
    );
    assert_eq!(
        listed[3],
        json!({
            "list": null, "folder": folder("REGISTRY_app-empty"), "changedAt": at,
            "entries": 0, "platforms": [], "state": "empty",
        })
    );
    let last = listed.as_array().unwrap().last().unwrap();
    assert_eq!(last["folder"], folder("a-file"));
    assert_eq!(last["state"], "damaged");
}

/// The table in terminals of three widths.
const TABLES: [(u16, &str); 3] = [
    (
        60,
        "\
LIST             ENTRIES  PLATFORMS        AGE       STATE
example.com/tea  4        linux/amd64,     NN years  ready
m/app:1.0                 linux/arm64/v8,
                          linux/s390x,
                          linux/riscv64
example.com/tea  2        linux/amd64,     NN years  ready
m/app:2.0-with-           linux/arm64/v8
a-long-tag
folder 日本語    1        linux/amd64      NN years  ready
",
    ),
    (
        100,
        "\
LIST                                        ENTRIES  PLATFORMS                     AGE       STATE
example.com/team/app:1.0                    4        linux/amd64, linux/arm64/v8,  NN years  ready
                                                     linux/s390x, linux/riscv64
example.com/team/app:2.0-with-a-long-tag    2        linux/amd64, linux/arm64/v8   NN years  ready
folder 日本語                               1        linux/amd64                   NN years  ready
",
    ),
    (
        200,
        "\
LIST                                      ENTRIES  PLATFORMS                                                AGE       STATE
example.com/team/app:1.0                  4        linux/amd64, linux/arm64/v8, linux/s390x, linux/riscv64  NN years  ready
example.com/team/app:2.0-with-a-long-tag  2        linux/amd64, linux/arm64/v8                              NN years  ready
folder 日本語                             1        linux/amd64                                              NN years  ready
",
    ),
];

#[test]
fn tables_in_every_width() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/app:amd64").succeeds();
    let [file] = &*shell.home.drafts() else {
        panic!("one draft of one image")
    };
    // Names must have the same length on every run.
    let entry = String::from_utf8(file.bytes.clone()).unwrap();
    let entry = entry.replace(&registry.host(), "example.com/team");
    shell.run("rm @/app:1").succeeds();
    let amd64 = r#""architecture":"amd64""#;
    let platforms = [
        amd64,
        r#""architecture":"arm64","variant":"v8""#,
        r#""architecture":"s390x""#,
        r#""architecture":"riscv64""#,
    ];
    for (folder, platforms) in [
        ("example.com_team_app-1.0", &platforms[..]),
        ("example.com_team_app-2.0-with-a-long-tag", &platforms[..2]),
        ("日本語", &platforms[..1]),
    ] {
        let folder = shell.home.manifests().join(folder);
        fs::create_dir_all(&folder).unwrap();
        for (number, platform) in platforms.iter().enumerate() {
            let file = folder.join(number.to_string());
            fs::write(file, entry.replace(amd64, platform)).unwrap();
        }
    }
    shell.home.age_drafts();
    for (columns, expected) in TABLES {
        let ran = shell.run(&format!("COLUMNS={columns} ls"));
        ran.succeeds().is_quiet();
        // Drafts of 2001: the age has two digits until the year 2100.
        let (before, _) = ran.stdout.split_once(" years").unwrap();
        let years = before.rsplit(' ').next().unwrap();
        let shown = ran.stdout.replace(&format!("{years} years"), "NN years");
        assert_eq!(shown, expected, "{columns} columns");
    }
    // A pipe has no width, so scripts see one line for each draft.
    assert_eq!(shell.run("ls").stdout.lines().count(), 4);
}

#[test]
fn check_tells_what_has_moved_by_one_request_each() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        for name in ["moved", "same", "gone"] {
            let image = Image::oci().platform("linux/amd64").seed(name).build();
            registry.push("src", name, &image);
        }
        shell
            .run("create @/app:a @/src:moved @/src:same --on-duplicate keep")
            .succeeds();
        shell.run("create @/app:b @/src:same").succeeds();
        shell.run("create @/app:c @/src:same").succeeds();
        shell.run("push @/app:b").succeeds();
        shell.run("push @/app:c").succeeds();
        let other = Image::oci().platform("linux/arm64").seed("x").build();
        registry.push("src", "moved", &other);
        registry.push("app", "c", &other);
        registry.lines();
        let ran = shell.run("ls --check");
        ran.succeeds().is_quiet();
        let rows: Vec<Vec<&str>> = ran
            .stdout
            .lines()
            .map(|line| {
                line.split("  ")
                    .map(str::trim)
                    .filter(|cell| !cell.is_empty())
                    .collect()
            })
            .collect();
        assert_eq!(rows[0][3..], ["TAG", "MOVED"], "{ran}");
        assert_eq!(rows[1][3..], ["absent", "REGISTRY/src:moved"], "{ran}");
        assert_eq!(rows[2][3..], ["published", "-"], "{ran}");
        assert_eq!(rows[3][3..], ["moved", "-"], "{ran}");
        let mut lines = registry.lines();
        lines.sort();
        assert_eq!(
            lines,
            [
                "HEAD /v2/app/manifests/a 404",
                "HEAD /v2/app/manifests/b 200",
                "HEAD /v2/app/manifests/c 200",
                "HEAD /v2/src/manifests/moved 200",
                "HEAD /v2/src/manifests/same 200",
            ]
        );
        let ran = shell.run("ls --check --format json");
        let listed = schema::json("ls", &ran);
        let check = &listed[0]["check"];
        assert_eq!(check["tag"], json!({"state": "absent", "now": null}));
        assert_eq!(check["sources"][0]["source"], "REGISTRY/src:moved");
        assert_eq!(check["sources"][0]["state"], "moved");
        assert_eq!(check["sources"][0]["now"], other.digest);
        assert_eq!(check["sources"][1]["state"], "current");
        assert_eq!(check["sources"][1]["now"], check["sources"][1]["then"]);
        assert_eq!(
            listed[2]["check"]["tag"],
            json!({"state": "moved", "now": other.digest})
        );
    }
}

/// Their files have the name and the digest of each image.
#[test]
fn drafts_of_dockers_cli_are_checked_too() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let image = Image::oci().platform("linux/amd64").seed("1").build();
        registry.push("app", "moved", &image);
        shell
            .run("create @/app:a @/app:moved @/app:arm64")
            .succeeds();
        fs::remove_dir_all(shell.home.manifests().join(".docker-manifest")).unwrap();
        let other = Image::oci().platform("linux/amd64").seed("2").build();
        registry.push("app", "moved", &other);
        registry.lines();
        let ran = shell.run("ls --check --format json");
        let listed = schema::json("ls", &ran);
        let sources = &listed[0]["check"]["sources"];
        assert_eq!(sources[0]["state"], "current", "{ran}");
        assert_eq!(sources[1]["source"], "REGISTRY/app:moved", "{ran}");
        assert_eq!(sources[1]["state"], "moved", "{ran}");
        assert_eq!(sources[1]["then"], image.digest, "{ran}");
        assert_eq!(registry.lines().len(), 3, "{ran}");
        shell
            .run("push @/app:a")
            .says("REGISTRY/app:moved has moved");
        shell.run("push --moved error @/app:a").fails(7);
    }
}

#[test]
fn check_says_what_it_cannot_know() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    shell
        .run("create @/app:a @/app:amd64 @/app:arm64")
        .succeeds();
    registry.fault(Fault::on("HEAD", "/manifests/amd64").respond(Response::status(403)));
    registry.fault(Fault::on("HEAD", "/manifests/arm64").respond(Response::status(404)));
    let ran = shell.run("ls --check --format json");
    let listed: Value = serde_json::from_str(&ran.fails(4).stdout).unwrap();
    schema::check("ls", &listed);
    let states = ["unknown", "gone"];
    for (source, state) in listed[0]["check"]["sources"]
        .as_array()
        .unwrap()
        .iter()
        .zip(states)
    {
        assert_eq!(source["state"], state, "{ran}");
        assert_eq!(source["now"], Value::Null, "{ran}");
    }
    let ran = shell.run("ls --check");
    ran.fails(4).says("REGISTRY/app:amd64");
    assert!(
        ran.stdout
            .contains("absent  REGISTRY/app:amd64 (unknown)\n"),
        "{ran}"
    );
    assert!(
        ran.stdout.ends_with("  REGISTRY/app:arm64 (gone)\n"),
        "{ran}"
    );
}

#[test]
fn rm_with_force_needs_no_draft() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    let ran = shell.run("rm -f @/app:a @/app:b");
    ran.succeeds().prints("");
    assert_eq!(ran.stderr, "", "{ran}");
    shell.run("create @/app:a @/app:amd64").succeeds();
    shell.run("create @/app:c @/app:amd64").succeeds();
    let ran = shell.run("rm --force @/app:a @/app:b @/app:c");
    ran.succeeds().prints("");
    assert_eq!(
        ran.stderr,
        "deleted from this machine, and not from any registry: REGISTRY/app:a, REGISTRY/app:c\n"
    );
    shell
        .run("rm -f Not:A:Reference")
        .fails(1)
        .says("invalid reference format");
    // Without the flag, and without a terminal, the output is Docker's.
    shell.run("create @/app:a @/app:amd64").succeeds();
    let ran = shell.run("rm @/app:a");
    ran.succeeds().prints("");
    assert_eq!(ran.stderr, "", "{ran}");
}

#[test]
#[cfg(target_os = "linux")]
fn rm_says_on_a_terminal_that_registries_keep_everything() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    shell.run("create @/app:a @/app:amd64").succeeds();
    // util-linux has it on every Linux: it runs a command on a terminal of its own.
    let mut script = shell.home.command("/usr/bin/script");
    let line = format!("{OURS} manifest rm {}/app:a", registry.host());
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let ran = shell.run_command(&mut script);
    ran.succeeds();
    assert_eq!(
        ran.stdout.trim_end(),
        "deleted from this machine, and not from any registry: REGISTRY/app:a"
    );
    assert_eq!(shell.drafts(), [].into());
}

#[test]
fn prune_removes_old_drafts_only() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        make_all(&shell);
        shell.run("create @/app:new @/app:amd64").succeeds();
        shell
            .run("annotate @/app:index --annotation k=v")
            .succeeds();
        let before = shell.store();
        registry.lines();
        let planned = shell.run("prune --older-than 7d --dry-run");
        assert_eq!(shell.store(), before, "a dry run removes nothing");
        let pruned = shell.run("prune --older-than 7d");
        for ran in [&planned, &pruned] {
            ran.succeeds()
                .prints(
                    "\
REGISTRY/app:1.0
REGISTRY/app:docker-1
folder REGISTRY_app-empty
REGISTRY/app:half
folder REGISTRY_other_app-x
",
                )
                .says("REGISTRY_app-damaged/arm64")
                .says("a-file is a file");
        }
        let left: Vec<String> = shell
            .drafts()
            .into_keys()
            .filter(|name| name != "a-file")
            .collect();
        let expected = [
            "REGISTRY_app-damaged",
            "REGISTRY_app-index",
            "REGISTRY_app-new",
        ];
        assert_eq!(left, expected);
        shell.run("prune --older-than 7d").succeeds().prints("");
        let ran = shell.run("prune --older-than 0 --format json");
        let object = schema::json("prune", &ran);
        assert_eq!(object["dryRun"], false);
        let removed = object["removed"].as_array().unwrap();
        let removed: Vec<&str> = removed
            .iter()
            .map(|draft| draft["list"].as_str().unwrap())
            .collect();
        assert_eq!(removed, ["REGISTRY/app:index", "REGISTRY/app:new"]);
        assert!(registry.lines().is_empty(), "nobody was asked");
        assert!(!registry.tags("app").is_empty());
    }
}

#[test]
fn names_of_folders_are_escaped() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    fs::create_dir_all(shell.home.manifests().join("x\u{1b}]0;title\u{7}\n")).unwrap();
    shell.home.age_drafts();
    for line in ["ls", "ls -q", "ls --format json", "prune --older-than 1d"] {
        let ran = shell.run(line);
        let text = format!("{}{}", ran.succeeds().stdout, ran.stderr);
        assert!(text.contains("1b") && text.contains("title"), "{ran}");
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n'),
            "{ran}"
        );
    }
}

#[test]
fn wrong_command_lines_are_refused() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    shell.run("create @/app:a @/app:amd64").succeeds();
    for (line, code, text) in [
        (
            "prune",
            125,
            "prune needs --older-than, such as `--older-than 7d`",
        ),
        ("prune --older-than 7", 125, "such as 7d, 36h or 1d12h"),
        ("prune --older-than 7d @/app:a", 1, "accepts no arguments"),
        ("ls @/app:a", 1, "accepts no arguments"),
        ("ls --format xml", 125, "must be one of table, json"),
        (
            "ls -q --format json",
            125,
            "--quiet and --format cannot be used together",
        ),
        (
            "ls -q --check",
            125,
            "--quiet and --check cannot be used together",
        ),
    ] {
        shell.run(line).fails(code).prints("").says(text);
    }
    assert_eq!(shell.drafts().len(), 1);
}
