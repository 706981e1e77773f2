//! The server on smol, on all cases: over real sockets, many at a time.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
    thread,
    time::Duration,
};

use segno::{
    Error, Io, Request, Response, ResponseHead, Result,
    smol::{Backend, Server, ServerOptions},
};
use smol::{
    Executor, Timer,
    channel::{Sender, bounded},
    future,
    io::{AsyncReadExt, AsyncWriteExt},
    lock::Semaphore,
    net::TcpStream,
};

use crate::{
    case::{Answer, Case},
    decoder::line,
    pieces::pieces,
};

/// Tells what it saw; or does what its path says.
pub(crate) async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    match request.path() {
        "/unread" => return Ok(Response::text("unread")),
        "/204" => return Ok(Response::text("text").status(204)),
        "/304" => return Ok(Response::text("text").status(304)),
        "/injection" => return Ok(Response::text("text").header("x", "a\r\nx-injected: 1")?),
        "/caught" => {
            let body = request.body.bytes(&mut io, 1 << 20).await;
            return Ok(Response::text(if body.is_err() { "caught" } else { "whole" }));
        }
        "/error" => return Err(Error::status(500, "Internal Server Error")),
        "/panic" => panic!("the case wants it"),
        "/stream" => {
            let mut out = io.respond(ResponseHead::text()).await?;
            out.write(&mut io, "streamed").await?;
            return Ok(out.end());
        }
        "/short" | "/long" => {
            let length = if request.path() == "/short" { "100" } else { "1" };
            let mut out = io.respond(ResponseHead::text().header("content-length", length)?).await?;
            out.write(&mut io, "text").await?;
            return Ok(out.end());
        }
        _ => {}
    }
    let body = request.body.bytes(&mut io, 1 << 20).await?;
    let host = request.headers.get("host").map_or("-", |host| host.to_str().unwrap());
    Ok(Response::text(line(&format!("{} {} {host}", request.method, request.uri), &body)))
}

/// A server, until it is dropped.
pub(crate) struct Running {
    address: SocketAddr,
    _stop: Sender<()>,
}

impl Running {
    pub(crate) fn new(options: ServerOptions) -> Self {
        let options = ServerOptions { threads: 1, grace: Duration::ZERO, ..options };
        let server = Server::bind("127.0.0.1:0").unwrap().options(options);
        let address = server.local_address();
        let (stop, stopped) = bounded::<()>(1);
        thread::spawn(move || server.run(echo, Backend::new(), async move { _ = stopped.recv().await }).unwrap());
        Self { address, _stop: stop }
    }

    /// A connection for a test that is no case.
    pub(crate) fn connect(&self) -> std::net::TcpStream {
        let stream = std::net::TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

#[track_caller]
pub(crate) fn check(cases: &[Case]) {
    let server = Running::new(ServerOptions::default());
    let executor = Executor::new();
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let mut tasks = Vec::new();
    for case in cases {
        for pieces in pieces(&case.bytes) {
            let (address, room) = (server.address, room.clone());
            tasks.push(executor.spawn(async move {
                let _room = room.acquire().await;
                let sizes: Vec<_> = pieces.iter().map(|piece| piece.len()).collect();
                let found = future::or(exchange(address, case, &pieces), async {
                    Timer::after(PATIENCE).await;
                    Err(ErrorKind::TimedOut.into())
                });
                let found = found.await.unwrap_or_else(|error| vec![Err(error.to_string())]);
                assert_eq!(found, expected(case), "{} ({}) in pieces of {sizes:?}", case.name, case.section);
            }));
        }
    }
    smol::block_on(executor.run(async {
        for task in tasks {
            task.await;
        }
    }));
}

type Found = std::result::Result<Answer, String>;

/// The answers to a case, and to one more request if the connection is to stay open.
fn expected(case: &Case) -> Vec<Found> {
    let answers = case.answers.iter().cloned();
    let last = case.keeps.then(|| Answer::Seen("GET /last x".into()));
    answers.chain(last).map(Ok).collect()
}

/// Sends the pieces, and reads all that comes up to the end of the connection.
async fn exchange(address: SocketAddr, case: &Case, pieces: &[&[u8]]) -> io::Result<Vec<Found>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut sent = Ok(());
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            let pause = if pieces.len() == 2 { PAUSE } else { Duration::ZERO };
            Timer::after(pause).await;
        }
        sent = stream.write_all(piece).await;
        if sent.is_err() {
            break;
        }
    }
    if case.keeps {
        sent?;
        stream.write_all(LAST).await?;
    }
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes).await {
        Ok(_) => {}
        // The answer has come, and what was sent behind a refusal is nothing that the server would wait for.
        Err(error) if error.kind() == ErrorKind::ConnectionReset && !case.keeps => {}
        Err(error) => return Err(error),
    }
    Ok(replies(&bytes, case).unwrap_or_else(|| vec![Err(bytes.escape_ascii().to_string())]))
}

/// Reads replies strictly; `None` if they are not valid.
fn replies(mut bytes: &[u8], case: &Case) -> Option<Vec<Found>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = str::from_utf8(&bytes[..end]).ok()?;
        bytes = &bytes[end + 4..];
        let status: u16 = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        if status == 100 {
            continue;
        }
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        if head.lines().any(|line| line.starts_with("x-injected")) || field("date").is_none() {
            return None;
        }
        let expected = case.answers.get(found.len());
        let is_last = expected.is_none() && case.keeps;
        let has_no_body = (case.is_head && !is_last) || matches!(status, 204 | 304);
        let body = match (field("content-length"), field("transfer-encoding")) {
            _ if has_no_body => &[][..],
            (Some(length), None) => bytes.split_off(..length.parse::<usize>().ok()?.min(bytes.len()))?,
            (None, Some("chunked")) => chunks(&mut bytes)?,
            (None, None) => std::mem::take(&mut bytes),
            _ => return None,
        };
        let text = String::from_utf8_lossy(body).into_owned();
        let is_closed = field("connection") == Some("close");
        found.push(match expected {
            // A refusal says that nothing is read after it.
            Some(Answer::Refused(_)) if is_closed => Ok(Answer::Refused(status)),
            Some(Answer::Status(_)) => Ok(Answer::Status(status)),
            Some(Answer::Seen(_)) | None if status == 200 => Ok(Answer::Seen(text)),
            Some(Answer::Seen(_) | Answer::Refused(_)) | None => Err(format!("{head}\n\n{text}")),
        });
    }
    Some(found)
}

/// A body of one chunk, or none.
fn chunks<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let line = bytes.windows(2).position(|window| window == b"\r\n")?;
    let size = usize::from_str_radix(str::from_utf8(&bytes[..line]).ok()?, 16).ok()?;
    *bytes = &bytes[line + 2..];
    let chunk = bytes.split_off(..size)?;
    *bytes = bytes.strip_prefix(if size == 0 { "\r\n" } else { "\r\n0\r\n\r\n" }.as_bytes())?;
    Some(chunk)
}

/// The request after all of a case's, if its connection stays open.
const LAST: &[u8] = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// How many connections there are at a time.
const AT_A_TIME: usize = 200;

/// How long the second piece waits for the server to take the first.
const PAUSE: Duration = Duration::from_millis(3);

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
