//! The JSON reports, checked against the schemas in `docs/schemas`.

use super::{Lab, OCI_INDEX, descriptor, oci, push_sound_list};
use crate::harness::schema;

#[test]
fn reports_are_as_their_schemas_say() {
    let lab = Lab::new();
    push_sound_list(&lab, "1");
    let missing = descriptor(&oci("linux/riscv64", "missing"));
    lab.list(
        OCI_INDEX,
        "2",
        &[lab.image(&oci("linux/amd64", "1")), missing],
    );
    lab.list(OCI_INDEX, "3", &[]);
    for line in [
        "@/app:1",
        "--deep @/app:1",
        "--require linux/s390x @/app:2",
        "@/app:3",
    ] {
        schema::check("verify", &lab.json(&format!("verify {line}")));
    }
    for line in [
        "@/app:1 @/app:1",
        "@/app:1 @/app:2",
        "@/app:2 @/app:1",
        "@/app:1 @/app:none",
    ] {
        schema::check("diff", &lab.json(&format!("diff {line}")));
    }
}
