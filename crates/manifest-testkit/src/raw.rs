//! A TCP server that speaks no protocol: it says what it is told to, for connections that go wrong before there is a request.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a connection is read from before the server looks whether it is to stop.
const READ: Duration = Duration::from_millis(50);

/// What the server does with each connection.
#[derive(Debug, Clone)]
pub enum Manner {
    /// Closes it at once.
    Close,
    /// Reads, and never says anything.
    Hang,
    /// Waits for the first bytes, says these, and closes.
    Say(Vec<u8>),
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
    heard: Mutex<Vec<u8>>,
    connections: AtomicUsize,
    stop: AtomicBool,
}

impl RawServer {
    /// Starts a server.
    ///
    /// # Panics
    ///
    /// If loopback cannot be bound or no thread can be had: no test can go on without.
    #[must_use]
    pub fn start(manner: Manner) -> Self {
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
                    let (shared, manner) = (shared.clone(), manner.clone());
                    connections.push(std::thread::spawn(move || shared.serve(stream, &manner)));
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

    /// Returns all that clients said, connections mixed as their bytes came.
    #[must_use]
    pub fn heard(&self) -> Vec<u8> {
        self.shared
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns how many connections there were.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream, manner: &Manner) {
        // A client that goes away ends this with an error, as it should.
        let _ = match manner {
            Manner::Close => Ok(()),
            Manner::Hang => {
                let mut result = Ok(1);
                while result.as_ref().is_ok_and(|&count| count > 0) {
                    result = self.hear(&mut stream);
                }
                result.map(drop)
            }
            Manner::Say(bytes) => self.hear(&mut stream).and_then(|_| stream.write_all(bytes)),
        };
    }

    /// Reads some bytes. Nothing came where it returns 0.
    fn hear(&self, stream: &mut TcpStream) -> std::io::Result<usize> {
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
                    let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
                    heard.extend_from_slice(&buffer[..count]);
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
