//! The tables in several widths.

use serde_json::json;
use snapbox::{Data, assert_data_eq};

use super::{Lab, OCI_INDEX, oci, push_sound_list, windows, with};

/// Compares standard output in 60, 100 and 200 columns with the recorded one. `SNAPSHOTS=overwrite` records it anew.
fn compare(lab: &Lab, name: &str, line: &str) {
    for columns in ["60", "100", "200"] {
        let host = lab.registry.host();
        let line = line.replace("@/", &format!("{host}/"));
        let mut command = lab.home.command(crate::harness::home::OURS);
        command
            .args(line.split_whitespace())
            .env("COLUMNS", columns);
        let ran = lab.home.run(&mut command);
        let width: usize = columns.parse().unwrap();
        let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width), "{ran}");
        let file = format!("tests/it/verification/snapshots/{name}-{columns}.txt");
        let path = crate::folder().join("../..").join(file);
        let recorded = Data::read_from(&path, None);
        assert_data_eq!(ran.stdout, recorded.raw());
    }
}

#[test]
fn reports_fit_the_terminal() {
    let lab = Lab::new();
    push_sound_list(&lab, "sound");
    compare(&lab, "verify-sound", "verify --deep @/app:sound");

    let amd64 = oci("linux/amd64", "1");
    let platform = json!({"os": "linux", "architecture": "arm64"});
    lab.list(
        OCI_INDEX,
        "broken",
        &[
            with(lab.image(&amd64), "platform", platform),
            super::descriptor(&oci("linux/riscv64", "missing")),
            lab.image(&windows("10.0.17763.1", "1")),
            lab.image(&windows("10.0.17763.2", "2")),
            lab.image(&windows("10.0.17763.2", "3")),
        ],
    );
    compare(
        &lab,
        "verify-broken",
        "verify --require linux/s390x @/app:broken",
    );
    compare(&lab, "diff", "diff @/app:sound @/app:broken");
    compare(&lab, "diff-same", "diff @/app:sound @/app:sound");
}
