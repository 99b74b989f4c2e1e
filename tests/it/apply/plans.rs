//! `--check` and `--dry-run`.

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::suite;

use super::{by_digest, by_tag, list, report, seed, write, writes};
use crate::commands::{Shell, Watched};

#[test]
fn a_plan_names_the_tags_and_writes_nothing() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        let digests = seed(&registry, 3);
        let mut shell = Shell::new(&registry);
        shell.home.enable_cache();
        write(&shell, "lists.yaml", &by_digest(&digests[..2]));
        shell.run("apply lists.yaml").succeeds();
        let changed = by_digest(&digests).replacen(&digests[1][1], &digests[0][1], 1);
        write(&shell, "lists.yaml", &changed);
        registry.log().clear();
        let ran = shell.run("apply --dry-run --report report.json lists.yaml");
        ran.succeeds()
            .says("3 lists: 2 would be written, 1 unchanged");
        let rows: Vec<Vec<&str>> = ran
            .stdout
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows.len(), 3, "{ran}");
        assert_eq!(rows[1][..3], ["REGISTRY/app:1", "would", "write"]);
        // The digest before, and the new one.
        assert_eq!((rows[1].len(), rows[2].len()), (5, 4), "{ran}");
        assert!(writes(&registry).is_empty());
        let planned = report(&shell);
        assert_eq!(planned["mode"], "dryRun");
        let again = shell.run("apply --dry-run -q lists.yaml");
        again.succeeds();
        shell
            .run("apply --report report.json lists.yaml")
            .succeeds();
        let done = report(&shell);
        for place in 0..3 {
            assert_eq!(
                planned["lists"][place]["digest"],
                done["lists"][place]["digest"]
            );
        }
        assert_eq!(again.stdout.lines().count(), 3, "{again}");
    }
}

#[test]
fn a_check_resolves_and_compares_nothing() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    let digests = seed(&registry, 2);
    let mut shell = Shell::new(&registry);
    shell.home.enable_cache();
    write(
        &shell,
        "lists.yaml",
        &(by_tag(2) + &list("@/app:pinned", &[format!("@/src@{}", digests[0][0])])),
    );
    for _ in 0..2 {
        registry.log().clear();
        let ran = shell.run("apply --check lists.yaml");
        ran.succeeds().prints("").says("3 lists: 3 checked");
        let lines = registry.log().lines();
        assert!(
            !lines.iter().any(|line| line.contains("/app/")),
            "{lines:#?}"
        );
        // Sources by digest are looked up, too: they may have been deleted.
        let pinned = format!("HEAD /v2/src/manifests/{} 200", digests[0][0]);
        assert!(lines.contains(&pinned), "{lines:#?}");
    }
    // Mistakes in the lists are found.
    let twice = list(
        "@/app:twice",
        &["@/src:0-amd64".to_owned(), "@/src:1-amd64".to_owned()],
    );
    let missing = by_tag(1) + "require: [linux/s390x]\n";
    for (text, message) in [
        (twice, "are both for linux/amd64"),
        (missing, "has no image for linux/s390x"),
        (by_tag(1).replace("0-amd64", "none"), "no such manifest"),
    ] {
        write(&shell, "bad.yaml", &text);
        shell
            .run("apply --check bad.yaml")
            .fails(1)
            .says(message)
            .does_not_say("run the command again");
    }
}
