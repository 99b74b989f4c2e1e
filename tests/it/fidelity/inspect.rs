//! `inspect`.

use super::check;

/// A name for each case, and its command lines.
const CASES: &[(&str, &str)] = &[
    (
        "a draft",
        "
            create --insecure @/app:% @/app:amd64 @/app:arm64 @/app:windows @/other:s390x
            inspect @/app:%
            inspect -v @/app:%
            inspect --verbose @/app:%
            inspect --insecure --verbose=false @/app:%",
    ),
    (
        "a draft of OCI images",
        "
            create --insecure @/app:% @/app:oci-amd64 @/app:oci-arm64
            inspect @/app:%
            inspect -v @/app:%",
    ),
    (
        "an entry",
        "
            create --insecure @/app:% @/app:amd64 @/app:odd @/app:oci-odd @/app:oci-compact
            inspect @/app:% @/app:amd64
            inspect @/app:% @/app:odd
            inspect @/app:% @/app:oci-odd
            inspect @/app:% @/app:oci-compact
            inspect -v @/app:% @/app:amd64
            inspect -v @/app:% @/app:odd
            inspect -v @/app:% @/app:oci-odd",
    ),
    (
        "an annotated entry",
        "
            create --insecure @/app:% @/app:amd64
            annotate @/app:% @/app:amd64 --os-version '1<2' --os-features '&' --variant 'v\u{2028}'
            inspect @/app:% @/app:amd64
            inspect -v @/app:% @/app:amd64
            inspect @/app:%",
    ),
    (
        "a remote image",
        "
            inspect --insecure @/app:amd64
            inspect --insecure @/app:oci-amd64
            inspect --insecure @/app:windows-foreign
            inspect --insecure @/app:odd
            inspect --insecure @/app:oci-odd
            inspect --insecure @/app:compact
            inspect --insecure @/app:blank
            inspect --insecure @/app@{app:armv7}
            inspect --insecure @/app:armv7@{app:armv7}",
    ),
    (
        "a remote image, verbose",
        "
            inspect --insecure -v @/app:amd64
            inspect --insecure -v @/app:oci-amd64
            inspect --insecure -v @/app:windows-foreign
            inspect --insecure -v @/app:odd
            inspect --insecure -v @/app:oci-odd
            inspect --insecure -v @/app:blank
            inspect --insecure -v @/app:half
            inspect --insecure -v @/app@{app:armv7}",
    ),
    (
        "a remote list",
        "
            inspect --insecure @/app:list
            inspect --insecure -v @/app:list
            inspect --insecure @/app@{app:list}
            inspect --insecure -v @/app@{app:list}
            inspect --insecure -v @/app:list@{app:list}",
    ),
    (
        "a list that was pushed",
        "
            create --insecure @/app:% @/app:arm64 @/app:windows @/app:odd @/other:s390x
            annotate @/app:% @/app:arm64 --os-version '1<2' --os-features a,b
            push --insecure --purge @/app:%
            inspect --insecure @/app:%
            inspect --insecure -v @/app:%",
    ),
    (
        "an index that was pushed",
        "
            create --insecure @/app:% @/app:oci-arm64 @/app:oci-odd @/app:oci-amd64
            push --insecure --purge @/app:%
            inspect --insecure @/app:%
            inspect --insecure -v @/app:%",
    ),
    (
        "a draft hides what is published",
        "
            create --insecure @/app:list @/app:windows
            inspect --insecure @/app:list
            rm @/app:list
            inspect --insecure @/app:list",
    ),
    (
        "what is not there",
        "
            inspect --insecure @/app:missing
            inspect --insecure -v @/app:missing
            inspect --insecure @/missing:1
            inspect --insecure @/app@{other:s390x}
            inspect @/app:% @/app:amd64
            inspect -v @/app:% @/app:amd64",
    ),
    (
        "an entry that is not there",
        "
            create --insecure @/app:% @/app:amd64
            inspect @/app:% @/app:arm64
            inspect @/app:% @/app
            inspect --insecure @/app:% @/app@{app:amd64}
            inspect @/app:% alpine",
    ),
    (
        "references that are none",
        "
            inspect App
            inspect ''
            inspect @/app:% App
            inspect App @/app:amd64
            inspect --insecure @/app:",
    ),
    (
        "a wrong number of arguments",
        "
            inspect
            inspect -v --insecure
            inspect @/app:% @/app:amd64 @/app:arm64",
    ),
    (
        "a draft without entries",
        "
            !empty @/app:%
            inspect @/app:%
            inspect -v @/app:%
            inspect @/app:% @/app:amd64",
    ),
];

#[test]
fn inspect() {
    check("inspect", CASES);
}
