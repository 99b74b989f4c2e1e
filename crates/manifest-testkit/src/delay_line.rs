//! A TCP relay that adds latency, and changes nothing else.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

/// The most bytes in flight in one direction of a connection; the sender waits beyond that. At 50 ms that is 2.5 GB per second,
/// so the relay never limits the bandwidth.
const CAPACITY: usize = 64 << 20;

/// The size of a read, in bytes.
const PIECE: usize = 256 << 10;

/// A TCP relay with the latency of a long line. It stops, with all its connections, when dropped.
///
/// Each byte arrives half a round trip after it was sent, in both directions. A TCP handshake takes a round trip. The relay's own
/// is immediate, so the first bytes of a client wait one more round trip. Bandwidth is not limited and nothing is lost. The end
/// of a stream and a reset are delayed like bytes.
///
/// The content is not inspected. A registry's Locations lead back through the relay, because the Host header names it, and a
/// certificate for the IP address matches.
///
/// Each direction of a connection has a reading and a writing thread. A thread's sleep is exact to 0.1 ms, while a runtime's
/// timers are 1 to 2 ms late, which would distort the measurements.
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
    /// Starts a relay on loopback to `upstream`, which is `IP:PORT`.
    #[must_use]
    pub fn start(upstream: &str, round_trip: Duration) -> Self {
        Self::start_on(Ipv4Addr::LOCALHOST.into(), upstream, round_trip)
    }

    /// Starts a relay on this address of the machine.
    ///
    /// # Panics
    ///
    /// Panics if the address cannot be bound.
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

    /// Returns the relay's own `IP:PORT`.
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
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Accepts connections until stopped, then waits for all of them to end.
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
                // The client sees a reset, later than a refused connection would show.
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

/// The two ends of a connection through the relay.
#[derive(Debug)]
struct Connection {
    client: End,
    server: End,
}

impl Connection {
    /// Relays in both directions until both have ended.
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
            // This fails only if the peer is gone already.
            let _ = end.stream.shutdown(Shutdown::Both);
            end.arriving.close();
        }
    }
}

/// One end of a connection: its socket, and the bytes in flight to it.
#[derive(Debug)]
struct End {
    stream: TcpStream,
    arriving: InFlight,
}

impl End {
    fn new(stream: TcpStream) -> Self {
        // This fails only for an invalid socket, and then reading fails as well.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            arriving: InFlight::default(),
        }
    }

    /// Reads from this end until it ends, and puts the bytes in flight. They are not delivered before `earliest`.
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

    /// Writes to this end when bytes are due.
    fn write(&self, from: &Self) {
        while let Some((due, event)) = self.arriving.take() {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            match event {
                Event::Bytes(bytes) => {
                    if (&self.stream).write_all(&bytes).is_err() {
                        // Bytes for an end that is gone are answered by a reset.
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

    /// Ends the reading from the socket, and makes closing it a reset.
    fn reset(&self) {
        let _ = set_socket_linger(&self.stream, Some(Duration::ZERO));
        let _ = self.stream.shutdown(Shutdown::Read);
    }
}

/// An event that arrives at one end.
#[derive(Debug)]
enum Event {
    Bytes(Vec<u8>),
    End,
    Reset,
}

/// The events in flight to one end, with the time of arrival.
#[derive(Debug, Default)]
struct InFlight {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<(Instant, Event)>,
    /// The number of bytes in flight.
    bytes: usize,
    closed: bool,
}

impl InFlight {
    /// Adds an event once there is room for it. Returns whether the receiver is still open.
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

    /// Takes the next event once there is one. Returns `None` after the end was closed.
    fn take(&self) -> Option<(Instant, Event)> {
        let is_empty = |queue: &mut Queue| queue.events.is_empty() && !queue.closed;
        let queue = self.changed.wait_while(lock(&self.queue), is_empty);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return None;
        }
        queue.events.pop_front()
    }

    /// Releases the room of bytes that have arrived.
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
