//! `async_h1::accept` by hand, as its documentation has it: each connection is a task of the runtime's, which for smol is an
//! executor with one thread.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use http_types::{Body, Method, Request, Response, StatusCode};
use smol::{
    io::{AsyncBufRead, AsyncRead},
    net::TcpListener,
};

use super::{HELLO, PIECE, PIECES};
use crate::Failed;

pub(super) fn serve() -> Result<(), Failed> {
    smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        super::tell(listener.local_addr()?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let connection = async_h1::accept(stream, answer);
            // A client that goes away ends its own connection.
            smol::spawn(async { _ = connection.await }).detach();
        }
    })
}

async fn answer(mut request: Request) -> http_types::Result<Response> {
    let mut response = Response::new(StatusCode::Ok);
    match (request.method(), request.url().path()) {
        (Method::Get, "/") => response.set_body(HELLO),
        (Method::Post, "/") => response.set_body(request.body_bytes().await?),
        (Method::Get, "/stream") => response.set_body(Body::from_reader(Pieces { left: PIECES, read: 0 }, None)),
        _ => response.set_status(StatusCode::NotFound),
    }
    Ok(response)
}

/// The pieces of the stream, one after the other.
struct Pieces {
    left: usize,
    read: usize,
}

impl AsyncBufRead for Pieces {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(if self.left == 0 { &[] } else { &PIECE[self.read..] }))
    }

    fn consume(mut self: Pin<&mut Self>, length: usize) {
        self.read += length;
        if self.read == PIECE.len() {
            self.read = 0;
            self.left -= 1;
        }
    }
}

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Poll::Ready(filled) = self.as_mut().poll_fill_buf(context)? else { return Poll::Pending };
        let length = filled.len().min(buffer.len());
        buffer[..length].copy_from_slice(&filled[..length]);
        self.consume(length);
        Poll::Ready(Ok(length))
    }
}
