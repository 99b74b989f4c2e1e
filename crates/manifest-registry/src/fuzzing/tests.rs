#[path = "../../../../fuzz/near_valid.rs"]
mod near_valid;

use near_valid::{check, check_time};

#[test]
fn challenges() {
    check("challenges", super::challenges);
    let units = [
        "\"",
        "\\",
        ",",
        "=",
        " ",
        "a",
        "a=",
        "a,",
        "a ",
        "Bearer realm=x,",
        "\"\",",
        "a=\"\" ",
        "\n",
        "?",
        "\u{fc}",
    ];
    for open in [
        "",
        "Bearer ",
        "Bearer realm=",
        "Bearer realm=\"",
        "Negotiate ",
    ] {
        check_time(super::challenges, open, &units);
    }
}

#[test]
fn config_json() {
    check("config_json", super::config_json);
    let units = [
        "[",
        "{",
        "\"",
        "\\",
        ",",
        "{\"a\":",
        " ",
        "\"a\":{},",
        "\"\":{\"auth\":\"Og==\"},",
        "A",
        "/",
    ];
    for open in [
        "",
        "{\"auths\":{",
        "{\"a\":",
        "{\"auths\":{\"a\":{\"auth\":\"",
    ] {
        check_time(super::config_json, open, &units);
    }
    let many = |data: &[u8]| {
        let text = String::from_utf8_lossy(data).replace("N", "\":{\"auth\":\"bWU6cHc=\"},\"");
        super::config_json(format!("{{\"auths\":{{\"{text}\":{{}}}}}}").as_bytes());
    };
    check_time(many, "", &["aN", "https://a/bN"]);
}

#[test]
fn retry_after() {
    check("retry_after", super::retry_after);
    let units = [
        "1",
        "1s",
        ".",
        "retry-after:",
        "retry-after: 1s ",
        " ",
        "\u{b5}",
        "[",
        "\"",
        "<",
        "\n",
        "\u{1b}",
    ];
    for open in ["", "retry-after: ", "{\"message\":\""] {
        check_time(super::retry_after, open, &units);
    }
}
