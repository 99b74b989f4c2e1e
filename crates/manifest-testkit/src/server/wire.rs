//! The server's end of a TCP connection, with a hand on it below HTTP and TLS.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Sleep;

/// Pause between two pieces of what goes on for ever.
const BETWEEN_PIECES: Duration = Duration::from_millis(10);

/// Lets a request handler do to its connection what hyper cannot.
#[derive(Debug, Default)]
pub(crate) struct Control {
    reset: AtomicBool,
    takeover: Mutex<Option<Takeover>>,
    leave: Notify,
}

/// What is to be written in place of, or before, what the server writes next.
#[derive(Debug)]
enum Takeover {
    /// These bytes, then nothing.
    Instead(Bytes),
    /// These bytes first.
    Before(Bytes),
    /// These bytes, again and again.
    Endless(Bytes),
}

impl Control {
    /// Makes the connection end in a TCP reset as soon as the server lets go of it.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    /// Sends these bytes in place of whatever is written next, then closes.
    pub(crate) fn send_raw(&self, bytes: Bytes) {
        self.take_over(Takeover::Instead(bytes));
    }

    /// Sends these bytes before whatever is written next.
    pub(crate) fn send_before(&self, bytes: Bytes) {
        self.take_over(Takeover::Before(bytes));
    }

    /// Sends these bytes in place of whatever is written next, again and again, until the client has had enough.
    pub(crate) fn send_endless(&self, bytes: Bytes) {
        self.take_over(Takeover::Endless(bytes));
    }

    /// Has the server take leave of the client: it takes no new requests on this connection (HTTP/2's GOAWAY).
    pub(crate) fn leave(&self) {
        self.leave.notify_one();
    }

    /// Returns once the server is to take its leave.
    pub(crate) async fn leaving(&self) {
        self.leave.notified().await;
    }

    fn take_over(&self, takeover: Takeover) {
        *self.lock() = Some(takeover);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Takeover>> {
        self.takeover.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_reset(&self) -> bool {
        self.reset.load(Ordering::Relaxed)
    }
}

/// A TCP stream that obeys its [`Control`].
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    control: Arc<Control>,
    /// Until a fault writes again.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    /// Wraps an accepted connection.
    pub(crate) fn new(stream: TcpStream, control: Arc<Control>) -> Self {
        Self {
            stream,
            control,
            pause: None,
        }
    }

    /// Returns the TCP stream below.
    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Lets a fault write first. Fails once it has taken the connection over.
    fn check(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.control.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        // What faults write is short, and the socket's buffer is empty between two answers.
        let send = |bytes: &Bytes| {
            let sent = self.stream.try_write(bytes)?;
            debug_assert_eq!(sent, bytes.len());
            Ok::<_, io::Error>(())
        };
        let mut takeover = self.control.lock();
        match &*takeover {
            None => Poll::Ready(Ok(())),
            Some(Takeover::Before(bytes)) => {
                let sent = send(bytes);
                *takeover = None;
                Poll::Ready(sent)
            }
            Some(Takeover::Instead(bytes)) => {
                let sent = send(bytes);
                *takeover = None;
                let over = io::Error::other("answered raw by a fault");
                Poll::Ready(sent.and(Err(over)))
            }
            Some(Takeover::Endless(bytes)) => {
                if let Err(error) = send(bytes) {
                    return Poll::Ready(Err(error));
                }
                let mut pause = Box::pin(tokio::time::sleep(BETWEEN_PIECES));
                let waits = pause.as_mut().poll(cx);
                drop(takeover);
                self.pause = Some(pause);
                if waits.is_ready() {
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.control.is_reset() {
            // Where this fails the client sees a plain close, which its own test would show.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.check(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.check(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
