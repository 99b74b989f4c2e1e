//! The rows of the fault table: what a registry does wrong.

use std::time::Duration;

use manifest_testkit::fault::Answer;

/// What a fault allows to come of an operation that meets it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expect {
    /// It passes: where the fault strikes once, what can be repeated succeeds; where it stays, this is in the error.
    Passing(&'static str),
    /// An error with this in its text; or success, where the operation has another way.
    Final(&'static str),
    /// An error, or success where the operation does not need what is wrong.
    Either,
}

/// The name of the row whose body comes without a pause that is too long: no limit but the one on everything ends a stream of it.
pub(crate) const SLOW_BODY: &str = "slow body";

/// One way of going wrong.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) answer: Answer,
    pub(crate) expect: Expect,
}

/// Returns all rows. `elsewhere` is another host, to which some redirect.
pub(crate) fn rows(elsewhere: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name: &str, answer: Answer, expect: Expect| {
        let name = name.to_owned();
        rows.push(Row {
            name,
            answer,
            expect,
        });
    };
    for (code, text) in [
        (400, "400 Bad Request"),
        (401, "401 Unauthorized"),
        (403, "403 Forbidden"),
        (404, "404 Not Found"),
        (405, "405 Method Not Allowed"),
        (409, "409 Conflict"),
        (413, "413 Payload Too Large"),
        (415, "415 Unsupported Media Type"),
        (422, "422 Unprocessable Entity"),
    ] {
        let answer = Answer::error(code, "SOME_CODE", "some \u{1b}[31mtext");
        row(&code.to_string(), answer, Expect::Final(text));
    }
    for (code, text) in [
        (408, "408 Request Timeout"),
        (425, "425 Too Early"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (502, "502 Bad Gateway"),
        (503, "503 Service Unavailable"),
        (504, "504 Gateway Timeout"),
    ] {
        let answer = Answer::error(code, "SOME_CODE", "some text");
        row(&code.to_string(), answer, Expect::Passing(text));
    }
    let cut = "the connection was cut";
    let slow = "no answer within";
    let raw = |text: &str| Answer::Raw(text.as_bytes().to_vec());
    let double = |name: &str, value: &str| Answer::DuplicateHeader {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let redirect = |to: String| Answer::Redirect { to };
    let limited = |wait: &str| {
        let body = "retry-after: 12.5ms, allowed: 2000/minute";
        Answer::error(429, "TOOMANYREQUESTS", body).header("retry-after", wait)
    };
    use Expect::{Either, Final, Passing};
    for (name, answer, expect) in [
        ("403 empty", Answer::status(403), Final("403 Forbidden")),
        ("403 HTML", Answer::Html(403), Final("(a web page")),
        ("404 HTML", Answer::Html(404), Final("404 Not Found")),
        (
            "429 with a wait",
            limited("0"),
            Passing("429 Too Many Requests"),
        ),
        (
            "429 with a quota",
            limited("3600"),
            Final("asks to wait 3600 s"),
        ),
        ("502 HTML", Answer::Html(502), Passing("(a web page")),
        (
            "reset before the head",
            Answer::ResetBeforeHeaders,
            Passing(cut),
        ),
        (
            "reset after the head",
            Answer::ResetAfterHeaders,
            Passing(cut),
        ),
        ("no answer", Answer::Hang, Passing(slow)),
        ("short body", Answer::ShortBody, Passing(cut)),
        (
            "stalled body",
            Answer::SlowBody(Duration::from_millis(700)),
            Passing(slow),
        ),
        (
            SLOW_BODY,
            Answer::SlowBody(Duration::from_millis(150)),
            Passing(slow),
        ),
        ("endless body", Answer::EndlessBody, Either),
        ("wrong digest", Answer::WrongDigest, Either),
        ("wrong digest header", Answer::WrongDigestHeader, Either),
        (
            "length too large",
            raw(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{}",
            ),
            Either,
        ),
        (
            "length too small",
            raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n{}"),
            Either,
        ),
        (
            "two lengths",
            raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"),
            Either,
        ),
        (
            "redirect to another host",
            redirect(format!("http://{elsewhere}/x")),
            Either,
        ),
        (
            "redirect to another scheme",
            redirect("file:///etc/passwd".into()),
            Final("not sent on to"),
        ),
        (
            "redirect to nowhere",
            redirect("http://[".into()),
            Final("it cannot be read"),
        ),
        ("redirect loop", redirect("?again".into()), Either),
        ("gzip surprise", Answer::Gzip, Either),
        ("HTML", Answer::Html(200), Either),
        ("empty", Answer::Empty, Either),
        ("huge header", Answer::HugeHeader(1 << 20), Either),
        (
            "two content types",
            double("content-type", "text/plain"),
            Either,
        ),
        (
            "two digests",
            double("docker-content-digest", "sha256:00"),
            Either,
        ),
        ("two locations", double("location", "http://[/"), Either),
        ("no HTTP", raw("SSH-2.0-OpenSSH\r\n"), Passing(cut)),
        (
            "1xx and no more",
            raw("HTTP/1.1 103 Early Hints\r\n\r\n"),
            Passing(cut),
        ),
        (
            "1xx before 418",
            raw(
                "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 418 X\r\ncontent-length: 0\r\n\r\n",
            ),
            Final("418"),
        ),
        (
            "many 1xx",
            Answer::Raw(b"HTTP/1.1 102 Processing\r\n\r\n".repeat(2000)),
            Either,
        ),
    ] {
        row(name, answer, expect);
    }
    rows
}
