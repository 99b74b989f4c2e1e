#[path = "../../../../fuzz/near_valid.rs"]
mod near_valid;

use near_valid::{check, check_time};

#[test]
fn spec_files() {
    check("spec_files", super::spec_files);
}

/// Units to repeat.
const UNITS: &[&str] = &[
    "\"",
    "'",
    "[",
    "{",
    "]",
    "}",
    "- ",
    "-\n",
    "a: ",
    "a:\n",
    "? ",
    ",",
    "[],",
    "{},",
    "a,",
    "a: b,",
    "&a ",
    "*a ",
    "*a,",
    "!!str ",
    "!a ",
    "---\n",
    "...\n",
    "# a\n",
    "|\n",
    ">\n",
    "\n",
    "\t",
    " ",
    "\r\n",
    "${A}",
    "$$",
    "${A:-",
    "<<: {},",
    "\\",
    "%",
    "ä",
    "- a\n",
    "- image: a\n",
    "---\nimage: a\nmanifests: [{image: b}]\n",
    "---\ndefaults: {annotations: {a: b}}\n",
    "---\na: b\n",
];

#[test]
fn time_is_proportional_to_size() {
    for open in ["", "a: [", "a: &a [b]\nc: [*a, "] {
        check_time(super::spec_files, open, UNITS);
    }
    let whole = |data: &[u8]| {
        let text = std::str::from_utf8(data).expect("the units are text");
        for (open, close) in [("image: a\nmanifests: [", "]"), ("{\"target\":{", "}}")] {
            super::spec_files(format!("{open}{text}{close}").as_bytes());
        }
    };
    check_time(whole, "", &["{image: b},", "a,", "{},", "\"a\":{},"]);
}
