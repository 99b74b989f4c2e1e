//! A blocking HTTP/1.1 client for tests, with one connection per request.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

use crate::media_type::ACCEPT_ALL;

/// The time limit of a read.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A complete response.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, dechunked.
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the first header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Returns the body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON, or null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns the code of the first registry error in the body.
    #[must_use]
    pub fn error_code(&self) -> String {
        self.json()["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// A client of one host.
#[derive(Debug, Clone)]
pub struct Client {
    host: String,
    tls: Option<Arc<ClientConfig>>,
    authorization: Option<String>,
}

impl Client {
    /// Creates a client of `127.0.0.1:PORT` over plain HTTP.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            tls: None,
            authorization: None,
        }
    }

    /// Uses TLS; see [`crate::tls::TestCa::client_config`].
    #[must_use]
    pub fn tls(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Sends Basic credentials with every request.
    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
        self.authorization(&format!("Basic {encoded}"))
    }

    /// Sends a token with every request.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.authorization(&format!("Bearer {token}"))
    }

    /// Sends this Authorization header with every request.
    #[must_use]
    pub fn authorization(mut self, value: &str) -> Self {
        self.authorization = Some(value.to_owned());
        self
    }

    /// GETs a path; all four manifest types are accepted.
    pub fn get(&self, path: &str) -> io::Result<Response> {
        self.send("GET", path, &[("accept", ACCEPT_ALL)], &[])
    }

    /// HEADs a path; all four manifest types are accepted.
    pub fn head(&self, path: &str) -> io::Result<Response> {
        self.send("HEAD", path, &[("accept", ACCEPT_ALL)], &[])
    }

    /// PUTs a body of that type.
    pub fn put(&self, path: &str, media_type: &str, body: &[u8]) -> io::Result<Response> {
        self.send("PUT", path, &[("content-type", media_type)], body)
    }

    /// POSTs a body of that type.
    pub fn post(&self, path: &str, media_type: &str, body: &[u8]) -> io::Result<Response> {
        self.send("POST", path, &[("content-type", media_type)], body)
    }

    /// DELETEs a path.
    pub fn delete(&self, path: &str) -> io::Result<Response> {
        self.send("DELETE", path, &[], &[])
    }

    /// Sends a request of any form.
    ///
    /// `path` may be a URL of the same host, as in a Location header.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Response> {
        let raw = self.send_raw(&self.render(method, path, headers, body))?;
        parse(method, &raw.bytes, raw.error)
    }

    /// Sends these bytes and reads until the server closes the connection.
    fn send_raw(&self, request: &[u8]) -> io::Result<RawResponse> {
        let stream = TcpStream::connect(&self.host)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        // Otherwise a request waits for the server's delayed ACK of the end of the TLS handshake: 40 ms.
        stream.set_nodelay(true)?;
        match &self.tls {
            None => exchange(stream, request),
            Some(config) => {
                let (name, _) = self.host.rsplit_once(':').unwrap_or((&self.host, ""));
                let name = name.trim_matches(['[', ']']).to_owned();
                let name = ServerName::try_from(name).map_err(io::Error::other)?;
                let connection =
                    ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
                exchange(StreamOwned::new(connection, stream), request)
            }
        }
    }

    fn render(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => url,
        };
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        let mut add = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        add("connection", "close");
        if !body.is_empty() || matches!(method, "PUT" | "POST" | "PATCH") {
            add("content-length", &body.len().to_string());
        }
        if let Some(value) = &self.authorization {
            add("authorization", value);
        }
        for (name, value) in headers {
            add(name, value);
        }
        head.push_str("\r\n");
        [head.as_bytes(), body].concat()
    }
}

struct RawResponse {
    bytes: Vec<u8>,
    /// The error that ended the response, if it was not closed properly.
    error: Option<io::Error>,
}

fn exchange(mut stream: impl Read + Write, request: &[u8]) -> io::Result<RawResponse> {
    stream.write_all(request)?;
    stream.flush()?;
    let mut bytes = Vec::new();
    let error = loop {
        let mut piece = [0; 16 * 1024];
        match stream.read(&mut piece) {
            Ok(0) => break None,
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Some(error),
        }
        if bytes.len() > MAX_RESPONSE {
            break Some(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the response does not end",
            ));
        }
    };
    Ok(RawResponse { bytes, error })
}

/// The most bytes of a response: 256 MiB, more than any image of a test.
const MAX_RESPONSE: usize = 256 << 20;

/// Parses a response. `error` counts only if it cut the response short.
fn parse(method: &str, raw: &[u8], error: Option<io::Error>) -> io::Result<Response> {
    let cut = |text: &str| io::Error::new(io::ErrorKind::UnexpectedEof, text.to_owned());
    let Some(end) = raw.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Err(error.unwrap_or_else(|| cut("the connection closed before a response")));
    };
    let head = String::from_utf8_lossy(&raw[..end]);
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status: u16 = status.ok_or_else(|| io::Error::other("this is not an HTTP response"))?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut response = Response {
        status,
        headers,
        body: raw[end + 4..].to_vec(),
    };
    if method == "HEAD" || matches!(status, 204 | 304) {
        return Ok(response);
    }
    if let Some(length) = response.header("content-length") {
        let length: usize = length.parse().map_err(io::Error::other)?;
        if response.body.len() < length {
            return Err(error.unwrap_or_else(|| cut("the body is shorter than its length")));
        }
    } else if response.header("transfer-encoding") == Some("chunked") {
        let body = unchunk(&response.body);
        response.body = body.ok_or_else(|| error.unwrap_or_else(|| cut("a chunk is missing")))?;
    } else if let Some(error) = error {
        return Err(error);
    }
    Ok(response)
}

fn unchunk(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = raw.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&raw[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(raw.get(end + 2..end + 2 + size)?);
        raw = raw.get(end + 2 + size + 2..)?;
    }
}
