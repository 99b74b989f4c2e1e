//! A forward proxy for `HTTPS_PROXY`: tunnels by CONNECT and by SOCKS 5, and plain HTTP.
//!
//! It connects to one server for every requested host. A test can use any host name, and nothing has to be resolved.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The first byte of SOCKS 5.
const SOCKS: u8 = 5;

/// A forward proxy; stops when dropped.
#[derive(Debug)]
pub struct ForwardProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    login: Option<(String, String)>,
    status: Option<u16>,
    /// The most tunnels at once.
    most: Option<usize>,
    tunnels: AtomicUsize,
    log: Mutex<Vec<String>>,
    stopped: AtomicBool,
}

impl ForwardProxy {
    /// Starts a proxy that connects to `upstream`, which is `127.0.0.1:PORT`.
    #[must_use]
    pub fn start(upstream: &str) -> Self {
        Self::with(upstream, None, None, None)
    }

    /// Starts a proxy that demands this login.
    #[must_use]
    pub fn with_login(upstream: &str, user: &str, password: &str) -> Self {
        Self::with(upstream, Some((user.into(), password.into())), None, None)
    }

    /// Starts a proxy that answers everything with this status, and connects nowhere.
    #[must_use]
    pub fn refusing(status: u16) -> Self {
        Self::with("", None, Some(status), None)
    }

    /// Starts a proxy that has at most this many tunnels at once, and answers others with 503.
    #[must_use]
    pub fn limited(upstream: &str, most: usize) -> Self {
        Self::with(upstream, None, None, Some(most))
    }

    fn with(
        upstream: &str,
        login: Option<(String, String)>,
        status: Option<u16>,
        most: Option<usize>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .expect("a loopback address with any port can be bound");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            login,
            status,
            most,
            tunnels: AtomicUsize::new(0),
            log: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let thread = std::thread::spawn({
            let shared = shared.clone();
            move || {
                for client in listener.incoming() {
                    if shared.stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    let Ok(client) = client else { continue };
                    let shared = shared.clone();
                    // Ends when either side closes. Errors are visible to the client.
                    std::thread::spawn(move || shared.serve(client));
                }
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Returns the proxy's own `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns a line for each request: `CONNECT registry.test:443`, `GET http://registry.test/`, `SOCKS registry.test:443`. A
    /// line ends in ` as USER` if the request had the demanded login, in ` refused` if it had not.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let log = self.shared.log.lock();
        log.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let mut first = [0];
        client.peek(&mut first)?;
        if first[0] == SOCKS {
            return self.socks(client);
        }
        let (head, rest) = head(&mut client)?;
        let request = head.lines().next().unwrap_or_default();
        let target: Vec<&str> = request.split(' ').take(2).collect();
        let is_login = |line: &&str| {
            let name = line.split(':').next().unwrap_or_default();
            name.eq_ignore_ascii_case("proxy-authorization")
        };
        let login = head.lines().find(is_login).and_then(|line| {
            let (_, text) = line.split_once("Basic ")?;
            let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
            let (user, password) = text.split_once(':')?;
            Some((user.to_owned(), password.to_owned()))
        });
        let allowed = self.note(&target.join(" "), login);
        if let Some(status) = self.status.or((!allowed).then_some(407)) {
            let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
            return client.write_all(answer.as_bytes());
        }
        if self.tunnels.fetch_add(1, Ordering::SeqCst) >= self.most.unwrap_or(usize::MAX) {
            self.tunnels.fetch_sub(1, Ordering::SeqCst);
            return client.write_all(b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n");
        }
        let ended = self.tunnel(client, &head, &rest, &target, is_login);
        self.tunnels.fetch_sub(1, Ordering::SeqCst);
        ended
    }

    /// Connects to the server, and relays in both directions.
    fn tunnel(
        &self,
        mut client: TcpStream,
        head: &str,
        rest: &[u8],
        target: &[&str],
        is_login: impl Fn(&&str) -> bool,
    ) -> io::Result<()> {
        let mut server = TcpStream::connect(&self.upstream)?;
        if target.first() == Some(&"CONNECT") {
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        } else {
            // One request per connection: further ones would not be inspected.
            let kept = head
                .lines()
                .filter(|line| !line.is_empty() && !is_login(line));
            let kept: Vec<&str> = kept.chain(["Connection: close", "", ""]).collect();
            server.write_all(kept.join("\r\n").as_bytes())?;
        }
        server.write_all(rest)?;
        pipe(client, server)
    }

    /// Serves SOCKS 5 (RFC 1928, and RFC 1929 for the login).
    fn socks(&self, mut client: TcpStream) -> io::Result<()> {
        let [_, methods] = bytes(&mut client)?;
        text(&mut client, methods)?;
        let method = if self.login.is_some() { 2 } else { 0 };
        client.write_all(&[SOCKS, method])?;
        let mut login = None;
        if method == 2 {
            let [_, length] = bytes(&mut client)?;
            let user = text(&mut client, length)?;
            let [length] = bytes(&mut client)?;
            login = Some((user, text(&mut client, length)?));
            let is_right = login == self.login;
            client.write_all(&[1, u8::from(!is_right)])?;
        }
        let host = match bytes::<4>(&mut client)? {
            [.., 1] => {
                let address: [u8; 4] = bytes(&mut client)?;
                std::net::Ipv4Addr::from(address).to_string()
            }
            [.., 3] => {
                let [length] = bytes(&mut client)?;
                text(&mut client, length)?
            }
            [.., 4] => {
                let address: [u8; 16] = bytes(&mut client)?;
                format!("[{}]", std::net::Ipv6Addr::from(address))
            }
            _ => return Err(io::Error::other("no address that a test uses")),
        };
        let port = u16::from_be_bytes(bytes(&mut client)?);
        if !self.note(&format!("SOCKS {host}:{port}"), login) {
            return Ok(());
        }
        client.write_all(&[SOCKS, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
        pipe(client, TcpStream::connect(&self.upstream)?)
    }

    /// Logs a request, and tells whether it has the demanded login.
    fn note(&self, request: &str, login: Option<(String, String)>) -> bool {
        let allowed = self.login.is_none() || login == self.login;
        let outcome = match login {
            _ if !allowed => " refused".to_owned(),
            Some((user, _)) => format!(" as {user}"),
            None => String::new(),
        };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(format!("{request}{outcome}"));
        allowed
    }
}

/// Reads the head of a request, and the bytes after it that have arrived already.
fn head(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok((head, reader.buffer().to_vec()))
}

fn bytes<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(stream: &mut TcpStream, length: u8) -> io::Result<String> {
    let mut bytes = vec![0; length.into()];
    stream.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// Copies in both directions until both have ended.
fn pipe(mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let there = std::thread::spawn(move || {
        let result = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
        result
    });
    let result = io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    let _ = there.join();
    result.map(|_| ())
}
