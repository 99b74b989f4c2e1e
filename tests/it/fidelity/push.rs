//! `push`.

use super::check;

/// A name for each case, and its command lines.
const CASES: &[(&str, &str)] = &[
    (
        "Docker images of one repository",
        "
            create --insecure @/app:% @/app:amd64 @/app:arm64 @/app:armv7
            push --insecure @/app:%",
    ),
    (
        "OCI images of one repository",
        "
            create --insecure @/app:% @/app:oci-amd64 @/app:oci-arm64 @/app:oci-odd
            push --insecure @/app:%",
    ),
    (
        "mixed images, an OCI one first",
        "
            create --insecure @/app:% @/app:oci-amd64 @/app:windows @/other:s390x
            inspect @/app:%
            push --insecure @/app:%",
    ),
    (
        "windows, with version and features",
        "
            create --insecure @/app:% @/app:windows @/app:amd64
            annotate @/app:% @/app:windows --os-features x,y --os-version 10.0.1 --variant z
            push --insecure @/app:%",
    ),
    (
        "odd bytes",
        "
            create --insecure @/app:% @/app:odd @/app:compact
            push --insecure @/app:%",
    ),
    (
        "a new repository: everything is mounted",
        "
            create --insecure @/new-%:1 @/app:amd64
            push --insecure @/new-%:1
            inspect --insecure @/new-%@{app:amd64}",
    ),
    (
        "mounted odd bytes",
        "
            create --insecure @/new-%:odd @/app:oci-odd
            push --insecure @/new-%:odd
            create --insecure @/new-%:more @/app:odd
            push --insecure @/new-%:more",
    ),
    (
        "two repositories",
        "
            create --insecure @/app:% @/app:amd64 @/other:s390x
            push --insecure @/app:%
            push --insecure @/app:%",
    ),
    (
        "a deep repository",
        "
            create --insecure @/very/deep-%/app:1 @/deep/er/repo:amd64
            push --insecure @/very/deep-%/app:1",
    ),
    (
        "mounted foreign layers of windows",
        "
            create --insecure @/app:% @/app:amd64 @/other:windows
            push --insecure @/app:%",
    ),
    (
        "purge",
        "
            create --insecure @/app:% @/app:amd64
            create --insecure @/app:other-% @/app:arm64
            push --insecure --purge @/app:%
            push --insecure -p @/app:other-%
            push --insecure @/app:%",
    ),
    (
        "purge only after success",
        "
            create --insecure @/app:% @/app:blank
            push --insecure -p @/app:%
            inspect @/app:%",
    ),
    (
        "purge turned off",
        "
            create --insecure @/app:% @/app:amd64
            push --insecure -p=false @/app:%
            push --insecure --purge --purge=false @/app:%",
    ),
    (
        "again: nothing changes",
        "
            create --insecure @/app:% @/app:amd64
            push --insecure @/app:%
            push --insecure @/app:%",
    ),
    (
        "a tag that is moved",
        "
            create --insecure @/app:% @/app:amd64
            push --insecure -p @/app:%
            create --insecure @/app:% @/app:arm64 @/app:armv7
            push --insecure -p @/app:%",
    ),
    (
        "a list of another type under the same tag",
        "
            create --insecure @/app:% @/app:amd64
            push --insecure -p @/app:%
            create --insecure @/app:% @/app:oci-arm64
            push --insecure -p @/app:%",
    ),
    (
        "over an image",
        "
            create --insecure @/new-%:1 @/app:amd64 @/app:arm64
            push --insecure -p @/new-%:1
            create --insecure @/new-%:amd64 @/new-%@{app:amd64}
            push --insecure -p @/new-%:amd64",
    ),
    (
        "children by digest",
        "
            create --insecure @/app:% @/app@{app:arm64} @/app@{app:amd64} @/other@{other:s390x}
            push --insecure @/app:%",
    ),
    (
        "a list without a tag",
        "
            create --insecure @/app @/app:amd64
            push --insecure @/app
            inspect --insecure @/app:latest",
    ),
    (
        "a list named by a digest goes to its own",
        "
            create --insecure @/app@{app:windows} @/app:amd64 @/app:arm64
            push --insecure @/app@{app:windows}",
    ),
    (
        "a list named by tag and digest",
        "
            create --insecure @/app:%@{app:windows} @/app:amd64
            push --insecure @/app:%@{app:windows}",
    ),
    (
        "twins of one platform go live",
        "
            create --insecure @/app:% @/app:built-1 @/app:built-2 @/app:amd64
            +push --insecure @/app:%",
    ),
    (
        "an unstated platform",
        "
            create --insecure @/app:% @/app:built-1 @/app:blank
            push --insecure @/app:%
            annotate @/app:% @/app:blank --os linux --arch arm64
            push --insecure @/app:%",
    ),
    (
        "half a platform",
        "
            create --insecure @/app:% @/app:half
            push --insecure @/app:%",
    ),
    (
        "a draft that is not there",
        "
            push --insecure @/app:%
            push @/app:%
            push alpine
            push --purge @/app:%",
    ),
    (
        "a draft without entries",
        "
            !empty @/app:%
            push --insecure @/app:%
            push --insecure -p @/app:%",
    ),
    (
        "references that are none",
        "
            push App
            push ''
            push @/app:",
    ),
    (
        "a wrong number of arguments",
        "
            push
            push --insecure
            push @/app:% @/app:other",
    ),
];

#[test]
fn push() {
    check("push", CASES);
}
