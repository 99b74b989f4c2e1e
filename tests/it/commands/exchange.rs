//! `export` and `import`: a draft on another machine.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use manifest_testkit::image::{Image, Index};
use manifest_testkit::layout::LayoutFiles;
use manifest_testkit::suite::Kind;
use serde_json::{Value, json};

use super::watched::each;
use super::{Shell, Watched};

/// Returns the exported draft, and writes it to a file in the home.
fn export(shell: &Shell<'_>, list: &str, file: &str) -> Vec<u8> {
    let mut command = shell.command(&format!("export {list}"));
    let output = command.stdout(Stdio::piped()).output().unwrap();
    assert!(output.status.success());
    fs::write(shell.home.path().join(file), &output.stdout).unwrap();
    output.stdout
}

fn write(shell: &Shell<'_>, file: &str, bytes: &[u8]) {
    fs::write(shell.home.path().join(file), bytes).unwrap();
}

#[test]
fn an_imported_draft_publishes_the_same_list() {
    for registry in each() {
        let one = Shell::new(&registry);
        for line in [
            "create --order given --annotation a=b @/app:list @/app:buildkit @/app:odd @/other:s390x @/app:oci-odd",
            "annotate @/app:list @/app:odd --variant v9",
        ] {
            one.run(line).succeeds();
        }
        let file = export(&one, "@/app:list", "draft.json");
        assert_eq!(
            export(&one, "@/app:list", "again.json"),
            file,
            "the same bytes"
        );
        assert!(file.is_ascii());
        let other = Shell::new(&registry);
        write(&other, "draft.json", &file);
        other
            .run("import draft.json")
            .succeeds()
            .is_quiet()
            .prints("Imported manifest list REGISTRY/app:list\n");
        let shown = |shell: &Shell<'_>| shell.run("inspect -v @/app:list").stdout;
        assert_eq!(shown(&one), shown(&other));
        assert_eq!(
            export(&other, "@/app:list", "draft.json"),
            file,
            "the same again"
        );
        let files = |shell: &Shell<'_>| shell.home.drafts();
        assert_eq!(files(&one), files(&other), "Docker's files are the same");
        let pushed = other.run("push @/app:list");
        pushed.succeeds();
        let published = registry.bytes("app", "list");
        let local = one.run("inspect @/app:list");
        assert_eq!(local.stdout.trim_end().as_bytes(), published);
        registry.lines();
    }
}

#[test]
fn an_existing_draft_is_kept_replaced_or_joined() {
    let registry = Watched::empty(Kind::Embedded);
    for (tag, platform) in [
        ("a", "linux/amd64"),
        ("b", "linux/arm64"),
        ("c", "linux/s390x"),
    ] {
        registry.push("app", tag, &Image::docker().platform(platform).build());
    }
    let shell = Shell::new(&registry);
    shell
        .run("create --annotation k=new --type oci @/app:list @/app:a @/app:b")
        .succeeds();
    shell
        .run("annotate @/app:list @/app:b --variant v9")
        .succeeds();
    export(&shell, "@/app:list", "draft.json");
    shell
        .run("create --replace --annotation k=old --annotation l=old @/app:list @/app:b @/app:c")
        .succeeds();
    let before = shell.store();
    shell
        .run("import draft.json")
        .fails(7)
        .says("there is a draft of REGISTRY/app:list already")
        .says("`--replace` replaces it, `--amend` adds to it, `--as NAME`");
    assert!(shell.store() == before);
    shell
        .run("import --amend --replace draft.json")
        .fails(125)
        .says("--amend and --replace cannot be used together");
    let entries = |list: &str| -> Vec<(String, String)> {
        let shown: Value =
            serde_json::from_str(&shell.run(&format!("inspect -v {list}")).stdout).unwrap();
        let entries = shown.as_array().unwrap().iter();
        entries
            .map(|entry| {
                let variant = &entry["Descriptor"]["platform"]["variant"];
                let name = entry["Ref"].as_str().unwrap().to_owned();
                (name, variant.as_str().unwrap_or_default().to_owned())
            })
            .collect()
    };
    let entry = |tag: &str, variant: &str| (format!("REGISTRY/app:{tag}"), variant.to_owned());
    shell.run("import --amend draft.json").succeeds();
    assert_eq!(
        entries("@/app:list"),
        [entry("a", ""), entry("b", "v9"), entry("c", "")]
    );
    let list: Value = serde_json::from_str(&shell.run("inspect @/app:list").stdout).unwrap();
    assert_eq!(list["annotations"], json!({"k": "new", "l": "old"}));
    shell.run("import --replace draft.json").succeeds();
    assert_eq!(entries("@/app:list"), [entry("a", ""), entry("b", "v9")]);
    shell.run("import --as @/app:other draft.json").succeeds();
    assert_eq!(entries("@/app:other"), entries("@/app:list"));
    shell.run("push @/app:other").succeeds();
    shell
        .run("import --as A draft.json")
        .fails(1)
        .says("error parsing name for manifest list A");
}

#[test]
fn standard_input_and_stages_are_read() {
    let registry = Watched::empty(Kind::Embedded);
    registry.push("app", "a", &Image::docker().platform("linux/amd64").build());
    let shell = Shell::new(&registry);
    shell.run("create @/app:list @/app:a").succeeds();
    let file = export(&shell, "@/app:list", "draft.json");
    shell.run("rm @/app:list").succeeds();
    let mut child = shell
        .command("import -")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&file).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(export(&shell, "@/app:list", "draft.json"), file);
    shell
        .run("import -")
        .fails(1)
        .says("cannot import standard input: it is not a draft in JSON");
    shell.run("import --stage @/stage draft.json").succeeds();
    shell.run("import --stage @/stage draft.json").fails(7);
    shell.run("push --stage @/stage @/app:list").succeeds();
    shell
        .run("export @/app:none")
        .fails(1)
        .says("No such manifest: REGISTRY/app:none");
}

#[test]
fn settings_of_one_machine_are_named() {
    let registry = Watched::empty(Kind::Embedded);
    registry.push("app", "a", &Image::docker().platform("linux/amd64").build());
    let shell = Shell::new(&registry);
    let image = Image::oci().platform("linux/arm64").build();
    let layout = LayoutFiles::new().image(None, &image);
    layout.write_folder(&shell.home.path().join("build"));
    shell
        .run("create --insecure @/app:list @/app:a oci-layout://build")
        .succeeds();
    let exported = shell.run("export @/app:list");
    exported
        .succeeds()
        .says("build is on this machine: a push from another one needs it at the same path there")
        .says("its file does not: name --insecure again where it is pushed");
    assert!(!exported.stdout.contains("insecure"));
    export(&shell, "@/app:list", "draft.json");
    shell
        .run("import --as @/app:other draft.json")
        .succeeds()
        .says("a push of the draft reads oci-layout://");
    shell.run("push @/app:other").succeeds();
}

fn changed(whole: &Value, change: fn(&mut Value)) -> Vec<u8> {
    let mut json = whole.clone();
    change(&mut json);
    json.to_string().into_bytes()
}

#[test]
fn hostile_files_change_nothing() {
    let registry = Watched::empty(Kind::Embedded);
    let index = Index::oci()
        .image(&Image::oci().platform("linux/arm64").build())
        .build();
    registry.push("app", "a", &Image::docker().platform("linux/amd64").build());
    registry.push("app", "index", &index);
    let shell = Shell::new(&registry);
    shell
        .run("create @/app:list @/app:a @/app:index")
        .succeeds();
    let file = export(&shell, "@/app:list", "draft.json");
    let whole: Value = serde_json::from_slice(&file).unwrap();
    let before = shell.store();
    let changed = |change: fn(&mut Value)| changed(&whole, change);
    for (bytes, text) in [
        (b"".to_vec(), "it is not a draft in JSON"),
        (b"\x00\xff\x1b[31m".to_vec(), "it is not a draft in JSON"),
        (file[..file.len() / 2].to_vec(), "it is not a draft in JSON"),
        (
            vec![b' '; (64 << 20) + 1],
            "it has more than 67108864 bytes",
        ),
        (b"{\"format\":".repeat(200_000), "it is not a draft in JSON"),
        (b"{}".to_vec(), "it is not a draft: \"format\" is not"),
        (
            changed(|json| json["version"] = 2.into()),
            "a newer version of docker-manifest wrote it",
        ),
        (
            changed(|json| json["list"] = "../../etc/passwd".into()),
            "not a full reference",
        ),
        (
            changed(|json| json["entries"] = json!([])),
            "draft.json has no images",
        ),
        (
            changed(|json| json["entries"][0]["entry"]["Ref"] = "/etc/passwd".into()),
            "its entry 1 is damaged",
        ),
        (
            changed(|json| json["entries"][0]["entry"]["Raw"] = "e30=".into()),
            "internal digest mismatch",
        ),
        (
            changed(|json| json["entries"][0]["entry"]["Descriptor"]["size"] = 1.into()),
            "and 1 are stated",
        ),
        (
            changed(|json| {
                let twice = json["entries"][0].clone();
                json["entries"].as_array_mut().unwrap().push(twice);
            }),
            "it has REGISTRY/app:a twice",
        ),
        (
            changed(|json| {
                json["entries"][1]["origin"]["source"] = json!({"disk": "/etc/passwd"});
            }),
            "\"/etc/passwd\" is not the location of an image",
        ),
    ] {
        write(&shell, "draft.json", &bytes);
        for line in [
            "import draft.json",
            "import --replace draft.json",
            "import --amend draft.json",
        ] {
            let ran = shell.run(line);
            ran.fails(1).says(text).does_not_say("\u{1b}").prints("");
            assert!(shell.store() == before, "{line}: {text}");
        }
    }
    shell
        .run("import none.json")
        .fails(1)
        .says("cannot read none.json");
    shell.run("import .").fails(1).says("cannot read .");
}
