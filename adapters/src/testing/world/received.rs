//! What a client sends and receives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use segno_core::{BodyError, Happened, Headers, Inform, ResponseHead, WriteError, WriteErrorKind};

use crate::testing::request::TestBody;

/// The client's side of one request: the body that it sends, and what it has received of a streamed response.
#[derive(Clone, Debug, Default)]
pub(in crate::testing) struct Received(Arc<Mutex<Exchange>>);

#[derive(Debug, Default)]
struct Exchange {
    body: TestBody,
    head: Option<ResponseHead>,
    written: BytesMut,
}

impl Received {
    /// A client that sends this body.
    pub(in crate::testing) fn new(body: TestBody) -> Self {
        Self(Arc::new(Mutex::new(Exchange { body, ..Exchange::default() })))
    }

    /// The head and the body so far, if a response was begun.
    pub(in crate::testing) fn written(&self) -> Option<(ResponseHead, Bytes)> {
        let exchange = self.exchange();
        Some((exchange.head.clone()?, exchange.written.clone().freeze()))
    }

    pub(super) fn read(&self) -> Option<Bytes> {
        self.exchange().body.read()
    }

    pub(super) fn read_trailers(&self) -> Result<Headers, BodyError> {
        self.exchange().body.trailers()
    }

    pub(super) fn inform(&self, inform: &Inform) -> Result<(), WriteError> {
        inform.check()?;
        match self.exchange().head {
            Some(_) => Err(order("a head was sent already")),
            None => Ok(()),
        }
    }

    pub(super) fn respond(&self, head: ResponseHead) -> Result<(), WriteError> {
        let mut exchange = self.exchange();
        if exchange.head.is_some() {
            return Err(order("a head was sent already"));
        }
        exchange.head = Some(head);
        Ok(())
    }

    pub(super) fn write(&self, piece: &[u8]) -> Result<(), WriteError> {
        let mut exchange = self.exchange();
        if exchange.head.is_none() {
            return Err(order("no head was sent before the first piece"));
        }
        exchange.written.extend_from_slice(piece);
        Ok(())
    }

    fn exchange(&self) -> MutexGuard<'_, Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn order(message: &str) -> WriteError {
    WriteError::new(WriteErrorKind::Order, Happened::No, message)
}
