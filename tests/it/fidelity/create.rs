//! `create`.

use super::check;

/// A name for each case, and its command lines.
const CASES: &[(&str, &str)] = &[
        ("one image", "
            create --insecure @/app:% @/app:amd64"),
        ("several images, out of order", "
            create --insecure @/app:% @/other:s390x @/app:arm64 @/app:amd64"),
        ("every kind of Docker image", "
            create --insecure @/app:% @/app:windows @/app:windows-foreign @/app:armv7 @/app:odd @/app:compact @/other:s390x @/deep/er/repo:amd64
            inspect @/app:%
            inspect -v @/app:%"),
        ("every kind of OCI image", "
            create --insecure @/app:% @/app:oci-amd64 @/app:oci-arm64 @/app:oci-odd @/app:oci-compact @/other:oci-386
            inspect @/app:%
            inspect -v @/app:%"),
        // If the first file is a Docker image's, Docker makes it a Docker list: see the deviations.
        ("both kinds, an OCI image's file first", "
            create --insecure @/app:% @/other:s390x @/app:oci-odd @/deep/er/repo:amd64 @/app:oci-amd64
            inspect @/app:%
            inspect -v @/app:%"),
        ("no tag means latest", "
            create --insecure @/app @/app:amd64
            create --insecure --amend @/app:latest @/app:arm64
            inspect @/app"),
        ("a missing tag of an image is latest, too", "
            create --insecure @/new-% @/app"),
        ("by digest", "
            create --insecure @/app:% @/app@{app:amd64} @/app@{app:oci-arm64}
            inspect @/app:% @/app@{app:amd64}
            inspect -v @/app:%"),
        ("by tag and digest of the same image", "
            create --insecure @/app:% @/app:amd64@{app:amd64} @/other:oci-386@{other:oci-386}
            inspect @/app:% @/app:amd64@{app:amd64}"),
        ("the same image by tag and by digest makes two entries", "
            create --insecure @/app:% @/app:amd64 @/app@{app:amd64}
            +push --insecure @/app:%"),
        ("the same reference twice makes one entry", "
            create --insecure @/app:% @/app:amd64 @/app:amd64"),
        ("a list named by digest", "
            create --insecure @/app@{app:amd64} @/app:amd64
            inspect @/app@{app:amd64}"),
        ("an image without a platform", "
            create --insecure @/app:% @/app:blank @/app:half
            inspect @/app:%
            inspect -v @/app:%"),
        ("a platform that Docker cannot annotate", "
            create --insecure @/app:% @/app:loong64
            push --insecure @/app:%"),
        ("a draft that exists is not touched", "
            create --insecure @/app:% @/app:amd64
            create --insecure @/app:% @/app:arm64
            create @/app:% @/app:missing"),
        ("amending", "
            create --insecure @/app:% @/app:amd64
            create --insecure --amend @/app:% @/app:arm64
            create --insecure -a @/app:% @/app:amd64 @/other:s390x
            inspect @/app:%"),
        ("amending what is not there makes it", "
            create --insecure --amend @/app:% @/app:arm64
            inspect @/app:%"),
        ("amending keeps annotations", "
            create --insecure @/app:% @/app:amd64
            annotate @/app:% @/app:amd64 --arch arm --variant v6 --os-features a,b
            create --insecure --amend @/app:% @/app:amd64 @/app:arm64"),
        ("again after rm", "
            create --insecure @/app:% @/app:amd64
            rm @/app:%
            create --insecure @/app:% @/app:arm64"),
        ("again after push --purge", "
            create --insecure @/app:% @/app:amd64
            push --insecure --purge @/app:%
            create --insecure @/app:% @/app:arm64
            push --insecure @/app:%"),
        ("several lists", "
            create --insecure @/app:a-% @/app:amd64
            create --insecure @/app:b-% @/app:amd64 @/app:arm64
            create --insecure @/new-%:a @/app:amd64
            annotate @/app:b-% @/app:amd64 --variant v2
            rm @/app:a-%
            push --insecure @/app:b-%"),
        ("images of other hosts' repositories can be named", "
            create --insecure example.com/team/app:% @/app:amd64
            inspect -v example.com/team/app:%
            rm example.com/team/app:%"),
        ("short names", "
            create --insecure alpine @/app:amd64
            create --insecure --amend docker.io/library/alpine:latest @/app:arm64
            inspect -v index.docker.io/library/alpine
            annotate library/alpine @/app:arm64 --variant v9
            rm alpine"),
        (
                "hosts and names of all sorts",
                "
            create --insecure localhost/app @/app:amd64
            create --insecure LOCALHOST/app @/app:amd64
            create --insecure LocalHost:80/app:T_1.x-y @/app:amd64
            create --insecure [::1]:5000/app:1 @/app:amd64
            create --insecure [2001:db8::1]/app @/app:amd64
            create --insecure 10.0.0.1:5000/a/b/c @/app:amd64
            create --insecure a.b/c__d--e.f @/app:amd64
            create --insecure docker.io/app:2 @/app:amd64
            create --insecure registry-1.docker.io/app @/app:amd64
            create --insecure user/app @/app:amd64
            create --insecure under_score/app @/app:amd64
            inspect -v user/app
            rm localhost/app LOCALHOST/app LocalHost:80/app:T_1.x-y [::1]:5000/app:1
            rm docker.io/library/app:2 docker.io/user/app:latest",
            ),
            ("an image that is not there", "
            create --insecure @/app:% @/app:missing"),
        ("a repository that is not there", "
            create --insecure @/app:% @/missing:1"),
        ("a digest that is not there", "
            create --insecure @/app:% @/app@{other:s390x}"),
        ("references that are none", "
            create --insecure App:% @/app:amd64
            create --insecure @/APP:% @/app:amd64
            create --insecure @/app:% @/App
            create --insecure @/app:% @/app:
            create --insecure @/app:% @/app@
            create --insecure @/app:% @/app@sha256:12
            create --insecure @/app:% @/app:a/b:c
            create --insecure @/app:% ''
            create --insecure '' @/app:amd64
            create --insecure 'a b' @/app:amd64
            create --insecure -- -app @/app:amd64
            create --insecure @/app:% https://example.com/app
            create --insecure aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa @/app:amd64
            create --insecure @/app:% aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            create --insecure @/app:% a//b
            create --insecure @/app:% @/a__b--c.d:1..2
            create --insecure @/app:% @/app@md5:{app:amd64}
            create --insecure @/app:% @/app@sha512:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("too few arguments", "
            create
            create @/app:%
            create --insecure --amend @/app:%"),
        ("a draft without entries", "
            !empty @/app:%
            create --insecure @/app:% @/app:amd64
            create --insecure --amend @/app:% @/app:amd64"),
];

#[test]
fn create() {
    check("create", CASES);
}
