//! The style of real scripts.

use super::{SideBySide, check};
use crate::harness::docker;

#[test]
fn scripts() {
    check("scripts", &[
        ("--amend before each image", "
            create --insecure @/app:% --amend @/app:amd64 --amend @/app:arm64 --amend @/app:armv7
            push --insecure @/app:%"),
        ("one platform at a time, from a loop", "
            create --insecure -a @/app:% @/app:amd64
            annotate @/app:% @/app:amd64 --os linux --arch amd64
            create --insecure -a @/app:% @/app:arm64
            annotate @/app:% @/app:arm64 --os linux --arch arm64 --variant v8
            create --insecure -a @/app:% @/app:armv7
            annotate @/app:% @/app:armv7 --os linux --arch arm --variant v7
            push --insecure --purge @/app:%"),
        ("all built on one machine", "
            create --insecure @/app:% @/app:built-1 @/app:built-2 @/app:built-3
            annotate @/app:% @/app:built-1 --arch amd64
            annotate @/app:% @/app:built-2 --arch arm64 --variant armv8
            annotate @/app:% @/app:built-3 --arch arm --variant armv7
            inspect @/app:%
            push --insecure -p @/app:%"),
        ("rm first, whatever is there", "
            rm @/app:%
            create --insecure @/app:% @/app:amd64 @/app:arm64
            push --insecure @/app:%
            rm @/app:%
            create --insecure @/app:% @/app:amd64 @/app:armv7
            push --insecure @/app:%"),
        ("inspect before push --purge", "
            create --insecure --amend @/app:% @/app:amd64 @/app:arm64
            inspect @/app:%
            push --insecure --purge @/app:%
            inspect --insecure @/app:%"),
        ("version and latest of the same images", "
            create --insecure @/app:1.2.3-% @/app:amd64 @/app:arm64
            create --insecure @/app:1.2-% @/app:amd64 @/app:arm64
            create --insecure @/app:1-% @/app:amd64 @/app:arm64
            push --insecure --purge @/app:1.2.3-%
            push --insecure --purge @/app:1.2-%
            push --insecure --purge @/app:1-%"),
        ("windows beside linux", "
            create --insecure --amend @/app:% @/app:amd64 @/app:windows @/app:windows-foreign
            annotate --os windows --arch amd64 --os-version 10.0.17763.9999 @/app:% @/app:windows
            push --insecure @/app:%"),
        ("digests from a build", "
            create --insecure @/app:% @/app@{app:oci-amd64} @/app@{app:oci-arm64}
            inspect @/app:%
            push --insecure @/app:%"),
        ("promoting into another repository", "
            create --insecure @/release-%:1.0 @/app:amd64
            annotate @/release-%:1.0 @/app:amd64 --os linux --arch amd64
            push --insecure --purge @/release-%:1.0
            create --insecure @/release-%:latest @/release-%@{app:amd64}
            push --insecure --purge @/release-%:latest"),
        ("everything with the switch of old, and in debug mode", "
            ~DOCKER_CLI_EXPERIMENTAL=enabled docker -D manifest create --insecure @/app:% @/app:amd64 @/app:arm64
            ~DOCKER_CLI_EXPERIMENTAL=enabled docker -D manifest annotate @/app:% @/app:arm64 --arch arm64
            ~DOCKER_CLI_EXPERIMENTAL=enabled docker -D manifest push --insecure --purge @/app:%"),
    ]);
}

/// Jobs on one machine share its home. Docker's CLI takes no lock, so its jobs run one after the other here.
#[test]
fn parallel_jobs_in_one_home_folder() {
    if !docker::is_here("fidelity::scripts::parallel_jobs_in_one_home_folder") {
        return;
    }
    let stages = SideBySide::start();
    let session = stages.session();
    let jobs = [
        "built-1 amd64",
        "built-2 arm64",
        "built-3 arm",
        "armv7 386",
        "odd s390x",
    ]
    .map(|job| {
        let (tag, arch) = job.split_once(' ').unwrap();
        [
            format!("create --insecure --amend @/app:1 @/app:{tag}"),
            format!("annotate @/app:1 @/app:{tag} --os linux --arch {arch}"),
        ]
    });
    let (dockers, ours) = (&session.docker, &session.ours);
    std::thread::scope(|scope| {
        for job in &jobs {
            scope.spawn(move || {
                for line in job {
                    ours.play(line).ran.succeeds().is_quiet();
                }
            });
        }
    });
    for line in jobs.as_flattened() {
        dockers.play(line).ran.succeeds();
    }
    let push = "push --insecure --purge @/app:1";
    assert_eq!(
        dockers.play("inspect @/app:1").drafts,
        ours.play("inspect @/app:1").drafts
    );
    assert_eq!(dockers.play(push).published, ours.play(push).published);
}
