//! A TCP server without a protocol, for connections that fail before the first request.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The time limit of a read, after which the server checks whether to stop.
const READ: Duration = Duration::from_millis(50);

/// The server's action on each connection.
#[derive(Debug, Clone)]
pub enum Action {
    /// Closes it immediately.
    Close,
    /// Reads, and never writes.
    Hang,
    /// Waits for the first bytes, writes these, and closes.
    Reply(Vec<u8>),
}

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    received: Mutex<Vec<u8>>,
    connections: AtomicUsize,
    stop: AtomicBool,
}

impl RawServer {
    /// Starts a server.
    ///
    /// # Panics
    ///
    /// Panics if loopback cannot be bound, or no thread can be started.
    #[must_use]
    pub fn start(action: Action) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .expect("a loopback address with any port can be bound");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let shared = shared.clone();
            move || {
                let mut connections = Vec::new();
                while let Ok((stream, _)) = listener.accept() {
                    if shared.stop.load(Ordering::SeqCst) {
                        break;
                    }
                    shared.connections.fetch_add(1, Ordering::SeqCst);
                    let (shared, action) = (shared.clone(), action.clone());
                    connections.push(std::thread::spawn(move || shared.serve(stream, &action)));
                }
                for connection in connections {
                    let _ = connection.join();
                }
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Returns `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns all bytes received, in order of arrival across connections.
    #[must_use]
    pub fn received(&self) -> Vec<u8> {
        self.shared
            .received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns the number of connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream, action: &Action) {
        // A client that disconnects ends this with an error, as expected.
        let _ = match action {
            Action::Close => Ok(()),
            Action::Hang => {
                let mut result = Ok(1);
                while result.as_ref().is_ok_and(|&count| count > 0) {
                    result = self.receive(&mut stream);
                }
                result.map(drop)
            }
            Action::Reply(bytes) => self
                .receive(&mut stream)
                .and_then(|_| stream.write_all(bytes)),
        };
    }

    /// Reads some bytes. Returns 0 if none have arrived.
    fn receive(&self, stream: &mut TcpStream) -> std::io::Result<usize> {
        use std::io::ErrorKind::{TimedOut, WouldBlock};
        stream.set_read_timeout(Some(READ))?;
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer) {
                Err(error) if matches!(error.kind(), WouldBlock | TimedOut) => {
                    if self.stop.load(Ordering::SeqCst) {
                        return Ok(0);
                    }
                }
                result => {
                    let count = result?;
                    let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
                    received.extend_from_slice(&buffer[..count]);
                    return Ok(count);
                }
            }
        }
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
