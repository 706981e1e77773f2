//! hyper on tokio's executor for one thread.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use smol::stream;
use tokio::{net::TcpListener, runtime::Builder};

use super::{HELLO, PIECE, PIECES};
use crate::Failed;

pub(super) fn serve() -> Result<(), Failed> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        super::tell(listener.local_addr()?)?;
        loop {
            let (connection, _) = listener.accept().await?;
            connection.set_nodelay(true)?;
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(connection), service_fn(answer));
            // A client that goes away ends its own connection.
            tokio::spawn(async { _ = connection.await });
        }
    })
}

type Pieces = stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>;

async fn answer(request: Request<Incoming>) -> Result<Response<Either<Full<Bytes>, StreamBody<Pieces>>>, Failed> {
    let whole = |bytes: Bytes| Response::new(Either::Left(Full::new(bytes)));
    let (head, body) = request.into_parts();
    let mut response = match (head.method, head.uri.path()) {
        (Method::GET, "/") => whole(Bytes::from_static(HELLO.as_bytes())),
        (Method::POST, "/") => whole(body.collect().await?.to_bytes()),
        (Method::GET, "/stream") => {
            let pieces: Vec<_> = (0..PIECES).map(|_| Ok(Frame::data(Bytes::from_static(&PIECE)))).collect();
            Response::new(Either::Right(StreamBody::new(stream::iter(pieces))))
        }
        _ => {
            let mut response = whole(Bytes::new());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    };
    let text = hyper::header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, text);
    Ok(response)
}
