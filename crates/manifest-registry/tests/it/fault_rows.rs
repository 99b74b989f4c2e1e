//! The rows of the fault table: the faults of a registry.

use std::time::Duration;

use manifest_testkit::fault::Response;

/// The allowed results of an operation that meets a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expect {
    /// The fault is transient: if it occurs once, a retry succeeds; if it persists, the error contains this text.
    Transient(&'static str),
    /// An error that contains this text, or success if the operation has a fallback.
    Permanent(&'static str),
    /// Success, however often the fault occurs.
    Harmless,
    /// An error if the operation writes, because only a false response claims that the write succeeded; else as
    /// [`Expect::Either`].
    FalseSuccess,
    /// An error, or success if the operation does not need the faulty part.
    Either,
}

/// A fault and the allowed results.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) answer: Response,
    pub(crate) expect: Expect,
}

/// Returns all rows. `elsewhere` is another host, which is the target of some redirects.
pub(crate) fn rows(elsewhere: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name: &str, answer: Response, expect: Expect| {
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
        let answer = Response::error(code, "SOME_CODE", "some \u{1b}[31mtext");
        row(&code.to_string(), answer, Expect::Permanent(text));
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
        let answer = Response::error(code, "SOME_CODE", "some text");
        row(&code.to_string(), answer, Expect::Transient(text));
    }
    let cut = "the connection was closed";
    let slow = "no response within";
    let raw = |text: &str| Response::Raw(text.as_bytes().to_vec());
    let early = |text: &str| Response::RawPrefix(text.as_bytes().to_vec());
    let double = |name: &str, value: &str| Response::DuplicateHeader {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let redirect = |to: String| Response::Redirect { to };
    let limited = |wait: &str| {
        let body = "retry-after: 12.5ms, allowed: 2000/minute";
        Response::error(429, "TOOMANYREQUESTS", body).header("retry-after", wait)
    };
    use Expect::{Either, FalseSuccess, Harmless, Permanent, Transient};
    for (name, answer, expect) in [
        (
            "403 empty",
            Response::status(403),
            Permanent("403 Forbidden"),
        ),
        ("403 HTML", Response::Html(403), Permanent("(a web page")),
        ("404 HTML", Response::Html(404), Permanent("404 Not Found")),
        (
            "429 with a wait",
            limited("0"),
            Transient("429 Too Many Requests"),
        ),
        (
            "429 with a quota",
            limited("3600"),
            Permanent("asks to wait 3600 s"),
        ),
        ("502 HTML", Response::Html(502), Transient("(a web page")),
        (
            "reset before the head",
            Response::ResetBeforeHeaders,
            Transient(cut),
        ),
        (
            "reset after the head",
            Response::ResetAfterHeaders,
            Transient(cut),
        ),
        ("no answer", Response::Hang, Transient(slow)),
        ("short body", Response::ShortBody, Transient(cut)),
        (
            "stalled body",
            Response::SlowBody(Duration::from_millis(700)),
            Transient(slow),
        ),
        (
            "slow body",
            Response::SlowBody(Duration::from_millis(150)),
            Transient(slow),
        ),
        ("endless body", Response::EndlessBody, Either),
        ("wrong digest", Response::CorruptBody, Either),
        ("wrong digest header", Response::WrongDigestHeader, Either),
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
            Permanent(" not followed: "),
        ),
        (
            "redirect to nowhere",
            redirect("http://[".into()),
            Permanent("it cannot be read"),
        ),
        ("redirect loop", redirect("?again".into()), Either),
        ("gzip surprise", Response::Gzip, Either),
        ("HTML", Response::Html(200), FalseSuccess),
        ("HTML and 201", Response::Html(201), FalseSuccess),
        ("200 and nothing", Response::status(200), FalseSuccess),
        ("204", Response::status(204), FalseSuccess),
        (
            "200 and JSON",
            raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"),
            FalseSuccess,
        ),
        ("empty", Response::EmptyBody, Either),
        ("huge header", Response::HugeHeader(1 << 20), Either),
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
        ("no HTTP", raw("SSH-2.0-OpenSSH\r\n"), Transient(cut)),
        (
            "100 before the answer",
            early("HTTP/1.1 100 Continue\r\n\r\n"),
            Harmless,
        ),
        (
            "102 before the answer",
            early("HTTP/1.1 102 Processing\r\n\r\n"),
            Harmless,
        ),
        (
            "103 before the answer",
            early(
                "HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\ncontent-length: 9\r\n\r\n",
            ),
            Harmless,
        ),
        (
            "several 1xx before the answer",
            early(&"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(20)),
            Harmless,
        ),
        (
            "endless 1xx",
            Response::RawEndless(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec()),
            Transient(slow),
        ),
        (
            "1xx and no more",
            raw("HTTP/1.1 103 Early Hints\r\n\r\n"),
            Transient(cut),
        ),
        (
            "1xx before 418",
            raw(
                "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 418 X\r\ncontent-length: 0\r\n\r\n",
            ),
            Permanent("418"),
        ),
        (
            "many 1xx",
            Response::Raw(b"HTTP/1.1 102 Processing\r\n\r\n".repeat(2000)),
            Either,
        ),
    ] {
        row(name, answer, expect);
    }
    rows
}

/// The rows that apply to HTTP/2, where a reset ends one stream among many. HTTP/2 has rows of its own as well.
const HTTP2: &[&str] = &[
    "404",
    "429",
    "503",
    "reset before the head",
    "reset after the head",
    "no answer",
    "short body",
    "slow body",
    "endless body",
    "wrong digest",
    "redirect to another host",
    "gzip surprise",
    "HTML",
    "empty",
    "huge header",
    "two content types",
];

/// Returns the rows for HTTP/2. `elsewhere` is another host, which is the target of some redirects.
pub(crate) fn http2_rows(elsewhere: &str) -> Vec<Row> {
    let is_kept = |row: &Row| HTTP2.contains(&row.name.as_str());
    let mut rows: Vec<Row> = rows(elsewhere).into_iter().filter(is_kept).collect();
    assert_eq!(rows.len(), HTTP2.len(), "all of them are rows");
    for (name, answer) in [
        ("GOAWAY before the head", Response::GoAwayBeforeHeaders),
        ("GOAWAY in the body", Response::GoAwayInBody),
    ] {
        rows.push(Row {
            name: name.to_owned(),
            answer,
            expect: Expect::Harmless,
        });
    }
    rows
}
