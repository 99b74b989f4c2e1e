//! Distance: a TCP relay that delays what passes, and changes nothing else.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

/// How many bytes may be on their way in one direction of a connection; the sender waits beyond. At 50 ms that is 2.5 GB per
/// second, so the line never limits the bandwidth.
const CAPACITY: usize = 64 << 20;

/// How many bytes are read at once.
const PIECE: usize = 256 << 10;

/// A TCP relay with the latency of a long line; stops, with all its connections, when dropped.
///
/// Each byte arrives half a round trip later than it was sent, in both directions. A TCP handshake takes a round trip: since the
/// relay's is done at once, the first bytes of a client wait one more. Bandwidth is not limited and nothing is lost. The end of
/// a stream and a reset arrive as late as bytes do.
///
/// What passes is not looked at. A registry's Locations lead back through the line, because the Host header names it, and a
/// certificate for the IP address fits.
///
/// Each direction of a connection has a thread that reads and one that writes: a thread sleeps to within 0.1 ms, where a
/// runtime's timers are 1 to 2 ms late, which would be a part of what is measured.
#[derive(Debug)]
pub struct DelayLine {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    round_trip: Duration,
    stopped: AtomicBool,
    open: Mutex<Vec<Weak<Connection>>>,
}

impl DelayLine {
    /// Starts a line on loopback to `upstream`, which is `IP:PORT`.
    #[must_use]
    pub fn start(upstream: &str, round_trip: Duration) -> Self {
        Self::start_on(Ipv4Addr::LOCALHOST.into(), upstream, round_trip)
    }

    /// Starts a line on this address of the machine.
    ///
    /// # Panics
    ///
    /// If the address cannot be bound.
    #[must_use]
    pub fn start_on(ip: IpAddr, upstream: &str, round_trip: Duration) -> Self {
        let listener =
            TcpListener::bind((ip, 0)).expect("an own address with any port can be bound");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            round_trip,
            stopped: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let thread = std::thread::spawn({
            let shared = shared.clone();
            move || accept(&listener, &shared)
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Returns its own `IP:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for DelayLine {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for connection in lock(&self.shared.open).drain(..) {
            if let Some(connection) = connection.upgrade() {
                connection.stop();
            }
        }
        // The thread waits for a connection: this is one.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Accepts connections until told to stop, then waits until all have ended.
fn accept(listener: &TcpListener, shared: &Shared) {
    std::thread::scope(|scope| {
        for client in listener.incoming() {
            let accepted = Instant::now();
            let mut open = lock(&shared.open);
            if shared.stopped.load(Ordering::SeqCst) {
                return;
            }
            let Ok(client) = client else { continue };
            let Ok(server) = TcpStream::connect(&shared.upstream) else {
                // The client sees a reset, later than it would be refused.
                let _ = set_socket_linger(&client, Some(Duration::ZERO));
                continue;
            };
            let connection = Arc::new(Connection {
                client: End::new(client),
                server: End::new(server),
            });
            open.retain(|other| other.strong_count() > 0);
            open.push(Arc::downgrade(&connection));
            scope.spawn(move || connection.run(accepted, shared.round_trip));
        }
    });
}

/// The two ends of a connection through the line.
#[derive(Debug)]
struct Connection {
    client: End,
    server: End,
}

impl Connection {
    /// Passes on what comes until both directions have ended.
    fn run(&self, accepted: Instant, round_trip: Duration) {
        let (client, server, half) = (&self.client, &self.server, round_trip / 2);
        std::thread::scope(|scope| {
            scope.spawn(|| client.read(server, accepted + round_trip, half));
            scope.spawn(|| server.read(client, accepted, half));
            scope.spawn(|| client.write(server));
            server.write(client);
        });
    }

    fn stop(&self) {
        for end in [&self.client, &self.server] {
            // Fails only where the peer is gone already.
            let _ = end.stream.shutdown(Shutdown::Both);
            end.arriving.close();
        }
    }
}

/// One end of a connection: its socket, and what is on its way there.
#[derive(Debug)]
struct End {
    stream: TcpStream,
    arriving: InFlight,
}

impl End {
    fn new(stream: TcpStream) -> Self {
        // Fails only for a socket that is no longer one; then reading fails too.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            arriving: InFlight::default(),
        }
    }

    /// Reads what this end sends, until it ends, and puts it on its way; nothing leaves before `earliest`.
    fn read(&self, to: &Self, earliest: Instant, half: Duration) {
        let mut buffer = vec![0; PIECE];
        loop {
            let event = match (&self.stream).read(&mut buffer) {
                Ok(0) => Event::End,
                Ok(length) => Event::Bytes(buffer[..length].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Event::Reset,
            };
            let is_last = !matches!(event, Event::Bytes(_));
            let due = Instant::now().max(earliest) + half;
            if !to.arriving.put(due, event) || is_last {
                return;
            }
        }
    }

    /// Writes to this end what arrives for it, when it arrives.
    fn write(&self, from: &Self) {
        while let Some((due, event)) = self.arriving.take() {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            match event {
                Event::Bytes(bytes) => {
                    if (&self.stream).write_all(&bytes).is_err() {
                        // What comes for an end that is gone is answered by a reset.
                        self.arriving.close();
                        return from.reset();
                    }
                    self.arriving.arrived(bytes.len());
                }
                Event::End => {
                    let _ = self.stream.shutdown(Shutdown::Write);
                    return;
                }
                Event::Reset => return self.reset(),
            }
        }
    }

    /// Has the socket end in a reset once it is closed, and ends the reading from it, after which it is.
    fn reset(&self) {
        let _ = set_socket_linger(&self.stream, Some(Duration::ZERO));
        let _ = self.stream.shutdown(Shutdown::Read);
    }
}

/// What arrives at one end.
#[derive(Debug)]
enum Event {
    Bytes(Vec<u8>),
    End,
    Reset,
}

/// What is on its way to one end, with the time of its arrival.
#[derive(Debug, Default)]
struct InFlight {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<(Instant, Event)>,
    /// How many bytes have been put in and have not arrived.
    bytes: usize,
    closed: bool,
}

impl InFlight {
    /// Adds an event, once there is room for it; returns whether anybody waits for it still.
    fn put(&self, due: Instant, event: Event) -> bool {
        let is_full = |queue: &mut Queue| queue.bytes >= CAPACITY && !queue.closed;
        let queue = self.changed.wait_while(lock(&self.queue), is_full);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return false;
        }
        if let Event::Bytes(bytes) = &event {
            queue.bytes += bytes.len();
        }
        queue.events.push_back((due, event));
        // The writer waits only for the first.
        if queue.events.len() == 1 {
            self.changed.notify_one();
        }
        true
    }

    /// Takes the next event, once there is one; nothing when closed.
    fn take(&self) -> Option<(Instant, Event)> {
        let is_empty = |queue: &mut Queue| queue.events.is_empty() && !queue.closed;
        let queue = self.changed.wait_while(lock(&self.queue), is_empty);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return None;
        }
        queue.events.pop_front()
    }

    /// Notes that so many bytes have arrived.
    fn arrived(&self, bytes: usize) {
        let mut queue = lock(&self.queue);
        let was_full = queue.bytes >= CAPACITY;
        queue.bytes -= bytes;
        if was_full {
            self.changed.notify_one();
        }
    }

    fn close(&self) {
        let mut queue = lock(&self.queue);
        queue.closed = true;
        queue.events.clear();
        self.changed.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
