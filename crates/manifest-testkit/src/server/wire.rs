//! The server's end of a TCP connection, with a hand on it below HTTP and TLS.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Lets a request handler do to its connection what hyper cannot.
#[derive(Debug, Default)]
pub(crate) struct Control {
    reset: AtomicBool,
    raw: Mutex<Option<Bytes>>,
}

impl Control {
    /// Makes the connection end in a TCP reset as soon as the server lets go of it.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    /// Sends these bytes in place of whatever is written next, then closes.
    pub(crate) fn send_raw(&self, bytes: Bytes) {
        *self.raw.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
    }

    fn take_raw(&self) -> Option<Bytes> {
        self.raw
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
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
}

impl Wire {
    /// Wraps an accepted connection.
    pub(crate) fn new(stream: TcpStream, control: Arc<Control>) -> Self {
        Self { stream, control }
    }

    /// Returns the TCP stream below.
    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Fails once a fault has taken the connection over.
    fn check(&mut self) -> io::Result<()> {
        if let Some(bytes) = self.control.take_raw() {
            // Raw answers are short, and the socket's buffer is empty between two answers.
            let sent = self.stream.try_write(&bytes)?;
            debug_assert_eq!(sent, bytes.len());
            return Err(io::Error::other("answered raw by a fault"));
        }
        if self.control.is_reset() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
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
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
