//! The server under load, with times that are short, so that they are met.

use std::{
    net::SocketAddr,
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use segno::{
    Io, Request, Response, ResponseHead, Result, Router,
    smol::{Backend, ServeError, Server, ServerOptions},
};
use smol::channel::{Sender, bounded};

use crate::PATIENCE;

/// A server that runs.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Sender<()>,
    ended: Receiver<std::result::Result<(), ServeError>>,
}

impl Running {
    pub(crate) fn start() -> Self {
        let server = Server::bind("127.0.0.1:0").unwrap().health("/health").options(options());
        let address = server.local_address();
        let (stop, stopped) = bounded::<()>(1);
        let (send, ended) = mpsc::channel();
        thread::spawn(move || {
            let shutdown = async move { _ = stopped.recv().await };
            // Nobody listens if the test has failed.
            let _ = send.send(server.run(router(), Backend::new(), shutdown));
        });
        Self { address, stop, ended }
    }

    /// Stops it: it ends at once if no request is left, and gives those that are left more time than this waits.
    pub(crate) fn end_with_no_task_left(self) {
        drop(self.stop);
        self.ended.recv_timeout(PATIENCE).expect("a task is left").unwrap();
    }
}

fn router() -> Router {
    Router::new().get("/hello", hello).post("/echo", echo).get("/stream", stream).get("/flood", flood)
}

async fn hello(_: Io, _: Request) -> Result<Response> {
    Ok(Response::text("hello"))
}

async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    Ok(Response::text(request.body.bytes(&mut io, 1 << 20).await?))
}

async fn stream(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    for number in 0..PIECES {
        out.write(&mut io, piece(number)).await?;
    }
    Ok(out.end())
}

/// More than a client takes that takes nothing.
async fn flood(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    for _ in 0..1_000 {
        out.write(&mut io, vec![b'x'; 64 << 10]).await?;
    }
    Ok(out.end())
}

/// A piece of the stream.
pub(crate) fn piece(number: usize) -> String {
    format!("{number};{}\n", "x".repeat(1_000))
}

fn options() -> ServerOptions {
    ServerOptions {
        threads: 2,
        max_connections_per_address: Some(usize::MAX),
        head_time: LONGEST,
        body_idle_time: LONGEST,
        body_time: LONGEST,
        write_time: LONGEST / 2,
        grace: PATIENCE * 10,
        ..ServerOptions::default()
    }
}

/// How many pieces the stream has.
pub(crate) const PIECES: usize = 20;

/// No client keeps its request for longer without any progress. A good one is faster, on a machine that is busy as well.
pub(crate) const LONGEST: Duration = Duration::from_millis(1_500);
