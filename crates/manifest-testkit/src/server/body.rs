//! Response bodies that follow a script: pieces, pauses, an endless body, or a cut.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::wire::Control;

/// One step of a body.
#[derive(Debug)]
pub(crate) enum Step {
    /// Sends these bytes.
    Data(Bytes),
    /// Pauses. Earlier bytes are flushed in the meantime.
    Wait(Duration),
    /// Sends these bytes again and again until the client disconnects.
    Endless(Bytes),
    /// Sends GOAWAY in the middle of the body.
    GoAway,
    /// Closes the connection in the middle of the body.
    Close,
    /// Resets the connection in the middle of the body.
    Reset,
}

/// A body that is played step by step.
#[derive(Debug)]
pub(crate) struct ScriptedBody {
    steps: VecDeque<Step>,
    pause: Option<Pin<Box<Sleep>>>,
    wire: Arc<Control>,
}

impl ScriptedBody {
    /// Creates a body of `steps`, on the connection that `wire` controls.
    pub(crate) fn new(steps: Vec<Step>, wire: Arc<Control>) -> Self {
        Self {
            steps: steps.into(),
            pause: None,
            wire,
        }
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        loop {
            if let Some(pause) = &mut this.pause {
                if pause.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                this.pause = None;
            }
            match this.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Data(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Wait(time)) => this.pause = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Endless(bytes)) => {
                    this.steps.push_front(Step::Endless(bytes.clone()));
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::GoAway) => this.wire.send_goaway(),
                Some(Step::Close) => {
                    return Poll::Ready(Some(Err(io::Error::other("cut by a fault"))));
                }
                Some(Step::Reset) => {
                    this.wire.reset();
                    return Poll::Ready(Some(Err(io::Error::other("reset by a fault"))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let mut total = 0;
        for step in &self.steps {
            match step {
                Step::Data(bytes) => total += bytes.len() as u64,
                Step::Wait(_) | Step::GoAway => {}
                Step::Endless(_) | Step::Close | Step::Reset => return SizeHint::new(),
            }
        }
        SizeHint::with_exact(total)
    }
}
