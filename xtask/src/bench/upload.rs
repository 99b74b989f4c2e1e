//! The baseline of the copies: uploads of the same blobs over HTTP/1.1 by a minimal client.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// The size of a read from a file, in bytes.
const PIECE: usize = 256 * 1024;

/// A blob to upload.
pub(super) struct Blob {
    pub(super) digest: String,
    pub(super) content: Content,
}

/// The location of a blob's bytes.
pub(super) enum Content {
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// Uploads blobs to repository `app`, one at a time on each connection.
pub(super) fn upload(
    host: &str,
    tls: &Arc<ClientConfig>,
    blobs: &[Blob],
    connections: usize,
) -> Result<(), String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut connection = Connection::open(host, tls)?;
        while let Some(blob) = blobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            connection.upload(blob)?;
        }
        Ok::<_, io::Error>(())
    };
    let results: Vec<io::Result<()>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(work)).collect();
        let results = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        results
            .map(|result| result.unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))))
            .collect()
    });
    let result: io::Result<()> = results.into_iter().collect();
    result.map_err(|error| format!("cannot upload: {error}"))
}

/// A persistent connection.
struct Connection<'a> {
    host: &'a str,
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

/// The head of a response whose body was read and discarded.
struct Head {
    status: u16,
    location: String,
}

impl<'a> Connection<'a> {
    fn open(host: &'a str, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        let (name, _) = host.rsplit_once(':').unwrap_or((host, ""));
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(tls.clone(), name).map_err(io::Error::other)?;
        Ok(Self {
            host,
            stream: BufReader::new(StreamOwned::new(connection, stream)),
        })
    }

    /// Opens a session and sends the whole blob in one PUT.
    fn upload(&mut self, blob: &Blob) -> io::Result<()> {
        self.send("POST", "/v2/app/blobs/uploads/", 0, &mut io::empty())?;
        let opened = self.response(202)?;
        let path = opened
            .location
            .split_once("://")
            .and_then(|(_, rest)| Some(&rest[rest.find('/')?..]));
        let path = path.unwrap_or(&opened.location);
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{path}{mark}digest={}", blob.digest);
        match &blob.content {
            Content::Bytes(bytes) => {
                self.send("PUT", &url, bytes.len() as u64, &mut bytes.as_slice())?;
            }
            Content::File(path) => {
                let mut file = File::open(path)?;
                self.send("PUT", &url, file.metadata()?.len(), &mut file)?;
            }
        }
        self.response(201).map(drop)
    }

    fn send(
        &mut self,
        method: &str,
        path: &str,
        length: u64,
        body: &mut dyn io::Read,
    ) -> io::Result<()> {
        let host = self.host;
        let mut piece = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/octet-stream\r\ncontent-length: {length}\r\n\r\n"
        )
        .into_bytes();
        let stream = self.stream.get_mut();
        let mut left = length;
        // The head goes out with the first bytes of the body.
        loop {
            let head = piece.len();
            piece.resize(head + PIECE.min(usize::try_from(left).unwrap_or(PIECE)), 0);
            body.read_exact(&mut piece[head..])?;
            left -= (piece.len() - head) as u64;
            stream.write_all(&piece)?;
            if left == 0 {
                return stream.flush();
            }
            piece.clear();
        }
    }

    /// Reads a response. Fails if it has another status than `expected`.
    fn response(&mut self, expected: u16) -> io::Result<Head> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut head = Head {
            status: status.unwrap_or(0),
            location: String::new(),
        };
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "location" => value.trim().clone_into(&mut head.location),
                "content-length" => length = value.trim().parse().unwrap_or(0),
                _ => {}
            }
        }
        let mut body = String::new();
        (&mut self.stream).take(length).read_to_string(&mut body)?;
        if head.status == expected {
            Ok(head)
        } else {
            Err(io::Error::other(format!("{}: {body}", line.trim_end())))
        }
    }
}
