//! `annotate`.

use super::check;

/// A name for each case, and its command lines.
const CASES: &[(&str, &str)] = &[
        ("each flag", "
            create --insecure @/app:% @/app:amd64
            annotate @/app:% @/app:amd64 --os freebsd
            annotate @/app:% @/app:amd64 --arch arm
            annotate @/app:% @/app:amd64 --variant v6
            annotate @/app:% @/app:amd64 --os-version 13.2
            annotate @/app:% @/app:amd64 --os-features zfs
            inspect @/app:%"),
        ("all flags at once", "
            create --insecure @/app:% @/app:amd64 @/app:windows-foreign
            annotate --os=windows --arch=amd64 --variant=x --os-version=10.0.1 --os-features=a,b @/app:% @/app:amd64
            annotate @/app:% --os linux @/app:windows-foreign --arch arm64 --variant v8
            push --insecure @/app:%"),
        ("features are added, each once", "
            create --insecure @/app:% @/app:windows
            annotate @/app:% @/app:windows --os-features win32k,b --os-features a
            annotate @/app:% @/app:windows --os-features a,c,c,a
            annotate @/app:% @/app:windows --os-features ''
            annotate @/app:% @/app:windows --os-features a,,d
            inspect -v @/app:% @/app:windows"),
        ("features in quotes", "
            create --insecure @/app:% @/app:windows
            annotate @/app:% @/app:windows --os-features '\"a,b\",c'
            annotate @/app:% @/app:windows --os-features=' a , b '
            annotate @/app:% @/app:windows --os-features '\"a'
            annotate @/app:% @/app:windows --os-features 'a\"b'
            annotate @/app:% @/app:windows --os-features '\"a\"b'
            annotate @/app:% @/app:windows --os-features 'a,\"\",\"b\"\"c\"'"),
        ("no flag at all", "
            create --insecure @/app:% @/app:arm64
            annotate @/app:% @/app:arm64"),
        ("empty flags change nothing", "
            create --insecure @/app:% @/app:armv7
            annotate @/app:% @/app:armv7 --os '' --arch '' --variant '' --os-version ''
            annotate @/app:% @/app:armv7 --os= --arch="),
        ("variants are taken as given", "
            create --insecure @/app:% @/app:amd64
            annotate @/app:% @/app:amd64 --arch arm --variant armv7
            annotate @/app:% @/app:amd64 --arch arm64 --variant armv8
            annotate @/app:% @/app:amd64 --variant 'v8 <&> \u{2028}'
            push --insecure @/app:%"),
        ("the last of repeated flags wins", "
            create --insecure @/app:% @/app:amd64
            annotate @/app:% @/app:amd64 --arch arm --arch arm64 --os=windows --os linux"),
        ("the value of a flag may look like a flag", "
            create --insecure @/app:% @/app:amd64
            annotate @/app:% @/app:amd64 --variant --arch --os-version -1
            annotate @/app:% @/app:amd64 --variant -- "),
        ("every pair of Docker's", "
            create --insecure @/app:% @/app:amd64
            annotate @/app:% @/app:amd64 --os darwin --arch 386
            annotate @/app:% @/app:amd64 --os darwin --arch arm64
            annotate @/app:% @/app:amd64 --os dragonfly --arch amd64
            annotate @/app:% @/app:amd64 --os freebsd --arch arm
            annotate @/app:% @/app:amd64 --os linux --arch ppc64le
            annotate @/app:% @/app:amd64 --os linux --arch mips64
            annotate @/app:% @/app:amd64 --os linux --arch mips64le
            annotate @/app:% @/app:amd64 --os linux --arch riscv64
            annotate @/app:% @/app:amd64 --os linux --arch s390x
            annotate @/app:% @/app:amd64 --os netbsd --arch 386
            annotate @/app:% @/app:amd64 --os openbsd --arch arm
            annotate @/app:% @/app:amd64 --os plan9 --arch amd64
            annotate @/app:% @/app:amd64 --os solaris --arch amd64
            annotate @/app:% @/app:amd64 --os windows --arch 386"),
        ("pairs that nobody has", "
            create --insecure @/app:% @/app:amd64
            annotate @/app:% @/app:amd64 --os linux --arch x86_64
            annotate @/app:% @/app:amd64 --os Linux --arch amd64
            annotate @/app:% @/app:amd64 --os windows --arch s390x --variant v1
            annotate @/app:% @/app:amd64 --os bogus --arch bogus --os-features a"),
        ("an image without a platform gets one", "
            create --insecure @/app:% @/app:blank @/app:half
            ~annotate @/app:% @/app:blank --os linux
            annotate @/app:% @/app:blank --os linux --arch arm64
            annotate @/app:% @/app:half --os linux --arch amd64
            push --insecure @/app:%"),
        ("the image is named as for create", "
            create --insecure @/app:% @/app@{app:amd64} @/app:arm64
            annotate @/app:% @/app:amd64 --variant v2
            annotate @/app:% @/app@{app:arm64} --variant v2
            annotate @/app:% @/app@{app:amd64} --variant v2"),
        ("the list and the image by short names", "
            create --insecure @/app @/app:amd64
            annotate @/app @/app --variant v2
            annotate @/app:latest @/app:amd64 --variant v2"),
        ("a draft that is not there", "
            annotate @/app:% @/app:amd64 --os linux
            annotate alpine busybox"),
        ("an entry that is not there", "
            create --insecure @/app:% @/app:amd64
            annotate @/app:% @/app:arm64 --arch arm64"),
        ("references that are none", "
            annotate App @/app:amd64
            annotate @/app:% App
            annotate '' ''
            annotate @/app:% ''
            annotate @/app@sha256:1 @/app:amd64"),
        ("a wrong number of arguments", "
            annotate
            annotate @/app:%
            annotate @/app:% @/app:amd64 @/app:arm64
            annotate --os linux --arch amd64"),
        ("a draft without entries", "
            !empty @/app:%
            annotate @/app:% @/app:amd64 --os linux"),
];

#[test]
fn annotate() {
    check("annotate", CASES);
}
