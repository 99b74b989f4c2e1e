#[path = "../../../../fuzz/near_valid.rs"]
mod near_valid;

use near_valid::{check, check_time};

#[test]
fn sidecars() {
    check("drafts", super::sidecars);
    let units = [
        "[",
        "{\"version\":",
        "\"",
        ",",
        "1",
        " ",
        "\\",
        "{\"file\":\"\"},",
    ];
    for open in [
        "",
        "{\"version\":1,\"next\":",
        "{\"a\":",
        "{\"version\":1,\"swap\":\"",
    ] {
        check_time(super::sidecars, open, &units);
    }
}

#[test]
fn journals() {
    check("drafts", super::journals);
    let units = [
        "\n",
        "{\"version\":",
        "\"",
        "{",
        "1",
        "\\",
        "{\"version\":2}\n",
    ];
    for open in ["", "{\"version\":1,\"run\":\"", "{\"before\":{\"digest\":"] {
        check_time(super::journals, open, &units);
    }
}
