//! The number of requests. What a job sends does not depend on how many other jobs there are.

use manifest_testkit::suite::Kind;

use super::{LIST, fill, source_tag};
use crate::commands::{Shell, Watched};

/// Returns the requests to the repository of the drafts, without hosts and digests.
fn staged(registry: &Watched<'_>) -> Vec<String> {
    let lines = registry.lines().into_iter();
    let mut lines: Vec<String> = lines
        .filter(|line| line.contains("/v2/stage/"))
        .map(|line| {
            let start = line.find("sha256").unwrap_or(line.len());
            line[..start].to_owned()
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn a_job_reads_and_writes_its_own_part_only() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry, 10);
    let run = |number: usize| {
        let shell = Shell::new(&registry);
        let line = format!("create --amend --stage @/stage {LIST} @/app:{number}");
        shell.run(&line).succeeds().is_quiet();
        let tag = source_tag(&registry.host(), &format!("@/app:{number}"));
        (tag, staged(&registry))
    };
    let (tag, first) = run(0);
    // The configuration that all parts share is uploaded by the first job. If both blobs start at once, one of them shows whether the
    // registry takes uploads in one request, and the other one does not wait for that.
    assert!(matches!(first.len(), 5 | 6), "{first:#?}");
    let count = |start: &str| first.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (count("GET "), count("HEAD "), count("POST ")),
        (1, 1, 2),
        "{first:#?}"
    );
    assert_eq!(first[0], format!("GET /v2/stage/manifests/{tag} 404"));
    let put = format!("PUT /v2/stage/manifests/{tag} 201");
    assert_eq!(first.last(), Some(&put));
    for number in 1..10 {
        let (tag, lines) = run(number);
        let puts = lines.iter().filter(|line| line.starts_with("PUT ")).count();
        let posts = lines
            .iter()
            .filter(|line| line.starts_with("POST "))
            .count();
        assert_eq!(
            (puts, posts),
            (1, 1),
            "the configuration is there: {lines:#?}"
        );
        assert_eq!(lines.len(), 4, "{lines:#?}");
        assert!(lines[0].ends_with(&format!("{tag} 404")), "{lines:#?}");
    }
    let shell = Shell::new(&registry);
    shell
        .run(&format!(
            "annotate --stage @/stage {LIST} @/app:3 --variant v2"
        ))
        .succeeds();
    let lines = staged(&registry);
    let tag = source_tag(&registry.host(), "@/app:3");
    assert!(
        lines.iter().all(|line| !line.contains("tags/list")),
        "{lines:#?}"
    );
    let writes: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("PUT "))
        .collect();
    assert_eq!(writes, [&format!("PUT /v2/stage/manifests/{tag} 201")]);
}

#[test]
fn a_push_lists_the_tags_once_and_reads_each_part_once() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry, 10);
    let shell = Shell::new(&registry);
    for number in 0..10 {
        let line = format!("create --amend --stage @/stage {LIST} @/app:{number}");
        shell.run(&line).succeeds();
    }
    registry.lines();
    shell
        .run(&format!("push --stage @/stage {LIST}"))
        .succeeds();
    let all = registry.lines();
    let lines: Vec<&String> = all.iter().filter(|line| line.contains("/stage/")).collect();
    assert_eq!(lines.len(), 1 + 10, "{lines:#?}");
    assert!(
        lines.iter().all(|line| line.starts_with("GET ")),
        "{lines:#?}"
    );
    // The images are in the list's repository: they are probed, the list is put, and all is read back.
    let local = Shell::new(&registry);
    let images: Vec<String> = (0..10).map(|number| format!("@/app:{number}")).collect();
    local
        .run(&format!("create @/app:local {}", images.join(" ")))
        .succeeds();
    registry.lines();
    local.run("push @/app:local").succeeds();
    assert_eq!(all.len() - lines.len(), registry.lines().len());

    shell
        .run(&format!("push --stage @/stage --purge {LIST}"))
        .succeeds();
    let lines = staged(&registry);
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(count("DELETE "), 10, "{lines:#?}");
    assert_eq!(count("GET /v2/stage/tags/list"), 2, "{lines:#?}");
    assert_eq!(lines.len(), 10 + 10 + 2, "{lines:#?}");
}

#[test]
fn drafts_on_this_machine_cause_no_requests_for_staged_ones() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry, 2);
    let mut shell = Shell::new(&registry);
    shell.home.set(
        "DOCKER_MANIFEST_STAGE",
        format!("{}/stage", registry.host()),
    );
    for line in [
        "create --stage= @/app:list @/app:0 @/app:1",
        "annotate --stage= @/app:list @/app:0 --variant v2",
        "inspect --stage= @/app:list",
        "ls --stage=",
        "push --stage= @/app:list",
        "rm --stage= @/app:list",
        "create --push @/app:list @/app:0",
    ] {
        shell.run(line).succeeds();
    }
    assert!(staged(&registry).is_empty());
    // The variable alone means the repository.
    shell.run("create @/app:list @/app:0 @/app:1").succeeds();
    assert!(shell.home.drafts().is_empty());
    shell.run("ls -q").succeeds().prints("REGISTRY/app:list\n");
    shell.run("push --purge @/app:list").succeeds();
    shell.run("ls -q").succeeds().prints("");
}

#[test]
fn a_digest_of_a_staged_draft_lists_the_tags_once() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry, 2);
    let shell = Shell::new(&registry);
    let line = format!("create --stage @/stage {LIST} @/app:0 @/app:1");
    shell.run(&line).succeeds();
    registry.lines();
    let shown = shell.run(&format!("inspect --digest --stage @/stage {LIST}"));
    shown.succeeds();
    let lines = staged(&registry);
    assert_eq!(lines.len(), 1 + 2, "{lines:#?}");
    shell
        .run(&format!("push -q --stage @/stage {LIST}"))
        .succeeds()
        .prints(&shown.stdout);
}
