//! segno on smol, as its users have it.

use bytes::Bytes;
use segno::{
    Io, Request, Response, ResponseHead, Result, Router,
    smol::{Backend, Server, ServerOptions},
};

use super::{HELLO, PIECE, PIECES, Workload};
use crate::Failed;

pub(super) fn serve() -> std::result::Result<(), Failed> {
    let router = Router::new().get("/", hello).post("/", echo).get("/stream", stream);
    let options = ServerOptions { threads: 1, ..ServerOptions::default() };
    let server = Server::bind("127.0.0.1:0")?.options(options);
    super::tell(server.local_address())?;
    Ok(server.serve(router, Backend::new())?)
}

async fn hello(_: Io, _: Request) -> Result<Response> {
    Ok(Response::text(HELLO))
}

async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    Ok(Response::text(request.body.bytes(&mut io, Workload::Post.length()).await?))
}

async fn stream(mut io: Io, _: Request) -> Result<Response> {
    let mut response = io.respond(ResponseHead::text()).await?;
    for _ in 0..PIECES {
        response.write(&mut io, Bytes::from_static(&PIECE)).await?;
    }
    Ok(response.end())
}
