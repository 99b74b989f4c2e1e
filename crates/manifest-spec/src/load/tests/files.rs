//! Files, folders and includes.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::limits::FILE_BYTES;

/// Writes files: a name, a space, and the content, with `|` for line ends.
fn folder(files: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in files {
        let (name, content) = file.split_once(' ').unwrap();
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.replace('|', "\n")).unwrap();
    }
    folder
}

/// Returns the names of the lists of an input in `folder`, or the errors with `/` for the folder.
fn names(folder: &TempDir, input: &str, variables: &Variables) -> Result<Vec<String>, String> {
    let input = SpecInput::File(folder.path().join(input));
    let shown = folder.path().to_string_lossy().into_owned() + "/";
    match load(&[input], variables) {
        Ok(lists) => Ok(lists
            .iter()
            .map(|list| list.list.to_string().replace("docker.io/library/", ""))
            .collect()),
        Err(errors) => Err(errors.to_string().replace(&shown, "/")),
    }
}

const IMAGES: &str = "manifests: [{image: x}]";

#[test]
fn a_folder_has_its_files_in_order() {
    let list = |name: &str, tag: &str| format!("{name} image: a:{tag}|{IMAGES}");
    let folder = folder(&[
        &list("b.yaml", "b"),
        &list("a.yml", "a"),
        &list("c.yaml.bak", "c"),
        &list(".d.yaml", "d"),
        &list("e.yaml/f.yaml", "f"),
        "empty/x.txt x",
    ]);
    let none = Variables::default();
    assert_eq!(names(&folder, "", &none).unwrap(), ["a:a", "a:b"]);
    assert_eq!(names(&folder, "e.yaml", &none).unwrap(), ["a:f"]);
    assert_eq!(
        names(&folder, "empty", &none).unwrap_err(),
        "/empty: the folder has no files *.yaml or *.yml"
    );
    assert_eq!(
        names(&folder, "none.yaml", &none).unwrap_err(),
        "/none.yaml: cannot read it: No such file or directory (os error 2)"
    );
    assert_eq!(
        names(&folder, "b.yaml/x", &none).unwrap_err(),
        "/b.yaml/x: cannot read it: Not a directory (os error 20)"
    );
}

#[test]
fn the_same_name_in_two_files() {
    let folder = folder(&[
        &format!("a.yaml image: a:1|{IMAGES}"),
        &format!("b.yaml image: b|tags: [docker.io/library/a:1]|{IMAGES}"),
    ]);
    assert_eq!(
        names(&folder, "", &Variables::default()).unwrap_err(),
        "/b.yaml:2:8: docker.io/library/a:1 is published twice, first at /a.yaml:1:8"
    );
}

#[test]
fn large_files_are_not_read() {
    let folder = folder(&["a.yaml a"]);
    let path = folder.path().join("a.yaml");
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(50 * 1024 * 1024).unwrap();
    assert_eq!(
        names(&folder, "a.yaml", &Variables::default()).unwrap_err(),
        "/a.yaml: it is larger than 16 MiB"
    );
    let bytes = vec![b' '; usize::try_from(FILE_BYTES).unwrap() + 1];
    let name = "standard input".to_owned();
    let errors = load(&[SpecInput::Text { name, bytes }], &Variables::default()).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "standard input: it is larger than 16 MiB"
    );
}

#[test]
fn includes_come_before_the_document() {
    let folder = folder(&[
        &format!(
            "main.yaml include: [parts/common.yaml, parts/lists]|image: a:${{TAG}}|{IMAGES}|---|image: b:${{TAG}}|{IMAGES}"
        ),
        "parts/common.yaml variables: {TAG: common, OTHER: other}|defaults: {type: oci, annotations: {a: x, b: x}}|",
        &format!(
            "parts/lists/1.yaml include: '../more.yaml'|image: c:${{TAG}}|annotations: {{b: y}}|{IMAGES}"
        ),
        "parts/more.yaml variables: {TAG: more}",
    ]);
    let none = Variables::default();
    // Each file is read as if it stood where it is included, so that the last value holds.
    assert_eq!(
        names(&folder, "main.yaml", &none).unwrap(),
        ["c:more", "a:more", "b:more"]
    );
    let mut set = Variables::default();
    set.set("TAG".parse().unwrap(), "set");
    assert_eq!(
        names(&folder, "main.yaml", &set).unwrap(),
        ["c:set", "a:set", "b:set"]
    );
    let lists = load(&[SpecInput::File(folder.path().join("main.yaml"))], &none).unwrap();
    let of = |at: usize| {
        let annotations = lists[at].annotations.iter();
        annotations
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(0), ["a=x", "b=y"]);
    assert_eq!(of(1), ["a=x", "b=x"]);
    assert!(
        lists
            .iter()
            .all(|list| list.list_type == Some(manifest_core::ListType::Oci))
    );
    // Each input has variables and defaults of its own.
    let alone = format!("alone.yaml image: a:${{TAG:-alone}}|{IMAGES}");
    let other = self::folder(&[&alone]);
    let inputs = [
        folder.path().join("main.yaml"),
        other.path().join("alone.yaml"),
    ];
    let lists = load(&inputs.map(SpecInput::File), &none).unwrap();
    assert_eq!(lists[3].list.tag(), Some("alone"));
    assert_eq!(lists[3].list_type, None);
}

#[test]
fn includes_that_cannot_be_read() {
    let chain = |i: usize| format!("{i}.yaml include: {}.yaml", i + 1);
    let chain: Vec<String> = (0..30).map(chain).collect();
    let mut files: Vec<&str> = chain.iter().map(String::as_str).collect();
    files.extend([
        "self.yaml include: self.yaml",
        "a.yaml x-a: b|include:|  - b.yaml|  - none.yaml|",
        "b.yaml include: c/c.yaml",
        "c/c.yaml include: ../a.yaml",
        "bad.yaml include: wrong.yaml|image: A|",
        "wrong.yaml imag: a|",
    ]);
    let folder = folder(&files);
    for (input, expected) in [
        (
            "self.yaml",
            "/self.yaml:1:10: the files include each other: /self.yaml -> /self.yaml",
        ),
        (
            "a.yaml",
            "/a.yaml:4:5: /none.yaml: cannot read it: No such file or directory (os error 2)\n\
             /c/c.yaml:1:10: the files include each other: /a.yaml -> /b.yaml -> /c/c.yaml -> /c/../a.yaml",
        ),
        (
            "0.yaml",
            "/16.yaml:1:10: includes are more than 16 files deep",
        ),
        (
            "bad.yaml",
            "/wrong.yaml:1:1: unknown key \"imag\" in a document\n\
             /bad.yaml:1:1: the list has no images\n\
             /bad.yaml:2:8: \"A\": invalid reference format: repository name (library/A) must be lowercase",
        ),
    ] {
        let errors = names(&folder, input, &Variables::default()).unwrap_err();
        let mut lines: Vec<&str> = errors.lines().collect();
        let mut expected: Vec<&str> = expected.lines().collect();
        lines.sort_unstable();
        expected.sort_unstable();
        assert_eq!(lines, expected, "{input}");
    }
}

#[test]
fn what_is_set_must_be_used() {
    let mut variables = Variables::default();
    variables.set("VERSON".parse().unwrap(), "2");
    let yaml = format!("image: a:${{VERSION:-1}}\n{IMAGES}\n");
    let errors = load(&[text(&yaml)], &variables).unwrap_err();
    assert_eq!(errors.to_string(), "--set: no file has the variable VERSON");
    assert_eq!(errors.hints(), ["the files have the variables VERSION"]);
}

#[cfg(unix)]
#[test]
fn other_files_are_not_included() {
    let folder = folder(&[
        "main.yaml include: [secret.txt, link.yaml, parts, None]",
        "secret.txt hunter2: x|",
        "linked.yaml include: parts.yaml",
        &format!("parts/1.yaml image: a|{IMAGES}"),
    ]);
    let link = |file: &str, link: &str| {
        let folder = folder.path();
        std::os::unix::fs::symlink(folder.join(file), folder.join(link)).unwrap();
    };
    link("secret.txt", "link.yaml");
    link("secret.txt", "parts/2.yml");
    link("parts/1.yaml", "parts.yaml");
    let errors = names(&folder, "main.yaml", &Variables::default()).unwrap_err();
    assert!(!errors.contains("hunter2"), "{errors}");
    let refusal = "its name, or that of the file that it links to, does not end in .yaml or .yml";
    for file in ["/secret.txt", "/link.yaml", "/parts/2.yml", "/None"] {
        assert!(
            errors.contains(&format!("{file}: {refusal}")),
            "{file}: {errors}"
        );
    }
    // A link to a spec file is one.
    let lists = names(&folder, "linked.yaml", &Variables::default());
    assert_eq!(lists.unwrap(), ["a:latest"]);
    // The command line may name any file.
    let errors = names(&folder, "secret.txt", &Variables::default()).unwrap_err();
    assert!(errors.contains("unknown key \"hunter2\""), "{errors}");
}

#[test]
fn names_of_files_are_escaped() {
    let folder = folder(&["\u{1b}[31m.yaml imag: a"]);
    let errors = names(&folder, "\u{1b}[31m.yaml", &Variables::default()).unwrap_err();
    assert_eq!(
        errors,
        "/\\u{1b}[31m.yaml:1:1: unknown key \"imag\" in a document"
    );
}

#[test]
fn many_errors_are_counted() {
    let yaml = "zzz: a\n---\n".repeat(100);
    let errors = load(&[text(&yaml)], &Variables::default()).unwrap_err();
    assert_eq!((errors.errors().len(), errors.omitted()), (20, 80));
    assert!(
        errors
            .to_string()
            .ends_with("\n80 more errors are not shown")
    );
    assert_eq!(errors.hints().len(), 1);
    let errors = load(&[text(&yaml.repeat(20))], &Variables::default()).unwrap_err();
    assert_eq!(errors.omitted(), 980);
}

#[test]
fn small_files_cannot_fill_the_memory() {
    let mut variables = Variables::default();
    variables.set("A".parse().unwrap(), &"a".repeat(60 * 1024));
    let annotations: String = (0..1200).map(|i| format!("  a{i}: $A\n")).collect();
    let yaml = format!("image: a\n{IMAGES}\nannotations:\n{annotations}");
    let errors = load(&[text(&yaml)], &variables).unwrap_err();
    assert_eq!(
        errors.errors()[0].to_string(),
        "a.yaml:1096:10: texts with variables have more than 64 MiB in all"
    );
    // Defaults are copied to each list. The first document has an error, so that no list is kept.
    let long = "a".repeat(1024 * 1024);
    let lists = format!("---\nimage: a\n{IMAGES}\n").repeat(1000);
    let yaml = format!("zzz: 1\n---\ndefaults: {{annotations: {{a: {long}}}}}\n{lists}");
    let errors = load(&[text(&yaml)], &Variables::default()).unwrap_err();
    let last = errors.errors().last().unwrap().to_string();
    assert_eq!(
        last,
        "a.yaml:770:8: the lists need more than 256 MiB of memory"
    );
    assert_eq!(errors.errors().len() + errors.omitted(), 2);
}
