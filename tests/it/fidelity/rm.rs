//! `rm`.

use super::check;

#[test]
fn rm() {
    check(
        "rm",
        &[
            (
                "one list",
                "
            create --insecure @/app:% @/app:amd64
            rm @/app:%
            inspect --insecure @/app:%",
            ),
            (
                "several lists",
                "
            create --insecure @/app:a-% @/app:amd64
            create --insecure @/app:b-% @/app:amd64
            create --insecure @/app:c-% @/app:amd64
            rm @/app:a-% @/app:c-%",
            ),
            (
                "what is not there does not keep the others",
                "
            create --insecure @/app:a-% @/app:amd64
            create --insecure @/app:b-% @/app:amd64
            rm @/app:a-% @/app:missing @/app:b-%",
            ),
            (
                "each error has its line",
                "
            ~rm @/app:missing App alpine",
            ),
            (
                "the same list twice",
                "
            create --insecure @/app:% @/app:amd64
            rm @/app:% @/app:%",
            ),
            (
                "nothing there at all",
                "
            rm @/app:%
            rm alpine",
            ),
            (
                "references that are none",
                "
            rm App
            rm ''
            rm @/app@sha256:1",
            ),
            (
                "a wrong number of arguments",
                "
            rm",
            ),
            (
                "a draft without entries",
                "
            !empty @/app:%
            rm @/app:%",
            ),
            (
                "an image in a draft is no list",
                "
            create --insecure @/app:% @/app:amd64
            rm @/app:amd64",
            ),
        ],
    );
}
