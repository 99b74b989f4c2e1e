//! The server's end of a TCP connection, with control below HTTP and TLS.

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

/// Pause between two pieces of an endless response.
const BETWEEN_PIECES: Duration = Duration::from_millis(10);

/// Lets a request handler do to its connection what hyper cannot.
#[derive(Debug, Default)]
pub(crate) struct Control {
    reset: AtomicBool,
    takeover: Mutex<Option<PendingWrite>>,
    goaway: Notify,
}

/// The bytes to write before, or in place of, the server's next write.
#[derive(Debug)]
enum PendingWrite {
    /// These bytes, then nothing.
    Instead(Bytes),
    /// These bytes first.
    Before(Bytes),
    /// These bytes, again and again.
    Endless(Bytes),
}

impl Control {
    /// Makes the connection end in a TCP reset when the server closes it.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    /// Sends these bytes in place of the next write, then closes.
    pub(crate) fn send_raw(&self, bytes: Bytes) {
        self.take_over(PendingWrite::Instead(bytes));
    }

    /// Sends these bytes before the next write.
    pub(crate) fn send_before(&self, bytes: Bytes) {
        self.take_over(PendingWrite::Before(bytes));
    }

    /// Sends these bytes in place of the next write, again and again, until the client disconnects.
    pub(crate) fn send_endless(&self, bytes: Bytes) {
        self.take_over(PendingWrite::Endless(bytes));
    }

    /// Sends GOAWAY: the server accepts no new requests on this connection.
    pub(crate) fn send_goaway(&self) {
        self.goaway.notify_one();
    }

    /// Returns once the server is to send GOAWAY.
    pub(crate) async fn goaway_requested(&self) {
        self.goaway.notified().await;
    }

    fn take_over(&self, takeover: PendingWrite) {
        *self.lock() = Some(takeover);
    }

    fn lock(&self) -> MutexGuard<'_, Option<PendingWrite>> {
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
    /// The pause before the next piece of a fault.
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

    /// Writes a fault's bytes first. Fails once the fault has taken over the connection.
    fn check(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.control.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        // A fault's bytes are short, and the socket's buffer is empty between two responses.
        let send = |bytes: &Bytes| {
            let sent = self.stream.try_write(bytes)?;
            debug_assert_eq!(sent, bytes.len());
            Ok::<_, io::Error>(())
        };
        let mut takeover = self.control.lock();
        match &*takeover {
            None => Poll::Ready(Ok(())),
            Some(PendingWrite::Before(bytes)) => {
                let sent = send(bytes);
                *takeover = None;
                Poll::Ready(sent)
            }
            Some(PendingWrite::Instead(bytes)) => {
                let sent = send(bytes);
                *takeover = None;
                let over = io::Error::other("a fault sent raw bytes");
                Poll::Ready(sent.and(Err(over)))
            }
            Some(PendingWrite::Endless(bytes)) => {
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
            // If this fails, the client sees a plain close, which its own test would detect.
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
