//! A socket whose incoming bytes pass a [`Scanner`] before anybody reads them.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, BufReader, ReadBuf};

use super::scan::{Scanner, Violation};
use crate::stanza::Limits;

/// A socket, buffered and guarded. What it may not pass on, and all that follows, is an error of
/// kind [`io::ErrorKind::InvalidData`] around the [`Violation`].
#[derive(Debug)]
pub struct Guard<S> {
    socket: BufReader<S>,
    state: Rc<RefCell<State>>,
}

/// What the guard has seen, for those who have lent the guard itself to an XML stream.
#[derive(Clone, Debug)]
pub struct Watch(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    scanner: Scanner,
    /// How many bytes at the head of the buffer may pass.
    passed: usize,
    violation: Option<Violation>,
}

impl<S: AsyncRead> Guard<S> {
    /// Guard this socket.
    pub fn new(socket: S, limits: Limits) -> Self {
        let state = State { scanner: Scanner::new(limits), passed: 0, violation: None };
        Self { socket: BufReader::new(socket), state: Rc::new(RefCell::new(state)) }
    }

    /// A view of what the guard sees.
    pub fn watch(&self) -> Watch {
        Watch(Rc::clone(&self.state))
    }

    /// The socket without its guard; what is in the buffer is lost.
    pub fn into_socket(self) -> S {
        self.socket.into_inner()
    }
}

impl Watch {
    /// The next bytes begin a new stream (RFC 6120 §4.3.3).
    pub fn restart(&self) {
        let state = &mut *self.0.borrow_mut();
        state.scanner.restart();
        // What came too early counts as part of the new stream.
        state.passed = 0;
        state.violation = None;
    }

    /// The stream header, as far as it has come.
    pub fn header(&self) -> Vec<u8> {
        self.0.borrow().scanner.header().to_vec()
    }
}

impl<S: AsyncRead + Unpin> AsyncBufRead for Guard<S> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        let bytes = ready!(Pin::new(&mut this.socket).poll_fill_buf(cx))?;
        let state = &mut *this.state.borrow_mut();
        if state.violation.is_none() && state.passed < bytes.len() {
            match state.scanner.scan(&bytes[state.passed..]) {
                Ok(()) => state.passed = bytes.len(),
                Err((index, violation)) => {
                    state.passed += index;
                    state.violation = Some(violation);
                }
            }
        }
        match state.violation {
            Some(violation) if state.passed == 0 => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation)))
            }
            _ => Poll::Ready(Ok(&bytes[..state.passed])),
        }
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.get_mut();
        let state = &mut *this.state.borrow_mut();
        state.passed = state.passed.saturating_sub(amount);
        Pin::new(&mut this.socket).consume(amount);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(self.as_mut().poll_fill_buf(cx))?;
        let amount = bytes.len().min(buffer.remaining());
        buffer.put_slice(&bytes[..amount]);
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
